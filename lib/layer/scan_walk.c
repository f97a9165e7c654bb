/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk over a tree: depth first, names bytewise (layers.md C1). It holds the names of the
 * directories on the way to where it is, and the descriptors of the lowest few of them: the others
 * are opened again by "..", and must be the same directory then. The stack is on the heap, since a
 * tree may be 2,000 deep.
 */
#include <dirent.h>
#include <string.h>

#include "layer/scan_internal.h"

#define OPEN_DIRS 64u

struct walk {
    struct scan *scan;
    struct scan_dir *dirs;
    size_t depth;
    size_t cap;
};

static void img__auto_walk(struct walk *walk)
{
    while (walk->depth > 0)
        img__scan_dir_clear(&walk->dirs[--walk->depth]);
    free(walk->dirs);
}

/* Goes down. fd is taken over. */
static int push(struct walk *walk, int fd, img_error *err)
{
    auto_fd int owned = fd;
    if (walk->depth == walk->cap) {
        size_t cap = walk->cap ? walk->cap * 2 : 16;
        struct scan_dir *grown = reallocarray(walk->dirs, cap, sizeof(*grown));
        if (!grown)
            return img__fail_memory(err);
        walk->dirs = grown;
        walk->cap = cap;
    }
    struct scan_dir *dir = &walk->dirs[walk->depth++];
    if (walk->depth > OPEN_DIRS)
        img__scan_dir_close(&walk->dirs[walk->depth - 1 - OPEN_DIRS]);
    int rc = img__scan_dir_read(walk->scan, steal_fd(owned), dir, err);
    if (rc)
        return rc;
    const struct scan *scan = walk->scan;
    return img__input(&scan->options->inputs, scan->place.data, IMG_INPUT_DIRECTORY, err);
}

/* Goes up. */
static int pop(struct walk *walk, img_error *err)
{
    struct scan_dir *below = &walk->dirs[walk->depth - 1];
    struct scan_dir *dir = walk->depth > 1 ? below - 1 : NULL;
    int rc = dir && dir->fd < 0 ? img__scan_dir_reopen(walk->scan, below, dir, err) : 0;
    img__scan_dir_clear(below);
    walk->depth--;
    return rc;
}

/* What the rules say of where the walk is; they know nothing of the prefix. */
static enum ignore_verdict judge(const struct scan *scan)
{
    const char *prefix = scan->options->prefix;
    if (!scan->options->ignore)
        return IGNORE_TAKE;
    return img__ignore_judge(scan->options->ignore,
                             scan->path.data + strlen(prefix) + (prefix[0] != '\0'));
}

/* For IGNORE_LOOK, which is about directories alone: may it be one? */
static int may_be_directory(const struct scan *scan, struct node *node, bool *may, img_error *err)
{
    unsigned char type = img__scan_dir_type(node->name);
    int rc = type == DT_UNKNOWN ? img__scan_look(scan, node, err) : 0;
    *may = type == DT_DIR || (type == DT_UNKNOWN && S_ISDIR(node->st.stx_mode));
    return rc;
}

static int visit_judged(struct walk *walk, struct node *node, bool take, img_error *err)
{
    struct scan *scan = walk->scan;
    int rc = img__scan_meet(scan, node, err);
    if (rc || img__scan_left_out(scan, node))
        return rc;
    rc = img__scan_input(scan, node, err);
    bool enter = S_ISDIR(node->st.stx_mode) && !node->mount;
    if (rc == 0 && take && scan->held.count > 0)
        rc = img__scan_emit_held(scan, err);
    if (rc == 0 && take)
        rc = img__scan_emit(scan, node, err);
    else if (rc == 0 && enter)
        rc = img__scan_hold(scan, node, err);
    return rc || !enter ? rc : push(walk, steal_fd(node->fd), err);
}

static int visit(struct walk *walk, const struct scan_dir *dir, const char *name, img_error *err)
{
    auto_(node) struct node node = {.dirfd = dir->fd, .name = name, .fd = -1};
    bool look = true;
    if (img__scan_dir_type(name) == DT_REG)
        node.file = img__scan_dir_ino(name);
    int rc = img__scan_dir_enter(walk->scan, dir, name, err);
    if (rc)
        return rc;
    enum ignore_verdict verdict = judge(walk->scan);
    if (verdict == IGNORE_LOOK)
        rc = may_be_directory(walk->scan, &node, &look, err);
    if (rc || !look || verdict == IGNORE_LEAVE_OUT)
        return rc;
    return visit_judged(walk, &node, verdict == IGNORE_TAKE, err);
}

int img__scan_walk(struct scan *scan, int fd, img_error *err)
{
    auto_(walk) struct walk walk = {.scan = scan};
    int rc = push(&walk, fd, err);
    while (!rc && walk.depth > 0) {
        struct scan_dir *dir = &walk.dirs[walk.depth - 1];
        if (dir->next == dir->count)
            rc = pop(&walk, err);
        else
            rc = visit(&walk, dir, dir->sorted[dir->next++], err);
    }
    return rc;
}
