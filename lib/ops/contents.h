/* SPDX-License-Identifier: Apache-2.0
 *
 * What the verbs that look into an image have in common: layers as checked streams that tell of
 * their progress, and the view of all of them.
 */
#ifndef IMG_OPS_CONTENTS_H
#define IMG_OPS_CONTENTS_H

#include <libimg/contents.h>

#include "base/observe.h"
#include "layer/view.h"
#include "store/store.h"

struct contents {
    img_store *store;
    img_image *image;
    img_contents_options options;
    struct observer observer;
    bool names_only;      /* for events: what layers are opened for */
    uint64_t given_bytes; /* to the caller */
    size_t first;         /* the layer that is asked for, from 0, if options.layer is set */
};

/* Checks options, which may be NULL. */
int img__contents_begin(struct contents *contents, img_store *store, img_image *image,
                        const img_contents_options *options, img_error *err);

/* The plain tar of a layer, which ends with IMG_EDIGEST unless all of it is as promised. index is
 * from 0. It lives no longer than contents. */
int img__contents_open(struct contents *contents, size_t index, struct source **out,
                       img_error *err);
/* Data is about to be given to the caller: a sparse file has far more of it than its layer. */
int img__contents_give(struct contents *contents, size_t len, img_error *err);
/* "layer sha256:12ab..." */
void img__contents_layer_name(const struct contents *contents, size_t index, char name[64]);

/* All layers, one on the other. It belongs to the image. */
int img__contents_view(struct contents *contents, struct view **out, img_error *err);

/* The tar of all layers, of which sink gets the bytes and is not closed. */
int img__contents_merge(struct contents *contents, struct sink *sink, img_error *err);

#endif
