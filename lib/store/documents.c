/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents: small blobs that are read whole, once, and verified in the buffer in which they are
 * parsed (layers.md H5).
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

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

static int blob_size(const img_store *store, const img_digest *digest, uint64_t *out)
{
    auto_fd int folder = -1;
    struct stat st;

    if (img__store_folder_of(store, digest, false, &folder, NULL) ||
        fstatat(folder, img__digest_hex(digest), &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode) || st.st_size < 0)
        return IMG_ENOTFOUND;
    *out = (uint64_t)st.st_size;
    return 0;
}

/* A layer or a config is what is not a document: neither is looked for. */
int img__store_find_document(img_store *store, const img_digest *digest, img_descriptor *out,
                             img_error *err)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    img_descriptor found = {.digest = *digest};

    if (blob_size(store, digest, &found.size_bytes) || found.size_bytes > STORE_DOCUMENT_MAX)
        return IMG_ENOTFOUND;
    int r = img__store_get_document(store, &found, STORE_DOCUMENT_MAX, &document, err);
    if (r)
        return r;
    if (img__document_sniff(digest->text, NULL, document.bytes, document.len, found.media_type,
                            NULL))
        return IMG_ENOTFOUND;
    *out = found;
    return 0;
}
