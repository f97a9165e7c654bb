/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of contents of a layer in memory: what the formats that are read piece by piece write
 * down of each entry. Offsets in the blob are known only when all is compressed, so chunks hold the
 * number of the block that they begin.
 */
#ifndef IMG_LAYER_TOC_H
#define IMG_LAYER_TOC_H

#include "core/digest.h"
#include "layer/entry.h"
#include "layer/json_stream.h"

/* The data of a file is cut into chunks of so many bytes, the last one being what is left. */
#define TOC_CHUNK ((uint64_t)4 * 1024 * 1024)

/* Of memory: about 150 bytes and its names for an entry, 40 more for a chunk. Readers give up at
 * tables of a tenth of that. */
#define TOC_BYTES_MAX ((uint64_t)1 << 30)

struct toc_chunk {
    uint64_t block;
    unsigned char digest[IMG_SHA256_BYTES];
};

struct toc_item {
    struct toc_item *next;
    struct entry entry; /* in the memory of the table; its path is the name in the tar: "etc/" */
    unsigned char digest[IMG_SHA256_BYTES]; /* of all its data */
    uint64_t chunk_count;                   /* 0 for what has no data */
    uint64_t end_block; /* behind the last chunk, if what follows it begins a block */
    struct toc_chunk chunks[];
};

struct toc;

int img__toc_new(struct toc **out, img_error *err);
void img__toc_free(struct toc *toc);

/* Takes in an entry as the tar has it. Digests and blocks are for the caller to fill in. IMG_EINVAL
 * for what JSON can't say: a name that is not UTF-8, a time without a year of four digits. */
int img__toc_add(struct toc *toc, const struct entry *entry, struct toc_item **out, img_error *err);
const struct toc_item *img__toc_first(const struct toc *toc); /* NULL: none */

/* "reg", "dir", ... as both formats name them. */
const char *img__toc_type(const struct toc_item *item);
/* RFC 3339, in UTC, with as much of the fraction as there is. */
#define TOC_TIME_SIZE 40u
void img__toc_time(const struct toc_item *item, char text[TOC_TIME_SIZE]);
/* "xattrs", which is not there if there are none. */
void img__toc_put_xattrs(struct json_stream *json, const struct toc_item *item);
/* Bytes of the chunk at index. */
uint64_t img__toc_chunk_size(const struct toc_item *item, uint64_t index);

IMG_AUTO_POINTER(toc, struct toc, img__toc_free)

#endif
