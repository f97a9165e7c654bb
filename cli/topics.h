/* SPDX-License-Identifier: Apache-2.0
 *
 * The topics of "imgtool help" that are no commands.
 */
#ifndef CLI_TOPICS_H
#define CLI_TOPICS_H

struct topic {
    const char *name;
    const char *text; /* NULL: the table of the exit statuses */
};

/* Ends with a row whose name is NULL. */
extern const struct topic topics[];

#endif
