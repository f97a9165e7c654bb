/* SPDX-License-Identifier: Apache-2.0
 *
 * The content that a descriptor may carry within itself.
 */
#ifndef IMG_CORE_DESCRIPTOR_DATA_H
#define IMG_CORE_DESCRIPTOR_DATA_H

#include <libimg/values.h>

#include "base/strv.h"
#include "core/json.h"

/* Is base64 the content that descriptor promises? IMG_EDIGEST or IMG_EFORMAT if not. */
int img__descriptor_check_data(const img_descriptor *descriptor, const char *what,
                               const char *base64, img_error *err);

/* The content itself, NUL-terminated, of a descriptor that was parsed, and so checked; *out is NULL
 * if it has none, else the caller's to free(). */
int img__descriptor_data(const struct json *json, char **out, img_error *err);

/* Its "urls", where the content may be besides; no more than a few count. *out is empty before. */
int img__descriptor_urls(const struct json *json, struct strv *out, img_error *err);

#endif
