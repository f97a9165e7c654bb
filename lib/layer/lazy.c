/* SPDX-License-Identifier: Apache-2.0
 *
 * The split of a tar into files and what is between them, which is all that it takes to find a file
 * again: blocks are cut where data begins, chunks are hashed, the table remembers their blocks.
 */
#include "layer/lazy.h"

#include <assert.h>
#include <string.h>

#include "layer/estargz.h"
#include "layer/tar_header.h"

/* A run of entries without data ends a block, too, so that no block is much larger than a chunk. */
#define OPEN_MAX TOC_CHUNK

static int cut(struct lazy *lazy, img_error *err)
{
    lazy->open_bytes = 0;
    return img__blocks_cut(lazy->blocks, err);
}

static int begin_chunk(struct lazy *lazy, img_error *err)
{
    int rc = cut(lazy, err);
    if (rc)
        return rc;
    lazy->item->chunks[lazy->chunk].block = img__blocks_count(lazy->blocks);
    lazy->chunk_left = img__toc_chunk_size(lazy->item, lazy->chunk);
    return img__hash_restart(lazy->chunk_hash, err);
}

static int end_data(struct lazy *lazy, img_error *err)
{
    struct toc_item *item = lazy->item;
    int rc = 0;
    if (item->chunk_count == 1)
        memcpy(item->digest, item->chunks[0].digest, sizeof(item->digest));
    else
        rc = img__hash_final_raw(lazy->data_hash, item->digest, err);
    if (rc || !lazy->ops->cut_behind)
        return rc;
    rc = cut(lazy, err);
    item->end_block = img__blocks_count(lazy->blocks);
    return rc;
}

static int end_chunk(struct lazy *lazy, img_error *err)
{
    unsigned char *digest = lazy->item->chunks[lazy->chunk++].digest;
    int rc = img__hash_final_raw(lazy->chunk_hash, digest, err);
    return rc || lazy->data_left > 0 ? rc : end_data(lazy, err);
}

static int pass(struct lazy *lazy, const void *data, size_t len, img_error *err)
{
    lazy->tar_bytes += len;
    lazy->open_bytes += len;
    return img__blocks_write(lazy->blocks, data, len, err);
}

/* Some of the data of the current item, all of it in one chunk. */
static int put_data(struct lazy *lazy, const void *data, size_t len, img_error *err)
{
    int rc = lazy->chunk_left == 0 ? begin_chunk(lazy, err) : 0;
    if (rc == 0)
        rc = img__hash_update(lazy->chunk_hash, data, len, err);
    if (rc == 0 && lazy->item->chunk_count > 1)
        rc = img__hash_update(lazy->data_hash, data, len, err);
    if (rc == 0 && lazy->ops->data)
        rc = lazy->ops->data(lazy, data, len, err);
    if (rc == 0)
        rc = pass(lazy, data, len, err);
    if (rc)
        return rc;
    lazy->data_left -= len;
    lazy->chunk_left -= len;
    return lazy->chunk_left == 0 ? end_chunk(lazy, err) : 0;
}

static int put_raw(struct lazy *lazy, const void *data, size_t len, img_error *err)
{
    if (lazy->tail) {
        img__buf_append(lazy->tail, data, len);
        return img__buf_check(lazy->tail, "the table of contents", err);
    }
    int rc = lazy->ops->raw ? lazy->ops->raw(lazy, data, len, err) : 0;
    if (rc == 0)
        rc = pass(lazy, data, len, err);
    return rc || lazy->open_bytes < OPEN_MAX ? rc : cut(lazy, err);
}

static int lazy_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    struct lazy *lazy = (struct lazy *)sink;
    const char *at = data;
    while (len > 0) {
        uint64_t chunk = lazy->chunk_left;
        if (chunk == 0 && lazy->data_left > 0)
            chunk = img__toc_chunk_size(lazy->item, lazy->chunk);
        size_t part = chunk > 0 && chunk < len ? (size_t)chunk : len;
        int rc = chunk > 0 ? put_data(lazy, at, part, err) : put_raw(lazy, at, part, err);
        if (rc)
            return rc;
        at += part;
        len -= part;
    }
    return 0;
}

/* A part of its struct, never closed as a sink. */
static const struct sink_ops lazy_sink_ops = {.write = lazy_write};

int img__lazy_open(struct lazy *lazy, img_error *err)
{
    lazy->sink.ops = &lazy_sink_ops;
    int rc = img__toc_new(&lazy->toc, err);
    if (rc == 0)
        rc = img__hash_new(IMG_DIGEST_CANONICAL, &lazy->chunk_hash, err);
    if (rc == 0)
        rc = img__hash_new(IMG_DIGEST_CANONICAL, &lazy->data_hash, err);
    return rc;
}

void img__lazy_free(struct lazy *lazy)
{
    if (!lazy)
        return;
    img__toc_free(lazy->toc);
    img__hash_free(lazy->chunk_hash);
    img__hash_free(lazy->data_hash);
    img__strv_free(&lazy->annotations);
    lazy->ops->free(lazy);
}

int img__lazy_entry(struct lazy *lazy, const struct entry *entry, img_error *err)
{
    assert(lazy->data_left == 0);
    int rc = img__toc_add(lazy->toc, entry, &lazy->item, err);
    if (rc == 0 && !lazy->nanoseconds)
        lazy->item->entry.mtime_ns = 0;
    if (rc == 0 && lazy->ops->entry)
        rc = lazy->ops->entry(lazy, lazy->item, err);
    if (rc)
        return rc;
    lazy->data_left = entry->size;
    lazy->chunk = 0;
    return lazy->item->chunk_count > 1 ? img__hash_restart(lazy->data_hash, err) : 0;
}

int img__lazy_add(struct lazy *lazy, const struct entry *entry, const void *data, img_error *err)
{
    static const char zeros[TAR_BLOCK];
    auto_(buf) struct buf header = BUF_INIT(TAR_HEADER_MAX);
    int rc = img__tar_header(entry, &header, err);
    if (rc == 0)
        rc = lazy_write(&lazy->sink, header.data, header.len, err);
    if (rc == 0)
        rc = img__lazy_entry(lazy, entry, err);
    if (rc == 0)
        rc = lazy_write(&lazy->sink, data, (size_t)entry->size, err);
    return rc ? rc : lazy_write(&lazy->sink, zeros, img__tar_padding(entry->size), err);
}

static bool is_reserved(const char *path)
{
    return strcmp(path, ESTARGZ_TOC) == 0 || strcmp(path, ESTARGZ_LANDMARK) == 0 ||
           strcmp(path, ESTARGZ_PREFETCH_LANDMARK) == 0;
}

int img__lazy_reserved(const struct lazy *lazy, const struct entry *entry, bool *skip,
                       img_error *err)
{
    bool linked = entry->type == ENTRY_HARDLINK && is_reserved(entry->link);
    *skip = false;
    if (!lazy->ops->reserves || !(linked || is_reserved(entry->path)))
        return 0;
    if (entry->type != ENTRY_FILE)
        return img__fail(err, IMG_EINVAL,
                         "%s: eStargz keeps the name %s for itself; use another compression",
                         entry->path, linked ? entry->link : entry->path);
    *skip = true;
    return 0;
}
