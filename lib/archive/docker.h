/* SPDX-License-Identifier: Apache-2.0
 *
 * An image of a docker-archive that has no manifest: its config, and its layers as they are in the
 * file.
 */
#ifndef IMG_ARCHIVE_DOCKER_H
#define IMG_ARCHIVE_DOCKER_H

#include "archive/archive.h"

enum docker_compression {
    DOCKER_PLAIN,
    DOCKER_GZIP,
    DOCKER_ZSTD,
    DOCKER_BZIP2,
    DOCKER_XZ,
};

struct docker_layer {
    char *path;
    img_digest diff_id; /* as the config promises it */
    uint64_t size_bytes;
    enum docker_compression compression;
};

struct docker_image {
    struct document config; /* its bytes as they are */
    struct docker_layer *layers;
    size_t layer_count;
};

#define DOCKER_IMAGE_INIT                                                                          \
    {                                                                                              \
        DOCUMENT_INIT, NULL, 0                                                                     \
    }

/* Only if the reader is not of a layout. IMG_EFORMAT if layers and diffIDs are not as many, or
 * something is not there. */
int img__docker_image_open(struct archive_reader *reader, size_t index, struct docker_image *out,
                           img_error *err);
void img__docker_image_free(struct docker_image *image); /* leaves it empty */
/* The bytes of a layer as they are in the archive, unchecked. */
int img__docker_layer_source(struct archive_reader *reader, const struct docker_layer *layer,
                             struct source **out, img_error *err);

/* The digest of a layer that is compressed by gzip or zstd, as it is. IMG_EDIGEST if its tar has
 * another diffID than the config promises. */
int img__docker_layer_check(struct archive_reader *reader, const struct docker_layer *layer,
                            img_digest *digest, uint64_t *size_bytes, img_error *err);

static inline void img__auto_docker_image(struct docker_image *image)
{
    img__docker_image_free(image);
}

#endif
