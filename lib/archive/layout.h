/* SPDX-License-Identifier: Apache-2.0
 *
 * The names in an archive that both ways know.
 */
#ifndef IMG_ARCHIVE_LAYOUT_H
#define IMG_ARCHIVE_LAYOUT_H

#include <stdio.h>

#include "core/digest.h"

#define LAYOUT_FILE "oci-layout"
#define LAYOUT_INDEX "index.json"
#define LAYOUT_BLOBS "blobs"
#define DOCKER_MANIFEST "manifest.json"
#define DOCKER_REPOSITORIES "repositories"

#define ANNOTATION_NAME "org.opencontainers.image.ref.name"
#define ANNOTATION_CONTAINERD "io.containerd.image.name"

#define LAYOUT_PATH_SIZE (sizeof(img_digest) + 16)

/* "blobs/sha256/12ab..." */
static inline void img__layout_path(const img_digest *digest, char path[LAYOUT_PATH_SIZE])
{
    char algorithm[16];
    img__digest_algorithm(digest, algorithm, sizeof(algorithm));
    snprintf(path, LAYOUT_PATH_SIZE, LAYOUT_BLOBS "/%s/%s", algorithm, img__digest_hex(digest));
}

#endif
