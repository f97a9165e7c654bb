/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening an image for a look into it. These commands print what they find while they find it, so
 * no display of progress comes between.
 */
#include "contents.h"

#include <errno.h>
#include <stdlib.h>

#include "fail.h"

static int parse_layer(const char *text, uint32_t *out, img_error *err)
{
    char *end;
    unsigned long value;

    if (!text)
        return 0;
    value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || value < 1 || value > UINT32_MAX)
        return cli_fail(err, IMG_EINVAL, "--layer %s: a number from 1 on is needed", text);
    *out = (uint32_t)value;
    return 0;
}

int contents_open(struct cli *cli, const struct arguments *args, struct contents *out,
                  img_error *err)
{
    const char *text = option_value(args, "platform");
    img_platform platform;

    *out = (struct contents){.options = IMG_CONTENTS_OPTIONS_INIT};
    out->options.on_event = cli_on_event;
    out->options.on_event_arg = cli;
    cli->silent = true;
    if (parse_layer(option_value(args, "layer"), &out->options.layer, err) < 0 ||
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
