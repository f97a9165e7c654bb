/* SPDX-License-Identifier: Apache-2.0
 *
 * Which way to send a blob (registry.md U6, U8, U9). No single one works everywhere: some
 * registries know no pieces, some want them to have a size or a limit, some refuse a PUT with a
 * body, and proxies in front refuse what is large. The order in which ways are tried:
 *
 *   usual:                     WHOLE, STREAM, PIECES
 *   large, or cut once:        STREAM, PIECES, WHOLE
 *   cut, and forgotten, twice:  PIECES, and as usual
 *
 * without what was ruled out, for any size or from some size on. A body that was too large (413)
 * rules out all of its size, so that only pieces remain.
 */
#include "registry/upload_ways.h"

#include <string.h>

#include "base/text.h"

#define LIMIT_SANE ((uint64_t)1024 * 1024 * 1024)
#define FORGOTTEN_BY_CHANCE 1
#define MAX_SANE ((uint64_t)64 * 1024)

static bool reaches(uint64_t size, uint64_t bound)
{
    return bound && size >= bound;
}

static bool is_too_large(const struct upload_ways *ways, const struct upload_limits *limits,
                         uint64_t size)
{
    return reaches(size, ways->refused_bytes) || (limits->max_bytes && size > limits->max_bytes);
}

static bool is_possible(const struct upload_ways *ways, const struct upload_limits *limits,
                        enum upload_way way, uint64_t size)
{
    switch (way) {
    case UPLOAD_WHOLE:
        return !ways->no_put_body && !reaches(size, ways->put_failed) &&
               !is_too_large(ways, limits, size);
    case UPLOAD_STREAM:
        return !ways->no_stream && !reaches(size, ways->stream_failed) &&
               !is_too_large(ways, limits, size);
    default:
        return !ways->no_pieces && limits->min_bytes <= LIMIT_SANE;
    }
}

bool img__upload_forgets(const struct upload_ways *ways)
{
    return ways->forgotten > FORGOTTEN_BY_CHANCE;
}

enum upload_way img__upload_choose(const struct upload_ways *ways,
                                   const struct upload_limits *limits, uint64_t size)
{
    static const enum upload_way usual[] = {UPLOAD_WHOLE, UPLOAD_STREAM, UPLOAD_PIECES};
    static const enum upload_way large[] = {UPLOAD_STREAM, UPLOAD_PIECES, UPLOAD_WHOLE};
    static const enum upload_way forgetful[] = {UPLOAD_PIECES, UPLOAD_WHOLE, UPLOAD_STREAM};
    const enum upload_way *order = size >= UPLOAD_LARGE ? large : usual;
    if (img__upload_forgets(ways) && size > ways->broke_bytes / 2)
        order = forgetful;
    if (size == 0)
        return UPLOAD_WHOLE;
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        if (is_possible(ways, limits, order[i], size))
            return order[i];
    }
    return UPLOAD_NONE;
}

static uint64_t half_of(uint64_t bytes)
{
    return bytes / 2 > UPLOAD_PIECE_MIN ? bytes / 2 : UPLOAD_PIECE_MIN;
}

/* What is likely to come through: a fourth of what did before a connection broke. */
static uint64_t morsel(const struct upload_ways *ways)
{
    return ways->broke_bytes / 4 > UPLOAD_MORSEL ? ways->broke_bytes / 4 : UPLOAD_MORSEL;
}

uint64_t img__upload_piece(const struct upload_ways *ways, const struct upload_limits *limits,
                           uint64_t rest)
{
    uint64_t size = ways->piece_bytes ? ways->piece_bytes : UPLOAD_PIECE;
    if (limits->min_bytes > LIMIT_SANE)
        return rest;
    if (size < limits->min_bytes)
        size = limits->min_bytes;
    /* What failed is known for sure, what is promised is not. */
    if (reaches(size, ways->put_failed))
        size = half_of(ways->put_failed);
    if (reaches(size, ways->refused_bytes))
        size = half_of(ways->refused_bytes);
    if (img__upload_forgets(ways) && size > morsel(ways) && morsel(ways) >= limits->min_bytes)
        size = morsel(ways);
    if (limits->max_bytes && size > limits->max_bytes)
        size = limits->max_bytes > MAX_SANE ? limits->max_bytes : MAX_SANE;
    return size < rest ? size : rest;
}

bool img__upload_shrink(struct upload_ways *ways, uint64_t refused)
{
    if (refused <= UPLOAD_PIECE_MIN)
        return false;
    if (!ways->refused_bytes || refused < ways->refused_bytes)
        ways->refused_bytes = refused;
    ways->piece_bytes = half_of(refused) < UPLOAD_LARGE ? half_of(refused) : UPLOAD_LARGE;
    return !ways->no_pieces;
}

static void lower(uint64_t *bound, uint64_t size)
{
    if (size && (!*bound || size < *bound))
        *bound = size;
}

bool img__upload_forgot(struct upload_ways *ways, uint64_t bytes)
{
    uint64_t before = morsel(ways);
    bool larger = bytes > ways->broke_bytes;
    ways->forgotten++;
    if (ways->forgotten <= FORGOTTEN_BY_CHANCE + 1 ? larger : !larger)
        ways->broke_bytes = bytes;
    return ways->forgotten == FORGOTTEN_BY_CHANCE + 1 ||
           (img__upload_forgets(ways) && morsel(ways) <= before / 2);
}

void img__upload_rule_out(struct upload_ways *ways, enum upload_way way, bool told, uint64_t size)
{
    if (way == UPLOAD_WHOLE && told)
        ways->no_put_body = true;
    else if (way == UPLOAD_WHOLE)
        lower(&ways->put_failed, size);
    else if (way == UPLOAD_STREAM && told)
        ways->no_stream = true;
    else if (way == UPLOAD_STREAM)
        lower(&ways->stream_failed, size);
    else
        ways->no_pieces = ways->no_pieces || told;
}

void img__upload_learn(struct upload_ways *origin, const struct upload_ways *blob)
{
    origin->no_put_body = origin->no_put_body || blob->no_put_body;
    origin->no_stream = origin->no_stream || blob->no_stream;
    origin->no_pieces = origin->no_pieces || blob->no_pieces;
    lower(&origin->put_failed, blob->put_failed);
    lower(&origin->stream_failed, blob->stream_failed);
    lower(&origin->refused_bytes, blob->refused_bytes);
    lower(&origin->piece_bytes, blob->piece_bytes);
    if (!img__upload_forgets(blob))
        return;
    origin->forgotten = blob->forgotten;
    lower(&origin->broke_bytes, blob->broke_bytes);
}

uint64_t img__upload_limit(const char *text, uint64_t len)
{
    char digits[24];
    uint64_t value;
    if (!text || len == 0)
        return 0;
    for (uint64_t i = 0; i < len; i++) {
        if (!img__is_digit(text[i]))
            return 0;
    }
    if (len >= sizeof(digits))
        return UINT64_MAX;
    memcpy(digits, text, len);
    digits[len] = '\0';
    return img__text_number(digits, INT64_MAX, &value) ? value : UINT64_MAX;
}

bool img__upload_progress(const char *text, uint64_t len, uint64_t *bytes)
{
    static const char *const units[] = {"bytes=", "bytes "};
    char value[48];
    if (!text || len >= sizeof(value))
        return false;
    memcpy(value, text, len);
    value[len] = '\0';
    const char *start = value;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (img__text_starts(value, units[i]))
            start = value + strlen(units[i]);
    }
    if (!img__text_starts(start, "0-") || strspn(start + 2, "0123456789") != strlen(start + 2) ||
        !img__text_number(start + 2, INT64_MAX - 1, bytes))
        return false;
    if (*bytes)
        ++*bytes;
    return true;
}
