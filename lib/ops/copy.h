/* SPDX-License-Identifier: Apache-2.0
 *
 * The one walk over an image's graph: from one endpoint to another.
 */
#ifndef IMG_OPS_COPY_H
#define IMG_OPS_COPY_H

#include "core/endpoint.h"

struct copy {
    struct endpoint *from;
    struct endpoint *to;
    const img_platform *platform; /* takes this one of an index; NULL: all */
    bool keep_index;              /* with a platform: the index is what gets the name, still */
    /* A repository of the target's registry that may have the blobs; NULL: none known. */
    const char *mount_from;
    uint64_t config_limit_bytes;
    struct observer *observer;
};

/* Moves what from's name stands for, with all it reaches, and lets to's name stand for it: blobs
 * first, then manifests, then indexes, the name last. *top is what was named. */
int img__copy(const struct copy *copy, img_descriptor *top, img_error *err);

#endif
