/* SPDX-License-Identifier: Apache-2.0
 *
 * Directories of an archive that are left out, unless something beneath them is taken. An archive
 * has any order, so all are remembered.
 */
#ifndef IMG_LAYER_IMPORT_HELD_H
#define IMG_LAYER_IMPORT_HELD_H

#include "layer/scan.h"

struct held_entry;

struct import_held {
    struct held_entry **slots; /* lists, by the hash of the path */
    size_t cap;                /* 0 or a power of two */
    size_t count;
};

/* Takes over what entry holds, unless its path is there already. */
int img__import_hold(struct import_held *held, struct entry *entry, img_error *err);
/* Calls fn for those above path, the highest first, and forgets them. */
int img__import_emit_held(struct import_held *held, const char *path, scan_fn fn, void *arg,
                          img_error *err);
void img__import_held_free(struct import_held *held);

#endif
