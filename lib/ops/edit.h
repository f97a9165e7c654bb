/* SPDX-License-Identifier: Apache-2.0
 *
 * An edit in progress, as its files see it: edit.c opens, edit_settings.c, edit_layers.c,
 * edit_rebase.c and edit_flatten.c change, edit_make.c writes the documents, edit_commit.c ends.
 */
#ifndef IMG_OPS_EDIT_H
#define IMG_OPS_EDIT_H

#include <libimg/edit.h>

#include "core/config.h"
#include "core/index.h"
#include "core/manifest_edit.h"
#include "ops/copy.h"
#include "ops/copy_place.h"
#include "ops/held.h"

#define ANNOTATION_BASE_NAME "org.opencontainers.image.base.name"
#define ANNOTATION_BASE_DIGEST "org.opencontainers.image.base.digest"

/* One platform's. Its documents are as they came, json of manifest and config what becomes of them.
 */
struct edit_image {
    struct document document; /* the manifest's */
    struct document config_document;
    struct manifest manifest;
    struct config config;
    size_t entry; /* in the index */
    bool oci;     /* it becomes an OCI one */
    /* By img__edit_make(): */
    struct document new_document, new_config_document;
};

/* Something that is neither where the image is nor in memory. */
struct edit_blob {
    img_digest digest;
    struct copy_place *place; /* NULL: the store of the edit */
};

struct img_edit {
    img_client *client;
    char *source;
    img_edit_options options;
    img_platform *platforms; /* owned; options has them too */
    struct observer observer;
    struct copy_place from;
    struct document top;
    struct index index; /* if top is one; json is changed */
    bool index_oci;     /* it becomes an OCI one */
    struct edit_image *images;
    size_t image_count;
    uint64_t config_bytes; /* that were read */
    struct endpoint *held; /* configs that came, and all that is made */
    bool made;             /* what is new is, as of now */
    bool moved;            /* the name that it was opened by stands for something new */
    struct document new_top;
    img_store *own_store; /* opened here */
    struct lease *lease;  /* on the store, once layers are made there */
    struct endpoint *store_place;
    struct copy_place **bases;
    size_t base_count;
    struct edit_blob *blobs;
    size_t blob_count;
};

uint64_t img__edit_config_limit(const img_edit *edit);

/* The manifest and the config of an image, parsed and held against each other. document is taken
 * over, unless this fails. */
int img__edit_read_image(img_edit *edit, struct endpoint *place, struct document *document,
                         struct edit_image *out, img_error *err);
void img__edit_image_free(struct edit_image *image);

/* The store where layers are made, opened and leased at first use. */
int img__edit_store(img_edit *edit, img_store **out, img_error *err);
/* Where a blob is. */
int img__edit_add_blob(img_edit *edit, const img_digest *digest, struct copy_place *place,
                       img_error *err);
/* The annotations of an image are about to be written: Docker's types have none. */
int img__edit_annotate(img_edit *edit, struct edit_image *image, img_error *err);

/* Brings all layers of an image, as it is by now, to the store, if they are not there. */
int img__edit_bring_layers(img_edit *edit, struct edit_image *image, img_error *err);

/* Writes the documents as they have become to memory, unless that is done: new_top, and those of
 * the images. */
int img__edit_make(img_edit *edit, img_error *err);
/* Is there anything new, once they are made? */
bool img__edit_is_changed(const img_edit *edit);

static inline void img__auto_edit_image(struct edit_image *image)
{
    img__edit_image_free(image);
}

#endif
