/* SPDX-License-Identifier: Apache-2.0
 *
 * Moving the images of an index to where it is to be. An image that lies in the store for which it
 * is made does not move.
 */
#include "ops/client.h"
#include "ops/copy.h"
#include "ops/index.h"
#include "ops/parts.h"
#include <string.h>

#define CONFIG_BYTES_MAX ((uint64_t)8 << 20)

static bool is_registry(const struct index_source *source)
{
    return source->place.where.kind == TRANSPORT_REGISTRY;
}

static uint64_t config_limit(const img_index *index)
{
    const img_client *client = index->options.client;
    return client ? client->options.config_limit_bytes : CONFIG_BYTES_MAX;
}

/* ---- configs ---- */

/* From a local place. */
static int move_config(const img_index *index, struct endpoint *from, const img_descriptor *config,
                       img_error *err)
{
    auto_(sink) struct sink *sink = NULL;
    auto_(source) struct source *source = NULL;
    int rc = index->local->ops->open_sink(index->local, config, &sink, err);
    if (rc || !sink)
        return rc;
    rc = from->ops->open_source(from, config, &source, err);
    if (rc == 0)
        rc = img__io_copy(source, sink, err);
    return rc ? rc : img__sink_close(sink, err);
}

int img__index_bring_config(img_index *index, const struct index_source *source,
                            const img_descriptor *config, img_error *err)
{
    struct endpoint *from = source->place.endpoint;
    struct blob_job job = {.descriptor = config, .what = "config", .local = index->local};
    if (config->size_bytes > config_limit(index))
        return img__fail(err, IMG_ELIMIT, "the config has %llu bytes, more than are allowed",
                         (unsigned long long)config->size_bytes);
    if (img__store_has(index->store, config))
        return 0;
    return from->ops->fetch ? from->ops->fetch(from, &job, 1, &index->observer, err)
                            : move_config(index, from, config, err);
}

/* ---- images ---- */

/* An image of the store may come from another repository of the registry that it is to go to. */
static const char *find_mount(const struct index_source *source, const img_reference *target)
{
    const img_reference *own = &source->place.reference;
    if (!target || strcmp(own->domain, target->domain) != 0 || strcmp(own->path, target->path) == 0)
        return NULL;
    return own->path;
}

/* Of an image that nobody named only documents may be there. */
static int check_there(const img_index *index, const struct index_member *member, img_error *err)
{
    auto_(parts) struct parts parts = PARTS_INIT;
    if (!img__store_has(index->store, &member->descriptor))
        return img__fail(
            err, IMG_ENOTFOUND,
            "%s, an image of that index, is not in the store: pull it, or choose platforms "
            "that are",
            member->descriptor.digest.text);
    int rc = img__parts_find(index->store, &member->descriptor, NULL, &parts, err);
    return rc ? rc : img__parts_check(&parts, err);
}

static int relate(struct copy *copy, const struct index_source *source, const img_reference *target,
                  img_error *err)
{
    if (!copy->to->ops->send)
        return 0;
    if (is_registry(source))
        return img__registry_join(copy->from, copy->to, &copy->mount_from, &copy->same_repository,
                                  err);
    copy->mount_from = find_mount(source, target);
    return 0;
}

int img__index_bring(img_index *index, const struct index_member *member, struct endpoint *to,
                     const img_reference *target, img_error *err)
{
    const struct index_source *source = member->source;
    struct endpoint *from = source->place.endpoint;
    auto_(document) struct document document = DOCUMENT_INIT;
    struct supply supply;
    struct copy copy = {.from = from,
                        .to = to,
                        .nameless = true,
                        .config_limit_bytes = config_limit(index),
                        .supply = img__client_supply(index->options.client, &supply),
                        .observer = &index->observer};
    img_descriptor top;
    int rc = 0;
    if (source->place.where.kind == TRANSPORT_STORE)
        rc = check_there(index, member, err);
    if (rc || (source->place.where.kind == TRANSPORT_STORE && !to->ops->send))
        return rc;
    rc = from->ops->get_document(from, &member->descriptor, &document, err);
    if (rc == 0)
        rc = relate(&copy, source, target, err);
    return rc ? rc : img__copy_document(&copy, &document, &top, err);
}
