/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool digest and manifest: what a name in a registry stands for, as a digest or as the bytes.
 */
#include "command.h"

#include "memory.h"

static int read_platform(const struct arguments *args, img_platform *out, const img_platform **used,
                         img_error *err)
{
    const char *text = option_value(args, "platform");

    *used = text ? out : NULL;
    return text ? img_platform_parse(text, out, err) : 0;
}

static void print_descriptor(const img_descriptor *descriptor)
{
    struct json_out j = {.stream = stdout};

    json_begin_object(&j, NULL);
    json_put_string(&j, "digest", descriptor->digest.text);
    json_put_string(&j, "media_type", descriptor->media_type);
    if (descriptor->size_bytes)
        json_put_uint(&j, "size_bytes", descriptor->size_bytes);
    json_end_object(&j);
}

static int digest_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(client) img_client *client = NULL;
    const img_platform *platform;
    img_platform parsed;
    img_descriptor found;

    if (read_platform(args, &parsed, &platform, err) < 0 ||
        cli_new_client(cli, args, &client, err) < 0 ||
        img_manifest_resolve(client, args->operands[0], platform, &found, err) < 0)
        return err->code;
    if (cli->json)
        print_descriptor(&found);
    else
        puts(found.digest.text);
    return 0;
}

static int manifest_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(client) img_client *client = NULL;
    img_document *document = NULL;
    const img_platform *platform;
    img_platform parsed;
    const char *bytes;
    size_t len;

    if (read_platform(args, &parsed, &platform, err) < 0 ||
        cli_new_client(cli, args, &client, err) < 0 ||
        img_manifest_get(client, args->operands[0], platform, &document, err) < 0)
        return err->code;
    bytes = img_document_bytes(document, &len);
    fwrite(bytes, 1, len, stdout);
    img_document_free(document);
    return 0;
}

static const struct option options[] = {
    {"platform", 0, false, "OS/ARCH", "of this image of an index, not of the index", NULL},
    {0},
};

const struct command command_digest = {
    .name = "digest",
    .synopsis = "REF [--platform OS/ARCH[/VARIANT]]",
    .summary = "Print the digest of an image in a registry",
    .example = "  imgtool digest debian:12",
    .notes = "Asks for no more than that, where the registry lets it, and so does not count\n"
             "as a pull.",
    .options = options,
    .more_options = registry_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = digest_run,
};

const struct command command_manifest = {
    .name = "manifest",
    .synopsis = "REF [--platform OS/ARCH[/VARIANT]]",
    .summary = "Print the manifest or index of an image in a registry",
    .example = "  imgtool manifest debian:12 | jq .",
    .notes = "Its bytes, exactly. The same of an image of the store: imgtool inspect --raw.",
    .options = options,
    .more_options = registry_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = manifest_run,
};
