/* SPDX-License-Identifier: Apache-2.0
 *
 * Content-Range and ETag, read strictly: what is not exactly right is not gone on with.
 */
#include "registry/range.h"

#include <string.h>

#include "base/text.h"

/* A number up to end, which it steps over. */
static bool take_number(const char **text, char end, uint64_t *out)
{
    char digits[24];
    size_t len = strcspn(*text, "-/ ");
    if (len >= sizeof(digits) || (*text)[len] != end)
        return false;
    memcpy(digits, *text, len);
    digits[len] = '\0';
    *text += end ? len + 1 : len;
    return img__text_number(digits, UINT64_MAX - 1, out);
}

bool img__range_parse(const char *text, struct range *out)
{
    static const char unit[] = "bytes ";
    if (!img__text_starts_nocase(text, unit))
        return false;
    text += strlen(unit);
    return take_number(&text, '-', &out->first) && take_number(&text, '/', &out->last) &&
           take_number(&text, '\0', &out->total) && out->first <= out->last &&
           out->last < out->total;
}

void img__range_etag(const struct http_response *response, char *out, size_t size)
{
    size_t len = 0;
    const char *value = img__http_header(response, "ETag", 0, &len);
    bool strong = value && len >= 2 && len < size && value[0] == '"' && value[len - 1] == '"' &&
                  !memchr(value + 1, '"', len - 2);
    for (size_t i = 0; strong && i < len; i++)
        strong = value[i] > ' ' && value[i] <= '~';
    if (strong)
        memcpy(out, value, len);
    out[strong ? len : 0] = '\0';
}
