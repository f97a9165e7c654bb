/* SPDX-License-Identifier: Apache-2.0
 *
 * A layer that removes: whiteouts beside what is there below, never for what is not, and one for a
 * whole subtree (layers.md C20-C22, D4). In each directory they come before everything else (C1).
 */
#include <string.h>

#include "base/strv.h"
#include "ops/build_layer.h"

/* Orders by the directory that a path is in, a directory before those beneath it, then by name:
 * that is the order of the layer. */
static int compare(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    const char *x_name = strrchr(x, '/'), *y_name = strrchr(y, '/');
    size_t x_len = x_name ? (size_t)(x_name - x) : 0, y_len = y_name ? (size_t)(y_name - y) : 0;
    for (size_t i = 0; i < x_len && i < y_len; i++) {
        if (x[i] == y[i])
            continue;
        /* '/' ends a component: it sorts before every other byte. */
        unsigned char l = x[i] == '/' ? 0 : (unsigned char)x[i];
        unsigned char r = y[i] == '/' ? 0 : (unsigned char)y[i];
        return l < r ? -1 : 1;
    }
    if (x_len != y_len)
        return x_len < y_len ? -1 : 1;
    return strcmp(x, y);
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

/* Is path in the list, or beneath something that is? */
static bool is_covered(const struct strv *list, const char *path, size_t skip)
{
    for (size_t i = 0; i < list->count; i++) {
        size_t len = strlen(list->items[i]);
        if (i != skip && strncmp(path, list->items[i], len) == 0 &&
            (path[len] == '/' || (path[len] == '\0' && i < skip)))
            return true;
    }
    return false;
}

static int write_whiteouts(struct layering *layering, const struct strv *paths, img_error *err)
{
    const char *done = "";
    auto_free char *parent = NULL;
    for (size_t i = 0; i < paths->count; i++) {
        const char *path = paths->items[i];
        if (is_covered(paths, path, i))
            continue;
        int rc = img__layering_parents(layering, path, done, err);
        if (rc == 0)
            rc = img__pack_whiteout(layering->pack, path, err);
        if (rc)
            return rc;
        const char *slash = strrchr(path, '/');
        free(parent);
        parent = strndup(path, slash ? (size_t)(slash - path) : 0);
        if (!parent)
            return img__fail_memory(err);
        done = parent;
    }
    return 0;
}

static int remove_paths(img_build *build, const char *const *paths, img_error *err)
{
    auto_(layering) struct layering layering = {.build = build, .what = "remove"};
    auto_(strv) struct strv found = STRV_INIT;
    int rc = img__layering_look_below(build, &layering.view, err);
    for (; rc == 0 && *paths; paths++)
        rc = find_path(layering.view, *paths, &found, err);
    if (rc)
        return rc;
    if (found.count)
        qsort(found.items, found.count, sizeof(*found.items), compare);
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
