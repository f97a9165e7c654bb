/* SPDX-License-Identifier: Apache-2.0
 *
 * Descriptors from and to JSON (image-spec, descriptor.md; the platform: image-index.md). What is
 * read is checked here once, so that whoever holds an img_descriptor may use its type in a header
 * and its digest in a path. Keys are written in the order of image-spec's Go structs.
 */
#include "core/descriptor.h"

#include <stdio.h>
#include <string.h>

#include "core/descriptor_data.h"
#include "core/digest.h"
#include "core/media.h"

static const char *const descriptor_keys[] = {
    "mediaType", "digest", "size", "urls", "data", "annotations", "artifactType", "platform", NULL};
static const char *const platform_keys[] = {"architecture", "os",      "os.version",
                                            "os.features",  "variant", NULL};

static int parse_type(const struct json *json, const char *what, img_descriptor *out,
                      img_error *err)
{
    const char *type = NULL;
    int rc = img__json_get_text(json, what, "mediaType", true, &type, err);
    if (rc)
        return rc;
    if (!img__media_valid(type))
        return img__fail(err, IMG_EFORMAT, "%s: \"mediaType\" is '%.100s', which is no media type",
                         what, type);
    snprintf(out->media_type, sizeof(out->media_type), "%s", type);
    return 0;
}

static int parse_digest(const struct json *json, const char *what, img_descriptor *out,
                        img_error *err)
{
    const char *text = NULL;
    int rc = img__json_get_text(json, what, "digest", true, &text, err);
    if (rc)
        return rc;
    rc = img_digest_parse(text, &out->digest, err);
    if (rc == IMG_EUNSUPPORTED)
        return img__prefix(err, rc, "%s", what);
    /* It is the document that is wrong, not an argument. */
    if (rc)
        return img__fail(err, IMG_EFORMAT,
                         "%s: \"digest\" is '%.200s', which is not a digest like sha256: and 64 "
                         "lower-case hexadecimal digits",
                         what, text);
    return 0;
}

static int parse_field(const struct json *json, const char *what, const char *key, char *out,
                       size_t size, img_error *err)
{
    const char *text = "";
    int rc = img__json_get_text(json, what, key, false, &text, err);
    if (rc)
        return rc;
    if (strlen(text) >= size)
        return img__fail(err, IMG_EFORMAT, "%s: \"%s\" is longer than %zu bytes", what, key,
                         size - 1);
    snprintf(out, size, "%s", text);
    return 0;
}

int img__platform_parse_json(const struct json *json, const char *what, img_platform *out,
                             img_error *err)
{
    img_platform p = {"", "", "", ""};
    int rc = img__json_check_case(json, what, platform_keys, err);
    if (!rc)
        rc = parse_field(json, what, "os", p.os, sizeof(p.os), err);
    if (!rc)
        rc = parse_field(json, what, "architecture", p.architecture, sizeof(p.architecture), err);
    if (!rc)
        rc = parse_field(json, what, "variant", p.variant, sizeof(p.variant), err);
    if (!rc)
        rc = parse_field(json, what, "os.version", p.os_version, sizeof(p.os_version), err);
    if (!rc)
        *out = p;
    return rc;
}

static int parse_platform(const struct json *json, const char *what, img_descriptor *out,
                          img_error *err)
{
    const struct json *platform = NULL;
    char place[256];
    int rc = img__json_get_kind(json, what, "platform", JSON_OBJECT, false, &platform, err);
    if (rc || !platform)
        return rc;
    snprintf(place, sizeof(place), "%s: platform", what);
    return img__platform_parse_json(platform, place, &out->platform, err);
}

static int check_data(const struct json *json, const char *what, const img_descriptor *descriptor,
                      img_error *err)
{
    const char *data = NULL;
    int rc = img__json_get_text(json, what, "data", false, &data, err);
    if (rc || !data)
        return rc;
    return img__descriptor_check_data(descriptor, what, data, err);
}

int img__descriptor_parse(const struct json *json, const char *what, img_descriptor *out,
                          img_error *err)
{
    img_descriptor parsed = {"", {""}, 0, {"", "", "", ""}};
    int rc;

    if (img__json_kind(json) != JSON_OBJECT)
        return img__fail(err, IMG_EFORMAT, "%s is not an object", what);
    rc = img__json_check_case(json, what, descriptor_keys, err);
    if (!rc)
        rc = parse_type(json, what, &parsed, err);
    if (!rc)
        rc = parse_digest(json, what, &parsed, err);
    if (!rc)
        rc = img__json_get_size(json, what, "size", true, &parsed.size_bytes, err);
    if (!rc)
        rc = parse_platform(json, what, &parsed, err);
    if (!rc)
        rc = check_data(json, what, &parsed, err);
    if (!rc)
        *out = parsed;
    return rc;
}

int img__descriptor_parse_list(const struct json *object, const char *what, const char *key,
                               size_t max, img_descriptor **out, size_t *count, img_error *err)
{
    const struct json *list = NULL;
    char place[256];
    int rc = img__json_get_kind(object, what, key, JSON_ARRAY, true, &list, err);
    size_t n = img__json_count(list);
    if (rc)
        return rc;
    if (n > max)
        return img__fail(err, IMG_ELIMIT, "%s: \"%s\" has %zu entries, more than %zu", what, key, n,
                         max);

    auto_free img_descriptor *parsed = n ? calloc(n, sizeof(*parsed)) : NULL;
    if (n && !parsed)
        return img__fail_memory(err);
    for (size_t i = 0; i < n; i++) {
        snprintf(place, sizeof(place), "%s: %s[%zu]", what, key, i);
        rc = img__descriptor_parse(img__json_at(list, i), place, &parsed[i], err);
        if (rc)
            return rc;
    }
    *out = steal(parsed);
    *count = n;
    return 0;
}

static bool set_text(struct json *json, const char *key, const char *text)
{
    return !*text || img__json_set(json, key, img__json_string(text));
}

static struct json *platform_json(const img_platform *platform)
{
    auto_(json) struct json *json = img__json_object();
    bool ok = json && set_text(json, "architecture", platform->architecture) &&
              set_text(json, "os", platform->os) &&
              set_text(json, "os.version", platform->os_version) &&
              set_text(json, "variant", platform->variant);
    return ok ? steal(json) : NULL;
}

/* "K=V" becomes a pair. */
static bool set_annotation(struct json *json, const char *annotation)
{
    const char *equals = strchr(annotation, '=');
    auto_free char *key =
        equals ? strndup(annotation, (size_t)(equals - annotation)) : strdup(annotation);
    return key && img__json_set(json, key, img__json_string(equals ? equals + 1 : ""));
}

struct json *img__descriptor_annotations_json(const char *const *annotations)
{
    auto_(json) struct json *json = img__json_object();
    for (; json && *annotations; annotations++)
        if (!set_annotation(json, *annotations))
            return NULL;
    return steal(json);
}

struct json *img__descriptor_json(const img_descriptor *descriptor, const char *const *annotations)
{
    auto_(json) struct json *json = img__json_object();
    bool ok = json && set_text(json, "mediaType", descriptor->media_type) &&
              set_text(json, "digest", descriptor->digest.text) &&
              img__json_set(json, "size", img__json_size(descriptor->size_bytes));
    if (ok && annotations && *annotations)
        ok = img__json_set(json, "annotations", img__descriptor_annotations_json(annotations));
    if (ok && *descriptor->platform.os)
        ok = img__json_set(json, "platform", platform_json(&descriptor->platform));
    return ok ? steal(json) : NULL;
}

void img__descriptor_name(const img_descriptor *descriptor, char *out, size_t size)
{
    static const char *const words[] = {
        [MEDIA_UNKNOWN] = "blob",  [MEDIA_INDEX] = "index", [MEDIA_MANIFEST] = "manifest",
        [MEDIA_CONFIG] = "config", [MEDIA_LAYER] = "layer", [MEDIA_SCHEMA1] = "manifest",
    };
    const char *word = words[img__media_kind(descriptor->media_type)];
    const char *text = descriptor->digest.text, *colon = strchr(text, ':');
    int shown = colon ? (int)(colon - text) + 1 + 12 : 12;
    snprintf(out, size, "%s %.*s", word, shown, text);
}
