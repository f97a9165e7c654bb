/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool delete: takes a tag, a manifest or a blob out of a registry, and says what stays.
 */
#include "command.h"

#include <stdbool.h>
#include <string.h>

#include "fail.h"
#include "memory.h"

struct deletion {
    struct cli *cli;
    img_client *client;
    const char *reference;
    img_reference parsed;
};

static bool has_tag(const char *reference)
{
    const char *slash = strrchr(reference, '/');

    return strchr(slash ? slash : reference, ':') != NULL;
}

static int print_result(const struct deletion *deletion, const char *what, const char *name)
{
    struct json_out j = {.stream = stdout};

    if (!deletion->cli->json)
        return 0;
    json_begin_object(&j, NULL);
    json_put_string(&j, "deleted", what);
    json_put_string(&j, "name", name);
    json_end_object(&j);
    return 0;
}

/* What the library says of it, and which option does what it speaks of. */
static int fail_tag(img_error *err)
{
    char message[sizeof(err->message)];

    if (err->code != IMG_EUNSUPPORTED)
        return err->code;
    memcpy(message, err->message, sizeof(message));
    snprintf(err->message, sizeof(err->message), "%.*s; --digest deletes what the tag stands for",
             (int)sizeof(message) - 64, message);
    return err->code;
}

static int delete_tag(const struct deletion *deletion, img_error *err)
{
    if (img_tag_delete(deletion->client, deletion->reference, err) < 0)
        return fail_tag(err);
    cli_note(deletion->cli,
             "deleted the tag %s; what it stood for stays, under its digest and other tags",
             deletion->reference);
    return print_result(deletion, "tag", deletion->reference);
}

static int delete_manifest(const struct deletion *deletion, const img_digest *digest,
                           img_error *err)
{
    char name[IMG_REFERENCE_TEXT_MAX];

    if (cli_pinned_name(deletion->reference, digest, name, err) < 0 ||
        img_manifest_delete(deletion->client, name, err) < 0)
        return err->code;
    cli_note(deletion->cli,
             "deleted %s and all of its tags; blobs, and the images of an index, stay until the "
             "registry collects them",
             name);
    return print_result(deletion, "manifest", name);
}

static int delete_blob(const struct deletion *deletion, img_error *err)
{
    if (img_blob_delete(deletion->client, deletion->reference, err) < 0)
        return err->code;
    cli_note(deletion->cli, "deleted the blob %s; images that have it are broken now",
             deletion->reference);
    return print_result(deletion, "blob", deletion->reference);
}

static int delete_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(client) img_client *client = NULL;
    struct deletion deletion = {.cli = cli, .reference = args->operands[0]};
    size_t digest = option_count(args, "digest"), blob = option_count(args, "blob");
    img_descriptor found;

    if (digest && blob)
        return cli_fail(err, IMG_EINVAL, "--digest and --blob exclude each other");
    if (img_reference_parse(deletion.reference, &deletion.parsed, err) < 0 ||
        cli_new_client(cli, args, &client, err) < 0)
        return err->code;
    deletion.client = client;
    if (blob)
        return delete_blob(&deletion, err);
    if (deletion.parsed.digest.text[0])
        return delete_manifest(&deletion, &deletion.parsed.digest, err);
    if (!digest)
        return delete_tag(&deletion, err);
    if (!has_tag(deletion.reference))
        return cli_fail(err, IMG_EINVAL, "delete %s: no tag is given, and none is assumed: name it",
                        deletion.reference);
    if (img_manifest_resolve(client, deletion.reference, NULL, &found, err) < 0)
        return err->code;
    return delete_manifest(&deletion, &found.digest, err);
}

static const struct option options[] = {
    {"digest", 0, false, NULL,
     "delete what the tag stands for, and so all of its\n"
     "tags",
     NULL},
    {"blob", 0, false, NULL, "the digest is that of a blob", NULL},
    {0},
};

const struct command command_delete = {
    .name = "delete",
    .synopsis = "NAME:TAG|NAME@DIGEST [OPTION]...",
    .summary = "Delete a tag or an image in a registry",
    .example = "  imgtool delete localhost:5000/team/app:old",
    .notes = "A tag is deleted alone: not what it stands for, and no other tag. NAME@DIGEST is\n"
             "deleted with all of its tags. There is no question before.\n"
             "In the store: imgtool rm.",
    .options = options,
    .more_options = registry_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = delete_run,
};
