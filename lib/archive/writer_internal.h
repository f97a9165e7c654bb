/* SPDX-License-Identifier: Apache-2.0
 *
 * The halves of the writer: what goes into the tar, and what is said of it at its end.
 */
#ifndef IMG_ARCHIVE_WRITER_INTERNAL_H
#define IMG_ARCHIVE_WRITER_INTERNAL_H

#include "archive/archive.h"
#include "archive/tar_out.h"

struct archive_writer {
    enum archive_format format;
    struct tar_out *tar;
    bool begun;              /* the layout is declared */
    bool busy;               /* a blob is being written */
    struct strv directories; /* that are in the tar */
    void *written;           /* a tree of the digests of what is in it */
    struct json *entries;    /* of index.json */
    struct json *items;      /* of manifest.json */
};

bool img__archive_writer_has(const struct archive_writer *writer, const img_digest *digest);
/* Takes the image into index.json and, for docker, into manifest.json. */
int img__archive_writer_note(struct archive_writer *writer, const struct document *document,
                             const struct strv *names, img_error *err);
/* Writes these two. */
int img__archive_writer_tables(struct archive_writer *writer, img_error *err);

#endif
