/* SPDX-License-Identifier: Apache-2.0
 *
 * A temporary file beside the target, then fsync and rename(): a failure leaves what was there. The
 * umask decides on the mode of a new file, and one that is replaced keeps its own. Where it is
 * asked for, one that would be replaced by the same bytes stays as it is, with its time.
 */
#include "archive/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define COMPARE_CHUNK ((size_t)256 * 1024)

static bool is_regular(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static int open_stream(const char *path, int fd, struct target *out, img_error *err)
{
    out->fd = path ? open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY) : fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (out->fd < 0)
        return img__fail_errno(err, "cannot write %s", out->name);
    out->seeks = is_regular(out->fd) && lseek(out->fd, 0, SEEK_CUR) >= 0;
    return 0;
}

/* real is absolute, or has no link in its last part. */
static int open_temporary(const char *real, mode_t mode, bool exists, struct target *out,
                          img_error *err)
{
    const char *slash = strrchr(real, '/');
    auto_free char *directory =
        slash ? strndup(real, slash == real ? 1 : (size_t)(slash - real)) : strdup(".");
    out->file = strdup(slash ? slash + 1 : real);
    if (!directory || !out->file)
        return img__fail_memory(err);
    if (!*out->file)
        return img__fail(err, IMG_EINVAL, "cannot write %s: it is a directory", out->name);
    out->dirfd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (out->dirfd < 0)
        return img__fail_errno(err, "cannot open directory %s", directory);
    int rc = img__fs_temporary_open_mode(out->dirfd, exists ? 0600 : 0666, &out->temporary, err);
    if (rc)
        return img__prefix(err, rc, "cannot write %s", out->name);
    if (exists && fchmod(out->temporary.fd, mode & 0777) != 0)
        return img__fail_errno(err, "cannot write %s", out->name);
    out->fd = out->temporary.fd;
    out->seeks = true;
    return 0;
}

static int open_path(const char *path, struct target *out, img_error *err)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        if (errno != ENOENT)
            return img__fail_errno(err, "cannot write %s", path);
        return open_temporary(path, 0, false, out, err);
    }
    if (S_ISDIR(st.st_mode))
        return img__fail(err, IMG_EINVAL, "cannot write %s: it is a directory", path);
    if (!S_ISREG(st.st_mode))
        return open_stream(path, -1, out, err);
    auto_free char *real = realpath(path, NULL);
    if (!real)
        return img__fail_errno(err, "cannot write %s", path);
    return open_temporary(real, st.st_mode, true, out, err);
}

int img__target_open(const struct archive_file *file, struct target *out, img_error *err)
{
    struct target target = TARGET_INIT;
    target.if_changed = file->if_changed;
    const char *name = file->path ? file->path : "the standard output";
    int rc = 0;
    if (!file->path && file->fd != STDOUT_FILENO) {
        if (asprintf(&target.name, "to descriptor %d", file->fd) < 0)
            target.name = NULL;
    } else {
        target.name = strdup(name);
    }
    rc = !target.name ? img__fail_memory(err)
         : file->path ? open_path(file->path, &target, err)
                      : open_stream(NULL, file->fd, &target, err);
    if (rc) {
        img__target_drop(&target);
        return rc;
    }
    *out = target;
    return 0;
}

static bool read_both(int a, int b, char *bytes, off_t at, size_t len)
{
    return pread(a, bytes, len, at) == (ssize_t)len &&
           pread(b, bytes + COMPARE_CHUNK, len, at) == (ssize_t)len;
}

/* Anything that gets in the way makes it another file. */
static bool is_same(int a, int b, off_t size)
{
    auto_free char *bytes = malloc(2 * COMPARE_CHUNK);
    for (off_t at = 0; bytes && at < size; at += (off_t)COMPARE_CHUNK) {
        size_t len = size - at < (off_t)COMPARE_CHUNK ? (size_t)(size - at) : COMPARE_CHUNK;
        if (!read_both(a, b, bytes, at, len) || memcmp(bytes, bytes + COMPARE_CHUNK, len) != 0)
            return false;
    }
    return bytes;
}

/* Has the file that is to be replaced these bytes already? */
static bool is_there(const struct target *target, off_t size)
{
    struct stat st;
    auto_fd int old =
        openat(target->dirfd, target->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    auto_fd int fresh =
        openat(target->dirfd, target->temporary.name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return old >= 0 && fresh >= 0 && fstat(old, &st) == 0 && S_ISREG(st.st_mode) &&
           st.st_size == size && is_same(old, fresh, size);
}

int img__target_commit(struct target *target, img_error *err)
{
    struct stat st;
    if (!target->file)
        return 0;
    if (fstat(target->fd, &st) != 0)
        return img__fail_errno(err, "cannot write %s", target->name);
    if (target->if_changed && is_there(target, st.st_size))
        return 0;
    target->fd = -1; /* the temporary file's */
    int rc = img__fs_temporary_commit(&target->temporary, target->file, st.st_mode & 0777, err);
    return rc ? rc : img__fs_sync_dir(target->dirfd, target->name, err);
}

void img__target_drop(struct target *target)
{
    if (!target->file && target->fd >= 0)
        close(target->fd);
    img__fs_temporary_drop(&target->temporary);
    if (target->dirfd >= 0)
        close(target->dirfd);
    free(target->file);
    free(target->name);
    *target = (struct target)TARGET_INIT;
}
