/* SPDX-License-Identifier: Apache-2.0
 *
 * What build leaves behind for programs: files with digests, and the result on stdout.
 */
#ifndef CLI_BUILD_OUTPUT_H
#define CLI_BUILD_OUTPUT_H

#include "cli.h"

struct built {
    const char *const *names; /* as given, ended by NULL */
    img_platform platform;    /* all "": unknown */
    img_descriptor manifest;  /* or the index of several platforms */
    img_descriptor config;    /* all "": there is an index */
};

/* Writes --iidfile, --digestfile and --metadata-file, as far as they were asked for. */
int build_write_files(const struct arguments *args, const struct built *built, img_error *err);

/* NAME@DIGEST; the digest alone if quiet or without a name. */
int build_print_result(const struct cli *cli, const struct built *built, bool quiet,
                       img_error *err);

#endif
