/* SPDX-License-Identifier: Apache-2.0
 *
 * eStargz: a gzip layer with a table of contents as its last file, in a member of its own, and an
 * empty member at the end whose header says where (layers.md Z9). Each chunk begins a member, which
 * goes on with padding and headers until the next one. One member for several small files
 * (innerOffset) would be smaller, but readers before 0.13 would read the wrong bytes, and say so
 * only if they verify.
 */
#include "layer/estargz.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "layer/json_stream.h"
#include "layer/lazy.h"
#include "layer/tar_header.h"

#define TABLE_MAX ((size_t)1 << 30)

struct estargz {
    struct lazy lazy;
    struct buf table; /* with its header and the end of the tar */
    img_digest toc_digest;
};

/* Nothing is to be fetched ahead; without a mark readers would look for one. */
static int begin(struct lazy *lazy, img_error *err)
{
    char path[] = ESTARGZ_LANDMARK;
    const struct entry landmark = {.type = ENTRY_FILE, .path = path, .mode = 0444, .size = 1};
    return img__lazy_add(lazy, &landmark, "\x0f", err);
}

/* ---- the table ---- */

/* The last chunk of a file, or the only one, goes to its end and tells no size. */
static void put_chunk(struct json_stream *json, const struct toc_item *item, uint64_t index)
{
    img__json_stream_optional(json, "chunkOffset", index * TOC_CHUNK);
    if (index + 1 < item->chunk_count)
        img__json_stream_number(json, "chunkSize", TOC_CHUNK);
    img__json_stream_sha256(json, "chunkDigest", item->chunks[index].digest);
}

static void put_item(struct json_stream *json, const struct lazy *lazy, const struct toc_item *item)
{
    const struct entry *entry = &item->entry;
    char when[TOC_TIME_SIZE];
    img__toc_time(item, when);

    img__json_stream_open(json, NULL, '{');
    img__json_stream_text(json, "name", entry->path);
    img__json_stream_text(json, "type", img__toc_type(item));
    img__json_stream_optional(json, "size", entry->size);
    img__json_stream_text(json, "modtime", when);
    if (entry->link)
        img__json_stream_text(json, "linkName", entry->link);
    img__json_stream_optional(json, "mode", entry->mode);
    img__json_stream_optional(json, "uid", entry->uid);
    img__json_stream_optional(json, "gid", entry->gid);
    if (item->chunk_count)
        img__json_stream_number(json, "offset",
                                img__blocks_offset(lazy->blocks, item->chunks[0].block));
    img__json_stream_optional(json, "devMajor", entry->device_major);
    img__json_stream_optional(json, "devMinor", entry->device_minor);
    img__toc_put_xattrs(json, item);
    if (item->chunk_count) {
        img__json_stream_sha256(json, "digest", item->digest);
        put_chunk(json, item, 0);
    }
    img__json_stream_close(json, '}');
}

static void put_more_chunks(struct json_stream *json, const struct lazy *lazy,
                            const struct toc_item *item)
{
    for (uint64_t i = 1; i < item->chunk_count; i++) {
        img__json_stream_open(json, NULL, '{');
        img__json_stream_text(json, "name", item->entry.path);
        img__json_stream_text(json, "type", "chunk");
        img__json_stream_number(json, "offset",
                                img__blocks_offset(lazy->blocks, item->chunks[i].block));
        put_chunk(json, item, i);
        img__json_stream_close(json, '}');
    }
}

/* sink NULL only counts. */
static int put_table(const struct lazy *lazy, struct sink *sink, uint64_t *bytes, img_error *err)
{
    struct json_stream json;
    img__json_stream_begin(&json, sink, err);
    img__json_stream_open(&json, NULL, '{');
    img__json_stream_number(&json, "version", 1);
    img__json_stream_open(&json, "entries", '[');
    for (const struct toc_item *item = img__toc_first(lazy->toc); item; item = item->next) {
        put_item(&json, lazy, item);
        put_more_chunks(&json, lazy, item);
    }
    img__json_stream_close(&json, ']');
    img__json_stream_close(&json, '}');
    int rc = img__json_stream_end(&json);
    *bytes = json.bytes;
    return rc;
}

static int put_header(struct buf *table, uint64_t size, img_error *err)
{
    char path[] = ESTARGZ_TOC;
    const struct entry entry = {.type = ENTRY_FILE, .path = path, .mode = 0444, .size = size};
    auto_(buf) struct buf header = BUF_INIT(TAR_HEADER_MAX);
    int rc = img__tar_header(&entry, &header, err);
    img__buf_append(table, header.data, header.len);
    return rc ? rc : img__buf_check(table, "the table of contents", err);
}

/* The table is written twice, since its header needs the size first. Some readers look at nothing
 * but the member that it begins, so it is one block with the end of the tar, however large. */
static int last(struct lazy *lazy, img_error *err)
{
    static const char zeros[TAR_BLOCK];
    struct estargz *self = (struct estargz *)lazy;
    auto_(sink) struct sink *sink = NULL;
    uint64_t size = 0;
    int rc = img__blocks_drain(lazy->blocks, err);
    if (rc == 0)
        rc = put_table(lazy, NULL, &size, err);
    if (rc == 0)
        rc = put_header(&self->table, size, err);
    size_t head = self->table.len;
    /* At once: to grow by and by takes twice the memory. */
    if (rc == 0 && !img__buf_reserve(&self->table, (size_t)size + 4 * TAR_BLOCK))
        rc = img__buf_check(&self->table, "the table of contents", err);
    if (rc == 0)
        rc = img__sink_buf(&self->table, "the table of contents", &sink, err);
    if (rc == 0)
        rc = put_table(lazy, sink, &size, err);
    if (rc == 0)
        rc = img__digest_of(self->table.data + head, (size_t)size, &self->toc_digest, err);
    img__buf_append(&self->table, zeros, img__tar_padding(size));
    lazy->tail = &self->table;
    return rc ? rc : img__buf_check(&self->table, "the table of contents", err);
}

/* ---- the end ---- */

/* An empty member with the offset of the table in its header. */
static int put_footer(struct lazy *lazy, uint64_t offset, img_error *err)
{
    static const char head[] = "\x1f\x8b\x08\x04\0\0\0\0\0\xff\x1a\0SG\x16\0";
    static const char tail[] = "\x01\0\0\xff\xff\0\0\0\0\0\0\0\0";
    char text[32];
    auto_(buf) struct buf footer = BUF_INIT(ESTARGZ_FOOTER_BYTES);
    int len = snprintf(text, sizeof(text), "%016" PRIx64 "STARGZ", offset);
    img__buf_append(&footer, head, sizeof(head) - 1);
    img__buf_append(&footer, text, (size_t)len);
    img__buf_append(&footer, tail, sizeof(tail) - 1);
    int rc = img__buf_check(&footer, "a footer", err);
    return rc ? rc : img__blocks_raw(lazy->blocks, footer.data, footer.len, err);
}

static int annotate(struct lazy *lazy, const struct estargz *self, img_error *err)
{
    char text[256];
    snprintf(text, sizeof(text), "%s=%s", ESTARGZ_ANNOTATION_TOC, self->toc_digest.text);
    int rc = img__strv_add(&lazy->annotations, text, err);
    if (rc)
        return rc;
    snprintf(text, sizeof(text), "%s=%" PRIu64, ESTARGZ_ANNOTATION_SIZE, lazy->tar_bytes);
    return img__strv_add(&lazy->annotations, text, err);
}

static int end(struct lazy *lazy, img_error *err)
{
    struct estargz *self = (struct estargz *)lazy;
    lazy->tar_bytes += self->table.len;
    uint64_t offset = img__blocks_offset(lazy->blocks, img__blocks_count(lazy->blocks));
    int rc = img__blocks_whole(lazy->blocks, self->table.data, self->table.len, err);
    if (rc == 0)
        rc = put_footer(lazy, offset, err);
    return rc ? rc : annotate(lazy, self, err);
}

static void free_estargz(struct lazy *lazy)
{
    img__buf_free(&((struct estargz *)lazy)->table);
    free(lazy);
}

static const struct lazy_ops estargz_ops = {
    .reserves = true,
    .begin = begin,
    .last = last,
    .end = end,
    .free = free_estargz,
};

int img__estargz_new(struct blocks *blocks, struct lazy **out, img_error *err)
{
    struct estargz *self = calloc(1, sizeof(*self));
    if (!self)
        return img__fail_memory(err);
    self->lazy.ops = &estargz_ops;
    self->lazy.blocks = blocks;
    self->table = (struct buf)BUF_INIT(TABLE_MAX);
    auto_(lazy) struct lazy *made = &self->lazy;
    int rc = img__lazy_open(made, err);
    if (rc)
        return rc;
    *out = steal(made);
    return 0;
}
