/* SPDX-License-Identifier: Apache-2.0
 *
 * What mutate, append, rebase and flatten have in common: what is edited, where it goes, and how
 * that is told.
 */
#ifndef CLI_EDITING_H
#define CLI_EDITING_H

#include "cli.h"

struct editing {
    struct cli *cli;
    const struct arguments *args;
    char *source;   /* a place */
    char **targets; /* places, ended by NULL; none: the name stays */
    img_platform *platforms;
    img_store *store;
    img_client *client;
    img_edit *edit;
};

#define EDITING_TAG                                                                                \
    {                                                                                              \
        "tag", 't', true, "NAME",                                                                  \
            "name the result, which else takes the name of SRC;\n"                                 \
            "it goes where SRC is, the store or a registry, but\n"                                 \
            "for store:NAME, docker://NAME, oci:DIR and the like",                                 \
            NULL                                                                                   \
    }
#define EDITING_PLATFORM                                                                           \
    {                                                                                              \
        "platform", 0, true, "OS/ARCH",                                                            \
            "edit this platform of an index alone; the others\n"                                   \
            "stay as they are (default: all)",                                                     \
            NULL                                                                                   \
    }
#define EDITING_DRY_RUN                                                                            \
    {                                                                                              \
        "dry-run", 0, false, NULL, "say what would come of it, and name nothing", NULL             \
    }
#define EDITING_QUIET                                                                              \
    {                                                                                              \
        "quiet", 'q', false, NULL, "print the digest alone, and no progress", NULL                 \
    }

#define EDITING_NEEDS_STORE 1u /* layers are made there */
#define EDITING_READS_STORE 2u /* if it is there */

/* Opens what the first operand names. Fields that are set by then are closed also on failure. */
int editing_open(struct editing *editing, struct cli *cli, const struct arguments *args,
                 unsigned flags, img_error *err);
/* Writes it, or says what would be written, and prints the result. */
int editing_end(struct editing *editing, img_error *err);
void auto_editing(struct editing *editing);

#endif
