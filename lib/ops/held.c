/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes come in by a document, whose digest is known, or through the sink that verifies. Each is
 * kept until the place is freed, so sources of them may be borrowed from it.
 */
#include "ops/held.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "core/verify.h"

struct held_item {
    struct held_item *next;
    struct document document;
};

struct held {
    struct endpoint base;
    struct held_item *items;
};

int img__document_copy(const struct document *document, struct document *out, img_error *err)
{
    char *bytes = malloc(document->len + 1);
    if (!bytes)
        return img__fail_memory(err);
    memcpy(bytes, document->bytes, document->len);
    bytes[document->len] = '\0';
    *out = (struct document){document->descriptor, bytes, document->len};
    return 0;
}

static struct held_item *find(struct endpoint *endpoint, const img_digest *digest)
{
    struct held_item *item = ((struct held *)endpoint)->items;
    while (item && !img__digest_equal(&item->document.descriptor.digest, digest))
        item = item->next;
    return item;
}

/* Takes document over, unless it fails. */
static int keep(struct endpoint *endpoint, struct document *document, img_error *err)
{
    struct held *self = (struct held *)endpoint;
    struct held_item *item = calloc(1, sizeof(*item));
    if (!item)
        return img__fail_memory(err);
    item->document = *document;
    item->next = self->items;
    self->items = item;
    return 0;
}

int img__held_put(struct endpoint *held, const struct document *document, img_error *err)
{
    struct document copy = DOCUMENT_INIT;
    if (find(held, &document->descriptor.digest))
        return 0;
    int rc = img__document_copy(document, &copy, err);
    if (rc)
        return rc;
    rc = keep(held, &copy, err);
    if (rc)
        img__document_free(&copy);
    return rc;
}

static int fail_missing(const img_descriptor *descriptor, img_error *err)
{
    return img__fail(err, IMG_ENOTFOUND, "%s is not there", descriptor->digest.text);
}

static int get_document(struct endpoint *endpoint, const img_descriptor *descriptor,
                        struct document *out, img_error *err)
{
    const struct held_item *item = find(endpoint, &descriptor->digest);
    return item ? img__document_copy(&item->document, out, err) : fail_missing(descriptor, err);
}

static int has(struct endpoint *endpoint, const img_descriptor *descriptor, bool *out,
               img_error *err)
{
    (void)err;
    *out = find(endpoint, &descriptor->digest) != NULL;
    return 0;
}

static int open_source(struct endpoint *endpoint, const img_descriptor *descriptor,
                       struct source **out, img_error *err)
{
    const struct held_item *item = find(endpoint, &descriptor->digest);
    return item ? img__source_memory(item->document.bytes, item->document.len, out, err)
                : fail_missing(descriptor, err);
}

/* ---- what is brought ---- */

struct arrival {
    struct sink base;
    struct endpoint *held;
    img_descriptor descriptor;
    struct buf bytes;
};

static int arrival_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    struct arrival *self = (struct arrival *)sink;
    img__buf_append(&self->bytes, data, len);
    return img__buf_check(&self->bytes, "the blob", err);
}

static int arrival_close(struct sink *sink, img_error *err)
{
    struct arrival *self = (struct arrival *)sink;
    struct document document = {self->descriptor, NULL, self->bytes.len};
    document.bytes = img__buf_steal(&self->bytes);
    int rc = document.bytes ? keep(self->held, &document, err) : img__fail_memory(err);
    if (rc)
        img__document_free(&document);
    return rc;
}

static void arrival_free(struct sink *sink)
{
    img__buf_free(&((struct arrival *)sink)->bytes);
    free(sink);
}

static int open_sink(struct endpoint *endpoint, const img_descriptor *descriptor, struct sink **out,
                     img_error *err)
{
    static const struct sink_ops ops = {arrival_write, arrival_close, arrival_free};
    char name[64];
    *out = NULL;
    if (find(endpoint, &descriptor->digest))
        return 0;
    struct arrival *self = calloc(1, sizeof(*self));
    if (!self)
        return img__fail_memory(err);
    self->base.ops = &ops;
    self->held = endpoint;
    self->descriptor = *descriptor;
    self->bytes = (struct buf)BUF_INIT((size_t)descriptor->size_bytes);
    img__descriptor_name(descriptor, name, sizeof(name));
    return img__sink_verify(&descriptor->digest, descriptor->size_bytes, name, &self->base, out,
                            err);
}

/* From a local place. */
static int take(struct endpoint *held, struct endpoint *from, const img_descriptor *descriptor,
                img_error *err)
{
    auto_(sink) struct sink *sink = NULL;
    auto_(source) struct source *source = NULL;
    int rc = open_sink(held, descriptor, &sink, err);
    if (rc || !sink)
        return rc;
    rc = from->ops->open_source(from, descriptor, &source, err);
    if (rc == 0)
        rc = img__io_copy(source, sink, err);
    return rc ? rc : img__sink_close(sink, err);
}

int img__held_bring(struct endpoint *held, struct endpoint *from, const img_descriptor *descriptor,
                    struct observer *observer, struct document *out, img_error *err)
{
    const struct blob_job job = {.descriptor = descriptor, .what = "config", .local = held};
    int rc = 0;
    if (!find(held, &descriptor->digest))
        rc = from->ops->fetch ? from->ops->fetch(from, &job, 1, observer, err)
                              : take(held, from, descriptor, err);
    return rc ? rc : get_document(held, descriptor, out, err);
}

/* ---- the place ---- */

static void held_free(struct endpoint *endpoint)
{
    struct held *self = (struct held *)endpoint;
    while (self->items) {
        struct held_item *item = self->items;
        self->items = item->next;
        img__document_free(&item->document);
        free(item);
    }
    free(self);
}

int img__held_new(struct endpoint **out, img_error *err)
{
    static const struct endpoint_ops ops = {
        .get_document = get_document,
        .has_document = has,
        .has_blob = has,
        .open_source = open_source,
        .open_sink = open_sink,
        .free = held_free,
    };
    struct held *self = calloc(1, sizeof(*self));
    if (!self)
        return img__fail_memory(err);
    self->base.ops = &ops;
    *out = &self->base;
    return 0;
}
