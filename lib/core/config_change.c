/* SPDX-License-Identifier: Apache-2.0
 *
 * Changing the config of an image that is there: what authoring one (config_edit.c) has no use for.
 * Only what is named is touched.
 */
#include <stdio.h>
#include <string.h>

#include "core/config_keys.h"
#include "core/setting.h"

/* What Docker has beyond the image-spec, and can be taken away alone. */
static const struct config_name extras[] = {{"healthcheck", "Healthcheck", JSON_OBJECT, false},
                                            {"onbuild", "OnBuild", JSON_ARRAY, false},
                                            {"shell", "Shell", JSON_ARRAY, false}};

static const struct config_name *find_any(const char *what)
{
    const struct config_name *name = img__config_find_field(what);
    if (!name)
        name = img__config_find_list(what);
    for (size_t i = 0; !name && i < sizeof(extras) / sizeof(extras[0]); i++)
        if (strcmp(extras[i].name, what) == 0)
            name = &extras[i];
    return name;
}

static bool has_keys(const char *what)
{
    static const char *const lists[] = {"env", "label", "expose", "volume"};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        if (strcmp(lists[i], what) == 0)
            return true;
    return false;
}

/* ---- taking away ---- */

/* The member, to be changed; NULL if it is not there. */
static struct json *open_member(struct config *config, const struct config_name *name)
{
    if (!img__json_get(img__config_home(config, name), name->key))
        return NULL;
    return img__json_open(img__config_open(config), name->key, name->kind);
}

static bool is_of(const char *pair, const char *key)
{
    size_t len = strlen(key);
    return strncmp(pair, key, len) == 0 && (pair[len] == '=' || !pair[len]);
}

static bool remove_key(struct json *member, const char *key)
{
    bool was = false;
    if (img__json_kind(member) == JSON_OBJECT) {
        was = img__json_get(member, key);
        img__json_unset(member, key);
        return was;
    }
    for (size_t i = img__json_count(member); i > 0; i--) {
        if (!is_of(img__json_text(img__json_at(member, i - 1)), key))
            continue;
        img__json_remove_at(member, i - 1);
        was = true;
    }
    return was;
}

/* One key; a list that is empty then goes as a whole. */
static bool unset_key(struct config *config, const struct config_name *name, const char *key)
{
    struct json *member = open_member(config, name);
    bool was = member && remove_key(member, key);
    if (was && img__json_count(member) == 0)
        img__config_unset_member(config, name);
    return was;
}

static int unset_ports(struct config *config, const struct config_name *name, const char *key,
                       bool *was, img_error *err)
{
    struct port_range range;
    char port[16];
    int rc = img__setting_parse_ports(name->name, key, &range, err);
    for (unsigned number = range.first; rc == 0 && number <= range.last; number++) {
        snprintf(port, sizeof(port), "%u/%s", number, range.protocol);
        *was |= unset_key(config, name, port);
    }
    return rc;
}

int img__config_unset(struct config *config, const char *what, const char *key, bool *was,
                      img_error *err)
{
    const struct config_name *name = find_any(what);
    *was = false;
    if (!name)
        return img__fail(err, IMG_EINVAL, "an image has nothing called '%.60s' to unset", what);
    if (key && !has_keys(what))
        return img__fail(err, IMG_EINVAL, "%s is unset as a whole, without '=%.60s'", what, key);
    if (!key) {
        *was = img__json_get(img__config_home(config, name), name->key);
        if (*was)
            img__config_unset_member(config, name);
        return 0;
    }
    if (!*key)
        return img__fail(err, IMG_EINVAL, "%s to unset: the name is empty", what);
    if (strcmp(what, "expose") == 0)
        return unset_ports(config, name, key, was, err);
    *was = unset_key(config, name, key);
    return 0;
}

/* ---- adding to ---- */

/* "K=V" with text behind V or before it; owned. */
static char *extended(const char *pair, const char *text, bool before)
{
    size_t key = strcspn(pair, "=");
    const char *value = pair[key] ? pair + key + 1 : "";
    char *made = NULL;
    int len =
        asprintf(&made, "%.*s=%s%s", (int)key, pair, before ? text : value, before ? value : text);
    return len < 0 ? NULL : made;
}

static int extend_env(struct config *config, const char *pair, bool before, img_error *err)
{
    auto_(strv) struct strv env = STRV_INIT;
    int rc = img__setting_check_pair("env", pair, err);
    if (rc == 0)
        rc = img__config_list(config, "env", &env, err);
    if (rc)
        return rc;
    size_t len = strcspn(pair, "=");
    auto_free char *key = strndup(pair, len);
    if (!key)
        return img__fail_memory(err);
    for (size_t i = 0; i < env.count; i++) {
        if (!is_of(env.items[i], key))
            continue;
        auto_free char *made = extended(env.items[i], pair + len + 1, before);
        return made ? img__config_put(config, "env", made, err) : img__fail_memory(err);
    }
    return img__fail(err, IMG_ENOTFOUND, "there is no variable %.200s to add to: set it with env",
                     key);
}

static int extend_argv(struct config *config, const char *list, const char *word, bool before,
                       img_error *err)
{
    auto_(strv) struct strv old = STRV_INIT;
    auto_(strv) struct strv argv = STRV_INIT;
    int rc = img__config_list(config, list, &old, err);
    if (rc == 0 && before)
        rc = img__strv_add(&argv, word, err);
    if (rc == 0)
        rc = img__strv_add_list(&argv, img__strv_list(&old), err);
    if (rc == 0 && !before)
        rc = img__strv_add(&argv, word, err);
    return rc ? rc : img__config_set_argv(config, list, img__strv_list(&argv), err);
}

int img__config_extend(struct config *config, const char *list, const char *text, bool before,
                       img_error *err)
{
    if (strcmp(list, "env") == 0)
        return extend_env(config, text, before, err);
    if (strcmp(list, "entrypoint") == 0 || strcmp(list, "cmd") == 0)
        return extend_argv(config, list, text, before, err);
    return img__fail(err, IMG_EINVAL, "'%.60s' can't be added to; env, entrypoint and cmd can",
                     list);
}

/* ---- the whole ---- */

static bool put_text(struct config *config, const char *key, const char *text)
{
    if (*text)
        return img__json_place(config->json, key, img__json_string(text), img__config_image_keys);
    img__json_unset(config->json, key);
    return true;
}

int img__config_set_platform(struct config *config, const img_platform *platform, img_error *err)
{
    bool ok = put_text(config, "architecture", platform->architecture) &&
              put_text(config, "variant", platform->variant) &&
              put_text(config, "os", platform->os);
    if (ok && *platform->os_version)
        ok = put_text(config, "os.version", platform->os_version);
    if (!ok)
        return img__fail_memory(err);
    char version[sizeof(platform->os_version)];
    memcpy(version, config->platform.os_version, sizeof(version));
    config->platform = *platform;
    if (!*platform->os_version)
        memcpy(config->platform.os_version, version, sizeof(version));
    return 0;
}

static bool one_layer(struct config *config, const img_digest *diff_id)
{
    struct json *rootfs = img__json_open(config->json, "rootfs", JSON_OBJECT);
    struct json *ids = img__json_array();
    return rootfs && img__json_append(ids, img__json_string(diff_id->text)) &&
           img__json_set(rootfs, "diff_ids", ids);
}

static bool one_row(struct config *config, const char *created_by)
{
    const char *created = img__config_field(config, "created");
    struct json *history = img__json_array(), *row = img__json_object();
    bool ok = img__json_append(history, row) &&
              img__json_place(config->json, "history", history, img__config_image_keys);
    if (ok && *created)
        ok = img__json_set(row, "created", img__json_string(created));
    return ok && img__json_set(row, "created_by", img__json_string(created_by));
}

int img__config_flatten(struct config *config, const img_digest *diff_id, const char *created_by,
                        img_error *err)
{
    img_digest *ids = calloc(1, sizeof(*ids));
    if (!ids)
        return img__fail_memory(err);
    free(config->diff_ids);
    config->diff_ids = ids;
    config->diff_ids[0] = *diff_id;
    config->diff_id_count = 1;
    return one_layer(config, diff_id) && one_row(config, created_by) ? 0 : img__fail_memory(err);
}
