/* SPDX-License-Identifier: Apache-2.0
 *
 * Archive files with images: tars of an image layout (oci-archive), and what docker saves and loads
 * (docker-archive). One image of a file as an endpoint, to be read or to be written.
 */
#ifndef IMG_ARCHIVE_ARCHIVE_H
#define IMG_ARCHIVE_ARCHIVE_H

#include "base/strv.h"
#include "core/endpoint.h"

enum archive_format { ARCHIVE_OCI, ARCHIVE_DOCKER };

/* ---- a file with one image ---- */

/* path "-" is the standard input. The kind of archive is found out; a compression around it is
 * undone. name chooses among several images: a name that one has, "@N" for the Nth, from 0, or the
 * digest of one; NULL: there must be one alone. IMG_ENOTFOUND lists the names that there are. */
int img__archive_reader(const char *path, const char *name, struct endpoint **out, img_error *err);

/* path "-" is the standard output. The endpoint is serial, and once its name is set the file is
 * complete: a temporary file gets its name then, and without that nothing is left. name is what the
 * image is called in the archive; NULL: it has no name. ARCHIVE_DOCKER takes manifests only, no
 * indexes: the copy must choose a platform. */
int img__archive_writer(const char *path, enum archive_format format, const char *name,
                        struct endpoint **out, img_error *err);

/* ---- a file with several ---- */

struct archive_file {
    const char *path; /* NULL: fd */
    int fd;           /* borrowed */
    /* What a pipe, or what is compressed as a whole, may come to; 0: 64 GiB. */
    uint64_t max_bytes;
    bool if_changed;   /* written: with the same bytes it stays as it is */
    const char *spool; /* the directory that this goes to, nameless; NULL: $TMPDIR, else /var/tmp */
};

struct archive_reader;

int img__archive_reader_open(const struct archive_file *file, struct archive_reader **out,
                             img_error *err);
void img__archive_reader_free(struct archive_reader *reader);
size_t img__archive_reader_count(const struct archive_reader *reader);
/* What an image is called, as the archive spells it; may be none. Of an image layout that is the
 * name that containerd and docker give, or else the one of image-spec. */
const struct strv *img__archive_reader_names(const struct archive_reader *reader, size_t index);
/* As name above. */
int img__archive_reader_find(const struct archive_reader *reader, const char *name, size_t *index,
                             img_error *err);
/* Has the archive manifests of its own, or are they made from what it has? */
bool img__archive_reader_is_oci(const struct archive_reader *reader);
/* The reader must outlive the endpoint. */
int img__archive_reader_endpoint(struct archive_reader *reader, size_t index, struct endpoint **out,
                                 img_error *err);

struct archive_writer;

int img__archive_writer_open(const struct archive_file *file, enum archive_format format,
                             struct archive_writer **out, img_error *err);
/* Drops what was not committed. */
void img__archive_writer_free(struct archive_writer *writer);
/* An image more; names may be none. One at a time, and the writer must outlive it. What was written
 * for another is not written again. */
int img__archive_writer_endpoint(struct archive_writer *writer, const char *const *names,
                                 struct endpoint **out, img_error *err);
int img__archive_writer_commit(struct archive_writer *writer, img_error *err);

IMG_AUTO_POINTER(archive_reader, struct archive_reader, img__archive_reader_free)
IMG_AUTO_POINTER(archive_writer, struct archive_writer, img__archive_writer_free)

#endif
