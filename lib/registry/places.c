/* SPDX-License-Identifier: Apache-2.0
 *
 * Places where a repository can be read, best first, and how they do. As yet there is the origin
 * alone.
 */
#include "registry/places.h"

#include <stdio.h>

int img__places_make(struct repository *repository, img_error *err)
{
    struct place *origin = calloc(1, sizeof(*origin));
    if (!origin)
        return img__fail_memory(err);
    origin->access = &repository->access;
    snprintf(origin->path, sizeof(origin->path), "%s", repository->reference.path);
    repository->places = origin;
    repository->place_count = 1;
    return 0;
}

void img__places_free(struct repository *repository)
{
    free(repository->places);
    repository->places = NULL;
    repository->place_count = 0;
}

struct place *img__place_next(struct repository *repository, bool by_tag, uint64_t *tried)
{
    (void)by_tag;
    for (size_t i = 0; i < repository->place_count; i++) {
        uint64_t bit = (uint64_t)1 << i;
        if (*tried & bit)
            continue;
        *tried |= bit;
        return &repository->places[i];
    }
    return NULL;
}

void img__place_failed(struct place *place, bool harmed)
{
    (void)place;
    (void)harmed;
}

int img__place_path(const struct place *place, const char *kind, const char *name, struct buf *out,
                    img_error *err)
{
    img__buf_printf(out, "/v2/%s/%s/%s", place->path, kind, name);
    return img__buf_check(out, "the URL", err);
}
