/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool load: images of an archive file, or of a pipe, into the store.
 */
#include "command.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compression.h"
#include "fail.h"
#include "memory.h"
#include "number.h"
#include "text.h"

struct printing {
    struct cli *cli;
    struct json_out out;
    bool begun;                        /* the array of JSON: nothing is printed of what fails */
    char last[IMG_REFERENCE_TEXT_MAX]; /* the line before: two tags may have one */
};

static void begin_array(struct printing *printing)
{
    if (!printing->begun)
        json_begin_array(&printing->out, NULL);
    printing->begun = true;
}

/* A line says what "push" and "unpack" take: the repository and the digest. */
static int print_image(const char *reference, const img_descriptor *descriptor, void *arg)
{
    struct printing *printing = arg;
    struct json_out *j = &printing->out;
    char name[IMG_REFERENCE_TEXT_MAX];

    if (!reference || cli_pinned_name(reference, &descriptor->digest, name, NULL) < 0)
        snprintf(name, sizeof(name), "%s", descriptor->digest.text);
    if (!reference)
        cli_warn(printing->cli,
                 "%s has no name, and the next prune removes it: --name NAME gives it one",
                 descriptor->digest.text);
    if (reference)
        cli_note(printing->cli, "loaded %s", reference);
    if (printing->cli->json) {
        begin_array(printing);
        json_begin_object(j, NULL);
        json_put_string(j, "reference", reference);
        json_put_string(j, "name", name);
        json_put_string(j, "digest", descriptor->digest.text);
        json_put_string(j, "media_type", descriptor->media_type);
        json_put_uint(j, "size_bytes", descriptor->size_bytes);
        json_end_object(j);
    } else if (strcmp(name, printing->last) != 0) {
        puts(name);
    }
    strcpy(printing->last, name);
    return 0;
}

static int parse_options(const struct arguments *args, img_load_options *options,
                         img_platform *platform, img_error *err)
{
    const char *text = option_value(args, "platform");
    img_build_options layers = IMG_BUILD_OPTIONS_INIT;

    if ((text && img_platform_parse(text, platform, err) < 0) ||
        compression_parse(option_value(args, "compression"), &layers, err) < 0 ||
        threads_parse(option_value(args, "threads"), &layers, err) < 0 ||
        number_parse_bytes(args, "max-size", &options->max_bytes, err) < 0)
        return err->code;
    options->platform = text ? platform : NULL;
    options->compression = layers.compression;
    options->level = layers.level;
    options->threads = layers.threads;
    options->name = option_value(args, "name");
    options->images = args->operands;
    return 0;
}

/* "load app.tar": there are images that are called so, but none beside a file of that name. */
static const char *forgotten_file(const struct arguments *args)
{
    struct stat st;

    for (size_t i = 0; i < args->operand_count; i++) {
        const char *operand = args->operands[i];
        if ((strstr(operand, ".tar") || strstr(operand, ".tgz")) && stat(operand, &st) == 0)
            return operand;
    }
    return NULL;
}

static int load_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(store) img_store *store = NULL;
    img_load_options options = IMG_LOAD_OPTIONS_INIT;
    struct printing printing = {.cli = cli, .out = {.stream = stdout}};
    const char *path = option_value(args, "input");
    bool from_stdin = !path || text_is(path, "-");
    const char *forgotten = path ? NULL : forgotten_file(args);
    img_platform platform;

    if (forgotten)
        return cli_fail(err, IMG_EINVAL, "load: '%s' is a file: read it with -i", forgotten);
    if (parse_options(args, &options, &platform, err) < 0)
        return err->code;
    if (from_stdin && isatty(STDIN_FILENO))
        return cli_fail(err, IMG_EINVAL,
                        "no archive comes from a terminal: use -i FILE, or a pipe");
    options.on_event = cli_on_event;
    options.on_event_arg = cli;
    options.on_log = cli_on_log;
    options.on_log_arg = cli;
    options.on_image = print_image;
    options.on_image_arg = &printing;
    if (cli_open_store(cli, CLI_STORE_CREATE, &store, err) < 0)
        return err->code;
    int rc = img_load(store, from_stdin ? NULL : path, &options, err);
    progress_end(cli->progress);
    if (rc < 0)
        return rc;
    if (cli->json)
        begin_array(&printing);
    if (cli->json)
        json_end_array(&printing.out);
    return 0;
}

static const struct option options[] = {
    {"input", 'i', false, "FILE", "read FILE (default: the standard input)", NULL},
    {"name", 0, false, "NAME", "call the image this, not what the archive says", NULL},
    {"platform", 0, false, "OS/ARCH", "take this platform of an image for several", NULL},
    {"compression", 0, false, "WORD",
     "as of build, for layers that are not compressed and\nhave no manifest in the archive", NULL},
    {"threads", 0, false, "N", "how many compress (default: one a processor)", NULL},
    {"max-size", 0, false, "BYTES", "most that comes from a pipe (default: 64G)", NULL},
    {0},
};

const struct command command_load = {
    .name = "load",
    .synopsis = "[REF...] [-i FILE]",
    .summary = "Bring images of an archive into the store, as of docker save",
    .example = "  imgtool load -i app.tar\n"
               "  docker save app:1 | imgtool load",
    .notes = "Prints NAME@DIGEST of each image; names are set once all are there. REF chooses\n"
             "among several: a name in the archive, @N for the Nth from 0, or a digest. Also\n"
             "archives of podman and other builders are read, and tars of image layouts.",
    .options = options,
    .max_operands = COMMAND_ANY,
    .run = load_run,
};
