/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool flatten: one layer for all.
 */
#include "command.h"

#include "compression.h"
#include "editing.h"
#include "memory.h"

static int flatten_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(editing) struct editing editing = {0};
    img_build_options options = IMG_BUILD_OPTIONS_INIT;

    options.on_log = cli_on_log;
    options.on_log_arg = cli;
    if (compression_parse(option_value(args, "compression"), &options, err) < 0 ||
        threads_parse(option_value(args, "threads"), &options, err) < 0 ||
        editing_open(&editing, cli, args, EDITING_NEEDS_STORE, err) < 0 ||
        img_edit_flatten(editing.edit, &options, err) < 0)
        return err->code;
    return editing_end(&editing, err);
}

static const struct option options[] = {
    EDITING_TAG,
    {"compression", 0, false, "WORD",
     "gzip, zstd or none; :fast, :small or :LEVEL may\n"
     "follow",
     NULL},
    {"threads", 0, false, "N",
     "how many read and compress (default: one a\n"
     "processor); the image is the same with any",
     NULL},
    EDITING_PLATFORM,
    EDITING_DRY_RUN,
    EDITING_QUIET,
    {0},
};

const struct command command_flatten = {
    .name = "flatten",
    .synopsis = "SRC [-t NAME]... [OPTION]...",
    .summary = "Make one layer of all layers of an image",
    .example = "  imgtool flatten app:1 -t app:flat",
    .notes = "SRC is an image of the store, or what help places has; all of it is brought to\n"
             "the store. What upper layers hide is gone then, and so are the history and\n"
             "what the annotations say about a base. An image of one layer stays as it is.\n"
             "Prints NAME@DIGEST.",
    .options = options,
    .more_options = registry_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = flatten_run,
};
