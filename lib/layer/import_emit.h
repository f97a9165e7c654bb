/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the readers of archives and the receiver of their entries.
 */
#ifndef IMG_LAYER_IMPORT_EMIT_H
#define IMG_LAYER_IMPORT_EMIT_H

#include "base/path_set.h"
#include "layer/import_held.h"
#include "layer/scan.h"

struct import {
    const char *name; /* of the archive, for messages */
    const struct scan_options *options;
    scan_fn fn;
    void *arg;
    struct path_set files; /* what hard links may lead to: paths before the prefix */
    struct import_held held;
    struct sink *copy;    /* of the bytes of a tar, which stay as they are; NULL: they don't */
    struct path_set seen; /* with copy: all paths, which nobody looks at else */
};

/* Hands entry, as it stands in the archive, to the receiver: with the options applied, and without
 * what does not travel in layers. */
int img__import_emit(struct import *import, const struct entry *entry, struct source *data,
                     img_error *err);

/* All entries of a tar archive. */
int img__import_tar(struct import *import, struct source *source, img_error *err);

#endif
