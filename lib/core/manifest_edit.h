/* SPDX-License-Identifier: Apache-2.0
 *
 * Changing a manifest that is there: its json alone, what else struct manifest has stays as it was
 * parsed. Members that are not named here survive.
 */
#ifndef IMG_CORE_MANIFEST_EDIT_H
#define IMG_CORE_MANIFEST_EDIT_H

#include "core/manifest.h"

/* Digest, size and type of what a descriptor is of; its bytes, if it had them, are another's now.
 */
int img__descriptor_repoint(struct json *descriptor, const img_descriptor *target, img_error *err);
/* The descriptor of an entry of an index says another platform. */
int img__descriptor_set_platform(struct json *descriptor, const img_platform *platform,
                                 img_error *err);

int img__manifest_set_config(struct manifest *manifest, const img_descriptor *config,
                             img_error *err);
/* On top; annotations are sorted. */
int img__manifest_add_layer(struct manifest *manifest, const img_descriptor *layer,
                            const struct strv *annotations, img_error *err);
/* The lowest count layers go, and those that base has come in their place, as they are there. */
int img__manifest_replace_layers(struct manifest *manifest, size_t count,
                                 const struct manifest *base, img_error *err);

/* Of a manifest or an index. pair is "K=V". */
int img__annotation_put(struct json *document, const char *pair, img_error *err);
/* The same of a key and a value. */
int img__annotation_set(struct json *document, const char *key, const char *value, img_error *err);
/* key NULL: all. *was: it was there. */
void img__annotation_unset(struct json *document, const char *key, bool *was);
/* NULL if there is none. */
const char *img__annotation_get(const struct json *document, const char *key);

/* All types, as far as they are Docker's, become their OCI twins. */
int img__manifest_to_oci(struct manifest *manifest, img_error *err);

#endif
