/* SPDX-License-Identifier: Apache-2.0
 *
 * What build leaves behind. --iidfile holds the digest of the config, which is the ID of an image
 * for docker and podman, --digestfile that of the manifest; neither ends with a newline, as theirs
 * do not. The keys of --metadata-file are those of docker buildx: no image.name without a name, and
 * of an index no digest of a config, for which its own stands in --iidfile.
 */
#include "build_output.h"

#include <stdbool.h>
#include <string.h>

#include "fail.h"
#include "memory.h"
#include "result_file.h"

/* To be freed. */
static char *full_name(const char *name)
{
    char text[IMG_REFERENCE_TEXT_MAX];
    img_reference parsed;

    if (img_reference_parse(name, &parsed, NULL) < 0)
        return xstrdup(name);
    img_reference_format(&parsed, text);
    return xstrdup(text);
}

/* "a,b", to be freed. */
static char *join_names(const char *const *names)
{
    char *joined = xstrdup("");

    for (; *names; names++) {
        auto_free char *name = full_name(*names);
        auto_free char *old = joined;

        joined = xasprintf("%s%s%s", old, *old ? "," : "", name);
    }
    return joined;
}

static void write_platform(struct json_out *j, const img_platform *platform)
{
    json_begin_object(j, "platform");
    json_put_string(j, "architecture", platform->architecture);
    json_put_string(j, "os", platform->os);
    if (platform->variant[0])
        json_put_string(j, "variant", platform->variant);
    json_end_object(j);
}

static void write_descriptor(struct json_out *j, const struct built *built)
{
    const img_descriptor *d = &built->manifest;

    json_begin_object(j, "containerimage.descriptor");
    json_put_string(j, "mediaType", d->media_type);
    json_put_string(j, "digest", d->digest.text);
    json_put_uint(j, "size", d->size_bytes);
    if (built->platform.os[0])
        write_platform(j, &built->platform);
    json_end_object(j);
}

static int write_metadata(const char *path, const struct built *built, img_error *err)
{
    auto_free char *names = join_names(built->names), *bytes = NULL;
    struct json_out j = {0};
    size_t len = 0;

    j.stream = open_memstream(&bytes, &len);
    if (!j.stream)
        return cli_fail_errno(err, "cannot write %s", path);
    json_begin_object(&j, NULL);
    if (built->config.digest.text[0])
        json_put_string(&j, "containerimage.config.digest", built->config.digest.text);
    write_descriptor(&j, built);
    json_put_string(&j, "containerimage.digest", built->manifest.digest.text);
    if (*names)
        json_put_string(&j, "image.name", names);
    json_end_object(&j);
    if (fclose(j.stream) != 0)
        return cli_fail_errno(err, "cannot write %s", path);
    return result_file_write(path, bytes, len, err);
}

static int write_digest(const char *path, const img_digest *digest, img_error *err)
{
    return path ? result_file_write(path, digest->text, strlen(digest->text), err) : 0;
}

int build_write_files(const struct arguments *args, const struct built *built, img_error *err)
{
    const char *metadata = option_value(args, "metadata-file");
    const img_digest *id =
        built->config.digest.text[0] ? &built->config.digest : &built->manifest.digest;

    if (write_digest(option_value(args, "iidfile"), id, err) < 0 ||
        write_digest(option_value(args, "digestfile"), &built->manifest.digest, err) < 0)
        return err->code;
    return metadata ? write_metadata(metadata, built, err) : 0;
}

static void print_json(const struct built *built, const char *pinned)
{
    struct json_out j = {.stream = stdout};

    json_begin_object(&j, NULL);
    json_put_string(&j, "name", pinned);
    json_put_string(&j, "digest", built->manifest.digest.text);
    json_put_string(&j, "media_type", built->manifest.media_type);
    json_put_uint(&j, "size_bytes", built->manifest.size_bytes);
    if (built->config.digest.text[0])
        json_put_string(&j, "config_digest", built->config.digest.text);
    json_begin_array(&j, "names");
    for (const char *const *name = built->names; *name; name++) {
        auto_free char *full = full_name(*name);
        json_put_string(&j, NULL, full);
    }
    json_end_array(&j);
    json_end_object(&j);
}

int build_print_result(const struct cli *cli, const struct built *built, bool quiet, img_error *err)
{
    const char *digest = built->manifest.digest.text, *pinned = NULL;
    char text[IMG_REFERENCE_TEXT_MAX];

    if (built->names[0]) {
        if (cli_pinned_name(built->names[0], &built->manifest.digest, text, err) < 0)
            return err->code;
        pinned = text;
    }
    if (cli->json)
        print_json(built, pinned);
    else
        puts(pinned && !quiet ? pinned : digest);
    return 0;
}
