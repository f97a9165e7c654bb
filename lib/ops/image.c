/* SPDX-License-Identifier: Apache-2.0
 *
 * An image of a store, read once and whole when it is opened: what was named, the manifest, the
 * config. They were verified on the way out of the store; here they are checked against each other
 * (layers.md M2).
 */
#include "ops/image.h"

#include <string.h>

#include "core/config.h"
#include "core/manifest.h"
#include "ops/client.h"
#include "ops/select.h"
#include "store/store.h"

static const char *const list_names[] = {"entrypoint", "cmd",    "env",       "label",
                                         "expose",     "volume", "annotation"};
#define LIST_COUNT (sizeof(list_names) / sizeof(list_names[0]))
#define LIST_ANNOTATION (LIST_COUNT - 1)

struct img_image {
    struct document target;
    struct document document; /* the manifest's; empty if target is the manifest */
    struct document config_document;
    struct manifest manifest;
    struct config config;
    struct strv lists[LIST_COUNT];
    struct image_view view;
};

void img_image_free(img_image *image)
{
    if (!image)
        return;
    img__document_free(&image->target);
    img__document_free(&image->document);
    img__document_free(&image->config_document);
    img__manifest_free(&image->manifest);
    img__config_free(&image->config);
    for (size_t i = 0; i < LIST_COUNT; i++)
        img__strv_free(&image->lists[i]);
    img__view_free(image->view.view);
    free(image);
}

IMG_AUTO_POINTER(image, img_image, img_image_free)

static const struct document *manifest_document(const img_image *image)
{
    return image->document.bytes ? &image->document : &image->target;
}

/* Reads the manifest, if the target is another document. */
static int read_manifest(img_image *image, struct endpoint *place, const img_platform *platform,
                         img_error *err)
{
    if (img__media_kind(image->target.descriptor.media_type) != MEDIA_INDEX)
        return 0;
    auto_(document) struct document chosen = DOCUMENT_INIT;
    int rc = place->ops->get_document(place, &image->target.descriptor, &chosen, err);
    if (rc == 0)
        rc = img__select_manifest(place, NULL, platform, &chosen, err);
    if (rc)
        return rc;
    image->document = chosen;
    chosen = (struct document)DOCUMENT_INIT;
    return 0;
}

static int check_counts(const img_image *image, img_error *err)
{
    if (image->config.diff_id_count == image->manifest.layer_count)
        return 0;
    return img__fail(err, IMG_EFORMAT, "%s has %zu layers, but its config lists %zu diffIDs",
                     manifest_document(image)->descriptor.digest.text, image->manifest.layer_count,
                     image->config.diff_id_count);
}

static int read_config(img_image *image, img_store *store, img_error *err)
{
    const struct document *document = manifest_document(image);
    int rc = img__manifest_parse(document, &image->manifest, err);
    if (rc)
        return rc;
    if (img__media_kind(image->manifest.config.media_type) != MEDIA_CONFIG)
        return img__fail(err, IMG_EUNSUPPORTED,
                         "%s is an artifact with a config of type %s, no image",
                         document->descriptor.digest.text, image->manifest.config.media_type);
    rc = img__store_get_document(store, &image->manifest.config, CONFIG_READ_MAX,
                                 &image->config_document, err);
    if (rc)
        return rc;
    char name[64];
    img__descriptor_name(&image->manifest.config, name, sizeof(name));
    rc = img__config_parse(name, image->config_document.bytes, image->config_document.len,
                           &image->config, err);
    return rc ? rc : check_counts(image, err);
}

static int read_lists(img_image *image, img_error *err)
{
    for (size_t i = 0; i < LIST_ANNOTATION; i++) {
        int rc = img__config_list(&image->config, list_names[i], &image->lists[i], err);
        if (rc)
            return rc;
    }
    return img__strv_add_list(&image->lists[LIST_ANNOTATION],
                              img__strv_list(&image->manifest.annotations), err);
}

/* What to open: by name, or else by descriptor. */
struct wanted {
    const char *reference;
    const img_descriptor *target;
    const img_platform *platform;
};

static int read_image(img_image *image, img_store *store, const struct wanted *wanted,
                      img_error *err)
{
    auto_(endpoint) struct endpoint *place = NULL;
    img_platform host;
    img_platform_host(&host);
    int rc = img__store_endpoint(store, wanted->reference, &place, err);
    if (rc == 0)
        rc = wanted->reference
                 ? place->ops->resolve(place, &image->target, err)
                 : place->ops->get_document(place, wanted->target, &image->target, err);
    if (rc == 0)
        rc = read_manifest(image, place, wanted->platform ? wanted->platform : &host, err);
    if (rc == 0)
        rc = read_config(image, store, err);
    return rc ? rc : read_lists(image, err);
}

static int open_image(img_store *store, const struct wanted *wanted, img_image **out,
                      img_error *err)
{
    auto_(image) img_image *image = calloc(1, sizeof(*image));
    if (!image)
        return img__fail_memory(err);
    int rc = read_image(image, store, wanted, err);
    if (rc)
        return rc;
    *out = steal(image);
    return 0;
}

int img_image_open(img_store *store, const char *reference, const img_platform *platform,
                   img_image **out, img_error *err)
{
    struct wanted wanted = {.reference = reference, .platform = platform};
    if (!reference)
        return img__fail(err, IMG_EINVAL, "the reference of the image is missing");
    return open_image(store, &wanted, out, err);
}

int img_image_open_descriptor(img_store *store, const img_descriptor *target,
                              const img_platform *platform, img_image **out, img_error *err)
{
    struct wanted wanted = {.target = target, .platform = platform};
    return open_image(store, &wanted, out, err);
}

static const char *bytes_of(const struct document *document, size_t *len)
{
    if (len)
        *len = document->len;
    return document->bytes;
}

const img_descriptor *img_image_target(const img_image *image)
{
    return &image->target.descriptor;
}

const char *img_image_target_bytes(const img_image *image, size_t *len)
{
    return bytes_of(&image->target, len);
}

const img_descriptor *img_image_manifest(const img_image *image)
{
    return &manifest_document(image)->descriptor;
}

const char *img_image_manifest_bytes(const img_image *image, size_t *len)
{
    return bytes_of(manifest_document(image), len);
}

const img_descriptor *img_image_config(const img_image *image)
{
    return &image->manifest.config;
}

const char *img_image_config_bytes(const img_image *image, size_t *len)
{
    return bytes_of(&image->config_document, len);
}

size_t img_image_layer_count(const img_image *image)
{
    return image->manifest.layer_count;
}

const img_descriptor *img_image_layer(const img_image *image, size_t index)
{
    return index < image->manifest.layer_count ? &image->manifest.layers[index] : NULL;
}

int img__image_layer_annotations(const img_image *image, struct strv *lists, img_error *err)
{
    for (size_t i = 0; i < image->manifest.layer_count; i++) {
        int rc = img__manifest_layer_annotations(&image->manifest, i, &lists[i], err);
        if (rc == 0)
            continue;
        while (i-- > 0)
            img__strv_free(&lists[i]);
        return rc;
    }
    return 0;
}

const img_digest *img_image_diff_id(const img_image *image, size_t index)
{
    return index < image->config.diff_id_count ? &image->config.diff_ids[index] : NULL;
}

const img_platform *img_image_platform(const img_image *image)
{
    return &image->config.platform;
}

const char *img_image_field(const img_image *image, const char *field)
{
    return img__config_field(&image->config, field);
}

const char *const *img_image_list(const img_image *image, const char *list)
{
    for (size_t i = 0; i < LIST_COUNT; i++)
        if (strcmp(list, list_names[i]) == 0)
            return img__strv_list(&image->lists[i]);
    return NULL;
}

struct image_view *img__image_view(img_image *image)
{
    return &image->view;
}
