/* SPDX-License-Identifier: Apache-2.0
 *
 * The content that a descriptor may carry within itself.
 */
#ifndef IMG_CORE_DESCRIPTOR_DATA_H
#define IMG_CORE_DESCRIPTOR_DATA_H

#include <libimg/values.h>

/* Is base64 the content that descriptor promises? IMG_EDIGEST or IMG_EFORMAT if not. */
int img__descriptor_check_data(const img_descriptor *descriptor, const char *what,
                               const char *base64, img_error *err);

#endif
