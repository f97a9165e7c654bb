/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers, put one on the other. A layer is read to its end before it changes anything: first its
 * whiteouts take away what is below, then its entries come, in their order. So no whiteout hides
 * what its own layer brings, wherever it stands (layers.md A1-A14).
 */
#include "layer/view.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "layer/tar_read.h"
#include "layer/view_tree.h"

#define WHITEOUT ".wh."
#define WHITEOUT_META ".wh..wh."
#define OPAQUE ".wh..wh..opq"

struct view {
    struct tree tree;
};

/* What a layer holds. */
struct batch {
    struct tree *tree; /* that it is put on */
    const char *name;
    struct entry *entries; /* in the layer's order */
    size_t count;
    size_t cap;
    struct entry **sorted;   /* by path */
    struct entry *whiteouts; /* only their paths */
    size_t whiteout_count;
    size_t whiteout_cap;
};

static void free_entries(struct entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        img__entry_clear(&entries[i]);
    free(entries);
}

static void img__auto_batch(struct batch *batch)
{
    free_entries(batch->entries, batch->count);
    free_entries(batch->whiteouts, batch->whiteout_count);
    free(batch->sorted);
}

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

void img__view_free(struct view *view)
{
    if (!view)
        return;
    img__tree_free(&view->tree);
    free(view);
}

/* ---- reading a layer ---- */

static int fail_entry(const struct batch *batch, const char *path, const char *reason,
                      img_error *err)
{
    return img__fail(err, IMG_EFORMAT, "%s: entry '%.512s': %s", batch->name, path, reason);
}

/* Room for one more; zeroed. */
static struct entry *append(struct entry **entries, size_t *count, size_t *cap)
{
    if (*count == *cap) {
        size_t grown_cap = *cap ? *cap * 2 : 64;
        struct entry *grown = reallocarray(*entries, grown_cap, sizeof(*grown));
        if (!grown)
            return NULL;
        *entries = grown;
        *cap = grown_cap;
    }
    (*entries)[*count] = (struct entry){0};
    return &(*entries)[(*count)++];
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

/* A view keeps the attributes of directories only. */
static size_t kept_xattrs(const struct entry *entry)
{
    return entry->type == ENTRY_DIRECTORY ? entry->xattr_count : 0;
}

static int charge_entry(const struct batch *batch, const struct entry *entry, img_error *err)
{
    size_t bytes = sizeof(struct node) + strlen(entry->path);
    if (entry->link)
        bytes += strlen(entry->link);
    for (size_t i = 0; i < kept_xattrs(entry); i++)
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
    for (size_t i = 0; i < kept_xattrs(from) && !rc; i++)
        rc = img__entry_add_xattr(to, from->xattrs[i].name, from->xattrs[i].value,
                                  from->xattrs[i].len, err);
    return rc;
}

static const char *last_component(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

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

static int take_whiteout(struct batch *batch, const struct entry *entry, img_error *err)
{
    const char *hidden = last_component(entry->path) + strlen(WHITEOUT);
    if (hidden[0] == '\0' || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0)
        return fail_entry(batch, entry->path, "a whiteout of no name that there can be", err);
    if (entry->size)
        return fail_entry(batch, entry->path, "a whiteout with data", err);
    if (img__text_starts(hidden, WHITEOUT) && strcmp(last_component(entry->path), OPAQUE) != 0)
        return 0; /* nothing of that name can be below */
    int rc = charge(batch, sizeof(*entry) + strlen(entry->path), err);
    if (rc)
        return rc;
    struct entry *slot = append(&batch->whiteouts, &batch->whiteout_count, &batch->whiteout_cap);
    if (!slot || !(slot->path = strdup(entry->path)))
        return img__fail_memory(err);
    return 0;
}

static int take_entry(struct batch *batch, const struct entry *entry, img_error *err)
{
    bool skip = false;
    int rc = check_way(batch, entry, &skip, err);
    if (rc || skip)
        return rc;
    if (img__text_starts(last_component(entry->path), WHITEOUT))
        return take_whiteout(batch, entry, err);
    struct entry *slot = append(&batch->entries, &batch->count, &batch->cap);
    return slot ? copy_entry(batch, entry, slot, err) : img__fail_memory(err);
}

static int read_layer(struct batch *batch, struct source *tar, img_error *err)
{
    auto_(tar_reader) struct tar_reader *reader = NULL;
    int rc = img__tar_reader_new(tar, batch->name, &reader, err);
    while (!rc) {
        const struct entry *entry;
        rc = img__tar_reader_next(reader, &entry, err);
        if (rc <= 0)
            return rc;
        rc = take_entry(batch, entry, err);
    }
    return rc;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp((*(struct entry *const *)a)->path, (*(struct entry *const *)b)->path);
}

/* A path that is there twice means different things to different readers. */
static int sort_batch(struct batch *batch, img_error *err)
{
    batch->sorted = calloc(batch->count + 1, sizeof(struct entry *));
    if (!batch->sorted)
        return img__fail_memory(err);
    for (size_t i = 0; i < batch->count; i++)
        batch->sorted[i] = &batch->entries[i];
    qsort(batch->sorted, batch->count, sizeof(struct entry *), compare_paths);
    for (size_t i = 1; i < batch->count; i++)
        if (compare_paths(&batch->sorted[i - 1], &batch->sorted[i]) == 0)
            return fail_entry(batch, batch->sorted[i]->path, "it is there twice", err);
    return 0;
}

/* ---- whiteouts ---- */

/* A link below that this layer replaces by something else leads nowhere. */
static bool is_replaced(const struct node *link, const void *arg)
{
    const struct batch *batch = arg;
    const struct entry *key = &link->entry;
    struct entry *const *found =
        bsearch(&key, batch->sorted, batch->count, sizeof(key), compare_paths);
    if (!found)
        return false;
    return (*found)->type != ENTRY_SYMLINK || strcmp((*found)->link, link->entry.link) != 0;
}

/* What is not below needs no whiteout: that is no error. */
static int apply_whiteout(const struct batch *batch, char *path, img_error *err)
{
    auto_(buf) struct buf real = BUF_INIT(ENTRY_PATH_MAX);
    const struct way way = {true, true, is_replaced, batch};
    const char *name = last_component(path);
    size_t parent_len = name == path ? 0 : (size_t)(name - path) - 1;
    auto_free char *parent = strndup(path, parent_len);
    if (!parent)
        return img__fail_memory(err);

    struct node *node;
    int rc = img__tree_walk(batch->tree, parent, &way, &real, &node, err);
    if (rc == IMG_EINVAL)
        return 0;
    if (rc || !node || node->entry.type != ENTRY_DIRECTORY)
        return rc;
    if (strcmp(name, OPAQUE) == 0) {
        img__tree_remove_children(node);
        return 0;
    }
    node = img__tree_child(node, name + strlen(WHITEOUT));
    if (node)
        img__tree_remove(node);
    return 0;
}

/* ---- entries ---- */

/* A path that makes no sense in the image is the layer's fault. */
static int walk_for(const struct batch *batch, const char *path, const struct way *way,
                    struct buf *real, struct node **node, img_error *err)
{
    int rc = img__tree_walk(batch->tree, path, way, real, node, err);
    if (rc != IMG_EINVAL)
        return rc;
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
            if (child->newest == batch->tree->layer)
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
static int find_parent(const struct batch *batch, struct entry *entry, struct node **out,
                       img_error *err)
{
    auto_(buf) struct buf real = BUF_INIT(ENTRY_PATH_MAX);
    const struct way way = {true, true, NULL, NULL};
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

/* A hard link becomes what it leads to. */
static int resolve_hard_link(const struct batch *batch, struct entry *entry, img_error *err)
{
    auto_(buf) struct buf real = BUF_INIT(ENTRY_PATH_MAX);
    const struct way way = {false, true, NULL, NULL};
    struct node *target;
    int rc = walk_for(batch, entry->link, &way, &real, &target, err);
    if (rc)
        return rc;
    if (!target)
        return fail_entry(batch, entry->path, "a hard link to what is not there before it", err);
    if (target->entry.type == ENTRY_DIRECTORY)
        return fail_entry(batch, entry->path, "a hard link to a directory", err);
    struct entry copy = {0};
    rc = copy_entry(batch, &target->entry, &copy, err);
    if (!rc) {
        free(copy.path);
        copy.path = steal(entry->path);
        img__entry_clear(entry);
        *entry = copy;
    } else {
        img__entry_clear(&copy);
    }
    return rc;
}

/* The metadata of a directory, whose content stays. */
static void replace_directory(const struct tree *tree, struct node *node, struct entry *entry)
{
    img__entry_clear(&node->entry);
    node->entry = *entry;
    *entry = (struct entry){0};
    node->name = last_component(node->entry.path);
    img__tree_touch(tree, node);
}

static int apply_entry(const struct batch *batch, struct entry *entry, img_error *err)
{
    bool directory = entry->type == ENTRY_DIRECTORY;
    if (entry->path[0] == '\0') {
        replace_directory(batch->tree, batch->tree->root, entry);
        return 0;
    }
    struct node *parent;
    int rc = entry->type == ENTRY_HARDLINK ? resolve_hard_link(batch, entry, err) : 0;
    if (!rc)
        rc = find_parent(batch, entry, &parent, err);
    if (rc)
        return rc;

    struct node *there = img__tree_child(parent, last_component(entry->path));
    if (there && there->entry.type == ENTRY_DIRECTORY && directory) {
        replace_directory(batch->tree, there, entry);
        return 0;
    }
    if (there && there->entry.type == ENTRY_DIRECTORY && there->newest == batch->tree->layer)
        return fail_entry(batch, entry->path,
                          "there are entries beneath it, and it is no directory", err);
    if (there)
        img__tree_remove(there);
    return img__tree_add(batch->tree, parent, entry) ? 0 : img__fail_memory(err);
}

int img__view_apply(struct view *view, struct source *tar, const char *name, img_error *err)
{
    auto_(batch) struct batch batch = {.tree = &view->tree, .name = name};
    int rc = read_layer(&batch, tar, err);
    if (!rc)
        rc = sort_batch(&batch, err);
    if (rc)
        return rc;
    view->tree.layer++;
    for (size_t i = 0; i < batch.whiteout_count && !rc; i++)
        rc = apply_whiteout(&batch, batch.whiteouts[i].path, err);
    for (size_t i = 0; i < batch.count && !rc; i++)
        rc = apply_entry(&batch, &batch.entries[i], err);
    return rc;
}

/* ---- looking ---- */

const struct entry *img__view_find(const struct view *view, const char *path)
{
    const struct node *node = img__tree_find(&view->tree, path);
    return node ? &node->entry : NULL;
}

int img__view_resolve(const struct view *view, const char *path, bool follow_last, char **out,
                      img_error *err)
{
    auto_(buf) struct buf real = BUF_INIT(ENTRY_PATH_MAX);
    const struct way way = {follow_last, false, NULL, NULL};
    struct node *node;
    int rc = img__tree_walk(&view->tree, path, &way, &real, &node, err);
    if (rc)
        return rc;
    *out = img__buf_steal(&real);
    return *out ? 0 : img__fail_memory(err);
}
