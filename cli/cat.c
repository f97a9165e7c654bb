/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool cat: what is in files of an image, as it is.
 */
#include "command.h"

#include "contents.h"

static int on_data(const void *data, size_t len, void *arg)
{
    fwrite(data, 1, len, stdout);
    return !contents_go_on(arg);
}

static int cat_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(contents) struct contents contents = {0};
    int rc = contents_open(cli, args, &contents, err);

    for (size_t i = 1; i < args->operand_count && rc == 0; i++)
        rc = img_image_read_file(contents.store, contents.image, args->operands[i],
                                 &contents.options, on_data, &contents, err);
    return contents_end(&contents, rc, err);
}

static const struct option options[] = {
    CONTENTS_OPTIONS,
    {0},
};

const struct command command_cat = {
    .name = "cat",
    .synopsis = "REF PATH... [--layer N]",
    .summary = "Print files of an image of the store",
    .example = "  imgtool cat debian:12 /etc/os-release",
    .notes = "Links are followed inside the image. The layer is read to its end, and checked:\n"
             "what was printed counts if the exit status is 0.",
    .options = options,
    .min_operands = 2,
    .max_operands = COMMAND_ANY,
    .run = cat_run,
};
