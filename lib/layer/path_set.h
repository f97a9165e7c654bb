/* SPDX-License-Identifier: Apache-2.0
 *
 * Which paths there have been, in 16 bytes each.
 */
#ifndef IMG_LAYER_PATH_SET_H
#define IMG_LAYER_PATH_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/err.h"

struct fingerprint {
    uint64_t low;
    uint64_t high; /* never 0 of a path: that is an empty slot */
};

struct path_set {
    uint64_t key[2];
    struct fingerprint *slots;
    size_t cap; /* 0 or a power of two */
    size_t count;
};

void img__path_set_free(struct path_set *set); /* leaves it empty */
/* Whether the path was there is in *known; it is afterwards. */
int img__path_set_add(struct path_set *set, const char *path, bool *known, img_error *err);

#endif
