/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers of an edit: bringing those that are there to the store, making new ones upon them by a
 * build, and taking over what the build has made.
 */
#include "ops/edit_layers.h"

#include <stdio.h>
#include <string.h>

#include "base/options.h"
#include "core/digest.h"
#include "ops/build.h"
#include "ops/client.h"

/* ---- the store ---- */

int img__edit_store(img_edit *edit, img_store **out, img_error *err)
{
    img_store_options options = IMG_STORE_OPTIONS_INIT;
    int rc = 0;
    if (!edit->options.store && !edit->own_store)
        rc = img_store_open(&options, &edit->own_store, err);
    *out = edit->options.store ? edit->options.store : edit->own_store;
    if (rc == 0 && !edit->lease)
        rc = img__lease_take(*out, &edit->lease, err);
    if (rc == 0 && !edit->store_place)
        rc = img__store_endpoint(*out, NULL, &edit->store_place, err);
    return rc;
}

int img__edit_add_blob(img_edit *edit, const img_digest *digest, struct copy_place *place,
                       img_error *err)
{
    for (size_t i = 0; i < edit->blob_count; i++)
        if (img__digest_equal(&edit->blobs[i].digest, digest))
            return 0;
    struct edit_blob *grown = reallocarray(edit->blobs, edit->blob_count + 1, sizeof(*edit->blobs));
    if (!grown)
        return img__fail_memory(err);
    edit->blobs = grown;
    grown[edit->blob_count++] = (struct edit_blob){*digest, place};
    return 0;
}

int img__edit_layer_list(const struct edit_image *image, img_descriptor **out, size_t *count,
                         img_error *err)
{
    return img__descriptor_parse_list(image->manifest.json, "the manifest", "layers",
                                      MANIFEST_LAYERS_MAX, out, count, err);
}

int img__edit_bring_layers(img_edit *edit, struct edit_image *image, img_error *err)
{
    auto_free img_descriptor *layers = NULL;
    size_t count = 0;
    img_store *store;
    int rc = img__edit_store(edit, &store, err);
    if (rc == 0)
        rc = img__edit_layer_list(image, &layers, &count, err);
    if (rc)
        return rc;
    auto_free struct copy_extra *extras = calloc(edit->blob_count + 1, sizeof(*extras));
    if (!extras)
        return img__fail_memory(err);
    for (size_t i = 0; i < edit->blob_count; i++) {
        struct copy_place *place = edit->blobs[i].place;
        extras[i].digest = edit->blobs[i].digest;
        extras[i].place = place ? place->endpoint : edit->store_place;
    }
    struct supply supply;
    const struct copy copy = {.from = edit->from.endpoint,
                              .to = edit->store_place,
                              .extras = extras,
                              .extra_count = edit->blob_count,
                              .supply = img__client_supply(edit->client, &supply),
                              .observer = &edit->observer};
    return img__copy_layers(&copy, layers, count, err);
}

/* ---- what a build has made ---- */

/* Docker's manifests have their own types, and no annotations. */
static int add_layer(img_edit *edit, struct edit_image *image, const img_descriptor *layer,
                     const struct strv *annotations, img_error *err)
{
    img_descriptor own = *layer;
    int rc = annotations->count ? img__edit_annotate(edit, image, err) : 0;
    const char *type = image->document.descriptor.media_type;
    if (!image->oci && strcmp(img__media_to_oci(type), type) != 0)
        snprintf(own.media_type, sizeof(own.media_type), "%s",
                 img__media_to_docker(layer->media_type));
    if (rc == 0)
        rc = img__manifest_add_layer(&image->manifest, &own, annotations, err);
    return rc ? rc : img__edit_add_blob(edit, &layer->digest, NULL, err);
}

int img__edit_take_layer(img_edit *edit, struct edit_image *image, const img_build *build,
                         size_t number, img_error *err)
{
    return add_layer(edit, image, &build->layers[number], &build->layer_annotations[number], err);
}

/* The row of history of one of the newest layers. */
static const struct json *row_of(const img_build *build, size_t number)
{
    const struct json *rows = img__json_get(build->config.json, "history");
    size_t behind = build->layer_count - number;
    return img__json_at(rows, img__json_count(rows) - behind);
}

static int take_layers(img_edit *edit, struct edit_image *image, img_build *build, size_t first,
                       img_error *err)
{
    char text[BUILD_TIME_SIZE];
    int rc = 0;
    for (size_t i = first; rc == 0 && i < build->layer_count; i++) {
        const struct json *row = row_of(build, i);
        rc = img__config_add_layer(&image->config, &build->config.diff_ids[i],
                                   img__json_text(img__json_get(row, "created")),
                                   img__json_text(img__json_get(row, "created_by")), err);
        if (rc == 0)
            rc = img__edit_take_layer(edit, image, build, i, err);
    }
    if (rc || first == build->layer_count)
        return rc;
    return img__config_set(&image->config, "created", img__build_time(build, BUILD_TIME_NONE, text),
                           err);
}

/* Are its layers for this image as it is by now? */
static int check_build(const img_edit *edit, size_t index, const img_build *build, img_error *err)
{
    const struct config *config = &edit->images[index].config;
    size_t base = build->base_count;
    if (build->edit != edit || build->edit_index != index)
        return img__fail(err, IMG_EINVAL, "the build was not begun upon image %zu of this edit",
                         index);
    bool same = base == 0 || base == config->diff_id_count;
    for (size_t i = 0; same && i < base; i++)
        same = img__digest_equal(&build->config.diff_ids[i], &config->diff_ids[i]);
    return same ? 0 : img__fail(err, IMG_EINVAL, "the image has got other layers in the meantime");
}

int img_edit_layers_end(img_edit *edit, size_t index, img_build *build, img_error *err)
{
    if (index >= edit->image_count)
        return img__fail(err, IMG_EINVAL, "there is no image %zu to put layers on", index);
    int rc = check_build(edit, index, build, err);
    if (rc)
        return rc;
    edit->made = false;
    build->edit = NULL;
    return take_layers(edit, &edit->images[index], build, build->base_count, err);
}

/* ---- a build upon an image ---- */

static int build_options(const struct edit_image *image, const img_build_options *options,
                         img_build_options *out, img_error *err)
{
    *out = (img_build_options)IMG_BUILD_OPTIONS_INIT;
    int rc = img__options_copy(out, sizeof(*out), options, "img_build_options", err);
    out->platform = image->config.platform;
    return rc;
}

/* As if it had begun with the image. */
static int take_base(img_build *build, const struct edit_image *image, img_error *err)
{
    auto_(config) struct config config = CONFIG_INIT;
    auto_(document) struct document text = DOCUMENT_INIT;
    auto_free img_descriptor *layers = NULL;
    size_t count = 0;
    int rc = img__document_from_json(MEDIA_OCI_CONFIG, image->config.json, &text, err);
    if (rc == 0)
        rc = img__config_parse("the config", text.bytes, text.len, &config, err);
    if (rc == 0)
        rc = img__edit_layer_list(image, &layers, &count, err);
    auto_free struct strv *annotations = calloc(count + 1, sizeof(*annotations));
    if (rc || !annotations)
        return rc ? rc : img__fail_memory(err);
    img__config_free(&build->config);
    build->config = config;
    config = (struct config)CONFIG_INIT;
    build->layers = steal(layers);
    build->layer_annotations = steal(annotations);
    build->layer_count = build->base_count = count;
    return 0;
}

/* All that counts of the settings is where relative paths begin. */
static int take_nothing(img_build *build, const struct edit_image *image, img_error *err)
{
    const char *workdir = img__config_field(&image->config, "workdir");
    return *workdir ? img__config_set(&build->config, "workdir", workdir, err) : 0;
}

IMG_AUTO_POINTER(build, img_build, img_build_free)

int img_edit_layers_begin(img_edit *edit, size_t index, uint32_t flags,
                          const img_build_options *options, img_build **out, img_error *err)
{
    auto_(build) img_build *build = NULL;
    img_build_options own;
    img_store *store;
    if (index >= edit->image_count || (flags & ~IMG_EDIT_BLIND))
        return img__fail(err, IMG_EINVAL, "there is no image %zu, or flags %#x are unknown", index,
                         flags);
    struct edit_image *image = &edit->images[index];
    int rc = build_options(image, options, &own, err);
    if (rc == 0)
        rc = img__edit_store(edit, &store, err);
    if (rc == 0)
        rc = img_build_new(store, &own, &build, err);
    if (rc == 0 && !(flags & IMG_EDIT_BLIND))
        rc = img__edit_bring_layers(edit, image, err);
    if (rc == 0)
        rc =
            flags & IMG_EDIT_BLIND ? take_nothing(build, image, err) : take_base(build, image, err);
    if (rc)
        return img__prefix(err, rc, "edit %s", edit->source);
    build->begun = true;
    build->edit = edit;
    build->edit_index = index;
    *out = steal(build);
    return 0;
}
