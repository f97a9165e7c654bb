/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool copy: an image from any place to any other. The result is the pinned name where there is
 * one, else the digest; nothing is printed where the image itself goes to the standard output.
 */
#include "command.h"

#include <stdbool.h>
#include <string.h>

#include "fail.h"
#include "image_place.h"
#include "memory.h"
#include "output_file.h"
#include "text.h"

struct request {
    const char *source, *destination;
    img_copy_options options;
    img_platform *platforms;
    bool all_tags;
};

static void auto_request(struct request *request)
{
    free(request->platforms);
}

/* ---- all tags ---- */

struct copied_tags {
    char **names; /* TAG@DIGEST */
    size_t count;
};

static void auto_copied_tags(struct copied_tags *tags)
{
    for (size_t i = 0; i < tags->count; i++)
        free(tags->names[i]);
    free(tags->names);
}

static int take_tag(const char *tag, const img_descriptor *descriptor, void *arg)
{
    struct copied_tags *tags = arg;

    tags->names = xreallocarray(tags->names, tags->count + 1, sizeof(*tags->names));
    tags->names[tags->count++] = xasprintf("%s@%s", tag, descriptor->digest.text);
    return cli_interrupted();
}

static int copy_tags(struct cli *cli, img_client *client, const struct request *request,
                     img_error *err)
{
    auto_(copied_tags) struct copied_tags tags = {NULL, 0};
    struct json_out j = {.stream = stdout};
    int rc = img_copy_tags(client, request->source, request->destination, &request->options,
                           take_tag, &tags, err);

    progress_end(cli->progress);
    if (cli->json)
        json_begin_array(&j, NULL);
    for (size_t i = 0; i < tags.count; i++) {
        if (cli->json)
            json_put_string(&j, NULL, tags.names[i]);
        else
            puts(tags.names[i]);
    }
    if (cli->json)
        json_end_array(&j);
    return rc;
}

static int preview(struct cli *cli, img_client *client, const struct request *request,
                   img_error *err)
{
    img_copy_plan plan;
    int rc = (request->all_tags ? img_copy_tags_preview : img_copy_preview)(
        client, request->source, request->destination, &request->options, &plan, err);

    if (rc < 0)
        return rc;
    progress_end(cli->progress);
    if (cli->json)
        place_print_plan_json(&plan, NULL);
    else
        place_print_plan(&plan);
    return 0;
}

static int parse_platforms(const struct arguments *args, struct request *request, img_error *err)
{
    auto_free const char **texts = option_values(args, "platform");
    size_t count = 0;

    while (texts[count])
        count++;
    request->platforms = xcalloc(count + 1, sizeof(*request->platforms));
    for (size_t i = 0; i < count; i++)
        if (img_platform_parse(texts[i], &request->platforms[i], err) < 0)
            return err->code;
    request->options.platforms = request->platforms;
    request->options.platform_count = (uint32_t)count;
    return 0;
}

/* "app.tar" would be a repository of Docker Hub. */
static int check_operand(const char *text, img_error *err)
{
    size_t len = strlen(text);
    img_reference reference;

    if (len < 5 || strcmp(text + len - 4, ".tar") != 0 || strchr(text, ':') ||
        img_reference_parse(text, &reference, NULL) < 0 ||
        strcmp(reference.domain, "docker.io") != 0)
        return 0;
    return cli_fail(err, IMG_EINVAL,
                    "%s: a file is docker-archive:%s or oci-archive:%s, a repository of that name "
                    "docker://%s",
                    text, text, text, text);
}

static int parse_request(struct cli *cli, const struct arguments *args, struct request *request,
                         img_error *err)
{
    request->source = args->operands[0];
    request->destination = args->operands[1];
    request->options.on_event = cli_on_event;
    request->options.on_event_arg = cli;
    request->all_tags = option_count(args, "all-tags") > 0;
    if (option_count(args, "sparse"))
        request->options.flags |= IMG_COPY_SPARSE;
    if (option_count(args, "referrers"))
        request->options.flags |= IMG_COPY_REFERRERS;
    if (check_operand(request->source, err) < 0 || check_operand(request->destination, err) < 0 ||
        parse_platforms(args, request, err) < 0)
        return err->code;
    if (option_count(args, "sparse") && !request->options.platform_count)
        return cli_fail(err, IMG_EINVAL, "--sparse needs --platform");
    return 0;
}

/* A store that was named on the command line; without, the library finds the default one if the
 * copy needs it. */
static int open_store(const struct cli *cli, const struct request *request, img_store **out,
                      img_error *err)
{
    bool reads = place_starts(request->source, "store:");

    if (!cli->store_dir || (!reads && !place_starts(request->destination, "store:")))
        return 0;
    return cli_open_store(cli, reads ? CLI_STORE_MUST_EXIST : CLI_STORE_CREATE, out, err);
}

static int copy_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(store) img_store *store = NULL;
    auto_(client) img_client *client = NULL;
    auto_(request) struct request request = {.options = IMG_COPY_OPTIONS_INIT};
    img_descriptor copied;

    if (place_is_stdout(args->operands[1]) && !option_count(args, "dry-run") &&
        output_file_check(NULL, err) < 0)
        return err->code;
    if (parse_request(cli, args, &request, err) < 0 || open_store(cli, &request, &store, err) < 0 ||
        cli_new_client(cli, args, &client, err) < 0)
        return err->code;
    request.options.store = store;
    if (option_count(args, "dry-run"))
        return preview(cli, client, &request, err);
    if (place_is_archive(request.destination))
        cli_clean_up_when_interrupted();
    if (request.all_tags)
        return copy_tags(cli, client, &request, err);
    if (img_copy(client, request.source, request.destination, &request.options, &copied, err) < 0)
        return err->code;
    progress_end(cli->progress);
    return place_print_result(cli, request.destination, &copied, err);
}

static const struct option options[] = {
    {"platform", 0, true, "OS/ARCH",
     "copy this platform of an index; with several, an\n"
     "index is made of them (default: all, as it is)",
     NULL},
    {"sparse", 0, false, NULL, "with --platform: the index stays as it is", NULL},
    {"all-tags", 0, false, NULL, "copy each tag of the repository; prints TAG@DIGEST", NULL},
    {"referrers", 0, false, NULL, "copy what refers to it, too, such as signatures", NULL},
    {"dry-run", 0, false, NULL, "say what would move, and change nothing", NULL},
    {0},
};

const struct command command_copy = {
    .name = "copy",
    .synopsis = "SRC DST [--platform OS/ARCH[/VARIANT]]...",
    .summary = "Copy an image from any place to any other",
    .example = "  imgtool copy debian:12 localhost:5000/base/debian:12\n"
               "  imgtool copy store:app:1 oci:layout:1",
    .notes = "SRC and DST: imgtool help places. Manifests keep their bytes and digests. Prints\n"
             "NAME@DIGEST, or the digest alone.",
    .options = options,
    .more_options = registry_options,
    .min_operands = 2,
    .max_operands = 2,
    .run = copy_run,
};
