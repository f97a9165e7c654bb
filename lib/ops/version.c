/* SPDX-License-Identifier: Apache-2.0
 *
 * Versions at run time: ours, and what each room says of the library behind it.
 */
#include <libimg/error.h>
#include <libimg/version.h>

#include "core/digest.h"
#include "core/json.h"
#include "layer/compress.h"
#include "layer/decompress.h"
#include "layer/import.h"
#include "net/http.h"

/* Of the bytes that layers are written in: it changes whenever the same input gives other bytes. */
#define LAYER_FORMAT "2"

uint32_t img_version_number(void)
{
    return LIBIMG_VERSION_NUMBER;
}

const char *img_version_string(void)
{
    return LIBIMG_VERSION_STRING;
}

static const char *layer_format(void)
{
    return LAYER_FORMAT;
}

static const struct {
    const char *name;
    const char *(*version)(void);
} rows[] = {
    {"libimg", img_version_string},
    {"layer format", layer_format},
    {"libarchive", img__import_libarchive_version},
    {"libcurl", img__http_library_version},
    {"OpenSSL", img__digest_library_version},
    {"jansson", img__json_library_version},
    {"libdeflate", img__compress_libdeflate_version},
    {"ISA-L", img__decompress_isal_version},
    {"libzstd", img__compress_zstd_version},
};

int img_version_details(size_t index, img_version_detail *out)
{
    if (index >= sizeof(rows) / sizeof(rows[0]))
        return IMG_ENOTFOUND;
    out->name = rows[index].name;
    out->version = rows[index].version();
    return 0;
}
