/* SPDX-License-Identifier: Apache-2.0
 *
 * Sizes and times for people, in integers so that no rounding shows "1000.0 kB".
 */
#include "format.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

void format_size(char out[FORMAT_MAX], uint64_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
    size_t unit = 0;
    uint64_t tenths = bytes / 100;

    if (bytes < 1000) {
        snprintf(out, FORMAT_MAX, "%" PRIu64 " B", bytes);
        return;
    }
    for (; tenths >= 10000; unit++)
        tenths /= 1000;
    snprintf(out, FORMAT_MAX, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10, units[unit]);
}

void format_duration(char out[FORMAT_MAX], int64_t ms)
{
    int64_t seconds = ms / 1000;

    if (seconds < 60)
        snprintf(out, FORMAT_MAX, "%" PRId64 ".%" PRId64 " s", seconds, ms / 100 % 10);
    else if (seconds < 3600)
        snprintf(out, FORMAT_MAX, "%" PRId64 " min %02" PRId64 " s", seconds / 60, seconds % 60);
    else
        snprintf(out, FORMAT_MAX, "%" PRId64 " h %02" PRId64 " min", seconds / 3600,
                 seconds / 60 % 60);
}

void format_clock(char out[FORMAT_MAX], uint64_t seconds)
{
    if (seconds < 3600)
        snprintf(out, FORMAT_MAX, "%" PRIu64 ":%02" PRIu64, seconds / 60, seconds % 60);
    else
        snprintf(out, FORMAT_MAX, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, seconds / 3600,
                 seconds / 60 % 60, seconds % 60);
}
