/* SPDX-License-Identifier: Apache-2.0
 *
 * Loading an archive, in parts: the images that have no manifest, and all else.
 */
#ifndef IMG_OPS_LOAD_H
#define IMG_OPS_LOAD_H

#include <libimg/archive.h>

#include "archive/docker.h"
#include "store/store.h"

struct load {
    img_store *store;
    const img_load_options *options;
    struct archive_reader *reader;
    struct observer *observer;
    void *made; /* a tree of struct load_made; NULL: none yet */
};

/* Brings a docker image's layers, config and a manifest made for them into the store. */
int img__load_docker(struct load *load, size_t index, img_descriptor *out, img_error *err);

/* Where an index has images that are not in the archive: the platforms of those that are, to be
 * freed. *count 0: all are there, or none is, or it is no index. */
int img__load_partial(struct endpoint *from, img_platform **out, size_t *count, img_error *err);

/* The one image of an archive, or the one that name says, into the store, under no name. Of an
 * index options->platform is taken. The caller holds a lease. */
int img__load_unnamed(img_store *store, const char *path, const char *name,
                      const img_load_options *options, img_descriptor *out, img_error *err);

/* A file of the archive that became a layer of the store. */
struct load_made {
    char *path;
    img_digest diff_id;
    img_descriptor descriptor;
};

const struct load_made *img__load_made_find(void *made, char *path);
int img__load_made_add(void **made, const struct docker_layer *layer,
                       const img_descriptor *descriptor, img_error *err);
void img__load_made_free(void *made);

#endif
