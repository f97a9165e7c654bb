/* SPDX-License-Identifier: Apache-2.0
 *
 * Each --add, --layer, --diff and --overlay is a layer; so are all --remove between two of these.
 * Options that make no layer may stand anywhere.
 */
#include "layers.h"

#include <inttypes.h>

#include "add_common.h"
#include "memory.h"
#include "overlay_spec.h"
#include "placeholders.h"
#include "text.h"

static struct layer *append(struct layers *layers)
{
    layers->items = xreallocarray(layers->items, layers->count + 1, sizeof(*layers->items));
    layers->items[layers->count] = (struct layer){0};
    return &layers->items[layers->count++];
}

static void add_removed(struct layers *layers, const char *path)
{
    struct layer *layer = layers->count ? &layers->items[layers->count - 1] : NULL;
    size_t count = 0;

    if (!layer || !layer->removed)
        layer = append(layers);
    while (layer->removed && layer->removed[count])
        count++;
    layer->removed = xreallocarray(layer->removed, count + 2, sizeof(char *));
    layer->removed[count] = path;
    layer->removed[count + 1] = NULL;
}

int layers_parse(const struct arguments *args, struct layers *out, img_error *err)
{
    out->diff = (img_diff_options)IMG_DIFF_OPTIONS_INIT;
    if (add_common_parse(args, &out->common, err) < 0)
        return err->code;
    out->excluded = option_values(args, "exclude");
    out->common.exclude = out->excluded;
    out->uid_map = option_values(args, "uid-map");
    out->common.uid_map = out->uid_map;
    out->gid_map = option_values(args, "gid-map");
    out->common.gid_map = out->gid_map;
    if (img_add_options_check(&out->common, err) < 0)
        return err->code;
    for (size_t i = 0; i < args->use_count; i++) {
        const char *name = args->uses[i].option->name, *value = args->uses[i].value;

        if (text_is(name, "add") || text_is(name, "layer")) {
            struct layer *layer = append(out);

            layer->archive = text_is(name, "layer");
            if (add_spec_parse(name, value, &layer->add, err) < 0)
                return err->code;
            add_common_merge(&out->common, &layer->add.options);
            if (layer->archive && option_count(args, "verbatim"))
                layer->add.options.flags |= IMG_ADD_VERBATIM;
        } else if (text_is(name, "remove")) {
            add_removed(out, value);
        } else if (text_is(name, "diff")) {
            struct layer *layer = append(out);
            layer->old_tree = value;
            layer->new_tree = args->uses[i].second;
        } else if (text_is(name, "overlay")) {
            if (overlay_spec_parse(value, &append(out)->overlay, err) < 0)
                return err->code;
        } else if (text_is(name, "ignore-mtime")) {
            out->diff.flags |= IMG_DIFF_IGNORE_MTIME;
        }
    }
    out->diff.preserve = out->common.preserve;
    return 0;
}

void layers_free(struct layers *layers)
{
    for (size_t i = 0; i < layers->count; i++) {
        add_spec_free(&layers->items[i].add);
        free(layers->items[i].removed);
        overlay_spec_free(layers->items[i].overlay);
    }
    free(layers->items);
    free(layers->excluded);
    free(layers->uid_map);
    free(layers->gid_map);
}

static int add_changes(struct cli *cli, const struct layers *layers, const struct layer *layer,
                       img_build *build, img_error *err)
{
    img_diff_counts counts;
    int rc;

    if (layer->overlay)
        rc =
            img_build_add_overlay(build, layer->overlay[0], (const char *const *)layer->overlay + 1,
                                  &layers->diff, &counts, err);
    else
        rc = img_build_add_diff(build, layer->old_tree, layer->new_tree, &layers->diff, &counts,
                                err);
    if (rc < 0 || counts.added + counts.changed + counts.metadata + counts.removed == 0)
        return rc;
    progress_end(cli->progress);
    cli_note(cli,
             "%s: %" PRIu64 " added, %" PRIu64 " changed, %" PRIu64 " in metadata only, %" PRIu64
             " removed",
             layer->overlay ? "overlay" : "diff", counts.added, counts.changed, counts.metadata,
             counts.removed);
    return 0;
}

static int add_source(const struct layer *layer, const img_platform *platform, img_build *build,
                      img_error *err)
{
    auto_free char *source = placeholders_fill(layer->add.source, platform);

    return (layer->archive ? img_build_add_archive : img_build_add_path)(
        build, source, layer->add.destination, &layer->add.options, err);
}

int layers_add_to(struct cli *cli, const struct layers *layers, const img_platform *platform,
                  img_build *build, img_error *err)
{
    int rc = 0;

    for (size_t i = 0; i < layers->count && rc == 0; i++) {
        const struct layer *layer = &layers->items[i];

        if (layer->removed)
            rc = img_build_remove(build, layer->removed, err);
        else if (layer->old_tree || layer->overlay)
            rc = add_changes(cli, layers, layer, build, err);
        else
            rc = add_source(layer, platform, build, err);
    }
    return rc;
}
