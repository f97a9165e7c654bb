/* SPDX-License-Identifier: Apache-2.0
 *
 * zstd by libzstd: any number of frames, skippable ones among them (RFC 8878, layers.md Z8, Z12,
 * Z13). The magic number of each frame is looked at here, so that legacy formats, which libzstd may
 * have been built to read, are refused. A window larger than 128 MiB is, too.
 */
#include <inttypes.h>

#include <zstd.h>
#include <zstd_errors.h>

#include "layer/decompress.h"
#include "layer/unpack.h"

#define WINDOW_LOG_MAX 27
#define MAGIC_BYTES 4u

struct unzstd {
    struct unpack unpack;
    ZSTD_DCtx *context;
};

static bool is_frame(const uint8_t *at, size_t got)
{
    return img__decompress_detect(at, got) == COMPRESSION_ZSTD;
}

/* The header is libzstd's to read. */
static int begin_frame(struct unpack *unpack, img_error *err)
{
    (void)unpack;
    (void)err;
    return 0;
}

static int fail_zstd(struct unzstd *self, size_t status, img_error *err)
{
    ZSTD_ErrorCode code = ZSTD_getErrorCode(status);
    if (code == ZSTD_error_memory_allocation)
        return img__fail_memory(err);
    if (code == ZSTD_error_frameParameter_windowTooLarge)
        return img__fail(err, IMG_ELIMIT,
                         "%s: the zstd frame at byte %" PRIu64
                         " needs a window of more than %d MiB; compress it again without --long",
                         self->unpack.name, self->unpack.part_offset, 1 << (WINDOW_LOG_MAX - 20));
    return img__fail(err, IMG_EFORMAT, "%s: the zstd frame at byte %" PRIu64 " is damaged: %s",
                     self->unpack.name, self->unpack.part_offset, ZSTD_getErrorName(status));
}

static int refill(struct unzstd *self, img_error *err)
{
    if (self->unpack.input.pos < self->unpack.input.len)
        return 0;
    ssize_t got = img__input_fill(&self->unpack.input, 1, err);
    if (got < 0)
        return (int)got;
    return got == 0 ? img__unpack_fail(&self->unpack, "is cut short", err) : 0;
}

/* How many bytes came out, which may be none, or a code. */
static ssize_t decompress_some(struct unpack *unpack, void *data, size_t len, img_error *err)
{
    struct unzstd *self = (struct unzstd *)unpack;
    struct input *input = &self->unpack.input;
    ZSTD_outBuffer out = {data, len, 0};
    ZSTD_inBuffer in = {img__input_at(input), input->len - input->pos, 0};
    size_t status = ZSTD_decompressStream(self->context, &out, &in);
    if (ZSTD_isError(status))
        return fail_zstd(self, status, err);
    input->pos += in.pos;

    int rc = 0;
    if (status == 0)
        self->unpack.inside = false;
    else if (out.pos == 0)
        rc = refill(self, err);
    return rc ? rc : (ssize_t)out.pos;
}

static void reset(struct unpack *unpack)
{
    ZSTD_DCtx_reset(((struct unzstd *)unpack)->context, ZSTD_reset_session_only);
}

static void close_context(struct unpack *unpack)
{
    ZSTD_freeDCtx(((struct unzstd *)unpack)->context);
}

static const struct unpack_ops unzstd_ops = {
    .format = "zstd",
    .part = "frame",
    .is_part = is_frame,
    .magic_bytes = MAGIC_BYTES,
    .begin = begin_frame,
    .some = decompress_some,
    .reset = reset,
    .close = close_context,
};

int img__source_unzstd(const char *name, struct source *next, struct source **out, img_error *err)
{
    auto_free struct unzstd *self = calloc(1, sizeof(*self));
    if (self)
        self->context = ZSTD_createDCtx();
    if (!self || !self->context ||
        ZSTD_isError(ZSTD_DCtx_setParameter(self->context, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
        if (self)
            ZSTD_freeDCtx(self->context);
        img__source_free(next);
        return img__fail_memory(err);
    }
    return img__unpack_open(&steal(self)->unpack, &unzstd_ops, name, next, out, err);
}
