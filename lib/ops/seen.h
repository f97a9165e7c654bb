/* SPDX-License-Identifier: Apache-2.0
 *
 * What a walk over an image has met: an image may reach one thing in several ways, and a hostile
 * one in very many.
 */
#ifndef IMG_OPS_SEEN_H
#define IMG_OPS_SEEN_H

#include <stdbool.h>

#include <libimg/values.h>

#include "core/index.h"

/* What a hostile index may make us hold. */
#define SEEN_DOCUMENTS_MAX ((size_t)INDEX_ENTRIES_MAX + 1)
#define SEEN_DOCUMENT_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define SEEN_BLOBS_MAX ((size_t)16 * 1024)

/* Remembers a descriptor in a tree (see tsearch(); NULL is an empty one); *known: it was there
 * before. IMG_EFORMAT if it had another size there. */
int img__seen_add(void **tree, const img_descriptor *descriptor, bool *known, img_error *err);
void img__seen_free(void *tree);

#endif
