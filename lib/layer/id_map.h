/* SPDX-License-Identifier: Apache-2.0
 *
 * Owners of an image and owners on this machine, where they are not the same: ranges of ids, as in
 * /proc/self/uid_map, in /etc/subuid and on command lines.
 */
#ifndef IMG_LAYER_ID_MAP_H
#define IMG_LAYER_ID_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/err.h"

#define ID_RANGES_MAX ((size_t)340) /* as many as the kernel takes for one namespace */

struct id_range {
    uint32_t image; /* the first id there */
    uint32_t host;  /* the first id here */
    uint32_t count;
};

struct id_ranges {
    struct id_range *items;
    size_t count;
};

/* No ranges for a kind of ids: they are the same on both sides. */
struct id_map {
    struct id_ranges uids;
    struct id_ranges gids;
};

void img__id_map_free(struct id_map *map); /* leaves it empty */
bool img__id_map_is_empty(const struct id_map *map);

/* IMG_EINVAL for a range that is empty, goes beyond 2^32-2 or overlaps another one on either side;
 * IMG_ELIMIT for too many. */
int img__id_map_add(struct id_map *map, bool is_gid, const struct id_range *range, img_error *err);

/* Adds "IMAGE:HOST:COUNT", all decimal. */
int img__id_map_add_text(struct id_map *map, bool is_gid, const char *text, img_error *err);

/* Whose subordinate ids: by name, by number, or by either of them. */
#define ID_USER_UNKNOWN UINT32_MAX
struct id_user {
    const char *name; /* "": not known */
    uint32_t uid;     /* or ID_USER_UNKNOWN */
};

/* Adds the user's ranges in the text of /etc/subuid or /etc/subgid ("user:first:count" lines, the
 * user by name or by number): the first of them stands for the ids from 0 on, the next for those
 * behind, in the order of the file. file is for messages. IMG_ENOTFOUND if there are none. */
int img__id_map_add_subids(struct id_map *map, bool is_gid, const struct id_user *user,
                           const char *text, const char *file, img_error *err);

/* Ids of the image to ids of this machine and back; false: no range has it. map may be NULL: as
 * they are. */
bool img__id_map_to_host(const struct id_map *map, bool is_gid, uint32_t id, uint32_t *out);
bool img__id_map_from_host(const struct id_map *map, bool is_gid, uint32_t id, uint32_t *out);

static inline void img__auto_id_map(struct id_map *map)
{
    img__id_map_free(map);
}

#endif
