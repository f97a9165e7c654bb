/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool rebase: an image upon another base.
 */
#include "command.h"

#include "editing.h"
#include "memory.h"

static int rebase_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(editing) struct editing editing = {0};

    cli->noted = "rebase: ";
    if (editing_open(&editing, cli, args, EDITING_READS_STORE, err) < 0 ||
        img_edit_rebase(editing.edit, option_value(args, "old-base"),
                        option_value(args, "new-base"), err) < 0)
        return err->code;
    return editing_end(&editing, err);
}

static const struct option options[] = {
    EDITING_TAG,
    {"old-base", 0, false, "REF", "what it is based on (default: as it says)", "old_base"},
    {"new-base", 0, false, "REF",
     "what it is to be based on (default: what its\n"
     "annotations name, as that is by now)",
     "new_base"},
    EDITING_PLATFORM,
    EDITING_DRY_RUN,
    EDITING_QUIET,
    {0},
};

const struct command command_rebase = {
    .name = "rebase",
    .synopsis = "SRC [-t NAME]... [--new-base REF] [--old-base REF]",
    .summary = "Put an image upon another base",
    .example = "  imgtool pull debian:12 && imgtool rebase app:1 -t app:2\n"
               "  imgtool rebase docker://localhost:5000/app:1 --new-base localhost:5000/base:2",
    .notes = "The annotations are org.opencontainers.image.base.name and .digest, as build\n"
             "sets them. A base is looked for where SRC is: in the registry, or else in the\n"
             "store and then in a registry. Its layers have to be the lowest ones of the\n"
             "image. Settings that came from the old base are those of the new one then;\n"
             "what the image changed stays, each variable, label and port by itself. Prints\n"
             "NAME@DIGEST.",
    .options = options,
    .more_options = registry_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = rebase_run,
};
