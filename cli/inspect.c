/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool inspect: what an image of the store is, with the keys of skopeo inspect where it has
 * them; or the bytes of its documents, exactly.
 */
#include "command.h"

#include <stdbool.h>

#include "image_info.h"
#include "memory.h"

static void write_layers(struct json_out *j, const img_image *image)
{
    size_t count = img_image_layer_count(image);

    json_begin_array(j, "Layers");
    for (size_t i = 0; i < count; i++)
        json_put_string(j, NULL, img_image_layer(image, i)->digest.text);
    json_end_array(j);
    json_begin_array(j, "LayersData");
    for (size_t i = 0; i < count; i++) {
        const img_descriptor *layer = img_image_layer(image, i);
        const img_digest *diff_id = img_image_diff_id(image, i);

        json_begin_object(j, NULL);
        json_put_string(j, "MIMEType", layer->media_type);
        json_put_string(j, "Digest", layer->digest.text);
        json_put_uint(j, "Size", layer->size_bytes);
        json_put_string(j, "DiffID", diff_id ? diff_id->text : NULL);
        json_end_object(j);
    }
    json_end_array(j);
}

static void write_names(struct json_out *j, const char *reference, const img_image *image)
{
    img_reference parsed;
    char name[IMG_REFERENCE_TEXT_MAX];

    if (img_reference_parse(reference, &parsed, NULL) == 0) {
        snprintf(name, sizeof(name), "%s/%s", parsed.domain, parsed.path);
        json_put_string(j, "Name", name);
        json_put_string(j, "Tag", parsed.tag);
    }
    json_put_string(j, "Digest", img_image_target(image)->digest.text);
    json_put_string(j, "MediaType", img_image_target(image)->media_type);
    json_put_string(j, "ManifestDigest", img_image_manifest(image)->digest.text);
    json_put_string(j, "ConfigDigest", img_image_config(image)->digest.text);
}

static void write_config(struct json_out *j, const img_image *image)
{
    json_put_strings(j, "Env", img_image_list(image, "env"));
    json_put_strings(j, "Entrypoint", img_image_list(image, "entrypoint"));
    json_put_strings(j, "Cmd", img_image_list(image, "cmd"));
    json_put_string(j, "User", img_image_field(image, "user"));
    json_put_string(j, "WorkingDir", img_image_field(image, "workdir"));
    json_put_pairs(j, "Labels", img_image_list(image, "label"));
    json_put_strings(j, "ExposedPorts", img_image_list(image, "expose"));
    json_put_strings(j, "Volumes", img_image_list(image, "volume"));
    json_put_string(j, "StopSignal", img_image_field(image, "stop-signal"));
    json_put_pairs(j, "Annotations", img_image_list(image, "annotation"));
}

static void print_summary(const char *reference, const img_image *image)
{
    struct json_out j = {.stream = stdout};
    const img_platform *platform = img_image_platform(image);

    json_begin_object(&j, NULL);
    write_names(&j, reference, image);
    json_put_string(&j, "Created", img_image_field(image, "created"));
    json_put_string(&j, "Author", img_image_field(image, "author"));
    json_put_string(&j, "Architecture", platform->architecture);
    json_put_string(&j, "Os", platform->os);
    json_put_string(&j, "Variant", platform->variant);
    json_put_uint(&j, "Size", image_size(image));
    write_layers(&j, image);
    write_config(&j, image);
    json_end_object(&j);
}

static int inspect_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(store) img_store *store = NULL;
    auto_(image) img_image *image = NULL;
    const char *text = option_value(args, "platform"), *bytes;
    img_platform platform;
    size_t len;

    if (text && img_platform_parse(text, &platform, err) < 0)
        return err->code;
    if (cli_open_store(cli, CLI_STORE_MUST_EXIST, &store, err) < 0 ||
        img_image_open(store, args->operands[0], text ? &platform : NULL, &image, err) < 0)
        return err->code;
    if (!option_count(args, "raw") && !option_count(args, "config")) {
        print_summary(args->operands[0], image);
        return 0;
    }
    if (option_count(args, "config"))
        bytes = img_image_config_bytes(image, &len);
    else if (text)
        bytes = img_image_manifest_bytes(image, &len);
    else
        bytes = img_image_target_bytes(image, &len);
    fwrite(bytes, 1, len, stdout);
    return 0;
}

static const struct option options[] = {
    {"raw", 0, false, NULL, "print the bytes of the manifest, or of the index", NULL},
    {"config", 0, false, NULL, "print the bytes of the config", NULL},
    {"platform", 0, false, "OS/ARCH", "which image of an index (default: this machine's)", NULL},
    {0},
};

const struct command command_inspect = {
    .name = "inspect",
    .synopsis = "REF [--raw] [--config] [--platform OS/ARCH[/VARIANT]]",
    .summary = "Show what an image of the store is, as JSON",
    .example = "  imgtool inspect app:1 | jq -r .Digest",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = inspect_run,
};
