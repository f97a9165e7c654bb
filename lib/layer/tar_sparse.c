/* SPDX-License-Identifier: Apache-2.0
 *
 * Maps of sparse files, in the four forms that GNU tar has had. Whatever the form, segments are in
 * order, lie within the file, and add up to what is stored (layers.md R16).
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "layer/tar_parse.h"

enum {
    HEADER_SEGMENTS_AT = 386,
    HEADER_SEGMENTS = 4,
    HEADER_MORE_AT = 482,
    HEADER_SIZE_AT = 483,
    EXTENSION_SEGMENTS = 21,
    EXTENSION_MORE_AT = 504,
    NUMBER_LEN = 12,
    SEGMENT_LEN = 2 * NUMBER_LEN,
    DIGITS_MAX = 19,
};

void img__tar_map_clear(struct tar_map *map)
{
    free(map->segments);
    *map = (struct tar_map){0};
}

static int grow(struct tar_map *map, img_error *err)
{
    size_t cap = map->cap ? map->cap * 2 : 16;
    struct tar_segment *grown = reallocarray(map->segments, cap, sizeof(*grown));
    if (!grown)
        return img__fail_memory(err);
    map->segments = grown;
    map->cap = cap;
    return 0;
}

int img__tar_map_add(struct tar_map *map, uint64_t offset, uint64_t len, img_error *err)
{
    uint64_t end;
    if (__builtin_add_overflow(offset, len, &end) || end > TAR_SPARSE_LIMIT)
        return img__fail(err, IMG_ELIMIT, "is a sparse file of more than %" PRIu64 " GiB",
                         TAR_SPARSE_LIMIT >> 30);
    if (map->count) {
        const struct tar_segment *last = &map->segments[map->count - 1];
        if (offset < last->offset + last->len)
            return img__fail(err, IMG_EFORMAT,
                             "the segments of the sparse file are not in order, or overlap");
    }
    if (map->count == map->cap) {
        int rc = grow(map, err);
        if (rc)
            return rc;
    }
    map->segments[map->count++] = (struct tar_segment){offset, len};
    return 0;
}

int img__tar_map_check(const struct tar_map *map, uint64_t size, uint64_t stored, img_error *err)
{
    if (size > TAR_SPARSE_LIMIT)
        return img__fail(err, IMG_ELIMIT, "is a sparse file of more than %" PRIu64 " GiB",
                         TAR_SPARSE_LIMIT >> 30);
    uint64_t sum = 0; /* segments do not overlap: at most TAR_SPARSE_LIMIT */
    for (size_t i = 0; i < map->count; i++)
        sum += map->segments[i].len;
    const struct tar_segment *last = map->count ? &map->segments[map->count - 1] : NULL;
    if (last && last->offset + last->len > size)
        return img__fail(err, IMG_EFORMAT,
                         "a segment of the sparse file lies beyond its end, at %" PRIu64, size);
    if (sum != stored)
        return img__fail(err, IMG_EFORMAT,
                         "the segments of the sparse file have %" PRIu64 " bytes, stored are "
                         "%" PRIu64,
                         sum, stored);
    return 0;
}

static int count_bytes(struct tar_map *map, size_t bytes, img_error *err)
{
    map->bytes += bytes;
    if (map->bytes > TAR_MAP_LIMIT)
        return img__fail(err, IMG_ELIMIT, "the map of the sparse file is larger than %zu bytes",
                         TAR_MAP_LIMIT);
    return 0;
}

/* ---- old GNU ---- */

static int parse_offset(const uint8_t *field, uint64_t *out, img_error *err)
{
    int64_t value;
    int rc = img__tar_number(field, NUMBER_LEN, "sparse map", &value, err);
    if (rc)
        return rc;
    if (value < 0)
        return img__fail(err, IMG_EFORMAT, "its sparse map has a negative number");
    *out = (uint64_t)value;
    return 0;
}

/* The first that is empty ends the list. Returns whether more is said to follow, or a code. */
static int parse_segments(struct tar_map *map, const uint8_t *at, size_t count, uint8_t more,
                          img_error *err)
{
    int rc = count_bytes(map, count * SEGMENT_LEN, err);
    for (size_t i = 0; i < count && !rc; i++, at += SEGMENT_LEN) {
        uint64_t offset = 0, len = 0;
        if (at[0] == '\0') {
            if (more || !img__tar_is_zero(at, (count - i) * SEGMENT_LEN))
                return img__fail(err, IMG_EFORMAT, "its sparse map has a gap");
            return 0;
        }
        rc = parse_offset(at, &offset, err);
        if (!rc)
            rc = parse_offset(at + NUMBER_LEN, &len, err);
        if (!rc)
            rc = img__tar_map_add(map, offset, len, err);
    }
    if (!rc && more > 1 && more != '1')
        return img__fail(err, IMG_EFORMAT, "its sparse map is malformed");
    return rc ? rc : more != 0;
}

int img__tar_map_header(struct tar_map *map, const uint8_t *block, uint64_t *size, img_error *err)
{
    int rc = parse_offset(block + HEADER_SIZE_AT, size, err);
    return rc ? rc
              : parse_segments(map, block + HEADER_SEGMENTS_AT, HEADER_SEGMENTS,
                               block[HEADER_MORE_AT], err);
}

int img__tar_map_extension(struct tar_map *map, const uint8_t *block, img_error *err)
{
    return parse_segments(map, block, EXTENSION_SEGMENTS, block[EXTENSION_MORE_AT], err);
}

/* ---- PAX ---- */

/* Adds a digit to a decimal number; false if there are too many. */
static bool add_digit(uint64_t *value, unsigned *digits, char c)
{
    if (!img__is_digit(c) || ++*digits > DIGITS_MAX)
        return false;
    *value = *value * 10 + (uint64_t)(c - '0');
    return true;
}

int img__tar_map_list(struct tar_map *map, const char *text, size_t len, img_error *err)
{
    uint64_t numbers[2] = {0, 0};
    unsigned digits = 0;
    size_t which = 0;
    int rc = count_bytes(map, len, err);
    for (size_t i = 0; i <= len && !rc; i++) {
        if (i < len && text[i] != ',') {
            if (!add_digit(&numbers[which], &digits, text[i]))
                return img__fail(err, IMG_EFORMAT, "GNU.sparse.map is malformed");
            continue;
        }
        if (digits == 0 || (i == len && which == 0))
            return img__fail(err, IMG_EFORMAT, "GNU.sparse.map is malformed");
        if (which == 1) {
            rc = img__tar_map_add(map, numbers[0], numbers[1], err);
            numbers[0] = numbers[1] = 0;
        }
        which = 1 - which;
        digits = 0;
    }
    return rc;
}

static int end_line(struct tar_map *map, struct tar_map_lines *lines, img_error *err)
{
    uint64_t value = lines->value;
    lines->value = 0;
    lines->digits = 0;
    if (!lines->has_count) {
        if (value > TAR_MAP_LIMIT)
            return img__fail(err, IMG_ELIMIT, "the sparse file has %" PRIu64 " segments", value);
        lines->has_count = true;
        lines->numbers_left = value * 2;
        return 0;
    }
    lines->numbers_left--;
    lines->has_offset = !lines->has_offset;
    if (lines->has_offset) {
        lines->offset = value;
        return 0;
    }
    return img__tar_map_add(map, lines->offset, value, err);
}

int img__tar_map_block(struct tar_map *map, struct tar_map_lines *lines, const uint8_t *block,
                       img_error *err)
{
    int rc = count_bytes(map, TAR_BLOCK, err);
    for (size_t i = 0; i < TAR_BLOCK && !rc; i++) {
        char c = (char)block[i];
        if (c != '\n' && !add_digit(&lines->value, &lines->digits, c))
            return img__fail(err, IMG_EFORMAT, "its sparse map is malformed");
        if (c == '\n' && lines->digits == 0)
            return img__fail(err, IMG_EFORMAT, "its sparse map has an empty line");
        if (c == '\n')
            rc = end_line(map, lines, err);
        if (lines->has_count && lines->numbers_left == 0)
            return rc;
    }
    return rc ? rc : 1;
}
