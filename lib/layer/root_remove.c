/* SPDX-License-Identifier: Apache-2.0
 *
 * Removing a tree that may be hostile: deeper than there are descriptors or than a path can name,
 * with links out of it, with directories that nobody may read. Each directory is opened in the one
 * before it with O_NOFOLLOW. Only the KEPT deepest ones stay open; on the way back those above are
 * opened by "..", and must be the ones that they were. A mount point can't be removed: EBUSY.
 */
#include "layer/root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define KEPT ((size_t)32)
#define NAMES_MAX ((size_t)256 << 20)
#define PASSES_MAX 8u /* over one directory that does not get empty */

struct level {
    dev_t dev;
    ino_t ino;
    DIR *dir;        /* NULL: closed, for it is too far up */
    size_t name;     /* where its name begins in names */
    unsigned passes; /* that left something behind */
};

struct removal {
    int parent;           /* borrowed: where the tree is */
    struct level *levels; /* from the tree's top to where the removal is */
    size_t depth;
    size_t cap;
    struct buf names; /* "top\0below\0" */
};

static void img__auto_removal(struct removal *removal)
{
    for (size_t i = 0; i < removal->depth; i++)
        if (removal->levels[i].dir)
            closedir(removal->levels[i].dir);
    free(removal->levels);
    img__buf_free(&removal->names);
}

/* errno says why. name is what is in the directory where the removal is; NULL: that itself. */
static int fail(const struct removal *removal, const char *name, img_error *err)
{
    int number = errno;
    auto_(buf) struct buf path = BUF_INIT(4096);
    for (size_t i = 0; i < removal->depth; i++)
        img__buf_printf(&path, "%s%s", i ? "/" : "", removal->names.data + removal->levels[i].name);
    if (name)
        img__buf_printf(&path, "%s%s", removal->depth ? "/" : "", name);
    errno = number;
    if (number == EBUSY)
        return img__fail_errno(err, "can't remove '%.512s', which may be a mount point",
                               img__buf_text(&path));
    return img__fail_errno(err, "can't remove '%.512s'", img__buf_text(&path));
}

static int dirfd_of(const struct removal *removal, size_t depth)
{
    return depth ? dirfd(removal->levels[depth - 1].dir) : removal->parent;
}

/* A directory of ours without permissions is no obstacle. */
static int open_level(int parent, const char *name, struct stat *stat)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    auto_fd int fd = openat(parent, name, flags);
    if (fd < 0 && errno == EACCES && fchmodat(parent, name, 0700, AT_SYMLINK_NOFOLLOW) == 0)
        fd = openat(parent, name, flags);
    if (fd < 0 || fstat(fd, stat) != 0)
        return -1;
    if ((stat->st_mode & 0700) != 0700 && geteuid() != 0 && fchmod(fd, 0700) != 0)
        return -1;
    return steal_fd(fd);
}

static int grow(struct removal *removal, img_error *err)
{
    if (removal->depth < removal->cap)
        return 0;
    size_t cap = removal->cap ? removal->cap * 2 : 64;
    struct level *levels = reallocarray(removal->levels, cap, sizeof(*levels));
    if (!levels)
        return img__fail_memory(err);
    removal->levels = levels;
    removal->cap = cap;
    return 0;
}

static int push(struct removal *removal, const char *name, img_error *err)
{
    int rc = grow(removal, err);
    if (rc)
        return rc;
    struct stat stat;
    auto_fd int fd = open_level(dirfd_of(removal, removal->depth), name, &stat);
    if (fd < 0)
        return fail(removal, name, err);
    struct level *level = &removal->levels[removal->depth];
    *level = (struct level){stat.st_dev, stat.st_ino, NULL, removal->names.len, 0};
    if (removal->depth && level->dev != removal->levels[removal->depth - 1].dev) {
        errno = EBUSY;
        return fail(removal, name, err);
    }
    img__buf_append(&removal->names, name, strlen(name) + 1);
    rc = img__buf_check(&removal->names, "the path of what is removed", err);
    if (rc)
        return rc;
    level->dir = fdopendir(fd);
    if (!level->dir)
        return fail(removal, name, err);
    steal_fd(fd);
    removal->depth++;
    if (removal->depth > KEPT) {
        struct level *far = &removal->levels[removal->depth - KEPT - 1];
        if (far->dir)
            closedir(steal(far->dir));
    }
    return 0;
}

/* The level above, which was closed, is opened from the one below it. */
static int reopen(struct removal *removal, struct level *above, img_error *err)
{
    struct stat stat;
    auto_fd int fd = openat(dirfd_of(removal, removal->depth), "..",
                            O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &stat) != 0)
        return fail(removal, NULL, err);
    if (stat.st_dev != above->dev || stat.st_ino != above->ino)
        return img__fail(err, IMG_EIO, "a directory was moved while it was removed");
    above->dir = fdopendir(fd);
    if (!above->dir)
        return fail(removal, NULL, err);
    steal_fd(fd);
    return 0;
}

/* Where the removal is has been read to its end. */
static int pop(struct removal *removal, img_error *err)
{
    struct level *level = &removal->levels[removal->depth - 1];
    if (removal->depth > 1 && !level[-1].dir) {
        int rc = reopen(removal, &level[-1], err);
        if (rc)
            return rc;
    }
    const char *name = removal->names.data + level->name;
    int parent = dirfd_of(removal, removal->depth - 1);
    if (unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT) {
        bool filled = errno == ENOTEMPTY || errno == EEXIST;
        if (!filled || ++level->passes > PASSES_MAX)
            return fail(removal, NULL, err);
        rewinddir(level->dir);
        return 0;
    }
    closedir(steal(level->dir));
    removal->names.len = level->name;
    removal->depth--;
    return 0;
}

/* 1: it is a directory that is not empty. */
static int remove_one(const struct removal *removal, const char *name, img_error *err)
{
    int dirfd = dirfd_of(removal, removal->depth);
    if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return fail(removal, name, err);
    if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    if (errno == ENOTEMPTY || errno == EEXIST)
        return 1;
    if (errno == ENOTDIR)
        errno = EPERM; /* what unlinking it said */
    return fail(removal, name, err);
}

static int step(struct removal *removal, img_error *err)
{
    errno = 0;
    const struct dirent *entry = readdir(removal->levels[removal->depth - 1].dir);
    if (!entry)
        return errno ? fail(removal, NULL, err) : pop(removal, err);
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
        return 0;
    int rc = remove_one(removal, entry->d_name, err);
    return rc == 1 ? push(removal, entry->d_name, err) : rc;
}

int img__root_remove_tree(int parent_dirfd, const char *name, img_error *err)
{
    auto_(removal) struct removal removal = {.parent = parent_dirfd, .names = BUF_INIT(NAMES_MAX)};
    int rc = remove_one(&removal, name, err);
    if (rc == 1)
        rc = push(&removal, name, err);
    while (!rc && removal.depth > 0)
        rc = step(&removal, err);
    return rc;
}
