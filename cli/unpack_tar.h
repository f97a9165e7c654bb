/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool unpack --to-tar: an image as a tar stream, without a directory.
 */
#ifndef CLI_UNPACK_TAR_H
#define CLI_UNPACK_TAR_H

#include "cli.h"

/* Rows for the table of options. */
#define UNPACK_TAR_OPTIONS                                                                         \
    {"to-tar", 0, false, NULL, "as a tar to stdout, and no DEST", NULL},                           \
    {                                                                                              \
        "output", 'o', false, "FILE", "the same to FILE; - is stdout", NULL                        \
    }

/* Whether the options ask for it. */
bool unpack_tar_wanted(const struct arguments *args);
int unpack_tar_run(struct cli *cli, const struct arguments *args, img_error *err);

#endif
