/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool rm: takes names away, then whatever no name reaches any more. That the second is not
 * possible now, since another image is broken or in the making, does not bring the names back.
 */
#include "command.h"

#include "memory.h"

static void print_result(const struct arguments *args, const img_gc_result *result)
{
    struct json_out j = {.stream = stdout};

    json_begin_object(&j, NULL);
    json_put_strings(&j, "removed", args->operands);
    json_put_uint(&j, "blobs", result->blobs);
    json_put_uint(&j, "freed_bytes", result->freed_bytes);
    json_put_bool(&j, "busy", result->busy);
    json_end_object(&j);
}

static int rm_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(store) img_store *store = NULL;
    img_gc_result result = {0};

    if (cli_open_store(cli, CLI_STORE_MUST_EXIST, &store, err) < 0 ||
        img_store_untag(store, args->operands, err) < 0)
        return err->code;
    if (img_store_gc(store, &result, err) < 0)
        cli_warn(cli, "the names are gone, but their space is not free: %s", err->message);
    if (result.busy)
        cli_note(cli, "the store is in use; the next rm frees the space");
    if (cli->json)
        print_result(args, &result);
    return 0;
}

const struct command command_rm = {
    .name = "rm",
    .synopsis = "REF...",
    .summary = "Remove images from the store",
    .example = "  imgtool rm app:1 app:latest",
    .notes = "What an image shares with others stays. All names are removed, or none.",
    .min_operands = 1,
    .max_operands = COMMAND_ANY,
    .run = rm_run,
};
