/* SPDX-License-Identifier: Apache-2.0
 *
 * Image references, "[domain/]path[:tag][@digest]", with the grammar and the defaults of Docker:
 * "ubuntu" is docker.io/library/ubuntu:latest.
 */
#ifndef LIBIMG_REFERENCE_H
#define LIBIMG_REFERENCE_H

#include <libimg/values.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A reference, taken apart. A value: copied by assignment, never freed. */
typedef struct img_reference {
    char domain[272];  /* "docker.io", "localhost:5000", "[::1]:5000"; never empty */
    char path[256];    /* "library/ubuntu"; never empty */
    char tag[129];     /* "latest"; "" only if there is a digest */
    char reserved[7];  /* 0 */
    img_digest digest; /* "" if none */
} img_reference;

/* Enough for the text of any reference, NUL included. */
#define IMG_REFERENCE_TEXT_MAX 800

/* Parses and applies the defaults: docker.io, library/, and latest if there is neither a tag nor a
 * digest. IMG_EINVAL names what is wrong; IMG_EUNSUPPORTED is a digest algorithm unknown here. */
IMG_API int img_reference_parse(const char *text, img_reference *out, img_error *err);

/* Writes the full form, with tag and digest where they are set. Truncates never: text has at least
 * IMG_REFERENCE_TEXT_MAX bytes. */
IMG_API void img_reference_format(const img_reference *reference, char *text);

/* Writes the familiar form, for display: without docker.io/ and library/. It parses to the same
 * reference. text has at least IMG_REFERENCE_TEXT_MAX bytes. */
IMG_API void img_reference_familiar(const img_reference *reference, char *text);

#ifdef __cplusplus
}
#endif

#endif
