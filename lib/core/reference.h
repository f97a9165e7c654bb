/* SPDX-License-Identifier: Apache-2.0
 *
 * What the inside needs of references beyond <libimg/reference.h>.
 */
#ifndef IMG_CORE_REFERENCE_H
#define IMG_CORE_REFERENCE_H

#include <stdbool.h>

#include <libimg/reference.h>

/* host[:port] in the form for comparison (registry.md P11): lower case, one trailing dot and the
 * default port of https removed. size >= 272 suffices. */
void img__reference_host_normal(const char *host, char *out, size_t size);

/* Parses a registry's name alone, as login takes it: "docker.io", "localhost:5000", with or without
 * https:// and a path. out has at least 272 bytes. */
int img__reference_parse_registry(const char *text, char *out, img_error *err);

/* "docker.io/library/app@sha256:..." or with the tag alone: the name under which a store keeps it.
 * If there is a digest it decides and the tag is dropped. text: IMG_REFERENCE_TEXT_MAX. */
void img__reference_store_name(const img_reference *reference, char *text);

/* May text be a tag, or the path of a repository? */
bool img__reference_is_tag(const char *text);
bool img__reference_is_path(const char *text);

#endif
