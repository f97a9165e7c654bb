/* SPDX-License-Identifier: Apache-2.0
 *
 * Indexes that libimg writes: keys in the order of image-spec's Go structs. What another index said
 * of an entry is kept as it was, but for what is set here.
 */
#include "core/index_make.h"

#include <string.h>

#include "core/index.h"
#include "core/setting.h"

static const char *const entry_keys[] = {"mediaType",   "digest",       "size",     "urls", "data",
                                         "annotations", "artifactType", "platform", NULL};

static bool is_docker(const struct index_entry *entry)
{
    const char *type = img__media_canonical(entry->descriptor.media_type);
    return (strcmp(type, MEDIA_DOCKER_MANIFEST) == 0 || strcmp(type, MEDIA_DOCKER_INDEX) == 0) &&
           !entry->annotations;
}

static int check_pairs(const char *const *pairs, img_error *err)
{
    int rc = 0;
    for (; rc == 0 && pairs && *pairs; pairs++)
        rc = img__setting_check_pair("annotation", *pairs, err);
    return rc;
}

static struct json *copy_json(const struct json *json)
{
    auto_(buf) struct buf text = BUF_INIT(SIZE_MAX / 2);
    struct json *out = NULL;
    img__json_write(json, &text);
    if (img__buf_check(&text, "a descriptor", NULL) ||
        img__json_parse("a descriptor", text.data, text.len, &out, NULL))
        return NULL;
    return out;
}

/* Takes pairs into an object. */
static bool set_pairs(struct json *object, const char *const *pairs)
{
    for (; *pairs; pairs++) {
        auto_free char *key = strndup(*pairs, strcspn(*pairs, "="));
        if (!key || !img__json_set(object, key, img__json_string(*pairs + strlen(key) + 1)))
            return false;
    }
    return img__json_sort(object);
}

static bool annotate(struct json *entry, const char *const *pairs)
{
    if (img__json_kind(img__json_get(entry, "annotations")) != JSON_OBJECT &&
        !img__json_place(entry, "annotations", img__json_object(), entry_keys))
        return false;
    struct json *object = img__json_open(entry, "annotations", JSON_OBJECT);
    return object && set_pairs(object, pairs);
}

static struct json *platform_of(const img_descriptor *descriptor)
{
    auto_(json) struct json *whole = img__descriptor_json(descriptor, NULL);
    const struct json *platform = whole ? img__json_get(whole, "platform") : NULL;
    return platform ? copy_json(platform) : NULL;
}

/* The entry of another index may have been given a platform. */
static struct json *entry_json(const struct index_entry *entry)
{
    auto_(json) struct json *json =
        entry->json ? copy_json(entry->json) : img__descriptor_json(&entry->descriptor, NULL);
    bool lacks = json && entry->descriptor.platform.os[0] && !img__json_get(json, "platform");
    if (!json ||
        (lacks && !img__json_place(json, "platform", platform_of(&entry->descriptor), entry_keys)))
        return NULL;
    return !entry->annotations || annotate(json, entry->annotations) ? steal(json) : NULL;
}

static struct json *entries_json(const struct index_entry *entries, size_t count)
{
    auto_(json) struct json *list = img__json_array();
    for (size_t i = 0; list && i < count; i++)
        if (!img__json_append(list, entry_json(&entries[i])))
            return NULL;
    return steal(list);
}

static struct json *annotations_json(const char *const *annotations)
{
    auto_(json) struct json *object = img__json_object();
    return object && set_pairs(object, annotations) ? steal(object) : NULL;
}

int img__index_make(const struct index_entry *entries, size_t count, const char *const *annotations,
                    struct document *out, img_error *err)
{
    bool annotated = annotations && *annotations, docker = count > 0 && !annotated;
    int rc = check_pairs(annotations, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        docker &= is_docker(&entries[i]);
        rc = check_pairs(entries[i].annotations, err);
    }
    if (rc)
        return rc;
    if (count > INDEX_ENTRIES_MAX)
        return img__fail(err, IMG_ELIMIT,
                         "an index of %zu entries: more than %u are not read again", count,
                         INDEX_ENTRIES_MAX);
    const char *type = docker ? MEDIA_DOCKER_INDEX : MEDIA_OCI_INDEX;
    auto_(json) struct json *json = img__json_object();
    bool ok = json && img__json_set(json, "schemaVersion", img__json_size(2)) &&
              img__json_set(json, "mediaType", img__json_string(type)) &&
              img__json_set(json, "manifests", entries_json(entries, count));
    if (ok && annotated)
        ok = img__json_set(json, "annotations", annotations_json(annotations));
    return ok ? img__document_from_json(type, json, out, err) : img__fail_memory(err);
}
