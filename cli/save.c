/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool save: images of the store into an archive file, or down a pipe.
 */
#include "command.h"

#include <stdbool.h>
#include <string.h>

#include "fail.h"
#include "memory.h"
#include "output_file.h"
#include "text.h"

static int print_saved(struct cli *cli, const char *const *references, const img_descriptor *saved,
                       img_error *err)
{
    struct json_out j = {.stream = stdout};
    char name[IMG_REFERENCE_TEXT_MAX];

    if (cli->json)
        json_begin_array(&j, NULL);
    for (size_t i = 0; references[i]; i++) {
        if (cli_pinned_name(references[i], &saved[i].digest, name, NULL) < 0)
            snprintf(name, sizeof(name), "%s", saved[i].digest.text);
        if (!cli->json) {
            puts(name);
            continue;
        }
        json_begin_object(&j, NULL);
        json_put_string(&j, "reference", references[i]);
        json_put_string(&j, "name", name);
        json_put_string(&j, "digest", saved[i].digest.text);
        json_put_string(&j, "media_type", saved[i].media_type);
        json_end_object(&j);
    }
    if (cli->json)
        json_end_array(&j);
    (void)err;
    return 0;
}

static int save_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(store) img_store *store = NULL;
    auto_free img_descriptor *saved = xcalloc(args->operand_count, sizeof(*saved));
    img_save_options options = IMG_SAVE_OPTIONS_INIT;
    const char *path = option_value(args, "output"), *text = option_value(args, "platform");
    bool to_stdout = !path || text_is(path, "-");
    img_platform platform;

    if (text && img_platform_parse(text, &platform, err) < 0)
        return err->code;
    options.platform = text ? &platform : NULL;
    if (cli->format && text_is(cli->format, "oci-archive"))
        options.format = IMG_ARCHIVE_OCI;
    options.on_event = cli_on_event;
    options.on_event_arg = cli;
    options.on_log = cli_on_log;
    options.on_log_arg = cli;
    if (output_file_check(path, err) < 0 ||
        cli_open_store(cli, CLI_STORE_MUST_EXIST, &store, err) < 0)
        return err->code;
    cli_clean_up_when_interrupted();
    if (img_save(store, args->operands, to_stdout ? NULL : path, &options, saved, err) < 0)
        return err->code;
    progress_end(cli->progress);
    return to_stdout ? 0 : print_saved(cli, args->operands, saved, err);
}

static const struct option options[] = {
    {"output", 'o', false, "FILE", "write to FILE (default: the standard output)", NULL},
    {"format", 0, true, "WORD",
     "docker-archive, which docker loads, or oci-archive\n(default: docker-archive)", NULL},
    {"platform", 0, false, "OS/ARCH",
     "take this platform, as linux/arm64/v8 (default: of\n"
     "this machine; in an oci-archive all)",
     NULL},
    {0},
};

static const char *const formats[] = {"docker-archive", "oci-archive", NULL};

const struct command command_save = {
    .name = "save",
    .synopsis = "REF... [-o FILE]",
    .summary = "Write images of the store into an archive, as for docker load",
    .example = "  imgtool save app:1 app:2 -o app.tar\n"
               "  imgtool save app:1 | ssh host docker load",
    .notes = "FILE is there once it is whole, and NAME@DIGEST of each image is printed. A pipe\n"
             "gets the bytes as they come. Layers stay compressed. The same images give the\n"
             "same bytes.",
    .options = options,
    .formats = formats,
    .min_operands = 1,
    .max_operands = COMMAND_ANY,
    .run = save_run,
};
