/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool version: the first line says which of the programs of this name it is.
 */
#include "command.h"
#include "name.h"

static void write_version(void)
{
    struct json_out j = {.stream = stdout};
    img_version_detail detail;

    json_begin_object(&j, NULL);
    json_put_string(&j, "version", img_version_string());
    json_begin_object(&j, "components");
    for (size_t i = 0; img_version_details(i, &detail) == 0; i++)
        json_put_string(&j, detail.name, detail.version);
    json_end_object(&j);
    json_end_object(&j);
}

static int version_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    img_version_detail detail;

    (void)args;
    (void)err;
    if (cli->json) {
        write_version();
        return 0;
    }
    printf(LIBIMG_TOOL_NAME " (libimg OCI image tool) %s\n", img_version_string());
    for (size_t i = 0; cli->verbosity && img_version_details(i, &detail) == 0; i++)
        printf("%-16s%s\n", detail.name, detail.version);
    return 0;
}

const struct command command_version = {
    .name = "version",
    .synopsis = "[--verbose]",
    .summary = "Print the version",
    .example = "  imgtool version --verbose",
    .notes = "With --verbose, the versions of all libraries too, as a bug report needs them.",
    .run = version_run,
};
