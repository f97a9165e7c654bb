/* SPDX-License-Identifier: Apache-2.0
 *
 * What an apply remembers of directories: those that it made or changed, and those above them. A
 * directory is known by its real path, not by its inode, which not every file system keeps.
 *
 * Only an apply makes and removes directories in its root, and it sets a record anew when it makes
 * one. So the record of a directory that exists is right, and that of one which was removed stays
 * and does no harm.
 */
#ifndef IMG_LAYER_APPLY_DIRS_H
#define IMG_LAYER_APPLY_DIRS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define DIR_ROOT 0u
#define DIR_NONE UINT32_MAX

enum {
    DIR_KNOWN = 1,  /* mtime is what it shall have */
    DIR_SET = 2,    /* owner and mode, too */
    DIR_MADE = 4,   /* by this apply */
    DIR_XATTRS = 8, /* it was given some */
    DIR_CASED = 16, /* "A" and "a" are two names in it */
};

struct dir {
    uint32_t parent;
    uint32_t next; /* in its bucket */
    uint32_t name; /* in names */
    uint32_t uid;  /* of this machine */
    uint32_t gid;
    uint16_t mode;
    uint16_t flags;
    int64_t mtime;
    uint32_t mtime_ns;
    /* Numbers of layers, from 1 on: the last one that ... */
    uint32_t brought; /* brought it or something beneath */
    uint32_t listed;  /* has an entry for it */
    uint32_t emptied; /* hides what those below have in it, of which nothing is left */
};

struct dirs {
    struct dir *items; /* parents before their children */
    uint32_t count;
    uint32_t cap;
    uint32_t *buckets;
    uint32_t bucket_count; /* a power of two */
    char *names;
    size_t names_len;
    size_t names_cap;
    uint64_t key[2];
};

int img__dirs_init(struct dirs *dirs, img_error *err);
void img__dirs_free(struct dirs *dirs);

/* DIR_NONE: not known. */
uint32_t img__dirs_find(const struct dirs *dirs, uint32_t parent, const char *name, size_t len);
/* IMG_ELIMIT: there are too many. */
int img__dirs_add(struct dirs *dirs, uint32_t parent, const char *name, size_t len, uint32_t *out,
                  img_error *err);
/* The directory at a real path; what is not known is added. */
int img__dirs_reach(struct dirs *dirs, const char *real, size_t len, uint32_t *out, img_error *err);
/* Its real path into out, which is cleared before. */
int img__dirs_path(const struct dirs *dirs, uint32_t dir, struct buf *out, img_error *err);

static inline const char *img__dirs_name(const struct dirs *dirs, uint32_t dir)
{
    return dirs->names + dirs->items[dir].name;
}
/* The layer brought dir, or something beneath. */
void img__dirs_bring(struct dirs *dirs, uint32_t dir, uint32_t layer);
/* Whether nothing of the layers below can be in dir. */
bool img__dirs_is_emptied(const struct dirs *dirs, uint32_t dir, uint32_t layer);

#endif
