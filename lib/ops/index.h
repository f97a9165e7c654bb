/* SPDX-License-Identifier: Apache-2.0
 *
 * An index in the making, as its files see it: index.c begins and ends, index_add.c looks at what
 * goes in, index_bring.c moves it.
 */
#ifndef IMG_OPS_INDEX_H
#define IMG_OPS_INDEX_H

#include <libimg/index.h>

#include "base/strv.h"
#include "ops/copy_place.h"

struct index_source {
    char *text; /* as it was given */
    struct copy_place place;
};

struct index_member {
    img_descriptor descriptor;
    struct json *json; /* what an index said of it; NULL: it was none of an index */
    const struct index_source *source;
    struct strv annotations; /* "K=V", that were set */
};

struct img_index {
    img_store *store;
    struct lease *lease;
    struct endpoint *local; /* the store, without a name */
    img_index_options options;
    struct observer observer;
    struct index_source **sources;
    size_t source_count;
    struct index_member *members;
    size_t member_count;
    struct strv annotations;
};

/* Moves an image with all that it reaches from its source to another place, under no name. */
int img__index_bring(img_index *index, const struct index_member *member, struct endpoint *to,
                     const img_reference *target, img_error *err);
/* The config of a manifest, in the store. */
int img__index_bring_config(img_index *index, const struct index_source *source,
                            const img_descriptor *config, img_error *err);

#endif
