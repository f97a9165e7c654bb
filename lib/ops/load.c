/* SPDX-License-Identifier: Apache-2.0
 *
 * Load: images of an archive into the store. All of them arrive first, under a lease, and names are
 * set when nothing can fail any more but the setting itself.
 */
#include "ops/load.h"

#include <string.h>

#include "archive/archive.h"
#include "base/observe.h"
#include "base/options.h"
#include "core/reference.h"
#include "ops/arrival.h"
#include "ops/copy.h"

_Static_assert(sizeof(img_load_options) == sizeof(size_t) + 24 + 9 * sizeof(void *), "no padding");

#define CONFIG_BYTES_MAX ((uint64_t)8 << 20)

struct loaded {
    size_t index; /* in the archive */
    img_descriptor descriptor;
    struct strv names; /* full references */
};

struct loading {
    struct load load;
    struct loaded *images;
    size_t count;
};

static void img__auto_loading(struct loading *loading)
{
    for (size_t i = 0; i < loading->count; i++)
        img__strv_free(&loading->images[i].names);
    free(loading->images);
    img__load_made_free(loading->load.made);
    img__archive_reader_free(loading->load.reader);
}

/* ---- which images ---- */

static bool is_chosen(const struct loading *loading, size_t index)
{
    for (size_t i = 0; i < loading->count; i++)
        if (loading->images[i].index == index)
            return true;
    return false;
}

static int choose(struct loading *loading, img_error *err)
{
    const struct archive_reader *reader = loading->load.reader;
    const char *const *wanted = loading->load.options->images;
    size_t all = img__archive_reader_count(reader), index = 0;
    int rc = 0;
    loading->images = calloc(all ? all : 1, sizeof(*loading->images));
    if (!loading->images)
        return img__fail_memory(err);
    for (size_t i = 0; !wanted && i < all; i++)
        loading->images[loading->count++].index = i;
    for (; rc == 0 && wanted && *wanted; wanted++) {
        rc = img__archive_reader_find(reader, *wanted, &index, err);
        if (rc == 0 && !is_chosen(loading, index))
            loading->images[loading->count++].index = index;
    }
    if (rc == 0 && loading->count == 0)
        return img__fail(err, IMG_ENOTFOUND, "there is no image in it");
    if (rc == 0 && loading->load.options->name && loading->count != 1)
        return img__fail(err, IMG_EINVAL,
                         "%zu images can't have one name: say which of them is meant",
                         loading->count);
    return rc;
}

/* ---- what they are called ---- */

/* A layout may have a tag alone for a name, as "latest": that is no reference, though it looks like
 * one to a repository. */
static bool is_tag_alone(const struct loading *loading, const char *name)
{
    return img__archive_reader_is_oci(loading->load.reader) && !strpbrk(name, ":/@");
}

static int take_name(const struct loading *loading, struct loaded *image, const char *name,
                     img_error *err)
{
    char full[IMG_REFERENCE_TEXT_MAX];
    img_reference reference;
    img_error why;
    if (is_tag_alone(loading, name))
        return 0;
    if (img_reference_parse(name, &reference, &why) != 0) {
        img__log(loading->load.observer, IMG_LOG_WARNING, "a name in the archive is left out: %s",
                 why.message);
        return 0;
    }
    if (*reference.digest.text &&
        strcmp(reference.digest.text, image->descriptor.digest.text) != 0) {
        img__log(loading->load.observer, IMG_LOG_WARNING,
                 "a name in the archive is left out: the image called '%.300s' has digest %s", name,
                 image->descriptor.digest.text);
        return 0;
    }
    img__reference_store_name(&reference, full);
    return img__strv_has(&image->names, full) ? 0 : img__strv_add(&image->names, full, err);
}

static int take_names(const struct loading *loading, struct loaded *image, img_error *err)
{
    const struct strv *names = img__archive_reader_names(loading->load.reader, image->index);
    const char *own = loading->load.options->name;
    img_reference reference;
    char full[IMG_REFERENCE_TEXT_MAX];
    int rc = 0;
    if (own) {
        rc = img_reference_parse(own, &reference, err);
        if (rc)
            return rc;
        img__reference_store_name(&reference, full);
        return img__strv_add(&image->names, full, err);
    }
    for (size_t i = 0; rc == 0 && i < names->count; i++)
        rc = take_name(loading, image, names->items[i], err);
    return rc;
}

/* ---- bringing them in ---- */

static int copy_in(const struct loading *loading, size_t index, img_descriptor *out, img_error *err)
{
    const struct load *load = &loading->load;
    auto_(endpoint) struct endpoint *from = NULL;
    auto_(endpoint) struct endpoint *to = NULL;
    auto_free img_platform *present = NULL;
    struct copy copy = {.platforms = load->options->platform,
                        .platform_count = load->options->platform ? 1 : 0,
                        .config_limit_bytes = CONFIG_BYTES_MAX,
                        .observer = load->observer};
    int rc = img__archive_reader_endpoint(load->reader, index, &from, err);
    if (rc == 0)
        rc = img__arrival_endpoint(load->store, &to, err);
    if (rc == 0 && !copy.platform_count)
        rc = img__load_partial(from, &present, &copy.platform_count, err);
    if (rc)
        return rc;
    if (present) {
        copy.platforms = present;
        copy.keep_index = true;
        img__log(load->observer, IMG_LOG_WARNING,
                 "the archive does not have all platforms of the image: %zu are there",
                 copy.platform_count);
    }
    copy.from = from;
    copy.to = to;
    return img__copy(&copy, out, err);
}

static int bring_all(struct loading *loading, img_error *err)
{
    bool oci = img__archive_reader_is_oci(loading->load.reader);
    for (size_t i = 0; i < loading->count; i++) {
        struct loaded *image = &loading->images[i];
        int rc = oci ? copy_in(loading, image->index, &image->descriptor, err)
                     : img__load_docker(&loading->load, image->index, &image->descriptor, err);
        if (rc == 0)
            rc = take_names(loading, image, err);
        if (rc)
            return rc;
    }
    return 0;
}

static int name_all(struct loading *loading, img_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < loading->count; i++)
        rc = img__store_set_names(loading->load.store, img__strv_list(&loading->images[i].names),
                                  &loading->images[i].descriptor, err);
    return rc;
}

static int tell(const img_load_options *options, const char *name, const img_descriptor *descriptor,
                img_error *err)
{
    if (!options->on_image || options->on_image(name, descriptor, options->on_image_arg) == 0)
        return 0;
    return img__fail(err, IMG_ECANCELED, "canceled");
}

static int tell_all(const struct loading *loading, img_error *err)
{
    const img_load_options *options = loading->load.options;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < loading->count; i++) {
        const struct loaded *image = &loading->images[i];
        for (size_t k = 0; rc == 0 && k < image->names.count; k++)
            rc = tell(options, image->names.items[k], &image->descriptor, err);
        if (rc == 0 && image->names.count == 0)
            rc = tell(options, NULL, &image->descriptor, err);
    }
    return rc;
}

static int load(struct loading *loading, const char *path, img_error *err)
{
    auto_(lease) struct lease *lease = NULL;
    const struct archive_file file = {.path = path,
                                      .fd = loading->load.options->fd,
                                      .max_bytes = loading->load.options->max_bytes,
                                      .spool = img_store_path(loading->load.store)};
    int rc = img__archive_reader_open(&file, &loading->load.reader, err);
    if (rc == 0)
        rc = choose(loading, err);
    if (rc == 0)
        rc = img__lease_take(loading->load.store, &lease, err);
    if (rc == 0)
        rc = bring_all(loading, err);
    if (rc == 0)
        rc = name_all(loading, err);
    return rc ? rc : tell_all(loading, err);
}

static int bring_one(struct loading *loading, const struct archive_file *file, img_error *err)
{
    int rc = img__archive_reader_open(file, &loading->load.reader, err);
    if (rc == 0)
        rc = choose(loading, err);
    if (rc == 0 && loading->count > 1)
        return img__fail(err, IMG_EINVAL, "it holds %zu images: say which one is meant, by :REF",
                         loading->count);
    return rc ? rc : bring_all(loading, err);
}

int img__load_unnamed(img_store *store, const char *path, const char *name,
                      const img_load_options *options, img_descriptor *out, img_error *err)
{
    img_load_options own = *options;
    const char *const images[] = {name, NULL};
    struct observer observer = {own.on_event, own.on_event_arg, own.on_log, own.on_log_arg, 0};
    own.images = name ? images : NULL;
    auto_(loading) struct loading loading = {
        .load = {.store = store, .options = &own, .observer = &observer}};
    const struct archive_file file = {.path = path, .spool = img_store_path(store)};
    int rc = bring_one(&loading, &file, err);
    if (rc == 0)
        *out = loading.images[0].descriptor;
    return rc;
}

static int check_options(const img_load_options *options, img_error *err)
{
    img_reference reference;
    if (options->compression < 0 || options->compression > IMG_COMPRESSION_NONE)
        return img__fail(err, IMG_EUNSUPPORTED,
                         "a compression that files can be fetched from one by one needs a tar of "
                         "its own: gzip, zstd and none can be had here");
    return options->name ? img_reference_parse(options->name, &reference, err) : 0;
}

int img_load(img_store *store, const char *path, const img_load_options *options, img_error *err)
{
    img_load_options own = IMG_LOAD_OPTIONS_INIT;
    int rc = img__options_copy(&own, sizeof(own), options, "img_load_options", err);
    if (rc == 0)
        rc = check_options(&own, err);
    if (rc)
        return img__prefix(err, rc, "load");
    struct observer observer = {own.on_event, own.on_event_arg, own.on_log, own.on_log_arg, 0};
    auto_(loading) struct loading loading = {
        .load = {.store = store, .options = &own, .observer = &observer}};
    rc = load(&loading, path, err);
    return rc ? img__prefix(err, rc, "load") : 0;
}
