/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool prune: the space of what no image reaches, and of what dead processes left.
 */
#include "command.h"

#include <inttypes.h>

#include "format.h"
#include "memory.h"

static int prune_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(store) img_store *store = NULL;
    struct json_out j = {.stream = stdout};
    img_gc_result result = {0};
    char size[FORMAT_MAX];

    (void)args;
    if (cli_open_store(cli, CLI_STORE_MUST_EXIST, &store, err) < 0 ||
        img_store_gc(store, &result, err) < 0)
        return err->code;
    if (result.busy)
        cli_note(cli, "the store is in use, nothing was removed; try again later");
    if (!cli->json) {
        format_size(size, result.freed_bytes);
        printf("removed %" PRIu64 " blobs, %s\n", result.blobs, size);
        return 0;
    }
    json_begin_object(&j, NULL);
    json_put_uint(&j, "blobs", result.blobs);
    json_put_uint(&j, "freed_bytes", result.freed_bytes);
    json_put_bool(&j, "busy", result.busy);
    json_end_object(&j);
    return 0;
}

const struct command command_prune = {
    .name = "prune",
    .synopsis = "",
    .summary = "Remove from the store what no image needs",
    .example = "  imgtool prune",
    .notes = "Prints how much was removed. 'imgtool rm' frees what it leaves by itself.",
    .max_operands = 0,
    .run = prune_run,
};
