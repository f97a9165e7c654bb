/* SPDX-License-Identifier: Apache-2.0
 *
 * The tree behind a view: view_tree.c grows it and finds ways in it, view.c puts layers on it.
 */
#ifndef IMG_LAYER_VIEW_TREE_H
#define IMG_LAYER_VIEW_TREE_H

#include "base/buf.h"
#include "layer/view.h"

struct node {
    struct entry entry; /* never a HARDLINK */
    const char *name;   /* the last component of entry.path */
    struct node *parent;
    void *children; /* of tsearch(), by name */
    struct origin origin;
    uint32_t newest;  /* layer of what was put here or beneath */
    uint32_t emptied; /* layer that has taken what was in here from below */
    uint32_t mark;    /* of whoever goes through the tree */
    bool same_link;   /* the newest layer has it as it was below */
};

struct tree {
    struct node *root;
    uint32_t layer;       /* that is put on top, from 1 on */
    uint64_t limit_bytes; /* of memory, and how many of them are left */
    uint64_t left_bytes;
};

int img__tree_init(struct tree *tree, img_error *err);
void img__tree_free(struct tree *tree);

struct node *img__tree_child(const struct node *parent, const char *name);
/* Follows no links; NULL: nothing is there. */
struct node *img__tree_find(const struct tree *tree, const char *path);
/* Takes over what entry holds. Its path is that of the parent and one component, which is not
 * there. NULL: no memory, and entry is as it was. */
struct node *img__tree_add(struct tree *tree, struct node *parent, struct entry *entry);
/* With all that is beneath; not the root. */
void img__tree_remove(struct node *node);
void img__tree_remove_children(struct node *node);
/* What is in a directory, in an array to be freed. */
int img__tree_children(const struct node *parent, struct node ***out, size_t *count,
                       img_error *err);
/* In the order of a layer: a directory before what is in it, names bytewise; without the root. A
 * result that is not 0 ends it and is returned. */
int img__tree_each(const struct tree *tree, int (*fn)(struct node *node, void *arg), void *arg);
/* The node and those above hold something of the tree's layer. */
void img__tree_touch(const struct tree *tree, struct node *node);

/* A directory as children imply it. NULL: no memory. */
struct node *img__tree_add_implied(struct tree *tree, struct node *parent, const char *path);

/* The tree of a view; only marks may be changed. */
struct tree *img__view_tree(struct view *view);

struct way {
    bool follow_last;
    bool files_are_gone; /* a file on the way is as good as nothing; else it is IMG_EINVAL */
    /* Says of a link whether it is to be taken for gone; may be NULL. */
    bool (*is_gone)(const struct node *link, const void *arg);
    const void *arg;
    uint64_t *detours; /* grows by the steps that a way has beyond what it needs; may be NULL */
};

/* Follows the links of path. The real path is put into out, and *node is what is there or NULL. */
int img__tree_walk(const struct tree *tree, const char *path, const struct way *way,
                   struct buf *out, struct node **node, img_error *err);

#endif
