/* SPDX-License-Identifier: Apache-2.0
 *
 * A build in progress, as its three files see it: build.c begins and sets, build_layer.c makes
 * layers, build_commit.c ends.
 */
#ifndef IMG_OPS_BUILD_H
#define IMG_OPS_BUILD_H

#include <libimg/build.h>

#include "base/observe.h"
#include "core/config.h"
#include "layer/view.h"
#include "store/store.h"

#define BUILD_TIME_NONE INT64_MIN

struct img_build {
    img_store *store;
    struct lease *lease;
    img_build_options options; /* has_epoch and epoch are settled */
    struct observer observer;
    struct config config;
    struct strv annotations; /* "K=V" */
    img_descriptor *layers;  /* the base's, then ours */
    size_t layer_count;
    bool begun;           /* with a base, a layer or a setting: it is too late for another base */
    int64_t newest_mtime; /* of what was added */
    struct view *view;    /* of the first viewed_count layers */
    size_t viewed_count;
};

/* RFC 3339, UTC; size >= 32. Outside of the years 1970 to 9999 it is the nearest there. */
void img__build_time(int64_t seconds, char *out, size_t size);

#endif
