/* SPDX-License-Identifier: Apache-2.0
 *
 * zstd:chunked as containers/storage reads it (layers.md Z10). The data of files is in frames of
 * its own; behind the tar come three skippable frames: the table of contents, the tar-split, the
 * footer. The table promises the digest of the tar-split, and the annotations that of the table.
 *
 * The other dialect (io.containers.zstd-chunked, magic "GnUlInUx") is not written: its readers, as
 * containers/storage before 1.44, forget owner and time of what they fetch in pieces. To those this
 * is an ordinary zstd layer.
 */
#include "layer/chunked.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "layer/frames.h"
#include "layer/json_stream.h"
#include "layer/lazy.h"
#include "layer/tar_split.h"

#define FRAME_HEADER 8u /* of a skippable frame: magic number and size */
#define FRAMES_MAX ((size_t)1 << 30)
#define TYPE_CRFS 1u

struct chunked {
    struct lazy lazy;
    int level;
    struct tar_split *split;
    struct sink *split_sink;
    struct buf split_frames;
    uint64_t split_bytes;
    img_digest split_digest;
    struct buf toc_frames;
    uint64_t toc_bytes;
    img_digest toc_digest;
};

static int raw(struct lazy *lazy, const void *data, size_t len, img_error *err)
{
    return img__tar_split_raw(((struct chunked *)lazy)->split, data, len, err);
}

static int entry(struct lazy *lazy, const struct toc_item *item, img_error *err)
{
    return img__tar_split_entry(((struct chunked *)lazy)->split, item->entry.path, item->entry.size,
                                err);
}

static int data(struct lazy *lazy, const void *bytes, size_t len, img_error *err)
{
    return img__tar_split_data(((struct chunked *)lazy)->split, bytes, len, err);
}

/* ---- the table ---- */

/* Of a file of one chunk the digest and the offsets say it all. */
static void put_chunk(struct json_stream *json, const struct toc_item *item, uint64_t index)
{
    img__json_stream_number(json, "chunkSize", img__toc_chunk_size(item, index));
    img__json_stream_optional(json, "chunkOffset", index * TOC_CHUNK);
    img__json_stream_sha256(json, "chunkDigest", item->chunks[index].digest);
}

static void put_data(struct json_stream *json, const struct blocks *blocks,
                     const struct toc_item *item)
{
    img__json_stream_sha256(json, "digest", item->digest);
    img__json_stream_number(json, "offset", img__blocks_offset(blocks, item->chunks[0].block));
    img__json_stream_number(json, "endOffset", img__blocks_offset(blocks, item->end_block));
    if (item->chunk_count > 1)
        put_chunk(json, item, 0);
}

static void put_item(struct json_stream *json, const struct blocks *blocks,
                     const struct toc_item *item)
{
    const struct entry *entry = &item->entry;
    char when[TOC_TIME_SIZE];
    img__toc_time(item, when);

    img__json_stream_open(json, NULL, '{');
    img__json_stream_text(json, "type", img__toc_type(item));
    img__json_stream_text(json, "name", entry->path);
    if (entry->link)
        img__json_stream_text(json, "linkName", entry->link);
    img__json_stream_optional(json, "mode", entry->mode);
    img__json_stream_optional(json, "size", entry->size);
    img__json_stream_optional(json, "uid", entry->uid);
    img__json_stream_optional(json, "gid", entry->gid);
    img__json_stream_text(json, "modtime", when);
    img__json_stream_optional(json, "devMajor", entry->device_major);
    img__json_stream_optional(json, "devMinor", entry->device_minor);
    img__toc_put_xattrs(json, item);
    if (item->chunk_count)
        put_data(json, blocks, item);
    img__json_stream_close(json, '}');
}

static void put_more_chunks(struct json_stream *json, const struct blocks *blocks,
                            const struct toc_item *item)
{
    for (uint64_t i = 1; i < item->chunk_count; i++) {
        img__json_stream_open(json, NULL, '{');
        img__json_stream_text(json, "type", "chunk");
        img__json_stream_text(json, "name", item->entry.path);
        img__json_stream_number(json, "offset", img__blocks_offset(blocks, item->chunks[i].block));
        put_chunk(json, item, i);
        img__json_stream_close(json, '}');
    }
}

static int put_table(struct chunked *self, struct sink *sink, img_error *err)
{
    const struct lazy *lazy = &self->lazy;
    struct json_stream json;
    img__json_stream_begin(&json, sink, err);
    img__json_stream_open(&json, NULL, '{');
    img__json_stream_number(&json, "version", 1);
    img__json_stream_open(&json, "entries", '[');
    for (const struct toc_item *item = img__toc_first(lazy->toc); item; item = item->next) {
        put_item(&json, lazy->blocks, item);
        put_more_chunks(&json, lazy->blocks, item);
    }
    img__json_stream_close(&json, ']');
    img__json_stream_text(&json, "tarSplitDigest", self->split_digest.text);
    img__json_stream_close(&json, '}');
    int rc = img__json_stream_end(&json);
    self->toc_bytes = json.bytes;
    return rc;
}

/* ---- the end ---- */

static int end_split(struct chunked *self, img_error *err)
{
    int rc = img__tar_split_end(self->split, &self->split_bytes, err);
    if (rc == 0)
        rc = img__sink_close(self->split_sink, err);
    return rc ? rc
              : img__digest_of(self->split_frames.data, self->split_frames.len, &self->split_digest,
                               err);
}

static int end_table(struct chunked *self, img_error *err)
{
    auto_(sink) struct sink *sink = NULL;
    int rc = img__sink_frames(self->level, &self->toc_frames, "the table of contents", &sink, err);
    if (rc == 0)
        rc = put_table(self, sink, err);
    if (rc == 0)
        rc = img__sink_close(sink, err);
    return rc ? rc
              : img__digest_of(self->toc_frames.data, self->toc_frames.len, &self->toc_digest, err);
}

static void put_le(unsigned char *out, unsigned bytes, uint64_t value)
{
    for (unsigned i = 0; i < bytes; i++)
        out[i] = (unsigned char)(value >> (8 * i));
}

static int put_skippable(struct lazy *lazy, const void *bytes, size_t len, img_error *err)
{
    unsigned char header[FRAME_HEADER];
    put_le(header, 4, 0x184d2a50);
    put_le(header + 4, 4, len);
    int rc = img__blocks_raw(lazy->blocks, header, sizeof(header), err);
    return rc ? rc : img__blocks_raw(lazy->blocks, bytes, len, err);
}

/* toc and split: where they begin in the blob. */
static int put_footer(struct chunked *self, uint64_t toc, uint64_t split, img_error *err)
{
    const uint64_t fields[] = {
        toc,   self->toc_frames.len,   self->toc_bytes,   TYPE_CRFS,
        split, self->split_frames.len, self->split_bytes,
    };
    unsigned char footer[CHUNKED_FOOTER_BYTES];
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        put_le(footer + 8 * i, 8, fields[i]);
    memcpy(footer + sizeof(fields), CHUNKED_MAGIC, 8);
    return put_skippable(&self->lazy, footer, sizeof(footer), err);
}

__attribute__((format(printf, 3, 4))) static int annotate(struct lazy *lazy, img_error *err,
                                                          const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return img__strv_add(&lazy->annotations, text, err);
}

static int annotate_all(struct chunked *self, uint64_t toc, uint64_t split, img_error *err)
{
    struct lazy *lazy = &self->lazy;
    int rc = annotate(lazy, err, CHUNKED_ANNOTATION_CHECKSUM "=%s", self->toc_digest.text);
    if (rc == 0)
        rc = annotate(lazy, err, CHUNKED_ANNOTATION_POSITION "=%" PRIu64 ":%zu:%" PRIu64 ":%u", toc,
                      self->toc_frames.len, self->toc_bytes, TYPE_CRFS);
    /* Readers of today know it from the table; those of 2023 want it here. */
    if (rc == 0)
        rc = annotate(lazy, err, CHUNKED_ANNOTATION_SPLIT_CHECKSUM "=%s", self->split_digest.text);
    if (rc == 0)
        rc = annotate(lazy, err, CHUNKED_ANNOTATION_SPLIT_POSITION "=%" PRIu64 ":%zu:%" PRIu64,
                      split, self->split_frames.len, self->split_bytes);
    return rc;
}

static int end(struct lazy *lazy, img_error *err)
{
    struct chunked *self = (struct chunked *)lazy;
    int rc = img__blocks_drain(lazy->blocks, err);
    if (rc == 0)
        rc = end_split(self, err);
    if (rc == 0)
        rc = end_table(self, err);
    if (rc)
        return rc;
    uint64_t tar_end = img__blocks_offset(lazy->blocks, img__blocks_count(lazy->blocks));
    uint64_t toc = tar_end + FRAME_HEADER;
    uint64_t split = toc + self->toc_frames.len + FRAME_HEADER;
    rc = put_skippable(lazy, self->toc_frames.data, self->toc_frames.len, err);
    if (rc == 0)
        rc = put_skippable(lazy, self->split_frames.data, self->split_frames.len, err);
    if (rc == 0)
        rc = put_footer(self, toc, split, err);
    return rc ? rc : annotate_all(self, toc, split, err);
}

static void free_chunked(struct lazy *lazy)
{
    struct chunked *self = (struct chunked *)lazy;
    img__tar_split_free(self->split);
    img__sink_free(self->split_sink);
    img__buf_free(&self->split_frames);
    img__buf_free(&self->toc_frames);
    free(self);
}

static const struct lazy_ops chunked_ops = {
    .cut_behind = true,
    .raw = raw,
    .entry = entry,
    .data = data,
    .end = end,
    .free = free_chunked,
};

int img__chunked_new(struct blocks *blocks, int level, struct lazy **out, img_error *err)
{
    struct chunked *self = calloc(1, sizeof(*self));
    if (!self)
        return img__fail_memory(err);
    self->lazy.ops = &chunked_ops;
    self->lazy.blocks = blocks;
    self->level = level;
    self->split_frames = (struct buf)BUF_INIT(FRAMES_MAX);
    self->toc_frames = (struct buf)BUF_INIT(FRAMES_MAX);
    auto_(lazy) struct lazy *made = &self->lazy;
    int rc = img__lazy_open(made, err);
    if (rc == 0)
        rc = img__sink_frames(level, &self->split_frames, "the tar-split", &self->split_sink, err);
    if (rc == 0)
        rc = img__tar_split_new(self->split_sink, &self->split, err);
    if (rc)
        return rc;
    *out = steal(made);
    return 0;
}
