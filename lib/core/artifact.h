/* SPDX-License-Identifier: Apache-2.0
 *
 * Artifacts: manifests of files that are no image (image-spec, manifest.md, "Guidelines for
 * Artifact Usage").
 */
#ifndef IMG_CORE_ARTIFACT_H
#define IMG_CORE_ARTIFACT_H

#include "core/document.h"

#define MEDIA_OCI_EMPTY "application/vnd.oci.empty.v1+json"
#define ARTIFACT_EMPTY_BYTES "{}"

struct artifact {
    const char *type;                     /* artifactType */
    const img_descriptor *layers;         /* at least one: img__artifact_empty() if there is none */
    const struct strv *layer_annotations; /* a list for each layer */
    size_t layer_count;
    const img_descriptor *subject;  /* NULL: none */
    const char *const *annotations; /* "K=V", ended by NULL */
};

/* The descriptor of the blob that stands where there is nothing, as the config of an artifact. */
void img__artifact_empty(img_descriptor *out);

int img__artifact_make(const struct artifact *artifact, struct document *out, img_error *err);

#endif
