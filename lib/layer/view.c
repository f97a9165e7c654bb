/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers, put one on the other, entry by entry. A whiteout takes away what the layers below have
 * brought and never what its own has, wherever it stands: each node knows the layer that has put
 * something there or beneath (layers.md A1-A14). It is what layer/apply.h does to a directory.
 */
#include "layer/view.h"

#include <inttypes.h>
#include <string.h>

#include <libimg/values.h>

#include "base/buf.h"
#include "base/text.h"
#include "layer/tar_read.h"
#include "layer/view_tree.h"
#include "layer/whiteout.h"

struct view {
    struct tree tree;
    bool keep_xattrs;
    uint32_t compat;
};

/* An entry on its way into the tree. */
struct staged {
    struct entry entry;
    struct origin origin;
};

static void img__auto_staged(struct staged *staged)
{
    img__entry_clear(&staged->entry);
}

/* A layer that is put on. */
struct batch {
    struct tree *tree;
    const struct view *view;
    const char *name;
    uint32_t ordinal; /* of the entry */
    uint64_t detours; /* by links */
};

/* Forty links can lead over a hundred thousand directories, for an entry of few bytes; and no image
 * that means well does that (layers.md X20). */
#define DETOURS_MAX UINT64_C(10000000)

int img__view_new(struct view **out, img_error *err)
{
    auto_free struct view *view = calloc(1, sizeof(*view));
    if (!view)
        return img__fail_memory(err);
    int rc = img__tree_init(&view->tree, err);
    if (rc)
        return rc;
    img__view_limit(view, VIEW_BYTES_MAX);
    *out = steal(view);
    return 0;
}

void img__view_limit(struct view *view, uint64_t bytes)
{
    view->tree.left_bytes = view->tree.limit_bytes = bytes;
}

void img__view_keep_xattrs(struct view *view)
{
    view->keep_xattrs = true;
}

void img__view_compat(struct view *view, uint32_t compat)
{
    view->compat = compat;
}

void img__view_free(struct view *view)
{
    if (!view)
        return;
    img__tree_free(&view->tree);
    free(view);
}

/* ---- what is kept of an entry ---- */

static int fail_entry(const struct batch *batch, const char *path, const char *reason,
                      img_error *err)
{
    return img__fail(err, IMG_EFORMAT, "%s: entry '%.512s': %s", batch->name, path, reason);
}

/* Counts what is kept, and never takes anything off. Links, and parents that are implied, make a
 * thousand times the bytes of a layer of it. */
static int charge(const struct batch *batch, size_t bytes, img_error *err)
{
    struct tree *tree = batch->tree;
    if (bytes > tree->left_bytes)
        return img__fail(err, IMG_ELIMIT,
                         "%s: the names in the image take more than %" PRIu64
                         " MiB of memory, which is the limit",
                         batch->name, tree->limit_bytes >> 20);
    tree->left_bytes -= bytes;
    return 0;
}

static size_t kept_xattrs(const struct batch *batch, const struct entry *entry)
{
    return batch->view->keep_xattrs || entry->type == ENTRY_DIRECTORY ? entry->xattr_count : 0;
}

static int charge_entry(const struct batch *batch, const struct entry *entry, img_error *err)
{
    size_t bytes = sizeof(struct node) + strlen(entry->path);
    if (entry->link)
        bytes += strlen(entry->link);
    for (size_t i = 0; i < kept_xattrs(batch, entry); i++)
        bytes += sizeof(struct entry_xattr) + strlen(entry->xattrs[i].name) + entry->xattrs[i].len;
    return charge(batch, bytes, err);
}

/* What a view keeps of an entry. */
static int copy_entry(const struct batch *batch, const struct entry *from, struct entry *to,
                      img_error *err)
{
    int rc = charge_entry(batch, from, err);
    if (rc)
        return rc;
    *to = *from;
    to->xattrs = NULL;
    to->xattr_count = 0;
    to->path = strdup(from->path);
    to->link = from->link ? strdup(from->link) : NULL;
    if (!to->path || (from->link && !to->link))
        return img__fail_memory(err);
    for (size_t i = 0; i < kept_xattrs(batch, from) && !rc; i++)
        rc = img__entry_add_xattr(to, from->xattrs[i].name, from->xattrs[i].value,
                                  from->xattrs[i].len, err);
    return rc;
}

static int check_detours(const struct batch *batch, img_error *err)
{
    if (batch->detours <= DETOURS_MAX)
        return 0;
    return img__fail(err, IMG_ELIMIT, "%s: links lead its entries over too many directories",
                     batch->name);
}

static const char *last_component(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* ---- whiteouts ---- */

/* A link that this layer has brought says nothing of what is below, unless it is as it was. */
static bool is_new(const struct node *link, const void *arg)
{
    const struct batch *batch = arg;
    return link->newest == batch->tree->layer && !link->same_link;
}

static bool has_some(const struct batch *batch, const struct node *node)
{
    return node->newest == batch->tree->layer;
}

/* A directory of which only what this layer has beneath it is left. */
static void make_implied(struct node *node)
{
    struct entry implied = {.type = ENTRY_DIRECTORY, .path = steal(node->entry.path), .mode = 0755};
    img__entry_clear(&node->entry);
    node->entry = implied;
    node->origin = (struct origin){0};
}

static int prune(const struct batch *batch, struct node *node, img_error *err);

/* What stands at a whiteout, or in an opaque directory. */
static int hide(const struct batch *batch, struct node *node, img_error *err)
{
    if (!has_some(batch, node)) {
        img__tree_remove(node);
        return 0;
    }
    if (node->entry.type != ENTRY_DIRECTORY)
        return 0;
    if (node->origin.layer != batch->tree->layer)
        make_implied(node);
    return prune(batch, node, err);
}

/* Takes what is below from a directory, once in a layer: nothing of it comes back. */
static int prune(const struct batch *batch, struct node *node, img_error *err)
{
    struct node **children = NULL;
    size_t count = 0;
    if (node->emptied == batch->tree->layer)
        return 0;
    node->emptied = batch->tree->layer;
    if (!has_some(batch, node)) {
        img__tree_remove_children(node);
        return 0;
    }
    int rc = img__tree_children(node, &children, &count, err);
    for (size_t i = 0; i < count && !rc; i++)
        rc = hide(batch, children[i], err);
    free(children);
    return rc;
}

static int check_whiteout(const struct batch *batch, const struct entry *entry, const char *hidden,
                          img_error *err)
{
    if (hidden[0] == '\0' || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0)
        return fail_entry(batch, entry->path, "a whiteout of no name that there can be", err);
    if (entry->size)
        return fail_entry(batch, entry->path, "a whiteout with data", err);
    return 0;
}

/* What is not below needs no whiteout: that is no error. */
static int apply_whiteout(struct batch *batch, const struct entry *entry, img_error *err)
{
    auto_(buf) struct buf real = BUF_INIT(ENTRY_PATH_MAX);
    const struct way way = {true, true, is_new, batch, &batch->detours};
    const char *name = last_component(entry->path), *hidden = name + strlen(WHITEOUT);
    bool opaque = strcmp(name, OPAQUE) == 0;
    struct node *node;
    int rc = check_whiteout(batch, entry, hidden, err);
    if (rc || (!opaque && img__text_starts(name, WHITEOUT_META)))
        return rc; /* aufs has files of such names */
    size_t parent_len = name == entry->path ? 0 : (size_t)(name - entry->path) - 1;
    auto_free char *parent = strndup(entry->path, parent_len);
    if (!parent)
        return img__fail_memory(err);

    rc = img__tree_walk(batch->tree, parent, &way, &real, &node, err);
    if (check_detours(batch, err))
        return IMG_ELIMIT;
    if (rc == IMG_EINVAL)
        return 0;
    if (rc || !node || node->entry.type != ENTRY_DIRECTORY)
        return rc;
    if (opaque)
        return prune(batch, node, err);
    node = img__tree_child(node, hidden);
    return node ? hide(batch, node, err) : 0;
}

/* ---- entries ---- */

static bool allows_duplicates(const struct batch *batch)
{
    return batch->view->compat & IMG_COMPAT_DUPLICATES;
}

/* A path that makes no sense in the image is the layer's fault. */
static int walk_for(const struct batch *batch, const char *path, const struct way *way,
                    struct buf *real, struct node **node, img_error *err)
{
    int rc = img__tree_walk(batch->tree, path, way, real, node, err);
    if (rc != IMG_EINVAL)
        return rc ? rc : check_detours(batch, err);
    if (err)
        err->code = IMG_EFORMAT;
    img__prefix(err, IMG_EFORMAT, "%s", batch->name);
    return IMG_EFORMAT;
}

/* The directories of a real path, made where they are missing. What is there and is not a directory
 * makes room for one, unless the same layer brought it. */
static int make_directories(const struct batch *batch, char *path, struct node **out,
                            img_error *err)
{
    struct node *at = batch->tree->root;
    for (char *next = path; *next;) {
        char *end = strchrnul(next, '/');
        char ended_by = *end;
        *end = '\0';
        struct node *child = img__tree_child(at, next);
        if (child && child->entry.type != ENTRY_DIRECTORY) {
            if (has_some(batch, child) && !allows_duplicates(batch))
                return fail_entry(batch, path,
                                  "there are entries beneath it, and it is no "
                                  "directory",
                                  err);
            img__tree_remove(child);
            child = NULL;
        }
        int rc = child ? 0 : charge(batch, sizeof(*child) + strlen(path), err);
        if (rc)
            return rc;
        if (!child)
            child = img__tree_add_implied(batch->tree, at, path);
        if (!child)
            return img__fail_memory(err);
        at = child;
        *end = ended_by;
        next = ended_by ? end + 1 : end;
    }
    *out = at;
    return 0;
}

/* The directory that entry goes to; its path becomes the real one. */
static int find_parent(struct batch *batch, struct entry *entry, struct node **out, img_error *err)
{
    auto_(buf) struct buf real = BUF_INIT(ENTRY_PATH_MAX);
    const struct way way = {true, true, NULL, NULL, &batch->detours};
    const char *name = last_component(entry->path);
    size_t parent_len = name == entry->path ? 0 : (size_t)(name - entry->path) - 1;
    auto_free char *parent = strndup(entry->path, parent_len);
    if (!parent)
        return img__fail_memory(err);

    int rc = walk_for(batch, parent, &way, &real, out, err);
    if (!rc && (!*out || (*out)->entry.type != ENTRY_DIRECTORY))
        rc = make_directories(batch, real.data, out, err);
    if (rc)
        return rc;
    if (real.len)
        img__buf_putc(&real, '/');
    img__buf_puts(&real, name);
    if (real.failed == IMG_ELIMIT)
        return fail_entry(batch, entry->path, "leads to a path that is too long", err);
    rc = charge(batch, real.len, err);
    if (rc)
        return rc;
    free(entry->path);
    entry->path = img__buf_steal(&real);
    return entry->path ? 0 : img__fail_memory(err);
}

static int fail_link(const struct batch *batch, const struct entry *entry, img_error *err)
{
    return fail_entry(batch, entry->path, "a hard link to what is not there before it", err);
}

/* A hard link becomes what it leads to, whose path without links is put into real. */
static int resolve_hard_link(struct batch *batch, struct staged *staged, struct buf *real,
                             img_error *err)
{
    const struct way way = {false, true, NULL, NULL, &batch->detours};
    struct entry *entry = &staged->entry;
    struct node *target;
    int rc = walk_for(batch, entry->link, &way, real, &target, err);
    if (rc)
        return rc;
    if (!target)
        return fail_link(batch, entry, err);
    if (target->entry.type == ENTRY_DIRECTORY)
        return fail_entry(batch, entry->path, "a hard link to a directory", err);
    auto_(entry) struct entry copy = {0};
    rc = copy_entry(batch, &target->entry, &copy, err);
    if (rc)
        return rc;
    free(copy.path);
    copy.path = steal(entry->path);
    img__entry_clear(entry);
    *entry = copy;
    copy = (struct entry){0};
    staged->origin = target->origin;
    return 0;
}

/* What a hard link leads to must not make room for the link itself, or for a directory on the way
 * to it. */
static int check_target(const struct batch *batch, const struct entry *entry, const char *target,
                        img_error *err)
{
    size_t len = strlen(entry->path);
    bool beneath = strncmp(target, entry->path, len) == 0 && target[len] == '/';
    const struct node *node = img__tree_find(batch->tree, target);
    if (beneath || !node || node->entry.type == ENTRY_DIRECTORY)
        return fail_link(batch, entry, err);
    return 0;
}

/* Whether the entry may be put in the place of what is there. Paths that differ may lead to one
 * place. */
static int check_place(const struct batch *batch, const struct entry *entry,
                       const struct node *there, img_error *err)
{
    bool directory = there->entry.type == ENTRY_DIRECTORY;
    if (allows_duplicates(batch))
        return 0;
    if (directory ? there->origin.layer == batch->tree->layer : has_some(batch, there))
        return fail_entry(batch, entry->path, "it is there twice", err);
    if (directory && entry->type != ENTRY_DIRECTORY && has_some(batch, there))
        return fail_entry(batch, entry->path,
                          "there are entries beneath it, and it is no directory", err);
    return 0;
}

/* The metadata of a directory, whose content stays. */
static void replace_directory(const struct tree *tree, struct node *node, struct staged *staged)
{
    img__entry_clear(&node->entry);
    node->entry = staged->entry;
    node->origin = staged->origin;
    staged->entry = (struct entry){0};
    node->name = last_component(node->entry.path);
    img__tree_touch(tree, node);
}

static bool is_same_link(const struct node *there, const struct entry *entry)
{
    return there && there->entry.type == ENTRY_SYMLINK && entry->type == ENTRY_SYMLINK &&
           strcmp(there->entry.link, entry->link) == 0;
}

/* Puts what is to be at a place of parent there. */
static int put(const struct batch *batch, struct node *parent, struct staged *staged,
               img_error *err)
{
    struct entry *entry = &staged->entry;
    struct node *there = img__tree_child(parent, last_component(entry->path));
    int rc = there ? check_place(batch, entry, there, err) : 0;
    if (rc)
        return rc;
    if (there && there->entry.type == ENTRY_DIRECTORY && entry->type == ENTRY_DIRECTORY) {
        replace_directory(batch->tree, there, staged);
        return 0;
    }
    bool same_link = is_same_link(there, entry);
    if (there)
        img__tree_remove(there);
    struct node *node = img__tree_add(batch->tree, parent, entry);
    if (!node)
        return img__fail_memory(err);
    node->origin = staged->origin;
    node->same_link = same_link;
    return 0;
}

static int apply_root(const struct batch *batch, struct staged *staged, img_error *err)
{
    struct node *root = batch->tree->root;
    int rc = check_place(batch, &staged->entry, root, err);
    if (!rc)
        replace_directory(batch->tree, root, staged);
    return rc;
}

static int apply_staged(struct batch *batch, struct staged *staged, img_error *err)
{
    struct entry *entry = &staged->entry;
    auto_(buf) struct buf target = BUF_INIT(ENTRY_PATH_MAX);
    bool link = entry->type == ENTRY_HARDLINK;
    struct node *parent;
    if (entry->path[0] == '\0')
        return apply_root(batch, staged, err);
    int rc = link ? resolve_hard_link(batch, staged, &target, err) : 0;
    if (!rc)
        rc = find_parent(batch, entry, &parent, err);
    if (!rc && link)
        rc = check_target(batch, entry, img__buf_text(&target), err);
    return rc ? rc : put(batch, parent, staged, err);
}

/* ---- a layer ---- */

/* A directory on the way that is a whiteout. Those of aufs, which old layers have, are skipped. */
static int check_way(const struct batch *batch, const struct entry *entry, bool *skip,
                     img_error *err)
{
    for (const char *at = entry->path, *slash; (slash = strchr(at, '/')); at = slash + 1) {
        if (img__text_starts(at, WHITEOUT_META))
            *skip = true;
        else if (img__text_starts(at, WHITEOUT) && !*skip)
            return fail_entry(batch, entry->path, "it is beneath a whiteout", err);
    }
    return 0;
}

static int apply_entry(struct batch *batch, const struct entry *entry, img_error *err)
{
    bool skip = false;
    auto_(staged) struct staged staged = {.origin = {batch->tree->layer, batch->ordinal}};
    int rc = check_way(batch, entry, &skip, err);
    if (rc || skip)
        return rc;
    if (img__text_starts(last_component(entry->path), WHITEOUT))
        return apply_whiteout(batch, entry, err);
    rc = copy_entry(batch, entry, &staged.entry, err);
    return rc ? rc : apply_staged(batch, &staged, err);
}

int img__view_apply(struct view *view, struct source *tar, const char *name, img_error *err)
{
    struct batch batch = {.tree = &view->tree, .view = view, .name = name};
    auto_(tar_reader) struct tar_reader *reader = NULL;
    int rc = img__tar_reader_new(tar, name, &reader, err);
    if (rc)
        return rc;
    img__tar_reader_compat(reader, view->compat);
    view->tree.layer++;
    for (; !rc; batch.ordinal++) {
        const struct entry *entry;
        rc = img__tar_reader_next(reader, &entry, err);
        if (rc <= 0)
            return rc;
        rc = apply_entry(&batch, entry, err);
    }
    return rc;
}

/* ---- looking ---- */

const struct entry *img__view_find(const struct view *view, const char *path)
{
    const struct node *node = img__tree_find(&view->tree, path);
    return node ? &node->entry : NULL;
}

const struct entry *img__view_find_origin(const struct view *view, const char *path,
                                          struct origin *origin)
{
    const struct node *node = img__tree_find(&view->tree, path);
    if (!node)
        return NULL;
    *origin = node->origin;
    return &node->entry;
}

struct each {
    view_fn fn;
    void *arg;
};

static int each_node(struct node *node, void *arg)
{
    const struct each *each = arg;
    return each->fn(&node->entry, &node->origin, each->arg);
}

int img__view_each(const struct view *view, view_fn fn, void *arg)
{
    struct each each = {fn, arg};
    return img__tree_each(&view->tree, each_node, &each);
}

struct tree *img__view_tree(struct view *view)
{
    return &view->tree;
}

int img__view_resolve(const struct view *view, const char *path, bool follow_last, char **out,
                      img_error *err)
{
    auto_(buf) struct buf real = BUF_INIT(ENTRY_PATH_MAX);
    const struct way way = {follow_last, false, NULL, NULL, NULL};
    struct node *node;
    int rc = img__tree_walk(&view->tree, path, &way, &real, &node, err);
    if (rc)
        return rc;
    *out = img__buf_steal(&real);
    return *out ? 0 : img__fail_memory(err);
}
