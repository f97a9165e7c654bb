/* SPDX-License-Identifier: Apache-2.0
 *
 * The inputs of a depfile, and those among them that the command writes itself.
 */
#ifndef CLI_DEPFILE_OUTPUT_H
#define CLI_DEPFILE_OUTPUT_H

#include "cli.h"

struct depfile_input {
    char *name; /* clean */
    bool directory;
};

struct depfile_inputs {
    struct depfile_input *items;
    size_t count;
    size_t cap;
};

struct depfile_output {
    const char *path;
    bool directory; /* all that is in it, too */
};

struct depfile_outputs {
    struct depfile_output *items;
    size_t count;
};

/* name is taken over. */
void depfile_inputs_add(struct depfile_inputs *inputs, char *name, bool directory);
/* Puts them in order, each once. */
void depfile_inputs_sort(struct depfile_inputs *inputs);
void depfile_inputs_free(struct depfile_inputs *inputs);

/* Takes the outputs out of the inputs, which are sorted. Warns if there were any, and of a
 * directory among the inputs that an output is in. */
void depfile_outputs_leave_out(struct cli *cli, const struct depfile_outputs *outputs,
                               struct depfile_inputs *inputs);

#endif
