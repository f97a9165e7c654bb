/* SPDX-License-Identifier: Apache-2.0
 *
 * What this program is called. Two other programs are called imgtool, so a distribution may build
 * this one by another name: -DLIBIMG_TOOL_NAME=oci-imgtool. Tables and texts say "imgtool" all the
 * same; where they are printed, the name takes its place.
 */
#ifndef CLI_NAME_H
#define CLI_NAME_H

#include <stdio.h>

#ifndef LIBIMG_TOOL_NAME
#define LIBIMG_TOOL_NAME "imgtool"
#endif

/* A text as it is to be printed: "imgtool" is replaced where it begins a command, which is as a
 * word by itself with a blank behind it, so that no file of that name is. To be freed. */
char *name_text(const char *text);
void name_print(FILE *stream, const char *text);

/* Prints a script, in which every "imgtool" is replaced, as a part of names too. */
void name_print_script(FILE *stream, const char *script);

#endif
