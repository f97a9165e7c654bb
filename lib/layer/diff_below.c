/* SPDX-License-Identifier: Apache-2.0
 *
 * What was there before: one tree, or several that an overlay merges. Each directory of theirs is
 * looked up in the one above it, layer by layer as the kernel does: a whiteout, an opaque directory
 * or what is no directory hides what is in the layers below it (layers.md D6).
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "layer/diff_internal.h"

static int open_tree(struct below *below, const char *path, img_error *err)
{
    struct scan *scan = &below->scan;
    struct below_tree *tree = &below->trees[below->count];
    auto_(node) struct node node = {.dirfd = AT_FDCWD, .name = path, .top = true, .fd = -1};
    img__buf_clear(&scan->place);
    img__buf_puts(&scan->place, path);
    *tree = (struct below_tree){.path = strdup(path), .fd = -1};
    below->count++;
    if (!tree->path || scan->place.failed)
        return img__fail_memory(err);
    int rc = *path ? img__scan_open(scan, &node, err)
                   : img__fail(err, IMG_EINVAL, "an empty path names no directory");
    if (rc)
        return rc;
    if (!S_ISDIR(node.st.stx_mode))
        return img__fail(err, IMG_EINVAL, "%s: is not a directory", path);
    tree->fd = steal_fd(node.fd);
    tree->dev = scan->dev;
    return 0;
}

int img__below_init(struct below *below, const char *const *paths, bool overlay,
                    const struct scan_options *options, img_error *err)
{
    size_t count = 0;
    while (paths[count])
        count++;
    *below = (struct below){.overlay = overlay};
    int rc = img__scan_init(&below->scan, "/", options, err);
    if (rc)
        return rc;
    below->scan.place.max = SIZE_MAX / 2;
    below->trees = calloc(count, sizeof(*below->trees));
    if (!below->trees)
        return img__fail_memory(err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = open_tree(below, paths[i], err);
    return rc;
}

void img__below_free(struct below *below)
{
    for (size_t i = 0; i < below->count; i++) {
        free(below->trees[i].path);
        if (below->trees[i].fd >= 0)
            close(below->trees[i].fd);
    }
    free(below->trees);
    img__scan_free(&below->scan);
}

void img__below_close(struct below_dir *dir)
{
    for (size_t i = 0; i < dir->count; i++)
        close(dir->parts[i].fd);
    free(dir->parts);
    *dir = (struct below_dir){0};
}

/* What is in a part of a directory. Missing is no failure, but false in *there. */
static int look(struct below *below, const struct below_part *part, const char *path,
                struct node *node, bool *there, img_error *err)
{
    struct scan *scan = &below->scan;
    img_error missing;
    img__buf_clear(&scan->place);
    img__buf_puts(&scan->place, part->tree->path);
    img__buf_putc(&scan->place, '/');
    img__buf_puts(&scan->place, path);
    if (scan->place.failed)
        return img__fail_memory(err);
    scan->dev = part->tree->dev;
    node->dirfd = part->fd;
    int rc = img__scan_look(scan, node, &missing);
    *there = rc == 0;
    if (rc && rc != IMG_ENOTFOUND && err)
        *err = missing;
    return rc == IMG_ENOTFOUND ? 0 : rc;
}

static int look_for_whiteout(struct below *below, const struct below_part *part,
                             const struct node *node, bool *is, img_error *err)
{
    *is = false;
    if (!below->overlay)
        return 0;
    return img__overlay_is_whiteout(&below->scan, node, part->marks_files, is, err);
}

int img__below_find(struct below *below, const struct below_dir *dir, const char *path,
                    struct node *node, bool *there, img_error *err)
{
    bool whiteout = false;
    *there = false;
    for (size_t i = 0; i < dir->count && !*there; i++) {
        int rc = look(below, &dir->parts[i], path, node, there, err);
        if (rc == 0 && *there)
            rc = look_for_whiteout(below, &dir->parts[i], node, &whiteout, err);
        if (rc)
            return rc;
    }
    /* A layer has no sockets. */
    *there = *there && !whiteout && !S_ISSOCK(node->st.stx_mode);
    return *there ? img__scan_input(&below->scan, node, err) : 0;
}

static int add_part(struct below_dir *dir, const struct below_tree *tree, int fd, img_error *err)
{
    auto_fd int owned = fd;
    struct below_part *grown = reallocarray(dir->parts, dir->count + 1, sizeof(*grown));
    if (owned < 0)
        return img__fail_errno(err, "%s: cannot be opened", tree->path);
    if (!grown)
        return img__fail_memory(err);
    dir->parts = grown;
    dir->parts[dir->count++] = (struct below_part){.tree = tree, .fd = steal_fd(owned)};
    return 0;
}

/* The directory node, of a tree, as the lowest part so far. *last: it hides what is below it. */
static int enter_part(struct below *below, const struct below_tree *tree, struct node *node,
                      struct below_dir *out, bool *last, img_error *err)
{
    struct overlay_signs signs = {0};
    const struct scan *scan = &below->scan;
    int rc = img__scan_open(&below->scan, node, err);
    if (rc == 0)
        rc = img__input(&scan->options->inputs, scan->place.data, IMG_INPUT_DIRECTORY, err);
    if (rc == 0 && below->overlay)
        rc = img__overlay_signs(&below->scan, node, &signs, err);
    if (rc == 0)
        rc = img__overlay_check(&below->scan, &signs, err);
    if (rc == 0)
        rc = add_part(out, tree, steal_fd(node->fd), err);
    if (rc)
        return rc;
    out->parts[out->count - 1].marks_files = signs.marks_files;
    *last = signs.opaque;
    return 0;
}

int img__below_enter(struct below *below, const struct below_dir *dir, const char *path,
                     const char *name, struct below_dir *out, img_error *err)
{
    bool there, last = false;
    auto_(below_dir) struct below_dir made = {0};
    for (size_t i = 0; i < dir->count && !last; i++) {
        const struct below_part *part = &dir->parts[i];
        auto_(node) struct node node = {.name = name, .fd = -1};
        int rc = look(below, part, path, &node, &there, err);
        if (rc)
            return rc;
        if (!there)
            continue;
        /* What is mounted in there is no part of the tree. A whiteout is no directory either. */
        if (!S_ISDIR(node.st.stx_mode) || node.mount)
            break;
        rc = enter_part(below, part->tree, &node, &made, &last, err);
        if (rc)
            return rc;
    }
    *out = made;
    made = (struct below_dir){0};
    return 0;
}

/* The roots are merged whatever they say of themselves. */
static int open_roots(struct below *below, struct below_dir *out, img_error *err)
{
    auto_(below_dir) struct below_dir made = {0};
    for (size_t i = 0; i < below->count; i++) {
        bool last;
        const struct below_tree *tree = &below->trees[i];
        auto_(node) struct node node = {.dirfd = tree->fd, .name = ".", .fd = -1};
        img__buf_clear(&below->scan.place);
        img__buf_puts(&below->scan.place, tree->path);
        below->scan.dev = tree->dev;
        node.top = true;
        int rc = enter_part(below, tree, &node, &made, &last, err);
        if (rc)
            return rc;
    }
    *out = made;
    made = (struct below_dir){0};
    return 0;
}

int img__below_open(struct below *below, const char *path, struct below_dir *out, img_error *err)
{
    auto_(below_dir) struct below_dir dir = {0};
    auto_free char *way = strdup(path);
    int rc = way ? open_roots(below, &dir, err) : img__fail_memory(err);
    for (char *name = way; rc == 0 && *name;) {
        struct below_dir next = {0};
        char *end = strchrnul(name, '/');
        char kept = *end;
        *end = '\0';
        rc = img__below_enter(below, &dir, way, name, &next, err);
        img__below_close(&dir);
        dir = next;
        *end = kept;
        name = kept ? end + 1 : end;
    }
    if (rc)
        return rc;
    *out = dir;
    dir = (struct below_dir){0};
    return 0;
}
