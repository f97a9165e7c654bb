/* SPDX-License-Identifier: Apache-2.0
 *
 * What is gone from a directory, before anything else in it is written: the opaque marker, then
 * whiteouts by name (layers.md C1, C2). Never one for what is not there below, nor beside an entry
 * of that name (C21); the root is never opaque, since some runtimes ignore that (C22).
 */
#include <dirent.h>
#include <string.h>

#include "layer/diff_internal.h"

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static const char *find_name(const struct scan_dir *dir, const char *name)
{
    if (dir->count == 0)
        return NULL;
    char **found = bsearch(&name, dir->sorted, dir->count, sizeof(*dir->sorted), compare_names);
    return found ? *found : NULL;
}

/* Looks at a name of the new tree. */
static int look(struct diff *diff, const struct level *level, const char *name, struct node *node,
                img_error *err)
{
    *node = (struct node){.dirfd = level->dir.fd, .name = name, .fd = -1};
    int rc = img__scan_dir_enter(&diff->scan, &level->dir, name, err);
    return rc ? rc : img__scan_look(&diff->scan, node, err);
}

/* Layers can't hold it, so what it replaced is gone. */
static int is_socket(struct diff *diff, const struct level *level, const char *name, bool *is,
                     img_error *err)
{
    struct node node;
    *is = img__scan_dir_type(name) == DT_SOCK;
    if (img__scan_dir_type(name) != DT_UNKNOWN)
        return 0;
    int rc = look(diff, level, name, &node, err);
    *is = rc == 0 && S_ISSOCK(node.st.stx_mode);
    return rc;
}

/* ---- in two trees ---- */

/* The names in a part of the old directory that the new one lacks. */
static int add_missing(struct diff *diff, const struct level *level, const struct below_part *part,
                       struct strv *gone, img_error *err)
{
    struct scan_dir old = {.fd = -1};
    int rc = img__scan_dir_read(&diff->below.scan, part->fd, &old, err);
    old.fd = -1; /* it stays with the part, which was not listed before */
    for (size_t i = 0; rc == 0 && i < old.count; i++) {
        const char *name = find_name(&level->dir, old.sorted[i]);
        bool missing = !name;
        if (name)
            rc = is_socket(diff, level, name, &missing, err);
        if (rc == 0 && missing)
            rc = img__strv_add(gone, old.sorted[i], err);
    }
    img__scan_dir_clear(&old);
    return rc;
}

static int add_all_missing(struct diff *diff, const struct level *level, struct strv *gone,
                           img_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < level->below.count; i++)
        rc = add_missing(diff, level, &level->below.parts[i], gone, err);
    return rc;
}

/* ---- in an upper directory ---- */

static bool may_be_whiteout(const struct level *level, const char *name)
{
    unsigned char type = img__scan_dir_type(name);
    return type == DT_CHR || type == DT_UNKNOWN || type == DT_SOCK ||
           (type == DT_REG && level->marks_files);
}

/* Takes the whiteouts out of the names. */
static int take_whiteouts(struct diff *diff, struct level *level, struct strv *gone, img_error *err)
{
    struct scan_dir *dir = &level->dir;
    size_t kept = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < dir->count; i++) {
        char *name = dir->sorted[i];
        bool whiteout = false, socket = false;
        struct node node;
        if (may_be_whiteout(level, name)) {
            rc = look(diff, level, name, &node, err);
            if (rc == 0)
                rc = img__overlay_is_whiteout(&diff->scan, &node, level->marks_files, &whiteout,
                                              err);
            socket = rc == 0 && S_ISSOCK(node.st.stx_mode);
        }
        if (!whiteout)
            dir->sorted[kept++] = name;
        if (whiteout || socket)
            rc = img__strv_add(gone, name, err);
    }
    dir->count = kept;
    return rc;
}

/* ---- writing ---- */

static bool is_below(const struct diff *diff)
{
    const struct diff_options *options = diff->options;
    return !options->is_below || options->is_below(diff->scan.path.data, options->is_below_arg);
}

static int write_removal(struct walk *walk, enum diff_kind kind, img_error *err)
{
    struct diff *diff = walk->diff;
    struct entry entry = {.type = ENTRY_FILE, .path = diff->scan.path.data};
    if (!is_below(diff))
        return 0;
    int rc = img__diff_parents(walk, err);
    return rc ? rc : diff->fn(kind, &entry, NULL, diff->arg, err);
}

static int write_whiteout(struct walk *walk, const struct level *level, const char *name,
                          img_error *err)
{
    struct diff *diff = walk->diff;
    struct node node = {.name = name, .fd = -1};
    bool there = true;
    int rc = img__scan_dir_enter(&diff->scan, &level->dir, name, err);
    if (rc == 0 && diff->has_below)
        rc = img__below_find(&diff->below, &level->below, diff->scan.path.data, &node, &there, err);
    return rc || !there ? rc : write_removal(walk, DIFF_REMOVED, err);
}

static int write_all(struct walk *walk, struct level *level, struct strv *gone, img_error *err)
{
    int rc = 0;
    if (gone->count)
        qsort(gone->items, gone->count, sizeof(*gone->items), compare_names);
    for (size_t i = 0; rc == 0 && i < gone->count; i++)
        if (i == 0 || strcmp(gone->items[i - 1], gone->items[i]) != 0)
            rc = write_whiteout(walk, level, gone->items[i], err);
    return rc;
}

/* What was there in an opaque directory is gone, too. At the root that is said of each. */
static int write_opaque(struct walk *walk, struct level *level, struct strv *gone, img_error *err)
{
    struct diff *diff = walk->diff;
    if (walk->depth > 1) {
        img__scan_dir_leave(&diff->scan, &level->dir);
        level->bare = true;
        level->opaque = false;
        return write_removal(walk, DIFF_OPAQUE, err);
    }
    if (!diff->has_below)
        return img__fail(err, IMG_EUNSUPPORTED,
                         "%s: hides all that is below, which only whiteouts can say in a layer; "
                         "name the lower directories, too",
                         diff->path);
    return add_all_missing(diff, level, gone, err);
}

int img__diff_removed(struct walk *walk, struct level *level, img_error *err)
{
    auto_(strv) struct strv gone = STRV_INIT;
    struct diff *diff = walk->diff;
    int rc = 0;
    if (diff->overlay)
        rc = take_whiteouts(diff, level, &gone, err);
    else
        rc = add_all_missing(diff, level, &gone, err);
    if (rc == 0 && level->opaque)
        rc = write_opaque(walk, level, &gone, err);
    return rc || level->bare ? rc : write_all(walk, level, &gone, err);
}
