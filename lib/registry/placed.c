/* SPDX-License-Identifier: Apache-2.0
 *
 * A ring of what was sent or found lately, so that a push to a second repository of the same
 * registry mounts it instead of sending it again (registry.md K2).
 */
#include "registry/placed.h"

#include <stdlib.h>
#include <string.h>

#include "core/digest.h"

static struct placed_blob *find(const struct placed *placed, const img_digest *digest)
{
    for (size_t i = 0; placed->blobs && i < PLACED_MAX; i++) {
        struct placed_blob *blob = &placed->blobs[i];
        if (blob->repository && img__digest_equal(&blob->digest, digest))
            return blob;
    }
    return NULL;
}

void img__placed_add(struct placed *placed, const img_digest *digest, const char *repository)
{
    if (!placed->blobs)
        placed->blobs = calloc(PLACED_MAX, sizeof(*placed->blobs));
    char *copy = strdup(repository);
    if (!placed->blobs || !copy) {
        free(copy);
        return;
    }
    struct placed_blob *blob = find(placed, digest);
    if (!blob)
        blob = &placed->blobs[placed->next++ % PLACED_MAX];
    free(blob->repository);
    blob->digest = *digest;
    blob->repository = copy;
}

const char *img__placed_find(const struct placed *placed, const img_digest *digest)
{
    const struct placed_blob *blob = find(placed, digest);
    return blob ? blob->repository : NULL;
}

void img__placed_free(struct placed *placed)
{
    for (size_t i = 0; placed->blobs && i < PLACED_MAX; i++)
        free(placed->blobs[i].repository);
    free(placed->blobs);
    placed->blobs = NULL;
}
