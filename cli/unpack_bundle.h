/* SPDX-License-Identifier: Apache-2.0
 *
 * The part of "imgtool unpack" that makes bundles.
 */
#ifndef CLI_UNPACK_BUNDLE_H
#define CLI_UNPACK_BUNDLE_H

#include "options.h"

/* Rows of the table of options. */
#define UNPACK_BUNDLE_OPTIONS                                                                      \
    {"bundle",                                                                                     \
     0,                                                                                            \
     false,                                                                                        \
     NULL,                                                                                         \
     "make DEST a bundle for runc and crun, of rootfs\n"                                           \
     "and config.json; COMMAND takes the place of cmd",                                            \
     NULL},                                                                                        \
        {"hostname", 0, false, "NAME", "of the bundle (default: container)", NULL},                \
    {                                                                                              \
        "terminal", 0, false, NULL, "give the bundle's program a terminal", NULL                   \
    }

/* What stands on the command line for bundles only: IMG_EINVAL if it is there without --bundle. */
int unpack_bundle_check(const struct arguments *args, img_error *err);
/* img_unpack(), or img_unpack_bundle() if the arguments ask for it. */
int unpack_or_bundle(const struct arguments *args, img_store *store,
                     const img_unpack_options *unpack, img_unpack_result *result, img_error *err);

#endif
