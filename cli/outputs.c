/* SPDX-License-Identifier: Apache-2.0
 *
 * The values of build -o. A place is written as everywhere, with rootfs:DIR besides; docker's form
 * is read, too, where it means one of these.
 */
#include "outputs.h"

#include <string.h>

#include "fail.h"
#include "memory.h"
#include "output_file.h"
#include "place.h"
#include "text.h"

#define ROOTFS "rootfs:"
#define KINDS "oci:DIR[:TAG], oci-archive:FILE, docker-archive:FILE, rootfs:DIR or -"

void outputs_free(struct outputs *outputs)
{
    for (size_t i = 0; i < outputs->count; i++) {
        struct output *output = &outputs->items[i];

        for (char **place = output->places; place && *place; place++)
            free(*place);
        free(output->places);
        free(output->path);
        free(output->name);
    }
    free(outputs->items);
}

static bool starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int parse_rootfs(const char *text, struct output *out, img_error *err)
{
    const char *path = text + strlen(ROOTFS);

    if (!*path)
        return cli_fail(err, IMG_EINVAL, "-o %s: the directory is missing", text);
    out->kind = OUTPUT_ROOTFS;
    out->path = xstrdup(path);
    return 0;
}

/* What docker takes for the directory of type=local. */
static int fail_bare(const char *text, img_error *err)
{
    return cli_fail(err, IMG_EINVAL,
                    "-o %s: it does not say what is to be written: " KINDS
                    "; docker's -o DIR is rootfs:DIR",
                    text);
}

static int parse_place(const char *text, struct output *out, img_error *err)
{
    static const enum output_kind kinds[] = {
        [PLACE_OCI] = OUTPUT_OCI,
        [PLACE_OCI_ARCHIVE] = OUTPUT_OCI_ARCHIVE,
        [PLACE_DOCKER_ARCHIVE] = OUTPUT_DOCKER_ARCHIVE,
        [PLACE_PIPE] = OUTPUT_DOCKER_ARCHIVE,
    };
    auto_(place) struct place place;

    place_split(text, &place);
    if (place.kind == PLACE_OTHER)
        return fail_bare(text, err);
    if (img_place_check(text, err) < 0)
        return err->code;
    out->kind = kinds[place.kind];
    out->name = place.name ? xstrdup(place.name) : NULL;
    out->path = place.path;
    place.path = NULL;
    return 0;
}

/* The layout has names by tags, as that of a copy: oci:DIR:TAG for each, or else latest. */
static int find_places(struct output *output, const char *const *names, img_error *err)
{
    auto_free char *path = place_escape(output->path);
    size_t count = 0, have = 0;

    while (names[count])
        count++;
    output->places = xcalloc(count + 2, sizeof(*output->places));
    if (output->name || count == 0)
        output->places[have++] =
            xasprintf("oci:%s:%s", path, output->name ? output->name : "latest");
    for (size_t i = 0; !output->name && i < count; i++) {
        img_reference reference;
        bool known = false;

        if (img_reference_parse(names[i], &reference, err) < 0)
            return err->code;
        output->places[have] = xasprintf("oci:%s:%s", path, reference.tag);
        for (size_t k = 0; k < have; k++)
            known |= text_is(output->places[k], output->places[have]);
        if (known)
            free(output->places[have]);
        have += !known;
        output->places[have] = NULL;
    }
    for (char **place = output->places; *place; place++)
        if (img_place_check(*place, err) < 0)
            return err->code;
    return 0;
}

/* docker loads repositories with a tag alone. */
static int check_name(const struct output *output, img_error *err)
{
    img_reference reference;

    if (output->kind != OUTPUT_DOCKER_ARCHIVE || !output->name)
        return 0;
    return img_reference_parse(output->name, &reference, err);
}

static int parse_one(const char *text, struct output *out, bool *push, img_error *err)
{
    out->text = text;
    if (starts(text, ROOTFS))
        return parse_rootfs(text, out, err);
    if (starts(text, "type=") || starts(text, "dest="))
        return output_parse_docker(text, out, push, err);
    return parse_place(text, out, err);
}

/* What has room for one image alone. For a pipe there is an archive that has more. */
static int check_several(struct output *output, img_error *err)
{
    if (text_is(output->text, "-"))
        output->kind = OUTPUT_OCI_ARCHIVE;
    if (output->kind == OUTPUT_DOCKER_ARCHIVE)
        return cli_fail(err, IMG_EINVAL,
                        "-o %s: a docker-archive has room for one platform; an oci-archive has for "
                        "several",
                        output->text);
    if (output->kind == OUTPUT_TAR)
        return cli_fail(err, IMG_EINVAL, "-o %s: a tar has room for the files of one platform",
                        output->text);
    return 0;
}

static int take(struct outputs *outputs, const char *text, const char *const *names, bool several,
                img_error *err)
{
    struct output output = {0};
    bool push = false;
    int rc = parse_one(text, &output, &push, err);

    if (push) {
        outputs->push = true;
        return rc;
    }
    outputs->items = xreallocarray(outputs->items, outputs->count + 1, sizeof(*outputs->items));
    outputs->items[outputs->count++] = output;
    if (rc < 0)
        return rc;
    outputs->uses_pipe |= text_is(output.path, "-") && output.kind != OUTPUT_ROOTFS;
    if ((several && check_several(&outputs->items[outputs->count - 1], err) < 0) ||
        check_name(&output, err) < 0 ||
        (output.kind == OUTPUT_OCI &&
         find_places(&outputs->items[outputs->count - 1], names, err) < 0))
        return err->code;
    return output_check_place(outputs, outputs->count - 1, err);
}

int outputs_parse(const struct arguments *args, const char *const *names, bool several,
                  struct outputs *out, img_error *err)
{
    auto_free const char **texts = option_values(args, "output");

    for (const char **text = texts; *text; text++)
        if (take(out, *text, names, several, err) < 0)
            return err->code;
    return out->uses_pipe ? output_file_check("-", err) : 0;
}
