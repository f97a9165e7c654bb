/* SPDX-License-Identifier: Apache-2.0
 *
 * A tar stream on its way into a blob, block by block: each block is one gzip member or one zstd
 * frame. The digest of the tar and the compression run on worker threads; what comes out is written
 * in order. The bytes depend on the tar, on where it was cut and on compression and level, never on
 * threads or time.
 */
#ifndef IMG_LAYER_BLOCKS_H
#define IMG_LAYER_BLOCKS_H

#include "base/io.h"
#include "core/digest.h"
#include "layer/compress.h"

struct blocks_options {
    enum compression compression;
    int level;        /* 0: the default of the compression */
    unsigned threads; /* the caller's counted; 0: img__pool_threads() */
    bool index;       /* img__blocks_offset() will be asked for */
};

struct blocks;

/* Takes blob over, also on failure. It is written to by one thread at a time, which need not be the
 * caller's. IMG_EINVAL for a level that there is not. */
int img__blocks_new(const struct blocks_options *options, struct sink *blob, struct blocks **out,
                    img_error *err);
/* Waits for the threads. */
void img__blocks_free(struct blocks *blocks);

/* A failure of a worker or of the blob is told by the next call, and by all that follow. */

/* Bytes of the tar, into its digest and the open block. A block that has grown to
 * img__blocks_largest() ends by itself. */
int img__blocks_write(struct blocks *blocks, const void *data, size_t len, img_error *err);
/* Where the next bytes go and how many fit, at least one: for who can put them there without a
 * copy. img__blocks_filled() says then how many they are. */
int img__blocks_room(struct blocks *blocks, char **at, size_t *len, img_error *err);
int img__blocks_filled(struct blocks *blocks, size_t len, img_error *err);
/* Ends the open block if it has bytes. */
int img__blocks_cut(struct blocks *blocks, img_error *err);
/* How many were cut so far: the number of the open one. */
uint64_t img__blocks_count(const struct blocks *blocks);
/* How large a block may become: one and a quarter of the unit that the cut rule goes by. */
size_t img__blocks_largest(enum compression compression);
size_t img__blocks_unit(enum compression compression);

/* Cuts, and waits until all is written. */
int img__blocks_drain(struct blocks *blocks, img_error *err);
/* After drain, with index: where in the blob a block begins; that of img__blocks_count() is the end
 * of what is written. */
uint64_t img__blocks_offset(const struct blocks *blocks, uint64_t number);
/* After drain: bytes of the blob that are no part of the tar (footers, skippable frames). */
int img__blocks_raw(struct blocks *blocks, const void *data, size_t len, img_error *err);

/* After drain: bytes of the tar as one block, however many they are. */
int img__blocks_whole(struct blocks *blocks, const void *data, size_t len, img_error *err);

/* Drains and closes the blob. Of an empty tar it makes one empty block, since no bytes at all are
 * no gzip and no zstd. Afterwards the blocks can only be freed. */
int img__blocks_end(struct blocks *blocks, img_digest *diff_id, img_error *err);

IMG_AUTO_POINTER(blocks, struct blocks, img__blocks_free)

#endif
