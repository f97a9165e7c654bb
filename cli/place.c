/* SPDX-License-Identifier: Apache-2.0
 *
 * Splits as the library does: the first colon behind the transport that has no backslash before it
 * ends the path. The library has the last word on what is right.
 */
#include "place.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "memory.h"
#include "text.h"

static const struct {
    const char *prefix;
    enum place_kind kind;
} prefixes[] = {
    {"oci:", PLACE_OCI},
    {"oci-archive:", PLACE_OCI_ARCHIVE},
    {"docker-archive:", PLACE_DOCKER_ARCHIVE},
};

static void split_path(const char *text, struct place *out)
{
    char *to = xcalloc(strlen(text) + 1, 1);

    out->path = to;
    for (; *text && *text != ':'; text++) {
        if (text[0] == '\\' && text[1] == ':')
            text++;
        *to++ = *text;
    }
    out->name = *text ? text + 1 : NULL;
}

void place_split(const char *text, struct place *out)
{
    *out = (struct place){PLACE_OTHER, NULL, NULL};
    if (text_is(text, "-")) {
        out->kind = PLACE_PIPE;
        out->path = xstrdup("-");
        return;
    }
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t len = strlen(prefixes[i].prefix);

        if (strncmp(text, prefixes[i].prefix, len) != 0)
            continue;
        out->kind = prefixes[i].kind;
        split_path(text + len, out);
        return;
    }
}

void place_free(struct place *place)
{
    free(place->path);
}

char *place_escape(const char *path)
{
    char *out = xcalloc(2 * strlen(path) + 1, 1), *to = out;

    for (; *path; path++) {
        if (*path == ':')
            *to++ = '\\';
        *to++ = *path;
    }
    return out;
}

int place_check_source(const char *text, const char *what, img_error *err)
{
    auto_(place) struct place place;

    place_split(text, &place);
    if (img_place_check(text, err) < 0)
        return err->code;
    if (place.kind == PLACE_PIPE || (place.path && text_is(place.path, "-")))
        return cli_fail(err, IMG_EINVAL, "%s %s: name a file; it is not read from a pipe", what,
                        text);
    if (place.path && access(place.path, R_OK) < 0 && errno == ENOENT)
        return cli_fail(err, IMG_ENOTFOUND, "%s: %s is not there", what, place.path);
    if (place.path && access(place.path, R_OK) < 0)
        return cli_fail_errno(err, "%s: cannot read %s", what, place.path);
    return 0;
}
