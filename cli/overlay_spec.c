/* SPDX-License-Identifier: Apache-2.0
 *
 * UPPER[:LOWER]..., split at its colons. As in the options of mount, "\\:" is a colon that does not
 * split, and a backslash makes any other character stand for itself.
 */
#include "overlay_spec.h"

#include <string.h>

#include "fail.h"
#include "memory.h"

/* Copies up to a colon or the end, which it returns. */
static const char *take_path(const char *text, char *out)
{
    while (*text && *text != ':') {
        if (text[0] == '\\' && text[1])
            text++;
        *out++ = *text++;
    }
    *out = '\0';
    return text;
}

int overlay_spec_parse(const char *text, char ***out, img_error *err)
{
    char **paths = NULL;
    size_t count = 0;

    for (const char *at = text;; at++) {
        paths = xreallocarray(paths, count + 2, sizeof(*paths));
        paths[count] = xcalloc(strlen(at) + 1, 1);
        paths[count + 1] = NULL;
        at = take_path(at, paths[count]);
        if (!*paths[count++]) {
            overlay_spec_free(paths);
            return cli_fail(err, IMG_EINVAL,
                            "--overlay %s: a path is empty; it is UPPER or UPPER:LOWER[:LOWER]...",
                            text);
        }
        if (!*at)
            break;
    }
    *out = paths;
    return 0;
}

void overlay_spec_free(char **paths)
{
    for (size_t i = 0; paths && paths[i]; i++)
        free(paths[i]);
    free(paths);
}
