/* SPDX-License-Identifier: Apache-2.0
 *
 * What to say to options that other tools for images have and imgtool spells in another way.
 */
#ifndef CLI_HABITS_H
#define CLI_HABITS_H

#include <stdbool.h>
#include <stddef.h>

struct arguments;

/* What there is instead of --NAME, or of -X if len is 1; NULL: nothing is known. */
const char *habit_instead(const struct arguments *args, const char *name, size_t len);

#endif
