/* SPDX-License-Identifier: Apache-2.0
 *
 * An entry of a layer: what the tar writer takes, the tar reader gives, and the scan finds.
 */
#ifndef IMG_LAYER_ENTRY_H
#define IMG_LAYER_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/err.h"

#define ENTRY_NAME_MAX 255u             /* a component */
#define ENTRY_PATH_MAX 4096u            /* a path */
#define ENTRY_LINK_MAX 4095u            /* a target */
#define ENTRY_XATTRS_MAX 256u           /* attributes */
#define ENTRY_XATTR_MAX ((size_t)65536) /* the value of one */
#define ENTRY_ID_MAX 4294967294u        /* uid, gid; 2^32-1 means -1 to the kernel */

/* What an entry keeps only when asked to. */
#define ENTRY_KEEP_NANOSECONDS 1u
#define ENTRY_KEEP_IMA 2u    /* security.ima */
#define ENTRY_KEEP_XATTRS 4u /* all but those that belong to a machine or to a container engine */

enum entry_type {
    ENTRY_FILE,
    ENTRY_DIRECTORY,
    ENTRY_SYMLINK,
    ENTRY_HARDLINK, /* link: the path of an entry before it */
    ENTRY_CHARACTER,
    ENTRY_BLOCK,
    ENTRY_FIFO,
};

struct entry_xattr {
    char *name;
    char *value; /* bytes, NUL-terminated for convenience */
    size_t len;
};

struct entry {
    enum entry_type type;
    char *path;    /* "usr/bin/x": no '/' at either end, no empty, "." or ".." component; "" is the
                      root */
    char *link;    /* SYMLINK: the target as it is; HARDLINK: a path in the same form; else NULL */
    uint32_t mode; /* 0..07777 */
    uint32_t uid;
    uint32_t gid;
    uint32_t device_major;
    uint32_t device_minor;
    uint32_t mtime_ns;          /* 0..999,999,999 */
    int64_t mtime;              /* seconds since 1970; with mtime_ns it is the floor */
    uint64_t size;              /* of a FILE, else 0 */
    struct entry_xattr *xattrs; /* sorted by name, bytewise */
    size_t xattr_count;
};

/* Frees what it holds and leaves it all zero. */
void img__entry_clear(struct entry *entry);
/* Value and name are copied; a name that is there gets the new value. IMG_EFORMAT and IMG_ELIMIT
 * for a name or a value that no Linux or no tar takes. */
int img__entry_add_xattr(struct entry *entry, const char *name, const void *value, size_t len,
                         img_error *err);
void img__entry_sort_xattrs(struct entry *entry);
/* True for the attributes that travel in layers (layers.md C14). */
bool img__entry_xattr_allowed(const char *name);
/* The same with more of them: ENTRY_KEEP_... or-ed. */
bool img__entry_xattr_kept(const char *name, unsigned keep);

/* Normalises a path of an archive or of the user into the form above: slashes at the ends, doubled
 * ones and "." go. IMG_EINVAL for ".." and for the limits. *out is the caller's to free. */
int img__entry_normal_path(const char *text, char **out, img_error *err);

/* Whether the entry is as described above, and something that every Linux can unpack: IMG_EINVAL
 * names it. */
int img__entry_check(const struct entry *entry, img_error *err);

static inline void img__auto_entry(struct entry *entry)
{
    img__entry_clear(entry);
}

#endif
