/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of the diff: what was there before (diff_below.c), the signs that an overlay leaves
 * (diff_overlay.c), whether two things are alike (diff_compare.c), hard links of both trees
 * (diff_links.c), the walk (diff_walk.c), what is removed in a directory (diff_removed.c).
 */
#ifndef IMG_LAYER_DIFF_INTERNAL_H
#define IMG_LAYER_DIFF_INTERNAL_H

#include "base/strv.h"
#include "layer/diff.h"
#include "layer/scan_internal.h"

/* ---- diff_overlay.c ---- */

/* What an overlay says of something by its attributes. */
struct overlay_signs {
    bool opaque;       /* a directory that hides what is below it */
    bool marks_files;  /* a directory with whiteouts that are files */
    bool whiteout;     /* a file that is one, if its directory says so */
    bool redirect;     /* a directory whose content is elsewhere below */
    bool metacopy;     /* a file whose data is below */
    bool linked_below; /* a file that has other names below */
    bool by_user;      /* there are some, in the namespace of users */
};

/* The node need not be open. Its scan is for memory and messages. */
int img__overlay_signs(struct scan *scan, const struct node *node, struct overlay_signs *signs,
                       img_error *err);
/* Refuses what is not whole without the mount (D5). */
int img__overlay_check(const struct scan *scan, const struct overlay_signs *signs, img_error *err);
/* Whether it stands for a removal; marked says that files may, in its directory. */
int img__overlay_is_whiteout(struct scan *scan, const struct node *node, bool marked, bool *is,
                             img_error *err);

/* ---- diff_below.c: a tree, or the directories that an overlay merges ---- */

struct below_tree {
    char *path;
    int fd;
    uint64_t dev;
};

struct below {
    struct scan scan; /* its place is what was looked at last */
    struct below_tree *trees;
    size_t count;
    bool overlay; /* the trees have whiteouts and opaque directories */
};

/* A directory of one of the trees. */
struct below_part {
    const struct below_tree *tree;
    int fd;
    bool marks_files;
};

/* A directory there, of one or several trees, the top one first. No parts: it is closed for now,
 * or there is none. */
struct below_dir {
    struct below_part *parts;
    size_t count;
};

/* paths ends with NULL. What fails is to be freed, too. */
int img__below_init(struct below *below, const char *const *paths, bool overlay,
                    const struct scan_options *options, img_error *err);
void img__below_free(struct below *below);
/* Opens the directory at a path, "" is the root. Nothing may be in *out. */
int img__below_open(struct below *below, const char *path, struct below_dir *out, img_error *err);
/* Opens the directory that is at path, whose last component is name, in dir. */
int img__below_enter(struct below *below, const struct below_dir *dir, const char *path,
                     const char *name, struct below_dir *out, img_error *err);
void img__below_close(struct below_dir *dir);
/* Looks for node->name in dir. *there: whether a layer of it would have that; then the node can be
 * opened, and place is where it is. path is for the messages. */
int img__below_find(struct below *below, const struct below_dir *dir, const char *path,
                    struct node *node, bool *there, img_error *err);

/* ---- diff_links.c: which names belong together in both trees ---- */

struct link_pair {
    struct inode inode;
    struct inode other; /* the one in the other tree that has the same names */
    bool used;
    bool paired;
    bool broken; /* there are names that it does not share with the other */
};

struct link_pairs {
    struct link_pair *slots;
    size_t cap; /* 0 or a power of two */
    size_t count;
};

struct link_groups {
    struct link_pairs before;
    struct link_pairs after;
};

void img__link_groups_free(struct link_groups *groups);
/* A name of the new tree, and what had it in the old one, if anything that can be linked. */
int img__link_groups_add(struct link_groups *groups, const struct statx *before,
                         const struct statx *after, img_error *err);
/* Whether what is linked to that name differs between the trees. Not known: true. */
bool img__link_groups_differ(const struct link_groups *groups, const struct statx *after);

/* ---- diff.c ---- */

struct diff {
    struct scan scan; /* of the new tree, or of the upper directory */
    const struct diff_options *options;
    const char *path; /* of the new tree */
    diff_fn fn;
    void *arg;
    enum diff_kind kind; /* of what scan gives now */
    struct below below;
    bool has_below;
    bool overlay;
    bool seen_by_user; /* overlay_signs.by_user of anything */
    struct link_groups links;
    bool links_known;
    uint64_t work; /* since the caller was last asked whether to go on */
};

/* Bytes were read; a name that was looked at is worth some. */
#define DIFF_WORK_NAME ((uint64_t)16 * 1024)
int img__diff_work(struct diff *diff, uint64_t bytes, img_error *err);

/* ---- diff_compare.c ---- */

enum difference { DIFFER_NOT, DIFFER_IN_METADATA, DIFFER_IN_CONTENT };

/* Both are of the same type. Either may be opened. */
int img__diff_compare(struct diff *diff, struct node *before, struct node *after,
                      enum difference *out, img_error *err);

/* ---- diff_walk.c ---- */

/* A directory of the new tree, and that of the old one in the same place. */
struct level {
    struct scan_dir dir;
    struct below_dir below;
    struct entry entry; /* of the directory, but for the path, until it is written */
    bool written;       /* it is in the layer, or is the root */
    bool was_there;     /* as a directory: below is open, or can be opened again */
    bool bare;          /* nothing in it was there */
    bool opaque;        /* what was there in it is gone, but for what the new tree has */
    bool marks_files;   /* see overlay_signs */
};

struct walk {
    struct diff *diff;
    struct level *levels;
    size_t depth;
    size_t cap;
    bool for_links; /* only to learn which names are linked */
};

int img__diff_walk(struct diff *diff, img_error *err);
/* Writes the directories on the way to the current path that are not in the layer yet. */
int img__diff_parents(struct walk *walk, img_error *err);

/* ---- diff_removed.c: the whiteouts of a directory whose names have just been read ---- */

int img__diff_removed(struct walk *walk, struct level *level, img_error *err);

static inline void img__auto_below_dir(struct below_dir *dir)
{
    img__below_close(dir);
}

#endif
