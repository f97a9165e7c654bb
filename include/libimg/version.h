/* SPDX-License-Identifier: Apache-2.0
 *
 * Versions: of the headers at compile time, of the library at run time.
 */
#ifndef LIBIMG_VERSION_H
#define LIBIMG_VERSION_H

#include <stddef.h>
#include <stdint.h>

#include <libimg/export.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LIBIMG_VERSION_MAJOR 0
#define LIBIMG_VERSION_MINOR 1
#define LIBIMG_VERSION_PATCH 0
#define LIBIMG_VERSION_STRING "0.1.0"

#define LIBIMG_VERSION_ENCODE(major, minor, patch)                                                 \
    (((uint32_t)(major) << 16) | ((uint32_t)(minor) << 8) | (uint32_t)(patch))
#define LIBIMG_VERSION_NUMBER                                                                      \
    LIBIMG_VERSION_ENCODE(LIBIMG_VERSION_MAJOR, LIBIMG_VERSION_MINOR, LIBIMG_VERSION_PATCH)

/* True when the headers are of this version or a later one. */
#define LIBIMG_VERSION_CHECK(major, minor, patch)                                                  \
    (LIBIMG_VERSION_NUMBER >= LIBIMG_VERSION_ENCODE(major, minor, patch))

/* The number of the library that is linked: compare with LIBIMG_VERSION_NUMBER. */
IMG_API uint32_t img_version_number(void);

/* The version of the library that is linked, as "0.1.0". */
IMG_API const char *img_version_string(void);

/* A component of the library and its version. */
typedef struct img_version_detail {
    const char *name;    /* "libcurl" */
    const char *version; /* "7.88.1", as the component reports it at run time */
} img_version_detail;

/* What a bug report needs: libimg, the format of the layers that it writes, and every dependency, a
 * row each, index counting from 0. Returns 0, or IMG_ENOTFOUND behind the last row. The strings are
 * static. */
IMG_API int img_version_details(size_t index, img_version_detail *out);

#ifdef __cplusplus
}
#endif

#endif
