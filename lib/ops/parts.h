/* SPDX-License-Identifier: Apache-2.0
 *
 * What an image in a store is made of, as far as that is there.
 */
#ifndef IMG_OPS_PARTS_H
#define IMG_OPS_PARTS_H

#include <libimg/blob.h>

#include "store/store.h"

struct image_part {
    img_descriptor descriptor;
    int32_t kind; /* IMG_PART_... */
    bool present;
};

/* Each once, and behind what it reaches. */
struct parts {
    struct image_part *items;
    size_t count, cap;
};

#define PARTS_INIT                                                                                 \
    {                                                                                              \
        NULL, 0, 0                                                                                 \
    }

/* *out is empty before. platform NULL: all of an index. */
int img__parts_find(img_store *store, const img_descriptor *target, const img_platform *platform,
                    struct parts *out, img_error *err);
/* IMG_ENOTFOUND, and what is missing, unless all of them are there. */
int img__parts_check(const struct parts *parts, img_error *err);
void img__parts_free(struct parts *parts);

static inline void img__auto_parts(struct parts *parts)
{
    img__parts_free(parts);
}

#endif
