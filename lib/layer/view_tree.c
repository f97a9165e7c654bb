/* SPDX-License-Identifier: Apache-2.0
 *
 * The merged tree of a view: nodes by name in balanced trees, one per directory, so that no choice
 * of names makes it slow; and paths through its links, as the kernel goes with the image as root.
 * No path in it is longer than ENTRY_PATH_MAX, so that recursion has a bound.
 */

/* That header has a struct entry of its own. */
#define entry search_entry
#include <search.h>
#undef entry

#include "layer/view_tree.h"

#include <stdio.h>
#include <string.h>

#define LINKS_MAX 40u /* as in Linux */
#define STEPS_FREE 64u

/* ---- nodes ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct node *)a)->name, ((const struct node *)b)->name);
}

static void free_node(void *memory)
{
    struct node *node = memory;
    tdestroy(node->children, free_node);
    img__entry_clear(&node->entry);
    free(node);
}

int img__tree_init(struct tree *tree, img_error *err)
{
    struct node *root = calloc(1, sizeof(*root));
    if (!root || !(root->entry.path = strdup(""))) {
        free(root);
        return img__fail_memory(err);
    }
    root->entry.type = ENTRY_DIRECTORY;
    root->entry.mode = 0755;
    root->name = root->entry.path;
    *tree = (struct tree){.root = root};
    return 0;
}

void img__tree_free(struct tree *tree)
{
    if (tree->root)
        free_node(tree->root);
    tree->root = NULL;
}

struct node *img__tree_child(const struct node *parent, const char *name)
{
    struct node key = {.name = name};
    struct node *const *found = tfind(&key, &parent->children, compare_names);
    return found ? *found : NULL;
}

void img__tree_touch(const struct tree *tree, struct node *node)
{
    for (; node && node->newest < tree->layer; node = node->parent)
        node->newest = tree->layer;
}

struct node *img__tree_add(struct tree *tree, struct node *parent, struct entry *entry)
{
    struct node *node = calloc(1, sizeof(*node));
    if (!node)
        return NULL;
    const char *slash = strrchr(entry->path, '/');
    node->name = slash ? slash + 1 : entry->path;
    if (!tsearch(node, &parent->children, compare_names)) {
        free(node);
        return NULL;
    }
    node->entry = *entry;
    *entry = (struct entry){0};
    node->parent = parent;
    img__tree_touch(tree, node);
    return node;
}

struct node *img__tree_add_implied(struct tree *tree, struct node *parent, const char *path)
{
    auto_(entry) struct entry entry = {.type = ENTRY_DIRECTORY, .path = strdup(path), .mode = 0755};
    return entry.path ? img__tree_add(tree, parent, &entry) : NULL;
}

void img__tree_remove(struct node *node)
{
    tdelete(node, &node->parent->children, compare_names);
    free_node(node);
}

void img__tree_remove_children(struct node *node)
{
    tdestroy(node->children, free_node);
    node->children = NULL;
}

/* ---- all of them ---- */

struct children {
    struct node **items;
    size_t count;
    size_t cap; /* of items; while that is NULL they are only counted */
};

static void take_child(const void *at, VISIT when, void *closure)
{
    struct children *children = closure;
    if (when != postorder && when != leaf)
        return;
    if (children->count < children->cap)
        children->items[children->count] = *(struct node *const *)at;
    children->count++;
}

int img__tree_children(const struct node *parent, struct node ***out, size_t *count, img_error *err)
{
    struct children children = {0};
    twalk_r(parent->children, take_child, &children);
    children.cap = children.count;
    children.items = calloc(children.cap + 1, sizeof(struct node *));
    if (!children.items)
        return img__fail_memory(err);
    children.count = 0;
    twalk_r(parent->children, take_child, &children);
    *out = children.items;
    *count = children.count;
    return 0;
}

struct each {
    int (*fn)(struct node *node, void *arg);
    void *arg;
    int rc;
};

static int each_child(const struct node *parent, struct each *each);

/* twalk_r() can't be ended, only be made to do nothing. */
static void visit(const void *at, VISIT when, void *closure)
{
    struct each *each = closure;
    struct node *node = *(struct node *const *)at;
    if (each->rc || (when != postorder && when != leaf))
        return;
    each->rc = each->fn(node, each->arg);
    if (!each->rc)
        each_child(node, each);
}

static int each_child(const struct node *parent, struct each *each)
{
    twalk_r(parent->children, visit, each);
    return each->rc;
}

int img__tree_each(const struct tree *tree, int (*fn)(struct node *node, void *arg), void *arg)
{
    struct each each = {fn, arg, 0};
    return each_child(tree->root, &each);
}

/* ---- paths ---- */

/* A path being walked. */
struct walk {
    const struct tree *tree;
    struct node *at;  /* NULL: nothing is there */
    struct buf *path; /* of it */
    char *todo;       /* owned */
    char *next;       /* in todo */
    unsigned links;
    unsigned steps;
};

struct node *img__tree_find(const struct tree *tree, const char *path)
{
    struct node *at = tree->root;
    char name[ENTRY_NAME_MAX + 1];
    while (at && *path) {
        size_t len = strcspn(path, "/");
        if (len > ENTRY_NAME_MAX)
            return NULL;
        memcpy(name, path, len);
        name[len] = '\0';
        at = img__tree_child(at, name);
        path += len + (path[len] == '/');
    }
    return at;
}

/* The next component, NUL-terminated in place; NULL at the end. */
static char *take_component(struct walk *walk)
{
    walk->next += strspn(walk->next, "/");
    if (*walk->next == '\0')
        return NULL;
    char *name = walk->next;
    walk->next += strcspn(name, "/");
    if (*walk->next)
        *walk->next++ = '\0';
    walk->next += strspn(walk->next, "/");
    return name;
}

static void go_up(struct walk *walk)
{
    const char *slash = walk->path->len ? strrchr(walk->path->data, '/') : NULL;
    if (walk->path->data) {
        walk->path->len = slash ? (size_t)(slash - walk->path->data) : 0;
        walk->path->data[walk->path->len] = '\0';
    }
    if (!walk->at)
        walk->at = img__tree_find(walk->tree, img__buf_text(walk->path));
    else if (walk->at->parent)
        walk->at = walk->at->parent;
}

static void go_down(struct walk *walk, const char *name, struct node *child)
{
    if (walk->path->len)
        img__buf_putc(walk->path, '/');
    img__buf_puts(walk->path, name);
    walk->at = child;
}

static int follow(struct walk *walk, const char *path, const struct node *link, img_error *err)
{
    if (++walk->links > LINKS_MAX)
        return img__fail(err, IMG_EINVAL, "%.512s: more than %u symbolic links on the way", path,
                         LINKS_MAX);
    char *todo;
    if (asprintf(&todo, "%s/%s", link->entry.link, walk->next) < 0)
        return img__fail_memory(err);
    free(walk->todo);
    walk->todo = walk->next = todo;
    if (todo[0] == '/') {
        img__buf_clear(walk->path);
        walk->at = walk->tree->root;
    }
    return 0;
}

static int step(struct walk *walk, const char *path, const struct way *way, const char *name,
                img_error *err)
{
    if (strcmp(name, ".") == 0)
        return 0;
    if (strcmp(name, "..") == 0) {
        go_up(walk);
        return 0;
    }
    bool last = *walk->next == '\0';
    struct node *child = walk->at ? img__tree_child(walk->at, name) : NULL;
    if (child && child->entry.type == ENTRY_SYMLINK && (!last || way->follow_last)) {
        if (!way->is_gone || !way->is_gone(child, way->arg))
            return follow(walk, path, child, err);
        child = NULL;
    }
    go_down(walk, name, child);
    if (!child || last || child->entry.type == ENTRY_DIRECTORY)
        return 0;
    if (!way->files_are_gone)
        return img__fail(err, IMG_EINVAL, "%.512s: %.512s is not a directory", path,
                         child->entry.path);
    walk->at = NULL;
    return 0;
}

int img__tree_walk(const struct tree *tree, const char *path, const struct way *way,
                   struct buf *out, struct node **node, img_error *err)
{
    auto_free char *todo = strdup(path);
    if (!todo)
        return img__fail_memory(err);
    struct walk walk = {tree, tree->root, out, todo, todo, 0, 0};
    img__buf_clear(out);
    int rc = 0;
    while (!rc) {
        const char *name = take_component(&walk);
        if (!name)
            break;
        rc = step(&walk, path, way, name, err);
        walk.steps++;
        todo = walk.todo;
        if (!rc && out->failed == IMG_ELIMIT)
            rc = img__fail(err, IMG_EINVAL, "%.512s: leads to a path of more than %zu bytes", path,
                           out->max);
        else if (!rc && out->failed)
            rc = img__fail_memory(err);
    }
    if (walk.links && walk.steps > STEPS_FREE && way->detours)
        *way->detours += walk.steps - STEPS_FREE;
    *node = walk.at;
    return rc;
}
