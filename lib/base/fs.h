/* SPDX-License-Identifier: Apache-2.0
 *
 * Files, durably: whole files are read with a limit and written by temporary file, fsync and
 * rename.
 */
#ifndef IMG_BASE_FS_H
#define IMG_BASE_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

/* Reads a whole file beneath dirfd (AT_FDCWD: anywhere) into buf, whose maximum is the limit. */
int img__fs_read(int dirfd, const char *path, struct buf *buf, img_error *err);

/* Writes all of data. name is for messages. */
int img__fs_write_all(int fd, const void *data, size_t len, const char *name, img_error *err);

/* Replaces path with data: temporary file beside it, fsync, rename, fsync of the directory. At any
 * moment the old or the new content is there. */
int img__fs_replace(int dirfd, const char *path, const void *data, size_t len, mode_t mode,
                    img_error *err);

/* Creates a directory and its parents; one that is there is fine. */
int img__fs_mkdirs(const char *path, mode_t mode, img_error *err);

/* Makes directory entries durable. */
int img__fs_sync_dir(int dirfd, const char *name, img_error *err);

/* A file that gets its name when it is complete. The name of the temporary file is random; what a
 * dead process leaves begins with IMG_FS_TEMPORARY. */
#define IMG_FS_TEMPORARY ".tmp-"
struct fs_temporary {
    int dirfd;     /* borrowed */
    int fd;        /* -1: none */
    char name[32]; /* beneath dirfd */
};
#define FS_TEMPORARY_INIT                                                                          \
    {                                                                                              \
        -1, -1, ""                                                                                 \
    }
int img__fs_temporary_open(int dirfd, struct fs_temporary *out, img_error *err);
/* The same with another mode than 0600, of which the umask takes its part. */
int img__fs_temporary_open_mode(int dirfd, mode_t mode, struct fs_temporary *out, img_error *err);
/* fsync, fchmod to mode, rename to name beneath dirfd. The directory is not synced. */
int img__fs_temporary_commit(struct fs_temporary *temporary, const char *name, mode_t mode,
                             img_error *err);
/* The same without fsync, for what may be lost, or be there by half, after the machine has failed.
 */
int img__fs_temporary_rename(struct fs_temporary *temporary, const char *name, mode_t mode,
                             img_error *err);
void img__fs_temporary_drop(struct fs_temporary *temporary); /* after a commit: nothing */

static inline void img__auto_fs_temporary(struct fs_temporary *temporary)
{
    img__fs_temporary_drop(temporary);
}

#endif
