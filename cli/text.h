/* SPDX-License-Identifier: Apache-2.0
 *
 * Text: comparing, and showing what may be hostile.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Copies text to out of size bytes and makes it harmless on a terminal: whatever is not printable
 * ASCII becomes '?'. What does not fit is cut. */
void copy_printable(char *out, size_t size, const char *text);

static inline bool text_is(const char *a, const char *b)
{
    return __builtin_strcmp(a, b) == 0;
}

#endif
