/* SPDX-License-Identifier: Apache-2.0
 *
 * A source of which all that is read goes to a sink, too.
 */
#ifndef IMG_LAYER_TEE_H
#define IMG_LAYER_TEE_H

#include "base/io.h"

struct tee {
    struct source source;
    struct source *next; /* borrowed */
    struct sink *copy;   /* borrowed */
};

/* On the stack of the caller; it need not be freed. */
void img__tee_init(struct tee *tee, struct source *next, struct sink *copy);

#endif
