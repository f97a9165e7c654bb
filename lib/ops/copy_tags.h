/* SPDX-License-Identifier: Apache-2.0
 *
 * All tags of a repository at once.
 */
#ifndef IMG_OPS_COPY_TAGS_H
#define IMG_OPS_COPY_TAGS_H

#include "ops/copy_job.h"

/* fn may be NULL. */
int img__copy_tags(struct copy_job *job, img_copied_fn fn, void *arg, img_error *err);
int img__copy_tags_look(struct copy_job *job, struct copy_look *out, img_error *err);

#endif
