/* SPDX-License-Identifier: Apache-2.0
 *
 * The decompressors behind decompress.h. Each takes next over, also on failure.
 */
#ifndef IMG_LAYER_UNPACK_H
#define IMG_LAYER_UNPACK_H

#include "base/io.h"

int img__source_gunzip(const char *name, struct source *next, struct source **out, img_error *err);
int img__source_unzstd(const char *name, struct source *next, struct source **out, img_error *err);

#endif
