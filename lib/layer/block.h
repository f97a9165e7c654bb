/* SPDX-License-Identifier: Apache-2.0
 *
 * Block compressors: a block in, a complete gzip member or zstd frame out. What comes out is a
 * function of the block and the level alone, so blocks may be compressed in any order and at the
 * same time, by one compressor each.
 */
#ifndef IMG_LAYER_BLOCK_H
#define IMG_LAYER_BLOCK_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

struct block_codec {
    const char *name;
    size_t unit; /* of the cut rule, part of the format of what we write */
    int default_level;
    int highest_level;
    /* The room that a block of so many bytes needs at most when it is compressed. */
    size_t (*bound)(size_t len);
    /* NULL if there is no memory. */
    void *(*open)(int level);
    void (*close)(void *state);
    /* How many bytes of out were filled, or a negative code. */
    ssize_t (*compress)(void *state, const void *block, size_t len, void *out, size_t cap,
                        img_error *err);
};

extern const struct block_codec img__block_gzip;
extern const struct block_codec img__block_zstd;

#endif
