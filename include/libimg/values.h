/* SPDX-License-Identifier: Apache-2.0
 *
 * Values: plain structs that are copied by assignment and never freed. All zero is "none".
 */
#ifndef LIBIMG_VALUES_H
#define LIBIMG_VALUES_H

#include <stddef.h>
#include <stdint.h>

#include <libimg/error.h>
#include <libimg/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A content digest in its text form, "sha256:" and 64 lower-case hexadecimal digits, or sha384 or
 * sha512 (image-spec, descriptor.md, "Digests"). Compare with strcmp(). */
typedef struct img_digest {
    char text[136];
} img_digest;

/* Checks the grammar: IMG_EINVAL if it is not a digest, IMG_EUNSUPPORTED for an algorithm that
 * cannot be verified here. */
IMG_API int img_digest_parse(const char *text, img_digest *out, img_error *err);

/* What a manifest is for (image-spec, image-index.md, "platform"). */
typedef struct img_platform {
    char os[32];           /* "linux" */
    char architecture[32]; /* "amd64" */
    char variant[32];      /* "v8", or "" */
    char os_version[64];   /* "10.0.14393.1066", or "" */
} img_platform;

/* Parses "os/architecture[/variant]"; a lone architecture means linux. The usual aliases are
 * normalised: x86_64 to amd64, aarch64 to arm64. */
IMG_API int img_platform_parse(const char *text, img_platform *out, img_error *err);

/* The platform of this machine. */
IMG_API void img_platform_host(img_platform *out);

/* What points at content: its type, digest and size (image-spec, descriptor.md). */
typedef struct img_descriptor {
    char media_type[256];
    img_digest digest;
    uint64_t size_bytes;
    img_platform platform; /* of an entry of an index; all "" elsewhere */
} img_descriptor;

/* What a layer may be, although tools read it differently or it is against a specification. Each is
 * refused unless it is allowed by its bit. */
#define IMG_COMPAT_DUPLICATES 1u  /* a path twice in one layer: the last one counts */
#define IMG_COMPAT_TRAILING 2u    /* bytes behind the end of the tar or the last member: ignored */
#define IMG_COMPAT_SNIFF 4u       /* a media type that the bytes belie: the bytes count */
#define IMG_COMPAT_SINGLE_ZERO 8u /* entries behind a single block of zeros: they count */
#define IMG_COMPAT_ALL 15u

#ifdef __cplusplus
}
#endif

#endif
