/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes that wait, first in first out, in memory of fixed size.
 */
#ifndef IMG_BASE_RING_H
#define IMG_BASE_RING_H

#include <stddef.h>

#include "base/err.h"

struct ring {
    char *data;
    size_t size; /* of data */
    size_t at;   /* of the first byte that waits */
    size_t len;  /* how many do */
};

int img__ring_make(size_t size, struct ring *out, img_error *err);
void img__ring_free(struct ring *ring); /* leaves it empty, without room */
void img__ring_clear(struct ring *ring);

static inline size_t img__ring_room(const struct ring *ring)
{
    return ring->size - ring->len;
}

/* len is at most the room. */
void img__ring_put(struct ring *ring, const void *data, size_t len);
/* Takes len bytes or as many as there are; data NULL: they are dropped. */
size_t img__ring_take(struct ring *ring, void *data, size_t len);

#endif
