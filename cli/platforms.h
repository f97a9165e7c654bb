/* SPDX-License-Identifier: Apache-2.0
 *
 * The values of --platform where there may be several.
 */
#ifndef CLI_PLATFORMS_H
#define CLI_PLATFORMS_H

#include <stdbool.h>

#include "options.h"

struct platforms {
    img_platform *items;
    size_t count;
};

/* Each --platform holds one or, with commas between, several; one that comes twice is refused. On
 * failure, too, free them with platforms_free(). */
int platforms_parse(const struct arguments *args, struct platforms *out, img_error *err);
void platforms_free(struct platforms *platforms);

static inline void auto_platforms(struct platforms *platforms)
{
    platforms_free(platforms);
}

/* One platform, however it is spelt: arm64 is arm64/v8. */
bool platform_is(const img_platform *a, const img_platform *b);

/* "linux/arm64/v8", with another character between; to be freed. */
char *platform_text(const img_platform *platform, char separator);

#endif
