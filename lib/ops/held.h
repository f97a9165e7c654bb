/* SPDX-License-Identifier: Apache-2.0
 *
 * A place in memory, for documents and configs that were made here, or brought to be looked at.
 */
#ifndef IMG_OPS_HELD_H
#define IMG_OPS_HELD_H

#include "core/endpoint.h"

int img__held_new(struct endpoint **out, img_error *err);
/* A copy of it is kept. */
int img__held_put(struct endpoint *held, const struct document *document, img_error *err);
/* Brings a small blob from another place, verified; *out is a copy. */
int img__held_bring(struct endpoint *held, struct endpoint *from, const img_descriptor *descriptor,
                    struct observer *observer, struct document *out, img_error *err);

int img__document_copy(const struct document *document, struct document *out, img_error *err);

#endif
