/* SPDX-License-Identifier: Apache-2.0
 *
 * A source whose beginning can be looked at before it is read.
 */
#ifndef IMG_LAYER_PEEK_H
#define IMG_LAYER_PEEK_H

#include "base/io.h"

#define PEEK_BYTES ((size_t)36 * 1024) /* where file systems have their names */

/* Takes next over, also on failure. Returns how many of the first bytes, PEEK_BYTES at most, are at
 * *start, where they stay until *out is read; or a code. */
ssize_t img__peek_open(struct source *next, struct source **out, const uint8_t **start,
                       img_error *err);

#endif
