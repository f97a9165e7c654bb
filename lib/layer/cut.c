/* SPDX-License-Identifier: Apache-2.0
 *
 * The sink that cuts a tar into blocks on its way, by the rule that cut.h says. It needs to know
 * where entries and their data begin, and looks ahead at nothing.
 */
#include "layer/cut.h"

#include <assert.h>

#include "layer/tar_header.h"

#define ENDS_ONE_IN 8u

static uint64_t hash_of(const char *path)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (; *path; path++)
        hash = (hash ^ (unsigned char)*path) * 0x100000001b3;
    return hash ^ hash >> 32;
}

static uint64_t largest(const struct cut *cut)
{
    return cut->unit + cut->unit / 4;
}

static int end_block(struct cut *cut, img_error *err)
{
    cut->block_len = 0;
    return img__blocks_cut(cut->blocks, err);
}

/* How much may still go into the open block. */
static uint64_t room_of(const struct cut *cut)
{
    if (!cut->large_left)
        return largest(cut) - cut->block_len;
    uint64_t whole = cut->block_len + cut->large_left; /* from the start of this block */
    return whole > largest(cut) ? cut->unit - cut->block_len : cut->large_left;
}

static int took(struct cut *cut, size_t len, img_error *err)
{
    bool large = cut->large_left > 0;
    bool full = len == room_of(cut);
    cut->tar_bytes += len;
    cut->block_len += len;
    if (large)
        cut->large_left -= len;
    return full ? end_block(cut, err) : 0;
}

static int cut_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    struct cut *cut = (struct cut *)sink;
    const char *at = data;
    int rc = 0;
    if (cut->entry && len > 0) {
        bool ends = cut->block_len >= cut->unit && hash_of(cut->entry) % ENDS_ONE_IN == 0;
        cut->entry = NULL;
        rc = ends ? end_block(cut, err) : 0;
    }
    while (!rc && len > 0) {
        uint64_t room = room_of(cut);
        size_t part = len < room ? len : (size_t)room;
        rc = img__blocks_write(cut->blocks, at, part, err);
        if (!rc)
            rc = took(cut, part, err);
        at += part;
        len -= part;
    }
    return rc;
}

static const struct sink_ops cut_ops = {.write = cut_write};

void img__cut_init(struct cut *cut, struct blocks *blocks, enum compression compression)
{
    *cut = (struct cut){
        .sink.ops = &cut_ops,
        .blocks = blocks,
        .unit = img__blocks_unit(compression),
    };
    assert(largest(cut) <= img__blocks_largest(compression));
}

void img__cut_entry(struct cut *cut, const char *path)
{
    assert(!cut->large_left);
    cut->entry = path;
}

int img__cut_data(struct cut *cut, uint64_t size, img_error *err)
{
    if (size < cut->unit / 2)
        return 0;
    cut->large_left = size + img__tar_padding(size);
    return end_block(cut, err);
}

int img__cut_room(struct cut *cut, char **at, size_t *len, img_error *err)
{
    int rc = img__blocks_room(cut->blocks, at, len, err);
    uint64_t room = room_of(cut);
    if (!rc && *len > room)
        *len = (size_t)room;
    return rc;
}

int img__cut_filled(struct cut *cut, size_t len, img_error *err)
{
    int rc = img__blocks_filled(cut->blocks, len, err);
    return rc ? rc : took(cut, len, err);
}
