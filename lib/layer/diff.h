/* SPDX-License-Identifier: Apache-2.0
 *
 * What makes one tree of this machine into another, as entries in the order of a layer: in each
 * directory the opaque marker, what was removed, then what was added or changed; a directory above
 * any of these before it, as it is now (layers.md 1.4, C1, C2, C5, C17, C20-C22).
 */
#ifndef IMG_LAYER_DIFF_H
#define IMG_LAYER_DIFF_H

#include "layer/scan.h"

enum diff_kind {
    DIFF_PARENT,   /* a directory that is as it was, on the way to others */
    DIFF_ADDED,    /* nothing was there */
    DIFF_CHANGED,  /* of another type, or with other data, target or device */
    DIFF_METADATA, /* in mode, owner, attributes, time or its hard links alone */
    DIFF_REMOVED,  /* of the entry only the path counts */
    DIFF_OPAQUE,   /* the same: all that lies below in this directory is gone */
};

/* data is NULL but for a FILE; see scan_fn. */
typedef int (*diff_fn)(enum diff_kind kind, const struct entry *entry, struct source *data,
                       void *arg, img_error *err);

struct diff_options {
    struct scan_options scan; /* prefix is "" */
    bool ignore_mtime;        /* no change of a file, if it is the only one */
    /* Says whether there is something to remove at a path; NULL: what the trees say is enough. */
    bool (*is_below)(const char *path, const void *arg);
    const void *is_below_arg;
    /* Called now and then, also while nothing differs. Non-zero ends the diff. May be NULL. */
    int (*idle)(void *arg, img_error *err);
    void *idle_arg;
};

/* From one tree to the other; both are directories, and their own metadata is no part of it. */
int img__diff_trees(const char *old_tree, const char *new_tree, const struct diff_options *options,
                    diff_fn fn, void *arg, img_error *err);

/* What is in the upper directory of an overlay. lowers are the directories below it, the top one
 * first, ended by NULL; or NULL itself if they are not at hand: then everything counts as
 * ADDED, opaque directories as CHANGED, and whiteouts are taken as they stand. IMG_EUNSUPPORTED for
 * what is not whole without the mount: renamed directories, files without their data, hard links
 * that were left below. */
int img__diff_overlay(const char *upper, const char *const *lowers,
                      const struct diff_options *options, diff_fn fn, void *arg, img_error *err);

#endif
