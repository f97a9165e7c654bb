/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of an apply: apply.c takes entry after entry, apply_place.c finds where one goes,
 * apply_entry.c makes it and apply_file.c its content, or
 * apply_batch.c on other threads, apply_meta.c says what it looks like, apply_owner.c notes owners,
 * apply_whiteout.c hides what is below, apply_end.c finishes directories.
 */
#ifndef IMG_LAYER_APPLY_INTERNAL_H
#define IMG_LAYER_APPLY_INTERNAL_H

#include <sys/stat.h>

#include "base/path_set.h"
#include "base/strv.h"
#include "layer/apply.h"
#include "layer/apply_dirs.h"
#include "layer/root.h"
#include "layer/tar_read.h"
#include "layer/whiteout.h"

#define PARENTS_KEPT 8u

struct handle;

/* A directory that entries go to, open. */
struct parent {
    int fd;                /* O_PATH; -1: the slot is free */
    struct handle *handle; /* of fd, which it closes */
    uint32_t dir;
    bool linked;     /* there are links in path */
    struct buf path; /* as entries have it */
    bool unnamed;    /* path may not lead to it any more */
    uint64_t used;   /* when, for the choice of the slot to reuse */
};

/* An access or default list of a directory, which can only be set when all is in it. */
struct late_xattr {
    uint32_t dir;
    uint32_t layer; /* of the entry it comes from */
    size_t number;  /* in the order in which they came */
    char *name;
    char *value;
    size_t len;
};

struct apply {
    struct apply_options options;
    struct root *root;
    struct dirs dirs;
    struct path_set brought; /* by this layer: what is no directory, by parent and name */
    struct path_set skipped; /* devices that were not made, likewise, of all layers */
    bool fresh;              /* there was nothing before this layer: brought is not kept */
    uint32_t layer;
    uid_t uid; /* the caller's */
    gid_t gid;
    uint32_t implied_uid; /* of directories that only their children imply */
    uint32_t implied_gid;
    uint64_t file_max; /* RLIMIT_FSIZE */
    uint64_t entries;
    uint64_t bytes;
    unsigned warnings;
    struct strv warned; /* names of attributes that can't be set here */
    struct late_xattr *late;
    size_t late_count;
    size_t late_cap;
    size_t late_bytes;
    size_t late_left; /* at the end: those of directories that are still to come */
    struct parent parents[PARENTS_KEPT];
    uint64_t used;
    char *chunk;             /* of a file, APPLY_CHUNK bytes */
    struct batches *batches; /* NULL: no threads */
    /* The layer, and where it is. */
    const char *name;
    struct tar_reader *reader;
    const struct entry *entry;
    bool located; /* the failure says where it was */
};

#define APPLY_CHUNK IMG_IO_CHUNK
#define APPLY_SPELLED                                                                              \
    "the layer has its directory in two spellings, which are one on this file system"
#define APPLY_TWICE "it is there twice, or in two spellings that are one in this directory"

/* ---- apply.c ---- */

/* A warning about the current entry, or about the layer where there is none. */
__attribute__((format(printf, 2, 3))) void img__apply_warn(struct apply *apply, const char *format,
                                                           ...);
/* One more entry, or implied directory. */
int img__apply_count(struct apply *apply, img_error *err);
/* Tells the caller's record. */
int img__apply_unset(struct apply *apply, const char *what, img_error *err);

/* ---- apply_place.c ---- */

/* One component in an open directory. */
struct place {
    struct parent *parent; /* good until the next but one img__apply_place() */
    int fd;                /* of it */
    const char *name;
    mode_t birth; /* with which a file is made */
};

enum place_mode {
    PLACE_MAKE, /* parents are made where they are missing */
    PLACE_LOOK, /* fd is -1 where they are missing; links that this layer brought lead nowhere */
    PLACE_LINK, /* fd is -1 where they are missing */
};
int img__apply_place(struct apply *apply, const char *path, enum place_mode mode, struct place *out,
                     img_error *err);
/* A directory or a link went: what was open may not be what its path leads to. */
void img__apply_forget_parents(struct apply *apply);
/* What dir is to look like if nothing else is said of it. */
void img__apply_make_implied(struct apply *apply, uint32_t dir);
/* Before what is in a directory changes: the time that it shall have after. */
int img__apply_know(struct apply *apply, uint32_t dir, int fd, img_error *err);

/* Whether this layer brought something that is no directory to parent. */
bool img__apply_brought(const struct apply *apply, uint32_t parent, const char *name);
int img__apply_bring(struct apply *apply, uint32_t parent, const char *name, img_error *err);
/* A key for path sets. what tells kinds of keys apart. */
struct place_key {
    char bytes[sizeof(uint32_t) + 2 + ENTRY_NAME_MAX];
    size_t len;
};
void img__apply_key(char what, uint32_t parent, const char *name, struct place_key *out);

/* ---- apply_entry.c, apply_file.c ---- */

int img__apply_entry(struct apply *apply, const struct entry *entry, img_error *err);
/* The content of the current entry into fd. */
int img__apply_content(struct apply *apply, int fd, img_error *err);
int img__apply_write(int fd, const char *data, size_t len, uint64_t offset, img_error *err);

/* ---- apply_meta.c ---- */

/* What something is to look like on this machine. */
struct meta {
    uint32_t uid;
    uint32_t gid;
    bool owners; /* uid and gid are to be set */
    mode_t mode;
    struct timespec times[2];
};
int img__apply_plan(struct apply *apply, const struct entry *entry, struct meta *out,
                    img_error *err);
/* What was just made. */
int img__apply_meta_fd(int fd, const struct meta *meta, img_error *err);
int img__apply_meta_file(struct apply *apply, int fd, const struct meta *meta, img_error *err);
int img__apply_meta_other(struct apply *apply, const struct place *place, const struct meta *meta,
                          img_error *err);
/* The attributes of the current entry to a directory at place; old ones go. */
int img__apply_meta_directory(struct apply *apply, const struct place *place, uint32_t dir,
                              img_error *err);

/* ---- apply_batch.c ---- */

/* fd is taken over; NULL: no memory. */
struct handle *img__handle_new(int fd);
void img__handle_drop(struct handle *handle); /* NULL is fine */

int img__batches_new(unsigned threads, struct batches **out, img_error *err);
void img__batches_free(struct batches *batches); /* NULL is fine */
/* Until all is done. Fails with what failed first in the order of the layer. */
int img__batches_settle(struct batches *batches, img_error *err);
/* All files are there. */
int img__apply_settle(struct apply *apply, img_error *err);
/* Whether a worker may make the current entry, a file; and reads it for one. */
bool img__apply_can_batch(const struct apply *apply, const struct place *place);
int img__apply_batch(struct apply *apply, const struct place *place, const struct meta *meta,
                     img_error *err);

IMG_AUTO_POINTER(batches, struct batches, img__batches_free)

/* ---- apply_xattr.c ---- */

/* What attributes are set on: a descriptor, or a name. */
struct xattr_target {
    int fd;
    const struct place *place; /* NULL: fd itself */
    enum entry_type type;
};
/* The current entry's. dir: where a directory's lists are kept for the end, else DIR_NONE. */
int img__apply_xattrs(struct apply *apply, const struct xattr_target *target, uint32_t dir,
                      img_error *err);
/* All that are there go, as far as that can be. */
int img__apply_clear_xattrs(struct apply *apply, int fd, img_error *err);
int img__apply_late_xattr(struct apply *apply, int fd, const struct late_xattr *late,
                          img_error *err);

/* ---- apply_owner.c ---- */

/* Whether the owner of the current entry is to be noted, since it is not set; and doing so, if it
 * is. fd is of a file or a directory. */
bool img__apply_notes_owner(const struct apply *apply);
int img__apply_note_owner(struct apply *apply, int fd, img_error *err);

/* ---- apply_spelling.c ---- */

/* Fails if what is there is this layer's own in another spelling of the name. */
int img__apply_check_spelling(const struct apply *apply, const struct place *place,
                              const struct stat *there, img_error *err);

/* ---- apply_whiteout.c ---- */

/* path's last component begins with WHITEOUT. */
int img__apply_whiteout(struct apply *apply, const struct entry *entry, img_error *err);

#endif
