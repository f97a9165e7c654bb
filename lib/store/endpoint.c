/* SPDX-License-Identifier: Apache-2.0
 *
 * An image of the store as an endpoint: a local place, so it opens blobs and leaves the moving to
 * others.
 *
 * Whether a blob is there is told by its size; small ones are read besides, since that costs
 * nothing, and the others if it is asked for. What is damaged is removed, and so brought again.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "store/internal.h"

#define SMALL_BYTES ((uint64_t)256 * 1024)

struct store_endpoint {
    struct endpoint base;
    img_store *store; /* borrowed */
    char *name;       /* NULL: none */
    bool verify;
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
    img_store *store = self_of(endpoint)->store;

    int r = img__store_mend(store, descriptor, err);
    *has = !r && img__store_has(store, descriptor);
    return r;
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

/* Documents are blobs here. */
static int endpoint_has_blob(struct endpoint *endpoint, const img_descriptor *descriptor, bool *has,
                             img_error *err)
{
    return endpoint_has_document(endpoint, descriptor, has, err);
}

static int endpoint_open_source(struct endpoint *endpoint, const img_descriptor *descriptor,
                                struct source **out, img_error *err)
{
    return img__store_source(self_of(endpoint)->store, descriptor, out, err);
}

static int look(const struct store_endpoint *self, const img_descriptor *descriptor, img_error *err)
{
    bool read = self->verify || descriptor->size_bytes <= SMALL_BYTES;

    return read ? img__store_mend(self->store, descriptor, err) : 0;
}

static int endpoint_open_sink(struct endpoint *endpoint, const img_descriptor *descriptor,
                              struct sink **out, img_error *err)
{
    int r = look(self_of(endpoint), descriptor, err);

    return r ? r : img__store_accept(self_of(endpoint)->store, descriptor, out, err);
}

/* Not every file system has locks, and another user's part may not be ours to write. */
static bool is_without_parts(int code, int number)
{
    return code == IMG_EIO &&
           (number == ENOLCK || number == EOPNOTSUPP || number == ENOSYS || number == EACCES);
}

static int endpoint_open_partial(struct endpoint *endpoint, const img_descriptor *descriptor,
                                 struct sink **out, uint64_t *have_bytes, img_error *err)
{
    img_store *store = self_of(endpoint)->store;
    img_error local;

    int r = look(self_of(endpoint), descriptor, err);
    if (r)
        return r;
    r = img__store_accept_part(store, descriptor, out, have_bytes, &local);
    if (r && r != IMG__EAGAIN && is_without_parts(r, local.sys_errno))
        return img__store_accept(store, descriptor, out, err);
    if (r && r != IMG__EAGAIN && err)
        *err = local;
    return r;
}

static void endpoint_drop_partial(struct endpoint *endpoint, const img_descriptor *descriptor)
{
    img__store_drop_part(self_of(endpoint)->store, descriptor);
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
    .has_blob = endpoint_has_blob,
    .open_source = endpoint_open_source,
    .open_sink = endpoint_open_sink,
    .open_partial = endpoint_open_partial,
    .drop_partial = endpoint_drop_partial,
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

void img__store_endpoint_verify(struct endpoint *endpoint)
{
    self_of(endpoint)->verify = true;
}
