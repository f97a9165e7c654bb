/* SPDX-License-Identifier: Apache-2.0
 *
 * An archive as a plain tar in a file that can be read at any place: the file itself where it is
 * one, else a copy without a name.
 */
#ifndef IMG_ARCHIVE_SPOOL_H
#define IMG_ARCHIVE_SPOOL_H

#include "archive/archive.h"

struct spool {
    int fd;     /* -1: none */
    char *name; /* for messages */
    uint64_t size_bytes;
};

#define SPOOL_INIT                                                                                 \
    {                                                                                              \
        -1, NULL, 0                                                                                \
    }

/* IMG_ELIMIT if a pipe, or what is compressed, comes to more than file->max_bytes. */
int img__spool_open(const struct archive_file *file, struct spool *out, img_error *err);
void img__spool_close(struct spool *spool);

#endif
