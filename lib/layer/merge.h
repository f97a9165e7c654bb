/* SPDX-License-Identifier: Apache-2.0
 *
 * What a stack of layers amounts to as one canonical tar, without a directory to put it into
 * (layers.md D10). The view says what there is; the layers are read once more for the data.
 */
#ifndef IMG_LAYER_MERGE_H
#define IMG_LAYER_MERGE_H

#include "base/io.h"
#include "layer/view.h"

struct merge;

/* view is one of all layers that keeps all attributes; it stays as it is until the merge is freed.
 * tar is borrowed too, and not closed. */
int img__merge_new(struct view *view, struct sink *tar, struct merge **out, img_error *err);
void img__merge_free(struct merge *merge);

/* Whether files have their data from a layer, which is from 1. */
bool img__merge_needs(const struct merge *merge, uint32_t layer);
/* Writes what a layer has brought. To be called for each, from 1 on; tar is its stream, read to the
 * end, or NULL where img__merge_needs() says no. name is for messages. IMG_EDIGEST if it is not the
 * layer that the view has seen. */
int img__merge_layer(struct merge *merge, uint32_t layer, struct source *tar, const char *name,
                     uint32_t compat, img_error *err);
/* What no layer has brought, and the end of the tar. */
int img__merge_end(struct merge *merge, img_error *err);

IMG_AUTO_POINTER(merge, struct merge, img__merge_free)

#endif
