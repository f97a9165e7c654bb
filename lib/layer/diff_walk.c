/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk over the new tree with the old one in step, in the order of a layer. A directory that is
 * as it was is kept back until something in it is written (layers.md C5, D8). Memory goes into the
 * names of the directories on the way, and hard links.
 *
 * Which names belong to one file is known only at the end of a walk. So when the first file with
 * several names comes that seems unchanged, a walk of its own finds out about all of them.
 */
#include <fcntl.h>
#include <string.h>

#include "layer/diff_internal.h"

#define OPEN_FILES 64u

static void level_clear(struct level *level)
{
    img__scan_dir_clear(&level->dir);
    img__below_close(&level->below);
    img__entry_clear(&level->entry);
}

static void img__auto_walk(struct walk *walk)
{
    while (walk->depth > 0)
        level_clear(&walk->levels[--walk->depth]);
    free(walk->levels);
}

static int reserve(struct walk *walk, img_error *err)
{
    if (walk->depth < walk->cap)
        return 0;
    size_t cap = walk->cap ? walk->cap * 2 : 16;
    struct level *grown = reallocarray(walk->levels, cap, sizeof(*grown));
    if (!grown)
        return img__fail_memory(err);
    walk->levels = grown;
    walk->cap = cap;
    return 0;
}

/* Those far above the lowest one are closed; how far depends on how many trees there are. */
static void close_high(const struct walk *walk)
{
    size_t open = OPEN_FILES / (walk->diff->below.count + 1);
    open = open < 2 ? 2 : open;
    if (walk->depth <= open)
        return;
    struct level *high = &walk->levels[walk->depth - 1 - open];
    img__scan_dir_close(&high->dir);
    img__below_close(&high->below);
}

/* Goes down. fd and what made holds are taken over, also on failure. */
static int push(struct walk *walk, int fd, struct level *made, img_error *err)
{
    auto_fd int owned = fd;
    int rc = reserve(walk, err);
    if (rc) {
        level_clear(made);
        return rc;
    }
    struct level *level = &walk->levels[walk->depth++];
    *level = *made;
    close_high(walk);
    const struct scan *scan = &walk->diff->scan;
    rc = img__scan_dir_read(&walk->diff->scan, steal_fd(owned), &level->dir, err);
    if (rc == 0)
        rc = img__input(&scan->options->inputs, scan->place.data, IMG_INPUT_DIRECTORY, err);
    return rc || walk->for_links ? rc : img__diff_removed(walk, level, err);
}

/* Goes up. */
static int pop(struct walk *walk, img_error *err)
{
    struct diff *diff = walk->diff;
    struct level *below = &walk->levels[walk->depth - 1];
    struct level *level = walk->depth > 1 ? below - 1 : NULL;
    int rc = 0;
    if (level && level->dir.fd < 0)
        rc = img__scan_dir_reopen(&diff->scan, &below->dir, &level->dir, err);
    if (rc == 0 && level && level->was_there && level->below.count == 0) {
        img__scan_dir_leave(&diff->scan, &level->dir);
        rc = img__below_open(&diff->below, img__buf_text(&diff->scan.path), &level->below, err);
    }
    level_clear(below);
    walk->depth--;
    return rc;
}

int img__diff_parents(struct walk *walk, img_error *err)
{
    struct diff *diff = walk->diff;
    for (size_t i = 0; i < walk->depth; i++) {
        struct level *level = &walk->levels[i];
        if (level->written)
            continue;
        level->entry.path = strndup(diff->scan.path.data, level->dir.path_len);
        if (!level->entry.path)
            return img__fail_memory(err);
        int rc = diff->fn(DIFF_PARENT, &level->entry, NULL, diff->arg, err);
        if (rc)
            return rc;
        img__entry_clear(&level->entry);
        level->written = true;
    }
    return 0;
}

static int write_node(struct walk *walk, enum diff_kind kind, struct node *node, img_error *err)
{
    struct diff *diff = walk->diff;
    int rc = img__diff_parents(walk, err);
    if (rc == 0 && node->fd < 0)
        rc = img__scan_open(&diff->scan, node, err);
    diff->kind = kind;
    return rc ? rc : img__scan_emit(&diff->scan, node, err);
}

/* ---- files ---- */

static int walk_from_root(struct walk *walk, int root, img_error *err);

static int walk_links(struct diff *diff, img_error *err)
{
    auto_(walk) struct walk links = {.diff = diff, .for_links = true};
    auto_(node) struct node node = {.dirfd = AT_FDCWD, .name = diff->path, .top = true, .fd = -1};
    int rc = img__scan_open(&diff->scan, &node, err);
    return rc ? rc : walk_from_root(&links, steal_fd(node.fd), err);
}

/* The names of all files that have several, in both trees. The scan comes back to where it is. */
static int learn_links(struct diff *diff, img_error *err)
{
    struct scan *scan = &diff->scan;
    if (diff->links_known)
        return 0;
    struct buf place = scan->place, path = scan->path;
    scan->place = (struct buf)BUF_INIT(place.max);
    scan->path = (struct buf)BUF_INIT(path.max);
    img__buf_puts(&scan->place, diff->path);
    img__buf_puts(&scan->path, "");
    int rc =
        scan->place.failed || scan->path.failed ? img__fail_memory(err) : walk_links(diff, err);
    img__buf_free(&scan->place);
    img__buf_free(&scan->path);
    scan->place = place;
    scan->path = path;
    diff->links_known = true;
    return rc;
}

static bool can_link(const struct node *before, bool there)
{
    return there && !S_ISDIR(before->st.stx_mode);
}

static int add_links(struct diff *diff, const struct node *before, bool there,
                     const struct node *after, img_error *err)
{
    bool paired = can_link(before, there);
    if (after->st.stx_nlink < 2 && !(paired && before->st.stx_nlink > 1))
        return 0;
    return img__link_groups_add(&diff->links, paired ? &before->st : NULL, &after->st, err);
}

/* Of an upper directory only a part of the names is known, so all that are there are written. */
static int compare_links(struct diff *diff, const struct node *before, const struct node *after,
                         enum difference *out, img_error *err)
{
    if (before->st.stx_nlink < 2 && after->st.stx_nlink < 2)
        return 0;
    int rc = diff->overlay ? 0 : learn_links(diff, err);
    if (rc == 0 && (diff->overlay || img__link_groups_differ(&diff->links, &after->st)))
        *out = DIFFER_IN_METADATA;
    return rc;
}

static int check_signs(struct diff *diff, const struct node *node, struct overlay_signs *signs,
                       img_error *err)
{
    *signs = (struct overlay_signs){0};
    if (!diff->overlay)
        return 0;
    int rc = img__overlay_signs(&diff->scan, node, signs, err);
    diff->seen_by_user |= signs->by_user;
    return rc ? rc : img__overlay_check(&diff->scan, signs, err);
}

static int visit_file(struct walk *walk, struct node *before, bool there, struct node *after,
                      img_error *err)
{
    struct overlay_signs signs;
    enum difference difference;
    if (walk->for_links)
        return add_links(walk->diff, before, there, after, err);
    int rc = check_signs(walk->diff, after, &signs, err);
    if (rc)
        return rc;
    if (!there)
        return write_node(walk, DIFF_ADDED, after, err);
    if ((before->st.stx_mode & S_IFMT) != (after->st.stx_mode & S_IFMT))
        return write_node(walk, DIFF_CHANGED, after, err);
    rc = img__diff_compare(walk->diff, before, after, &difference, err);
    if (rc == 0 && difference == DIFFER_NOT)
        rc = compare_links(walk->diff, before, after, &difference, err);
    if (rc || difference == DIFFER_NOT)
        return rc;
    return write_node(walk, difference == DIFFER_IN_CONTENT ? DIFF_CHANGED : DIFF_METADATA, after,
                      err);
}

/* ---- directories ---- */

/* What is known of the directory but for its entry. */
static int know_directory(struct walk *walk, const struct level *level, const struct node *after,
                          struct level *made, img_error *err)
{
    struct overlay_signs signs;
    int rc = check_signs(walk->diff, after, &signs, err);
    made->bare = level->bare || (walk->diff->has_below && !made->was_there);
    made->opaque = !made->bare && (signs.opaque || level->opaque);
    made->marks_files = signs.marks_files;
    return rc;
}

/* An opaque directory of which nobody knows what it hides may do so to a link. */
static enum diff_kind kind_of(bool there, const struct level *made)
{
    if (made->was_there)
        return DIFF_METADATA;
    return there || made->opaque ? DIFF_CHANGED : DIFF_ADDED;
}

/* Writes the directory, or keeps its entry in made if it is as it was. */
static int take_directory(struct walk *walk, struct node *before, bool there, struct node *after,
                          struct level *made, img_error *err)
{
    struct scan *scan = &walk->diff->scan;
    enum difference difference = DIFFER_IN_METADATA;
    int rc = made->was_there ? img__diff_compare(walk->diff, before, after, &difference, err) : 0;
    if (rc)
        return rc;
    made->written = difference != DIFFER_NOT;
    if (made->written)
        return write_node(walk, kind_of(there, made), after, err);
    rc = img__scan_entry(scan, after, &made->entry, err);
    made->entry.path = made->entry.link = NULL;
    return rc;
}

static int enter_below(struct diff *diff, const struct level *level, const struct node *after,
                       struct level *made, img_error *err)
{
    made->was_there = made->was_there && !made->opaque && !after->mount;
    if (!made->was_there)
        return 0;
    return img__below_enter(&diff->below, &level->below, diff->scan.path.data, after->name,
                            &made->below, err);
}

static int visit_directory(struct walk *walk, const struct level *level, struct node *before,
                           bool there, struct node *after, img_error *err)
{
    struct level made = {.dir = {.fd = -1}, .was_there = there && S_ISDIR(before->st.stx_mode)};
    int rc = img__scan_open(&walk->diff->scan, after, err);
    if (rc == 0)
        rc = know_directory(walk, level, after, &made, err);
    if (rc == 0 && !walk->for_links)
        rc = take_directory(walk, before, there, after, &made, err);
    if (rc == 0)
        rc = enter_below(walk->diff, level, after, &made, err);
    if (rc || after->mount) {
        level_clear(&made);
        return rc;
    }
    return push(walk, steal_fd(after->fd), &made, err);
}

/* ---- the walk ---- */

static int visit(struct walk *walk, const struct level *level, const char *name, img_error *err)
{
    struct diff *diff = walk->diff;
    bool there = false;
    auto_(node) struct node after = {.dirfd = level->dir.fd, .name = name, .fd = -1};
    auto_(node) struct node before = {.name = name, .fd = -1};
    int rc = img__diff_work(diff, DIFF_WORK_NAME, err);
    if (rc == 0)
        rc = img__scan_dir_enter(&diff->scan, &level->dir, name, err);
    if (rc == 0)
        rc = img__scan_look(&diff->scan, &after, err);
    if (rc)
        return rc;
    if (walk->for_links ? S_ISSOCK(after.st.stx_mode) : img__scan_left_out(&diff->scan, &after))
        return 0;
    rc = img__scan_input(&diff->scan, &after, err);
    if (rc == 0 && diff->has_below && !level->bare)
        rc = img__below_find(&diff->below, &level->below, diff->scan.path.data, &before, &there,
                             err);
    if (rc)
        return rc;
    if (S_ISDIR(after.st.stx_mode))
        return visit_directory(walk, level, &before, there, &after, err);
    return visit_file(walk, &before, there, &after, err);
}

/* root is taken over. */
static int walk_from_root(struct walk *walk, int root, img_error *err)
{
    struct diff *diff = walk->diff;
    auto_fd int owned = root;
    struct level top = {.dir = {.fd = -1}, .written = true, .was_there = diff->has_below};
    const struct node node = {.name = ".", .fd = root, .st = {.stx_mode = S_IFDIR}};
    struct overlay_signs signs;
    int rc = check_signs(diff, &node, &signs, err);
    if (rc == 0 && diff->has_below)
        rc = img__below_open(&diff->below, "", &top.below, err);
    if (rc)
        return rc;
    top.opaque = signs.opaque;
    top.marks_files = signs.marks_files;
    rc = push(walk, steal_fd(owned), &top, err);
    while (rc == 0 && walk->depth > 0) {
        struct level *level = &walk->levels[walk->depth - 1];
        if (level->dir.next == level->dir.count)
            rc = pop(walk, err);
        else
            rc = visit(walk, level, level->dir.sorted[level->dir.next++], err);
    }
    return rc;
}

int img__diff_walk(struct diff *diff, img_error *err)
{
    auto_(walk) struct walk walk = {.diff = diff};
    auto_(node) struct node node = {.dirfd = AT_FDCWD, .name = diff->path, .top = true, .fd = -1};
    int rc = img__scan_open(&diff->scan, &node, err);
    if (rc)
        return rc;
    if (!S_ISDIR(node.st.stx_mode))
        return img__fail(err, IMG_EINVAL, "%s: is not a directory", diff->path);
    return walk_from_root(&walk, steal_fd(node.fd), err);
}
