/* SPDX-License-Identifier: Apache-2.0
 *
 * Places where images live, as they are written: "docker://REF", "store:REF", "oci:DIR:REF",
 * "oci-archive:FILE:REF", "docker-archive:FILE:REF", "-".
 */
#ifndef IMG_OPS_TRANSPORT_H
#define IMG_OPS_TRANSPORT_H

#include "base/err.h"

enum transport_kind {
    TRANSPORT_REGISTRY,
    TRANSPORT_STORE,
    TRANSPORT_OCI,
    TRANSPORT_OCI_ARCHIVE,
    TRANSPORT_DOCKER_ARCHIVE,
    TRANSPORT_PIPE, /* an archive on a standard stream, in whichever of the two formats */
};

struct transport {
    enum transport_kind kind;
    char *path; /* the directory or the file, "-" of a pipe; NULL where there is none */
    char *name; /* a reference, or as others name images in a layout; NULL: none was given */
};

#define TRANSPORT_INIT                                                                             \
    {                                                                                              \
        TRANSPORT_REGISTRY, NULL, NULL                                                             \
    }

/* Pure: nothing is looked up. IMG_EINVAL tells what is wrong, and the transports if none fits. */
int img__transport_parse(const char *text, struct transport *out, img_error *err);
void img__transport_free(struct transport *transport);

static inline void img__auto_transport(struct transport *transport)
{
    img__transport_free(transport);
}

#endif
