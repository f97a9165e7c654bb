/* SPDX-License-Identifier: Apache-2.0
 *
 * Directories that an archive has things in but does not give.
 */
#ifndef IMG_OPS_BUILD_PARENTS_H
#define IMG_OPS_BUILD_PARENTS_H

#include "base/path_set.h"
#include "base/strv.h"

struct layering;

struct parents {
    struct path_set given; /* paths of entries */
    struct path_set met;   /* directories above them */
    struct path_set gone;  /* what the archive removes; "a/" is all that is in a */
    struct strv missing;   /* those that were not given when they were met, the highest first */
    size_t missing_bytes;
};

/* path is that of an entry that is written. IMG_ELIMIT: far too many directories are missing. */
int img__parents_note(struct parents *parents, const char *path, img_error *err);
/* Writes what was not given to the end, but nothing in the place of what is removed: some runtimes
 * show again what a whiteout hides if there is a directory beside it (layers.md A4, C21). */
int img__parents_end(struct parents *parents, struct layering *layering, img_error *err);
void img__parents_free(struct parents *parents);

static inline void img__auto_parents(struct parents *parents)
{
    img__parents_free(parents);
}

#endif
