/* SPDX-License-Identifier: Apache-2.0
 *
 * From an index to the one manifest that serves a platform.
 */
#ifndef IMG_OPS_SELECT_H
#define IMG_OPS_SELECT_H

#include "core/endpoint.h"
#include "core/index.h"

/* As long as document is an index, the entry that serves platform best takes its place; a manifest
 * stays. platform NULL: an index stays too. IMG_ENOTFOUND lists what there is. */
int img__select_manifest(struct endpoint *place, const img_platform *platform,
                         struct document *document, img_error *err);

/* The entry that serves platform best. IMG_ENOTFOUND lists what there is. */
int img__select_entry(const struct index *index, const img_platform *platform, size_t *out,
                      img_error *err);

#endif
