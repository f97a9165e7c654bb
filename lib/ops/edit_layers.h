/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers of the images of an edit.
 */
#ifndef IMG_OPS_EDIT_LAYERS_H
#define IMG_OPS_EDIT_LAYERS_H

#include "ops/edit.h"

/* Those that the manifest has by now. The caller frees *out. */
int img__edit_layer_list(const struct edit_image *image, img_descriptor **out, size_t *count,
                         img_error *err);
/* Puts a layer of a build on top of the manifest; the config is left alone. */
int img__edit_take_layer(img_edit *edit, struct edit_image *image, const img_build *build,
                         size_t number, img_error *err);

#endif
