/* SPDX-License-Identifier: Apache-2.0
 *
 * An image as one tar: a first pass over the layers says what there is, a second one has the data.
 * Of the second one, layers that no file has its data from are spared.
 */
#include "layer/merge.h"
#include "ops/contents.h"

/* ---- where it goes ---- */

struct data_sink {
    struct sink base;
    struct contents *contents;
    img_data_fn fn;
    void *arg;
};

static int data_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    const struct data_sink *self = (const struct data_sink *)sink;
    int rc = img__contents_give(self->contents, len, err);
    if (rc)
        return rc;
    if (len && self->fn(data, len, self->arg))
        return img__fail(err, IMG_ECANCELED, "interrupted");
    return 0;
}

static int data_close(struct sink *sink, img_error *err)
{
    (void)sink, (void)err;
    return 0;
}

static void data_free(struct sink *sink)
{
    (void)sink;
}

static const struct sink_ops data_ops = {data_write, data_close, data_free};

/* ---- the image ---- */

static int merge_layer(struct contents *contents, size_t index, struct merge *merge, img_error *err)
{
    char name[64];
    auto_(source) struct source *tar = NULL;
    uint32_t layer = (uint32_t)index + 1;
    int rc = 0;
    if (img__merge_needs(merge, layer))
        rc = img__contents_open(contents, index, &tar, err);
    if (rc)
        return rc;
    img__contents_layer_name(contents, index, name);
    return img__merge_layer(merge, layer, tar, name, contents->options.compat, err);
}

int img__contents_merge(struct contents *contents, struct sink *sink, img_error *err)
{
    struct view *view = NULL;
    auto_(merge) struct merge *merge = NULL;
    int rc = img__contents_view(contents, &view, err);
    if (rc == 0)
        rc = img__merge_new(view, sink, &merge, err);
    size_t count = img_image_layer_count(contents->image);
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = merge_layer(contents, i, merge, err);
    return rc ? rc : img__merge_end(merge, err);
}

/* ---- a layer ---- */

static int copy_layer(struct contents *contents, struct sink *sink, img_error *err)
{
    auto_(source) struct source *tar = NULL;
    int rc = img__contents_open(contents, contents->first, &tar, err);
    return rc ? rc : img__io_copy(tar, sink, err);
}

int img_image_tar(img_store *store, img_image *image, const img_contents_options *options,
                  img_data_fn fn, void *arg, img_error *err)
{
    struct contents contents;
    struct data_sink sink = {{&data_ops}, &contents, fn, arg};
    int rc = img__contents_begin(&contents, store, image, options, err);
    if (rc == 0)
        rc = contents.options.layer ? copy_layer(&contents, &sink.base, err)
                                    : img__contents_merge(&contents, &sink.base, err);
    return rc ? img__prefix(err, rc, "tar") : 0;
}
