/* SPDX-License-Identifier: Apache-2.0
 *
 * A config upon another base: a merge of three. What the image has as the old base had it becomes
 * what the new base has; what the image changed stays. Variables, labels, ports and volumes are
 * taken one by one, all else of "config" member by member. The history and the diffIDs of the old
 * base are those of the new one then.
 */
#include <stdio.h>
#include <string.h>

#include "core/config_keys.h"
#include "core/manifest.h"

struct merge {
    const struct json *old, *new; /* the bases' */
    struct strv *kept;            /* what the image keeps although the base changed it, too */
    img_error *err;
};

static int keep(const struct merge *merge, const char *what, const char *key)
{
    char text[256];
    snprintf(text, sizeof(text), "%s%s%s", what, *what ? " " : "", key);
    return img__strv_add(merge->kept, text, merge->err);
}

/* ---- a member ---- */

/* Of object, which is the image's. order may be NULL. */
static int merge_member(const struct merge *merge, struct json *object, const char *what,
                        const char *key, const char *const *order)
{
    const struct json *is = img__json_get(object, key);
    const struct json *old = img__json_get(merge->old, key), *new = img__json_get(merge->new, key);
    if (img__json_equal(is, new))
        return 0;
    if (!img__json_equal(is, old))
        return img__json_equal(old, new) ? 0 : keep(merge, what, key);
    if (!new) {
        img__json_unset(object, key);
        return 0;
    }
    struct json *copy = img__json_copy(new);
    bool ok = order ? img__json_place(object, key, copy, order) : img__json_set(object, key, copy);
    return ok ? 0 : img__fail_memory(merge->err);
}

/* All keys that any of the three has; object changes on the way, so they are gathered first. */
static int all_keys(const struct merge *merge, const struct json *object, struct strv *out)
{
    const struct json *const from[] = {object, merge->old, merge->new};
    auto_(json) struct json *seen = img__json_object();
    const struct json *value;
    const char *key;
    int rc = seen ? 0 : img__fail_memory(merge->err);
    for (size_t i = 0; i < 3; i++)
        for (void *at = NULL; !rc && from[i] && img__json_next(from[i], &at, &key, &value);) {
            if (img__json_get(seen, key))
                continue;
            rc = img__json_set(seen, key, img__json_bool(true))
                     ? img__strv_add(out, key, merge->err)
                     : img__fail_memory(merge->err);
        }
    return rc;
}

/* ---- sets ---- */

/* The variables of the three, by their names: a hostile list may have a million. */
struct variables {
    struct json *is, *old, *new;
};

static void img__auto_variables(struct variables *variables)
{
    img__json_free(variables->is);
    img__json_free(variables->old);
    img__json_free(variables->new);
}

static char *name_of(const char *pair)
{
    return strndup(pair, strcspn(pair, "="));
}

/* The first of several with the same name counts. */
static int by_name(const struct json *list, struct json **out, img_error *err)
{
    struct json *map = *out = img__json_object();
    bool ok = map;
    for (size_t i = 0, count = img__json_count(list); ok && i < count; i++) {
        const char *pair = img__json_text(img__json_at(list, i));
        auto_free char *name = name_of(pair);
        ok = name && (img__json_get(map, name) || img__json_set(map, name, img__json_string(pair)));
    }
    return ok ? 0 : img__fail_memory(err);
}

static int find_variables(const struct variables *all, const char *pair, const char **is,
                          const char **old, const char **new, img_error *err)
{
    auto_free char *name = name_of(pair);
    if (!name)
        return img__fail_memory(err);
    *is = img__json_text(img__json_get(all->is, name));
    *old = img__json_text(img__json_get(all->old, name));
    *new = img__json_text(img__json_get(all->new, name));
    return 0;
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static int keep_variable(const struct merge *merge, const char *pair)
{
    char key[200];
    snprintf(key, sizeof(key), "%.*s", (int)strcspn(pair, "="), pair);
    return keep(merge, "env", key);
}

/* What becomes of a variable of the new base; NULL: nothing. */
static int choose_variable(const struct merge *merge, const struct variables *all, const char *new,
                           const char **out)
{
    const char *is, *old, *first;
    int rc = find_variables(all, new, &is, &old, &first, merge->err);
    if (rc)
        return rc;
    *out = same(is, old) ? new : is;
    return same(is, old) || same(is, new) || same(old, new) ? 0 : keep_variable(merge, new);
}

static int add_variables(const struct merge *merge, const struct variables *all,
                         const struct json *list, struct json *out)
{
    for (size_t i = 0, count = img__json_count(merge->new); i < count; i++) {
        const char *chosen = NULL, *new = img__json_text(img__json_at(merge->new, i));
        int rc = choose_variable(merge, all, new, &chosen);
        if (rc)
            return rc;
        if (chosen && !img__json_append(out, img__json_string(chosen)))
            return img__fail_memory(merge->err);
    }
    for (size_t i = 0, count = img__json_count(list); i < count; i++) {
        const char *first, *old, *new, *is = img__json_text(img__json_at(list, i));
        int rc = find_variables(all, is, &first, &old, &new, merge->err);
        if (rc)
            return rc;
        if (new || same(is, old))
            continue;
        if (!img__json_append(out, img__json_string(is)))
            return img__fail_memory(merge->err);
    }
    return 0;
}

/* What the merge of a set comes to takes its place, unless it is empty. */
static int put_set(struct json *config, const char *key, struct json *merged, img_error *err)
{
    if (img__json_count(merged))
        return img__json_place(config, key, merged, img__config_config_keys)
                   ? 0
                   : img__fail_memory(err);
    if (img__json_count(img__json_get(config, key)))
        img__json_unset(config, key);
    img__json_free(merged);
    return 0;
}

static int merge_env(const struct merge *above, struct json *config)
{
    struct merge merge = *above;
    auto_(json) struct json *out = img__json_array();
    auto_(variables) struct variables all = {NULL, NULL, NULL};
    const struct json *list = img__json_get(config, "Env");
    merge.old = img__json_get(above->old, "Env");
    merge.new = img__json_get(above->new, "Env");
    int rc = out ? by_name(list, &all.is, merge.err) : img__fail_memory(merge.err);
    if (rc == 0)
        rc = by_name(merge.old, &all.old, merge.err);
    if (rc == 0)
        rc = by_name(merge.new, &all.new, merge.err);
    if (rc == 0)
        rc = add_variables(&merge, &all, list, out);
    return rc ? rc : put_set(config, "Env", steal(out), merge.err);
}

static int merge_map(const struct merge *above, struct json *config, const char *key,
                     const char *what)
{
    struct merge merge = *above;
    auto_(strv) struct strv keys = STRV_INIT;
    const struct json *is = img__json_get(config, key);
    auto_(json) struct json *out = is ? img__json_copy(is) : img__json_object();
    merge.old = img__json_get(above->old, key);
    merge.new = img__json_get(above->new, key);
    int rc = out ? all_keys(&merge, out, &keys) : img__fail_memory(merge.err);
    for (size_t i = 0; rc == 0 && i < keys.count; i++)
        rc = merge_member(&merge, out, what, keys.items[i], NULL);
    if (rc == 0 && !img__json_sort(out))
        rc = img__fail_memory(merge.err);
    return rc ? rc : put_set(config, key, steal(out), merge.err);
}

/* ---- "config" ---- */

static int merge_any(const struct merge *merge, struct json *config, const char *key)
{
    if (strcmp(key, "Env") == 0)
        return merge_env(merge, config);
    if (strcmp(key, "Labels") == 0)
        return merge_map(merge, config, key, "label");
    if (strcmp(key, "ExposedPorts") == 0)
        return merge_map(merge, config, key, "expose");
    if (strcmp(key, "Volumes") == 0)
        return merge_map(merge, config, key, "volume");
    return merge_member(merge, config, "", key, img__config_config_keys);
}

static int merge_config(struct config *image, const struct merge *above)
{
    struct merge merge = *above;
    auto_(strv) struct strv keys = STRV_INIT;
    merge.old = img__json_get(above->old, "config");
    merge.new = img__json_get(above->new, "config");
    if (!img__json_get(image->json, "config") && !merge.new)
        return 0;
    struct json *config = img__config_open(image);
    int rc = config ? all_keys(&merge, config, &keys) : img__fail_memory(merge.err);
    for (size_t i = 0; rc == 0 && i < keys.count; i++)
        rc = merge_any(&merge, config, keys.items[i]);
    return rc;
}

/* What is about the system beneath. */
static int merge_top(struct config *image, const struct merge *merge)
{
    static const char *const keys[] = {"variant", "os.version", "os.features"};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof(keys) / sizeof(keys[0]); i++)
        rc = merge_member(merge, image->json, "", keys[i], img__config_image_keys);
    return rc;
}

/* ---- layers ---- */

static int splice_ids(struct config *image, size_t old_count, const struct config *new,
                      img_error *err)
{
    size_t base = new->diff_id_count, own = image->diff_id_count - old_count;
    auto_free img_digest *ids = calloc(base + own + 1, sizeof(*ids));
    struct json *rootfs = img__json_open(image->json, "rootfs", JSON_OBJECT);
    struct json *list = img__json_array();
    bool ok = ids && rootfs && list;
    for (size_t i = 0; ok && i < base + own; i++) {
        ids[i] = i < base ? new->diff_ids[i] : image->diff_ids[old_count + i - base];
        ok = img__json_append(list, img__json_string(ids[i].text));
    }
    if (!ok) {
        img__json_free(list);
        return img__fail_memory(err);
    }
    if (!img__json_set(rootfs, "diff_ids", list))
        return img__fail_memory(err);
    free(image->diff_ids);
    image->diff_ids = steal(ids);
    image->diff_id_count = base + own;
    return 0;
}

/* How many rows of history are the old base's: all of its rows, if they are there, else those of as
 * many layers. */
static size_t rows_of_base(const struct json *rows, const struct json *old, size_t layers)
{
    size_t count = img__json_count(rows), same_rows = 0, seen = 0, cut = 0;
    while (same_rows < img__json_count(old) && same_rows < count &&
           img__json_equal(img__json_at(rows, same_rows), img__json_at(old, same_rows)))
        same_rows++;
    if (old && same_rows == img__json_count(old))
        return same_rows;
    for (; cut < count && seen < layers; cut++)
        seen += !img__json_true(img__json_get(img__json_at(rows, cut), "empty_layer"));
    return cut;
}

static bool append_rows(struct json *to, const struct json *rows, size_t first)
{
    bool ok = true;
    for (size_t count = img__json_count(rows); ok && first < count; first++)
        ok = img__json_append(to, img__json_copy(img__json_at(rows, first)));
    return ok;
}

static int splice_history(struct config *image, const struct config *old, const struct config *new,
                          img_error *err)
{
    const struct json *is = img__json_get(image->json, "history");
    const struct json *added = img__json_get(new->json, "history");
    size_t cut = rows_of_base(is, img__json_get(old->json, "history"), old->diff_id_count);
    auto_(json) struct json *rows = img__json_array();
    if (!is && !added)
        return 0;
    bool ok = rows && append_rows(rows, added, 0) &&
              img__config_fill_history(rows, new->diff_id_count) && append_rows(rows, is, cut) &&
              img__config_fill_history(rows, image->diff_id_count);
    ok = ok && img__json_place(image->json, "history", steal(rows), img__config_image_keys);
    return ok ? 0 : img__fail_memory(err);
}

int img__config_rebase(struct config *image, const struct config *old, const struct config *new,
                       struct strv *kept, img_error *err)
{
    const struct merge merge = {old->json, new->json, kept, err};
    size_t base = old->diff_id_count;
    if (image->diff_id_count - base + new->diff_id_count > MANIFEST_LAYERS_MAX)
        return img__fail(err, IMG_ELIMIT, "an image can't have more than %u layers",
                         MANIFEST_LAYERS_MAX);
    int rc = splice_ids(image, base, new, err);
    if (rc == 0)
        rc = splice_history(image, old, new, err);
    if (rc == 0)
        rc = merge_config(image, &merge);
    return rc ? rc : merge_top(image, &merge);
}
