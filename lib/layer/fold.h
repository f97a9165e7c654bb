/* SPDX-License-Identifier: Apache-2.0
 *
 * Which paths would be one on a file system that does not tell upper case from lower (layers.md
 * C30).
 */
#ifndef IMG_LAYER_FOLD_H
#define IMG_LAYER_FOLD_H

#include <stdbool.h>

#include "base/auto.h"
#include "base/err.h"

struct fold;

int img__fold_new(struct fold **out, img_error *err);
void img__fold_free(struct fold *fold);

/* Whether a path that was added before differs from this one in case alone. No path comes twice. */
int img__fold_add(struct fold *fold, const char *path, bool *collides, img_error *err);

IMG_AUTO_POINTER(fold, struct fold, img__fold_free)

#endif
