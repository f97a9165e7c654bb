/* SPDX-License-Identifier: Apache-2.0
 *
 * The base comes first and the settings next, wherever they stand; layers keep their order. For
 * several platforms all this is done for one after the other, and the names are set once, to the
 * index.
 */
#include "build_make.h"

#include "depfile.h"
#include "memory.h"
#include "placeholders.h"
#include "text.h"

void made_free(struct made *made)
{
    for (size_t i = 0; i < made->count; i++)
        img_build_free(made->images[i].build);
    free(made->images);
    img_index_free(made->index);
}

/* The options whose names are those of the library's fields and sets. */
static int apply_options(const struct arguments *args, img_build *build, img_error *err)
{
    static const char *const fields[] = {"user", "workdir", "stop-signal"};
    static const char *const sets[] = {"env", "label", "expose", "volume"};
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

static int apply_annotations(const struct build_plan *plan, const img_platform *platform,
                             img_build *build, img_error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < plan->annotations.count; i++) {
        const struct annotation *a = &plan->annotations.items[i];

        if (a->level == ANNOTATION_MANIFEST &&
            (!a->platform.os[0] || platform_is(&a->platform, platform)))
            rc = img_build_put(build, "annotation", a->pair, err);
    }
    return rc;
}

static int apply_settings(const struct build_plan *plan, const img_platform *platform,
                          img_build *build, img_error *err)
{
    int rc = apply_options(plan->args, build, err);

    if (rc == 0)
        rc = apply_annotations(plan, platform, build, err);
    if (rc == 0 && plan->entrypoint)
        rc = img_build_set_argv(build, "entrypoint", (const char *const *)plan->entrypoint, err);
    if (rc == 0 && plan->cmd)
        rc = img_build_set_argv(build, "cmd", (const char *const *)plan->cmd, err);
    return rc;
}

static int begin(const struct build_plan *plan, const img_platform *platform, img_client *client,
                 img_build *build, img_error *err)
{
    auto_free char *base = NULL;

    if (!plan->base)
        return 0;
    base = placeholders_fill(plan->base, platform);
    return img_build_from(build, client, base, err);
}

/* What it is for says its config, which the base may have set. */
static void read_platform(img_store *store, struct made_image *image)
{
    auto_(image) img_image *opened = NULL;

    if (img_image_open_descriptor(store, &image->manifest, NULL, &opened, NULL) == 0)
        image->platform = *img_image_platform(opened);
}

/* platform NULL: as the base, or this machine. */
static int make_one(struct cli *cli, const struct build_plan *plan, const img_platform *platform,
                    img_store *store, img_client *client, struct made_image *image, img_error *err)
{
    static const char *const no_names[] = {NULL};
    const char *const *names = plan->platforms.count > 1 ? no_names : plan->names;
    img_build_options options = plan->options;

    if (platform)
        options.platform = *platform;
    options.on_event = cli_on_event;
    options.on_event_arg = cli;
    options.on_log = cli_on_log;
    options.on_log_arg = cli;
    options.on_input = plan->depfile ? depfile_on_input : NULL;
    options.on_input_arg = plan->depfile;
    if (img_build_new(store, &options, &image->build, err) < 0 ||
        begin(plan, platform, client, image->build, err) < 0 ||
        apply_settings(plan, platform, image->build, err) < 0)
        return err->code;
    cli->understood = true;
    if (layers_add_to(cli, &plan->layers, platform, image->build, err) < 0 ||
        img_build_commit(image->build, names, &image->manifest, &image->config, err) < 0)
        return err->code;
    read_platform(store, image);
    return 0;
}

static int make_index(struct cli *cli, const struct build_plan *plan, img_store *store,
                      struct made *made, img_error *err)
{
    img_index_options options = IMG_INDEX_OPTIONS_INIT;

    options.on_event = cli_on_event;
    options.on_event_arg = cli;
    options.on_log = cli_on_log;
    options.on_log_arg = cli;
    if (img_index_new(store, &options, &made->index, err) < 0)
        return err->code;
    for (size_t i = 0; i < made->count; i++)
        if (img_index_add(made->index, made->images[i].manifest.digest.text, NULL, err) < 0)
            return err->code;
    if (annotations_set(&plan->annotations, made->index, err) < 0)
        return err->code;
    return img_index_commit(made->index, plan->names, &made->target, err);
}

int build_make(struct cli *cli, const struct build_plan *plan, img_store *store, img_client *client,
               struct made *made, img_error *err)
{
    const struct platforms *platforms = &plan->platforms;

    made->count = platforms->count > 1 ? platforms->count : 1;
    made->images = xcalloc(made->count, sizeof(*made->images));
    for (size_t i = 0; i < made->count; i++) {
        const img_platform *platform = platforms->count ? &platforms->items[i] : NULL;
        auto_free char *text = platform ? platform_text(platform, '/') : NULL;

        if (made->count > 1) {
            progress_end(cli->progress);
            cli_note(cli, "building for %s", text);
        }
        if (make_one(cli, plan, platform, store, client, &made->images[i], err) < 0)
            return err->code;
    }
    if (made->count > 1)
        return make_index(cli, plan, store, made, err);
    made->target = made->images[0].manifest;
    return 0;
}
