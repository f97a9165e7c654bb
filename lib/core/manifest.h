/* SPDX-License-Identifier: Apache-2.0
 *
 * The image manifest (image-spec, manifest.md; Docker's schema 2).
 */
#ifndef IMG_CORE_MANIFEST_H
#define IMG_CORE_MANIFEST_H

#include "core/document.h"

struct manifest {
    img_descriptor config;
    img_descriptor *layers;
    size_t layer_count;
    struct strv annotations; /* "K=V", sorted */
    struct json *json;       /* all of it */
};

#define MANIFEST_INIT                                                                              \
    {                                                                                              \
        {"", {""}, 0, {"", "", "", ""}}, NULL, 0, STRV_INIT, NULL                                  \
    }

#define MANIFEST_LAYERS_MAX 1024u

/* document->descriptor.media_type must be a manifest's and agree with the bytes. Refused by name:
 * wrong schemaVersion or mediaType, both layers and manifests, config missing, keys that differ
 * from known ones in their case alone. */
int img__manifest_parse(const struct document *document, struct manifest *out, img_error *err);
void img__manifest_free(struct manifest *manifest); /* leaves it empty */

/* "K=V", sorted: the annotations of a document, or of one of its descriptors. *out is empty before.
 */
int img__annotations_parse(const struct json *json, const char *what, struct strv *out,
                           img_error *err);

/* "K=V", sorted, of one of its layers; *out is empty before. */
int img__manifest_layer_annotations(const struct manifest *manifest, size_t index, struct strv *out,
                                    img_error *err);

/* Writes a manifest, OCI always: config, layers and annotations ("K=V", sorted here) as given;
 * Docker types of layers become their OCI twins. layer_annotations has one list for each layer, in
 * the order that is written, or is NULL. */
int img__manifest_make(const img_descriptor *config, const img_descriptor *layers,
                       const struct strv *layer_annotations, size_t layer_count,
                       const char *const *annotations, struct document *out, img_error *err);

static inline void img__auto_manifest(struct manifest *manifest)
{
    img__manifest_free(manifest);
}

#endif
