/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the blocks of a layer end: a function of the tar and of the unit (img__blocks_unit()), and
 * a part of the format of what we write. To change it is to change LAYER_FORMAT.
 *
 *   1. A file of at least half a unit has blocks of its own: one ends before its data, which is
 *      after its header, and one after the padding behind its data.
 *   2. Its data are cut after every unit as long as more than one and a quarter are left.
 *   3. All else is packed: a block that has a unit or more ends before the first entry the path of
 *      which has a hash that is divisible by 8. One that comes to one and a quarter ends there, in
 *      the middle of whatever it is.
 *
 * So the blocks of a large file are a function of its content alone, and elsewhere an entry that is
 * added, changed or removed changes the blocks around it, but not those far behind.
 *
 * Paths are in the form of entry.path. Their hash is FNV-1a of 64 bits, its upper half folded into
 * the lower one by exclusive or. "Before an entry" is before its PAX header, if it has one.
 */
#ifndef IMG_LAYER_CUT_H
#define IMG_LAYER_CUT_H

#include "layer/blocks.h"

struct cut {
    struct sink sink; /* takes the tar; no more than a part of its owner: never closed or freed */
    struct blocks *blocks;
    uint64_t unit;
    uint64_t tar_bytes;  /* so far */
    uint64_t block_len;  /* of the open block */
    uint64_t large_left; /* of a large file, with its padding; 0: packing */
    const char *entry;   /* NULL, or the path of one that begins with the next byte */
};

void img__cut_init(struct cut *cut, struct blocks *blocks, enum compression compression);
/* The bytes that follow are the headers of the entry at path, which is borrowed; NULL afterwards.
 */
void img__cut_entry(struct cut *cut, const char *path);
/* They were, and what follows are so many bytes of data, and padding. */
int img__cut_data(struct cut *cut, uint64_t size, img_error *err);
/* As img__blocks_room() and img__blocks_filled(), for data. */
int img__cut_room(struct cut *cut, char **at, size_t *len, img_error *err);
int img__cut_filled(struct cut *cut, size_t len, img_error *err);

#endif
