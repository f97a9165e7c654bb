/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool tag: further names for an image of the store.
 */
#include "command.h"

#include "memory.h"

static int tag_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(store) img_store *store = NULL;
    struct json_out j = {.stream = stdout};

    if (cli_open_store(cli, CLI_STORE_MUST_EXIST, &store, err) < 0 ||
        img_store_tag(store, args->operands[0], args->operands + 1, err) < 0)
        return err->code;
    if (!cli->json)
        return 0;
    json_begin_object(&j, NULL);
    json_put_string(&j, "source", args->operands[0]);
    json_put_strings(&j, "names", args->operands + 1);
    json_end_object(&j);
    return 0;
}

const struct command command_tag = {
    .name = "tag",
    .synopsis = "SRC DST...",
    .summary = "Give an image of the store further names",
    .example = "  imgtool tag app:1 app:latest registry.example/team/app:1",
    .notes = "A name that another image has moves. All names are set, or none.",
    .min_operands = 2,
    .max_operands = COMMAND_ANY,
    .run = tag_run,
};
