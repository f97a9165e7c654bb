/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of the reader: one for each way in which an archive says what is in it.
 */
#ifndef IMG_ARCHIVE_READER_INTERNAL_H
#define IMG_ARCHIVE_READER_INTERNAL_H

#include "archive/archive.h"
#include "archive/docker.h"
#include "archive/layout.h"
#include "archive/members.h"

#define TABLE_BYTES_MAX ((size_t)8 << 20)     /* of manifest.json and its kin */
#define DOCUMENT_BYTES_MAX ((size_t)16 << 20) /* of a manifest or an index */
#define CONFIG_BYTES_MAX ((size_t)8 << 20)
#define IMAGES_MAX ((size_t)4096)

/* An image of an archive. */
struct archived {
    struct strv names;         /* what it is called */
    struct strv aliases;       /* what it may be asked for by, too */
    img_descriptor descriptor; /* in a layout */
    /* For docker. */
    char *config; /* a path; or, of the old form, the id of the uppermost layer */
    struct strv layers;
};

struct archive_reader {
    struct spool spool;
    struct members members;
    bool oci;
    bool legacy;      /* docker before 1.10 */
    size_t tag_count; /* in repositories */
    struct archived *images;
    size_t count;
};

/* A small file of the archive, whole; what names it in messages. IMG_ENOTFOUND if it is not there.
 */
int img__archive_load(const struct archive_reader *reader, const char *path, size_t limit,
                      struct buf *out, img_error *err);
/* The same as JSON. *what, for messages, is the caller's to free, also on failure. */
int img__archive_load_json(const struct archive_reader *reader, const char *path, char **what,
                           struct json **out, img_error *err);
/* A file as a source; fails with IMG_ENOTFOUND as above. */
int img__archive_source(const struct archive_reader *reader, const char *path, struct source **out,
                        uint64_t *size_bytes, img_error *err);
/* A new image at the end of the list, empty. */
int img__archive_add(struct archive_reader *reader, struct archived **out, img_error *err);

/* Fill the list of images. */
int img__archive_read_layout(struct archive_reader *reader, img_error *err);
int img__archive_read_docker(struct archive_reader *reader, img_error *err);
int img__archive_read_legacy(struct archive_reader *reader, img_error *err);

/* Endpoints. */
int img__archive_layout_endpoint(struct archive_reader *reader, size_t index, struct endpoint **out,
                                 img_error *err);
int img__archive_docker_endpoint(struct archive_reader *reader, size_t index, struct endpoint **out,
                                 img_error *err);

/* Both kinds begin with this. */
struct reader_endpoint {
    struct endpoint base;
    struct archive_reader *reader;
    struct archive_reader *owned;
    size_t index;
};

/* Fills all of layer but its diffID; the layer owns the path. */
int img__docker_layer_look(const struct archive_reader *reader, const char *path,
                           struct docker_layer *layer, img_error *err);

/* What an old archive's layers amount to: a config, and the paths of the layers. */
int img__archive_legacy_image(const struct archive_reader *reader, const struct archived *image,
                              struct docker_image *out, img_error *err);

#endif
