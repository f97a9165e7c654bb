/* SPDX-License-Identifier: Apache-2.0
 *
 * From what is on this machine to entries of a layer. Nothing of the user, the clock, the locale or
 * the order of a directory goes in; what can't be in a layer is refused by name (layers.md
 * C10-C20).
 */
#include "layer/scan.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "layer/entry_edit.h"
#include "layer/scan_internal.h"

void img__scan_free(struct scan *scan)
{
    img__buf_free(&scan->place);
    img__buf_free(&scan->path);
    img__scan_links_free(&scan->links);
    img__scan_held_free(&scan->held);
    free(scan->scratch);
}

static enum entry_type type_of(const struct statx *st)
{
    switch (st->stx_mode & S_IFMT) {
    case S_IFDIR:
        return ENTRY_DIRECTORY;
    case S_IFLNK:
        return ENTRY_SYMLINK;
    case S_IFCHR:
        return ENTRY_CHARACTER;
    case S_IFBLK:
        return ENTRY_BLOCK;
    case S_IFIFO:
        return ENTRY_FIFO;
    default:
        return ENTRY_FILE;
    }
}

/* The kernel's seconds are the floor already, also before 1970. */
void img__scan_metadata(const struct scan_options *options, const struct statx *st,
                        struct entry *entry)
{
    entry->type = type_of(st);
    entry->mode = st->stx_mode & 07777;
    entry->uid = st->stx_uid;
    entry->gid = st->stx_gid;
    entry->mtime = st->stx_mtime.tv_sec;
    entry->mtime_ns = st->stx_mtime.tv_nsec;
    if (entry->type == ENTRY_FILE)
        entry->size = st->stx_size;
    if (entry->type == ENTRY_CHARACTER || entry->type == ENTRY_BLOCK) {
        entry->device_major = st->stx_rdev_major;
        entry->device_minor = st->stx_rdev_minor;
    }
    img__entry_edit(options, entry);
}

int img__scan_read_link(struct scan *scan, const struct node *node, struct entry *entry,
                        img_error *err)
{
    ssize_t n = readlinkat(node->dirfd, node->name, scan->scratch, SCAN_SCRATCH - 1);
    if (n < 0)
        return img__fail_errno(err, "%s: the symbolic link cannot be read", scan->place.data);
    scan->scratch[n] = '\0';
    entry->link = scan->scratch;
    return 0;
}

/* A name that has been met before under another path becomes a link to that. */
static void set_hard_link(struct scan *scan, const char *first, struct entry *entry)
{
    memcpy(scan->scratch, first, strlen(first) + 1);
    entry->type = ENTRY_HARDLINK;
    entry->link = scan->scratch;
    entry->size = 0;
    entry->device_major = entry->device_minor = 0;
}

int img__scan_entry_looked(struct scan *scan, const struct node *node, struct entry *entry,
                           const char **first, img_error *err)
{
    const char *name = strrchr(scan->path.data, '/');
    *first = NULL;
    entry->path = scan->path.data;
    if (strncmp(name ? name + 1 : scan->path.data, ".wh.", 4) == 0)
        return img__fail(err, IMG_EINVAL,
                         "%s: a name that begins with '.wh.' means removal in a layer; rename it",
                         scan->place.data);
    img__scan_metadata(scan->options, &node->st, entry);
    if (entry->type == ENTRY_CHARACTER && !entry->device_major && !entry->device_minor)
        return img__fail(err, IMG_EINVAL,
                         "%s: the character device 0:0 means removal to overlay file systems; "
                         "remove it",
                         scan->place.data);
    if (node->st.stx_nlink < 2 || entry->type == ENTRY_DIRECTORY)
        return 0;
    return img__scan_link(&scan->links, &node->st, entry->path, first, err);
}

int img__scan_entry_opened(struct scan *scan, const struct node *node, const char *first,
                           struct entry *entry, img_error *err)
{
    int rc = 0;
    if (node->fd >= 0)
        rc = img__scan_xattrs(scan, node, entry, err);
    else
        rc = img__scan_read_link(scan, node, entry, err);
    if (rc == 0)
        rc = img__entry_unmap(scan->options, scan->place.data, entry, err);
    if (rc)
        return rc;
    if (first)
        set_hard_link(scan, first, entry);
    rc = img__entry_check(entry, err);
    return rc ? img__prefix(err, rc, "%s", scan->place.data) : 0;
}

int img__scan_entry(struct scan *scan, const struct node *node, struct entry *entry, img_error *err)
{
    const char *first;
    int rc = img__scan_entry_looked(scan, node, entry, &first, err);
    return rc ? rc : img__scan_entry_opened(scan, node, first, entry, err);
}

bool img__scan_left_out(const struct scan *scan, const struct node *node)
{
    if (node->mount)
        img__log(scan->options->observer, IMG_LOG_WARNING,
                 "%s: another file system is mounted here; only the directory is taken",
                 scan->place.data);
    if (!S_ISSOCK(node->st.stx_mode))
        return false;
    img__log(scan->options->observer, IMG_LOG_WARNING,
             "%s: a socket, which no layer can hold, is left out", scan->place.data);
    return true;
}

int img__scan_input(const struct scan *scan, const struct node *node, img_error *err)
{
    uint32_t kind = S_ISREG(node->st.stx_mode) ? IMG_INPUT_FILE : IMG_INPUT_OTHER;
    if (S_ISDIR(node->st.stx_mode) && !node->mount)
        return 0;
    return img__input(&scan->options->inputs, scan->place.data, kind, err);
}

int img__scan_emit(struct scan *scan, struct node *node, img_error *err)
{
    struct entry entry = {0};
    if (scan->options->memo)
        return img__scan_emit_memo(scan, node, err);
    int rc = img__scan_entry(scan, node, &entry, err);
    if (!rc && entry.type == ENTRY_FILE) {
        struct file_source file;
        img__scan_file(&file, node->fd, scan->place.data, &node->st);
        rc = scan->fn(&entry, &file.source, scan->arg, err);
    } else if (!rc) {
        rc = scan->fn(&entry, NULL, scan->arg, err);
    }
    entry.path = entry.link = NULL;
    img__entry_clear(&entry);
    return rc;
}

static int scan_top(struct scan *scan, struct node *node, img_error *err)
{
    bool directory = S_ISDIR(node->st.stx_mode);
    if (!directory && !S_ISREG(node->st.stx_mode))
        return img__fail(err, IMG_EINVAL, "%s: is neither a file nor a directory",
                         scan->place.data);
    if (!directory && scan->path.len == 0)
        return img__fail(err, IMG_EINVAL, "%s: a file can't be the root of an image",
                         scan->place.data);
    int rc = img__scan_input(scan, node, err);
    if (rc == 0 && scan->path.len > 0)
        rc = img__scan_emit(scan, node, err);
    if (rc)
        return rc;
    return directory ? img__scan_walk(scan, steal_fd(node->fd), err) : 0;
}

static int check_prefix(const char *prefix, img_error *err)
{
    if (strncmp(prefix, ".wh.", 4) == 0 || strstr(prefix, "/.wh."))
        return img__fail(err, IMG_EINVAL,
                         "%s: a name that begins with '.wh.' means removal in a layer", prefix);
    return 0;
}

int img__scan_init(struct scan *scan, const char *path, const struct scan_options *options,
                   img_error *err)
{
    size_t path_len = strlen(path);
    if (path_len == 0)
        return img__fail(err, IMG_EINVAL, "an empty path names no file");
    while (path_len > 1 && path[path_len - 1] == '/')
        path_len--;
    scan->options = options;
    scan->place = (struct buf)BUF_INIT(path_len + ENTRY_PATH_MAX + ENTRY_NAME_MAX + 2);
    scan->path = (struct buf)BUF_INIT(ENTRY_PATH_MAX);
    scan->scratch = malloc(SCAN_SCRATCH);
    img__buf_append(&scan->place, path, path_len);
    img__buf_puts(&scan->path, options->prefix);
    if (!scan->scratch || scan->place.failed || scan->path.failed == IMG_ENOMEM)
        return img__fail_memory(err);
    int rc = img__buf_check(&scan->path, "the destination", err);
    return rc ? rc : check_prefix(options->prefix, err);
}

int img__scan(const char *path, const struct scan_options *options, scan_fn fn, void *arg,
              img_error *err)
{
    auto_(scan) struct scan scan = {.fn = fn, .arg = arg};
    int rc = img__scan_init(&scan, path, options, err);
    if (rc)
        return rc;

    auto_(node) struct node node = {.dirfd = AT_FDCWD, .name = path, .top = true, .fd = -1};
    rc = img__scan_meet(&scan, &node, err);
    return rc ? rc : scan_top(&scan, &node, err);
}
