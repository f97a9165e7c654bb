/* SPDX-License-Identifier: Apache-2.0
 *
 * The endpoint of a store, but for the name: where that would be set, only the document is put.
 */
#include "ops/arrival.h"

struct arrival {
    struct endpoint base;
    struct endpoint *store;
};

static struct endpoint *store_of(struct endpoint *endpoint)
{
    return ((struct arrival *)endpoint)->store;
}

static int resolve(struct endpoint *endpoint, struct document *out, img_error *err)
{
    return store_of(endpoint)->ops->resolve(store_of(endpoint), out, err);
}

static int get_document(struct endpoint *endpoint, const img_descriptor *descriptor,
                        struct document *out, img_error *err)
{
    return store_of(endpoint)->ops->get_document(store_of(endpoint), descriptor, out, err);
}

static int has_document(struct endpoint *endpoint, const img_descriptor *descriptor, bool *has,
                        img_error *err)
{
    return store_of(endpoint)->ops->has_document(store_of(endpoint), descriptor, has, err);
}

static int put_document(struct endpoint *endpoint, const struct document *document, img_error *err)
{
    return store_of(endpoint)->ops->put_document(store_of(endpoint), document, err);
}

static int has_blob(struct endpoint *endpoint, const img_descriptor *descriptor, bool *has,
                    img_error *err)
{
    return store_of(endpoint)->ops->has_blob(store_of(endpoint), descriptor, has, err);
}

static int open_source(struct endpoint *endpoint, const img_descriptor *descriptor,
                       struct source **out, img_error *err)
{
    return store_of(endpoint)->ops->open_source(store_of(endpoint), descriptor, out, err);
}

static int open_sink(struct endpoint *endpoint, const img_descriptor *descriptor, struct sink **out,
                     img_error *err)
{
    return store_of(endpoint)->ops->open_sink(store_of(endpoint), descriptor, out, err);
}

static void arrival_free(struct endpoint *endpoint)
{
    img__endpoint_free(store_of(endpoint));
    free(endpoint);
}

static const struct endpoint_ops arrival_ops = {
    .resolve = resolve,
    .get_document = get_document,
    .has_document = has_document,
    .put_document = put_document,
    .set_name = put_document,
    .has_blob = has_blob,
    .open_source = open_source,
    .open_sink = open_sink,
    .free = arrival_free,
};

int img__arrival_endpoint(img_store *store, struct endpoint **out, img_error *err)
{
    struct arrival *self = calloc(1, sizeof(*self));
    if (!self)
        return img__fail_memory(err);
    self->base.ops = &arrival_ops;
    int rc = img__store_endpoint(store, NULL, &self->store, err);
    if (rc) {
        free(self);
        return rc;
    }
    *out = &self->base;
    return 0;
}
