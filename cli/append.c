/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool append: layers on top of an image. Those below are looked into, since a link there
 * decides where a path leads, unless all that is added comes as it is, or nobody wants to know.
 */
#include "command.h"

#include <string.h>

#include "compression.h"
#include "editing.h"
#include "fail.h"
#include "layers.h"
#include "memory.h"
#include "text.h"

struct additions {
    struct layers layers;
    img_build_options options;
    uint32_t flags; /* IMG_EDIT_... */
};

static void auto_additions(struct additions *additions)
{
    layers_free(&additions->layers);
}

/* A tar that is kept as it is goes nowhere else, whatever is below. */
static bool is_verbatim(const struct layers *layers)
{
    for (size_t i = 0; i < layers->count; i++)
        if (!layers->items[i].archive || !(layers->items[i].add.options.flags & IMG_ADD_VERBATIM))
            return false;
    return true;
}

static int parse(struct cli *cli, const struct arguments *args, struct additions *out,
                 img_error *err)
{
    bool registry = strncmp(args->operands[0], "docker://", strlen("docker://")) == 0;

    out->options = (img_build_options)IMG_BUILD_OPTIONS_INIT;
    if (compression_parse(option_value(args, "compression"), &out->options, err) < 0 ||
        threads_parse(option_value(args, "threads"), &out->options, err) < 0 ||
        layers_parse(args, &out->layers, err) < 0)
        return err->code;
    if (out->layers.count == 0)
        return cli_fail(err, IMG_EINVAL, "nothing to append: --add, --layer, --diff, ...");
    if (option_count(args, "blind") || (registry && is_verbatim(&out->layers)))
        out->flags = IMG_EDIT_BLIND;
    out->options.on_event = cli_on_event;
    out->options.on_event_arg = cli;
    out->options.on_log = cli_on_log;
    out->options.on_log_arg = cli;
    return 0;
}

static int append_to(struct editing *editing, size_t number, const struct additions *additions,
                     img_error *err)
{
    auto_(build) img_build *build = NULL;

    if (img_edit_layers_begin(editing->edit, number, additions->flags, &additions->options, &build,
                              err) < 0 ||
        layers_add_to(editing->cli, &additions->layers, NULL, build, err) < 0)
        return err->code;
    return img_edit_layers_end(editing->edit, number, build, err);
}

static int append_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(editing) struct editing editing = {0};
    auto_(additions) struct additions additions = {0};

    if (parse(cli, args, &additions, err) < 0 ||
        editing_open(&editing, cli, args, EDITING_NEEDS_STORE, err) < 0)
        return err->code;
    for (size_t i = 0; i < img_edit_count(editing.edit); i++)
        if (append_to(&editing, i, &additions, err) < 0)
            return err->code;
    return editing_end(&editing, err);
}

static const struct option options[] = {
    EDITING_TAG,
    LAYER_OPTIONS,
    {"blind", 0, false, NULL,
     "don't look at the layers below, which a registry\n"
     "then need not send: links there are not followed",
     NULL},
    {"compression", 0, false, "WORD",
     "gzip, zstd, none, estargz or zstd:chunked; :fast,\n"
     ":small or :LEVEL may follow",
     NULL},
    {"threads", 0, false, "N", "how many compress (default: one a processor)", NULL},
    EDITING_PLATFORM,
    EDITING_DRY_RUN,
    EDITING_QUIET,
    {0},
};

const struct command command_append = {
    .name = "append",
    .synopsis = "SRC [-t NAME]... [OPTION]...",
    .summary = "Put layers on top of an image that is there",
    .example = "  imgtool append app:1 -t app:2 --add ./motd:/etc/\n"
               "  imgtool append docker://localhost:5000/app:1 --layer more.tar --verbatim",
    .notes = "SRC is an image of the store, or what help places has. Layers are made in the\n"
             "store and say all that they do for build. The layers below stay where they\n"
             "are; from a registry they are fetched, since a link in one decides where a\n"
             "path leads, unless with --blind, or if all that is added are tars with\n"
             "--verbatim. Of an index every platform gets the layers. Prints NAME@DIGEST.",
    .options = options,
    .more_options = registry_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = append_run,
};
