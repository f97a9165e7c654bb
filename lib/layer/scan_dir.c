/* SPDX-License-Identifier: Apache-2.0
 *
 * A directory of a tree that is walked: its names, sorted bytewise (layers.md C1), with the types
 * and the inodes that the listing tells; where it is on this machine and in the image. Its
 * descriptor may be closed while the walk is far beneath it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "layer/scan_internal.h"

void img__scan_dir_close(struct scan_dir *dir)
{
    if (dir->fd >= 0)
        close(steal_fd(dir->fd));
}

void img__scan_dir_clear(struct scan_dir *dir)
{
    img__scan_dir_close(dir);
    img__buf_free(&dir->names);
    free(steal(dir->sorted));
    dir->count = dir->next = 0;
}

static bool is_dots(const char *name)
{
    return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static int read_names(struct scan *scan, struct scan_dir *dir, img_error *err)
{
    for (;;) {
        ssize_t n = getdents64(dir->fd, scan->scratch, SCAN_SCRATCH);
        if (n < 0)
            return img__fail_errno(err, "%s: cannot be listed", scan->place.data);
        if (n == 0)
            return img__buf_check(&dir->names, "a list of names", err);
        for (const char *at = scan->scratch; at < scan->scratch + n;) {
            const struct dirent64 *found = (const void *)at;
            if (!is_dots(found->d_name)) {
                img__buf_append(&dir->names, &found->d_ino, sizeof(found->d_ino));
                img__buf_putc(&dir->names, (char)found->d_type);
                img__buf_append(&dir->names, found->d_name, strlen(found->d_name) + 1);
                dir->count++;
            }
            at += found->d_reclen;
        }
    }
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A directory that changes while it is listed may give a name twice. */
static void drop_doubles(struct scan_dir *dir)
{
    size_t kept = 1;
    for (size_t i = 1; i < dir->count; i++)
        if (strcmp(dir->sorted[kept - 1], dir->sorted[i]) != 0)
            dir->sorted[kept++] = dir->sorted[i];
    dir->count = kept;
}

static int sort_names(struct scan_dir *dir, img_error *err)
{
    if (dir->count == 0)
        return 0;
    dir->sorted = calloc(dir->count, sizeof(*dir->sorted));
    if (!dir->sorted)
        return img__fail_memory(err);
    char *at = dir->names.data;
    for (size_t i = 0; i < dir->count; i++) {
        dir->sorted[i] = at + SCAN_DIR_BEFORE;
        at = dir->sorted[i] + strlen(dir->sorted[i]) + 1;
    }
    qsort(dir->sorted, dir->count, sizeof(*dir->sorted), compare_names);
    drop_doubles(dir);
    return 0;
}

int img__scan_dir_read(struct scan *scan, int fd, struct scan_dir *dir, img_error *err)
{
    struct statx st;
    *dir = (struct scan_dir){
        .fd = fd,
        .names = BUF_INIT(SIZE_MAX / 2),
        .place_len = scan->place.len,
        .path_len = scan->path.len,
    };
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st) != 0)
        return img__fail_errno(err, "%s: cannot be looked at", scan->place.data);
    dir->inode = img__scan_inode(&st);
    int rc = read_names(scan, dir, err);
    return rc ? rc : sort_names(dir, err);
}

int img__scan_dir_reopen(const struct scan *scan, const struct scan_dir *below,
                         struct scan_dir *dir, img_error *err)
{
    struct statx st;
    dir->fd = openat(below->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir->fd < 0 || statx(dir->fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st) != 0)
        return img__fail_errno(err, "%s: cannot go back to the directory above", scan->place.data);
    if (!img__scan_same_inode(img__scan_inode(&st), dir->inode))
        return img__fail(err, IMG_EIO,
                         "%s: was moved while it was read; try again when nothing changes the tree",
                         scan->place.data);
    return 0;
}

static void cut(struct buf *buf, size_t len)
{
    buf->len = len;
    if (buf->data)
        buf->data[len] = '\0';
}

static void join(struct buf *buf, const char *name)
{
    if (buf->len > 0 && buf->data[buf->len - 1] != '/')
        img__buf_putc(buf, '/');
    img__buf_puts(buf, name);
}

void img__scan_dir_leave(struct scan *scan, const struct scan_dir *dir)
{
    cut(&scan->place, dir->place_len);
    cut(&scan->path, dir->path_len);
}

int img__scan_dir_enter(struct scan *scan, const struct scan_dir *dir, const char *name,
                        img_error *err)
{
    img__scan_dir_leave(scan, dir);
    join(&scan->place, name);
    if (scan->path.len + (scan->path.len > 0) + strlen(name) > ENTRY_PATH_MAX)
        return img__fail(err, IMG_EINVAL,
                         "a path in the image would be longer than the %u bytes that Linux allows; "
                         "leave it out: %s",
                         ENTRY_PATH_MAX, img__buf_text(&scan->place));
    join(&scan->path, name);
    int rc = img__buf_check(&scan->place, "a path", err);
    return rc ? rc : img__buf_check(&scan->path, "a path", err);
}
