/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool attach: files that refer to an image of a registry, and are kept beside it.
 */
#include "command.h"

#include <string.h>

#include "fail.h"
#include "memory.h"

struct attachments {
    img_attachment *files;
    char **paths; /* those that were cut off their type */
    size_t count;
};

static void auto_attachments(struct attachments *attachments)
{
    for (size_t i = 0; i < attachments->count; i++)
        free(attachments->paths[i]);
    free(attachments->paths);
    free(attachments->files);
}

/* Of FILE:TYPE; a colon belongs to the name unless what follows is a media type. */
static const char *find_type(const char *operand)
{
    const char *colon = strrchr(operand, ':');
    const char *slash = colon ? strchr(colon, '/') : NULL;

    if (!slash || slash == colon + 1 || !slash[1] || strchr(slash + 1, '/'))
        return NULL;
    return colon + 1;
}

static void read_operands(const struct arguments *args, struct attachments *out)
{
    const char *const *operands = args->operands + 1;

    out->count = args->operand_count - 1;
    out->files = xcalloc(out->count + 1, sizeof(*out->files));
    out->paths = xcalloc(out->count + 1, sizeof(*out->paths));
    for (size_t i = 0; i < out->count; i++) {
        const char *type = find_type(operands[i]);
        size_t len = type ? (size_t)(type - operands[i]) - 1 : strlen(operands[i]);

        out->paths[i] = xasprintf("%.*s", (int)len, operands[i]);
        out->files[i] = (img_attachment){out->paths[i], type};
    }
}

static int attach_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(client) img_client *client = NULL;
    auto_(attachments) struct attachments attachments = {0};
    auto_free const char **annotations = option_values(args, "annotation");
    img_attach_options options = IMG_ATTACH_OPTIONS_INIT;
    const char *type = option_value(args, "artifact-type");
    const char *platform_text = option_value(args, "platform");
    img_platform platform;
    img_descriptor made;

    if (!type)
        return cli_fail(err, IMG_EINVAL, "--artifact-type is missing: a media type is needed");
    if (platform_text && img_platform_parse(platform_text, &platform, err) < 0)
        return err->code;
    read_operands(args, &attachments);
    options.files = attachments.files;
    options.file_count = attachments.count;
    options.annotations = annotations;
    options.platform = platform_text ? &platform : NULL;
    options.on_event = cli_on_event;
    options.on_event_arg = cli;
    if (cli_new_client(cli, args, &client, err) < 0 ||
        img_attach(client, args->operands[0], type, &options, &made, err) < 0)
        return err->code;
    progress_end(cli->progress);
    return cli_print_result(cli, args->operands[0], &made, err);
}

static const struct option options[] = {
    {"artifact-type", 0, false, "TYPE", "what the files are, a media type; required", NULL},
    {"annotation", 0, true, "KEY=VALUE", "set an annotation", NULL},
    {"platform", 0, false, "OS/ARCH", "to this image of an index, not to the index", NULL},
    {0},
};

const struct command command_attach = {
    .name = "attach",
    .synopsis = "REF --artifact-type TYPE FILE[:MEDIATYPE]...",
    .summary = "Attach files to an image in a registry",
    .example = "  imgtool attach localhost:5000/app:1 --artifact-type application/spdx+json \\\n"
               "      sbom.json:application/json",
    .notes = "The files are pushed as an artifact that refers to the image: imgtool referrers\n"
             "lists it, imgtool pull fetches it. Prints NAME@DIGEST.",
    .options = options,
    .more_options = registry_options,
    .min_operands = 1,
    .max_operands = COMMAND_ANY,
    .run = attach_run,
};
