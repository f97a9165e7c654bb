/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk over a tree: depth first, names bytewise (layers.md C1). It holds the names of the
 * directories on the way to where it is, and the descriptors of the lowest few of them: the others
 * are opened again by "..", and must be the same directory then. The stack is on the heap, since a
 * tree may be 2,000 deep.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "layer/scan_internal.h"

#define OPEN_DIRS 64u

struct dir {
    int fd; /* -1: closed for now */
    struct inode inode;
    struct buf names; /* each ended by NUL */
    char **sorted;    /* into names */
    size_t count;
    size_t next;
    size_t place_len;
    size_t path_len;
};

struct walk {
    struct scan *scan;
    struct dir *dirs;
    size_t depth;
    size_t cap;
};

static void dir_clear(struct dir *dir)
{
    if (dir->fd >= 0)
        close(dir->fd);
    img__buf_free(&dir->names);
    free(dir->sorted);
}

static void img__auto_walk(struct walk *walk)
{
    while (walk->depth > 0)
        dir_clear(&walk->dirs[--walk->depth]);
    free(walk->dirs);
}

static bool is_dots(const char *name)
{
    return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static int read_names(struct scan *scan, struct dir *dir, img_error *err)
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

static int sort_names(struct dir *dir, img_error *err)
{
    if (dir->count == 0)
        return 0;
    dir->sorted = calloc(dir->count, sizeof(*dir->sorted));
    if (!dir->sorted)
        return img__fail_memory(err);
    char *at = dir->names.data;
    for (size_t i = 0; i < dir->count; i++) {
        dir->sorted[i] = at;
        at += strlen(at) + 1;
    }
    qsort(dir->sorted, dir->count, sizeof(*dir->sorted), compare_names);
    return 0;
}

/* Goes down. fd is taken over. */
static int push(struct walk *walk, int fd, img_error *err)
{
    auto_fd int owned = fd;
    struct statx st;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st) != 0)
        return img__fail_errno(err, "%s: cannot be looked at", walk->scan->place.data);

    if (walk->depth == walk->cap) {
        size_t cap = walk->cap ? walk->cap * 2 : 16;
        struct dir *grown = reallocarray(walk->dirs, cap, sizeof(*grown));
        if (!grown)
            return img__fail_memory(err);
        walk->dirs = grown;
        walk->cap = cap;
    }
    struct dir *dir = &walk->dirs[walk->depth++];
    *dir = (struct dir){
        .fd = steal_fd(owned),
        .inode = img__scan_inode(&st),
        .names = BUF_INIT(SIZE_MAX / 2),
        .place_len = walk->scan->place.len,
        .path_len = walk->scan->path.len,
    };
    if (walk->depth > OPEN_DIRS) {
        struct dir *high = &walk->dirs[walk->depth - 1 - OPEN_DIRS];
        if (high->fd >= 0)
            close(steal_fd(high->fd));
    }
    int rc = read_names(walk->scan, dir, err);
    return rc ? rc : sort_names(dir, err);
}

static int reopen(const struct scan *scan, const struct dir *below, struct dir *dir, img_error *err)
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

/* Goes up. */
static int pop(struct walk *walk, img_error *err)
{
    struct dir *below = &walk->dirs[walk->depth - 1];
    struct dir *dir = walk->depth > 1 ? below - 1 : NULL;
    int rc = dir && dir->fd < 0 ? reopen(walk->scan, below, dir, err) : 0;
    dir_clear(below);
    walk->depth--;
    return rc;
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

/* Makes place and path those of a name in a directory. */
static int set_paths(struct scan *scan, const struct dir *dir, const char *name, img_error *err)
{
    cut(&scan->place, dir->place_len);
    cut(&scan->path, dir->path_len);
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

static int visit(struct walk *walk, const struct dir *dir, const char *name, img_error *err)
{
    struct scan *scan = walk->scan;
    auto_(node) struct node node = {.dirfd = dir->fd, .name = name, .fd = -1};
    int rc = set_paths(scan, dir, name, err);
    if (rc)
        return rc;
    if (strncmp(name, ".wh.", 4) == 0)
        return img__fail(err, IMG_EINVAL,
                         "%s: a name that begins with '.wh.' means removal in a layer; rename it",
                         scan->place.data);
    rc = img__scan_open(scan, &node, err);
    if (rc)
        return rc;
    if (S_ISSOCK(node.st.stx_mode)) {
        img__log(scan->options->observer, IMG_LOG_WARNING,
                 "%s: a socket, which no layer can hold, is left out", scan->place.data);
        return 0;
    }
    if (node.mount)
        img__log(scan->options->observer, IMG_LOG_WARNING,
                 "%s: another file system is mounted here; only the directory is taken",
                 scan->place.data);
    rc = img__scan_emit(scan, &node, err);
    if (rc || !S_ISDIR(node.st.stx_mode) || node.mount)
        return rc;
    return push(walk, steal_fd(node.fd), err);
}

int img__scan_walk(struct scan *scan, int fd, img_error *err)
{
    auto_(walk) struct walk walk = {.scan = scan};
    int rc = push(&walk, fd, err);
    while (!rc && walk.depth > 0) {
        struct dir *dir = &walk.dirs[walk.depth - 1];
        if (dir->next == dir->count) {
            rc = pop(&walk, err);
            continue;
        }
        const char *name = dir->sorted[dir->next++];
        /* A directory that changes while it is listed may give a name twice. */
        if (dir->next > 1 && strcmp(dir->sorted[dir->next - 2], name) == 0)
            continue;
        rc = visit(&walk, dir, name, err);
    }
    return rc;
}
