/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of files as GNU make and ninja read them in one and the same depfile.
 */
#ifndef CLI_DEPFILE_NAME_H
#define CLI_DEPFILE_NAME_H

#include <stdbool.h>
#include <stdio.h>

/* Whether both find the file behind a name among the prerequisites. name is as
 * depfile_name_clean() gives it. */
bool depfile_name_fits(const char *name);
/* Whether it can stand in front of the colon; then it can behind it, too, also as the first one. */
bool depfile_name_fits_target(const char *name);
/* The same with an escape for whatever needs one. */
void depfile_name_write(FILE *stream, const char *name);
/* A rule by which make gets over it that the file is gone; nothing where there is no such rule. */
void depfile_name_write_rule(FILE *stream, const char *name);

/* Without "." parts and slashes too many, as both read it; "." is the current directory. To be
 * freed. */
char *depfile_name_clean(const char *path);
/* Cuts it to the directory that it is in: "a" is in ".", and "." and "/" are in themselves. name
 * has room for two bytes at least. */
void depfile_name_cut(char *name);

#endif
