/* SPDX-License-Identifier: Apache-2.0
 *
 * They count for every --add and every --layer, wherever they stand; what stands behind one of
 * these counts more.
 */
#include "add_common.h"

#include <string.h>

#include "fail.h"
#include "text.h"
#include "time_text.h"

static const struct {
    const char *word;
    uint32_t flag;
} preserved[] = {
    {"nanoseconds", IMG_PRESERVE_NANOSECONDS},
    {"ima", IMG_PRESERVE_IMA},
    {"xattrs", IMG_PRESERVE_XATTRS},
};

static int preserve_word(const char *word, size_t len, uint32_t *flags, img_error *err)
{
    for (size_t i = 0; i < sizeof(preserved) / sizeof(preserved[0]); i++) {
        if (strlen(preserved[i].word) != len || strncmp(preserved[i].word, word, len) != 0)
            continue;
        *flags |= preserved[i].flag;
        return 0;
    }
    return cli_fail(err, IMG_EINVAL,
                    "--preserve: there is no '%.*s'; there are nanoseconds, ima, "
                    "xattrs",
                    (int)len, word);
}

static int parse_preserve(const char *list, uint32_t *flags, img_error *err)
{
    for (;; list++) {
        size_t len = strcspn(list, ",");

        if (preserve_word(list, len, flags, err) < 0)
            return err->code;
        list += len;
        if (!*list)
            return 0;
    }
}

static int parse_use(const char *name, const char *value, img_add_options *out, img_error *err)
{
    if (text_is(name, "chmod"))
        out->chmod = value;
    if (text_is(name, "warn-case"))
        out->flags |= IMG_ADD_WARN_CASE;
    if (text_is(name, "chown"))
        out->chown = value;
    if (text_is(name, "ignore-file"))
        out->ignore_file = value;
    if (text_is(name, "preserve"))
        return parse_preserve(value, &out->preserve, err);
    if (text_is(name, "mtime")) {
        if (!time_parse(value, &out->mtime))
            return cli_fail(err, IMG_EINVAL,
                            "--mtime %s: is neither seconds since 1970 nor a time like "
                            "2024-05-06T07:08:09Z",
                            value);
        out->set |= IMG_ADD_MTIME;
    }
    return 0;
}

int add_common_parse(const struct arguments *args, img_add_options *out, img_error *err)
{
    *out = (img_add_options)IMG_ADD_OPTIONS_INIT;
    for (size_t i = 0; i < args->use_count; i++)
        if (parse_use(args->uses[i].option->name, args->uses[i].value, out, err) < 0)
            return err->code;
    return 0;
}

void add_common_merge(const img_add_options *common, img_add_options *own)
{
    img_add_options merged = *common;

    if (own->set & IMG_ADD_MODE)
        merged.mode = own->mode;
    if (own->set & IMG_ADD_UID)
        merged.uid = own->uid;
    if (own->set & IMG_ADD_GID)
        merged.gid = own->gid;
    merged.set |= own->set;
    *own = merged;
}
