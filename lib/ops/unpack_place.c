/* SPDX-License-Identifier: Apache-2.0
 *
 * The destination of an unpack. Work is done in a directory beside it, which nobody else may enter
 * (CVE-2021-41091) and whose name tells what it is for, and which is renamed at the end: so the
 * destination is there whole or not at all, and a process that is killed leaves nothing that could
 * be taken for it (layers.md A22). The directory that is filled is the one that is renamed, not one
 * in it, since a directory without write permission can be renamed beside itself, but not moved.
 *
 * A mount point can't be renamed over and is filled itself.
 */
#include "ops/unpack_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <dirent.h>

#include "base/fs.h"
#include "layer/root.h"

#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define NAME_KEPT 200 /* bytes of the name that stand in that of the work directory */

void img__unpack_place_close(struct unpack_place *place)
{
    if (place->fd >= 0)
        close(place->fd);
    if (place->parent_fd >= 0)
        close(place->parent_fd);
    free(place->path);
    free(place->name);
    free(place->work);
    *place = (struct unpack_place)UNPACK_PLACE_INIT;
}

/* ---- what is there ---- */

static bool is_mount_point(int fd)
{
    struct statx stx;
    return statx(fd, "", AT_EMPTY_PATH, 0, &stx) == 0 &&
           (stx.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* A new file system is not empty: mkfs puts that one in it. */
static bool belongs(const char *name, bool mount_point)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
           (mount_point && strcmp(name, "lost+found") == 0);
}

static int check_empty(const struct unpack_place *place, img_error *err)
{
    bool mount_point = is_mount_point(place->fd);
    int fd = openat(place->fd, ".", OPEN_DIRECTORY);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        int rc = img__fail_errno(err, "cannot read directory %s", place->path);
        if (fd >= 0)
            close(fd);
        return rc;
    }
    int rc = 0;
    errno = 0;
    for (const struct dirent *entry; rc == 0 && (entry = readdir(dir)); errno = 0)
        if (!belongs(entry->d_name, mount_point))
            rc = img__fail(err, IMG_EIO,
                           "%s is not empty: '%s' is in it; name a directory that is empty or "
                           "does not exist",
                           place->path, entry->d_name);
    if (rc == 0 && errno)
        rc = img__fail_errno(err, "cannot read directory %s", place->path);
    closedir(dir);
    return rc;
}

/* ---- paths ---- */

/* destination without what realpath() says of it: the parent's true path and the last component. */
static int new_path(const char *destination, char **out, img_error *err)
{
    size_t len = strlen(destination);
    while (len > 1 && destination[len - 1] == '/')
        len--;
    size_t base = len;
    while (base > 0 && destination[base - 1] != '/')
        base--;
    auto_free char *parent = base ? strndup(destination, base) : strdup(".");
    if (!parent)
        return img__fail_memory(err);
    auto_free char *real = realpath(parent, NULL);
    if (!real)
        return img__fail_errno(err, "cannot open directory %s", parent);
    if (asprintf(out, "%s%s%.*s", real, real[1] ? "/" : "", (int)(len - base), destination + base) <
        0) {
        *out = NULL;
        return img__fail_memory(err);
    }
    return 0;
}

/* Opens it if it is there. */
static int find(const char *destination, struct unpack_place *place, img_error *err)
{
    struct stat st;
    if (!*destination)
        return img__fail(err, IMG_EINVAL, "the destination is an empty name");
    place->path = realpath(destination, NULL);
    if (!place->path && errno != ENOENT)
        return img__fail_errno(err, "cannot open %s", destination);
    if (!place->path && lstat(destination, &st) == 0)
        return img__fail(err, IMG_EIO, "%s is a symbolic link that leads nowhere", destination);
    if (!place->path)
        return new_path(destination, &place->path, err);
    place->fd = open(place->path, OPEN_DIRECTORY);
    if (place->fd < 0 && errno == ENOTDIR)
        return img__fail(err, IMG_EIO, "%s is there and is no directory", destination);
    return place->fd < 0 ? img__fail_errno(err, "cannot open directory %s", place->path) : 0;
}

/* ---- the work directory ---- */

static int open_parent(struct unpack_place *place, img_error *err)
{
    const char *slash = strrchr(place->path, '/');
    auto_free char *parent =
        strndup(place->path, slash == place->path ? 1 : (size_t)(slash - place->path));
    place->name = strdup(slash + 1);
    if (!parent || !place->name)
        return img__fail_memory(err);
    place->parent_fd = open(parent, OPEN_DIRECTORY);
    return place->parent_fd < 0 ? img__fail_errno(err, "cannot open directory %s", parent) : 0;
}

static int work_name(struct unpack_place *place, img_error *err)
{
    uint32_t number;
    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return img__fail_errno(err, "cannot get random bytes");
    free(steal(place->work));
    if (asprintf(&place->work, ".%.*s.tmp-%08x", NAME_KEPT, place->name, number) < 0) {
        place->work = NULL;
        return img__fail_memory(err);
    }
    return 0;
}

static int make_work(struct unpack_place *place, img_error *err)
{
    for (int tries = 0; tries < 16; tries++) {
        int rc = work_name(place, err);
        if (rc)
            return rc;
        if (mkdirat(place->parent_fd, place->work, 0700) == 0)
            return 0;
        if (errno != EEXIST)
            break;
    }
    int rc = img__fail_errno(err, "cannot create a directory beside %s", place->path);
    free(steal(place->work));
    return rc;
}

static int open_work(struct unpack_place *place, img_error *err)
{
    int rc = open_parent(place, err);
    if (rc == 0)
        rc = make_work(place, err);
    if (rc)
        return rc;
    if (place->fd >= 0)
        close(place->fd);
    place->fd = openat(place->parent_fd, place->work, OPEN_DIRECTORY | O_NOFOLLOW);
    if (place->fd >= 0)
        return 0;
    rc = img__fail_errno(err, "cannot open directory %s beside %s", place->work, place->path);
    unlinkat(place->parent_fd, place->work, AT_REMOVEDIR);
    free(steal(place->work));
    return rc;
}

int img__unpack_place_open(const char *destination, bool onto, struct unpack_place *place,
                           img_error *err)
{
    *place = (struct unpack_place)UNPACK_PLACE_INIT;
    place->onto = onto;
    int rc = find(destination, place, err);
    if (rc)
        return rc;
    if (onto && place->fd < 0)
        return img__fail(err, IMG_ENOTFOUND, "%s does not exist", place->path);
    if (onto)
        return 0;
    rc = place->fd < 0 ? 0 : check_empty(place, err);
    if (rc || (place->fd >= 0 && is_mount_point(place->fd)))
        return rc;
    return open_work(place, err);
}

/* ---- the end ---- */

int img__unpack_place_commit(struct unpack_place *place, bool sync, img_error *err)
{
    if (!place->work)
        return 0;
    if (renameat(place->parent_fd, place->work, place->parent_fd, place->name) != 0)
        return img__fail_errno(err, "cannot rename %s to %s", place->work, place->path);
    int rc = sync ? img__fs_sync_dir(place->parent_fd, place->path, err) : 0;
    free(steal(place->work));
    /* A destination that may not survive a crash is no success: it can still be abandoned. */
    if (rc)
        place->work = steal(place->name);
    return rc;
}

/* Puts "; ..." behind the message. */
__attribute__((format(printf, 2, 3))) static void add(img_error *err, const char *format, ...)
{
    char text[512];
    va_list args;
    if (!err)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    size_t len = strlen(err->message);
    snprintf(err->message + len, sizeof(err->message) - len, "; %s", text);
}

/* What is in a directory that was empty before, or nearly so. */
static int remove_contents(const struct unpack_place *place, img_error *err)
{
    int fd = openat(place->fd, ".", OPEN_DIRECTORY);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        int rc = img__fail_errno(err, "cannot read directory %s", place->path);
        if (fd >= 0)
            close(fd);
        return rc;
    }
    int rc = 0;
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (!belongs(entry->d_name, true) &&
            img__root_remove_tree(place->fd, entry->d_name, rc ? NULL : err) != 0)
            rc = IMG_EIO;
    closedir(dir);
    return rc;
}

static int remove_work(const struct unpack_place *place, img_error *err)
{
    if (!place->work)
        return remove_contents(place, err);
    return img__root_remove_tree(place->parent_fd, place->work, err);
}

/* The directory of place->path that holds the work, for messages. */
static int parent_len(const struct unpack_place *place)
{
    return (int)(strrchr(place->path, '/') - place->path);
}

int img__unpack_place_abandon(struct unpack_place *place, bool keep, int rc, img_error *err)
{
    img_error why;
    if (place->fd < 0)
        return rc;
    if (place->onto)
        add(err, "%s has a part of the layer now", place->path);
    else if (keep && place->work)
        add(err, "what there is was kept in %.*s/%s", parent_len(place), place->path, place->work);
    else if (keep)
        add(err, "what there is was kept in %s", place->path);
    else if (remove_work(place, &why) != 0)
        add(err, "and %.*s/%s could not be removed: %s", parent_len(place), place->path,
            place->work ? place->work : strrchr(place->path, '/') + 1, why.message);
    return rc;
}
