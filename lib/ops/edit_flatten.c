/* SPDX-License-Identifier: Apache-2.0
 *
 * One layer for all: the tar that the stack comes to, packed as a build packs one. The documents of
 * the image, as they are by now, go to the store for that, without a name.
 */
#include <stdio.h>
#include <string.h>

#include "base/options.h"
#include "layer/tar_header.h"
#include "layer/view_tree.h"
#include "ops/build_layer.h"
#include "ops/contents.h"
#include "ops/edit_layers.h"

IMG_AUTO_POINTER(build, img_build, img_build_free)
IMG_AUTO_POINTER(image, img_image, img_image_free)

static int check_options(const img_build_options *options, img_build_options *out, img_error *err)
{
    *out = (img_build_options)IMG_BUILD_OPTIONS_INIT;
    int rc = img__options_copy(out, sizeof(*out), options, "img_build_options", err);
    if (rc)
        return rc;
    if (out->compression == IMG_COMPRESSION_ESTARGZ ||
        out->compression == IMG_COMPRESSION_ZSTD_CHUNKED)
        return img__fail(err, IMG_EUNSUPPORTED,
                         "one layer of all can't be made so that files are fetched one by one");
    /* What happens is told by the layers that are read. */
    out->on_event = NULL;
    return 0;
}

static int open_image(img_edit *edit, struct edit_image *image, img_image **out, img_error *err)
{
    img_store *store;
    int rc = img__edit_store(edit, &store, err);
    if (rc == 0)
        rc = img__edit_make(edit, err);
    if (rc == 0)
        rc = img__store_put_document(store, &image->new_config_document, err);
    if (rc == 0)
        rc = img__store_put_document(store, &image->new_document, err);
    return rc ? rc
              : img_image_open_descriptor(store, &image->new_document.descriptor, NULL, out, err);
}

/* The root has no place in the layers that a build makes. Where one of another maker says what it
 * is like, this is not to be lost. */
static int write_root(struct contents *contents, struct sink *tar, img_error *err)
{
    auto_(buf) struct buf header = BUF_INIT(TAR_HEADER_MAX);
    struct view *view = NULL;
    char path[] = ".";
    int rc = img__contents_view(contents, &view, err);
    if (rc)
        return rc;
    const struct node *root = img__view_tree(view)->root;
    struct entry entry = root->entry;
    entry.path = path;
    if (root->origin.layer == 0)
        return 0;
    rc = img__tar_header(&entry, &header, err);
    return rc ? rc : img__sink_write(tar, header.data, header.len, err);
}

static int merge(img_edit *edit, img_image *image, struct layering *layering, img_error *err)
{
    struct contents contents;
    img_contents_options options = IMG_CONTENTS_OPTIONS_INIT;
    options.threads = layering->build->options.threads;
    options.on_event = edit->options.on_event;
    options.on_event_arg = edit->options.on_event_arg;
    int rc = img__contents_begin(&contents, layering->build->store, image, &options, err);
    if (rc)
        return rc;
    contents.observer.last_id = edit->observer.last_id;
    struct sink *tar = img__pack_verbatim(layering->pack);
    rc = write_root(&contents, tar, err);
    if (rc == 0)
        rc = img__contents_merge(&contents, tar, err);
    edit->observer.last_id = contents.observer.last_id;
    return rc;
}

static int pack(img_edit *edit, struct edit_image *image, img_build *build, img_error *err)
{
    auto_(image) img_image *opened = NULL;
    auto_(layering) struct layering layering = {.build = build, .what = "flatten"};
    int rc = open_image(edit, image, &opened, err);
    if (rc == 0)
        rc = img__layering_begin(&layering, err);
    if (rc == 0)
        rc = merge(edit, opened, &layering, err);
    return rc ? rc : img__layering_end(&layering, err);
}

/* The layer takes the place of all others, and says no longer what they were based on. */
static int take(img_edit *edit, struct edit_image *image, const img_build *build, img_error *err)
{
    bool was;
    size_t count = img__json_count(img__json_get(image->manifest.json, "layers"));
    int rc = img__manifest_replace_layers(&image->manifest, count, NULL, err);
    if (rc == 0)
        rc = img__edit_take_layer(edit, image, build, 0, err);
    if (rc == 0)
        rc = img__config_flatten(&image->config, &build->config.diff_ids[0], "flatten", err);
    img__annotation_unset(image->manifest.json, ANNOTATION_BASE_NAME, &was);
    img__annotation_unset(image->manifest.json, ANNOTATION_BASE_DIGEST, &was);
    return rc;
}

static int flatten(img_edit *edit, struct edit_image *image, const img_build_options *options,
                   img_error *err)
{
    auto_(build) img_build *build = NULL;
    img_store *store;
    if (image->config.diff_id_count < 2)
        return 0;
    int rc = img__edit_store(edit, &store, err);
    if (rc == 0)
        rc = img_build_new(store, options, &build, err);
    if (rc == 0)
        rc = img__edit_bring_layers(edit, image, err);
    if (rc == 0)
        rc = pack(edit, image, build, err);
    edit->made = false;
    return rc ? rc : take(edit, image, build, err);
}

int img_edit_flatten(img_edit *edit, const img_build_options *options, img_error *err)
{
    img_build_options own;
    int rc = check_options(options, &own, err);
    for (size_t i = 0; rc == 0 && i < edit->image_count; i++)
        rc = flatten(edit, &edit->images[i], &own, err);
    return rc ? img__prefix(err, rc, "flatten %s", edit->source) : 0;
}
