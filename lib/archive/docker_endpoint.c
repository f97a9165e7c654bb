/* SPDX-License-Identifier: Apache-2.0
 *
 * An image of a docker-archive as an endpoint. There is no manifest, so one is made: OCI's, with
 * the layers as they are. What is not compressed has its diffID for a digest, which the config
 * promises; what is compressed is read once for its own digest, and to see that the tar within has
 * that diffID. Either way the bytes are verified as they are given away.
 */
#include <string.h>

#include "archive/reader_internal.h"
#include "core/manifest.h"
#include "core/verify.h"

struct docker_endpoint {
    struct reader_endpoint reader; /* comes first */
    struct docker_image image;
    struct document manifest;
    img_descriptor *blobs; /* of the layers */
};

static struct docker_endpoint *self_of(struct endpoint *endpoint)
{
    return (struct docker_endpoint *)endpoint;
}

/* ---- making the manifest ---- */

static const char *const media_types[] = {
    [DOCKER_PLAIN] = MEDIA_OCI_LAYER,
    [DOCKER_GZIP] = MEDIA_OCI_LAYER_GZIP,
    [DOCKER_ZSTD] = MEDIA_OCI_LAYER_ZSTD,
    [DOCKER_BZIP2] = NULL,
    [DOCKER_XZ] = NULL,
};

static int describe(struct docker_endpoint *self, const struct docker_layer *layer,
                    img_descriptor *out, img_error *err)
{
    const char *type = media_types[layer->compression];
    if (!type)
        return img__fail(err, IMG_EUNSUPPORTED,
                         "%s: '%.300s' is compressed in a way that manifests don't know: load the "
                         "archive into a store, which compresses it anew",
                         self->reader.reader->spool.name, layer->path);
    memset(out, 0, sizeof(*out));
    snprintf(out->media_type, sizeof(out->media_type), "%s", type);
    out->digest = layer->diff_id;
    out->size_bytes = layer->size_bytes;
    if (layer->compression == DOCKER_PLAIN)
        return 0;
    return img__docker_layer_check(self->reader.reader, layer, &out->digest, &out->size_bytes, err);
}

static int make_manifest(struct docker_endpoint *self, img_error *err)
{
    size_t count = self->image.layer_count;
    int rc = 0;
    self->blobs = calloc(count ? count : 1, sizeof(*self->blobs));
    if (!self->blobs)
        return img__fail_memory(err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = describe(self, &self->image.layers[i], &self->blobs[i], err);
    return rc ? rc
              : img__manifest_make(&self->image.config.descriptor, self->blobs, NULL, count, NULL,
                                   &self->manifest, err);
}

/* ---- the endpoint ---- */

static int get_document(struct endpoint *endpoint, const img_descriptor *descriptor,
                        struct document *out, img_error *err)
{
    const struct document *manifest = &self_of(endpoint)->manifest;
    if (strcmp(descriptor->digest.text, manifest->descriptor.digest.text) != 0)
        return img__fail(err, IMG_ENOTFOUND, "%s is not in the archive", descriptor->digest.text);
    char *bytes = malloc(manifest->len + 1);
    if (!bytes)
        return img__fail_memory(err);
    memcpy(bytes, manifest->bytes, manifest->len + 1);
    *out = (struct document){manifest->descriptor, bytes, manifest->len};
    return 0;
}

static int resolve(struct endpoint *endpoint, struct document *out, img_error *err)
{
    return get_document(endpoint, &self_of(endpoint)->manifest.descriptor, out, err);
}

static int has_document(struct endpoint *endpoint, const img_descriptor *descriptor, bool *has,
                        img_error *err)
{
    (void)err;
    *has = strcmp(descriptor->digest.text, self_of(endpoint)->manifest.descriptor.digest.text) == 0;
    return 0;
}

static int open_blob(struct docker_endpoint *self, const img_descriptor *descriptor,
                     struct source **out, img_error *err)
{
    const struct document *config = &self->image.config;
    if (strcmp(config->descriptor.digest.text, descriptor->digest.text) == 0)
        return img__source_memory(config->bytes, config->len, out, err);
    for (size_t i = 0; i < self->image.layer_count; i++)
        if (strcmp(self->blobs[i].digest.text, descriptor->digest.text) == 0)
            return img__docker_layer_source(self->reader.reader, &self->image.layers[i], out, err);
    return img__fail(err, IMG_ENOTFOUND, "%s is not in the archive", descriptor->digest.text);
}

static int open_source(struct endpoint *endpoint, const img_descriptor *descriptor,
                       struct source **out, img_error *err)
{
    struct source *source = NULL;
    char name[64];
    int rc = open_blob(self_of(endpoint), descriptor, &source, err);
    img__descriptor_name(descriptor, name, sizeof(name));
    return rc ? rc
              : img__source_verify_else(": the archive is damaged, or its config belongs to other "
                                        "layers",
                                        &descriptor->digest, descriptor->size_bytes, name, source,
                                        out, err);
}

static void endpoint_free(struct endpoint *endpoint)
{
    struct docker_endpoint *self = self_of(endpoint);
    img__docker_image_free(&self->image);
    img__document_free(&self->manifest);
    free(self->blobs);
    img__archive_reader_free(self->reader.owned);
    free(self);
}

static const struct endpoint_ops docker_ops = {
    .resolve = resolve,
    .get_document = get_document,
    .has_document = has_document,
    .open_source = open_source,
    .free = endpoint_free,
};

int img__archive_docker_endpoint(struct archive_reader *reader, size_t index, struct endpoint **out,
                                 img_error *err)
{
    struct docker_endpoint *self = calloc(1, sizeof(*self));
    if (!self)
        return img__fail_memory(err);
    self->reader =
        (struct reader_endpoint){.base = {.ops = &docker_ops}, .reader = reader, .index = index};
    auto_(endpoint) struct endpoint *endpoint = &self->reader.base;
    int rc = img__docker_image_open(reader, index, &self->image, err);
    if (rc == 0)
        rc = make_manifest(self, err);
    if (rc == 0)
        *out = steal(endpoint);
    return rc;
}
