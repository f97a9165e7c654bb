/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool unpack: an image of the store into a directory.
 */
#include "command.h"

#include <string.h>

#include "compat.h"
#include "fail.h"
#include "memory.h"
#include "number.h"
#include "unpack_bundle.h"
#include "unpack_tar.h"

struct job {
    const char *reference;
    const char *destination;
    img_platform platform;
    bool has_platform;
    const char **uid_map;
    const char **gid_map;
    img_unpack_options options;
};

static void auto_job(struct job *job)
{
    free(job->uid_map);
    free(job->gid_map);
}

static int parse_numbers(const struct arguments *args, img_unpack_options *options, img_error *err)
{
    uint64_t layer = 0, threads = 0;

    if (number_parse(args, "layer", UINT32_MAX, &layer, err) < 0 ||
        number_parse(args, "threads", 1024, &threads, err) < 0 ||
        number_parse(args, "max-entries", UINT64_MAX, &options->max_entries, err) < 0 ||
        number_parse_bytes(args, "max-size", &options->max_bytes, err) < 0)
        return err->code;
    options->layer = (uint32_t)layer;
    options->threads = (uint32_t)threads;
    return 0;
}

static uint32_t parse_flags(const struct arguments *args)
{
    static const struct {
        const char *name;
        uint32_t flag;
    } names[] = {
        {"rootless", IMG_UNPACK_ROOTLESS},
        {"keep-partial", IMG_UNPACK_KEEP_PARTIAL},
        {"no-sync", IMG_UNPACK_NO_SYNC},
        {"onto", IMG_UNPACK_ONTO},
    };
    uint32_t flags = 0;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (option_count(args, names[i].name))
            flags |= names[i].flag;
    return flags;
}

static int parse_job(struct cli *cli, const struct arguments *args, struct job *job, img_error *err)
{
    const char *platform = option_value(args, "platform");
    img_unpack_options *options = &job->options;

    *options = (img_unpack_options)IMG_UNPACK_OPTIONS_INIT;
    job->reference = args->operands[0];
    job->destination = args->operands[1];
    if (platform && img_platform_parse(platform, &job->platform, err) < 0)
        return err->code;
    options->platform = platform ? &job->platform : NULL;
    if (parse_numbers(args, options, err) < 0 || compat_parse(args, &options->compat, err) < 0)
        return err->code;
    options->flags = parse_flags(args);
    options->uid_map = job->uid_map = option_values(args, "uid-map");
    options->gid_map = job->gid_map = option_values(args, "gid-map");
    options->subid_user = option_value(args, "subids");
    options->record = option_value(args, "record");
    options->on_event = cli_on_event;
    options->on_event_arg = cli;
    options->on_log = cli_on_log;
    options->on_log_arg = cli;
    return 0;
}

static int print_result(const struct cli *cli, const struct job *job,
                        const img_unpack_result *result, img_error *err)
{
    struct json_out j = {.stream = stdout};
    char name[IMG_REFERENCE_TEXT_MAX];

    if (cli_pinned_name(job->reference, &result->target.digest, name, err) < 0)
        return err->code;
    if (!cli->json) {
        puts(name);
        return 0;
    }
    json_begin_object(&j, NULL);
    json_put_string(&j, "name", name);
    json_put_string(&j, "digest", result->target.digest.text);
    json_put_string(&j, "destination", job->destination);
    json_put_uint(&j, "layers", result->layers);
    json_put_uint(&j, "entries", result->entries);
    json_put_uint(&j, "bytes", result->bytes);
    json_put_uint(&j, "unset", result->unset);
    json_end_object(&j);
    return 0;
}

/* What the store does not have can be had. */
static int hint_at_pull(img_store *store, const struct job *job, int rc, img_error *err)
{
    img_descriptor found;
    img_error why = *err;

    if (rc != IMG_ENOTFOUND || job->options.client ||
        img_store_resolve(store, job->reference, &found, NULL) != IMG_ENOTFOUND)
        return rc;
    return cli_fail(err, rc, "%s; --pull brings it", why.message);
}

static int unpack(struct cli *cli, const struct arguments *args, img_store *store,
                  const struct job *job, img_error *err)
{
    img_unpack_result result;
    int rc = unpack_or_bundle(args, store, &job->options, &result, err);

    progress_end(cli->progress);
    /* "interrupted" alone would not say where it is. */
    if (rc == IMG_ECANCELED && (job->options.flags & IMG_UNPACK_KEEP_PARTIAL))
        cli_note(cli, "%s", err->message);
    if (rc < 0)
        return hint_at_pull(store, job, rc, err);
    if (result.unset && !option_count(args, "record"))
        cli_note(cli,
                 "%llu owners, modes, attributes or devices are not as in the image; --record "
                 "FILE lists them",
                 (unsigned long long)result.unset);
    return print_result(cli, job, &result, err);
}

static int unpack_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(store) img_store *store = NULL;
    auto_(client) img_client *client = NULL;
    auto_(job) struct job job = {0};
    bool pull = option_count(args, "pull");

    if (unpack_tar_wanted(args))
        return unpack_tar_run(cli, args, err);
    if (args->operand_count < 2)
        return cli_fail(err, IMG_EINVAL, "unpack: DEST is missing, or --to-tar");
    if (unpack_bundle_check(args, err) < 0 || parse_job(cli, args, &job, err) < 0 ||
        (pull && cli_new_client(cli, args, &client, err) < 0) ||
        cli_open_store(cli, pull ? CLI_STORE_CREATE : CLI_STORE_MUST_EXIST, &store, err) < 0)
        return err->code;
    job.options.client = client;
    cli_clean_up_when_interrupted();
    return unpack(cli, args, store, &job, err);
}

static const struct option options[] = {
    UNPACK_TAR_OPTIONS,
    UNPACK_BUNDLE_OPTIONS,
    {"layer", 0, false, "N", "this layer alone, 1 being the lowest", NULL},
    {"onto", 0, false, NULL, "with --layer: onto what is in DEST already", NULL},
    {"platform", 0, false, "OS/ARCH", "which image of an index (default: this machine's)", NULL},
    {"pull", 0, false, NULL, "pull the image if the store does not have it", NULL},
    {"rootless", 0, false, NULL, "set no owners and make no devices, even as root", NULL},
    {"uid-map", 0, true, "I:H:N", "N users from I of the image are those from H here", NULL},
    {"gid-map", 0, true, "I:H:N", "the same of groups (default: as --uid-map)", NULL},
    {"subids", 0, false, "USER", "map owners to the /etc/subuid and subgid of USER", NULL},
    {"record", 0, false, "FILE", "write what could not be set, a line of JSON each", NULL},
    COMPAT_OPTION,
    {"max-size", 0, false, "BYTES", "the most that may come out, as 20G (default 1T)", "max-bytes"},
    {"max-entries", 0, false, "N", "and of how many entries (default 10,000,000)", NULL},
    {"threads", 0, false, "N", "work on N processors (default: all)", NULL},
    {"no-sync", 0, false, NULL, "do not wait until all is on the disk", NULL},
    {"keep-partial", 0, false, NULL, "leave what there is when it fails", NULL},
    {0},
};

const struct command command_unpack = {
    .name = "unpack",
    .synopsis = "REF DEST [OPTION]... [-- COMMAND [ARG]...]",
    .summary = "Unpack an image of the store into a directory, or to a tar",
    .example = "  imgtool unpack debian:12 ./rootfs\n"
               "  imgtool unpack debian:12 -o rootfs.tar",
    .notes = "DEST must not exist, or be empty. It is there once all layers are, and have the\n"
             "digests of the image; a failure leaves nothing. Prints NAME@DIGEST.\n"
             "Root, or CAP_CHOWN, sets owners and makes devices; else all belongs to the\n"
             "caller. 'unshare --map-auto --map-root-user imgtool unpack ...' sets owners\n"
             "without root. Whiteouts of a layer alone remove nothing unless it is --onto.\n"
             "'runc run --bundle DEST NAME' starts what --bundle made, as does crun. All but\n"
             "what the image says is as 'runc spec' has it; there is no terminal, and the\n"
             "root file system may be written to. Volumes are empty and in memory.\n"
             "A tar has what DEST would have. Layer after layer goes into it, so that 'tar x'\n"
             "needs --delay-directory-restore to give all directories their times. Of a\n"
             "layer alone it is the layer's own, byte for byte.",
    .options = options,
    .more_options = registry_options,
    .min_operands = 1,
    .max_operands = COMMAND_ANY,
    .run = unpack_run,
};
