/* SPDX-License-Identifier: Apache-2.0
 *
 * The ring: what reaches the end of the memory goes on at its beginning, so a put or a take is one
 * copy or two.
 */
#include "base/ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int img__ring_make(size_t size, struct ring *out, img_error *err)
{
    char *data = malloc(size ? size : 1);
    if (!data)
        return img__fail_memory(err);
    *out = (struct ring){data, size, 0, 0};
    return 0;
}

void img__ring_free(struct ring *ring)
{
    free(ring->data);
    *ring = (struct ring){NULL, 0, 0, 0};
}

void img__ring_clear(struct ring *ring)
{
    ring->at = ring->len = 0;
}

void img__ring_put(struct ring *ring, const void *data, size_t len)
{
    assert(len <= img__ring_room(ring));
    if (len == 0)
        return;
    size_t end = (ring->at + ring->len) % ring->size;
    size_t first = len < ring->size - end ? len : ring->size - end;
    memcpy(ring->data + end, data, first);
    memcpy(ring->data, (const char *)data + first, len - first);
    ring->len += len;
}

size_t img__ring_take(struct ring *ring, void *data, size_t len)
{
    if (len > ring->len)
        len = ring->len;
    if (len == 0)
        return 0;
    size_t first = len < ring->size - ring->at ? len : ring->size - ring->at;
    if (data) {
        memcpy(data, ring->data + ring->at, first);
        memcpy((char *)data + first, ring->data, len - first);
    }
    ring->at = (ring->at + len) % ring->size;
    ring->len -= len;
    return len;
}
