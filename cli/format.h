/* SPDX-License-Identifier: Apache-2.0
 *
 * Sizes and times for people.
 */
#ifndef CLI_FORMAT_H
#define CLI_FORMAT_H

#include <stdint.h>
#define FORMAT_MAX 32

/* "999 B", "1.0 kB", "12.3 MB": decimal units, as registries show them; at most eight letters. */
void format_size(char out[FORMAT_MAX], uint64_t bytes);

/* "0.4 s", "12.3 s", "4 min 05 s", "2 h 03 min". */
void format_duration(char out[FORMAT_MAX], int64_t ms);

/* "0:04", "12:34", "1:02:03". */
void format_clock(char out[FORMAT_MAX], uint64_t seconds);

#endif
