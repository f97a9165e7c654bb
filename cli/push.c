/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool push: an image of the store to a registry.
 */
#include "command.h"

#include "memory.h"

static int push_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(store) img_store *store = NULL;
    auto_(client) img_client *client = NULL;
    img_push_options options = IMG_PUSH_OPTIONS_INIT;
    const char *source = args->operands[0], *destination = args->operands[1];
    img_descriptor pushed;

    options.on_event = cli_on_event;
    options.on_event_arg = cli;
    if (cli_open_store(cli, CLI_STORE_MUST_EXIST, &store, err) < 0 ||
        cli_new_client(cli, args, &client, err) < 0 ||
        img_push(client, store, source, destination, &options, &pushed, err) < 0)
        return err->code;
    progress_end(cli->progress);
    return cli_print_result(cli, destination ? destination : source, &pushed, err);
}

const struct command command_push = {
    .name = "push",
    .synopsis = "REF [DEST]",
    .summary = "Send an image of the store to a registry",
    .example = "  imgtool push app:1 localhost:5000/team/app:1",
    .notes = "Without DEST it goes where REF says. Prints NAME@DIGEST. What the registry has\n"
             "already is not sent.",
    .more_options = registry_options,
    .min_operands = 1,
    .max_operands = 2,
    .run = push_run,
};
