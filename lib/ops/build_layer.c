/* SPDX-License-Identifier: Apache-2.0
 *
 * What all layers of a build have in common. What lies below one matters twice: paths are written
 * as they resolve through the links there, since not every runtime follows them (layers.md A10),
 * and the directories on the way are written with the metadata that they have there, since some
 * runtimes take a missing one for 0755 root (C5).
 */
#include "ops/build_layer.h"

#include <stdio.h>
#include <string.h>

#include "core/media.h"
#include "ops/layer_source.h"

/* ---- what lies below ---- */

static int view_layer(img_build *build, size_t index, img_error *err)
{
    const img_descriptor *layer = &build->layers[index];
    char name[64];
    img__descriptor_name(layer, name, sizeof(name));
    auto_(source) struct source *tar = NULL;
    int rc = img__layer_open(build->store, layer, &build->config.diff_ids[index], 1, &tar, err);
    return rc ? rc : img__view_apply(build->view, tar, name, err);
}

int img__layering_look_below(img_build *build, const struct view **out, img_error *err)
{
    *out = NULL;
    if (build->layer_count == 0)
        return 0;
    int rc = build->view ? 0 : img__view_new(&build->view, err);
    while (rc == 0 && build->viewed_count < build->layer_count) {
        rc = view_layer(build, build->viewed_count, err);
        build->viewed_count += rc == 0;
    }
    if (rc == 0) {
        *out = build->view;
        return 0;
    }
    /* A layer that failed may be there by half. */
    img__view_free(steal(build->view));
    build->viewed_count = 0;
    return rc;
}

/* ---- beginning and end of a layer ---- */

static const struct {
    enum compression compression;
    enum pack_layout layout;
    const char *media_type;
} kinds[] = {
    [IMG_COMPRESSION_GZIP] = {COMPRESSION_GZIP, PACK_PLAIN, MEDIA_OCI_LAYER_GZIP},
    [IMG_COMPRESSION_ZSTD] = {COMPRESSION_ZSTD, PACK_PLAIN, MEDIA_OCI_LAYER_ZSTD},
    [IMG_COMPRESSION_NONE] = {COMPRESSION_NONE, PACK_PLAIN, MEDIA_OCI_LAYER},
    [IMG_COMPRESSION_ESTARGZ] = {COMPRESSION_GZIP, PACK_ESTARGZ, MEDIA_OCI_LAYER_GZIP},
    [IMG_COMPRESSION_ZSTD_CHUNKED] = {COMPRESSION_ZSTD, PACK_CHUNKED, MEDIA_OCI_LAYER_ZSTD},
};

int img__layering_begin(struct layering *layering, img_error *err)
{
    img_build *build = layering->build;
    auto_(sink) struct sink *blob = NULL;
    struct pack_options options = {
        .compression = kinds[build->options.compression].compression,
        .layout = kinds[build->options.compression].layout,
        .level = build->options.level,
        .threads = build->options.threads,
    };
    int rc = img__store_ingest(build->store, &layering->digest, &layering->size_bytes, &blob, err);
    if (rc == 0)
        rc = img__pack_new(&options, steal(blob), &layering->pack, err);
    if (rc)
        return rc;
    return img__item_start(&layering->item, &build->observer, layering->what, "", 0, err);
}

static int reserve(img_build *build, img_error *err)
{
    img_descriptor *grown =
        reallocarray(build->layers, build->layer_count + 1, sizeof(*build->layers));
    if (!grown)
        return img__fail_memory(err);
    build->layers = grown;
    struct strv *lists = reallocarray(build->layer_annotations, build->layer_count + 1,
                                      sizeof(*build->layer_annotations));
    if (!lists)
        return img__fail_memory(err);
    build->layer_annotations = lists;
    build->layer_annotations[build->layer_count] = (struct strv)STRV_INIT;
    return 0;
}

static int append(img_build *build, const struct layer_made *made, img_error *err)
{
    struct strv *annotations = &build->layer_annotations[build->layer_count];
    char text[BUILD_TIME_SIZE];
    const char *created = img__build_time(build, made->newest_mtime, text);
    int rc = img__strv_add_list(annotations, img__strv_list(made->annotations), err);
    if (rc == 0)
        rc = img__config_add_layer(&build->config, &made->diff_id, created, made->what, err);
    if (rc) {
        img__strv_free(annotations);
        return rc;
    }
    img_descriptor descriptor = {.digest = made->digest, .size_bytes = made->size_bytes};
    snprintf(descriptor.media_type, sizeof(descriptor.media_type), "%s",
             kinds[build->options.compression].media_type);
    build->layers[build->layer_count++] = descriptor;
    build->begun = true;
    if (made->newest_mtime > build->newest_mtime)
        build->newest_mtime = made->newest_mtime;
    return 0;
}

int img__layering_append(struct item *item, int kind, img_build *build,
                         const struct layer_made *made, img_error *err)
{
    int rc = reserve(build, err);
    item->event.digest = made->digest.text;
    item->event.total_bytes = made->size_bytes;
    if (rc == 0)
        rc = img__item_end(item, kind, NULL, err);
    return rc ? rc : append(build, made, err);
}

int img__layering_end(struct layering *layering, img_error *err)
{
    if (img__pack_bytes(layering->pack) == 0) {
        img__log(&layering->build->observer, IMG_LOG_WARNING, "%s: nothing to add, no layer made",
                 layering->what);
        return img__item_end(&layering->item, IMG_EVENT_DONE, NULL, err);
    }
    struct pack_result result;
    int rc = img__pack_end(layering->pack, &result, err);
    if (rc)
        return rc;
    layering->made = (struct layer_made){
        .digest = layering->digest,
        .size_bytes = layering->size_bytes,
        .diff_id = result.diff_id,
        .newest_mtime = result.newest_mtime,
        .what = layering->what,
        .annotations = img__pack_annotations(layering->pack),
    };
    return img__layering_append(&layering->item, IMG_EVENT_DONE, layering->build, &layering->made,
                                err);
}

/* ---- entries ---- */

/* A file's data on its way, so that its progress is seen. */
struct watched {
    struct source base;
    struct source *next;
    struct layering *layering;
};

static ssize_t watched_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct watched *self = (struct watched *)source;
    struct layering *layering = self->layering;
    int rc = img__item_progress(&layering->item, img__pack_bytes(layering->pack), err);
    return rc ? rc : img__source_read(self->next, data, len, err);
}

static const struct source_ops watched_ops = {.read = watched_read};

int img__layering_entry(struct layering *layering, const struct entry *entry, struct source *data,
                        img_error *err)
{
    struct watched watched = {{&watched_ops}, data, layering};
    int rc = img__pack_entry(layering->pack, entry, data ? &watched.base : NULL, err);
    return rc ? rc : img__item_progress(&layering->item, img__pack_bytes(layering->pack), err);
}

int img__layering_check_below(const struct layering *layering, const struct entry *entry,
                              img_error *err)
{
    if (!layering->view || entry->type != ENTRY_DIRECTORY)
        return 0;
    const struct entry *below = img__view_find(layering->view, entry->path);
    if (!below || below->type != ENTRY_SYMLINK)
        return 0;
    return img__fail(err, IMG_EINVAL,
                     "/%s is a directory here and a link to %s in the image: add what is in it to "
                     "the link's target, or remove the link first",
                     entry->path, below->link);
}

int img__layering_check_case(struct layering *layering, const char *path, img_error *err)
{
    bool collides = false;
    int rc = layering->fold ? img__fold_add(layering->fold, path, &collides, err) : 0;
    layering->warned |= collides;
    if (collides)
        img__log(&layering->build->observer, IMG_LOG_WARNING,
                 "/%s: differs from another path of the layer only in upper and lower case, which "
                 "not every file system tells apart",
                 path);
    return rc;
}

int img__layering_directory(struct layering *layering, const char *path, img_error *err)
{
    auto_free char *own_path = strdup(path);
    if (!own_path)
        return img__fail_memory(err);
    const struct entry *below = layering->view ? img__view_find(layering->view, path) : NULL;
    struct entry made = {.type = ENTRY_DIRECTORY, .path = own_path, .mode = 0755};
    if (below && below->type == ENTRY_DIRECTORY) {
        made = *below;
        made.path = own_path;
    }
    img__build_clamp(layering->build, &made);
    return img__pack_parent(layering->pack, &made, err);
}

int img__layering_parents(struct layering *layering, const char *path, const char *done,
                          img_error *err)
{
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t len = (size_t)(slash - path);
        if (strncmp(path, done, len) == 0 && (done[len] == '\0' || done[len] == '/'))
            continue;
        auto_free char *parent = strndup(path, len);
        int rc = parent ? img__layering_directory(layering, parent, err) : img__fail_memory(err);
        if (rc)
            return rc;
    }
    return 0;
}
