/* SPDX-License-Identifier: Apache-2.0
 *
 * What only the parser needs of json.c. NULL is "no memory".
 */
#ifndef IMG_CORE_JSON_PARSE_H
#define IMG_CORE_JSON_PARSE_H

#include "core/json.h"

struct json *img__json_null(void);
struct json *img__json_signed(int64_t value);
struct json *img__json_real(double value);
/* As strtod() in the C locale. */
double img__json_to_double(const char *text);
/* Is there such a key, be its value null? */
bool img__json_has(const struct json *object, const char *key);

#endif
