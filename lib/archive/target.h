/* SPDX-License-Identifier: Apache-2.0
 *
 * Where an archive is written to: a file that is there once it is whole, or a stream.
 */
#ifndef IMG_ARCHIVE_TARGET_H
#define IMG_ARCHIVE_TARGET_H

#include "archive/archive.h"
#include "base/fs.h"

struct target {
    int fd;          /* to write to; -1: none */
    char *name;      /* for messages */
    bool if_changed; /* the same bytes are not written anew */
    bool seeks;      /* it is a regular file: what was written can be taken back */

    /* Of a file that gets its name at the end; else file is NULL. */
    char *file; /* its name in the directory */
    int dirfd;
    struct fs_temporary temporary;
};

#define TARGET_INIT                                                                                \
    {                                                                                              \
        -1, NULL, false, false, NULL, -1, FS_TEMPORARY_INIT                                        \
    }

/* Symbolic links are followed; pipes and devices are written to as they are. */
int img__target_open(const struct archive_file *file, struct target *out, img_error *err);
int img__target_commit(struct target *target, img_error *err);
/* What was not committed is gone. */
void img__target_drop(struct target *target);

#endif
