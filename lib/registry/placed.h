/* SPDX-License-Identifier: Apache-2.0
 *
 * Which blobs a registry was seen to have, and in which repository.
 */
#ifndef IMG_REGISTRY_PLACED_H
#define IMG_REGISTRY_PLACED_H

#include <libimg/values.h>

#include "base/err.h"

#define PLACED_MAX 256

struct placed {
    struct placed_blob {
        img_digest digest;
        char *repository;
    } * blobs; /* PLACED_MAX of them, the oldest gives way; NULL: none yet */
    size_t next;
};

/* Only a hint: it may be forgotten, also for want of memory. */
void img__placed_add(struct placed *placed, const img_digest *digest, const char *repository);
/* Where it was last seen; NULL: nowhere. Valid until the next one is added. */
const char *img__placed_find(const struct placed *placed, const img_digest *digest);
void img__placed_free(struct placed *placed);

#endif
