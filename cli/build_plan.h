/* SPDX-License-Identifier: Apache-2.0
 *
 * What a command line of build asks for, looked at as far as that can be done without the base.
 */
#ifndef CLI_BUILD_PLAN_H
#define CLI_BUILD_PLAN_H

#include <stdbool.h>

#include "annotations.h"
#include "cli.h"
#include "layers.h"
#include "outputs.h"
#include "platforms.h"

struct build_plan {
    const struct arguments *args;
    const char **names; /* ended by NULL */
    const char *base;   /* with placeholders; NULL: scratch */
    bool push;
    struct platforms platforms; /* none: as the base, else this machine */
    struct annotations annotations;
    img_build_options options;
    struct layers layers;
    struct outputs outputs;
    char **entrypoint; /* NULL: not given */
    char **cmd;
    struct depfile *depfile; /* NULL: not asked for */
};

/* On failure, too, free it with build_plan_free(). */
int build_plan_parse(const struct arguments *args, struct build_plan *plan, img_error *err);
void build_plan_free(struct build_plan *plan);

static inline void auto_build_plan(struct build_plan *plan)
{
    build_plan_free(plan);
}

#endif
