/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk over the places of a repository. A mirror that failed comes last for a while: down or
 * up, it costs a timeout once a minute and not once a blob. That is known of its host, for all
 * repositories of the client.
 */
#include "registry/places.h"

#include <time.h>

#define HARMED_MS 60000

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_harmed(const struct place *place)
{
    int64_t failed_ms = place->access->host->failed_ms;
    return place->mirror && failed_ms && now_ms() - failed_ms < HARMED_MS;
}

static struct place *next_of(struct repository *repository, bool by_tag, bool harmed,
                             uint64_t *tried)
{
    for (size_t i = 0; i < repository->place_count; i++) {
        struct place *place = &repository->places[i];
        uint64_t bit = (uint64_t)1 << i;
        if ((*tried & bit) || !(by_tag ? place->by_tag : place->by_digest) ||
            is_harmed(place) != harmed)
            continue;
        *tried |= bit;
        return place;
    }
    return NULL;
}

struct place *img__place_next(struct repository *repository, bool by_tag, uint64_t *tried)
{
    struct place *place = next_of(repository, by_tag, false, tried);
    return place ? place : next_of(repository, by_tag, true, tried);
}

void img__place_failed(struct place *place, bool harmed)
{
    if (place->mirror && harmed)
        place->access->host->failed_ms = now_ms();
}

int img__place_path(const struct place *place, const char *kind, const char *name, struct buf *out,
                    img_error *err)
{
    img__buf_printf(out, "%s/%s/%s/%s", place->base, place->path, kind, name);
    if (*place->ns)
        img__url_append_query(out, "ns", place->ns);
    return img__buf_check(out, "the URL", err);
}
