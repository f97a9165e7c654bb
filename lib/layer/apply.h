/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers into a directory, one on the other (layers.md A1-A22). One pass over each: what a whiteout
 * hides is what the layers below brought, wherever in its layer it stands.
 */
#ifndef IMG_LAYER_APPLY_H
#define IMG_LAYER_APPLY_H

#include "base/io.h"
#include "base/observe.h"
#include "layer/entry.h"
#include "layer/id_map.h"

struct apply_options {
    unsigned threads;
    bool owners;                 /* set owner and group (root, or mapped ids) */
    bool note_owners;            /* those that are not set: as an attribute, see apply_owner.c */
    bool new_root;               /* which looks like an implied directory unless a layer has it */
    bool devices;                /* make device nodes; else they are skipped, with a warning */
    const struct id_map *id_map; /* NULL: as they are */
    bool allow_duplicates;       /* the last of two entries of a path wins */
    uint32_t compat;             /* IMG_COMPAT_... for the tar reader */
    uint64_t max_entries;        /* over all layers, implied directories counted; 0: no limit */
    uint64_t max_bytes;          /* of file content over all layers; 0: no limit */
    /* Called for what was not set as the layer says. what is "owner", "mode" (the setuid and setgid
     * bits are off, since the owner is another one), "device" (it was not made), or "xattr NAME".
     * May be NULL; other than 0 ends the apply. */
    int (*unset)(const struct entry *entry, const char *what, void *arg, img_error *err);
    void *unset_arg;
    struct observer *observer; /* warnings; may be NULL */
};

struct apply;

/* What options points to is borrowed for the life of the apply. */
int img__apply_new(int root_fd /* taken over */, const struct apply_options *options,
                   struct apply **out, img_error *err);
void img__apply_free(struct apply *apply); /* NULL is fine */

/* tar: an uncompressed stream, borrowed, read to its end; name for messages ("layer sha256:12ab").
 * After a failure the apply is only good for img__apply_free(), and the directory for removal. */
int img__apply_layer(struct apply *apply, struct source *tar, const char *name, img_error *err);

/* Owners, modes, attributes and times of directories, last of all. Then syncfs if sync. */
int img__apply_end(struct apply *apply, bool sync, img_error *err);

/* Of all layers so far: entries, with implied directories, and the bytes of files. */
uint64_t img__apply_entries(const struct apply *apply);
uint64_t img__apply_bytes(const struct apply *apply);

IMG_AUTO_POINTER(apply, struct apply, img__apply_free)

#endif
