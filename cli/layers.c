/* SPDX-License-Identifier: Apache-2.0
 *
 * Each --add and each --layer is a layer; so are all --remove between two of these. Options that
 * make no layer may stand anywhere.
 */
#include "layers.h"

#include "add_common.h"
#include "memory.h"
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
    if (add_common_parse(args, &out->common, err) < 0)
        return err->code;
    for (size_t i = 0; i < args->use_count; i++) {
        const char *name = args->uses[i].option->name, *value = args->uses[i].value;

        if (text_is(name, "add") || text_is(name, "layer")) {
            struct layer *layer = append(out);

            layer->archive = text_is(name, "layer");
            if (add_spec_parse(name, value, &layer->add, err) < 0)
                return err->code;
            add_common_merge(&out->common, &layer->add.options);
        } else if (text_is(name, "remove")) {
            add_removed(out, value);
        }
    }
    return 0;
}

void layers_free(struct layers *layers)
{
    for (size_t i = 0; i < layers->count; i++) {
        add_spec_free(&layers->items[i].add);
        free(layers->items[i].removed);
    }
    free(layers->items);
}

int layers_add_to(const struct layers *layers, img_build *build, img_error *err)
{
    int rc = 0;

    for (size_t i = 0; i < layers->count && rc == 0; i++) {
        const struct layer *layer = &layers->items[i];

        if (layer->archive)
            rc = img_build_add_archive(build, layer->add.source, layer->add.destination,
                                       &layer->add.options, err);
        else if (layer->removed)
            rc = img_build_remove(build, layer->removed, err);
        else
            rc = img_build_add_path(build, layer->add.source, layer->add.destination,
                                    &layer->add.options, err);
    }
    return rc;
}
