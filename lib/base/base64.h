/* SPDX-License-Identifier: Apache-2.0
 *
 * Base64 (RFC 4648, section 4).
 */
#ifndef IMG_BASE_BASE64_H
#define IMG_BASE_BASE64_H

#include <stddef.h>

/* Text that is the caller's to free. NULL: no memory. */
char *img__base64_encode(const void *data, size_t len);

/* Padding may be missing, but bits behind the end must be zero. The bytes are followed by a NUL.
 * IMG_EFORMAT (without a message: only the caller knows what this was) or IMG_ENOMEM. */
int img__base64_decode(const char *text, char **out, size_t *len);

#endif
