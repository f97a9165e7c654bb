/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers of an image, opened for looking into them. A layer is checked while it is read, and
 * whoever reads one reads to its end; the view is only kept once that was so for all of them.
 */
#include "ops/contents.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/options.h"
#include "base/pool.h"
#include "core/descriptor.h"
#include "ops/image.h"
#include "ops/layer_source.h"

#define BYTES_BY_DEFAULT ((uint64_t)1 << 40)

_Static_assert(sizeof(img_contents_options) ==
                   3 * sizeof(uint64_t) + 4 * sizeof(uint32_t) + 2 * sizeof(void *),
               "no padding");

int img__contents_begin(struct contents *contents, img_store *store, img_image *image,
                        const img_contents_options *options, img_error *err)
{
    *contents =
        (struct contents){.store = store, .image = image, .options = IMG_CONTENTS_OPTIONS_INIT};
    int rc = img__options_copy(&contents->options, sizeof(contents->options), options,
                               "img_contents_options", err);
    if (rc)
        return rc;
    if (contents->options.compat & ~IMG_COMPAT_ALL)
        return img__fail(err, IMG_EINVAL, "img_contents_options.compat has unknown bits");
    size_t count = img_image_layer_count(image);
    if (contents->options.layer > count)
        return img__fail(err, IMG_ENOTFOUND, "no layer %u: the image has %zu",
                         contents->options.layer, count);
    if (contents->options.max_bytes == 0)
        contents->options.max_bytes = BYTES_BY_DEFAULT;
    contents->first = contents->options.layer ? contents->options.layer - 1 : 0;
    contents->observer.on_event = contents->options.on_event;
    contents->observer.on_event_arg = contents->options.on_event_arg;
    return 0;
}

/* ---- one layer ---- */

static int fail_limit(const char *what, uint64_t max_bytes, img_error *err)
{
    return img__fail(err, IMG_ELIMIT,
                     "%s has more than %" PRIu64 " bytes, which is the limit; max_bytes raises it",
                     what, max_bytes);
}

int img__contents_give(struct contents *contents, size_t len, img_error *err)
{
    if (len > contents->options.max_bytes - contents->given_bytes)
        return fail_limit("what comes out", contents->options.max_bytes, err);
    contents->given_bytes += len;
    return 0;
}

struct stream {
    struct source base;
    struct source *next;
    struct item item;
    char what[48]; /* "layer 3/7", or "names 3/7" if nothing else is of interest */
    _Atomic uint64_t read_bytes;
    uint64_t max_bytes;
    uint64_t left_bytes;
    bool ended;
};

static ssize_t stream_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct stream *self = (struct stream *)source;
    ssize_t got = img__source_read(self->next, data, len, err);
    int rc = 0;
    if (got > 0 && (uint64_t)got > self->left_bytes)
        return fail_limit(self->what, self->max_bytes, err);
    if (got > 0) {
        self->left_bytes -= (uint64_t)got;
        rc = img__item_progress(&self->item, atomic_load(&self->read_bytes), err);
    }
    if (got == 0 && !self->ended)
        rc = img__item_end(&self->item, IMG_EVENT_DONE, NULL, err);
    self->ended = self->ended || got == 0;
    return rc ? rc : got;
}

static void stream_free(struct source *source)
{
    struct stream *self = (struct stream *)source;
    img__source_free(self->next); /* first: its thread counts in read_bytes */
    free(self);
}

static const struct source_ops stream_ops = {.read = stream_read, .free = stream_free};

void img__contents_layer_name(const struct contents *contents, size_t index, char name[64])
{
    img__descriptor_name(img_image_layer(contents->image, index), name, 64);
}

int img__contents_open(struct contents *contents, size_t index, struct source **out, img_error *err)
{
    const img_image *image = contents->image;
    const img_descriptor *layer = img_image_layer(image, index);
    struct stream *self = calloc(1, sizeof(*self));
    if (!self)
        return img__fail_memory(err);
    auto_(source) struct source *owned = &self->base;
    self->base.ops = &stream_ops;
    self->left_bytes = self->max_bytes = contents->options.max_bytes;
    snprintf(self->what, sizeof(self->what), "%s %zu/%zu", contents->names_only ? "names" : "layer",
             index + 1, img_image_layer_count(image));
    const struct layer_opening opening = {
        .threads = img__pool_threads(contents->options.threads),
        .compat = contents->options.compat,
        .read_bytes = &self->read_bytes,
    };
    int rc = img__layer_open_with(contents->store, layer, img_image_diff_id(image, index), &opening,
                                  &self->next, err);
    if (rc == 0)
        rc = img__item_start(&self->item, &contents->observer, self->what, layer->digest.text,
                             layer->size_bytes, err);
    if (rc)
        return rc;
    *out = steal(owned);
    return 0;
}

/* ---- all of them ---- */

static int add_layer(struct contents *contents, size_t index, struct view *view, img_error *err)
{
    char name[64];
    auto_(source) struct source *tar = NULL;
    int rc = img__contents_open(contents, index, &tar, err);
    if (rc)
        return rc;
    img__contents_layer_name(contents, index, name);
    return img__view_apply(view, tar, name, err);
}

static int make_view(struct contents *contents, struct view **out, img_error *err)
{
    auto_(view) struct view *view = NULL;
    int rc = img__view_new(&view, err);
    if (rc)
        return rc;
    if (contents->options.max_memory_bytes)
        img__view_limit(view, contents->options.max_memory_bytes);
    img__view_keep_xattrs(view);
    img__view_compat(view, contents->options.compat);
    size_t count = img_image_layer_count(contents->image);
    contents->names_only = true;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = add_layer(contents, i, view, err);
    contents->names_only = false;
    if (rc == 0)
        *out = steal(view);
    return rc;
}

int img__contents_view(struct contents *contents, struct view **out, img_error *err)
{
    struct image_view *kept = img__image_view(contents->image);
    if (!kept->view || kept->compat != contents->options.compat) {
        struct view *view = NULL;
        int rc = make_view(contents, &view, err);
        if (rc)
            return rc;
        img__view_free(kept->view);
        *kept = (struct image_view){view, contents->options.compat};
    }
    *out = kept->view;
    return 0;
}
