/* SPDX-License-Identifier: Apache-2.0
 *
 * Options from tables. One table gives the parsing, the text of --help and the suggestions.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include <libimg/libimg.h>

struct option {
    const char *name;  /* "authfile"; NULL ends a table */
    char letter;       /* 'q'; 0: none */
    bool many;         /* each use counts; else the last one does */
    const char *value; /* what --help calls the value; NULL: takes none; "OLD NEW": takes two */
    const char *help;  /* "\n" breaks the line */
    const char *alias; /* another name, not shown; NULL: none */
};

/* One option as it stands on the command line. */
struct option_use {
    const struct option *option;
    const char *value;  /* NULL if it takes none */
    const char *second; /* NULL if it does not take two */
};

#define OPTION_TABLES 3

/* A command line, taken apart. Strings point into argv. */
struct arguments {
    const struct option *tables[OPTION_TABLES]; /* set by the caller; NULL: none */
    struct option_use *uses;                    /* in the order given */
    size_t use_count;
    const char **operands; /* ended by NULL */
    size_t operand_count;
};

/* Parses argv, which ends with NULL, and adds to what args has. If rest is not NULL, stops at the
 * first operand and points *rest to it. IMG_EINVAL says which option is wrong. */
int arguments_parse(struct arguments *args, const char *const *argv, const char *const **rest,
                    img_error *err);
void arguments_free(struct arguments *args);

/* The value of the last use of an option, NULL if there was none. The name must be in a table. */
const char *option_value(const struct arguments *args, const char *name);
size_t option_count(const struct arguments *args, const char *name);

/* All values of an option, ended by NULL; to be freed, without the strings. */
const char **option_values(const struct arguments *args, const char *name);

#endif
