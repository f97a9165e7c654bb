/* SPDX-License-Identifier: Apache-2.0
 *
 * Media types: one table with the OCI ones and their Docker schema 2 twins (image-spec,
 * media-types.md).
 */
#ifndef IMG_CORE_MEDIA_H
#define IMG_CORE_MEDIA_H

#include <stdbool.h>

enum media_kind {
    MEDIA_UNKNOWN,
    MEDIA_INDEX,
    MEDIA_MANIFEST,
    MEDIA_CONFIG,
    MEDIA_LAYER,
    MEDIA_SCHEMA1, /* refused, by name */
};

enum media_compression {
    MEDIA_NONE,
    MEDIA_GZIP,
    MEDIA_ZSTD,
    MEDIA_OTHER, /* a suffix that libimg can't unpack */
};

#define MEDIA_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define MEDIA_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_OCI_CONFIG "application/vnd.oci.image.config.v1+json"
#define MEDIA_OCI_LAYER "application/vnd.oci.image.layer.v1.tar"
#define MEDIA_OCI_LAYER_GZIP MEDIA_OCI_LAYER "+gzip"
#define MEDIA_OCI_LAYER_ZSTD MEDIA_OCI_LAYER "+zstd"
#define MEDIA_DOCKER_INDEX "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"

#define MEDIA_TYPE_MAX 256u /* NUL included */

/* In all of these, type may have parameters ("; charset=utf-8") and any case, as in Content-Type.
 */
enum media_kind img__media_kind(const char *type);
/* Of a layer's type; MEDIA_OTHER if it is none. */
enum media_compression img__media_compression(const char *type);
/* A layer that its maker alone distributes? Deprecated by image-spec 1.1, and still around. */
bool img__media_is_foreign(const char *type);
/* The OCI twin of a Docker type, else the type itself. Static or type. */
const char *img__media_to_oci(const char *type);
/* The Docker twin of an OCI type, else the type itself. */
const char *img__media_to_docker(const char *type);
/* The type as the table spells it, or type itself if it is unknown. */
const char *img__media_canonical(const char *type);
/* May a document say this, and libimg repeat it in a header? */
bool img__media_valid(const char *type);
/* The comma-joined value of Accept for manifests and indexes, OCI first. */
const char *img__media_accept(void);

#endif
