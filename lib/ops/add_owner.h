/* SPDX-License-Identifier: Apache-2.0
 *
 * The owner of what is added, by number or by a name that the image knows.
 */
#ifndef IMG_OPS_ADD_OWNER_H
#define IMG_OPS_ADD_OWNER_H

#include "ops/add_options.h"
#include "ops/build_layer.h"

/* Settles options->given.chown, if there is one, for a layer whose view is set. */
int img__add_owner(const struct layering *layering, struct add_options *options, img_error *err);

#endif
