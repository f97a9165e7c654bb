/* SPDX-License-Identifier: Apache-2.0
 *
 * Files, durably. A temporary file is a named one (O_TMPFILE is not on every file system) whose
 * name is random, so that two processes never share it.
 */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

static int read_fd(int fd, const char *path, struct buf *buf, img_error *err)
{
    for (;;) {
        /* One byte more than the limit, so that a file that reaches beyond it is noticed. */
        size_t want = buf->max - buf->len < 65536 ? buf->max - buf->len : 65536;
        char spare, *to = want ? img__buf_reserve(buf, want) : &spare;
        if (!to)
            return img__buf_check(buf, path, err);
        ssize_t got = read(fd, to, want ? want : 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return img__fail_errno(err, "cannot read %s", path);
        if (got == 0)
            return 0;
        if (!want)
            return img__fail(err, IMG_ELIMIT, "%s is larger than %zu bytes", path, buf->max);
        buf->len += (size_t)got;
        buf->data[buf->len] = '\0';
    }
}

int img__fs_read(int dirfd, const char *path, struct buf *buf, img_error *err)
{
    auto_fd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return img__fail_errno(err, "cannot open %s", path);
    return read_fd(fd, path, buf, err);
}

int img__fs_write_all(int fd, const void *data, size_t len, const char *name, img_error *err)
{
    const char *from = data;
    while (len > 0) {
        ssize_t done = write(fd, from, len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return img__fail_errno(err, "cannot write %s", name);
        from += done;
        len -= (size_t)done;
    }
    return 0;
}

int img__fs_sync_dir(int dirfd, const char *name, img_error *err)
{
    /* Some file systems can't sync a directory and say EINVAL: then there is nothing to do. */
    if (fsync(dirfd) != 0 && errno != EINVAL)
        return img__fail_errno(err, "cannot sync directory %s", name);
    return 0;
}

/* Opens the directory that holds path; *base is the rest. */
static int open_parent(int dirfd, const char *path, int *out, const char **base, img_error *err)
{
    const char *slash = strrchr(path, '/');
    *base = slash ? slash + 1 : path;
    auto_free char *parent = NULL;
    if (slash)
        parent = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    else
        parent = strdup(".");
    if (!parent)
        return img__fail_memory(err);
    *out = openat(dirfd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *out < 0 ? img__fail_errno(err, "cannot open directory %s", parent) : 0;
}

int img__fs_replace(int dirfd, const char *path, const void *data, size_t len, mode_t mode,
                    img_error *err)
{
    auto_fd int parent = -1;
    const char *base;
    int rc = open_parent(dirfd, path, &parent, &base, err);
    if (rc)
        return rc;
    auto_(fs_temporary) struct fs_temporary temporary = FS_TEMPORARY_INIT;
    rc = img__fs_temporary_open(parent, &temporary, err);
    if (rc)
        return rc;
    rc = img__fs_write_all(temporary.fd, data, len, path, err);
    if (rc)
        return rc;
    rc = img__fs_temporary_commit(&temporary, base, mode, err);
    if (rc)
        return rc;
    return img__fs_sync_dir(parent, path, err);
}

int img__fs_mkdirs(const char *path, mode_t mode, img_error *err)
{
    auto_free char *copy = strdup(path);
    if (!copy)
        return img__fail_memory(err);
    for (char *p = copy + (*copy == '/');; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char kept = *p;
        *p = '\0';
        if (*copy && mkdir(copy, mode) != 0 && errno != EEXIST)
            return img__fail_errno(err, "cannot create directory %s", copy);
        *p = kept;
        if (!kept)
            break;
    }
    struct stat st;
    if (stat(path, &st) != 0)
        return img__fail_errno(err, "cannot open directory %s", path);
    return S_ISDIR(st.st_mode) ? 0 : img__fail(err, IMG_EIO, "%s is not a directory", path);
}

static int temporary_name(struct fs_temporary *out, img_error *err)
{
    uint64_t number;
    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return img__fail_errno(err, "cannot get random bytes");
    snprintf(out->name, sizeof(out->name), IMG_FS_TEMPORARY "%016llx", (unsigned long long)number);
    return 0;
}

int img__fs_temporary_open(int dirfd, struct fs_temporary *out, img_error *err)
{
    return img__fs_temporary_open_mode(dirfd, 0600, out, err);
}

int img__fs_temporary_open_mode(int dirfd, mode_t mode, struct fs_temporary *out, img_error *err)
{
    for (int tries = 0; tries < 16; tries++) {
        int rc = temporary_name(out, err);
        if (rc)
            return rc;
        int fd = openat(dirfd, out->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (fd >= 0) {
            out->dirfd = dirfd;
            out->fd = fd;
            return 0;
        }
        if (errno != EEXIST)
            break;
    }
    return img__fail_errno(err, "cannot create a temporary file");
}

int img__fs_temporary_rename(struct fs_temporary *temporary, const char *name, mode_t mode,
                             img_error *err)
{
    if (fchmod(temporary->fd, mode) != 0)
        return img__fail_errno(err, "cannot write %s", name);
    int fd = steal_fd(temporary->fd);
    if (close(fd) != 0 ||
        renameat(temporary->dirfd, temporary->name, temporary->dirfd, name) != 0) {
        int rc = img__fail_errno(err, "cannot write %s", name);
        unlinkat(temporary->dirfd, temporary->name, 0);
        return rc;
    }
    return 0;
}

int img__fs_temporary_commit(struct fs_temporary *temporary, const char *name, mode_t mode,
                             img_error *err)
{
    if (fchmod(temporary->fd, mode) != 0 || fsync(temporary->fd) != 0)
        return img__fail_errno(err, "cannot write %s", name);
    return img__fs_temporary_rename(temporary, name, mode, err);
}

void img__fs_temporary_drop(struct fs_temporary *temporary)
{
    if (temporary->fd < 0)
        return;
    close(steal_fd(temporary->fd));
    unlinkat(temporary->dirfd, temporary->name, 0);
}
