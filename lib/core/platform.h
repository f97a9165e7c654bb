/* SPDX-License-Identifier: Apache-2.0
 *
 * Platforms: choosing from an index (image-spec, image-index.md; containerd's rules for variants).
 */
#ifndef IMG_CORE_PLATFORM_H
#define IMG_CORE_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>

#include <libimg/values.h>

/* How well an image of platform have serves one that wants want: 0 not at all, more is better. arm
 * v8 runs v7 and v6, arm64 without a variant is v8, amd64 v3 runs v2 and v1. */
int img__platform_match(const img_platform *want, const img_platform *have);

/* The first of the best manifests and indexes; count if none serves. Entries with os "unknown"
 * (attestations) never serve; one without any platform serves if no other does. */
size_t img__platform_select(const img_platform *want, const img_descriptor *entries, size_t count);

/* "linux/arm64/v8"; text has at least IMG_PLATFORM_TEXT_MAX bytes. */
#define IMG_PLATFORM_TEXT_MAX 104
void img__platform_format(const img_platform *platform, char *text);

#endif
