/* SPDX-License-Identifier: Apache-2.0
 *
 * Text that does not depend on the locale: ASCII classes, comparison without case, cleaning of
 * hostile text.
 */
#ifndef IMG_BASE_TEXT_H
#define IMG_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool img__is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static inline bool img__is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}
static inline bool img__is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}
static inline bool img__is_alnum(char c)
{
    return img__is_digit(c) || img__is_lower(c) || img__is_upper(c);
}
static inline char img__to_lower(char c)
{
    return img__is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

/* Equal but for the case of ASCII letters? */
bool img__text_equal_nocase(const char *a, const char *b);
bool img__text_starts_nocase(const char *text, const char *prefix);
bool img__text_starts(const char *text, const char *prefix);
bool img__text_ends(const char *text, const char *suffix);

/* A decimal number without sign or blanks, at most max; false if it is anything else. */
bool img__text_number(const char *text, uint64_t max, uint64_t *out);

/* How many bytes the UTF-8 sequence at text has; 0 if it is none. */
size_t img__text_utf8(const char *text);

/* Copies text with control characters and bytes that are not UTF-8 written as \xNN; cut to size at
 * a whole character. */
void img__text_clean(const char *text, char *out, size_t size);

#endif
