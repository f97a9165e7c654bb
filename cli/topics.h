/* SPDX-License-Identifier: Apache-2.0
 *
 * The topics of "imgtool help" that are no commands.
 */
#ifndef CLI_TOPICS_H
#define CLI_TOPICS_H

#include <stdio.h>

struct topic {
    const char *name;
    const char *text;            /* NULL: it is made from a table */
    void (*print)(FILE *stream); /* that does so */
};

/* Ends with a row whose name is NULL. */
extern const struct topic topics[];

/* help.c */
void help_print_exit_statuses(FILE *stream);
void help_print_registry_options(FILE *stream);

#endif
