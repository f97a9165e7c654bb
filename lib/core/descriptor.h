/* SPDX-License-Identifier: Apache-2.0
 *
 * Descriptors as JSON (image-spec, descriptor.md).
 */
#ifndef IMG_CORE_DESCRIPTOR_H
#define IMG_CORE_DESCRIPTOR_H

#include <libimg/values.h>

#include "core/json.h"

/* Checks mediaType, digest, size (refused if negative or fractional), platform, and "data" against
 * size and digest if it is there. what names the place: "manifest sha256:12ab...: layers[3]". */
int img__descriptor_parse(const struct json *json, const char *what, img_descriptor *out,
                          img_error *err);

/* The array of descriptors that is object's member at key, which must be there. More than max is
 * IMG_ELIMIT. *out is NULL if it is empty, else the caller's to free(). */
int img__descriptor_parse_list(const struct json *object, const char *what, const char *key,
                               size_t max, img_descriptor **out, size_t *count, img_error *err);

/* Reads "platform" objects, and configs, which have the same keys. Absent keys are "". */
int img__platform_parse_json(const struct json *json, const char *what, img_platform *out,
                             img_error *err);

/* {"mediaType","digest","size"[,"annotations"][,"platform"]}; annotations ("K=V" list, ended by
 * NULL, sorted by the caller) may be NULL. NULL: no memory, or text that is not UTF-8. */
struct json *img__descriptor_json(const img_descriptor *descriptor, const char *const *annotations);

/* "K=V" lines as an object, in their order. NULL as above. */
struct json *img__descriptor_annotations_json(const char *const *annotations);

/* "layer sha256:0123456789ab", for messages; size >= 64 suffices. */
void img__descriptor_name(const img_descriptor *descriptor, char *out, size_t size);

#endif
