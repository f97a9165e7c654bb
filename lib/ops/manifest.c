/* SPDX-License-Identifier: Apache-2.0
 *
 * Manifests of a registry without their images: their bytes, and their digest alone.
 */
#include <libimg/repository.h>

#include "core/reference.h"
#include "ops/client.h"
#include "ops/select.h"
#include "registry/repository.h"

struct img_document {
    struct document document;
};

void img_document_free(img_document *document)
{
    if (!document)
        return;
    img__document_free(&document->document);
    free(document);
}

const char *img_document_bytes(const img_document *document, size_t *len)
{
    *len = document->document.len;
    return document->document.bytes;
}

const img_descriptor *img_document_descriptor(const img_document *document)
{
    return &document->document.descriptor;
}

static int open_endpoint(img_client *client, const char *reference, struct endpoint **out,
                         img_error *err)
{
    img_reference parsed;
    int rc = img_reference_parse(reference, &parsed, err);
    return rc ? rc : img__registry_endpoint(client->registry, &parsed, REGISTRY_PULL, out, err);
}

static int get(struct endpoint *endpoint, const img_platform *platform, struct document *out,
               img_error *err)
{
    int rc = endpoint->ops->resolve(endpoint, out, err);
    return rc ? rc : img__select_manifest(endpoint, NULL, platform, out, err);
}

int img_manifest_get(img_client *client, const char *reference, const img_platform *platform,
                     img_document **out, img_error *err)
{
    auto_(endpoint) struct endpoint *endpoint = NULL;
    img_document *document = calloc(1, sizeof(*document));
    if (!document)
        return img__fail_memory(err);
    int rc = open_endpoint(client, reference, &endpoint, err);
    if (rc == 0)
        rc = get(endpoint, platform, &document->document, err);
    if (rc) {
        img_document_free(document);
        return img__prefix(err, rc, "manifest of %s", reference);
    }
    *out = document;
    return 0;
}

int img_manifest_resolve(img_client *client, const char *reference, const img_platform *platform,
                         img_descriptor *out, img_error *err)
{
    auto_(endpoint) struct endpoint *endpoint = NULL;
    auto_(document) struct document document = DOCUMENT_INIT;
    int rc = open_endpoint(client, reference, &endpoint, err);
    if (rc == 0 && !platform)
        rc = img__manifest_peek((struct repository *)endpoint, out, err);
    else if (rc == 0)
        rc = get(endpoint, platform, &document, err);
    if (rc)
        return img__prefix(err, rc, "digest of %s", reference);
    if (platform)
        *out = document.descriptor;
    return 0;
}
