/* SPDX-License-Identifier: Apache-2.0
 *
 * What a stack of layers amounts to: its paths and their metadata, without their data, with
 * whiteouts applied (layers.md A1-A6, A10-A12). For adding on top of a base: where a path leads,
 * what a parent looks like, whether there is something to remove. And for looking into an image:
 * what is there, and where in the stack its data is.
 */
#ifndef IMG_LAYER_VIEW_H
#define IMG_LAYER_VIEW_H

#include "base/io.h"
#include "layer/entry.h"

struct view;

/* Which entry of the stack made a file: its names, hard links, have it in common, and nothing else
 * has. */
struct origin {
    uint32_t layer;   /* from 1, the lowest; 0: nothing but a path beneath it did */
    uint32_t ordinal; /* of the entry in its layer, from 0; those count too that are not kept */
};

int img__view_new(struct view **out, img_error *err);
void img__view_free(struct view *view);

/* How many bytes of memory its names may take, VIEW_BYTES_MAX if nobody says. */
#define VIEW_BYTES_MAX ((uint64_t)1 << 30)
void img__view_limit(struct view *view, uint64_t bytes);
/* The attributes of everything are kept, not of directories alone. Before the first apply. */
void img__view_keep_xattrs(struct view *view);
/* IMG_COMPAT_...; the same. */
void img__view_compat(struct view *view, uint32_t compat);

/* Puts a layer on top: tar is an uncompressed stream, borrowed. name is for messages. After a
 * failure the view is only good for img__view_free(). IMG_ELIMIT: it would take too much memory. */
int img__view_apply(struct view *view, struct source *tar, const char *name, img_error *err);

/* What is at a path (in the form of entry.path), last component not followed, parents not either:
 * NULL if nothing. Its xattrs may be kept for directories alone; a hard link is what it leads to; a
 * parent that only its children imply is a directory, 0755, 0:0, mtime 0. Borrowed until the next
 * apply. */
const struct entry *img__view_find(const struct view *view, const char *path);
/* The same; *origin is set where there is something. */
const struct entry *img__view_find_origin(const struct view *view, const char *path,
                                          struct origin *origin);

/* All that is there but the root, in the order of a layer: a directory before what is in it, names
 * bytewise. A result of fn that is not 0 ends it and is returned. */
typedef int (*view_fn)(const struct entry *entry, const struct origin *origin, void *arg);
int img__view_each(const struct view *view, view_fn fn, void *arg);

/* Follows the symbolic links of a path inside the image, as the kernel would with the image as
 * root, the last component too if follow_last. What does not exist is kept as it stands. *out is
 * the caller's; IMG_EINVAL for a loop, or for a component that is a file. */
int img__view_resolve(const struct view *view, const char *path, bool follow_last, char **out,
                      img_error *err);

IMG_AUTO_POINTER(view, struct view, img__view_free)

#endif
