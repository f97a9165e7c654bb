/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers into a directory, for all that unpacks.
 */
#ifndef IMG_OPS_UNPACK_H
#define IMG_OPS_UNPACK_H

#include <libimg/image.h>
#include <libimg/unpack.h>

#include "ops/unpack_record.h"

/* The options with their defaults, checked. */
int img__unpack_options_copy(const img_unpack_options *options, img_unpack_options *out,
                             img_error *err);

/* Opens the image, which options.client pulls if it must. */
int img__unpack_find(img_store *store, const char *reference, const img_unpack_options *options,
                     img_image **out, img_error *err);

/* Applies the layers of image to a directory, which is empty unless the options say otherwise.
 * root_fd stays the caller's. options are img__unpack_options_copy()'s; the caller holds a lease.
 * record, which may be NULL, is ended but not committed. Sets layers, entries, bytes and unset of
 * result. */
int img__unpack_layers(img_store *store, const img_image *image, int root_fd,
                       const img_unpack_options *options, struct unpack_record *record,
                       img_unpack_result *result, img_error *err);

#endif
