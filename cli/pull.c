/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool pull: an image of a registry into the store.
 */
#include "command.h"

#include <stdbool.h>
#include <string.h>

#include "memory.h"

static int pull_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(store) img_store *store = NULL;
    auto_(client) img_client *client = NULL;
    img_pull_options options = IMG_PULL_OPTIONS_INIT;
    const char *reference = args->operands[0], *text = option_value(args, "platform");
    img_platform platform;
    img_reference parsed;
    img_descriptor pulled;
    bool all = text && strcmp(text, "all") == 0;

    img_platform_host(&platform);
    if (img_reference_parse(reference, &parsed, err) < 0 ||
        (text && !all && img_platform_parse(text, &platform, err) < 0))
        return err->code;
    options.platform = all ? NULL : &platform;
    options.verify = option_count(args, "verify") > 0;
    options.on_event = cli_on_event;
    options.on_event_arg = cli;
    if (cli_new_client(cli, args, &client, err) < 0 ||
        cli_open_store(cli, CLI_STORE_CREATE, &store, err) < 0 ||
        img_pull(client, store, reference, &options, &pulled, err) < 0)
        return err->code;
    progress_end(cli->progress);
    return cli_print_result(cli, reference, &pulled, err);
}

static const struct option options[] = {
    {"platform", 0, false, "OS/ARCH",
     "take this platform, as linux/arm64/v8, or all\n(default: that of this machine)", NULL},
    {"verify", 0, false, NULL, "mend what is damaged in the store", NULL},
    {0},
};

const struct command command_pull = {
    .name = "pull",
    .synopsis = "REF [--platform OS/ARCH[/VARIANT]]",
    .summary = "Bring an image of a registry into the store",
    .example = "  imgtool pull debian:12 --platform linux/amd64",
    .notes = "Prints NAME@DIGEST. What the store has already is not fetched, and what a\n"
             "pull that broke off has left is gone on with. What is no index is taken\n"
             "whatever it is for.",
    .options = options,
    .more_options = registry_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = pull_run,
};
