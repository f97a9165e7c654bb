/* SPDX-License-Identifier: Apache-2.0
 *
 * A layer in the making: entries in, one pass through tar, digest, compression and digest, a blob
 * out.
 */
#ifndef IMG_LAYER_PACK_H
#define IMG_LAYER_PACK_H

#include "base/io.h"
#include "base/strv.h"
#include "core/digest.h"
#include "layer/compress.h"
#include "layer/entry.h"

struct pack_result {
    img_digest diff_id;
    uint64_t tar_bytes;
    uint64_t entries;
    int64_t newest_mtime; /* of all entries but whiteouts and made-up parents; INT64_MIN: none */
};

/* Where blocks end, and what is in the blob besides the tar. */
enum pack_layout {
    PACK_PLAIN,
    PACK_ESTARGZ, /* with COMPRESSION_GZIP */
    PACK_CHUNKED, /* zstd:chunked, with COMPRESSION_ZSTD */
};

struct pack_options {
    enum compression compression;
    enum pack_layout layout;
    int level;        /* 0: the default of the compression */
    unsigned threads; /* the caller's counted; 0: img__pool_threads() */
};

struct pack;

/* blob takes the compressed bytes; it is taken over, also on failure, and closed by
 * img__pack_end(). */
int img__pack_new(const struct pack_options *options, struct sink *blob, struct pack **out,
                  img_error *err);
void img__pack_free(struct pack *pack);

/* Says, before the first entry, that all will come in the order of a layer (img__tar_order()), as
 * those of a scan do. Saves the memory of remembering their paths; one out of order is IMG_EFORMAT.
 */
void img__pack_sorted(struct pack *pack);

/* Says that sub-second times go in. */
void img__pack_nanoseconds(struct pack *pack);

/* Instead of entries, with PACK_PLAIN alone: where the bytes of a tar go that someone else wrote,
 * with its end. It belongs to the pack. img__pack_note() tells of the entries in it. */
struct sink *img__pack_verbatim(struct pack *pack);
void img__pack_note(struct pack *pack, const struct entry *entry);

/* An entry and, for a FILE, all of its data from the source, which may be NULL if there is none. */
int img__pack_entry(struct pack *pack, const struct entry *entry, struct source *data,
                    img_error *err);
/* An entry that a directory on the way to others needs: it does not count for newest_mtime. */
int img__pack_parent(struct pack *pack, const struct entry *entry, img_error *err);
/* ".wh." beside path, which exists below (C20, C21). */
int img__pack_whiteout(struct pack *pack, const char *path, img_error *err);
/* The marker that hides all that lies below in a directory, whose entry is written (C22). */
int img__pack_opaque(struct pack *pack, const char *directory, img_error *err);
/* So far, uncompressed. */
uint64_t img__pack_bytes(const struct pack *pack);
/* What the descriptor of the layer is to say of it, "K=V", sorted. Complete after img__pack_end().
 */
const struct strv *img__pack_annotations(const struct pack *pack);
/* Afterwards, and after a failure, the pack can only be freed. */
int img__pack_end(struct pack *pack, struct pack_result *result, img_error *err);

IMG_AUTO_POINTER(pack, struct pack, img__pack_free)

#endif
