/* SPDX-License-Identifier: Apache-2.0
 *
 * Hard links of cpio archives: the first names of a file come without data, which is at the last. A
 * layer has it at the first, so the names without wait for it.
 */
#ifndef IMG_LAYER_IMPORT_LATE_H
#define IMG_LAYER_IMPORT_LATE_H

#include "layer/import_emit.h"

struct file_id {
    uint64_t dev;
    uint64_t ino;
};

struct late_link {
    struct file_id id;
    struct entry entry;
};

struct late_links {
    struct late_link *items;
    size_t count;
    size_t cap;
};

void img__late_links_free(struct late_links *links);
bool img__late_links_has(const struct late_links *links, const struct file_id *id);
/* Takes over what entry holds. */
int img__late_links_add(struct late_links *links, const struct file_id *id, struct entry *entry,
                        img_error *err);
/* The data came with path: the names that waited for it become links to that. */
int img__late_links_emit(struct late_links *links, struct import *import, const struct file_id *id,
                         const char *path, img_error *err);
/* No more data comes: files that still wait are empty. */
int img__late_links_end(struct late_links *links, struct import *import, img_error *err);

#endif
