/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool referrers: signatures, lists of contents and whatever else refers to an image.
 */
#include "command.h"

#include <stdbool.h>

#include "memory.h"
#include "text.h"

struct lines {
    struct cli *cli;
    const char *reference;
    struct json_out j;
    bool begun;
};

static void begin(struct lines *lines)
{
    if (lines->cli->json && !lines->begun)
        json_begin_array(&lines->j, NULL);
    lines->begun = true;
}

static void print_object(struct json_out *j, const img_referrer *referrer)
{
    json_begin_object(j, NULL);
    json_put_string(j, "digest", referrer->descriptor->digest.text);
    json_put_string(j, "media_type", referrer->descriptor->media_type);
    json_put_uint(j, "size_bytes", referrer->descriptor->size_bytes);
    json_put_string(j, "artifact_type",
                    referrer->artifact_type[0] ? referrer->artifact_type : NULL);
    json_put_pairs(j, "annotations", referrer->annotations);
    json_put_string(j, "tag", referrer->tag);
    json_end_object(j);
}

static void print_line(const char *reference, const img_referrer *referrer)
{
    char name[IMG_REFERENCE_TEXT_MAX];
    auto_free char *type = text_escape(referrer->artifact_type);

    if (cli_pinned_name(reference, &referrer->descriptor->digest, name, NULL) < 0)
        return;
    printf("%s  %s\n", name, *type ? type : "-");
}

static int print_referrer(const img_referrer *referrer, void *arg)
{
    struct lines *lines = arg;

    begin(lines);
    if (lines->cli->json)
        print_object(&lines->j, referrer);
    else
        print_line(lines->reference, referrer);
    return cli_interrupted();
}

static int referrers_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(client) img_client *client = NULL;
    img_referrers_options options = IMG_REFERRERS_OPTIONS_INIT;
    struct lines lines = {.cli = cli, .reference = args->operands[0], .j = {.stream = stdout}};
    const char *text = option_value(args, "platform");
    img_platform platform;

    if (text && img_platform_parse(text, &platform, err) < 0)
        return err->code;
    options.platform = text ? &platform : NULL;
    options.artifact_type = option_value(args, "artifact-type");
    options.cosign = option_count(args, "cosign") != 0;
    if (cli_new_client(cli, args, &client, err) < 0 ||
        img_referrers(client, args->operands[0], &options, print_referrer, &lines, err) < 0)
        return err->code;
    begin(&lines);
    if (cli->json)
        json_end_array(&lines.j);
    return 0;
}

static const struct option options[] = {
    {"artifact-type", 0, false, "TYPE", "only those of this type", NULL},
    {"platform", 0, false, "OS/ARCH", "of this image of an index, not of the index", NULL},
    {"cosign", 0, false, NULL, "also what cosign keeps under tags", NULL},
    {0},
};

const struct command command_referrers = {
    .name = "referrers",
    .synopsis = "REF [OPTION]...",
    .summary = "List what refers to an image in a registry",
    .example = "  imgtool referrers ghcr.io/team/app:1 --artifact-type application/spdx+json",
    .notes = "Prints NAME@DIGEST and the type of each, such as a signature or an SBOM.",
    .options = options,
    .more_options = registry_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = referrers_run,
};
