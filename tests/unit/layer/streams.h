/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams for the tests of the readers: a source that gives its bytes in pieces of a chosen size,
 * and reading one to its end.
 */
#ifndef TESTS_STREAMS_H
#define TESTS_STREAMS_H

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/io.h"

struct pieces {
    struct source base;
    const char *data;
    size_t len;
    size_t at;
    size_t piece; /* most bytes per read */
};

static inline ssize_t pieces_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct pieces *self = (struct pieces *)source;
    (void)err;
    if (len > self->piece)
        len = self->piece;
    if (len > self->len - self->at)
        len = self->len - self->at;
    if (len)
        memcpy(data, self->data + self->at, len);
    self->at += len;
    return (ssize_t)len;
}

static inline int pieces_rewind(struct source *source, img_error *err)
{
    (void)err;
    ((struct pieces *)source)->at = 0;
    return 0;
}

static inline void pieces_free(struct source *source)
{
    free(source);
}

/* data is borrowed. */
static inline struct source *pieces_new(const void *data, size_t len, size_t piece)
{
    static const struct source_ops ops = {
        .read = pieces_read, .rewind = pieces_rewind, .free = pieces_free};
    struct pieces *self = calloc(1, sizeof(*self));
    if (!self)
        abort();
    *self = (struct pieces){{&ops}, data, len, 0, piece};
    return &self->base;
}

/* Appends what source has, by reads of piece bytes at most; 0 or a code. */
static inline int read_all(struct source *source, size_t piece, struct buf *out, img_error *err)
{
    for (;;) {
        char *room = img__buf_reserve(out, piece);
        if (!room)
            return img__buf_check(out, "the test's buffer", err);
        ssize_t got = img__source_read(source, room, piece, err);
        if (got <= 0)
            return (int)got;
        out->len += (size_t)got;
    }
}

/* A generator that is the same everywhere. */
static inline uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

#endif
