/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool unpack --to-tar, which other tools call export: the image as one tar that "tar x" takes.
 */
#include "unpack_tar.h"

#include "contents.h"
#include "fail.h"
#include "number.h"
#include "output_file.h"

bool unpack_tar_wanted(const struct arguments *args)
{
    return option_count(args, "to-tar") || option_count(args, "output");
}

static int on_data(const void *data, size_t len, void *arg)
{
    return output_file_write(arg, data, len) < 0 || cli_interrupted();
}

/* A tar has the owners, devices and times that the image has, and needs nobody's rights. */
static int check_options(const struct arguments *args, img_error *err)
{
    static const char *const others[] = {
        "onto",        "rootless", "uid-map",      "gid-map", "subids",   "record",   "max-size",
        "max-entries", "no-sync",  "keep-partial", "bundle",  "hostname", "terminal", NULL};

    if (args->operand_count > 1)
        return cli_fail(err, IMG_EINVAL, "'%s': a tar goes to stdout, or to -o FILE",
                        args->operands[1]);
    for (const char *const *name = others; *name; name++)
        if (option_count(args, *name))
            return cli_fail(err, IMG_EINVAL, "--%s: is for a directory, not for a tar", *name);
    return 0;
}

/* Opens the image, and pulls it first if that is asked for and needed. */
static int open_image(struct cli *cli, const struct arguments *args, struct contents *contents,
                      img_error *err)
{
    auto_(client) img_client *client = NULL;
    const char *reference = args->operands[0], *text = option_value(args, "platform");
    bool may_pull = option_count(args, "pull");
    img_pull_options options = IMG_PULL_OPTIONS_INIT;
    img_platform platform;
    int rc;

    img_platform_host(&platform);
    if ((text && img_platform_parse(text, &platform, err) < 0) ||
        cli_open_store(cli, may_pull ? CLI_STORE_CREATE : CLI_STORE_MUST_EXIST, &contents->store,
                       err) < 0)
        return err->code;
    rc = img_image_open(contents->store, reference, text ? &platform : NULL, &contents->image, err);
    if (rc != IMG_ENOTFOUND || !may_pull)
        return rc;
    options.platform = &platform;
    options.on_event = cli_on_event;
    options.on_event_arg = cli;
    if (cli_new_client(cli, args, &client, err) < 0 ||
        img_pull(client, contents->store, reference, &options, NULL, err) < 0)
        return err->code;
    progress_end(cli->progress);
    return img_image_open(contents->store, reference, &platform, &contents->image, err);
}

int unpack_tar_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(contents) struct contents contents = {0};
    auto_(output_file) struct output_file file = {0};
    uint64_t threads = 0;
    int rc;

    if (check_options(args, err) < 0 || contents_parse(cli, args, &contents.options, err) < 0 ||
        number_parse(args, "threads", 1024, &threads, err) < 0 ||
        number_parse_bytes(args, "max-size", &contents.options.max_bytes, err) < 0 ||
        output_file_check(option_value(args, "output"), err) < 0 ||
        open_image(cli, args, &contents, err) < 0)
        return err->code;
    contents.options.threads = (uint32_t)threads;
    cli_clean_up_when_interrupted();
    if (output_file_open(&file, option_value(args, "output"), err) < 0)
        return err->code;
    rc = img_image_tar(contents.store, contents.image, &contents.options, on_data, &file, err);
    progress_end(cli->progress);
    if (rc == IMG_ECANCELED && file.write_errno)
        return output_file_failed(&file, err);
    return rc ? rc : output_file_commit(&file, err);
}
