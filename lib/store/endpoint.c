/* SPDX-License-Identifier: Apache-2.0
 *
 * An image of the store as an endpoint: a local place, so it opens blobs and leaves the moving to
 * others.
 */
#include <assert.h>
#include <string.h>

#include "store/internal.h"

struct store_endpoint {
    struct endpoint base;
    img_store *store; /* borrowed */
    char *name;       /* NULL: none */
};

static struct store_endpoint *self_of(struct endpoint *endpoint)
{
    return (struct store_endpoint *)endpoint;
}

static int endpoint_resolve(struct endpoint *endpoint, struct document *out, img_error *err)
{
    struct store_endpoint *self = self_of(endpoint);
    img_descriptor descriptor;
    assert(self->name);

    int r = img_store_resolve(self->store, self->name, &descriptor, err);
    return r ? r : img__store_get_document(self->store, &descriptor, STORE_DOCUMENT_MAX, out, err);
}

static int endpoint_get_document(struct endpoint *endpoint, const img_descriptor *descriptor,
                                 struct document *out, img_error *err)
{
    return img__store_get_document(self_of(endpoint)->store, descriptor, STORE_DOCUMENT_MAX, out,
                                   err);
}

static int endpoint_has_document(struct endpoint *endpoint, const img_descriptor *descriptor,
                                 bool *has, img_error *err)
{
    (void)err;
    *has = img__store_has(self_of(endpoint)->store, descriptor);
    return 0;
}

static int endpoint_put_document(struct endpoint *endpoint, const struct document *document,
                                 img_error *err)
{
    return img__store_put_document(self_of(endpoint)->store, document, err);
}

static int endpoint_set_name(struct endpoint *endpoint, const struct document *document,
                             img_error *err)
{
    struct store_endpoint *self = self_of(endpoint);
    const char *const names[] = {self->name, NULL};
    assert(self->name);

    int r = img__store_put_document(self->store, document, err);
    return r ? r : img__store_set_names(self->store, names, &document->descriptor, err);
}

static int endpoint_open_source(struct endpoint *endpoint, const img_descriptor *descriptor,
                                struct source **out, img_error *err)
{
    return img__store_source(self_of(endpoint)->store, descriptor, out, err);
}

static int endpoint_open_sink(struct endpoint *endpoint, const img_descriptor *descriptor,
                              struct sink **out, img_error *err)
{
    return img__store_accept(self_of(endpoint)->store, descriptor, out, err);
}

static void endpoint_free(struct endpoint *endpoint)
{
    free(self_of(endpoint)->name);
    free(endpoint);
}

static const struct endpoint_ops endpoint_ops = {
    .resolve = endpoint_resolve,
    .get_document = endpoint_get_document,
    .has_document = endpoint_has_document,
    .put_document = endpoint_put_document,
    .set_name = endpoint_set_name,
    .open_source = endpoint_open_source,
    .open_sink = endpoint_open_sink,
    .free = endpoint_free,
};

int img__store_endpoint(img_store *store, const char *name, struct endpoint **out, img_error *err)
{
    struct store_endpoint *self = calloc(1, sizeof(*self));
    if (!self)
        return img__fail_memory(err);
    self->base.ops = &endpoint_ops;
    self->store = store;
    auto_(endpoint) struct endpoint *endpoint = &self->base;
    if (name && !(self->name = strdup(name)))
        return img__fail_memory(err);
    *out = steal(endpoint);
    return 0;
}
