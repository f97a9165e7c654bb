/* SPDX-License-Identifier: Apache-2.0
 *
 * The base comes first and the settings next, wherever they stand; layers keep their order.
 */
#include "build_make.h"

#include "depfile.h"
#include "memory.h"
#include "text.h"

void made_free(struct made *made)
{
    img_build_free(made->build);
}

/* The options whose names are those of the library's fields and sets. */
static int apply_options(const struct arguments *args, img_build *build, img_error *err)
{
    static const char *const fields[] = {"user", "workdir", "stop-signal"};
    static const char *const sets[] = {"env", "label", "expose", "volume", "annotation"};
    int rc = 0;

    for (size_t i = 0; i < args->use_count; i++) {
        const char *name = args->uses[i].option->name, *value = args->uses[i].value;

        for (size_t k = 0; rc == 0 && k < sizeof(fields) / sizeof(fields[0]); k++)
            if (text_is(name, fields[k]))
                rc = img_build_set(build, name, value, err);
        for (size_t k = 0; rc == 0 && k < sizeof(sets) / sizeof(sets[0]); k++)
            if (text_is(name, sets[k]))
                rc = img_build_put(build, name, value, err);
    }
    return rc;
}

static int apply_settings(const struct build_plan *plan, img_build *build, img_error *err)
{
    int rc = apply_options(plan->args, build, err);

    if (rc == 0 && plan->entrypoint)
        rc = img_build_set_argv(build, "entrypoint", (const char *const *)plan->entrypoint, err);
    if (rc == 0 && plan->cmd)
        rc = img_build_set_argv(build, "cmd", (const char *const *)plan->cmd, err);
    return rc;
}

int build_make(struct cli *cli, const struct build_plan *plan, img_store *store, img_client *client,
               struct made *made, img_error *err)
{
    img_build_options options = plan->options;

    options.on_event = cli_on_event;
    options.on_event_arg = cli;
    options.on_log = cli_on_log;
    options.on_log_arg = cli;
    options.on_input = plan->depfile ? depfile_on_input : NULL;
    options.on_input_arg = plan->depfile;
    if (img_build_new(store, &options, &made->build, err) < 0)
        return err->code;
    if (plan->base && img_build_from(made->build, client, plan->base, err) < 0)
        return err->code;
    if (apply_settings(plan, made->build, err) < 0)
        return err->code;
    cli->understood = true;
    if (layers_add_to(cli, &plan->layers, made->build, err) < 0)
        return err->code;
    return img_build_commit(made->build, plan->names, &made->manifest, &made->config, err);
}
