/* SPDX-License-Identifier: Apache-2.0
 *
 * zstd by libzstd: any number of frames, skippable ones among them (RFC 8878, layers.md Z8, Z12,
 * Z13). The magic number of each frame is looked at here, so that legacy formats, which libzstd may
 * have been built to read, are refused. A window larger than 128 MiB is, too.
 */
#include <inttypes.h>
#include <string.h>

#include <zstd.h>
#include <zstd_errors.h>

#include "layer/decompress.h"
#include "layer/input.h"
#include "layer/unpack.h"

#define WINDOW_LOG_MAX 27
#define MAGIC_BYTES 4u

struct unzstd {
    struct source base;
    struct source *next;
    char *name;
    struct input input;
    ZSTD_DCtx *context;
    uint64_t frames;
    uint64_t frame_offset;
    bool inside; /* a frame */
    int failed;
};

/* 1: inside the next frame; 0: there is none. */
static int begin_frame(struct unzstd *self, img_error *err)
{
    ssize_t got = img__input_fill(&self->input, MAGIC_BYTES, err);
    if (got < 0)
        return (int)got;
    if (got == 0)
        return self->frames ? 0 : img__fail(err, IMG_EFORMAT, "%s: is empty, not zstd", self->name);

    self->frame_offset = img__input_offset(&self->input);
    if (img__decompress_detect(img__input_at(&self->input), (size_t)got) != COMPRESSION_ZSTD)
        return self->frames ? img__fail(err, IMG_EFORMAT,
                                        "%s: something that is not zstd follows the last zstd "
                                        "frame at byte %" PRIu64,
                                        self->name, self->frame_offset)
                            : img__fail(err, IMG_EFORMAT, "%s: is not zstd", self->name);
    self->inside = true;
    self->frames++;
    return 1;
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
                         self->name, self->frame_offset, 1 << (WINDOW_LOG_MAX - 20));
    return img__fail(err, IMG_EFORMAT, "%s: the zstd frame at byte %" PRIu64 " is damaged: %s",
                     self->name, self->frame_offset, ZSTD_getErrorName(status));
}

static int refill(struct unzstd *self, img_error *err)
{
    if (self->input.pos < self->input.len)
        return 0;
    ssize_t got = img__input_fill(&self->input, 1, err);
    if (got < 0)
        return (int)got;
    if (got == 0)
        return img__fail(err, IMG_EFORMAT, "%s: the zstd frame at byte %" PRIu64 " is cut short",
                         self->name, self->frame_offset);
    return 0;
}

/* How many bytes came out, which may be none, or a code. */
static ssize_t decompress_some(struct unzstd *self, void *data, size_t len, img_error *err)
{
    struct input *input = &self->input;
    ZSTD_outBuffer out = {data, len, 0};
    ZSTD_inBuffer in = {img__input_at(input), input->len - input->pos, 0};
    size_t status = ZSTD_decompressStream(self->context, &out, &in);
    if (ZSTD_isError(status))
        return fail_zstd(self, status, err);
    input->pos += in.pos;

    int rc = 0;
    if (status == 0)
        self->inside = false;
    else if (out.pos == 0)
        rc = refill(self, err);
    return rc ? rc : (ssize_t)out.pos;
}

static ssize_t read_on(struct unzstd *self, void *data, size_t len, img_error *err)
{
    ssize_t got = 0;
    while (got == 0 && len > 0) {
        if (!self->inside) {
            int rc = begin_frame(self, err);
            if (rc <= 0)
                return rc;
        }
        got = decompress_some(self, data, len, err);
    }
    return got;
}

static ssize_t unzstd_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct unzstd *self = (struct unzstd *)source;
    if (self->failed)
        return img__fail(err, self->failed, "%s: an earlier read failed", self->name);
    ssize_t got = read_on(self, data, len, err);
    if (got < 0)
        self->failed = (int)got;
    return got;
}

static int unzstd_rewind(struct source *source, img_error *err)
{
    struct unzstd *self = (struct unzstd *)source;
    int rc = img__source_rewind(self->next, err);
    if (rc)
        return rc;
    ZSTD_DCtx_reset(self->context, ZSTD_reset_session_only);
    img__input_reset(&self->input);
    self->frames = 0;
    self->inside = false;
    self->failed = 0;
    return 0;
}

static void unzstd_free(struct source *source)
{
    struct unzstd *self = (struct unzstd *)source;
    img__source_free(self->next);
    img__input_close(&self->input);
    ZSTD_freeDCtx(self->context);
    free(self->name);
    free(self);
}

static const struct source_ops unzstd_ops = {unzstd_read, unzstd_rewind, unzstd_free};

int img__source_unzstd(const char *name, struct source *next, struct source **out, img_error *err)
{
    struct unzstd *self = calloc(1, sizeof(*self));
    if (!self) {
        img__source_free(next);
        return img__fail_memory(err);
    }
    auto_(source) struct source *owned = &self->base;
    self->base.ops = &unzstd_ops;
    self->next = next;
    self->name = strdup(name);
    self->context = ZSTD_createDCtx();
    if (!self->name || !self->context ||
        ZSTD_isError(ZSTD_DCtx_setParameter(self->context, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
        return img__fail_memory(err);
    int rc = img__input_open(&self->input, next, err);
    if (rc)
        return rc;
    *out = steal(owned);
    return 0;
}
