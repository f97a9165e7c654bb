/* SPDX-License-Identifier: Apache-2.0
 *
 * A layer in the making: entries from a scan, an archive or a list of removals go through
 * the packer straight into the store.
 */
#ifndef IMG_OPS_BUILD_LAYER_H
#define IMG_OPS_BUILD_LAYER_H

#include "layer/fold.h"
#include "layer/pack.h"
#include "ops/build.h"

/* A layer that is in the store. */
struct layer_made {
    img_digest digest;
    uint64_t size_bytes;
    img_digest diff_id;
    int64_t newest_mtime;           /* INT64_MIN: of none */
    const char *what;               /* for events and the history */
    const struct strv *annotations; /* "K=V", sorted */
};

struct layering {
    img_build *build;
    const struct view *view; /* of the layers below; NULL: nothing is below */
    const char *prefix;      /* where a tree goes; borrowed */
    const char *what;        /* for events and the history: "add /opt/app"; borrowed */
    struct fold *fold;       /* warns of names that differ in case alone; NULL: nobody asked */
    struct pack *pack;
    struct item item;
    bool warned; /* of what is in the layer: the same layer must warn again */
    img_digest digest;
    uint64_t size_bytes;
    struct layer_made made; /* after img__layering_end(), if there is a layer */
};

/* Puts a layer on top of the image. The callback is asked first: it may say no. */
int img__layering_append(struct item *item, int kind, img_build *build,
                         const struct layer_made *made, img_error *err);

/* Brings the build's view up to date; *out is NULL if there is no layer yet. */
int img__layering_look_below(img_build *build, const struct view **out, img_error *err);

/* build and what are set; opens the blob and the pack. */
int img__layering_begin(struct layering *layering, img_error *err);
/* Closes the blob and puts the layer on top of the image. Without an entry there is no layer, and a
 * warning. */
int img__layering_end(struct layering *layering, img_error *err);

/* Writes an entry with its data, and tells of the progress. */
int img__layering_entry(struct layering *layering, const struct entry *entry, struct source *data,
                        img_error *err);
/* A directory where there is a link below would hide what the link leads to: the mistake that
 * breaks a base whose /lib leads to /usr/lib. IMG_EINVAL. */
int img__layering_check_below(const struct layering *layering, const struct entry *entry,
                              img_error *err);
/* Warns of a path that differs from another one in case alone, if that was asked for. */
int img__layering_check_case(struct layering *layering, const char *path, img_error *err);
/* Writes the directory at path, as it is below or else as the engine makes one up: 0755, root,
 * 1970. */
int img__layering_directory(struct layering *layering, const char *path, img_error *err);
/* Writes the directories above path, but not those that are above done, or done itself. */
int img__layering_parents(struct layering *layering, const char *path, const char *done,
                          img_error *err);

static inline void img__auto_layering(struct layering *layering)
{
    img__fold_free(layering->fold);
    img__pack_free(layering->pack);
}

#endif
