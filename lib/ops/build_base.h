/* SPDX-License-Identifier: Apache-2.0
 *
 * The image that a build begins with.
 */
#ifndef IMG_OPS_BUILD_BASE_H
#define IMG_OPS_BUILD_BASE_H

#include <libimg/image.h>

#include "ops/build.h"

struct build_base {
    img_image *image;
    char *name; /* the reference that found it; NULL: it came from a file, which nobody else has */
};

/* place as img_build_from() has it. *out is all zero, and is to be freed also on failure. */
int img__build_base_open(img_build *build, img_client *client, const char *place,
                         struct build_base *out, img_error *err);
void img__build_base_free(struct build_base *base);

static inline void img__auto_build_base(struct build_base *base)
{
    img__build_base_free(base);
}

#endif
