/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything on the command line that can be wrong by itself is looked at here, before the first
 * byte is fetched or written; so are the places where outputs are to go.
 */
#include "build_plan.h"

#include <stdlib.h>

#include "argv_json.h"
#include "compression.h"
#include "depfile.h"
#include "fail.h"
#include "place.h"
#include "text.h"

void build_plan_free(struct build_plan *plan)
{
    free(plan->names);
    layers_free(&plan->layers);
    outputs_free(&plan->outputs);
    argv_free(plan->entrypoint);
    argv_free(plan->cmd);
    depfile_free(plan->depfile);
}

static int parse_names(const struct arguments *args, struct build_plan *plan, img_error *err)
{
    img_reference parsed;

    plan->names = option_values(args, "tag");
    for (const char **name = plan->names; *name; name++)
        if (img_reference_parse(*name, &parsed, err) < 0)
            return err->code;
    return 0;
}

static int parse_outputs(const struct arguments *args, struct build_plan *plan, img_error *err)
{
    if (outputs_parse(args, plan->names, &plan->outputs, err) < 0)
        return err->code;
    plan->options.no_cache = option_count(args, "no-cache") > 0;
    plan->push = option_count(args, "push") || plan->outputs.push;
    if (plan->push && !plan->names[0])
        return cli_fail(err, IMG_EINVAL, "%s needs a name: -t NAME",
                        plan->outputs.push ? "-o type=registry" : "--push");
    return 0;
}

static int parse_argv(const char *text, char ***out, img_error *err)
{
    return text ? argv_parse(text, out, err) : 0;
}

static int parse_base(const struct arguments *args, struct build_plan *plan, img_error *err)
{
    const char *base = option_value(args, "from");

    plan->base = base && !text_is(base, "scratch") ? base : NULL;
    return plan->base ? place_check_source(plan->base, "--from", err) : 0;
}

int build_plan_parse(const struct arguments *args, struct build_plan *plan, img_error *err)
{
    const char *platform = option_value(args, "platform");

    plan->args = args;
    plan->options = (img_build_options)IMG_BUILD_OPTIONS_INIT;
    if (platform && img_platform_parse(platform, &plan->options.platform, err) < 0)
        return err->code;
    if (parse_base(args, plan, err) < 0 || parse_names(args, plan, err) < 0 ||
        compression_parse(option_value(args, "compression"), &plan->options, err) < 0 ||
        threads_parse(option_value(args, "threads"), &plan->options, err) < 0 ||
        parse_argv(option_value(args, "entrypoint"), &plan->entrypoint, err) < 0 ||
        parse_argv(option_value(args, "cmd"), &plan->cmd, err) < 0 ||
        layers_parse(args, &plan->layers, err) < 0 || parse_outputs(args, plan, err) < 0)
        return err->code;
    return depfile_new(args, &plan->outputs, &plan->depfile, err);
}
