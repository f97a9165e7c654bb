/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of the scan: the walk (scan_walk.c), a directory on its way (scan_dir.c), looking and
 * opening (scan_open.c), one entry (scan.c), what is known already (scan_memo.c), the data of a
 * file (scan_file.c), extended attributes (scan_xattr.c), hard links (scan_links.c). The diff walks
 * two trees with the same parts.
 */
#ifndef IMG_LAYER_SCAN_INTERNAL_H
#define IMG_LAYER_SCAN_INTERNAL_H

#include <string.h>
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

/* Directories that come only if something beneath them does, the higher ones first. */
struct scan_held {
    struct entry *entries;
    size_t count;
    size_t cap;
};

struct scan {
    const struct scan_options *options;
    scan_fn fn;
    void *arg;
    struct buf place; /* where we are on this machine, for messages */
    struct buf path;  /* where that goes in the image */
    struct link_map links;
    struct scan_held held;
    uint64_t dev;        /* the file system that the scan stays on */
    bool no_listxattrat; /* the kernel has no such call */
    char *scratch;       /* SCAN_SCRATCH bytes, for one system call at a time */
};

#define SCAN_SCRATCH ((size_t)128 * 1024)

/* Something found. */
struct node {
    int dirfd;
    const char *name;
    uint64_t file;   /* the inode, if the listing of dirfd says that it is a regular file; else 0 */
    bool top;        /* what the scan was asked for: a symbolic link is what it leads to */
    bool mount;      /* a directory of another file system, which is not entered */
    bool looked;     /* st and mount are known */
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

/* scan.c: path is that of the top, on this machine; what else is in scan is zero. Frees nothing on
 * failure: img__scan_free() does. */
int img__scan_init(struct scan *scan, const char *path, const struct scan_options *options,
                   img_error *err);
void img__scan_free(struct scan *scan);

/* In front of a name. */
#define SCAN_DIR_BEFORE (sizeof(uint64_t) + 1)

/* A directory of the walk. */
struct scan_dir {
    int fd; /* -1: closed for now */
    struct inode inode;
    struct buf names; /* of each its inode, its type, itself and a NUL */
    char **sorted;    /* into names */
    size_t count;
    size_t next;
    size_t place_len;
    size_t path_len;
};

/* scan_dir.c: reads the directory that scan has come to. fd is taken over, also on failure, after
 * which the directory is to be cleared too. */
int img__scan_dir_read(struct scan *scan, int fd, struct scan_dir *dir, img_error *err);
void img__scan_dir_clear(struct scan_dir *dir);
void img__scan_dir_close(struct scan_dir *dir);
/* Opens again what was closed, from the directory right below it. */
int img__scan_dir_reopen(const struct scan *scan, const struct scan_dir *below,
                         struct scan_dir *dir, img_error *err);
/* Makes place and path those of a name in dir, or of dir itself. */
int img__scan_dir_enter(struct scan *scan, const struct scan_dir *dir, const char *name,
                        img_error *err);
void img__scan_dir_leave(struct scan *scan, const struct scan_dir *dir);
/* The type, DT_..., of one of dir->sorted; DT_UNKNOWN where the file system does not tell. */
static inline unsigned char img__scan_dir_type(const char *name)
{
    return (unsigned char)name[-1];
}
static inline uint64_t img__scan_dir_ino(const char *name)
{
    uint64_t ino;
    memcpy(&ino, name - SCAN_DIR_BEFORE, sizeof(ino));
    return ino;
}

/* scan_open.c: what there is under that name, and of a directory whether it is a mount. */
int img__scan_look(const struct scan *scan, struct node *node, img_error *err);
/* The same, unless that is known, and opens it: it must be what was looked at. */
int img__scan_open(struct scan *scan, struct node *node, img_error *err);
void img__scan_close(struct node *node);

/* scan.c: whether it has no place in a layer. Warns of that, and of a mount. */
bool img__scan_left_out(const struct scan *scan, const struct node *node);
/* Tells the observer of a file or of something else that can't be walked. */
int img__scan_input(const struct scan *scan, const struct node *node, img_error *err);
/* Type, mode, owner, time, size and device, as the options want them. */
void img__scan_metadata(const struct scan_options *options, const struct statx *st,
                        struct entry *entry);
/* Fills entry with what is borrowed from scan (path and link), and attributes of its own. */
int img__scan_entry(struct scan *scan, const struct node *node, struct entry *entry,
                    img_error *err);
/* Puts the target of a symbolic link into scratch, from which entry borrows it. */
int img__scan_read_link(struct scan *scan, const struct node *node, struct entry *entry,
                        img_error *err);
/* The first half of that, which needs no more than a stat. *first: the path that it is a hard link
 * to, borrowed until the next call, or NULL. */
int img__scan_entry_looked(struct scan *scan, const struct node *node, struct entry *entry,
                           const char **first, img_error *err);
/* And the second one. */
int img__scan_entry_opened(struct scan *scan, const struct node *node, const char *first,
                           struct entry *entry, img_error *err);
/* Calls fn for it. */
int img__scan_emit(struct scan *scan, struct node *node, img_error *err);

/* scan_memo.c: looks, and opens what has to be open, which with a memo may be directories alone. */
int img__scan_meet(struct scan *scan, struct node *node, img_error *err);
/* As img__scan_emit(), with a memo. */
int img__scan_emit_memo(struct scan *scan, struct node *node, img_error *err);
/* Of a directory that was held back. */
int img__scan_give_held(struct scan *scan, const struct entry *entry, img_error *err);

/* scan_held.c: keeps the directory that scan has come to back. */
int img__scan_hold(struct scan *scan, const struct node *node, img_error *err);
/* Calls fn for those that are above where scan is. */
int img__scan_emit_held(struct scan *scan, img_error *err);
void img__scan_held_free(struct scan_held *held);

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

/* scan_xattr.c: those that travel into the entry, sorted. The node need not be open. */
int img__scan_xattrs(struct scan *scan, const struct node *node, struct entry *entry,
                     img_error *err);
/* Calls fn for each attribute that is wanted. The value may be changed. */
typedef bool (*xattr_wanted_fn)(const char *name, const void *arg);
typedef int (*xattr_fn)(const char *name, void *value, size_t len, void *arg, img_error *err);
int img__scan_each_xattr(struct scan *scan, const struct node *node, xattr_wanted_fn wanted,
                         xattr_fn fn, void *arg, img_error *err);
/* A value as it goes into a layer, which may be shorter than it was, or 0 for not at all. */
size_t img__scan_xattr_value(const char *name, void *value, size_t len);

/* scan_links.c: NULL in *first if this is the first name of the inode; else the path that was,
 * borrowed until the next call. */
int img__scan_link(struct link_map *map, const struct statx *st, const char *path,
                   const char **first, img_error *err);
void img__scan_links_free(struct link_map *map);

static inline void img__auto_scan(struct scan *scan)
{
    img__scan_free(scan);
}

static inline void img__auto_node(struct node *node)
{
    img__scan_close(node);
}

#endif
