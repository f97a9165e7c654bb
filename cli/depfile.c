/* SPDX-License-Identifier: Apache-2.0
 *
 * One rule with all files that were read and all directories that were walked, so that an edit is
 * seen, and a name that comes or goes; and for each of them a rule of its own, without which make
 * ends when the file is gone. Names are relative where the command line has them so. For what can't
 * be written its directory stands.
 */
#include "depfile.h"

#include <string.h>

#include "depfile_name.h"
#include "depfile_output.h"
#include "fail.h"
#include "memory.h"
#include "result_file.h"
#include "text.h"

struct depfile {
    const char *path;
    char *target;
    struct depfile_inputs inputs;
    struct depfile_outputs outputs;
};

static const char *const results[] = {"digestfile", "iidfile", "metadata-file"};

#define RESULTS (sizeof(results) / sizeof(results[0]))

/* The file of the first -o that is one, and that of an image layout that changes with the image; to
 * be freed. */
static char *file_of_output(const struct outputs *outputs)
{
    for (size_t i = 0; i < outputs->count; i++) {
        const struct output *output = &outputs->items[i];

        if (output->kind == OUTPUT_OCI)
            return xasprintf("%s/index.json", output->path);
        if (output->kind != OUTPUT_ROOTFS && !text_is(output->path, "-"))
            return xstrdup(output->path);
    }
    return NULL;
}

/* As given, or the first of the files that are written; to be freed, NULL: there is none. */
static char *choose_target(const struct arguments *args, const struct outputs *outputs)
{
    const char *target = option_value(args, "depfile-target");

    for (size_t i = 0; !target && i < RESULTS; i++)
        target = option_value(args, results[i]);
    auto_free char *file = target ? xstrdup(target) : file_of_output(outputs);

    return file ? depfile_name_clean(file) : NULL;
}

static int check(const char *path, const char *target, img_error *err)
{
    if (!target)
        return cli_fail(err, IMG_EINVAL,
                        "--depfile %s: of what? Name it by --depfile-target FILE, or write one of "
                        "--digestfile, --iidfile, --metadata-file, -o",
                        path);
    if (!depfile_name_fits_target(target))
        return cli_fail(err, IMG_EINVAL,
                        "--depfile: make or ninja would read '%s' as something else; name another "
                        "file by --depfile-target",
                        target);
    return 0;
}

static void add_outputs(struct depfile *depfile, const struct arguments *args,
                        const struct outputs *outputs)
{
    depfile_add_output(depfile, depfile->target, false);
    depfile_add_output(depfile, depfile->path, false);
    for (size_t i = 0; i < RESULTS; i++)
        if (option_value(args, results[i]))
            depfile_add_output(depfile, option_value(args, results[i]), false);
    for (size_t i = 0; i < outputs->count; i++)
        depfile_add_output(depfile, outputs->items[i].path,
                           outputs->items[i].kind == OUTPUT_OCI ||
                               outputs->items[i].kind == OUTPUT_ROOTFS);
}

int depfile_new(const struct arguments *args, const struct outputs *outputs, struct depfile **out,
                img_error *err)
{
    const char *path = option_value(args, "depfile");
    auto_free char *target = choose_target(args, outputs);

    if (!path && option_value(args, "depfile-target"))
        return cli_fail(err, IMG_EINVAL, "--depfile-target is about the file of --depfile FILE");
    if (!path)
        return 0;
    if (check(path, target, err) < 0)
        return err->code;
    *out = xcalloc(1, sizeof(**out));
    (*out)->path = path;
    (*out)->target = target;
    target = NULL;
    add_outputs(*out, args, outputs);
    return 0;
}

void depfile_free(struct depfile *depfile)
{
    if (!depfile)
        return;
    depfile_inputs_free(&depfile->inputs);
    free(depfile->outputs.items);
    free(depfile->target);
    free(depfile);
}

void depfile_add_output(struct depfile *depfile, const char *path, bool directory)
{
    struct depfile_outputs *outputs = &depfile->outputs;

    outputs->items = xreallocarray(outputs->items, outputs->count + 1, sizeof(*outputs->items));
    outputs->items[outputs->count++] = (struct depfile_output){path, directory};
}

/* When something of the third kind is replaced, its directory changes. */
int depfile_on_input(const char *path, uint32_t kind, void *arg)
{
    struct depfile *depfile = arg;

    if (kind == IMG_INPUT_FILE || kind == IMG_INPUT_DIRECTORY)
        depfile_inputs_add(&depfile->inputs, depfile_name_clean(path), kind == IMG_INPUT_DIRECTORY);
    return 0;
}

/* The next directory above that can be written. "." and "/" can. */
static void replace_unfit(struct cli *cli, struct depfile_inputs *inputs)
{
    auto_free char *first = NULL;
    size_t count = 0;

    for (size_t i = 0; i < inputs->count; i++) {
        struct depfile_input *input = &inputs->items[i];

        if (depfile_name_fits(input->name))
            continue;
        if (count++ == 0)
            first = text_escape(input->name);
        while (!depfile_name_fits(input->name))
            depfile_name_cut(input->name);
        input->directory = true;
    }
    if (count == 1)
        cli_warn(cli,
                 "depfile: make or ninja would read '%s' as something else: its directory stands "
                 "for it, and an edit that leaves its name alone is not noticed",
                 first);
    else if (count > 1)
        cli_warn(cli,
                 "depfile: make or ninja would read %zu names, like '%s', as something else: their "
                 "directories stand for them, and edits that leave the names alone are not noticed",
                 count, first);
    depfile_inputs_sort(inputs);
}

/* Behind the colon make takes "a=b" for a variable, unless another name comes first. */
static void write_prerequisites(FILE *stream, const struct depfile_inputs *inputs)
{
    size_t first = 0;

    while (first < inputs->count && strchr(inputs->items[first].name, '='))
        first++;
    if (first < inputs->count) {
        fputs(" \\\n  ", stream);
        depfile_name_write(stream, inputs->items[first].name);
    } else if (inputs->count > 0) {
        auto_free char *above = xstrdup(inputs->items[0].name);

        while (strchr(above, '='))
            depfile_name_cut(above);
        fputs(" \\\n  ", stream);
        depfile_name_write(stream, above);
    }
    for (size_t i = 0; i < inputs->count; i++) {
        if (i == first)
            continue;
        fputs(" \\\n  ", stream);
        depfile_name_write(stream, inputs->items[i].name);
    }
}

static void write_rules(FILE *stream, const struct depfile *depfile)
{
    const struct depfile_inputs *inputs = &depfile->inputs;

    depfile_name_write(stream, depfile->target);
    putc(':', stream);
    write_prerequisites(stream, inputs);
    fputs("\n\n", stream);
    for (size_t i = 0; i < inputs->count; i++)
        depfile_name_write_rule(stream, inputs->items[i].name);
}

int depfile_write(struct cli *cli, struct depfile *depfile, img_error *err)
{
    auto_free char *bytes = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&bytes, &len);

    if (!stream)
        return cli_fail_errno(err, "cannot write %s", depfile->path);
    depfile_inputs_sort(&depfile->inputs);
    depfile_outputs_leave_out(cli, &depfile->outputs, &depfile->inputs);
    replace_unfit(cli, &depfile->inputs);
    write_rules(stream, depfile);
    if (fclose(stream) != 0)
        return cli_fail_errno(err, "cannot write %s", depfile->path);
    return result_file_write(depfile->path, bytes, len, err);
}
