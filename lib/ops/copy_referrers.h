/* SPDX-License-Identifier: Apache-2.0
 *
 * What refers to an image goes with it.
 */
#ifndef IMG_OPS_COPY_REFERRERS_H
#define IMG_OPS_COPY_REFERRERS_H

#include "base/strv.h"
#include "ops/copy.h"

/* Copies what refers to each of the subjects (digests) in copy->from, and what refers to that, and
 * so on. subjects grows by what was copied. */
int img__copy_referrers(const struct copy *copy, struct strv *subjects, img_error *err);

#endif
