/* SPDX-License-Identifier: Apache-2.0
 *
 * Images made by hand of layers that are made by hand.
 */
#ifndef TESTS_OPS_STACK_H
#define TESTS_OPS_STACK_H

#include "ops/fixture.h"

#define STACK_MAX 4

/* Layers of an image, the lowest first. */
struct stack {
    struct buf tars[STACK_MAX];
    size_t count;
};

/* A new layer on top; to be ended by stack_put(). */
static inline struct buf *stack_push(struct stack *stack)
{
    assert_true(stack->count < STACK_MAX);
    stack->tars[stack->count] = (struct buf)TARBALL_INIT;
    return &stack->tars[stack->count++];
}

static inline void stack_free(struct stack *stack)
{
    for (size_t i = 0; i < stack->count; i++)
        img__buf_free(&stack->tars[i]);
    stack->count = 0;
}

static inline img_descriptor put_bytes_of(struct fixture *f, const char *type,
                                          const struct buf *bytes)
{
    img_descriptor blob = {.media_type = ""};
    auto_(sink) struct sink *sink = NULL;
    img_error err = {0};
    snprintf(blob.media_type, sizeof(blob.media_type), "%s", type);
    assert_ok(img__store_ingest(f->store, &blob.digest, &blob.size_bytes, &sink, &err));
    assert_ok(img__sink_write(sink, bytes->data, bytes->len, &err));
    assert_ok(img__sink_close(sink, &err));
    return blob;
}

/* Puts the image into the store; broken is the number, from 1, of the layer whose diffID the config
 * has wrong. */
static inline void stack_put(struct fixture *f, struct stack *stack, const char *name,
                             size_t broken)
{
    auto_(buf) struct buf config = BUF_INIT(65536);
    auto_(buf) struct buf manifest = BUF_INIT(65536);
    img_descriptor layers[STACK_MAX];
    img__buf_puts(&config, "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":"
                           "\"layers\",\"diff_ids\":[");
    for (size_t i = 0; i < stack->count; i++) {
        tarball_end(&stack->tars[i]);
        layers[i] = put_bytes_of(f, MEDIA_OCI_LAYER, &stack->tars[i]);
        img_digest diff_id = layers[i].digest;
        if (broken == i + 1)
            memcpy(diff_id.text + 7, "00000000", 8);
        img__buf_printf(&config, "%s\"%s\"", i ? "," : "", diff_id.text);
    }
    img__buf_puts(&config, "]}}");
    img_descriptor descriptor = put_blob(f->store, MEDIA_OCI_CONFIG, config.data);
    img__buf_puts(&manifest,
                  "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"config\":");
    json_descriptor(&manifest, &descriptor);
    img__buf_puts(&manifest, ",\"layers\":[");
    for (size_t i = 0; i < stack->count; i++) {
        img__buf_puts(&manifest, i ? "," : "");
        json_descriptor(&manifest, &layers[i]);
    }
    img__buf_puts(&manifest, "]}");
    descriptor = put_blob(f->store, MEDIA_OCI_MANIFEST, manifest.data);
    set_name(f->store, name, &descriptor);
}

#endif
