/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes a list of stamps.
 */
#include <string.h>

#include "base/buf.h"
#include "layer/stamps_format.h"

#define FLUSH ((size_t)64 * 1024)

struct stamp_writer {
    struct sink *sink;
    struct hash *hash;
    struct buf out;
    struct buf last; /* the path before */
};

static int flush(struct stamp_writer *writer, img_error *err)
{
    int rc = img__buf_check(&writer->out, "a list of stamps", err);
    if (rc == 0)
        rc = img__hash_update(writer->hash, writer->out.data, writer->out.len, err);
    if (rc == 0)
        rc = img__sink_write(writer->sink, writer->out.data, writer->out.len, err);
    img__buf_clear(&writer->out);
    return rc;
}

int img__stamp_writer_new(struct sink *sink, uint64_t device, struct stamp_writer **out,
                          img_error *err)
{
    const struct stamps_head head = {STAMPS_MAGIC, STAMPS_ORDER, sizeof(struct stamp_row), device};
    auto_(stamp_writer) struct stamp_writer *writer = calloc(1, sizeof(*writer));
    if (!writer)
        return img__fail_memory(err);
    writer->sink = sink;
    writer->out = (struct buf)BUF_INIT(2 * FLUSH);
    writer->last = (struct buf)BUF_INIT(ENTRY_PATH_MAX);
    int rc = img__hash_new(IMG_DIGEST_CANONICAL, &writer->hash, err);
    if (rc)
        return rc;
    img__buf_append(&writer->out, &head, sizeof(head));
    *out = steal(writer);
    return 0;
}

void img__stamp_writer_free(struct stamp_writer *writer)
{
    if (!writer)
        return;
    img__hash_free(writer->hash);
    img__buf_free(&writer->out);
    img__buf_free(&writer->last);
    free(writer);
}

static size_t shared_bytes(const char *a, const char *b)
{
    size_t n = 0;
    while (a[n] && a[n] == b[n])
        n++;
    return n;
}

int img__stamp_writer_add(struct stamp_writer *writer, const struct stamped *entry, img_error *err)
{
    size_t len = strlen(entry->path);
    size_t shared = shared_bytes(img__buf_text(&writer->last), entry->path);
    if (len > ENTRY_PATH_MAX)
        return img__fail(err, IMG_ELIMIT, "%s: is too long for a list of stamps", entry->path);
    struct stamp_row row = {
        .shared = (uint16_t)shared,
        .more = (uint16_t)(len - shared),
        .type = entry->type,
        .stamp = entry->stamp,
    };
    memcpy(row.digest, entry->digest, sizeof(row.digest));
    img__buf_append(&writer->out, &row, sizeof(row));
    img__buf_append(&writer->out, entry->path + shared, len - shared);
    img__buf_clear(&writer->last);
    img__buf_append(&writer->last, entry->path, len);
    int rc = img__buf_check(&writer->last, "a path", err);
    return rc || writer->out.len < FLUSH ? rc : flush(writer, err);
}

int img__stamp_writer_end(struct stamp_writer *writer, img_error *err)
{
    const struct stamp_row end = {.shared = STAMPS_END};
    unsigned char digest[IMG_SHA256_BYTES];
    img__buf_append(&writer->out, &end, sizeof(end));
    int rc = flush(writer, err);
    if (rc == 0)
        rc = img__hash_final_raw(writer->hash, digest, err);
    return rc ? rc : img__sink_write(writer->sink, digest, sizeof(digest), err);
}
