/* SPDX-License-Identifier: Apache-2.0
 *
 * A build in progress, as its three files see it: build.c begins and sets, build_layer.c makes
 * layers, build_commit.c ends.
 */
#ifndef IMG_OPS_BUILD_H
#define IMG_OPS_BUILD_H

#include <libimg/build.h>
#include <libimg/edit.h>

#include "base/observe.h"
#include "core/config.h"
#include "layer/entry.h"
#include "layer/view.h"
#include "store/store.h"

#define BUILD_TIME_NONE INT64_MIN

struct img_build {
    img_store *store;
    struct lease *lease;
    img_build_options options; /* has_epoch and epoch are settled */
    struct observer observer;
    struct inputs inputs;
    struct config config;
    struct strv annotations;        /* "K=V" */
    img_descriptor *layers;         /* the base's, then ours */
    struct strv *layer_annotations; /* a list for each of layers, "K=V", sorted */
    size_t layer_count;
    size_t base_count;    /* of layers, those of an image that is edited; 0: of a new image */
    const img_edit *edit; /* for which it makes layers, and for which image; NULL: none */
    size_t edit_index;
    bool begun;           /* with a base, a layer or a setting: it is too late for another base */
    int64_t newest_mtime; /* of what was added */
    struct view *view;    /* of the first viewed_count layers */
    size_t viewed_count;
};

/* When something was made whose newest file is of that time (BUILD_TIME_NONE: no file), as RFC
 * 3339: the epoch if there is one, else that time, else that of what was added before, else the
 * base's, else 1970. text has BUILD_TIME_SIZE bytes; what is returned is text or belongs to the
 * config. */
#define BUILD_TIME_SIZE 40
const char *img__build_time(const img_build *build, int64_t newest_mtime, char *text);

/* Nothing in a new layer is newer than the epoch, if there is one (layers.md C11). */
void img__build_clamp(const img_build *build, struct entry *entry);

#endif
