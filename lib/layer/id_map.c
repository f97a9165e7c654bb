/* SPDX-License-Identifier: Apache-2.0
 *
 * Ranges are few, so they are looked through one by one. They never overlap, on neither side: so an
 * owner goes there and back without loss.
 */
#include "layer/id_map.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

#define ID_MAX ((uint64_t)UINT32_MAX - 1) /* 2^32-1 is "no change" to the kernel */

void img__id_map_free(struct id_map *map)
{
    free(map->uids.items);
    free(map->gids.items);
    *map = (struct id_map){0};
}

bool img__id_map_is_empty(const struct id_map *map)
{
    return map->uids.count == 0 && map->gids.count == 0;
}

static const char *kind(bool is_gid)
{
    return is_gid ? "group" : "user";
}

/* ---- making one ---- */

static bool overlap(uint32_t a, uint32_t a_count, uint32_t b, uint32_t b_count)
{
    return a < (uint64_t)b + b_count && b < (uint64_t)a + a_count;
}

static int check(const struct id_ranges *ranges, bool is_gid, const struct id_range *range,
                 img_error *err)
{
    if (range->count == 0)
        return img__fail(err, IMG_EINVAL, "a range of %s ids is empty", kind(is_gid));
    if (range->image + (uint64_t)range->count - 1 > ID_MAX ||
        range->host + (uint64_t)range->count - 1 > ID_MAX)
        return img__fail(err, IMG_EINVAL, "a range of %s ids goes beyond %" PRIu64, kind(is_gid),
                         ID_MAX);
    for (size_t i = 0; i < ranges->count; i++) {
        const struct id_range *other = &ranges->items[i];
        if (overlap(range->image, range->count, other->image, other->count) ||
            overlap(range->host, range->count, other->host, other->count))
            return img__fail(err, IMG_EINVAL, "the ranges %u:%u:%u and %u:%u:%u of %s ids overlap",
                             other->image, other->host, other->count, range->image, range->host,
                             range->count, kind(is_gid));
    }
    if (ranges->count == ID_RANGES_MAX)
        return img__fail(err, IMG_ELIMIT, "there are more than %zu ranges of %s ids", ID_RANGES_MAX,
                         kind(is_gid));
    return 0;
}

int img__id_map_add(struct id_map *map, bool is_gid, const struct id_range *range, img_error *err)
{
    struct id_ranges *ranges = is_gid ? &map->gids : &map->uids;
    int rc = check(ranges, is_gid, range, err);
    if (rc)
        return rc;
    struct id_range *grown =
        reallocarray(ranges->items, ranges->count + 1, sizeof(ranges->items[0]));
    if (!grown)
        return img__fail_memory(err);
    ranges->items = grown;
    ranges->items[ranges->count++] = *range;
    return 0;
}

/* ---- reading one ---- */

/* A decimal number up to the end that stop is. */
static bool number(const char *text, size_t len, uint32_t *out)
{
    char digits[11];
    uint64_t value;
    if (len == 0 || len >= sizeof(digits))
        return false;
    memcpy(digits, text, len);
    digits[len] = '\0';
    if (!img__text_number(digits, UINT32_MAX, &value))
        return false;
    *out = (uint32_t)value;
    return true;
}

int img__id_map_add_text(struct id_map *map, bool is_gid, const char *text, img_error *err)
{
    struct id_range range;
    uint32_t *const fields[] = {&range.image, &range.host, &range.count};
    const char *at = text;
    for (size_t i = 0; i < 3; i++) {
        size_t len = strcspn(at, ":");
        if (!number(at, len, fields[i]) || at[len] != (i < 2 ? ':' : '\0'))
            return img__fail(err, IMG_EINVAL,
                             "'%.64s' is no map of %s ids: IMAGE:HOST:COUNT is needed, as "
                             "0:100000:65536",
                             text, kind(is_gid));
        at += len + (i < 2);
    }
    return img__id_map_add(map, is_gid, &range, err);
}

/* Whether a line is about the user. */
static bool is_of_user(const char *line, size_t len, const struct id_user *user)
{
    uint32_t uid;
    if (user->name[0] && strlen(user->name) == len && memcmp(line, user->name, len) == 0)
        return true;
    return number(line, len, &uid) && uid == user->uid && uid != ID_USER_UNKNOWN;
}

/* A line of len bytes: false if it is no range of the user, as comments and broken lines are not.
 */
static bool parse_line(const char *line, size_t len, const struct id_user *user,
                       struct id_range *out)
{
    const char *first = memchr(line, ':', len);
    if (!first || !is_of_user(line, (size_t)(first - line), user))
        return false;
    first++;
    const char *end = line + len, *count = memchr(first, ':', (size_t)(end - first));
    return count && number(first, (size_t)(count - first), &out->host) &&
           number(count + 1, (size_t)(end - count - 1), &out->count) && out->count > 0;
}

int img__id_map_add_subids(struct id_map *map, bool is_gid, const struct id_user *user,
                           const char *text, const char *file, img_error *err)
{
    uint64_t next = 0; /* id of the image */
    for (const char *line = text; *line;) {
        size_t len = strcspn(line, "\n");
        struct id_range range;
        if (parse_line(line, len, user, &range) && next <= ID_MAX) {
            range.image = (uint32_t)next;
            next += range.count;
            int rc = img__id_map_add(map, is_gid, &range, err);
            if (rc)
                return img__prefix(err, rc, "%s", file);
        }
        line += len + (line[len] == '\n');
    }
    if (next)
        return 0;
    if (user->name[0])
        return img__fail(err, IMG_ENOTFOUND, "%s: has no ids for the user %.64s", file, user->name);
    return img__fail(err, IMG_ENOTFOUND, "%s: has no ids for the user %u", file, user->uid);
}

/* ---- using one ---- */

bool img__id_map_to_host(const struct id_map *map, bool is_gid, uint32_t id, uint32_t *out)
{
    static const struct id_ranges none = {0};
    const struct id_ranges *ranges = !map ? &none : is_gid ? &map->gids : &map->uids;
    for (size_t i = 0; i < ranges->count; i++) {
        const struct id_range *range = &ranges->items[i];
        if (id >= range->image && id - range->image < range->count) {
            *out = range->host + (id - range->image);
            return true;
        }
    }
    *out = id;
    return ranges->count == 0;
}

bool img__id_map_from_host(const struct id_map *map, bool is_gid, uint32_t id, uint32_t *out)
{
    static const struct id_ranges none = {0};
    const struct id_ranges *ranges = !map ? &none : is_gid ? &map->gids : &map->uids;
    for (size_t i = 0; i < ranges->count; i++) {
        const struct id_range *range = &ranges->items[i];
        if (id >= range->host && id - range->host < range->count) {
            *out = range->image + (id - range->host);
            return true;
        }
    }
    *out = id;
    return ranges->count == 0;
}
