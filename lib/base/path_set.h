/* SPDX-License-Identifier: Apache-2.0
 *
 * Which paths there have been, in 16 bytes each.
 */
#ifndef IMG_BASE_PATH_SET_H
#define IMG_BASE_PATH_SET_H

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
/* The same for any bytes, which no path that is added as text may equal. */
int img__path_set_add_bytes(struct path_set *set, const void *data, size_t len, bool *known,
                            img_error *err);
bool img__path_set_has_bytes(const struct path_set *set, const void *data, size_t len);

struct fingerprint img__fingerprint(const uint64_t key[2], const void *data, size_t len);

#endif
