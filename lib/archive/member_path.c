/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths within an archive, by their text alone: nothing of them ever reaches a file system.
 */
#include <string.h>

#include "archive/members.h"

/* Adds one part to the len bytes at out; false if that leads above the top. */
static bool add_part(char *out, size_t *len, const char *part, size_t part_len, bool dots)
{
    if (part_len == 0 || (part_len == 1 && part[0] == '.'))
        return true;
    if (part_len == 2 && part[0] == '.' && part[1] == '.') {
        if (!dots || *len == 0)
            return false;
        while (*len > 0 && out[*len - 1] != '/')
            (*len)--;
        *len -= *len > 0;
        return true;
    }
    if (*len > 0)
        out[(*len)++] = '/';
    memcpy(out + *len, part, part_len);
    *len += part_len;
    return true;
}

static bool add_parts(char *out, size_t *len, const char *path, bool dots)
{
    while (*path) {
        size_t part = strcspn(path, "/");
        if (!add_part(out, len, path, part, dots))
            return false;
        path += part + (path[part] == '/');
    }
    return true;
}

int img__member_path(const char *from, const char *path, bool dots, char **out, img_error *err)
{
    size_t len = 0;
    auto_free char *text = malloc((from ? strlen(from) : 0) + strlen(path) + 2);
    if (!text)
        return img__fail_memory(err);
    *out = NULL;
    if (path[0] == '/' || (from && !add_parts(text, &len, from, false)) ||
        !add_parts(text, &len, path, dots) || len == 0)
        return 0;
    text[len] = '\0';
    *out = steal(text);
    return 0;
}
