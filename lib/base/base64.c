/* SPDX-License-Identifier: Apache-2.0
 *
 * Base64. What passes through here is often secret: exactly one allocation each way, so that the
 * caller can wipe all there is.
 */
#include "base/base64.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libimg/error.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *img__base64_encode(const void *data, size_t len)
{
    const unsigned char *bytes = data;
    if (len > SIZE_MAX / 2)
        return NULL;
    char *text = malloc((len + 2) / 3 * 4 + 1);
    if (!text)
        return NULL;
    char *out = text;
    for (size_t i = 0; i < len; i += 3) {
        uint32_t group = (uint32_t)bytes[i] << 16;
        if (i + 1 < len)
            group |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < len)
            group |= bytes[i + 2];
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        *out++ = i + 1 < len ? alphabet[group >> 6 & 63] : '=';
        *out++ = i + 2 < len ? alphabet[group & 63] : '=';
    }
    *out = '\0';
    return text;
}

static int value_of(char c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

/* The characters before the padding; false if there is more of it than fits. */
static bool digits(const char *text, size_t *count)
{
    size_t len = strlen(text);
    size_t padded = len;
    while (len && text[len - 1] == '=')
        len--;
    *count = len;
    return len % 4 != 1 && (padded == len || (padded % 4 == 0 && padded - len <= 2));
}

/* The bits behind the last byte are zero, or two texts would be the same content. */
static bool is_canonical(uint32_t group, size_t count)
{
    size_t spare = count % 4 == 2 ? 4 : count % 4 == 3 ? 2 : 0;
    return (group & ((1u << spare) - 1)) == 0;
}

int img__base64_decode(const char *text, char **out, size_t *len)
{
    size_t count;
    if (!digits(text, &count))
        return IMG_EFORMAT;
    char *bytes = malloc(count / 4 * 3 + 4);
    if (!bytes)
        return IMG_ENOMEM;
    uint32_t group = 0;
    size_t written = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        int value = value_of(text[i]);
        ok = value >= 0;
        group = group << 6 | (uint32_t)value;
        if (i % 4)
            bytes[written++] = (char)(group >> (6 - 2 * (i % 4)) & 255);
    }
    if (!ok || !is_canonical(group, count)) {
        explicit_bzero(bytes, written);
        free(bytes);
        return IMG_EFORMAT;
    }
    bytes[written] = '\0';
    *out = bytes;
    *len = written;
    return 0;
}
