/* SPDX-License-Identifier: Apache-2.0
 *
 * The layers that a command line of build asks for, in its order.
 */
#ifndef CLI_LAYERS_H
#define CLI_LAYERS_H

#include "add_spec.h"
#include "options.h"

struct layer {
    struct add_spec add;  /* of --add and --layer; all NULL otherwise */
    bool archive;         /* of --layer */
    const char **removed; /* of a group of --remove, ended by NULL, or NULL */
};

struct layers {
    struct layer *items;
    size_t count;
    img_add_options common; /* of all that is added */
};

/* Reads --add, --layer and --remove. On failure, too, free them with layers_free(). */
int layers_parse(const struct arguments *args, struct layers *out, img_error *err);
void layers_free(struct layers *layers);

int layers_add_to(const struct layers *layers, img_build *build, img_error *err);

#endif
