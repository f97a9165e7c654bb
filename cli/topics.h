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

/* In a few words, for the manual page. */
const char *topic_summary(const struct topic *topic);

/* What the manual says of imgtool as a whole, beside the help. */
extern const char help_streams[];
extern const char help_namesakes[];

/* help.c */
extern const char help_about[];
extern const char help_example[];
void help_print_exit_statuses(FILE *stream);
void help_print_registry_options(FILE *stream);

#endif
