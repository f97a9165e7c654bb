/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents: small blobs that are read whole, once, and verified in the buffer in which they are
 * parsed (layers.md H5).
 */
#include <inttypes.h>
#include <stdint.h>

#include "store/internal.h"

int img__store_put_document(img_store *store, const struct document *document, img_error *err)
{
    auto_(sink) struct sink *sink = NULL;

    int r = img__store_accept(store, &document->descriptor, &sink, err);
    if (r || !sink)
        return r;
    r = img__sink_write(sink, document->bytes, document->len, err);
    return r ? r : img__sink_close(sink, err);
}

/* bytes has room for one more than is expected, which shows whether there is more. */
static int read_all(struct source *source, char *bytes, size_t len, img_error *err)
{
    ssize_t n = img__source_read_full(source, bytes, len + 1, err);

    if (n < 0)
        return (int)n;
    bytes[n] = '\0';
    return 0;
}

int img__store_get_document(img_store *store, const img_descriptor *descriptor,
                            uint64_t limit_bytes, struct document *out, img_error *err)
{
    auto_(source) struct source *source = NULL;

    if (descriptor->size_bytes > limit_bytes || descriptor->size_bytes >= SIZE_MAX)
        return img__fail(err, IMG_ELIMIT,
                         "%s has %" PRIu64 " bytes, more than the limit of %" PRIu64,
                         descriptor->digest.text, descriptor->size_bytes, limit_bytes);
    size_t len = (size_t)descriptor->size_bytes;
    auto_free char *bytes = malloc(len + 1);
    if (!bytes)
        return img__fail_memory(err);
    int r = img__store_source(store, descriptor, &source, err);
    if (!r)
        r = read_all(source, bytes, len, err);
    if (r)
        return r;
    *out = (struct document){.descriptor = *descriptor, .bytes = steal(bytes), .len = len};
    return 0;
}
