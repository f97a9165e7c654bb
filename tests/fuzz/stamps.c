/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of stamps. Whatever comes in, paths are within their limits and end; what is whole comes
 * out of the writer as it was.
 */
#include "fuzz.h"

#include "base/buf.h"
#include "layer/stamps_format.h"

static uint64_t device_of(const void *data, size_t len)
{
    struct stamps_head head = {.device = 0};
    if (len >= sizeof(head))
        memcpy(&head, data, sizeof(head));
    return head.device;
}

/* What the reader gives goes into the writer. */
static int copy(const void *data, size_t len, struct buf *out)
{
    auto_(sink) struct sink *sink = NULL;
    auto_(stamp_reader) struct stamp_reader *reader = NULL;
    auto_(stamp_writer) struct stamp_writer *writer = NULL;
    struct source *source = NULL;
    struct stamped entry;
    uint64_t device = device_of(data, len);
    int rc;

    must(img__source_memory(data, len, &source, NULL) == 0);
    rc = img__stamp_reader_new(source, device, &reader, NULL);
    if (rc)
        return rc;
    must(img__sink_buf(out, "copy", &sink, NULL) == 0);
    must(img__stamp_writer_new(sink, device, &writer, NULL) == 0);
    while ((rc = img__stamp_reader_next(reader, &entry, NULL)) == 1) {
        must(strlen(entry.path) <= ENTRY_PATH_MAX && entry.type <= ENTRY_FIFO);
        must(img__stamp_writer_add(writer, &entry, NULL) == 0);
    }
    must(rc == 0 || img__stamp_reader_next(reader, &entry, NULL) < 1);
    return rc ? rc : img__stamp_writer_end(writer, NULL);
}

static void check(const void *data, size_t len)
{
    auto_(buf) struct buf one = BUF_INIT((size_t)256 << 20), two = BUF_INIT((size_t)256 << 20);

    if (copy(data, len, &one) != 0)
        return;
    must(copy(one.data, one.len, &two) == 0);
    must(one.len == two.len && memcmp(one.data, two.data, one.len) == 0);
}

/* As it is, and with the end that makes it whole. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct stamp_row end = {.shared = STAMPS_END};
    unsigned char digest[IMG_SHA256_BYTES];
    auto_(hash) struct hash *hash = NULL;
    auto_(buf) struct buf whole = BUF_INIT(len + sizeof(end) + sizeof(digest));

    check(data, len);
    img__buf_append(&whole, data, len);
    img__buf_append(&whole, &end, sizeof(end));
    must(img__hash_new(IMG_DIGEST_CANONICAL, &hash, NULL) == 0);
    must(img__hash_update(hash, whole.data, whole.len, NULL) == 0);
    must(img__hash_final_raw(hash, digest, NULL) == 0);
    img__buf_append(&whole, digest, sizeof(digest));
    must(!whole.failed);
    check(whole.data, whole.len);
    return 0;
}
