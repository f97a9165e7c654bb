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

/* The length of the UTF-8 character at text (RFC 3629: shortest form, no surrogates), 0 if it is
 * none. A NUL is one, of which nothing behind is read. */
size_t text_character(const char *text);
bool text_is_utf8(const char *text);

/* Text in one line that does nothing to a terminal, and from which the bytes can be told: control
 * characters and what is not UTF-8 as \xNN, a backslash as two. To be freed. */
char *text_escape(const char *text);

static inline bool text_is(const char *a, const char *b)
{
    return __builtin_strcmp(a, b) == 0;
}

#endif
