/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of contents of an eStargz layer, read and checked (stargz-snapshotter,
 * docs/estargz.md). What it says holds for the tar only if who made the layer was honest: a reader
 * of single files needs it, a reader of the whole layer reads the tar.
 */
#ifndef IMG_LAYER_ESTARGZ_READ_H
#define IMG_LAYER_ESTARGZ_READ_H

#include "core/digest.h"
#include "layer/entry.h"

#define ESTARGZ_MEMBER_MAX ((size_t)64 << 20) /* the table as it is in the blob */
#define ESTARGZ_TOC_MAX ((size_t)256 << 20)   /* and as JSON */

struct estargz_chunk {
    uint64_t offset; /* of a gzip member in the blob */
    uint64_t inner;  /* of the chunk in what that and all after it hold */
    uint64_t begin;  /* in the file */
    uint64_t size;
    img_digest digest;
};

struct estargz_file {
    struct entry entry; /* path "" is the root */
    struct estargz_chunk *chunks;
    size_t chunk_count; /* 0 for what has no data; else they are the file without a gap */
};

struct estargz_toc {
    struct estargz_file *files; /* no path comes twice */
    size_t count;
    uint64_t toc_offset;
    img_digest digest; /* of the JSON */
};

/* fd is of the blob, borrowed; name is for messages. IMG_EFORMAT: no eStargz, or one that says
 * what can't be. IMG_EUNSUPPORTED: the table is elsewhere. *out is for img__estargz_toc_free(). */
int img__estargz_open(int fd, const char *name, struct estargz_toc *out, img_error *err);
void img__estargz_toc_free(struct estargz_toc *toc); /* leaves it empty */

/* The parts. end: the last bytes of a blob of that size, 51 of them or all; where the table begins
 * and ends in the blob. */
int img__estargz_footer(const char *name, const void *end, uint64_t blob_size, uint64_t *toc_begin,
                        uint64_t *toc_end, img_error *err);
/* member: what is in between. */
int img__estargz_parse(const char *name, const void *member, size_t len, uint64_t toc_offset,
                       struct estargz_toc *out, img_error *err);

static inline void img__auto_estargz_toc(struct estargz_toc *toc)
{
    img__estargz_toc_free(toc);
}

#endif
