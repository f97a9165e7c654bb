/* SPDX-License-Identifier: Apache-2.0
 *
 * A look at JSON's bytes before they are parsed.
 */
#ifndef IMG_CORE_JSON_SCAN_H
#define IMG_CORE_JSON_SCAN_H

#include <stddef.h>

#include "base/err.h"

/* Refuses what is no JSON at first sight (nothing, HTML, a byte order mark) and what would cost too
 * much memory or stack to parse. It does not validate. */
int img__json_scan(const char *what, const char *data, size_t len, img_error *err);

#endif
