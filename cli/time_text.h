/* SPDX-License-Identifier: Apache-2.0
 *
 * A point in time on the command line.
 */
#ifndef CLI_TIME_TEXT_H
#define CLI_TIME_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds since 1970, with or without "@" before them and a sign, or RFC 3339, whose fraction is
 * cut off: "2024-05-06T07:08:09Z". */
bool time_parse(const char *text, int64_t *out);

#endif
