/* SPDX-License-Identifier: Apache-2.0
 *
 * --compression and --threads of the commands that make layers.
 */
#ifndef CLI_COMPRESSION_H
#define CLI_COMPRESSION_H

#include <libimg/libimg.h>

/* WORD[:LEVEL]; NULL is no option. Sets compression and level. */
int compression_parse(const char *text, img_build_options *out, img_error *err);
int threads_parse(const char *text, img_build_options *out, img_error *err);

#endif
