/* SPDX-License-Identifier: Apache-2.0
 *
 * A layer that removes: whiteouts beside what is there below, never for what is not, and one for a
 * whole subtree (layers.md C20-C22, D4). In each directory they come before everything else (C1).
 */
#include <string.h>

#include "base/strv.h"
#include "ops/build_layer.h"

/* Bytewise, but '/' ends a component: it sorts before every other byte. So what is beneath a path
 * comes right behind it. */
static int compare_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
    for (size_t i = 0; i < a_len && i < b_len; i++) {
        if (a[i] == b[i])
            continue;
        unsigned char l = a[i] == '/' ? 0 : (unsigned char)a[i];
        unsigned char r = b[i] == '/' ? 0 : (unsigned char)b[i];
        return l < r ? -1 : 1;
    }
    return (a_len > b_len) - (a_len < b_len);
}

static int compare_paths(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    return compare_bytes(x, strlen(x), y, strlen(y));
}

static size_t parent_len(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) : 0;
}

/* By the directory that a path is in, a directory before those beneath it, then by name: that is
 * the order of the layer. */
static int compare_places(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    int order = compare_bytes(x, parent_len(x), y, parent_len(y));
    return order ? order : strcmp(x, y);
}

/* The path as it resolves below, which must be there. */
static int find_path(const struct view *view, const char *text, struct strv *out, img_error *err)
{
    auto_free char *path = NULL, *resolved = NULL;
    int rc = img__entry_normal_path(text, &path, err);
    if (rc)
        return rc;
    if (!*path)
        return img__fail(err, IMG_EINVAL, "/ can't be removed: begin from scratch instead");
    if (view)
        rc = img__view_resolve(view, path, false, &resolved, err);
    if (rc)
        return rc;
    if (!view || !img__view_find(view, resolved))
        return img__fail(err, IMG_ENOTFOUND, "/%s is not there in the layers below", path);
    return img__strv_add(out, resolved, err);
}

static bool covers(const char *above, const char *path)
{
    size_t len = strlen(above);
    return strncmp(above, path, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* Drops what is there twice, or goes with something above it, and puts the rest in order. */
static void sort_paths(struct strv *paths)
{
    size_t kept = 0;
    if (paths->count == 0)
        return;
    qsort(paths->items, paths->count, sizeof(*paths->items), compare_paths);
    for (size_t i = 0; i < paths->count; i++) {
        if (kept && covers(paths->items[kept - 1], paths->items[i]))
            free(paths->items[i]);
        else
            paths->items[kept++] = paths->items[i];
    }
    paths->items[kept] = NULL;
    paths->count = kept;
    qsort(paths->items, kept, sizeof(*paths->items), compare_places);
}

static int write_whiteouts(struct layering *layering, const struct strv *paths, img_error *err)
{
    const char *done = "";
    auto_free char *parent = NULL;
    for (size_t i = 0; i < paths->count; i++) {
        const char *path = paths->items[i];
        int rc = img__layering_parents(layering, path, done, err);
        if (rc == 0)
            rc = img__pack_whiteout(layering->pack, path, err);
        if (rc)
            return rc;
        free(parent);
        parent = strndup(path, parent_len(path));
        if (!parent)
            return img__fail_memory(err);
        done = parent;
    }
    return 0;
}

/* "remove /a/b and 2 more" */
static int describe(const struct strv *paths, char **out, img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT(ENTRY_PATH_MAX + 64);
    img__buf_printf(&text, "remove /%s", paths->count ? paths->items[0] : "");
    if (paths->count > 1)
        img__buf_printf(&text, " and %zu more", paths->count - 1);
    *out = img__buf_steal(&text);
    return *out ? 0 : img__fail_memory(err);
}

static int remove_paths(img_build *build, const char *const *paths, img_error *err)
{
    auto_(layering) struct layering layering = {.build = build};
    auto_(strv) struct strv found = STRV_INIT;
    auto_free char *what = NULL;
    int rc = img__layering_look_below(build, &layering.view, err);
    for (; rc == 0 && *paths; paths++)
        rc = find_path(layering.view, *paths, &found, err);
    if (rc)
        return rc;
    sort_paths(&found);
    rc = describe(&found, &what, err);
    layering.what = what;
    if (rc == 0)
        rc = img__layering_begin(&layering, err);
    if (rc == 0)
        rc = write_whiteouts(&layering, &found, err);
    return rc ? rc : img__layering_end(&layering, err);
}

int img_build_remove(img_build *build, const char *const *paths, img_error *err)
{
    int rc = remove_paths(build, paths, err);
    return rc ? img__prefix(err, rc, "remove") : 0;
}
