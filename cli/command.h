/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands of imgtool. A row of the table is all that there is to know about one: its options,
 * its help, what it runs.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "cli.h"

struct command {
    const char *name;
    const char *synopsis;              /* behind the name: "SRC DST..." */
    const char *summary;               /* one line, without a full stop */
    const char *example;               /* one or more lines, without the newline of the last */
    const char *notes;                 /* paragraphs behind the options; NULL: none */
    const struct option *options;      /* NULL: none */
    const struct option *more_options; /* registry_options or NULL */
    const char *const *formats;        /* words of --format beside json; NULL: none */
    size_t min_operands;
    size_t max_operands;
    /* Does the work; returns 0, or a negative code with err set. */
    int (*run)(struct cli *cli, const struct arguments *args, img_error *err);
};

#define COMMAND_ANY ((size_t)-1)

extern const struct command command_append;
extern const struct command command_attach;
extern const struct command command_auth;
extern const struct command command_build;
extern const struct command command_cat;
extern const struct command command_catalog;
extern const struct command command_completion;
extern const struct command command_copy;
extern const struct command command_delete;
extern const struct command command_digest;
extern const struct command command_doctor;
extern const struct command command_files;
extern const struct command command_flatten;
extern const struct command command_help;
extern const struct command command_images;
extern const struct command command_index;
extern const struct command command_inspect;
extern const struct command command_load;
extern const struct command command_login;
extern const struct command command_logout;
extern const struct command command_ls;
extern const struct command command_manifest;
extern const struct command command_mutate;
extern const struct command command_prune;
extern const struct command command_pull;
extern const struct command command_push;
extern const struct command command_rebase;
extern const struct command command_referrers;
extern const struct command command_rm;
extern const struct command command_save;
extern const struct command command_tag;
extern const struct command command_unpack;
extern const struct command command_version;

/* In the order of the help; ends with NULL. */
extern const struct command *const commands[];

/* IMG_EINVAL suggests a command that is near, or says whose command that one is. */
int command_find(const char *name, const struct command **out, img_error *err);

/* The help of a command, or, if that is NULL, of imgtool. */
void help_print(FILE *stream, const struct command *command);
/* The one line that stands below a complaint about the usage. */
void help_print_usage(FILE *stream, const struct command *command);

#endif
