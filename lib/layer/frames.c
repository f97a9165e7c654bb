/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames as in a layer, but kept in memory, for what stands in a layer behind its tar and has to
 * tell its size first.
 */
#include "layer/frames.h"

#include <string.h>

#include "layer/block.h"

struct frames {
    struct sink sink;
    struct buf *out;
    const char *what;
    void *codec;
    char *block;
    size_t len;
    bool begun;
};

static void frames_free(struct sink *sink)
{
    struct frames *frames = (struct frames *)sink;
    if (frames->codec)
        img__block_zstd.close(frames->codec);
    free(frames->block);
    free(frames);
}

static int put_frame(struct frames *frames, img_error *err)
{
    size_t bound = img__block_zstd.bound(frames->len);
    char *to = img__buf_reserve(frames->out, bound);
    int rc = img__buf_check(frames->out, frames->what, err);
    if (rc)
        return rc;
    ssize_t n = img__block_zstd.compress(frames->codec, frames->block, frames->len, to, bound, err);
    if (n < 0)
        return (int)n;
    frames->out->len += (size_t)n;
    frames->out->data[frames->out->len] = '\0';
    frames->len = 0;
    frames->begun = true;
    return 0;
}

static int frames_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    struct frames *frames = (struct frames *)sink;
    const char *at = data;
    while (len > 0) {
        size_t part = img__block_zstd.unit - frames->len;
        if (part > len)
            part = len;
        memcpy(frames->block + frames->len, at, part);
        frames->len += part;
        at += part;
        len -= part;
        int rc = frames->len == img__block_zstd.unit ? put_frame(frames, err) : 0;
        if (rc)
            return rc;
    }
    return 0;
}

static int frames_close(struct sink *sink, img_error *err)
{
    struct frames *frames = (struct frames *)sink;
    return frames->len > 0 || !frames->begun ? put_frame(frames, err) : 0;
}

static const struct sink_ops frames_ops = {
    .write = frames_write,
    .close = frames_close,
    .free = frames_free,
};

int img__sink_frames(int level, struct buf *out, const char *what, struct sink **sink,
                     img_error *err)
{
    auto_(sink) struct sink *made = calloc(1, sizeof(struct frames));
    struct frames *frames = (struct frames *)made;
    if (!frames)
        return img__fail_memory(err);
    frames->sink.ops = &frames_ops;
    frames->out = out;
    frames->what = what;
    frames->codec = img__block_zstd.open(level ? level : img__block_zstd.default_level);
    frames->block = malloc(img__block_zstd.unit);
    if (!frames->codec || !frames->block)
        return img__fail_memory(err);
    *sink = steal(made);
    return 0;
}
