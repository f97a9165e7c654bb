/* SPDX-License-Identifier: Apache-2.0
 *
 * A tar that is a layer as it stands.
 */
#ifndef IMG_OPS_BUILD_VERBATIM_H
#define IMG_OPS_BUILD_VERBATIM_H

#include "ops/add_options.h"
#include "ops/build_layer.h"

/* layering has what and view. */
int img__layering_verbatim(struct layering *layering, const char *path,
                           const struct add_options *options, img_error *err);

#endif
