/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything on the command line that can be wrong by itself is looked at here, before the first
 * byte is fetched or written; so are the places where outputs are to go.
 */
#include "build_plan.h"

#include <stdlib.h>
#include <unistd.h>

#include "argv_json.h"
#include "compression.h"
#include "depfile.h"
#include "fail.h"
#include "memory.h"
#include "place.h"
#include "placeholders.h"
#include "result_check.h"
#include "text.h"

void build_plan_free(struct build_plan *plan)
{
    free(plan->names);
    platforms_free(&plan->platforms);
    annotations_free(&plan->annotations);
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
    if (outputs_parse(args, plan->names, plan->platforms.count > 1, &plan->outputs, err) < 0)
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
    if (plan->base && plan->platforms.count == 0)
        return place_check_source(plan->base, "--from", err);
    for (size_t i = 0; plan->base && i < plan->platforms.count; i++) {
        auto_free char *filled = placeholders_fill(plan->base, &plan->platforms.items[i]);

        if (place_check_source(filled, "--from", err) < 0)
            return err->code;
    }
    return 0;
}

/* Before the first image is built, since it is for the last one that something may be missing. */
static int check_source(const struct build_plan *plan, const char *source, const char *what,
                        img_error *err)
{
    if (plan->platforms.count == 0)
        return placeholders_check(source, what, err);
    for (size_t i = 0; placeholders_find(source) && i < plan->platforms.count; i++) {
        auto_free char *filled = placeholders_fill(source, &plan->platforms.items[i]);

        if (access(filled, F_OK) < 0)
            return cli_fail(err, IMG_ENOTFOUND, "%s %s: %s is not there", what, source, filled);
    }
    return 0;
}

/* A pipe can be read once. */
static int check_layers(const struct build_plan *plan, img_error *err)
{
    for (size_t i = 0; i < plan->layers.count; i++) {
        const struct layer *layer = &plan->layers.items[i];
        const char *source = layer->add.source;

        if (!source)
            continue;
        if (layer->archive && text_is(source, "-") && plan->platforms.count > 1)
            return cli_fail(err, IMG_EINVAL,
                            "--layer -: the standard input is read once, not for each platform");
        if (check_source(plan, source, layer->archive ? "--layer" : "--add", err) < 0)
            return err->code;
    }
    return 0;
}

static bool is_built(const struct build_plan *plan, const img_platform *platform)
{
    for (size_t i = 0; i < plan->platforms.count; i++)
        if (platform_is(&plan->platforms.items[i], platform))
            return true;
    return false;
}

static int check_annotations(const struct build_plan *plan, img_error *err)
{
    for (size_t i = 0; i < plan->annotations.count; i++) {
        const struct annotation *a = &plan->annotations.items[i];

        if (a->level != ANNOTATION_MANIFEST && plan->platforms.count < 2)
            return cli_fail(err, IMG_EINVAL,
                            "--annotation %s: an image for one platform has no index", a->text);
        if (a->platform.os[0] && !is_built(plan, &a->platform))
            return cli_fail(err, IMG_EINVAL, "--annotation %s: no --platform is that one", a->text);
    }
    return 0;
}

static int parse_annotations(const struct arguments *args, struct build_plan *plan, img_error *err)
{
    if (annotations_parse(args, ANNOTATION_MANIFEST, &plan->annotations, err) < 0)
        return err->code;
    return check_annotations(plan, err);
}

int build_plan_parse(const struct arguments *args, struct build_plan *plan, img_error *err)
{
    plan->args = args;
    plan->options = (img_build_options)IMG_BUILD_OPTIONS_INIT;
    if (platforms_parse(args, &plan->platforms, err) < 0 || parse_base(args, plan, err) < 0 ||
        parse_names(args, plan, err) < 0 ||
        compression_parse(option_value(args, "compression"), &plan->options, err) < 0 ||
        threads_parse(option_value(args, "threads"), &plan->options, err) < 0 ||
        parse_argv(option_value(args, "entrypoint"), &plan->entrypoint, err) < 0 ||
        parse_argv(option_value(args, "cmd"), &plan->cmd, err) < 0 ||
        parse_annotations(args, plan, err) < 0 || layers_parse(args, &plan->layers, err) < 0 ||
        check_layers(plan, err) < 0 || parse_outputs(args, plan, err) < 0 ||
        result_check_places(args, &plan->outputs, err) < 0)
        return err->code;
    return depfile_new(args, &plan->outputs, &plan->depfile, err);
}
