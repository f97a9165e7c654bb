/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers whose files can be fetched one by one: the tar on its way from the tar writer into the
 * blocks of the blob. Each file, and each chunk of a large one, begins a block of its own, and a
 * table of contents says where. What the table looks like and where it goes is a format's matter
 * (estargz.c, chunked.c).
 */
#ifndef IMG_LAYER_LAZY_H
#define IMG_LAYER_LAZY_H

#include "base/buf.h"
#include "base/io.h"
#include "base/strv.h"
#include "layer/blocks.h"
#include "layer/toc.h"

struct lazy;

struct lazy_ops {
    bool reserves;   /* names of files in the root of the layer, see img__lazy_reserved() */
    bool cut_behind; /* what follows the data of a file begins a block, too */
    /* Before the first entry. */
    int (*begin)(struct lazy *lazy, img_error *err);
    /* What goes by; NULL: no matter. */
    int (*raw)(struct lazy *lazy, const void *data, size_t len, img_error *err);
    int (*entry)(struct lazy *lazy, const struct toc_item *item, img_error *err);
    int (*data)(struct lazy *lazy, const void *data, size_t len, img_error *err);
    /* Behind the last entry, and behind the end of the tar. */
    int (*last)(struct lazy *lazy, img_error *err);
    int (*end)(struct lazy *lazy, img_error *err);
    void (*free)(struct lazy *lazy);
};

/* Stands first in the struct of a format. */
struct lazy {
    struct sink sink; /* what the tar writer writes to */
    const struct lazy_ops *ops;
    struct blocks *blocks; /* borrowed */
    struct toc *toc;
    struct strv annotations; /* "K=V" for the descriptor of the layer, sorted; when it has ended */
    uint64_t tar_bytes;
    uint64_t open_bytes; /* in the open block, about */
    bool nanoseconds;    /* sub-second times are in the tar */
    struct buf *tail;    /* takes what is left of the tar, if it is not NULL */

    struct toc_item *item; /* whose data is coming */
    uint64_t data_left;
    uint64_t chunk_left;
    uint64_t chunk; /* its number */
    struct hash *chunk_hash;
    struct hash *data_hash; /* of a file of several chunks */
};

/* blocks is borrowed and must keep an index. level is that of the layer, 0 for the default. */
int img__estargz_new(struct blocks *blocks, struct lazy **out, img_error *err);
int img__chunked_new(struct blocks *blocks, int level, struct lazy **out, img_error *err);
void img__lazy_free(struct lazy *lazy);

/* For the formats: completes what was allocated all zero, except for ops and blocks. */
int img__lazy_open(struct lazy *lazy, img_error *err);
/* For the formats: an entry that is not one of the caller's. */
int img__lazy_add(struct lazy *lazy, const struct entry *entry, const void *data, img_error *err);

static inline int img__lazy_begin(struct lazy *lazy, img_error *err)
{
    return lazy->ops->begin ? lazy->ops->begin(lazy, err) : 0;
}
/* The headers of entry went into the sink; its data comes next. */
int img__lazy_entry(struct lazy *lazy, const struct entry *entry, img_error *err);
/* Before the two blocks that end the tar. */
static inline int img__lazy_last(struct lazy *lazy, img_error *err)
{
    return lazy->ops->last ? lazy->ops->last(lazy, err) : 0;
}
/* Behind them. The blocks are not ended. */
static inline int img__lazy_end(struct lazy *lazy, img_error *err)
{
    return lazy->ops->end(lazy, err);
}

/* Says of an entry of the caller's whether it is one of the files that the format itself puts into
 * the root, as a tree has them that such a layer was unpacked to: then it is to be skipped.
 * IMG_EINVAL if something else has that name. */
int img__lazy_reserved(const struct lazy *lazy, const struct entry *entry, bool *skip,
                       img_error *err);

IMG_AUTO_POINTER(lazy, struct lazy, img__lazy_free)

#endif
