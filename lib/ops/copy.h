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
    /* Takes these of an index: the manifest if it is one, else an index made of them. */
    const img_platform *platforms;
    size_t platform_count; /* 0: all */
    bool keep_index;       /* the index itself gets the name, as it is, whatever it lacks */
    /* A repository of the target's registry that may have the blobs; NULL: none known. */
    const char *mount_from;
    bool same_repository; /* from and to are one: it is about the name alone */
    uint64_t config_limit_bytes;
    struct observer *observer;
};

/* Moves what from's name stands for, with all it reaches, and lets to's name stand for it: blobs
 * first, then manifests, then indexes, the name last. *top is what was named. */
int img__copy(const struct copy *copy, img_descriptor *top, img_error *err);

/* What a copy would have to do. */
struct copy_look {
    img_descriptor top;
    uint64_t missing_bytes; /* of blobs */
    size_t layers, layers_missing;
    size_t documents, documents_missing;
    bool mounts; /* the registry of the target may take the blobs from a repository of its own */
};

/* Asks, and changes nothing. */
int img__copy_look(const struct copy *copy, struct copy_look *out, img_error *err);

#endif
