/* SPDX-License-Identifier: Apache-2.0
 *
 * A source with its first bytes in a buffer. It can't be rewound: whoever could do that has the
 * source behind it.
 */
#include "layer/peek.h"

#include "layer/input.h"

struct peek {
    struct source base;
    struct source *next;
    struct input input;
};

static ssize_t peek_read(struct source *source, void *data, size_t len, img_error *err)
{
    return img__input_read(&((struct peek *)source)->input, data, len, err);
}

static void peek_free(struct source *source)
{
    struct peek *self = (struct peek *)source;
    img__source_free(self->next);
    img__input_close(&self->input);
    free(self);
}

static const struct source_ops peek_ops = {.read = peek_read, .free = peek_free};

ssize_t img__peek_open(struct source *next, struct source **out, const uint8_t **start,
                       img_error *err)
{
    struct peek *self = calloc(1, sizeof(*self));
    if (!self) {
        img__source_free(next);
        return img__fail_memory(err);
    }
    auto_(source) struct source *owned = &self->base;
    self->base.ops = &peek_ops;
    self->next = next;
    int rc = img__input_open(&self->input, next, err);
    if (rc)
        return rc;
    ssize_t got = img__input_fill(&self->input, PEEK_BYTES, err);
    if (got < 0)
        return got;
    *start = img__input_at(&self->input);
    *out = steal(owned);
    return got < (ssize_t)PEEK_BYTES ? got : (ssize_t)PEEK_BYTES;
}
