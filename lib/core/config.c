/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading configs. All that libimg knows is checked for its type when it is parsed, so that what
 * reads it later need not fail; what it does not know is kept (layers.md M1, M5).
 */
#include "core/config.h"

#include <stdio.h>
#include <string.h>

#include "core/config_keys.h"
#include "core/digest.h"
#include "core/manifest.h"

/* Of which type a member is, and what is in it (JSON_NULL: anything). */
struct shape {
    const char *key;
    enum json_kind kind, values;
};

static const struct shape image_shapes[] = {{"created", JSON_STRING, JSON_NULL},
                                            {"author", JSON_STRING, JSON_NULL},
                                            {"config", JSON_OBJECT, JSON_NULL},
                                            {"rootfs", JSON_OBJECT, JSON_NULL},
                                            {"history", JSON_ARRAY, JSON_OBJECT}};

static const struct shape config_shapes[] = {
    {"User", JSON_STRING, JSON_NULL},       {"ExposedPorts", JSON_OBJECT, JSON_NULL},
    {"Env", JSON_ARRAY, JSON_STRING},       {"Entrypoint", JSON_ARRAY, JSON_STRING},
    {"Cmd", JSON_ARRAY, JSON_STRING},       {"Volumes", JSON_OBJECT, JSON_NULL},
    {"WorkingDir", JSON_STRING, JSON_NULL}, {"Labels", JSON_OBJECT, JSON_STRING},
    {"StopSignal", JSON_STRING, JSON_NULL}};

static const struct shape rootfs_shapes[] = {{"type", JSON_STRING, JSON_NULL},
                                             {"diff_ids", JSON_ARRAY, JSON_STRING}};

static const struct shape history_shapes[] = {{"created", JSON_STRING, JSON_NULL},
                                              {"created_by", JSON_STRING, JSON_NULL},
                                              {"empty_layer", JSON_BOOL, JSON_NULL}};

#define SHAPES(table) (table), sizeof(table) / sizeof((table)[0])

static const struct config_name fields[] = {{"created", "created", JSON_STRING, true},
                                            {"author", "author", JSON_STRING, true},
                                            {"user", "User", JSON_STRING, false},
                                            {"workdir", "WorkingDir", JSON_STRING, false},
                                            {"stop-signal", "StopSignal", JSON_STRING, false}};

static const struct config_name lists[] = {{"entrypoint", "Entrypoint", JSON_ARRAY, false},
                                           {"cmd", "Cmd", JSON_ARRAY, false},
                                           {"env", "Env", JSON_ARRAY, false},
                                           {"label", "Labels", JSON_OBJECT, false},
                                           {"expose", "ExposedPorts", JSON_OBJECT, false},
                                           {"volume", "Volumes", JSON_OBJECT, false}};

static const struct config_name *find(const struct config_name *names, size_t count,
                                      const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i].name, name) == 0)
            return &names[i];
    return NULL;
}

const struct config_name *img__config_find_field(const char *name)
{
    return find(fields, sizeof(fields) / sizeof(fields[0]), name);
}

const struct config_name *img__config_find_list(const char *name)
{
    return find(lists, sizeof(lists) / sizeof(lists[0]), name);
}

void img__config_free(struct config *config)
{
    img__json_free(config->json);
    free(config->diff_ids);
    *config = (struct config)CONFIG_INIT;
}

static int check_shapes(const struct json *json, const char *what, const struct shape *shapes,
                        size_t count, img_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct json *member = NULL;
        int rc = img__json_get_kind(json, what, shapes[i].key, shapes[i].kind, false, &member, err);
        if (!rc && member && shapes[i].values != JSON_NULL)
            rc = img__json_check_values(json, what, shapes[i].key, shapes[i].values, err);
        if (rc)
            return rc;
    }
    return 0;
}

static int check_history(const struct json *json, const char *what, img_error *err)
{
    const struct json *rows = img__json_get(json, "history");
    char place[256];
    int rc = 0;
    for (size_t i = 0, count = img__json_count(rows); !rc && i < count; i++) {
        snprintf(place, sizeof(place), "%s: history[%zu]", what, i);
        rc = check_shapes(img__json_at(rows, i), place, SHAPES(history_shapes), err);
    }
    return rc;
}

static int check_platform(const img_platform *platform, const char *what, img_error *err)
{
    if (!*platform->architecture)
        return img__fail(err, IMG_EFORMAT, "%s: \"architecture\" is missing", what);
    if (!*platform->os)
        return img__fail(err, IMG_EFORMAT, "%s: \"os\" is missing", what);
    return 0;
}

static int parse_diff_ids(const struct json *ids, const char *what, struct config *out,
                          img_error *err)
{
    size_t count = img__json_count(ids);
    if (count > MANIFEST_LAYERS_MAX)
        return img__fail(err, IMG_ELIMIT, "%s: \"diff_ids\" has %zu entries, more than %u", what,
                         count, MANIFEST_LAYERS_MAX);
    out->diff_ids = calloc(count + 1, sizeof(*out->diff_ids));
    if (!out->diff_ids)
        return img__fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        const char *text = img__json_text(img__json_at(ids, i));
        int rc = img_digest_parse(text, &out->diff_ids[i], err);
        if (rc == IMG_EUNSUPPORTED)
            return img__prefix(err, rc, "%s", what);
        if (rc)
            return img__fail(err, IMG_EFORMAT,
                             "%s: \"diff_ids\"[%zu] is '%.200s', which is not a "
                             "digest",
                             what, i, text);
    }
    out->diff_id_count = count;
    return 0;
}

static int parse_rootfs(const char *name, struct config *out, img_error *err)
{
    const struct json *rootfs = NULL, *ids = NULL;
    const char *type = NULL;
    char what[256];
    int rc = img__json_get_kind(out->json, name, "rootfs", JSON_OBJECT, true, &rootfs, err);
    if (rc)
        return rc;
    snprintf(what, sizeof(what), "%s: rootfs", name);
    rc = img__json_check_case(rootfs, what, img__config_rootfs_keys, err);
    if (!rc)
        rc = check_shapes(rootfs, what, SHAPES(rootfs_shapes), err);
    if (!rc)
        rc = img__json_get_text(rootfs, what, "type", true, &type, err);
    if (!rc && strcmp(type, "layers") != 0)
        return img__fail(err, IMG_EFORMAT, "%s: \"type\" is '%.100s', not 'layers'", what, type);
    if (!rc)
        rc = img__json_get_kind(rootfs, what, "diff_ids", JSON_ARRAY, true, &ids, err);
    return rc ? rc : parse_diff_ids(ids, what, out, err);
}

static int check_config(const struct json *json, const char *name, img_error *err)
{
    const struct json *config = img__json_get(json, "config");
    char what[256];
    snprintf(what, sizeof(what), "%s: config", name);
    int rc = img__json_check_case(config, what, img__config_config_keys, err);
    return rc ? rc : check_shapes(config, what, SHAPES(config_shapes), err);
}

int img__config_parse(const char *what, const void *data, size_t len, struct config *out,
                      img_error *err)
{
    auto_(config) struct config parsed = CONFIG_INIT;
    int rc = img__json_parse(what, data, len, &parsed.json, err);
    if (!rc && img__json_kind(parsed.json) != JSON_OBJECT)
        return img__fail(err, IMG_EFORMAT, "%s is not a JSON object", what);
    if (!rc)
        rc = img__json_check_case(parsed.json, what, img__config_image_keys, err);
    if (!rc)
        rc = check_shapes(parsed.json, what, SHAPES(image_shapes), err);
    if (!rc)
        rc = img__platform_parse_json(parsed.json, what, &parsed.platform, err);
    if (!rc)
        rc = check_platform(&parsed.platform, what, err);
    if (!rc)
        rc = check_config(parsed.json, what, err);
    if (!rc)
        rc = check_history(parsed.json, what, err);
    if (!rc)
        rc = parse_rootfs(what, &parsed, err);
    if (rc)
        return rc;
    *out = parsed;
    parsed = (struct config)CONFIG_INIT;
    return 0;
}

const struct json *img__config_home(const struct config *config, const struct config_name *name)
{
    return name->top ? config->json : img__json_get(config->json, "config");
}

const char *img__config_field(const struct config *config, const char *field)
{
    const struct config_name *name = img__config_find_field(field);
    if (!name)
        return NULL;
    const char *text = img__json_text(img__json_get(img__config_home(config, name), name->key));
    return text ? text : "";
}

static int add_pair(struct strv *out, const char *key, const char *value, img_error *err)
{
    auto_free char *text = NULL;
    if (asprintf(&text, "%s=%s", key, value) < 0) {
        text = NULL;
        return img__fail_memory(err);
    }
    return img__strv_add(out, text, err);
}

static int collect(const struct json *list, bool pairs, struct strv *out, img_error *err)
{
    const struct json *value;
    const char *key;
    int rc = 0;
    if (img__json_kind(list) == JSON_ARRAY)
        for (size_t i = 0, count = img__json_count(list); !rc && i < count; i++)
            rc = img__strv_add(out, img__json_text(img__json_at(list, i)), err);
    for (void *at = NULL; !rc && img__json_next(list, &at, &key, &value);)
        rc = pairs ? add_pair(out, key, img__json_text(value), err) : img__strv_add(out, key, err);
    return rc;
}

int img__config_list(const struct config *config, const char *list, struct strv *out,
                     img_error *err)
{
    const struct config_name *name = img__config_find_list(list);
    auto_(strv) struct strv found = STRV_INIT;
    if (!name)
        return img__fail(err, IMG_EINVAL, "a config has no list '%.60s'", list);
    const struct json *json = img__json_get(img__config_home(config, name), name->key);
    int rc = collect(json, strcmp(list, "label") == 0, &found, err);
    if (rc)
        return rc;
    img__strv_free(out);
    *out = found;
    found = (struct strv)STRV_INIT;
    return 0;
}
