/* SPDX-License-Identifier: Apache-2.0
 *
 * A layer of an image as a plain tar stream that is checked all the way: the blob against its
 * descriptor, its bytes against their media type, the tar against the config.
 */
#ifndef IMG_OPS_LAYER_SOURCE_H
#define IMG_OPS_LAYER_SOURCE_H

#include <stdatomic.h>

#include "store/store.h"

struct layer_opening {
    unsigned threads; /* more than 1: decompression has one of its own, until the source is freed */
    uint32_t compat;  /* IMG_COMPAT_... or-ed */
    _Atomic uint64_t *read_bytes; /* grows by what is read of the blob; NULL: nobody asks */
};

/* Opens a layer, whose tar has diff_id as the config says. The source fails with IMG_EDIGEST where
 * it would end if the blob or the tar is another one than promised: so its bytes count once it has
 * ended, and not before. */
int img__layer_open(img_store *store, const img_descriptor *layer, const img_digest *diff_id,
                    unsigned threads, struct source **out, img_error *err);
int img__layer_open_with(img_store *store, const img_descriptor *layer, const img_digest *diff_id,
                         const struct layer_opening *opening, struct source **out, img_error *err);

#endif
