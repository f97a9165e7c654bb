/* SPDX-License-Identifier: Apache-2.0
 *
 * docker takes several platforms with commas between, podman and we also one option for each.
 */
#include "platforms.h"

#include <string.h>

#include "fail.h"
#include "memory.h"
#include "text.h"

void platforms_free(struct platforms *platforms)
{
    free(platforms->items);
}

static const char *variant_of(const img_platform *platform)
{
    bool usual = text_is(platform->architecture, "arm64") && text_is(platform->variant, "v8");

    return usual ? "" : platform->variant;
}

bool platform_is(const img_platform *a, const img_platform *b)
{
    return text_is(a->os, b->os) && text_is(a->architecture, b->architecture) &&
           text_is(variant_of(a), variant_of(b));
}

char *platform_text(const img_platform *platform, char separator)
{
    return xasprintf("%s%c%s%.*s%s", platform->os, separator, platform->architecture,
                     platform->variant[0] ? 1 : 0, &separator, platform->variant);
}

static int add(struct platforms *out, const char *text, img_error *err)
{
    img_platform platform;

    if (img_platform_parse(text, &platform, err) < 0)
        return err->code;
    for (size_t i = 0; i < out->count; i++)
        if (platform_is(&out->items[i], &platform))
            return cli_fail(err, IMG_EINVAL, "--platform %s is there twice", text);
    out->items = xreallocarray(out->items, out->count + 1, sizeof(*out->items));
    out->items[out->count++] = platform;
    return 0;
}

int platforms_parse(const struct arguments *args, struct platforms *out, img_error *err)
{
    auto_free const char **texts = option_values(args, "platform");

    *out = (struct platforms){NULL, 0};
    for (const char **text = texts; *text; text++) {
        auto_free char *copy = xstrdup(*text);
        char *rest = copy;

        for (char *one; (one = strsep(&rest, ","));)
            if (add(out, one, err) < 0)
                return err->code;
    }
    return 0;
}
