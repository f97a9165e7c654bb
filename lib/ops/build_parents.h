/* SPDX-License-Identifier: Apache-2.0
 *
 * Directories that an archive has things in but does not give.
 */
#ifndef IMG_OPS_BUILD_PARENTS_H
#define IMG_OPS_BUILD_PARENTS_H

#include "base/strv.h"
#include "layer/path_set.h"

struct layering;

struct parents {
    struct path_set given; /* paths of entries */
    struct path_set met;   /* directories above them */
    struct strv missing;   /* those that were not given when they were met, the highest first */
};

/* path is that of an entry that is written. */
int img__parents_note(struct parents *parents, const char *path, img_error *err);
/* Writes what was not given to the end. */
int img__parents_end(struct parents *parents, struct layering *layering, img_error *err);
void img__parents_free(struct parents *parents);

static inline void img__auto_parents(struct parents *parents)
{
    img__parents_free(parents);
}

#endif
