/* SPDX-License-Identifier: Apache-2.0
 *
 * Authoring configs, new or from a base. Each key that is added goes to its place in a fixed order,
 * so the bytes do not depend on the order of the calls; what a base has beside is left alone
 * (layers.md M3-M5, M11).
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "core/config_keys.h"
#include "core/manifest.h"
#include "core/setting.h"

#define FILLER_COMMENT "a layer of the base, whose history does not tell of it"

const char *const img__config_image_keys[] = {
    "created",     "author", "architecture", "variant", "os", "os.version",
    "os.features", "config", "rootfs",       "history", NULL};
const char *const img__config_config_keys[] = {
    "User",    "ExposedPorts", "Env",    "Entrypoint", "Cmd",
    "Volumes", "WorkingDir",   "Labels", "StopSignal", NULL};
const char *const img__config_rootfs_keys[] = {"type", "diff_ids", NULL};

static bool place(struct config *config, const char *key, struct json *value)
{
    return img__json_place(config->json, key, value, img__config_image_keys);
}

static bool place_text(struct config *config, const char *key, const char *text)
{
    return !*text || place(config, key, img__json_string(text));
}

static bool make_rootfs(struct config *config)
{
    struct json *rootfs = img__json_object();
    return place(config, "rootfs", rootfs) &&
           img__json_set(rootfs, "type", img__json_string("layers")) &&
           img__json_set(rootfs, "diff_ids", img__json_array());
}

int img__config_new(const img_platform *platform, struct config *out, img_error *err)
{
    auto_(config) struct config made = CONFIG_INIT;
    if (!*platform->os || !*platform->architecture)
        return img__fail(err, IMG_EINVAL, "a config needs an os and an architecture");
    made.json = img__json_object();
    made.platform = *platform;
    bool ok = made.json && place_text(&made, "architecture", platform->architecture) &&
              place_text(&made, "variant", platform->variant) &&
              place_text(&made, "os", platform->os) &&
              place_text(&made, "os.version", platform->os_version) &&
              place(&made, "config", img__json_object()) && make_rootfs(&made) &&
              place(&made, "history", img__json_array());
    if (!ok)
        return img__fail_memory(err);
    *out = made;
    made = (struct config)CONFIG_INIT;
    return 0;
}

struct json *img__config_open(struct config *config)
{
    if (!img__json_get(config->json, "config") && !place(config, "config", img__json_object()))
        return NULL;
    return img__json_open(config->json, "config", JSON_OBJECT);
}

int img__config_set_member(struct config *config, const struct config_name *name,
                           struct json *value, img_error *err)
{
    bool ok = name->top ? place(config, name->key, value)
                        : img__json_place(img__config_open(config), name->key, value,
                                          img__config_config_keys);
    return ok ? 0 : img__fail_memory(err);
}

void img__config_unset_member(struct config *config, const struct config_name *name)
{
    if (name->top)
        img__json_unset(config->json, name->key);
    else if (img__json_get(config->json, "config"))
        img__json_unset(img__config_open(config), name->key);
}

int img__config_set(struct config *config, const char *field, const char *value, img_error *err)
{
    const struct config_name *name = img__config_find_field(field);
    char signal[SETTING_SIGNAL_MAX];
    int rc = 0;
    if (!name)
        return img__fail(err, IMG_EINVAL, "an image has no setting '%.60s'", field);
    if (!*value) {
        img__config_unset_member(config, name);
        return 0;
    }
    if (strcmp(field, "created") == 0)
        rc = img__setting_check_time(field, value, err);
    else if (strcmp(field, "workdir") == 0)
        rc = img__setting_check_path(field, value, err);
    else if (strcmp(field, "stop-signal") == 0)
        rc = img__setting_parse_signal(field, value, signal, err);
    else
        rc = img__setting_check_line(field, value, err);
    if (rc)
        return rc;
    const char *text = strcmp(field, "stop-signal") == 0 ? signal : value;
    return img__config_set_member(config, name, img__json_string(text), err);
}

static bool same_key(const char *pair, const char *other)
{
    size_t len = strcspn(pair, "=");
    return len == strcspn(other, "=") && memcmp(pair, other, len) == 0;
}

/* The list with pair in the place of the one with its key, or behind all. */
static struct json *replaced(const struct json *list, const char *pair)
{
    auto_(json) struct json *out = img__json_array();
    size_t count = img__json_count(list);
    bool done = false, ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        const char *old = img__json_text(img__json_at(list, i));
        if (!same_key(pair, old)) {
            ok = img__json_append(out, img__json_string(old));
        } else if (!done) {
            ok = img__json_append(out, img__json_string(pair));
            done = true;
        }
    }
    if (ok && !done)
        ok = img__json_append(out, img__json_string(pair));
    return ok ? steal(out) : NULL;
}

static int put_env(struct config *config, const struct config_name *name, const char *value,
                   img_error *err)
{
    int rc = img__setting_check_pair(name->name, value, err);
    if (rc)
        return rc;
    const struct json *list = img__json_get(img__config_home(config, name), name->key);
    return img__config_set_member(config, name, replaced(list, value), err);
}

/* A map of "config", made if need be; NULL: no memory. */
static struct json *open_map(struct config *config, const struct config_name *name)
{
    struct json *parent = img__config_open(config);
    if (!parent)
        return NULL;
    if (!img__json_get(parent, name->key) &&
        !img__json_place(parent, name->key, img__json_object(), img__config_config_keys))
        return NULL;
    return img__json_open(parent, name->key, JSON_OBJECT);
}

static int put_label(struct config *config, const struct config_name *name, const char *value,
                     img_error *err)
{
    int rc = img__setting_check_pair(name->name, value, err);
    if (rc)
        return rc;
    size_t len = strcspn(value, "=");
    auto_free char *key = strndup(value, len);
    struct json *map = open_map(config, name);
    bool ok = key && map && img__json_set(map, key, img__json_string(value + len + 1)) &&
              img__json_sort(map);
    return ok ? 0 : img__fail_memory(err);
}

/* Runtimes know single ports only, so a range becomes one key each, as in Docker. */
static int put_expose(struct config *config, const struct config_name *name, const char *value,
                      img_error *err)
{
    struct port_range range;
    char key[16];
    int rc = img__setting_parse_ports(name->name, value, &range, err);
    if (rc)
        return rc;
    struct json *map = open_map(config, name);
    bool ok = map;
    for (unsigned port = range.first; ok && port <= range.last; port++) {
        snprintf(key, sizeof(key), "%u/%s", port, range.protocol);
        ok = img__json_set(map, key, img__json_object());
    }
    return ok && img__json_sort(map) ? 0 : img__fail_memory(err);
}

static int put_volume(struct config *config, const struct config_name *name, const char *value,
                      img_error *err)
{
    int rc = img__setting_check_path(name->name, value, err);
    if (rc)
        return rc;
    if (strspn(value, "/") == strlen(value))
        return img__fail(err, IMG_EINVAL, "volume '/': the root can't be a volume");
    struct json *map = open_map(config, name);
    bool ok = map && img__json_set(map, value, img__json_object()) && img__json_sort(map);
    return ok ? 0 : img__fail_memory(err);
}

int img__config_put(struct config *config, const char *set, const char *value, img_error *err)
{
    static const struct {
        const char *set;
        int (*put)(struct config *config, const struct config_name *name, const char *value,
                   img_error *err);
    } sets[] = {
        {"env", put_env}, {"label", put_label}, {"expose", put_expose}, {"volume", put_volume}};
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
        if (strcmp(sets[i].set, set) == 0)
            return sets[i].put(config, img__config_find_list(set), value, err);
    return img__fail(err, IMG_EINVAL, "an image has no set '%.60s'", set);
}

static int make_argv(const char *what, const char *const *argv, struct json **out, img_error *err)
{
    auto_(json) struct json *list = img__json_array();
    for (; list && *argv; argv++) {
        int rc = img__setting_check_utf8(what, *argv, err);
        if (rc)
            return rc;
        if (!img__json_append(list, img__json_string(*argv)))
            return img__fail_memory(err);
    }
    *out = steal(list);
    return *out ? 0 : img__fail_memory(err);
}

int img__config_set_argv(struct config *config, const char *list, const char *const *argv,
                         img_error *err)
{
    bool entrypoint = strcmp(list, "entrypoint") == 0;
    const struct config_name *name = img__config_find_list(list);
    struct json *json = NULL;
    if (!entrypoint && strcmp(list, "cmd") != 0)
        return img__fail(err, IMG_EINVAL, "an image has no command '%.60s'", list);

    int rc = make_argv(list, argv, &json, err);
    if (rc)
        return rc;
    /* A cmd that was set in the base is arguments for the base's entrypoint. */
    if (entrypoint && !config->cmd_set)
        img__config_unset_member(config, img__config_find_list("cmd"));
    if (!entrypoint)
        config->cmd_set = true;
    if (*argv)
        return img__config_set_member(config, name, json, err);
    img__json_free(json);
    img__config_unset_member(config, name);
    return 0;
}

struct json *img__config_open_history(struct config *config)
{
    if (!img__json_get(config->json, "history") && !place(config, "history", img__json_array()))
        return NULL;
    return img__json_open(config->json, "history", JSON_ARRAY);
}

bool img__config_fill_history(struct json *history, size_t layer_count)
{
    size_t rows = 0, count = img__json_count(history);
    for (size_t i = 0; i < count; i++) {
        struct json *row = img__json_open_at(history, i, JSON_OBJECT);
        if (img__json_true(img__json_get(row, "empty_layer")))
            continue;
        if (rows < layer_count)
            rows++;
        else if (!img__json_set(row, "empty_layer", img__json_bool(true)))
            return false;
    }
    for (; rows < layer_count; rows++) {
        struct json *row = img__json_object();
        if (!img__json_append(history, row) ||
            !img__json_set(row, "comment", img__json_string(FILLER_COMMENT)))
            return false;
    }
    return true;
}

static bool add_row(struct json *history, const char *created, const char *created_by)
{
    auto_free char *text = strdup(created_by);
    struct json *row = img__json_object();
    for (char *at = text; at && *at;) {
        size_t len = img__text_utf8(at);
        if (len == 0)
            *at = '?';
        at += len ? len : 1;
    }
    return img__json_append(history, row) && text &&
           img__json_set(row, "created", img__json_string(created)) &&
           img__json_set(row, "created_by", img__json_string(text));
}

int img__config_add_layer(struct config *config, const img_digest *diff_id, const char *created,
                          const char *created_by, img_error *err)
{
    size_t count = config->diff_id_count;
    int rc = img__setting_check_time("created", created, err);
    if (rc)
        return rc;
    if (count >= MANIFEST_LAYERS_MAX)
        return img__fail(err, IMG_ELIMIT, "an image can't have more than %u layers",
                         MANIFEST_LAYERS_MAX);
    img_digest *grown = reallocarray(config->diff_ids, count + 1, sizeof(*grown));
    if (!grown)
        return img__fail_memory(err);
    config->diff_ids = grown;

    struct json *history = img__config_open_history(config);
    struct json *rootfs = img__json_open(config->json, "rootfs", JSON_OBJECT);
    struct json *ids = img__json_open(rootfs, "diff_ids", JSON_ARRAY);
    bool ok = history && img__config_fill_history(history, count) &&
              add_row(history, created, created_by) &&
              img__json_append(ids, img__json_string(diff_id->text));
    if (!ok)
        return img__fail_memory(err);
    grown[count] = *diff_id;
    config->diff_id_count = count + 1;
    return 0;
}
