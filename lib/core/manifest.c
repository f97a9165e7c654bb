/* SPDX-License-Identifier: Apache-2.0
 *
 * Manifests: parsed strictly, OCI's and Docker's alike, and written as OCI's only, in the order of
 * image-spec's Go struct (layers.md M6, M9).
 */
#include "core/manifest.h"

#include <stdio.h>
#include <string.h>

#include "core/setting.h"

void img__manifest_free(struct manifest *manifest)
{
    free(manifest->layers);
    img__strv_free(&manifest->annotations);
    img__json_free(manifest->json);
    memset(manifest, 0, sizeof(*manifest));
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add_annotation(struct strv *out, const char *key, const char *value, img_error *err)
{
    size_t key_len = strlen(key), len = key_len + strlen(value) + 2;
    auto_free char *text = malloc(len);
    if (!text)
        return img__fail_memory(err);
    memcpy(text, key, key_len);
    text[key_len] = '=';
    memcpy(text + key_len + 1, value, len - key_len - 1);
    return img__strv_add(out, text, err);
}

int img__annotations_parse(const struct json *json, const char *what, struct strv *out,
                           img_error *err)
{
    const struct json *map = NULL, *value;
    const char *key;
    int rc = img__json_get_kind(json, what, "annotations", JSON_OBJECT, false, &map, err);
    if (!rc)
        rc = img__json_check_values(json, what, "annotations", JSON_STRING, err);
    for (void *at = NULL; !rc && img__json_next(map, &at, &key, &value);)
        rc = add_annotation(out, key, img__json_text(value), err);
    if (!rc && out->count)
        qsort(out->items, out->count, sizeof(char *), compare);
    return rc;
}

int img__manifest_layer_annotations(const struct manifest *manifest, size_t index, struct strv *out,
                                    img_error *err)
{
    auto_(strv) struct strv parsed = STRV_INIT;
    char name[64];
    img__descriptor_name(&manifest->layers[index], name, sizeof(name));
    const struct json *layer = img__json_at(img__json_get(manifest->json, "layers"), index);
    int rc = img__annotations_parse(layer, name, &parsed, err);
    if (rc)
        return rc;
    *out = parsed;
    parsed = (struct strv)STRV_INIT;
    return 0;
}

/* A descriptor that is a member. */
static int parse_member(const struct json *json, const char *what, const char *key, bool required,
                        img_descriptor *out, img_error *err)
{
    const struct json *member = NULL;
    char place[256];
    int rc = img__json_get_kind(json, what, key, JSON_OBJECT, required, &member, err);
    if (rc || !member)
        return rc;
    snprintf(place, sizeof(place), "%s: %s", what, key);
    return img__descriptor_parse(member, place, out, err);
}

int img__manifest_parse(const struct document *document, struct manifest *out, img_error *err)
{
    auto_(manifest) struct manifest parsed = MANIFEST_INIT;
    img_descriptor subject;
    char what[64];
    int rc = img__document_parse(document, MEDIA_MANIFEST, what, sizeof(what), &parsed.json, err);
    if (!rc)
        rc = parse_member(parsed.json, what, "config", true, &parsed.config, err);
    if (!rc)
        rc = img__descriptor_parse_list(parsed.json, what, "layers", MANIFEST_LAYERS_MAX,
                                        &parsed.layers, &parsed.layer_count, err);
    if (!rc)
        rc = parse_member(parsed.json, what, "subject", false, &subject, err);
    if (!rc)
        rc = img__annotations_parse(parsed.json, what, &parsed.annotations, err);
    if (rc)
        return rc;
    *out = parsed;
    parsed = (struct manifest)MANIFEST_INIT;
    return 0;
}

/* As OCI names its type, and without a platform, which is an index's matter. */
static struct json *member_json(const img_descriptor *descriptor, const struct strv *annotations)
{
    img_descriptor plain = *descriptor;
    memset(&plain.platform, 0, sizeof(plain.platform));
    snprintf(plain.media_type, sizeof(plain.media_type), "%s",
             img__media_to_oci(descriptor->media_type));
    return img__descriptor_json(&plain, annotations ? img__strv_list(annotations) : NULL);
}

static struct json *layers_json(const img_descriptor *layers, const struct strv *annotations,
                                size_t count)
{
    auto_(json) struct json *list = img__json_array();
    for (size_t i = 0; list && i < count; i++)
        if (!img__json_append(list, member_json(&layers[i], annotations ? &annotations[i] : NULL)))
            return NULL;
    return steal(list);
}

static struct json *annotations_json(const char *const *annotations)
{
    auto_(json) struct json *map = img__descriptor_annotations_json(annotations);
    return map && img__json_sort(map) ? steal(map) : NULL;
}

static int check_annotations(const char *const *annotations, img_error *err)
{
    for (; annotations && *annotations; annotations++) {
        int rc = img__setting_check_pair("annotation", *annotations, err);
        if (rc)
            return rc;
    }
    return 0;
}

int img__manifest_make(const img_descriptor *config, const img_descriptor *layers,
                       const struct strv *layer_annotations, size_t layer_count,
                       const char *const *annotations, struct document *out, img_error *err)
{
    auto_(json) struct json *json = img__json_object();
    int rc = check_annotations(annotations, err);
    if (rc)
        return rc;
    if (layer_count > MANIFEST_LAYERS_MAX)
        return img__fail(err, IMG_ELIMIT, "an image of %zu layers: more than %u are not read again",
                         layer_count, MANIFEST_LAYERS_MAX);

    bool ok = json && img__json_set(json, "schemaVersion", img__json_size(2)) &&
              img__json_set(json, "mediaType", img__json_string(MEDIA_OCI_MANIFEST)) &&
              img__json_set(json, "config", member_json(config, NULL)) &&
              img__json_set(json, "layers", layers_json(layers, layer_annotations, layer_count));
    if (ok && annotations && *annotations)
        ok = img__json_set(json, "annotations", annotations_json(annotations));
    if (!ok)
        return img__fail_memory(err);
    return img__document_from_json(MEDIA_OCI_MANIFEST, json, out, err);
}
