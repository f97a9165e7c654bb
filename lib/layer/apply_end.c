/* SPDX-License-Identifier: Apache-2.0
 *
 * The end: directories get their owners, modes, access lists and times (layers.md A15, A16),
 * deepest first, since a parent may then be closed to the caller. What was removed meanwhile has
 * no directory at its real path, and is skipped.
 */
#include <errno.h>
#include <fcntl.h>

#include "layer/apply_internal.h"

static int fail(const struct buf *path, const char *what, img_error *err)
{
    return img__fail_errno(err, "the directory '%.512s': can't set its %s", img__buf_text(path),
                           what);
}

/* By directory, and by age. */
static int compare_late(const void *a, const void *b)
{
    const struct late_xattr *x = a, *y = b;
    if (x->dir != y->dir)
        return x->dir < y->dir ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Directories come from the last to the first, and so do their lists. */
static int set_lists(struct apply *apply, uint32_t dir, int fd, img_error *err)
{
    size_t end = apply->late_left;
    while (end > 0 && apply->late[end - 1].dir > dir)
        end--;
    size_t first = end;
    while (first > 0 && apply->late[first - 1].dir == dir)
        first--;
    apply->late_left = first;
    int rc = 0;
    for (size_t i = first; i < end && !rc; i++)
        if (apply->late[i].layer == apply->dirs.items[dir].listed)
            rc = img__apply_late_xattr(apply, fd, &apply->late[i], err);
    return rc;
}

/* Owner before mode before lists: each may undo what comes after it. */
static int set_looks(struct apply *apply, uint32_t dir, int fd, const struct buf *path,
                     img_error *err)
{
    const struct dir *record = &apply->dirs.items[dir];
    struct stat stat;
    if (fstat(fd, &stat) != 0)
        return fail(path, "mode", err);
    if (apply->options.owners && (stat.st_uid != record->uid || stat.st_gid != record->gid) &&
        fchown(fd, record->uid, record->gid) != 0)
        return fail(path, "owner", err);
    if ((stat.st_mode & 07777) != record->mode && fchmod(fd, record->mode) != 0)
        return fail(path, "mode", err);
    return record->flags & DIR_XATTRS ? set_lists(apply, dir, fd, err) : 0;
}

static int finish(struct apply *apply, uint32_t dir, struct buf *path, img_error *err)
{
    const struct dir *record = &apply->dirs.items[dir];
    if (!(record->flags & DIR_KNOWN))
        return 0;
    int rc = img__dirs_path(&apply->dirs, dir, path, err);
    if (rc)
        return rc;
    auto_fd int fd =
        img__root_open_directory(apply->root, img__buf_text(path), path->len, O_RDONLY);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
        return 0;
    if (fd < 0)
        return img__fail_errno(err, "can't open the directory '%.512s'", img__buf_text(path));
    rc = record->flags & DIR_SET ? set_looks(apply, dir, fd, path, err) : 0;
    if (rc)
        return rc;
    const struct timespec times[2] = {
        {.tv_nsec = UTIME_OMIT},
        {.tv_sec = record->mtime, .tv_nsec = (long)record->mtime_ns},
    };
    return futimens(fd, times) == 0 ? 0 : fail(path, "time", err);
}

int img__apply_end(struct apply *apply, bool sync, img_error *err)
{
    auto_(buf) struct buf path = BUF_INIT(ENTRY_PATH_MAX);
    int rc = 0;
    apply->entry = NULL;
    apply->late_left = apply->late_count;
    if (apply->late_count)
        qsort(apply->late, apply->late_count, sizeof(*apply->late), compare_late);
    for (uint32_t dir = apply->dirs.count; dir-- > 0 && !rc;)
        rc = finish(apply, dir, &path, err);
    if (rc || !sync)
        return rc;
    auto_fd int fd = img__root_open_directory(apply->root, "", 0, O_RDONLY);
    if (fd < 0 || syncfs(fd) != 0)
        return img__fail_errno(err, "can't write what was unpacked to the disk");
    return 0;
}
