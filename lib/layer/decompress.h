/* SPDX-License-Identifier: Apache-2.0
 *
 * Decompression of layers: gzip by ISA-L, zstd by libzstd; members and frames may be many. Each
 * checksum is checked, and so is that nothing follows the last (layers.md Z12).
 */
#ifndef IMG_LAYER_DECOMPRESS_H
#define IMG_LAYER_DECOMPRESS_H

#include "base/io.h"
#include "layer/compress.h"

/* What the first bytes are; COMPRESSION_NONE if they are neither gzip nor zstd. */
enum compression img__decompress_detect(const void *data, size_t len);

/* A source of what is in next, which it takes over, also on failure. name is for messages, copied.
 */
int img__source_decompress(enum compression compression, const char *name, struct source *next,
                           struct source **out, img_error *err);
/* The same, with what IMG_COMPAT_TRAILING allows. */
int img__source_decompress_compat(enum compression compression, uint32_t compat, const char *name,
                                  struct source *next, struct source **out, img_error *err);

/* "2.30.0" */
const char *img__decompress_isal_version(void);

#endif
