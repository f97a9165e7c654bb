/* SPDX-License-Identifier: Apache-2.0
 *
 * Unpacking an image. Each layer is one stream, from the blob to the files, and is checked on the
 * way (layers.md H1, H6); the tree counts once the last stream has ended. The stream is made on a
 * thread of its own; who watches it, events and limits, is called on the caller's.
 */
#include "ops/unpack.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/observe.h"
#include "core/descriptor.h"
#include "layer/apply.h"
#include "ops/find.h"
#include "ops/layer_source.h"
#include "ops/unpack_owners.h"
#include "ops/unpack_place.h"
#include "ops/unpack_record.h"

#define IDLE_BYTES ((uint64_t)16 << 20) /* of tar: an event goes out, so that it can be ended */

_Static_assert(sizeof(img_unpack_result) == sizeof(img_descriptor) + 8 * sizeof(uint64_t),
               "no padding");

struct unpacking {
    img_store *store;
    const img_image *image;
    const img_unpack_options *options;
    struct observer observer;
    struct apply *apply;
    struct unpack_record *record; /* NULL: none */
    uint64_t unset;
    /* The layer under way. */
    struct item item;
    const char *name;
    _Atomic uint64_t blob_bytes;
    uint64_t tar_bytes;  /* of all layers */
    uint64_t idle_bytes; /* tar_bytes when an event went out */
};

/* ---- the stream, on the caller's thread ---- */

struct watched {
    struct source base;
    struct source *next; /* borrowed */
    struct unpacking *unpacking;
};

static int watch(struct unpacking *unpacking, img_error *err)
{
    const img_unpack_options *options = unpacking->options;
    if (unpacking->tar_bytes > options->max_bytes)
        return img__fail(err, IMG_ELIMIT,
                         "%s: the tar streams of the image have more than %" PRIu64
                         " bytes, which is the limit; max_bytes raises it",
                         unpacking->name, options->max_bytes);
    int rc = img__item_progress(&unpacking->item, unpacking->blob_bytes, err);
    if (rc || unpacking->tar_bytes - unpacking->idle_bytes < IDLE_BYTES)
        return rc;
    unpacking->idle_bytes = unpacking->tar_bytes;
    return img__item_idle(&unpacking->item, err);
}

static ssize_t watched_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct watched *self = (struct watched *)source;
    ssize_t got = img__source_read(self->next, data, len, err);
    if (got <= 0)
        return got;
    self->unpacking->tar_bytes += (uint64_t)got;
    int rc = watch(self->unpacking, err);
    return rc ? rc : got;
}

static const struct source_ops watched_ops = {.read = watched_read};

/* ---- a layer ---- */

static int apply_layer(struct unpacking *unpacking, size_t index, const img_descriptor *layer,
                       img_error *err)
{
    struct layer_opening opening = {.threads = unpacking->options->threads,
                                    .compat = unpacking->options->compat,
                                    .read_bytes = &unpacking->blob_bytes};
    auto_(source) struct source *tar = NULL;
    int rc = img__layer_open_with(unpacking->store, layer,
                                  img_image_diff_id(unpacking->image, index), &opening, &tar, err);
    if (rc)
        return rc;
    struct watched watched = {{&watched_ops}, tar, unpacking};
    return img__apply_layer(unpacking->apply, &watched.base, unpacking->name, err);
}

static int unpack_layer(struct unpacking *unpacking, size_t index, img_error *err)
{
    const img_descriptor *layer = img_image_layer(unpacking->image, index);
    char what[64], name[64];
    snprintf(what, sizeof(what), "layer %zu/%zu", index + 1,
             img_image_layer_count(unpacking->image));
    img__descriptor_name(layer, name, sizeof(name));
    unpacking->name = name;
    unpacking->blob_bytes = 0;
    int rc = img__item_start(&unpacking->item, &unpacking->observer, what, layer->digest.text,
                             layer->size_bytes, err);
    if (rc == 0)
        rc = apply_layer(unpacking, index, layer, err);
    return rc ? rc : img__item_end(&unpacking->item, IMG_EVENT_DONE, NULL, err);
}

/* ---- all of them ---- */

static int unset(const struct entry *entry, const char *what, void *arg, img_error *err)
{
    struct unpacking *unpacking = arg;
    unpacking->unset++;
    return img__unpack_record_add(unpacking->record, entry, what, err);
}

static int new_apply(struct unpacking *unpacking, int root_fd, const struct unpack_owners *owners,
                     img_error *err)
{
    const img_unpack_options *options = unpacking->options;
    struct apply_options apply = {
        .threads = options->threads,
        .owners = owners->owners,
        .note_owners = true,
        .new_root = !(options->flags & IMG_UNPACK_ONTO),
        .devices = owners->devices,
        .id_map = img__id_map_is_empty(&owners->map) ? NULL : &owners->map,
        .allow_duplicates = options->compat & IMG_COMPAT_DUPLICATES,
        .compat = options->compat,
        .max_entries = options->max_entries,
        .max_bytes = options->max_bytes,
        .unset = unset,
        .unset_arg = unpacking,
        .observer = &unpacking->observer,
    };
    auto_fd int fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return img__fail_errno(err, "cannot open the destination");
    return img__apply_new(steal_fd(fd), &apply, &unpacking->apply, err);
}

static int apply_layers(struct unpacking *unpacking, img_unpack_result *result, img_error *err)
{
    const img_unpack_options *options = unpacking->options;
    size_t first = options->layer ? options->layer - 1 : 0;
    size_t end = options->layer ? options->layer : img_image_layer_count(unpacking->image);
    int rc = 0;
    for (size_t i = first; rc == 0 && i < end; i++)
        rc = unpack_layer(unpacking, i, err);
    if (rc == 0)
        rc = img__apply_end(unpacking->apply, !(options->flags & IMG_UNPACK_NO_SYNC), err);
    if (rc)
        return rc;
    result->layers = end - first;
    result->entries = img__apply_entries(unpacking->apply);
    result->bytes = img__apply_bytes(unpacking->apply);
    result->unset = unpacking->unset;
    return 0;
}

int img__unpack_layers(img_store *store, const img_image *image, int root_fd,
                       const img_unpack_options *options, struct unpack_record *record,
                       img_unpack_result *result, img_error *err)
{
    struct unpacking unpacking = {
        .store = store, .image = image, .options = options, .record = record};
    unpacking.observer = (struct observer){options->on_event, options->on_event_arg,
                                           options->on_log, options->on_log_arg, 0};
    auto_(unpack_owners) struct unpack_owners owners = {0};
    int rc = img__unpack_owners_find(options, root_fd, &owners, err);
    if (rc == 0)
        rc = new_apply(&unpacking, root_fd, &owners, err);
    if (rc)
        return rc;
    rc = apply_layers(&unpacking, result, err);
    img__apply_free(unpacking.apply);
    return rc ? rc : img__unpack_record_end(record, err);
}

/* ---- the verb ---- */

IMG_AUTO_POINTER(unpacked, img_image, img_image_free)

int img__unpack_find(img_store *store, const char *reference, const img_unpack_options *options,
                     img_image **out, img_error *err)
{
    const struct image_search search = {
        .store = store,
        .client = options->client,
        .platform = options->platform,
        .required = options->platform != NULL,
        .on_event = options->on_event,
        .on_event_arg = options->on_event_arg,
    };
    return img__image_find(&search, reference, out, err);
}

static int check_layer(const img_image *image, uint32_t layer, img_error *err)
{
    size_t count = img_image_layer_count(image);
    if (layer <= count)
        return 0;
    return img__fail(err, IMG_ENOTFOUND, "there is no layer %u: the image has %zu", layer, count);
}

static int unpack(img_store *store, const img_image *image, const char *destination,
                  const img_unpack_options *options, img_unpack_result *result, img_error *err)
{
    auto_(unpack_place) struct unpack_place place = UNPACK_PLACE_INIT;
    auto_(unpack_record) struct unpack_record *record = NULL;
    int rc = img__unpack_record_new(options->record, &record, err);
    if (rc == 0)
        rc = img__unpack_place_open(destination, options->flags & IMG_UNPACK_ONTO, &place, err);
    if (rc)
        return rc;
    rc = img__unpack_layers(store, image, place.fd, options, record, result, err);
    if (rc == 0)
        rc = img__unpack_place_commit(&place, !(options->flags & IMG_UNPACK_NO_SYNC), err);
    return rc ? img__unpack_place_abandon(&place, options->flags & IMG_UNPACK_KEEP_PARTIAL, rc, err)
              : img__unpack_record_commit(record, err);
}

int img_unpack(img_store *store, const char *reference, const char *destination,
               const img_unpack_options *options, img_unpack_result *result, img_error *err)
{
    img_unpack_options own;
    img_unpack_result made = {.layers = 0};
    auto_(lease) struct lease *lease = NULL;
    auto_(unpacked) img_image *image = NULL;
    int rc = img__unpack_options_copy(options, &own, err);
    if (rc == 0)
        rc = img__lease_take(store, &lease, err);
    if (rc == 0)
        rc = img__unpack_find(store, reference, &own, &image, err);
    if (rc == 0)
        rc = check_layer(image, own.layer, err);
    if (rc == 0)
        rc = unpack(store, image, destination, &own, &made, err);
    if (rc)
        return img__prefix(err, rc, "unpack %s", reference);
    made.target = *img_image_target(image);
    if (result)
        *result = made;
    return 0;
}
