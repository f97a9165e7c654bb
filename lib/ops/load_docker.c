/* SPDX-License-Identifier: Apache-2.0
 *
 * An image of a docker archive that has no manifest. Its layers are mostly plain tars, which no
 * registry should be burdened with: they are compressed on the way in, as a build would do with the
 * same tar verbatim. A layer that is compressed by gzip or zstd stays as it is. Whatever it was,
 * its tar must have the diffID that the config promises.
 *
 * Nothing here reads the tars: a layer that is broken in itself came from elsewhere, and is refused
 * where it is used.
 */
#include "ops/load.h"

#include <stdio.h>
#include <string.h>

#include "base/observe.h"
#include "core/manifest.h"
#include "core/verify.h"
#include "layer/decompress.h"
#include "layer/import.h"
#include "layer/pack.h"

/* ---- one layer ---- */

struct watched {
    struct source base;
    struct source *next;
    struct item *item;
    struct sink *copy; /* all that is read goes to it, too; NULL: nowhere */
    uint64_t done;
};

static ssize_t watched_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct watched *self = (struct watched *)source;
    ssize_t got = img__source_read(self->next, data, len, err);
    if (got <= 0)
        return got;
    self->done += (uint64_t)got;
    int rc = img__item_progress(self->item, self->done, err);
    if (rc == 0 && self->copy)
        rc = img__sink_write(self->copy, data, (size_t)got, err);
    return rc ? rc : got;
}

static void watched_free(struct source *source)
{
    img__source_free(((struct watched *)source)->next);
    free(source);
}

static const struct source_ops watched_ops = {.read = watched_read, .free = watched_free};

static int open_watched(struct load *load, const struct docker_layer *layer, struct item *item,
                        struct watched **out, img_error *err)
{
    struct watched *self = calloc(1, sizeof(*self));
    if (!self)
        return img__fail_memory(err);
    *self = (struct watched){.base = {&watched_ops}, .item = item};
    int rc = img__docker_layer_source(load->reader, layer, &self->next, err);
    if (rc) {
        free(self);
        return rc;
    }
    *out = self;
    return 0;
}

static int check_diff_id(const struct docker_layer *layer, const img_digest *found, img_error *err)
{
    if (img__digest_equal(&layer->diff_id, found))
        return 0;
    return img__fail(
        err, IMG_EDIGEST,
        "layer '%.300s' has the diffID %s, but the config says %s: the archive is damaged, "
        "or was put together wrongly",
        layer->path, found->text, layer->diff_id.text);
}

static const struct {
    enum compression compression;
    enum pack_layout layout;
    const char *media_type;
} kinds[] = {
    [IMG_COMPRESSION_GZIP] = {COMPRESSION_GZIP, PACK_PLAIN, MEDIA_OCI_LAYER_GZIP},
    [IMG_COMPRESSION_ZSTD] = {COMPRESSION_ZSTD, PACK_PLAIN, MEDIA_OCI_LAYER_ZSTD},
    [IMG_COMPRESSION_NONE] = {COMPRESSION_NONE, PACK_PLAIN, MEDIA_OCI_LAYER},
};

/* Takes source, a tar, over. */
static int compress(struct load *load, const struct docker_layer *layer, struct source *source,
                    img_descriptor *out, img_error *err)
{
    auto_(source) struct source *owned = source;
    auto_(sink) struct sink *blob = NULL;
    auto_(pack) struct pack *pack = NULL;
    const struct pack_options options = {
        .compression = kinds[load->options->compression].compression,
        .level = load->options->level,
        .threads = load->options->threads,
    };
    struct pack_result result;
    int rc = img__store_ingest(load->store, &out->digest, &out->size_bytes, &blob, err);
    if (rc == 0)
        rc = img__pack_new(&options, steal(blob), &pack, err);
    if (rc == 0)
        rc = img__io_copy(owned, img__pack_verbatim(pack), err);
    if (rc == 0)
        rc = img__pack_end(pack, &result, err);
    if (rc == 0)
        rc = check_diff_id(layer, &result.diff_id, err);
    snprintf(out->media_type, sizeof(out->media_type), "%s",
             kinds[load->options->compression].media_type);
    return rc;
}

/* The blob as it is; its tar is looked at beside. Takes source over. */
static int keep(struct load *load, const struct docker_layer *layer, struct watched *source,
                img_descriptor *out, img_error *err)
{
    auto_(source) struct source *owned = &source->base;
    auto_(source) struct source *tar = NULL;
    auto_(sink) struct sink *blob = NULL;
    auto_(sink) struct sink *digest = NULL;
    img_digest diff_id;
    uint64_t tar_bytes;
    bool gzip = layer->compression == DOCKER_GZIP;
    int rc = img__store_ingest(load->store, &out->digest, &out->size_bytes, &blob, err);
    if (rc == 0)
        rc = img__sink_digest(&diff_id, &tar_bytes, NULL, &digest, err);
    if (rc)
        return rc;
    source->copy = blob;
    rc = img__source_decompress(gzip ? COMPRESSION_GZIP : COMPRESSION_ZSTD, layer->path,
                                steal(owned), &tar, err);
    if (rc == 0)
        rc = img__io_copy(tar, digest, err);
    if (rc == 0)
        rc = img__sink_close(digest, err);
    if (rc == 0)
        rc = check_diff_id(layer, &diff_id, err);
    snprintf(out->media_type, sizeof(out->media_type), "%s",
             gzip ? MEDIA_OCI_LAYER_GZIP : MEDIA_OCI_LAYER_ZSTD);
    return rc ? rc : img__sink_close(blob, err);
}

static int make_layer(struct load *load, const struct docker_layer *layer, const char *what,
                      img_descriptor *out, img_error *err)
{
    struct item item;
    struct watched *source = NULL;
    struct source *tar = NULL;
    int rc = img__item_start(&item, load->observer, what, "", layer->size_bytes, err);
    if (rc == 0)
        rc = open_watched(load, layer, &item, &source, err);
    if (rc)
        return rc;
    switch (layer->compression) {
    case DOCKER_GZIP:
    case DOCKER_ZSTD:
        rc = keep(load, layer, source, out, err);
        break;
    case DOCKER_BZIP2:
    case DOCKER_XZ:
        rc = img__import_decompress(layer->path, &source->base, &tar, err);
        if (rc == 0)
            rc = compress(load, layer, tar, out, err);
        break;
    default:
        rc = compress(load, layer, &source->base, out, err);
        break;
    }
    item.event.digest = out->digest.text;
    return rc ? rc : img__item_end(&item, IMG_EVENT_DONE, NULL, err);
}

static int load_layer(struct load *load, const struct docker_layer *layer, const char *what,
                      img_descriptor *out, img_error *err)
{
    const struct load_made *made = img__load_made_find(load->made, layer->path);
    memset(out, 0, sizeof(*out));
    if (made) {
        *out = made->descriptor;
        return check_diff_id(layer, &made->diff_id, err);
    }
    int rc = make_layer(load, layer, what, out, err);
    return rc ? rc : img__load_made_add(&load->made, layer, out, err);
}

/* ---- the image ---- */

static int put_documents(struct load *load, const struct docker_image *image,
                         const img_descriptor *layers, img_descriptor *out, img_error *err)
{
    auto_(document) struct document manifest = DOCUMENT_INIT;
    struct item item;
    int rc = img__manifest_make(&image->config.descriptor, layers, NULL, image->layer_count, NULL,
                                &manifest, err);
    if (rc == 0)
        rc = img__item_start(&item, load->observer, "manifest", manifest.descriptor.digest.text,
                             manifest.len, err);
    if (rc == 0)
        rc = img__store_put_document(load->store, &image->config, err);
    if (rc == 0)
        rc = img__store_put_document(load->store, &manifest, err);
    if (rc)
        return rc;
    *out = manifest.descriptor;
    return img__item_end(&item, IMG_EVENT_DONE, NULL, err);
}

int img__load_docker(struct load *load, size_t index, img_descriptor *out, img_error *err)
{
    auto_(docker_image) struct docker_image image = DOCKER_IMAGE_INIT;
    char what[48];
    int rc = img__docker_image_open(load->reader, index, &image, err);
    if (rc)
        return rc;
    auto_free img_descriptor *layers =
        calloc(image.layer_count ? image.layer_count : 1, sizeof(*layers));
    if (!layers)
        return img__fail_memory(err);
    for (size_t i = 0; rc == 0 && i < image.layer_count; i++) {
        snprintf(what, sizeof(what), "layer %zu/%zu", i + 1, image.layer_count);
        rc = load_layer(load, &image.layers[i], what, &layers[i], err);
    }
    return rc ? rc : put_documents(load, &image, layers, out, err);
}
