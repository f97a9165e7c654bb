/* SPDX-License-Identifier: Apache-2.0
 *
 * The scan: a file or a directory tree of this machine as entries, in the order of a layer: depth
 * first, a directory before what is in it, names bytewise (layers.md C1, C10, C14, C17-C20, C24,
 * C25, C29).
 */
#ifndef IMG_LAYER_SCAN_H
#define IMG_LAYER_SCAN_H

#include "base/io.h"
#include "base/observe.h"
#include "layer/entry.h"
#include "layer/ignore.h"

struct id_map;
struct memo;
struct mode_change;

struct scan_options {
    const char
        *prefix;   /* where the tree goes in the layer, in the form of entry.path; "" is the root */
    bool set_mode; /* mode replaces that of files and directories */
    bool set_uid;
    bool set_gid;
    bool set_mtime; /* mtime replaces all times; an epoch still limits them */
    bool has_epoch; /* newer times become epoch */
    uint32_t mode;
    uint32_t uid;
    uint32_t gid;
    unsigned keep; /* ENTRY_KEEP_... or-ed */
    int64_t mtime;
    int64_t epoch;
    const struct mode_change *chmod; /* of files and directories, unless set_mode; may be NULL */
    const struct id_map *id_map;     /* the tree has ids of its host side; may be NULL */
    struct ignore *ignore;           /* what is left out beneath the top; may be NULL */
    struct observer *observer;       /* for warnings (a socket was left out); may be NULL */
    struct inputs inputs;            /* who is told of what is read and walked */
    struct memo *memo; /* knows files from an earlier scan and learns from this one; may be NULL */
};

/* Called for each entry. data is NULL but for a FILE; read it to its end within the call: it gives
 * exactly entry->size bytes or fails. Non-zero ends the scan. With a memo that does not pack, fn
 * may be NULL, data is, and the entries that were only looked at have neither links nor attributes.
 */
typedef int (*scan_fn)(const struct entry *entry, struct source *data, void *arg, img_error *err);

/* path is a file (one entry, at prefix itself) or a directory (what is in it, beneath prefix; the
 * directory itself is the entry at prefix, unless prefix is ""). A symbolic link as path is
 * followed. */
int img__scan(const char *path, const struct scan_options *options, scan_fn fn, void *arg,
              img_error *err);

#endif
