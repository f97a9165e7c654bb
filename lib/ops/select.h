/* SPDX-License-Identifier: Apache-2.0
 *
 * From an index to what serves a platform, or several.
 */
#ifndef IMG_OPS_SELECT_H
#define IMG_OPS_SELECT_H

#include "core/endpoint.h"
#include "core/index.h"

/* As long as document is an index, the entry that serves platform best takes its place; a manifest
 * stays. platform NULL: an index stays too. IMG_ENOTFOUND lists what there is. What local has is
 * read there; it may be NULL. */
int img__select_manifest(struct endpoint *place, struct endpoint *local,
                         const img_platform *platform, struct document *document, img_error *err);

/* The entry that serves platform best. IMG_ENOTFOUND lists what there is. */
int img__select_entry(const struct index *index, const img_platform *platform, size_t *out,
                      img_error *err);
/* *chosen tells of each entry whether it serves one of the platforms best; the caller frees it. */
int img__select_entries(const struct index *index, const img_platform *platforms, size_t count,
                        bool **chosen, img_error *err);

/* Leaves in an index the entries that serve one of the platforms best, and what is attached to them
 * (attestations); all else stays as it is. The result is a document of its own. */
int img__select_index(const struct document *document, const img_platform *platforms, size_t count,
                      struct document *out, img_error *err);

/* Of an entry of an index that is attached to another one, as BuildKit attaches attestations, the
 * digest of that; else NULL. */
const char *img__index_attached_to(const struct json *entry);

/* An image for have serves who wants want: IMG_ENOTFOUND if not. */
int img__select_check(const img_platform *want, const img_platform *have, img_error *err);

#endif
