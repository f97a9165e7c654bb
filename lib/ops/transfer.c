/* SPDX-License-Identifier: Apache-2.0
 *
 * Pull and push: two endpoints and the walk between them. A lease on the store keeps the collector
 * away from blobs that have arrived and are not reached by a name yet, or are just being sent.
 */
#include <string.h>

#include "base/options.h"
#include "core/digest.h"
#include "core/media.h"
#include "core/reference.h"
#include "ops/client.h"
#include "ops/copy.h"
#include "store/store.h"

_Static_assert(sizeof(img_pull_options) == sizeof(size_t) + 3 * sizeof(void *) + 8, "no padding");
_Static_assert(sizeof(img_push_options) == sizeof(size_t) + 2 * sizeof(void *), "no padding");

/* What the store has under the name. Of an image that was chosen by its platform the index, which
 * is what the tag stands for, is not known; a digest can't stand for anything else. */
static int find_known(img_store *store, const char *name, const img_reference *reference,
                      struct copy *copy, img_descriptor *known, img_error *err)
{
    bool by_digest = reference->digest.text[0] != '\0', has = false;
    struct endpoint *to = copy->to;
    if (img_store_resolve(store, name, known, NULL) != 0)
        return 0;
    if (by_digest ? !img__digest_equal(&known->digest, &reference->digest)
                  : known->platform.os[0] != '\0')
        return 0;
    int rc = to->ops->has_document(to, known, &has, err);
    copy->known = has ? known : NULL;
    copy->sure = by_digest;
    return rc;
}

static int pull(img_client *client, img_store *store, const img_reference *reference,
                struct copy *copy, bool verify, img_descriptor *top, img_error *err)
{
    auto_(endpoint) struct endpoint *from = NULL;
    auto_(endpoint) struct endpoint *to = NULL;
    auto_(lease) struct lease *lease = NULL;
    char name[IMG_REFERENCE_TEXT_MAX];
    img__reference_store_name(reference, name);
    int rc = img__registry_endpoint(client->registry, reference, REGISTRY_PULL, &from, err);
    if (rc == 0)
        rc = img__store_endpoint(store, name, &to, err);
    if (rc == 0)
        rc = img__lease_take(store, &lease, err);
    if (rc)
        return rc;
    if (verify)
        img__store_endpoint_verify(to);
    img_descriptor known;
    copy->from = from;
    copy->to = to;
    rc = find_known(store, name, reference, copy, &known, err);
    if (rc == 0)
        rc = img__copy(copy, top, err);
    /* Of a platform alone it is not known what the name stands for. */
    if (rc == 0 && !copy->platform_count)
        img__store_remember(store, reference, &top->digest);
    return rc;
}

int img_pull(img_client *client, img_store *store, const char *reference,
             const img_pull_options *options, img_descriptor *out, img_error *err)
{
    img_pull_options own = IMG_PULL_OPTIONS_INIT;
    int rc = img__options_copy(&own, sizeof(own), options, "img_pull_options", err);
    if (rc)
        return rc;
    img_reference parsed;
    rc = img_reference_parse(reference, &parsed, err);
    if (rc)
        return rc;
    struct observer observer = {own.on_event, own.on_event_arg, client->options.on_log,
                                client->options.on_log_arg, 0};
    struct supply supply;
    /* A digest can only name what has it: not a manifest that was chosen from it. */
    struct copy copy = {.platforms = own.platform,
                        .platform_count = own.platform ? 1 : 0,
                        .keep_index = parsed.digest.text[0] != '\0',
                        .supply = img__client_supply(client, &supply),
                        .config_limit_bytes = client->options.config_limit_bytes,
                        .observer = &observer};
    img_descriptor top;
    rc = pull(client, store, &parsed, &copy, own.verify != 0, &top, err);
    if (rc)
        return img__prefix(err, rc, "pull %s", reference);
    if (out)
        *out = top;
    return 0;
}

/* The blobs may be in the registry already, in the repository that the image came from. */
static const char *find_mount(const img_reference *source, const img_reference *target)
{
    bool sibling =
        strcmp(source->domain, target->domain) == 0 && strcmp(source->path, target->path) != 0;
    return sibling ? source->path : NULL;
}

/* An item for the observer about what need not be put. */
static int tell_exists(struct observer *observer, const img_descriptor *top, img_error *err)
{
    struct item item;
    bool index = img__media_kind(top->media_type) == MEDIA_INDEX;
    int rc = img__item_start(&item, observer, index ? "index" : "manifest", top->digest.text,
                             top->size_bytes, err);
    return rc ? rc : img__item_end(&item, IMG_EVENT_EXISTS, NULL, err);
}

/* *done: the name stands for the image already. */
static int look_before(img_store *store, const img_reference *target, const img_descriptor *top,
                       struct copy *copy, bool *done, img_error *err)
{
    enum store_recall recall = img__store_recall(store, target, &top->digest);
    copy->fresh = recall == STORE_RECALL_NOTHING;
    *done = false;
    if (recall != STORE_RECALL_NAME)
        return 0;
    int rc = copy->to->ops->is_still(copy->to, top, done, err);
    return rc || !*done ? rc : tell_exists(copy->observer, top, err);
}

static int push(img_client *client, img_store *store, const char *reference,
                const img_reference *target, struct copy *copy, img_descriptor *top, img_error *err)
{
    auto_(endpoint) struct endpoint *from = NULL;
    auto_(endpoint) struct endpoint *to = NULL;
    auto_(lease) struct lease *lease = NULL;
    img_reference source;
    img_digest digest;
    int rc = img__lease_take(store, &lease, err);
    if (rc == 0)
        rc = img__store_endpoint(store, reference, &from, err);
    if (rc == 0)
        rc = img__registry_endpoint(client->registry, target, REGISTRY_PUSH, &to, err);
    if (rc)
        return rc;
    copy->from = from;
    copy->to = to;
    /* What other tools named in the store need not be a reference. */
    if (img_digest_parse(reference, &digest, NULL) != 0 &&
        img_reference_parse(reference, &source, NULL) == 0)
        copy->mount_from = find_mount(&source, target);
    bool done;
    rc = look_before(store, target, top, copy, &done, err);
    if (rc == 0 && !done)
        rc = img__copy(copy, top, err);
    if (rc == 0)
        img__store_remember(store, target, &top->digest);
    return rc;
}

/* A destination with a digest can only be served by that very manifest. */
static int check_digest(const img_reference *target, const img_descriptor *top, img_error *err)
{
    if (!target->digest.text[0] || img__digest_equal(&target->digest, &top->digest))
        return 0;
    return img__fail(err, IMG_EINVAL, "the image has digest %s, not the one of the destination",
                     top->digest.text);
}

int img_push(img_client *client, img_store *store, const char *reference, const char *destination,
             const img_push_options *options, img_descriptor *out, img_error *err)
{
    img_push_options own = IMG_PUSH_OPTIONS_INIT;
    int rc = img__options_copy(&own, sizeof(own), options, "img_push_options", err);
    if (rc)
        return rc;
    img_reference target;
    img_descriptor top;
    rc = img_reference_parse(destination ? destination : reference, &target, err);
    if (rc == 0)
        rc = img_store_resolve(store, reference, &top, err);
    if (rc == 0)
        rc = check_digest(&target, &top, err);
    if (rc)
        return img__prefix(err, rc, "push %s", reference);
    struct observer observer = {own.on_event, own.on_event_arg, client->options.on_log,
                                client->options.on_log_arg, 0};
    struct copy copy = {.config_limit_bytes = client->options.config_limit_bytes,
                        .observer = &observer};
    rc = push(client, store, reference, &target, &copy, &top, err);
    if (rc)
        return img__prefix(err, rc, "push %s", destination ? destination : reference);
    if (out)
        *out = top;
    return 0;
}
