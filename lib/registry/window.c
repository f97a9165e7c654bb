/* SPDX-License-Identifier: Apache-2.0
 *
 * A window remembers where the inner source stands, so that parts which follow each other are read
 * on and only what goes back or skips costs a seek. That matters where the inner source verifies:
 * for such a one a seek is to read everything again.
 */
#include "registry/window.h"

#include <stdlib.h>

static ssize_t window_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct window *self = (struct window *)source;
    uint64_t left = self->len - self->at;
    if (left == 0)
        return 0;
    if (self->inner_at != self->start + self->at) {
        self->inner_at = UINT64_MAX;
        int result = img__source_seek(self->inner, self->start + self->at, err);
        if (result)
            return result;
        self->inner_at = self->start + self->at;
    }
    ssize_t got = img__source_read(self->inner, data, left < len ? (size_t)left : len, err);
    if (got > 0) {
        self->at += (uint64_t)got;
        self->inner_at += (uint64_t)got;
    }
    return got;
}

static int window_seek(struct source *source, uint64_t offset, img_error *err)
{
    (void)err;
    ((struct window *)source)->at = offset;
    return 0;
}

static int window_rewind(struct source *source, img_error *err)
{
    return window_seek(source, 0, err);
}

static void window_free(struct source *source)
{
    struct window *self = (struct window *)source;
    img__source_free(self->inner);
    free(self);
}

int img__window_new(struct source *inner, struct window **out, img_error *err)
{
    static const struct source_ops ops = {
        .read = window_read,
        .rewind = window_rewind,
        .free = window_free,
        .seek = window_seek,
    };
    struct window *self = calloc(1, sizeof(*self));
    if (!self) {
        img__source_free(inner);
        return img__fail_memory(err);
    }
    self->base.ops = &ops;
    self->inner = inner;
    *out = self;
    return 0;
}

void img__window_free(struct window *window)
{
    if (window)
        window_free(&window->base);
}

void img__window_set(struct window *window, uint64_t start, uint64_t len)
{
    window->start = start;
    window->len = len;
    window->at = 0;
}
