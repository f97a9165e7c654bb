/* SPDX-License-Identifier: Apache-2.0
 *
 * Text that comes from images and registries may be anything, and ends on terminals.
 */
#include "text.h"

#include <stdio.h>
#include <string.h>

#include "memory.h"

void copy_printable(char *out, size_t size, const char *text)
{
    size_t i = 0;

    for (; i + 1 < size && text[i]; i++)
        out[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
    out[i] = '\0';
}

size_t text_character(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t len;
    unsigned low = 0x80, high = 0xbf;

    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (p[0] == 0xe0)
        low = 0xa0;
    else if (p[0] == 0xed)
        high = 0x9f;
    else if (p[0] == 0xf0)
        low = 0x90;
    else if (p[0] == 0xf4)
        high = 0x8f;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

bool text_is_utf8(const char *text)
{
    for (size_t len; *text; text += len)
        if ((len = text_character(text)) == 0)
            return false;
    return true;
}

/* C0, DEL and C1, which terminals obey too. */
static bool is_control(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;

    return p[0] < 0x20 || p[0] == 0x7f || (p[0] == 0xc2 && p[1] < 0xa0);
}

char *text_escape(const char *text)
{
    char *out = xreallocarray(NULL, strlen(text) + 1, 4), *at = out;

    while (*text) {
        size_t len = text_character(text);

        if (*text == '\\') {
            *at++ = '\\';
            *at++ = *text++;
        } else if (len == 0 || is_control(text)) {
            at += sprintf(at, "\\x%02x", (unsigned char)*text++);
        } else {
            memcpy(at, text, len);
            at += len;
            text += len;
        }
    }
    *at = '\0';
    return out;
}
