/* SPDX-License-Identifier: Apache-2.0
 *
 * {os}, {arch} and {variant} in the names of what goes into an image.
 */
#ifndef CLI_PLACEHOLDERS_H
#define CLI_PLACEHOLDERS_H

#include <stdbool.h>

#include <libimg/libimg.h>

/* The first of them in text; NULL: there is none. */
const char *placeholders_find(const char *text);

/* text with what they stand for; other braces stay as they are. platform NULL: so do these. To be
 * freed. */
char *placeholders_fill(const char *text, const img_platform *platform);

/* A name with one of them, where no platform was named, is only right if a file is called so. what
 * is the option, for the message. */
int placeholders_check(const char *text, const char *what, img_error *err);

#endif
