/* SPDX-License-Identifier: Apache-2.0
 *
 * The frame of the commands that edit an image. Names without a transport are of the store, as for
 * the commands that use images, and not of a registry, as for copy: nothing that is typed by habit
 * changes what others pull.
 */
#include "editing.h"

#include <string.h>

#include "fail.h"
#include "image_place.h"
#include "memory.h"
#include "output_file.h"
#include "text.h"

void auto_editing(struct editing *editing)
{
    img_edit_free(editing->edit);
    img_client_free(editing->client);
    img_store_free(editing->store);
    for (char **target = editing->targets; target && *target; target++)
        free(*target);
    free(editing->targets);
    free(editing->platforms);
    free(editing->source);
}

static void parse_targets(struct editing *editing)
{
    auto_free const char **names = option_values(editing->args, "tag");
    size_t count = 0;

    while (names[count])
        count++;
    editing->targets = xcalloc(count + 1, sizeof(*editing->targets));
    for (size_t i = 0; i < count; i++)
        editing->targets[i] = place_beside(editing->source, names[i]);
}

static int parse_platforms(struct editing *editing, img_edit_options *options, img_error *err)
{
    auto_free const char **texts = option_values(editing->args, "platform");
    size_t count = 0;

    while (texts[count])
        count++;
    editing->platforms = xcalloc(count + 1, sizeof(*editing->platforms));
    for (size_t i = 0; i < count; i++)
        if (img_platform_parse(texts[i], &editing->platforms[i], err) < 0)
            return err->code;
    options->platforms = count ? editing->platforms : NULL;
    options->platform_count = (uint32_t)count;
    return 0;
}

static bool writes_store(const struct editing *editing, unsigned flags)
{
    bool writes = flags & EDITING_NEEDS_STORE;

    for (char **target = editing->targets; *target; target++)
        writes = writes || place_starts(*target, "store:");
    return writes;
}

static int open_store(struct editing *editing, unsigned flags, img_error *err)
{
    struct cli *cli = editing->cli;

    if (place_starts(editing->source, "store:"))
        return cli_open_store(cli, CLI_STORE_MUST_EXIST, &editing->store, err);
    if (writes_store(editing, flags))
        return cli_open_store(cli, CLI_STORE_CREATE, &editing->store, err);
    if ((flags & EDITING_READS_STORE) && cli->store_dir)
        return cli_open_store(cli, CLI_STORE_MUST_EXIST, &editing->store, err);
    return 0;
}

/* Who thinks of a registry is told how it is written. */
static int fail_open(const struct editing *editing, img_error *err)
{
    const char *name = editing->args->operands[0];
    auto_free char *message = xstrdup(err->message);

    if (err->code == IMG_ENOTFOUND && !place_has_transport(name))
        return cli_fail(err, IMG_ENOTFOUND, "%s; an image in a registry is docker://%s", message,
                        name);
    return err->code;
}

int editing_open(struct editing *editing, struct cli *cli, const struct arguments *args,
                 unsigned flags, img_error *err)
{
    img_edit_options options = IMG_EDIT_OPTIONS_INIT;

    editing->cli = cli;
    editing->args = args;
    editing->source = place_in_store(args->operands[0]);
    cli->silent = option_count(args, "quiet") > 0;
    parse_targets(editing);
    for (char **target = editing->targets; *target; target++)
        if (place_is_stdout(*target) && output_file_check(NULL, err) < 0)
            return err->code;
    if (parse_platforms(editing, &options, err) < 0 ||
        cli_new_client(cli, args, &editing->client, err) < 0 || open_store(editing, flags, err) < 0)
        return err->code;
    options.store = editing->store;
    options.on_event = cli_on_event;
    options.on_event_arg = cli;
    options.on_log = cli_on_log;
    options.on_log_arg = cli;
    if (img_edit_open(editing->client, editing->source, &options, &editing->edit, err) < 0)
        return fail_open(editing, err);
    return 0;
}

static int print_result(const struct editing *editing, const char *place,
                        const img_descriptor *descriptor, img_error *err)
{
    progress_end(editing->cli->progress);
    if (!option_count(editing->args, "quiet") || editing->cli->json || place_is_stdout(place))
        return place_print_result(editing->cli, place, descriptor, err);
    puts(descriptor->digest.text);
    return 0;
}

static int preview(struct editing *editing, const char *target, bool changed, img_error *err)
{
    img_copy_plan plan;

    if (img_edit_preview(editing->edit, target, &plan, err) < 0)
        return err->code;
    progress_end(editing->cli->progress);
    if (editing->cli->json) {
        place_print_plan_json(&plan, &changed);
        return 0;
    }
    if (print_result(editing, target ? target : editing->source, &plan.target, err) < 0)
        return err->code;
    if (!changed)
        puts("nothing would change");
    place_print_plan(&plan);
    return 0;
}

static int commit(struct editing *editing, const char *target, bool changed, img_error *err)
{
    const char *place = target ? target : editing->source;
    img_descriptor named;

    (void)changed;
    if (place_is_archive(place))
        cli_clean_up_when_interrupted();
    if (img_edit_commit(editing->edit, target, &named, err) < 0)
        return err->code;
    return print_result(editing, place, &named, err);
}

/* One after the other, as far as it goes; without any the image keeps its name. */
static int end_each(struct editing *editing,
                    int (*end)(struct editing *editing, const char *target, bool changed,
                               img_error *err),
                    bool changed, img_error *err)
{
    if (!*editing->targets)
        return end(editing, NULL, changed, err);
    for (char **target = editing->targets; *target; target++)
        if (end(editing, *target, changed, err) < 0)
            return err->code;
    return 0;
}

int editing_end(struct editing *editing, img_error *err)
{
    uint32_t changed;

    if (img_edit_changed(editing->edit, &changed, err) < 0)
        return err->code;
    if (option_count(editing->args, "dry-run"))
        return end_each(editing, preview, changed, err);
    progress_end(editing->cli->progress);
    if (!changed)
        cli_note(editing->cli, "nothing changes");
    return end_each(editing, commit, changed, err);
}
