/* SPDX-License-Identifier: Apache-2.0
 *
 * The names of something that is made.
 */
#ifndef IMG_OPS_NEW_NAMES_H
#define IMG_OPS_NEW_NAMES_H

#include "base/strv.h"

/* The store's names for what the caller wrote, which ends with NULL. A digest in one is refused: it
 * would have to be known before. */
int img__new_names(const char *const *names, struct strv *out, img_error *err);

#endif
