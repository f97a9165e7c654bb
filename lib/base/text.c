/* SPDX-License-Identifier: Apache-2.0
 *
 * Text without locale. UTF-8 is checked by the table of RFC 3629, section 4: no overlong forms, no
 * surrogates, nothing above U+10FFFF.
 */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

bool img__text_starts_nocase(const char *text, const char *prefix)
{
    for (; *prefix; text++, prefix++)
        if (img__to_lower(*text) != img__to_lower(*prefix))
            return false;
    return true;
}

bool img__text_equal_nocase(const char *a, const char *b)
{
    return strlen(a) == strlen(b) && img__text_starts_nocase(a, b);
}

bool img__text_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool img__text_ends(const char *text, const char *suffix)
{
    size_t len = strlen(text), tail = strlen(suffix);
    return len >= tail && strcmp(text + len - tail, suffix) == 0;
}

bool img__text_number(const char *text, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (!img__is_digit(*text) || __builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
            return false;
    }
    if (value > max)
        return false;
    *out = value;
    return true;
}

/* The lowest and the highest second byte after a first one, and how many bytes follow it. */
struct lead {
    unsigned char first, last, low, high, following;
};

static const struct lead leads[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 1}, {0xe0, 0xe0, 0xa0, 0xbf, 2}, {0xe1, 0xec, 0x80, 0xbf, 2},
    {0xed, 0xed, 0x80, 0x9f, 2}, {0xee, 0xef, 0x80, 0xbf, 2}, {0xf0, 0xf0, 0x90, 0xbf, 3},
    {0xf1, 0xf3, 0x80, 0xbf, 3}, {0xf4, 0xf4, 0x80, 0x8f, 3},
};

static size_t check_lead(const struct lead *lead, const unsigned char *s)
{
    if (s[1] < lead->low || s[1] > lead->high)
        return 0;
    for (size_t i = 2; i <= lead->following; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    return lead->following + 1u;
}

size_t img__text_utf8(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    if (s[0] < 0x80)
        return s[0] != 0;
    for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
        if (s[0] >= leads[i].first && s[0] <= leads[i].last)
            return check_lead(&leads[i], s);
    return 0;
}

/* Control characters: C0, DEL, and C1 (U+0080..U+009F, which terminals obey too). */
static bool is_control(const unsigned char *s)
{
    return s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0);
}

void img__text_clean(const char *text, char *out, size_t size)
{
    size_t used = 0;
    while (*text) {
        char piece[8];
        size_t taken = img__text_utf8(text), len = taken;
        if (taken == 0 || is_control((const unsigned char *)text)) {
            len = (size_t)snprintf(piece, sizeof(piece), "\\x%02x", (unsigned char)*text);
            taken = 1;
        } else {
            memcpy(piece, text, len);
        }
        if (used + len >= size)
            break;
        memcpy(out + used, piece, len);
        used += len;
        text += taken;
    }
    out[used] = '\0';
}
