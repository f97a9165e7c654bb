/* SPDX-License-Identifier: Apache-2.0
 *
 * A manifest of somebody else's making is changed in its parsed JSON, so that keys keep their order
 * and what libimg does not know stays.
 */
#include "core/manifest_edit.h"

#include <stdio.h>
#include <string.h>

#include "core/setting.h"

int img__descriptor_repoint(struct json *descriptor, const img_descriptor *target, img_error *err)
{
    bool ok = img__json_set(descriptor, "mediaType", img__json_string(target->media_type)) &&
              img__json_set(descriptor, "digest", img__json_string(target->digest.text)) &&
              img__json_set(descriptor, "size", img__json_size(target->size_bytes));
    img__json_unset(descriptor, "data");
    return ok ? 0 : img__fail_memory(err);
}

static bool put_text(struct json *object, const char *key, const char *text)
{
    if (*text)
        return img__json_set(object, key, img__json_string(text));
    img__json_unset(object, key);
    return true;
}

int img__descriptor_set_platform(struct json *descriptor, const img_platform *platform,
                                 img_error *err)
{
    struct json *json = img__json_open(descriptor, "platform", JSON_OBJECT);
    bool ok = json && put_text(json, "architecture", platform->architecture) &&
              put_text(json, "os", platform->os) &&
              put_text(json, "os.version", platform->os_version) &&
              put_text(json, "variant", platform->variant);
    return ok ? 0 : img__fail_memory(err);
}

int img__manifest_set_config(struct manifest *manifest, const img_descriptor *config,
                             img_error *err)
{
    struct json *descriptor = img__json_open(manifest->json, "config", JSON_OBJECT);
    if (!descriptor)
        return img__fail_memory(err);
    const char *type = img__json_text(img__json_get(descriptor, "mediaType"));
    img_descriptor target = *config;
    snprintf(target.media_type, sizeof(target.media_type), "%s", type ? type : config->media_type);
    return img__descriptor_repoint(descriptor, &target, err);
}

/* ---- layers ---- */

int img__manifest_add_layer(struct manifest *manifest, const img_descriptor *layer,
                            const struct strv *annotations, img_error *err)
{
    struct json *layers = img__json_open(manifest->json, "layers", JSON_ARRAY);
    if (img__json_count(layers) >= MANIFEST_LAYERS_MAX)
        return img__fail(err, IMG_ELIMIT, "an image can't have more than %u layers",
                         MANIFEST_LAYERS_MAX);
    struct json *made = img__descriptor_json(layer, img__strv_list(annotations));
    return img__json_append(layers, made) ? 0 : img__fail_memory(err);
}

/* Those of list from the index on. */
static bool append_from(struct json *to, const struct json *list, size_t index)
{
    bool ok = to != NULL;
    for (size_t count = img__json_count(list); ok && index < count; index++)
        ok = img__json_append(to, img__json_copy(img__json_at(list, index)));
    return ok;
}

int img__manifest_replace_layers(struct manifest *manifest, size_t count,
                                 const struct manifest *base, img_error *err)
{
    const struct json *old = img__json_get(manifest->json, "layers");
    auto_(json) struct json *made = img__json_array();
    if (base && !append_from(made, img__json_get(base->json, "layers"), 0))
        return img__fail_memory(err);
    if (!append_from(made, old, count))
        return img__fail_memory(err);
    if (img__json_count(made) > MANIFEST_LAYERS_MAX)
        return img__fail(err, IMG_ELIMIT, "an image can't have more than %u layers",
                         MANIFEST_LAYERS_MAX);
    return img__json_set(manifest->json, "layers", steal(made)) ? 0 : img__fail_memory(err);
}

/* ---- annotations ---- */

int img__annotation_set(struct json *document, const char *key, const char *value, img_error *err)
{
    struct json *map = img__json_open(document, "annotations", JSON_OBJECT);
    bool ok = map && img__json_set(map, key, img__json_string(value)) && img__json_sort(map);
    return ok ? 0 : img__fail_memory(err);
}

int img__annotation_put(struct json *document, const char *pair, img_error *err)
{
    int rc = img__setting_check_pair("annotation", pair, err);
    if (rc)
        return rc;
    size_t len = strcspn(pair, "=");
    auto_free char *key = strndup(pair, len);
    return key ? img__annotation_set(document, key, pair + len + 1, err) : img__fail_memory(err);
}

const char *img__annotation_get(const struct json *document, const char *key)
{
    const struct json *map = img__json_get(document, "annotations");
    return map ? img__json_text(img__json_get(map, key)) : NULL;
}

void img__annotation_unset(struct json *document, const char *key, bool *was)
{
    *was = key ? img__annotation_get(document, key) != NULL
               : img__json_get(document, "annotations") != NULL;
    if (!*was)
        return;
    struct json *map = img__json_open(document, "annotations", JSON_OBJECT);
    if (key)
        img__json_unset(map, key);
    if (!key || img__json_count(map) == 0)
        img__json_unset(document, "annotations");
}

/* ---- types ---- */

static bool oci_type(struct json *object)
{
    const char *type = img__json_text(img__json_get(object, "mediaType"));
    const char *oci = type ? img__media_to_oci(type) : NULL;
    return !oci || oci == type || img__json_set(object, "mediaType", img__json_string(oci));
}

int img__manifest_to_oci(struct manifest *manifest, img_error *err)
{
    struct json *layers = img__json_open(manifest->json, "layers", JSON_ARRAY);
    struct json *config = img__json_open(manifest->json, "config", JSON_OBJECT);
    bool ok = layers && config && oci_type(manifest->json) && oci_type(config);
    for (size_t i = 0, count = img__json_count(layers); ok && i < count; i++)
        ok = oci_type(img__json_open_at(layers, i, JSON_OBJECT));
    return ok ? 0 : img__fail_memory(err);
}
