/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool index create: images for several platforms, built elsewhere, under one name.
 */
#include "command.h"

#include <stdbool.h>
#include <string.h>

#include "annotations.h"
#include "fail.h"
#include "memory.h"
#include "text.h"

#define REGISTRY "docker://"

struct request {
    const char *target; /* a reference */
    bool straight;      /* into the registry, past the store */
    bool push;
    const char *const *sources; /* ended by NULL */
    struct annotations annotations;
};

static void auto_request(struct request *request)
{
    annotations_free(&request->annotations);
}

/* A layout or an archive takes what is in the store, index and all. */
static int refuse_files(const char *text, img_error *err)
{
    static const char *const others[] = {"oci:", "oci-archive:", "docker-archive:"};

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (strncmp(text, others[i], strlen(others[i])) == 0)
            return cli_fail(
                err, IMG_EINVAL,
                "%s: an index is made in the store, or with docker://REF in a registry; "
                "imgtool copy store:REF %s brings it there",
                text, text);
    return 0;
}

static int parse_target(const char *text, struct request *out, img_error *err)
{
    img_reference reference;
    size_t len = strlen(REGISTRY);

    if (refuse_files(text, err) < 0)
        return err->code;
    out->straight = strncmp(text, REGISTRY, len) == 0;
    if (out->straight)
        text += len;
    else if (strncmp(text, "store:", strlen("store:")) == 0)
        text += strlen("store:");
    out->target = text;
    if (img_reference_parse(text, &reference, err) < 0)
        return err->code;
    if (reference.digest.text[0])
        return cli_fail(err, IMG_EINVAL, "%s: the digest of the index follows from its images",
                        text);
    return 0;
}

static int parse_request(const struct arguments *args, struct request *out, img_error *err)
{
    if (!text_is(args->operands[0], "create"))
        return cli_fail(err, IMG_EINVAL, "'%s' is unknown; it is: index create REF SOURCE...",
                        args->operands[0]);
    if (args->operand_count < 3)
        return cli_fail(err, IMG_EINVAL, "index create: the sources are missing");
    out->push = option_count(args, "push") > 0;
    out->sources = args->operands + 2;
    if (parse_target(args->operands[1], out, err) < 0 ||
        annotations_parse(args, ANNOTATION_INDEX, &out->annotations, err) < 0)
        return err->code;
    for (size_t i = 0; i < out->annotations.count; i++)
        if (out->annotations.items[i].level == ANNOTATION_MANIFEST)
            return cli_fail(err, IMG_EINVAL, "--annotation %s: the manifests stay as they are",
                            out->annotations.items[i].text);
    for (const char *const *source = out->sources; *source; source++)
        if (img_place_check(*source, err) < 0)
            return err->code;
    return 0;
}

static int push_target(struct cli *cli, const struct request *request, img_store *store,
                       img_client *client, img_error *err)
{
    img_push_options options = IMG_PUSH_OPTIONS_INIT;

    options.on_event = cli_on_event;
    options.on_event_arg = cli;
    progress_end(cli->progress);
    cli_note(cli, "pushing %s", request->target);
    return img_push(client, store, request->target, NULL, &options, NULL, err);
}

static int create(struct cli *cli, const struct request *request, img_store *store,
                  img_client *client, img_descriptor *out, img_error *err)
{
    const char *const names[] = {request->target, NULL};
    img_index_options options = IMG_INDEX_OPTIONS_INIT;
    auto_(index) img_index *index = NULL;

    options.client = client;
    options.on_event = cli_on_event;
    options.on_event_arg = cli;
    options.on_log = cli_on_log;
    options.on_log_arg = cli;
    if (img_index_new(store, &options, &index, err) < 0)
        return err->code;
    for (const char *const *source = request->sources; *source; source++)
        if (img_index_add(index, *source, NULL, err) < 0)
            return err->code;
    if (annotations_set(&request->annotations, index, err) < 0)
        return err->code;
    if (request->straight)
        return img_index_push(index, request->target, out, err);
    if (img_index_commit(index, names, out, err) < 0)
        return err->code;
    return request->push ? push_target(cli, request, store, client, err) : 0;
}

static int index_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(request) struct request request = {0};
    auto_(store) img_store *store = NULL;
    auto_(client) img_client *client = NULL;
    img_descriptor made;

    if (parse_request(args, &request, err) < 0 || cli_new_client(cli, args, &client, err) < 0 ||
        cli_open_store(cli, CLI_STORE_CREATE, &store, err) < 0 ||
        create(cli, &request, store, client, &made, err) < 0)
        return err->code;
    progress_end(cli->progress);
    return cli_print_result(cli, request.target, &made, err);
}

static const struct option options[] = {
    {"annotation", 0, true, "[TO:]K=V",
     "set an annotation of the index, or of its entries:\n"
     "TO is index:, manifest-descriptor: or\n"
     "manifest-descriptor[OS/ARCH]:",
     NULL},
    {"push", 0, false, NULL, "push it, with all that it lists", NULL},
    {0},
};

const struct command command_index = {
    .name = "index",
    .synopsis = "create REF SOURCE... [OPTION]...",
    .summary = "Put images for several platforms under one name",
    .example = "  imgtool index create app:1 app:1-amd64 app:1-arm64 --push\n"
               "  imgtool index create docker://ghcr.io/me/app:1 ghcr.io/me/app@sha256:...",
    .notes = "SOURCE is a name or a digest in the store, else a name in a registry, or any\n"
             "place: imgtool help places. Of an index all images are taken. Each is for what\n"
             "its config says, and two for one platform are refused. REF is in the store, and\n"
             "what it lists is brought there; docker://REF is in the registry alone: images\n"
             "go there from where they are. It is Docker's list if all images are Docker's and\n"
             "nothing is annotated, else OCI's. Prints NAME@DIGEST.",
    .options = options,
    .more_options = registry_options,
    .min_operands = 2,
    .max_operands = COMMAND_ANY,
    .run = index_run,
};
