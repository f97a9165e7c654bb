/* SPDX-License-Identifier: Apache-2.0
 *
 * The values of --entrypoint and --cmd: a JSON array of strings, or one word.
 */
#ifndef CLI_ARGV_JSON_H
#define CLI_ARGV_JSON_H

#include <libimg/libimg.h>

#include "memory.h"

/* Text that begins with '[' must be a JSON array of strings; other text is one word, and an empty
 * one is no word at all. The list ends with NULL; free it with argv_free(). */
int argv_parse(const char *text, char ***out, img_error *err);
void argv_free(char **argv);

AUTO_POINTER(argv, char *, argv_free)

#endif
