/* SPDX-License-Identifier: Apache-2.0
 *
 * docker's prefixes. A colon in a key is a prefix, too: one that is not known is no key, but
 * misspelt.
 */
#include "annotations.h"

#include <string.h>

#include "fail.h"
#include "memory.h"
#include "text.h"

static const char *const levels[] = {
    [ANNOTATION_MANIFEST] = "manifest",
    [ANNOTATION_MANIFEST_DESCRIPTOR] = "manifest-descriptor",
    [ANNOTATION_INDEX] = "index",
    [ANNOTATION_INDEX_DESCRIPTOR] = "index-descriptor",
};
#define LEVELS (sizeof(levels) / sizeof(levels[0]))

void annotations_free(struct annotations *annotations)
{
    free(annotations->items);
}

static struct annotation *append(struct annotations *out, const char *text, const char *pair)
{
    out->items = xreallocarray(out->items, out->count + 1, sizeof(*out->items));
    out->items[out->count] = (struct annotation){.text = text, .pair = pair};
    return &out->items[out->count++];
}

/* "[linux/arm64]", from behind the bracket on. */
static int parse_platform(const char *text, char *inside, img_platform *out, img_error *err)
{
    size_t len = strlen(inside);

    if (len < 2 || inside[len - 1] != ']')
        return cli_fail(err, IMG_EINVAL, "--annotation %s: the ']' of the platform is missing",
                        text);
    inside[len - 1] = '\0';
    return img_platform_parse(inside, out, err);
}

static int parse_level(char *word, struct annotation *out, img_error *err)
{
    char *bracket = strchr(word, '[');
    size_t i = 0;

    if (bracket)
        *bracket = '\0';
    while (i < LEVELS && !text_is(word, levels[i]))
        i++;
    if (i == LEVELS)
        return cli_fail(err, IMG_EINVAL,
                        "--annotation %s: '%s:' is not known; there are manifest:, index: and "
                        "manifest-descriptor:",
                        out->text, word);
    out->level = (enum annotation_level)i;
    if (out->level == ANNOTATION_INDEX_DESCRIPTOR)
        return cli_fail(err, IMG_EINVAL,
                        "--annotation %s: there is no descriptor of the index that could be "
                        "annotated",
                        out->text);
    if (bracket && out->level == ANNOTATION_INDEX)
        return cli_fail(err, IMG_EINVAL, "--annotation %s: the index is for all platforms",
                        out->text);
    return bracket ? parse_platform(out->text, bracket + 1, &out->platform, err) : 0;
}

static int parse_one(const char *text, enum annotation_level usual, struct annotations *out,
                     img_error *err)
{
    size_t key = strcspn(text, "=");
    const char *colon = memchr(text, ':', key);
    auto_free char *prefix = colon ? xasprintf("%.*s", (int)(colon - text), text) : NULL;
    char *rest = prefix;

    if (!text[key])
        return cli_fail(err, IMG_EINVAL, "--annotation %s: it is not KEY=VALUE", text);
    if (!colon) {
        append(out, text, text)->level = usual;
        return 0;
    }
    for (char *word; (word = strsep(&rest, ","));)
        if (parse_level(word, append(out, text, colon + 1), err) < 0)
            return err->code;
    return 0;
}

int annotations_parse(const struct arguments *args, enum annotation_level usual,
                      struct annotations *out, img_error *err)
{
    auto_free const char **texts = option_values(args, "annotation");

    *out = (struct annotations){NULL, 0};
    for (const char **text = texts; *text; text++)
        if (parse_one(*text, usual, out, err) < 0)
            return err->code;
    return 0;
}

int annotations_set(const struct annotations *annotations, img_index *index, img_error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < annotations->count; i++) {
        const struct annotation *a = &annotations->items[i];

        if (a->level == ANNOTATION_INDEX)
            rc = img_index_annotate(index, a->pair, err);
        else if (a->level == ANNOTATION_MANIFEST_DESCRIPTOR)
            rc = img_index_annotate_entry(index, a->platform.os[0] ? &a->platform : NULL, a->pair,
                                          err);
    }
    return rc;
}
