/* SPDX-License-Identifier: Apache-2.0
 *
 * A blob that the caller writes: into a store by itself, or lent to a callback while something is
 * moved.
 */
#ifndef IMG_OPS_BLOB_WRITER_H
#define IMG_OPS_BLOB_WRITER_H

#include <libimg/blob.h>

#include "base/observe.h"
#include "store/store.h"

struct img_blob_writer {
    struct lease *lease; /* NULL: whoever lends it has one */
    struct sink *sink;   /* of a writer that is lent, borrowed */
    struct sink nowhere; /* behind that, for what is there already */
    img_descriptor blob; /* as promised; else once it is closed */
    uint64_t written_bytes;
    struct item *item; /* that it belongs to; NULL: none */
    bool lent;
    bool committed;
    int failed; /* what the first failure was */
    img_error failure;
};

#endif
