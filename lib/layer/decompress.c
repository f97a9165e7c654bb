/* SPDX-License-Identifier: Apache-2.0
 *
 * Which decompressor it is. The work is in gunzip.c and unzstd.c (layers.md Z8, Z12).
 */
#include "layer/decompress.h"

#include <string.h>

#include <isa-l.h>

#include <libimg/values.h>

#include "layer/unpack.h"

#define TEXT(x) #x
#define VERSION_TEXT(major, minor, patch) TEXT(major) "." TEXT(minor) "." TEXT(patch)

enum compression img__decompress_detect(const void *data, size_t len)
{
    static const uint8_t gzip[] = {0x1f, 0x8b};
    static const uint8_t zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
    static const uint8_t skippable[] = {0x2a, 0x4d, 0x18}; /* behind 0x50..0x5f */
    const uint8_t *bytes = data;

    if (len >= sizeof(gzip) && memcmp(bytes, gzip, sizeof(gzip)) == 0)
        return COMPRESSION_GZIP;
    if (len < sizeof(zstd))
        return COMPRESSION_NONE;
    if (memcmp(bytes, zstd, sizeof(zstd)) == 0)
        return COMPRESSION_ZSTD;
    /* pzstd and others put a skippable frame first. */
    if ((bytes[0] & 0xf0) == 0x50 && memcmp(bytes + 1, skippable, sizeof(skippable)) == 0)
        return COMPRESSION_ZSTD;
    return COMPRESSION_NONE;
}

int img__source_decompress(enum compression compression, const char *name, struct source *next,
                           struct source **out, img_error *err)
{
    switch (compression) {
    case COMPRESSION_GZIP:
        return img__source_gunzip(name, next, out, err);
    case COMPRESSION_ZSTD:
        return img__source_unzstd(name, next, out, err);
    case COMPRESSION_NONE:
        break;
    }
    *out = next;
    return 0;
}

int img__source_decompress_compat(enum compression compression, uint32_t compat, const char *name,
                                  struct source *next, struct source **out, img_error *err)
{
    int rc = img__source_decompress(compression, name, next, out, err);
    if (rc == 0 && compression != COMPRESSION_NONE && (compat & IMG_COMPAT_TRAILING))
        img__unpack_allow_trailing(*out);
    return rc;
}

const char *img__decompress_isal_version(void)
{
    return VERSION_TEXT(ISAL_MAJOR_VERSION, ISAL_MINOR_VERSION, ISAL_PATCH_VERSION);
}
