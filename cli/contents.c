/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening an image for a look into it. These commands print what they find while they find it, so
 * no display of progress comes between.
 */
#include "contents.h"

#include <errno.h>

#include "fail.h"
#include "number.h"

int contents_parse(struct cli *cli, const struct arguments *args, img_contents_options *out,
                   img_error *err)
{
    uint64_t layer = 0;

    *out = (img_contents_options)IMG_CONTENTS_OPTIONS_INIT;
    out->on_event = cli_on_event;
    out->on_event_arg = cli;
    if (number_parse(args, "layer", UINT32_MAX, &layer, err) < 0 ||
        compat_parse(args, &out->compat, err) < 0)
        return err->code;
    out->layer = (uint32_t)layer;
    return 0;
}

int contents_open(struct cli *cli, const struct arguments *args, struct contents *out,
                  img_error *err)
{
    const char *text = option_value(args, "platform");
    img_platform platform;

    *out = (struct contents){0};
    cli->silent = true;
    if (contents_parse(cli, args, &out->options, err) < 0 ||
        (text && img_platform_parse(text, &platform, err) < 0) ||
        cli_open_store(cli, CLI_STORE_MUST_EXIST, &out->store, err) < 0)
        return err->code;
    return img_image_open(out->store, args->operands[0], text ? &platform : NULL, &out->image, err);
}

bool contents_go_on(struct contents *contents)
{
    if (ferror(stdout))
        contents->write_errno = errno;
    return !contents->write_errno && !cli_interrupted();
}

int contents_end(const struct contents *contents, int rc, img_error *err)
{
    if (rc != IMG_ECANCELED || !contents->write_errno)
        return rc;
    errno = contents->write_errno;
    return cli_fail_errno(err, "cannot write to the standard output");
}
