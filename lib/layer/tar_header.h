/* SPDX-License-Identifier: Apache-2.0
 *
 * The header blocks of one entry, without any stream.
 */
#ifndef IMG_LAYER_TAR_HEADER_H
#define IMG_LAYER_TAR_HEADER_H

#include "base/buf.h"
#include "layer/entry.h"

#define TAR_BLOCK 512u
#define TAR_PAX_MAX ((size_t)1 << 20) /* of records; Go's reader takes no more */

/* What the blocks of an entry come to at most. */
#define TAR_HEADER_MAX (TAR_PAX_MAX + 3 * TAR_BLOCK)

/* Fills out, from its start, with the blocks that come before an entry's data. The entry has passed
 * img__entry_check(); a sub-second time makes a record. IMG_ELIMIT if its extended attributes are
 * too large together. */
int img__tar_header(const struct entry *entry, struct buf *out, img_error *err);

/* How many zeros follow so many bytes of data. */
static inline unsigned img__tar_padding(uint64_t size)
{
    return (unsigned)(-size % TAR_BLOCK);
}

#endif
