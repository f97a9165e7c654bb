/* SPDX-License-Identifier: Apache-2.0
 *
 * The layers that a command line of build asks for, in its order.
 */
#ifndef CLI_LAYERS_H
#define CLI_LAYERS_H

#include "add_spec.h"
#include "cli.h"
#include "options.h"

struct layer {
    struct add_spec add;  /* of --add and --layer; all NULL otherwise */
    bool archive;         /* of --layer */
    const char **removed; /* of a group of --remove, ended by NULL, or NULL */
    const char *old_tree; /* of --diff, or NULL */
    const char *new_tree;
    char **overlay; /* of --overlay: the upper directory, the lower ones, NULL; or NULL */
};

struct layers {
    struct layer *items;
    size_t count;
    img_add_options common; /* of all that is added */
    img_diff_options diff;  /* for all --diff and --overlay */
    /* The values of these options, each list ended by NULL; common points to them. */
    const char **excluded;
    const char **uid_map;
    const char **gid_map;
};

/* Reads --add, --layer, --remove, --diff and --overlay. On failure, too, free them with
 * layers_free(). */
int layers_parse(const struct arguments *args, struct layers *out, img_error *err);
void layers_free(struct layers *layers);

int layers_add_to(struct cli *cli, const struct layers *layers, img_build *build, img_error *err);

#endif
