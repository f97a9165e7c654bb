/* SPDX-License-Identifier: Apache-2.0
 *
 * A zstd frame a block, by libzstd (RFC 8878; layers.md Z2, Z4, Z7, Z8). Everything that could
 * change the bytes is set, also what is the library's default today. No threads inside, since the
 * library cuts differently with them; the caller runs blocks side by side instead.
 */
#define ZSTD_STATIC_LINKING_ONLY /* names ZSTD_c_useRowMatchFinder; nothing else of it is used */
#include <zstd.h>
#include <zstd_errors.h>

#include "layer/block.h"
#include "layer/compress.h"

/* Small frames cost zstd much more than small members cost gzip: against this, units of 1 MiB make
 * a Debian root file system 6 % larger, and 4 MiB make it 1 % smaller for a third more memory. */
#define UNIT ((size_t)2816 * 1024)

static size_t bound(size_t len)
{
    return ZSTD_compressBound(len);
}

static void close_state(void *state)
{
    ZSTD_freeCCtx(state);
}

static void *open_state(int level)
{
    const struct {
        ZSTD_cParameter name;
        int value;
    } pins[] = {
        {ZSTD_c_compressionLevel, level},
        {ZSTD_c_windowLog, 23}, /* more than any block, and what every decoder takes */
        {ZSTD_c_contentSizeFlag, 1},
        {ZSTD_c_checksumFlag, 1},
        {ZSTD_c_dictIDFlag, 0},
        {ZSTD_c_nbWorkers, 0},
        /* Left alone it depends on the vector instructions of the processor. */
        {ZSTD_c_useRowMatchFinder, ZSTD_ps_enable},
    };
    ZSTD_CCtx *context = ZSTD_createCCtx();
    if (!context)
        return NULL;
    for (size_t i = 0; i < sizeof(pins) / sizeof(pins[0]); i++)
        if (ZSTD_isError(ZSTD_CCtx_setParameter(context, pins[i].name, pins[i].value))) {
            close_state(context);
            return NULL;
        }
    return context;
}

static ssize_t compress(void *state, const void *block, size_t len, void *out, size_t cap,
                        img_error *err)
{
    size_t n = ZSTD_compress2(state, out, cap, block, len);
    if (ZSTD_isError(n))
        return img__fail(
            err, ZSTD_getErrorCode(n) == ZSTD_error_memory_allocation ? IMG_ENOMEM : IMG_EFAIL,
            "zstd did not compress a block of %zu bytes: %s", len, ZSTD_getErrorName(n));
    return (ssize_t)n;
}

const struct block_codec img__block_zstd = {
    .name = "zstd",
    .unit = UNIT,
    .default_level = 3,
    .highest_level = 19,
    .bound = bound,
    .open = open_state,
    .close = close_state,
    .compress = compress,
};

const char *img__compress_zstd_version(void)
{
    return ZSTD_versionString();
}
