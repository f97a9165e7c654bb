/* SPDX-License-Identifier: Apache-2.0
 *
 * What other verbs need to know of an image and the public header does not tell.
 */
#ifndef IMG_OPS_IMAGE_H
#define IMG_OPS_IMAGE_H

#include <libimg/image.h>

#include "base/strv.h"
#include "layer/view.h"

/* The annotations of each layer, "K=V", sorted. lists has a place for each layer, all empty, as
 * they are again after a failure. */
int img__image_layer_annotations(const img_image *image, struct strv *lists, img_error *err);

/* The view of all layers, kept for the next call; the image frees it. */
struct image_view {
    struct view *view; /* NULL: none yet */
    uint32_t compat;   /* with which it was made */
};
struct image_view *img__image_view(img_image *image);

#endif
