/* SPDX-License-Identifier: Apache-2.0
 *
 * The record of what an unpack could not set: a line of JSON each, complete enough to pack the tree
 * again as the image has it.
 */
#ifndef IMG_OPS_UNPACK_RECORD_H
#define IMG_OPS_UNPACK_RECORD_H

#include "base/auto.h"
#include "base/err.h"
#include "layer/entry.h"

struct unpack_record;

/* path is written to when the record is committed, and not at all without that. NULL: there is no
 * record, which is fine everywhere below. */
int img__unpack_record_new(const char *path, struct unpack_record **out, img_error *err);
void img__unpack_record_free(struct unpack_record *record);

/* what is as in apply_options.unset. */
int img__unpack_record_add(struct unpack_record *record, const struct entry *entry,
                           const char *what, img_error *err);
/* All of it is on the disk: committing it can hardly fail any more. */
int img__unpack_record_end(struct unpack_record *record, img_error *err);
int img__unpack_record_commit(struct unpack_record *record, img_error *err);

IMG_AUTO_POINTER(unpack_record, struct unpack_record, img__unpack_record_free)

#endif
