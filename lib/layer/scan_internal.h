/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of the scan: the walk (scan_walk.c), looking and opening (scan_open.c), one entry
 * (scan.c), the data of a file (scan_file.c), extended attributes (scan_xattr.c), hard links
 * (scan_links.c).
 */
#ifndef IMG_LAYER_SCAN_INTERNAL_H
#define IMG_LAYER_SCAN_INTERNAL_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/buf.h"
#include "layer/scan.h"

struct inode {
    uint64_t dev;
    uint64_t ino;
};

/* Which path has the data of an inode. */
struct link_slot {
    struct inode inode;
    uint64_t left; /* names that are still to come */
    char *path;    /* NULL when there are none */
    bool used;
};

struct link_map {
    struct link_slot *slots;
    size_t cap; /* 0 or a power of two */
    size_t count;
    char *retired; /* the path that was given out last, if its slot is done with it */
};

struct scan {
    const struct scan_options *options;
    scan_fn fn;
    void *arg;
    struct buf place; /* where we are on this machine, for messages */
    struct buf path;  /* where that goes in the image */
    struct link_map links;
    uint64_t dev;  /* the file system that the scan stays on */
    char *scratch; /* SCAN_SCRATCH bytes, for one system call at a time */
};

#define SCAN_SCRATCH ((size_t)128 * 1024)

/* Something found. */
struct node {
    int dirfd;
    const char *name;
    bool top;        /* what the scan was asked for: a symbolic link is what it leads to */
    bool mount;      /* a directory of another file system, which is not entered */
    struct statx st; /* of fd, if there is one */
    int fd; /* for reading if it is a file or a directory; O_PATH if a mount or a special file */
};

static inline struct inode img__scan_inode(const struct statx *st)
{
    return (struct inode){(uint64_t)st->stx_dev_major << 32 | st->stx_dev_minor, st->stx_ino};
}

static inline bool img__scan_same_inode(struct inode a, struct inode b)
{
    return a.dev == b.dev && a.ino == b.ino;
}

/* scan_open.c: looks at what there is under that name and opens it. */
int img__scan_open(struct scan *scan, struct node *node, img_error *err);
void img__scan_close(struct node *node);

/* scan.c: calls fn for it. */
int img__scan_emit(struct scan *scan, struct node *node, img_error *err);

/* scan_walk.c: all that is in a directory. fd is taken over, also on failure. */
int img__scan_walk(struct scan *scan, int fd, img_error *err);

/* scan_file.c: a source of the st->stx_size bytes of a file, on the stack. fd and place are
 * borrowed. It fails if the file is not the same at the end. */
struct file_source {
    struct source source;
    int fd;
    const char *place;
    struct statx st;
    uint64_t at;
    uint64_t data_start; /* from at to here is a hole, if it is behind at */
    uint64_t data_end;   /* what is from here on has to be found out, if sparse */
    bool sparse;
    bool checked; /* that it is the same at the end */
};
void img__scan_file(struct file_source *file, int fd, const char *place, const struct statx *st);

/* scan_xattr.c: those that travel into the entry, sorted. fd is open for reading, or an O_PATH one.
 */
int img__scan_xattrs(struct scan *scan, int fd, bool path_only, struct entry *entry,
                     img_error *err);
/* A value as it goes into a layer, which may be shorter than it was, or 0 for not at all. */
size_t img__scan_xattr_value(const char *name, void *value, size_t len);

/* scan_links.c: NULL in *first if this is the first name of the inode; else the path that was,
 * borrowed until the next call. */
int img__scan_link(struct link_map *map, const struct statx *st, const char *path,
                   const char **first, img_error *err);
void img__scan_links_free(struct link_map *map);

static inline void img__auto_node(struct node *node)
{
    img__scan_close(node);
}

#endif
