/* SPDX-License-Identifier: Apache-2.0
 *
 * A store as the target of a copy that sets no name: what arrives is named later, with all else.
 */
#ifndef IMG_OPS_ARRIVAL_H
#define IMG_OPS_ARRIVAL_H

#include "store/store.h"

int img__arrival_endpoint(img_store *store, struct endpoint **out, img_error *err);

#endif
