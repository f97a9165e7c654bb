/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands that look into an image have in common: which image, and which layer of it.
 */
#ifndef CLI_CONTENTS_H
#define CLI_CONTENTS_H

#include <stdbool.h>

#include "cli.h"
#include "compat.h"

/* Rows for tables of options. */
#define CONTENTS_OPTIONS                                                                           \
    {"layer", 0, false, "N", "this layer alone, as it stands; 1 is the lowest", NULL},             \
        {"platform", 0, false, "OS/ARCH", "which image of an index (default: this machine's)",     \
         NULL},                                                                                    \
        COMPAT_OPTION

struct contents {
    img_store *store;
    img_image *image;
    img_contents_options options;
    int write_errno; /* why the standard output ended it; 0: it did not */
};

/* --layer and --compat of args. */
int contents_parse(struct cli *cli, const struct arguments *args, img_contents_options *out,
                   img_error *err);

/* Opens the image that the first operand names; the command has the options above. *out is to be
 * freed also after a failure. */
int contents_open(struct cli *cli, const struct arguments *args, struct contents *out,
                  img_error *err);

/* For callbacks: whether to go on. */
bool contents_go_on(struct contents *contents);
/* Says what the standard output did, if that is why a call with the code rc ended. */
int contents_end(const struct contents *contents, int rc, img_error *err);

static inline void auto_contents(struct contents *contents)
{
    img_image_free(contents->image);
    img_store_free(contents->store);
}

#endif
