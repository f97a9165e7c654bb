/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs that the caller may have.
 */
#ifndef IMG_OPS_SUPPLY_H
#define IMG_OPS_SUPPLY_H

#include "ops/copy.h"

/* Asks copy->supply for each of the jobs and takes those away that it brought. An item that was
 * begun for one of the others goes on: items has room for one each. */
int img__supply(const struct copy *copy, struct blob_job *jobs, size_t *count, struct item *items,
                img_error *err);

#endif
