/* SPDX-License-Identifier: Apache-2.0
 *
 * docker's way to write an output: "type=oci,dest=FILE", a list of KEY=VALUE. What has no meaning
 * here is refused rather than left out.
 */
#include <string.h>

#include "fail.h"
#include "memory.h"
#include "outputs.h"
#include "text.h"

struct fields {
    char *copy; /* the others point into it */
    char *type, *dest, *tar, *push;
};

static void auto_fields(struct fields *fields)
{
    free(fields->copy);
}

static char **find_field(struct fields *fields, const char *key)
{
    if (text_is(key, "type"))
        return &fields->type;
    if (text_is(key, "dest"))
        return &fields->dest;
    if (text_is(key, "tar"))
        return &fields->tar;
    return text_is(key, "push") ? &fields->push : NULL;
}

static int fail_key(const char *text, const char *key, img_error *err)
{
    if (text_is(key, "name"))
        return cli_fail(err, IMG_EINVAL, "-o %s: the name is given by -t NAME; --push pushes it",
                        text);
    if (text_is(key, "compression") || text_is(key, "compression-level"))
        return cli_fail(err, IMG_EINVAL,
                        "-o %s: how layers are compressed is said by --compression", text);
    return cli_fail(err, IMG_EINVAL, "-o %s: '%s' is not known; there are type, dest and tar", text,
                    key);
}

static int split(const char *text, struct fields *out, img_error *err)
{
    char *rest = out->copy = xstrdup(text);

    for (char *pair; (pair = strsep(&rest, ","));) {
        char *value = strchr(pair, '='), **field;

        if (!value)
            return cli_fail(err, IMG_EINVAL,
                            "-o %s: '%s' is not KEY=VALUE; a path with a comma is written as in "
                            "oci-archive:FILE",
                            text, pair);
        *value++ = '\0';
        field = find_field(out, pair);
        if (!field)
            return fail_key(text, pair, err);
        *field = value;
    }
    return 0;
}

static bool is_true(const char *value)
{
    return value && (text_is(value, "true") || text_is(value, "1"));
}

static bool is_false(const char *value)
{
    return value && (text_is(value, "false") || text_is(value, "0"));
}

static int fail_dest(const char *text, const char *type, img_error *err)
{
    if (text_is(type, "docker"))
        return cli_fail(err, IMG_EINVAL,
                        "-o %s: there is no daemon to load it into: use '-o docker-archive:-' and "
                        "'| docker load', or dest=FILE",
                        text);
    return cli_fail(err, IMG_EINVAL, "-o %s: dest= is missing", text);
}

static int fail_type(const char *text, const char *type, img_error *err)
{
    return cli_fail(err, IMG_EINVAL,
                    "-o %s: the type '%s' is not known; there are oci, docker, local, tar and "
                    "registry",
                    text, type ? type : "");
}

static int parse_oci(const char *text, const struct fields *fields, struct output *out,
                     img_error *err)
{
    bool directory = is_false(fields->tar);

    if (directory && text_is(fields->dest, "-"))
        return cli_fail(err, IMG_EINVAL, "-o %s: a directory can't go to the standard output",
                        text);
    out->kind = directory ? OUTPUT_OCI : OUTPUT_OCI_ARCHIVE;
    return 0;
}

int output_parse_docker(const char *text, struct output *out, bool *push, img_error *err)
{
    static const struct {
        const char *name;
        enum output_kind kind;
    } types[] = {
        {"oci", OUTPUT_OCI_ARCHIVE},
        {"docker", OUTPUT_DOCKER_ARCHIVE},
        {"local", OUTPUT_ROOTFS},
        {"tar", OUTPUT_TAR},
    };
    auto_(fields) struct fields fields = {NULL, NULL, NULL, NULL, NULL};
    const char *type;

    if (split(text, &fields, err) < 0)
        return err->code;
    type = fields.type ? fields.type : "";
    *push = text_is(type, "registry") || (text_is(type, "image") && is_true(fields.push));
    if (*push)
        return 0;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (!text_is(type, types[i].name))
            continue;
        if (!fields.dest || !*fields.dest)
            return fail_dest(text, type, err);
        out->kind = types[i].kind;
        out->path = xstrdup(fields.dest);
        return out->kind == OUTPUT_OCI_ARCHIVE ? parse_oci(text, &fields, out, err) : 0;
    }
    return fail_type(text, type, err);
}
