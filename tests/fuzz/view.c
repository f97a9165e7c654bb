/* SPDX-License-Identifier: Apache-2.0
 *
 * The view of a stack: the two halves of the input, one on the other and then once more. What it
 * says is there can be found, and every way in it ends. The tar that the stack comes to is a strict
 * one, and its view is that of the stack.
 */
#include "fuzz.h"

#include "base/buf.h"
#include "layer/merge.h"

#define MERGED_MAX ((size_t)4 << 20)

struct piece {
    const uint8_t *data;
    size_t len;
};

static int apply(struct view *view, const uint8_t *data, size_t len)
{
    auto_(source) struct source *source = NULL;

    must(img__source_memory(data, len, &source, NULL) == 0);
    return img__view_apply(view, source, "layer", NULL);
}

static void look(const struct view *view)
{
    static const char *const paths[] = {"", "l", "l/a", "d/a", "d/../l/./a", "h", "x/.."};
    char *real = NULL;

    must(img__view_find(view, "") && img__view_find(view, "")->type == ENTRY_DIRECTORY);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        int rc = img__view_resolve(view, paths[i], i % 2, &real, NULL);
        must(rc == 0 || rc == IMG_EINVAL);
        if (rc)
            continue;
        const struct entry *entry = img__view_find(view, real);
        must(!entry || strcmp(entry->path, real) == 0);
        free(real);
    }
}

/* 0, or why there is none: what the view takes need not have a place in a tar. */
static int merge(struct view *view, const struct piece layers[3], struct buf *out)
{
    auto_(sink) struct sink *sink = NULL;
    auto_(merge) struct merge *merge = NULL;
    must(img__sink_buf(out, "the tar", &sink, NULL) == 0);
    must(img__merge_new(view, sink, &merge, NULL) == 0);
    int rc = 0;
    for (uint32_t i = 0; i < 3 && rc == 0; i++) {
        auto_(source) struct source *source = NULL;
        must(img__source_memory(layers[i].data, layers[i].len, &source, NULL) == 0);
        rc = img__merge_layer(merge, i + 1, img__merge_needs(merge, i + 1) ? source : NULL, "layer",
                              0, NULL);
    }
    if (rc == 0)
        rc = img__merge_end(merge, NULL);
    must(rc != IMG_EDIGEST && rc != IMG_ENOMEM);
    return rc;
}

struct other {
    const struct view *view;
    size_t count;
};

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static int check_entry(const struct entry *entry, const struct origin *origin, void *arg)
{
    struct other *other = arg;
    struct origin merged;
    const struct entry *found = img__view_find_origin(other->view, entry->path, &merged);
    must(found && found->type == entry->type && found->size == entry->size);
    must(found->mode == entry->mode && found->uid == entry->uid && found->gid == entry->gid);
    must(found->mtime == entry->mtime && found->mtime_ns == entry->mtime_ns);
    must(found->device_major == entry->device_major && found->device_minor == entry->device_minor);
    must(same_text(found->link, entry->link));
    must(merged.layer == 1 && origin->layer <= 3);
    other->count++;
    return 0;
}

static int count_entry(const struct entry *entry, const struct origin *origin, void *arg)
{
    (void)entry, (void)origin;
    --((struct other *)arg)->count;
    return 0;
}

static void check_merged(struct view *view, const struct piece layers[3])
{
    auto_(view) struct view *second = NULL;
    auto_(buf) struct buf tar = BUF_INIT(MERGED_MAX);
    if (merge(view, layers, &tar))
        return;
    must(img__view_new(&second, NULL) == 0);
    must(apply(second, (const uint8_t *)tar.data, tar.len) == 0);
    struct other other = {second, 0};
    must(img__view_each(view, check_entry, &other) == 0);
    must(img__view_each(second, count_entry, &other) == 0);
    must(other.count == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    auto_(view) struct view *view = NULL;
    auto_free uint8_t *copy = malloc(len + 1);
    const size_t half = len / 2 / FUZZ_BLOCK * FUZZ_BLOCK;

    must(copy);
    if (len)
        memcpy(copy, data, len);
    fuzz_sum_headers(copy, len);
    must(img__view_new(&view, NULL) == 0);
    img__view_limit(view, (uint64_t)16 << 20);
    img__view_keep_xattrs(view);
    const struct piece layers[3] = {{copy, half}, {copy + half, len - half}, {copy, half}};
    for (size_t i = 0; i < 3; i++)
        if (apply(view, layers[i].data, layers[i].len))
            return 0;
    look(view);
    check_merged(view, layers);
    return 0;
}
