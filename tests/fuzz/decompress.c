/* SPDX-License-Identifier: Apache-2.0
 *
 * gzip and zstd. The first two bytes say in what pieces data goes in and comes out; the second
 * time, after a rewind, the same must come out.
 */
#include "fuzz.h"

#include "layer/decompress.h"

#define OUT_MAX ((uint64_t)1 << 20)

struct pieces {
    struct source base;
    struct source *next;
    size_t len;
};

static ssize_t pieces_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct pieces *self = (struct pieces *)source;
    return img__source_read(self->next, data, len < self->len ? len : self->len, err);
}

static int pieces_rewind(struct source *source, img_error *err)
{
    return img__source_rewind(((struct pieces *)source)->next, err);
}

static void pieces_free(struct source *source)
{
    img__source_free(((struct pieces *)source)->next);
    free(source);
}

static const struct source_ops pieces_ops = {
    .read = pieces_read, .rewind = pieces_rewind, .free = pieces_free};

static struct source *pieces_new(const uint8_t *data, size_t len, size_t piece)
{
    struct pieces *self = calloc(1, sizeof(*self));
    must(self);
    self->base.ops = &pieces_ops;
    self->len = piece;
    must(img__source_memory(data, len, &self->next, NULL) == 0);
    return &self->base;
}

/* How it ended. */
static ssize_t drain(struct source *source, size_t piece, uint64_t *total)
{
    static char data[65536];
    ssize_t n = 0;

    *total = 0;
    while (*total < OUT_MAX && (n = img__source_read(source, data, piece, NULL)) > 0)
        *total += (uint64_t)n;
    return n < 0 ? n : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    auto_(source) struct source *source = NULL;
    uint64_t first, second;

    if (len < 2)
        return 0;
    const size_t in = 1 + data[0] % 64u, out = 1 + data[1] * 37u;
    const enum compression compression = img__decompress_detect(data + 2, len - 2);
    must(img__source_decompress(compression, "x", pieces_new(data + 2, len - 2, in), &source,
                                NULL) == 0);
    ssize_t ended = drain(source, out, &first);
    must(img__source_rewind(source, NULL) == 0);
    must(drain(source, out, &second) == ended);
    must(first == second);
    return 0;
}
