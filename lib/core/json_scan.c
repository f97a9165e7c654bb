/* SPDX-License-Identifier: Apache-2.0
 *
 * What must be known about JSON before a parser sees it. A parser that makes objects uses up to a
 * hundred times the memory of "[[],[],[]...", so the values are counted first, in one pass over the
 * bytes that only knows strings and structural characters (registry.md Z1, layers.md M5).
 */
#include "core/json_scan.h"

#include <stdbool.h>
#include <string.h>

#include "core/json.h"

static const char byte_order_mark[] = "\xef\xbb\xbf";

struct scan {
    size_t depth;
    size_t containers;
    size_t values;
};

static int check_start(const char *what, const char *data, size_t len, img_error *err)
{
    bool marked = len >= 3 && memcmp(data, byte_order_mark, 3) == 0;
    size_t at = marked ? 3 : 0;

    while (at < len && strchr(" \t\r\n", data[at]) && data[at])
        at++;
    if (at == len)
        return img__fail(err, IMG_EFORMAT, "%s is empty, not JSON", what);
    if (data[at] == '<')
        return img__fail(err, IMG_EFORMAT,
                         "%s is HTML, not JSON: is this really a registry, or a login page or "
                         "proxy in between?",
                         what);
    if (marked)
        return img__fail(err, IMG_EFORMAT,
                         "%s begins with a byte order mark, which JSON may not have", what);
    return 0;
}

/* Past the string that begins at data[at]; len if it does not end. */
static size_t skip_string(const char *data, size_t len, size_t at)
{
    for (at++; at < len && data[at] != '"'; at++)
        if (data[at] == '\\')
            at++;
    return at < len ? at : len - 1;
}

static int count(struct scan *scan, char c, const char *what, img_error *err)
{
    switch (c) {
    case '{':
    case '[':
        scan->depth++;
        scan->containers++;
        break;
    case '}':
    case ']':
        if (scan->depth > 0)
            scan->depth--;
        break;
    case ',':
    case ':':
        scan->values++;
        break;
    default:
        return 0;
    }
    if (scan->depth > JSON_DEPTH_MAX)
        return img__fail(err, IMG_ELIMIT, "%s is nested more than %u levels deep", what,
                         JSON_DEPTH_MAX);
    if (scan->containers > JSON_CONTAINERS_MAX)
        return img__fail(err, IMG_ELIMIT, "%s has more than %u objects and arrays", what,
                         JSON_CONTAINERS_MAX);
    if (scan->values > JSON_VALUES_MAX)
        return img__fail(err, IMG_ELIMIT, "%s has more than %u values", what, JSON_VALUES_MAX);
    return 0;
}

int img__json_scan(const char *what, const char *data, size_t len, img_error *err)
{
    struct scan scan = {0};
    int rc = check_start(what, data, len, err);

    for (size_t at = 0; !rc && at < len; at++) {
        if (data[at] == '"')
            at = skip_string(data, len, at);
        else
            rc = count(&scan, data[at], what, err);
    }
    return rc;
}
