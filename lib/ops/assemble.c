/* SPDX-License-Identifier: Apache-2.0
 *
 * Images that the caller puts together in a store: documents by their bytes, and a name once all is
 * there. A document that is only in the store is a blob like others; without a name it reaches
 * nothing, and the collector takes it. So a lease is there for the callers that need time.
 */
#include <libimg/blob.h>

#include <string.h>

#include "core/digest.h"
#include "core/index.h"
#include "core/manifest.h"
#include "core/reference.h"
#include "ops/parts.h"

#define DOCUMENT_BYTES_MAX ((size_t)16 << 20)

struct img_lease {
    struct lease *lease;
};

void img_lease_free(img_lease *lease)
{
    if (!lease)
        return;
    img__lease_free(lease->lease);
    free(lease);
}

int img_lease_new(img_store *store, img_lease **out, img_error *err)
{
    auto_free img_lease *lease = calloc(1, sizeof(*lease));
    if (!lease)
        return img__fail_memory(err);
    int rc = img__lease_take(store, &lease->lease, err);
    if (rc == 0)
        *out = steal(lease);
    return rc;
}

/* ---- documents ---- */

/* Refused here rather than when it is used. */
static int check_document(const struct document *document, img_error *err)
{
    auto_(manifest) struct manifest manifest = MANIFEST_INIT;
    auto_(index) struct index index = INDEX_INIT;
    return img__media_kind(document->descriptor.media_type) == MEDIA_INDEX
               ? img__index_parse(document, &index, err)
               : img__manifest_parse(document, &manifest, err);
}

static int make_document(const char *media_type, const void *data, size_t len, struct document *out,
                         img_error *err)
{
    char type[MEDIA_TYPE_MAX];
    if (len > DOCUMENT_BYTES_MAX)
        return img__fail(err, IMG_ELIMIT, "the document has %zu bytes, more than %zu", len,
                         DOCUMENT_BYTES_MAX);
    int rc = img__document_sniff("the document", media_type, data, len, type, err);
    if (rc)
        return rc;
    char *bytes = malloc(len + 1);
    if (!bytes)
        return img__fail_memory(err);
    memcpy(bytes, data, len);
    bytes[len] = '\0';
    return img__document_make(type, bytes, len, out, err);
}

/* The document's own digest is a sha256; another one that was promised becomes its name. */
static int keep_promise(const char *digest, struct document *document, img_error *err)
{
    img_digest promised, found;
    char algorithm[16];
    auto_(hash) struct hash *hash = NULL;
    int rc = img_digest_parse(digest, &promised, err);
    if (rc)
        return rc;
    img__digest_algorithm(&promised, algorithm, sizeof(algorithm));
    rc = img__hash_new(algorithm, &hash, err);
    if (rc == 0)
        rc = img__hash_update(hash, document->bytes, document->len, err);
    if (rc == 0)
        rc = img__hash_final(hash, &found, err);
    if (rc == 0 && !img__digest_equal(&promised, &found))
        rc = img__fail(err, IMG_EDIGEST, "the document has the digest %s instead of %s", found.text,
                       promised.text);
    document->descriptor.digest = promised;
    return rc;
}

int img_store_put_document(img_store *store, const char *media_type, const void *data, size_t len,
                           const char *digest, img_descriptor *out, img_error *err)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    auto_(lease) struct lease *lease = NULL;
    int rc = make_document(media_type, data, len, &document, err);
    if (rc == 0 && digest)
        rc = keep_promise(digest, &document, err);
    if (rc == 0)
        rc = check_document(&document, err);
    if (rc == 0)
        rc = img__lease_take(store, &lease, err);
    if (rc == 0)
        rc = img__store_mend(store, &document.descriptor, err);
    if (rc == 0)
        rc = img__store_put_document(store, &document, err);
    if (rc == 0 && out)
        *out = document.descriptor;
    return rc;
}

/* ---- names ---- */

static int full_names(const char *const *names, struct strv *out, img_error *err)
{
    img_reference reference;
    char text[IMG_REFERENCE_TEXT_MAX];
    int rc = 0;
    for (; rc == 0 && *names; names++) {
        rc = img_reference_parse(*names, &reference, err);
        if (rc)
            return rc;
        img__reference_store_name(&reference, text);
        rc = img__strv_add(out, text, err);
    }
    return rc;
}

int img_store_name(img_store *store, const img_descriptor *target, const img_platform *platform,
                   const char *const *names, img_error *err)
{
    auto_(strv) struct strv full = STRV_INIT;
    auto_(parts) struct parts parts = PARTS_INIT;
    auto_(lease) struct lease *lease = NULL;
    int rc = full_names(names, &full, err);
    if (rc == 0)
        rc = img__lease_take(store, &lease, err);
    if (rc == 0)
        rc = img__parts_find(store, target, platform, &parts, err);
    if (rc == 0)
        rc = img__parts_check(&parts, err);
    return rc ? rc : img__store_set_names(store, img__strv_list(&full), target, err);
}
