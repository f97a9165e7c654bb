/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening what is to be edited: the top document and, for each image that is meant, its manifest
 * and config. Which entries of an index are images is told by their platform, as those are that a
 * runtime would start; what has none is looked into.
 */
#include "ops/edit.h"

#include <string.h>

#include "base/options.h"
#include "ops/client.h"
#include "ops/select.h"

#define IMAGES_MAX 256u
#define PLATFORMS_MAX 1000u
#define CONFIGS_BYTES_MAX ((uint64_t)64 << 20)

_Static_assert(sizeof(img_edit_options) == offsetof(img_edit_options, on_log_arg) + sizeof(void *),
               "no tail padding: a new field could hide in it");

IMG_AUTO_POINTER(edit, img_edit, img_edit_free)

void img__edit_image_free(struct edit_image *image)
{
    img__document_free(&image->document);
    img__document_free(&image->config_document);
    img__document_free(&image->new_document);
    img__document_free(&image->new_config_document);
    img__manifest_free(&image->manifest);
    img__config_free(&image->config);
}

void img_edit_free(img_edit *edit)
{
    if (!edit)
        return;
    for (size_t i = 0; i < edit->image_count; i++)
        img__edit_image_free(&edit->images[i]);
    for (size_t i = 0; i < edit->base_count; i++) {
        img__copy_place_free(edit->bases[i]);
        free(edit->bases[i]);
    }
    free(edit->images);
    free(edit->bases);
    free(edit->blobs);
    img__document_free(&edit->top);
    img__document_free(&edit->new_top);
    img__index_free(&edit->index);
    img__endpoint_free(edit->store_place);
    img__endpoint_free(edit->held);
    img__copy_place_free(&edit->from);
    img__lease_free(edit->lease);
    img_store_free(edit->own_store);
    free(edit->platforms);
    free(edit->source);
    free(edit);
}

/* ---- one image ---- */

uint64_t img__edit_config_limit(const img_edit *edit)
{
    return edit->client ? edit->client->options.config_limit_bytes : CONFIG_READ_MAX;
}

static int check_config(img_edit *edit, const struct edit_image *image, img_error *err)
{
    const img_descriptor *config = &image->manifest.config;
    const char *name = image->document.descriptor.digest.text;
    if (img__media_kind(config->media_type) != MEDIA_CONFIG)
        return img__fail(err, IMG_EUNSUPPORTED,
                         "%s is an artifact with a config of type %s, no image", name,
                         config->media_type);
    if (config->size_bytes > img__edit_config_limit(edit))
        return img__fail(err, IMG_ELIMIT, "%s: its config has more than the limit of %llu bytes",
                         name, (unsigned long long)img__edit_config_limit(edit));
    if (config->size_bytes > CONFIGS_BYTES_MAX - edit->config_bytes)
        return img__fail(err, IMG_ELIMIT, "the configs are larger than %llu bytes",
                         (unsigned long long)CONFIGS_BYTES_MAX);
    edit->config_bytes += config->size_bytes;
    return 0;
}

static int check_counts(const struct edit_image *image, img_error *err)
{
    if (image->config.diff_id_count == image->manifest.layer_count)
        return 0;
    return img__fail(err, IMG_EFORMAT, "%s has %zu layers, but its config lists %zu diffIDs",
                     image->document.descriptor.digest.text, image->manifest.layer_count,
                     image->config.diff_id_count);
}

int img__edit_read_image(img_edit *edit, struct endpoint *place, struct document *document,
                         struct edit_image *out, img_error *err)
{
    char name[64];
    out->document = *document;
    int rc = img__manifest_parse(&out->document, &out->manifest, err);
    if (rc == 0)
        rc = check_config(edit, out, err);
    if (rc == 0)
        rc = img__held_bring(edit->held, place, &out->manifest.config, &edit->observer,
                             &out->config_document, err);
    img__descriptor_name(&out->manifest.config, name, sizeof(name));
    if (rc == 0)
        rc = img__config_parse(name, out->config_document.bytes, out->config_document.len,
                               &out->config, err);
    if (rc == 0)
        rc = check_counts(out, err);
    if (rc == 0) {
        *document = (struct document)DOCUMENT_INIT;
        return 0;
    }
    out->document = (struct document)DOCUMENT_INIT;
    img__edit_image_free(out);
    *out = (struct edit_image){0};
    return rc;
}

/* Room for one more, all empty. */
static struct edit_image *new_image(img_edit *edit, img_error *err)
{
    if (edit->image_count >= IMAGES_MAX) {
        img__fail(err, IMG_ELIMIT, "more than %u images at once: choose some by their platform",
                  IMAGES_MAX);
        return NULL;
    }
    struct edit_image *grown =
        reallocarray(edit->images, edit->image_count + 1, sizeof(*edit->images));
    if (!grown) {
        img__fail_memory(err);
        return NULL;
    }
    edit->images = grown;
    grown[edit->image_count] = (struct edit_image){0};
    return &grown[edit->image_count];
}

static int code_of(const img_error *err)
{
    return err->code;
}

/* Takes document over, unless it fails. */
static int add_image(img_edit *edit, struct document *document, size_t entry, img_error *err)
{
    img_error local;
    struct edit_image *image = new_image(edit, &local);
    int rc = image ? img__edit_read_image(edit, edit->from.endpoint, document, image, &local)
                   : code_of(&local);
    if (rc) {
        if (err)
            *err = local;
        return rc;
    }
    image->entry = entry;
    edit->image_count++;
    return 0;
}

/* ---- an index ---- */

/* Is an entry meant, by what it says itself? */
static int check_entry(const img_edit *edit, size_t number, const bool *chosen, bool *meant,
                       img_error *err)
{
    const img_descriptor *entry = &edit->index.entries[number];
    const struct json *json = img__json_at(img__json_get(edit->index.json, "manifests"), number);
    enum media_kind kind = img__media_kind(entry->media_type);
    *meant = chosen ? chosen[number]
                    : strcmp(entry->platform.os, "unknown") != 0 && !img__index_attached_to(json);
    if (*meant && kind == MEDIA_INDEX)
        return img__fail(err, IMG_EUNSUPPORTED,
                         "%s, an index within the index, can't be edited there: open it by its "
                         "digest",
                         entry->digest.text);
    *meant = *meant && kind == MEDIA_MANIFEST;
    return 0;
}

/* What has no platform may be anything: it stays unless it turns out to be an image. */
static bool is_image(const struct document *document)
{
    auto_(manifest) struct manifest manifest = MANIFEST_INIT;
    return img__manifest_parse(document, &manifest, NULL) == 0 &&
           img__media_kind(manifest.config.media_type) == MEDIA_CONFIG;
}

static int add_entry(img_edit *edit, size_t number, img_error *err)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    const img_descriptor *entry = &edit->index.entries[number];
    struct endpoint *from = edit->from.endpoint;
    int rc = from->ops->get_document(from, entry, &document, err);
    if (rc || (!entry->platform.os[0] && !is_image(&document)))
        return rc;
    return add_image(edit, &document, number, err);
}

static int read_index(img_edit *edit, img_error *err)
{
    const img_edit_options *options = &edit->options;
    auto_free bool *chosen = NULL;
    int rc = img__index_parse(&edit->top, &edit->index, err);
    if (rc == 0 && options->platform_count)
        rc = img__select_entries(&edit->index, options->platforms, options->platform_count, &chosen,
                                 err);
    for (size_t i = 0; rc == 0 && i < edit->index.entry_count; i++) {
        bool meant;
        rc = check_entry(edit, i, chosen, &meant, err);
        if (rc == 0 && meant)
            rc = add_entry(edit, i, err);
    }
    if (rc == 0 && edit->image_count == 0)
        return img__fail(err, IMG_EUNSUPPORTED, "the index holds no image");
    return rc;
}

/* ---- opening ---- */

static int check_options(img_edit *edit, img_error *err)
{
    const img_edit_options *options = &edit->options;
    size_t count = options->platform_count;
    if (options->reserved)
        return img__fail(err, IMG_EINVAL, "img_edit_options.reserved is not 0");
    if (count > PLATFORMS_MAX || (count && !options->platforms))
        return img__fail(err, IMG_EINVAL, "platform_count is %zu: too many, or without platforms",
                         count);
    edit->platforms = calloc(count + 1, sizeof(*edit->platforms));
    if (!edit->platforms)
        return img__fail_memory(err);
    if (count)
        memcpy(edit->platforms, options->platforms, count * sizeof(*edit->platforms));
    edit->options.platforms = edit->platforms;
    return 0;
}

static int begin(img_edit *edit, const char *source, const img_edit_options *options,
                 img_error *err)
{
    edit->options = (img_edit_options)IMG_EDIT_OPTIONS_INIT;
    int rc =
        img__options_copy(&edit->options, sizeof(edit->options), options, "img_edit_options", err);
    if (rc == 0)
        rc = check_options(edit, err);
    if (rc)
        return rc;
    const img_edit_options *own = &edit->options;
    edit->observer =
        (struct observer){own->on_event, own->on_event_arg, own->on_log, own->on_log_arg, 0};
    edit->source = strdup(source);
    if (!edit->source)
        return img__fail_memory(err);
    rc = img__held_new(&edit->held, err);
    if (rc == 0)
        rc = img__copy_place_from(source, edit->client, own->store, &edit->from, err);
    return rc;
}

static int check_platform(const img_edit *edit, img_error *err)
{
    const img_edit_options *options = &edit->options;
    for (size_t i = 0; i < options->platform_count; i++) {
        int rc = img__select_check(&options->platforms[i], &edit->images[0].config.platform, err);
        if (rc)
            return rc;
    }
    return 0;
}

static int read_top(img_edit *edit, img_error *err)
{
    auto_(document) struct document copy = DOCUMENT_INIT;
    struct endpoint *from = edit->from.endpoint;
    int rc = from->ops->resolve(from, &edit->top, err);
    if (rc)
        return rc;
    if (img__media_kind(edit->top.descriptor.media_type) == MEDIA_INDEX)
        return read_index(edit, err);
    rc = img__document_copy(&edit->top, &copy, err);
    if (rc == 0)
        rc = add_image(edit, &copy, 0, err);
    return rc ? rc : check_platform(edit, err);
}

int img_edit_open(img_client *client, const char *source, const img_edit_options *options,
                  img_edit **out, img_error *err)
{
    auto_(edit) img_edit *edit = calloc(1, sizeof(*edit));
    if (!edit)
        return img__fail_memory(err);
    edit->client = client;
    int rc = begin(edit, source, options, err);
    if (rc == 0)
        rc = read_top(edit, err);
    if (rc)
        return img__prefix(err, rc, "edit %s", source);
    *out = steal(edit);
    return 0;
}

size_t img_edit_count(const img_edit *edit)
{
    return edit->image_count;
}

const img_platform *img_edit_platform(const img_edit *edit, size_t index)
{
    return index < edit->image_count ? &edit->images[index].config.platform : NULL;
}
