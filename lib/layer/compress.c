/* SPDX-License-Identifier: Apache-2.0
 *
 * The sink that cuts a stream into blocks and passes them on compressed. It cuts after every
 * block_bytes of its codec, wherever the writes begin and end, so the bytes depend on the stream
 * alone. A stream of nothing is one empty block: no bytes at all would not be valid (layers.md Z2,
 * Z3, section 10 of performance.md).
 */
#include "layer/compress.h"

#include <string.h>

#include "layer/block.h"

struct compressor {
    struct sink sink;
    const struct block_codec *codec;
    void *state;
    struct sink *next;
    char *in;
    size_t in_len; /* of the block that is being filled */
    char *out;
    size_t out_cap;
    bool begun; /* a block went out */
};

static void compressor_free(struct sink *sink)
{
    struct compressor *c = (struct compressor *)sink;
    if (c->state)
        c->codec->close(c->state);
    img__sink_free(c->next);
    free(c->in);
    free(c->out);
    free(c);
}

static int pass_block(struct compressor *c, const void *block, size_t len, img_error *err)
{
    ssize_t n = c->codec->compress(c->state, block, len, c->out, c->out_cap, err);
    if (n < 0)
        return (int)n;
    c->begun = true;
    return img__sink_write(c->next, c->out, (size_t)n, err);
}

static int compressor_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    struct compressor *c = (struct compressor *)sink;
    const size_t block = c->codec->block_bytes;
    const char *at = data;

    while (len > 0) {
        /* A whole block that lies in the caller's memory need not be copied. */
        bool whole = c->in_len == 0 && len >= block;
        size_t part = block - c->in_len;
        if (part > len)
            part = len;
        if (!whole) {
            memcpy(c->in + c->in_len, at, part);
            c->in_len += part;
        }
        if (whole || c->in_len == block) {
            int rc = pass_block(c, whole ? at : c->in, block, err);
            if (rc)
                return rc;
            c->in_len = 0;
        }
        at += part;
        len -= part;
    }
    return 0;
}

static int compressor_close(struct sink *sink, img_error *err)
{
    struct compressor *c = (struct compressor *)sink;
    if (c->in_len > 0 || !c->begun) {
        int rc = pass_block(c, c->in, c->in_len, err);
        if (rc)
            return rc;
        c->in_len = 0;
    }
    return img__sink_close(c->next, err);
}

static const struct sink_ops compressor_ops = {
    .write = compressor_write,
    .close = compressor_close,
    .free = compressor_free,
};

static int open_codec(const struct block_codec *codec, int level, struct compressor *c,
                      img_error *err)
{
    if (level < 0 || level > codec->highest_level)
        return img__fail(err, IMG_EINVAL, "%s has no level %d: 1 to %d, or 0 for the default of %d",
                         codec->name, level, codec->highest_level, codec->default_level);
    c->codec = codec;
    c->out_cap = codec->bound(codec->block_bytes);
    c->in = malloc(codec->block_bytes);
    c->out = malloc(c->out_cap);
    c->state = codec->open(level ? level : codec->default_level);
    return c->in && c->out && c->state ? 0 : img__fail_memory(err);
}

int img__sink_compress(enum compression compression, int level, struct sink *next,
                       struct sink **out, img_error *err)
{
    auto_(sink) struct sink *owned = next;

    if (compression == COMPRESSION_NONE) {
        if (level != 0)
            return img__fail(err, IMG_EINVAL, "no compression has no level %d", level);
        *out = steal(owned);
        return 0;
    }

    struct compressor *c = calloc(1, sizeof(*c));
    if (!c)
        return img__fail_memory(err);
    c->sink.ops = &compressor_ops;
    c->next = steal(owned);
    int rc = open_codec(compression == COMPRESSION_GZIP ? &img__block_gzip : &img__block_zstd,
                        level, c, err);
    if (rc) {
        compressor_free(&c->sink);
        return rc;
    }
    *out = &c->sink;
    return 0;
}
