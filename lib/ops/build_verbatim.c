/* SPDX-License-Identifier: Apache-2.0
 *
 * A tar becomes a layer byte by byte (layers.md C27). What would be mended in another one can't be
 * here: so it is refused.
 */
#include "ops/build_verbatim.h"

#include <string.h>

#include "layer/import.h"

/* Where the way to path leads through a link below, most runtimes would put a directory instead. */
static int check_way(const struct layering *layering, const char *path, img_error *err)
{
    auto_free char *real = NULL;
    int rc = layering->view ? img__view_resolve(layering->view, path, false, &real, err) : 0;
    if (rc || !real || strcmp(real, path) == 0)
        return rc;
    return img__fail(err, IMG_EINVAL,
                     "/%s is /%s in the image, by a link of the layers below: it can't be added "
                     "verbatim",
                     path, real);
}

static int note_entry(const struct entry *entry, struct source *data, void *arg, img_error *err)
{
    struct layering *layering = arg;
    (void)data;
    int rc = img__layering_check_below(layering, entry, err);
    if (rc == 0)
        rc = check_way(layering, entry->path, err);
    if (rc == 0)
        rc = img__layering_check_case(layering, entry->path, err);
    if (rc)
        return rc;
    img__pack_note(layering->pack, entry);
    return img__item_progress(&layering->item, img__pack_bytes(layering->pack), err);
}

int img__layering_verbatim(struct layering *layering, const char *path,
                           const struct add_options *options, img_error *err)
{
    int32_t compression = layering->build->options.compression;
    if (compression == IMG_COMPRESSION_ESTARGZ || compression == IMG_COMPRESSION_ZSTD_CHUNKED)
        return img__fail(err, IMG_EUNSUPPORTED,
                         "a compression that files can be fetched from one by one needs a tar of "
                         "its own: none is verbatim");
    int rc = img__layering_begin(layering, err);
    if (rc == 0)
        rc = img__import_verbatim(path, &options->scan, img__pack_verbatim(layering->pack),
                                  note_entry, layering, err);
    return rc ? rc : img__layering_end(layering, err);
}
