/* SPDX-License-Identifier: Apache-2.0
 *
 * A place with what it takes to use it: the store behind it, and the lease on that.
 */
#ifndef IMG_OPS_COPY_PLACE_H
#define IMG_OPS_COPY_PLACE_H

#include <libimg/copy.h>

#include "ops/transport.h"
#include "store/store.h"

struct copy_place {
    struct transport where;
    img_reference reference; /* of a registry and, if its name is one, of a store */
    char *name;              /* that it has, or gets, there; NULL: there are no names */
    img_store *store;        /* NULL: no layout, or the caller's store */
    struct lease *lease;
    struct endpoint *endpoint;
};

/* client and store as img_copy() has them. *place is all zero. */
int img__copy_place_from(const char *text, img_client *client, img_store *store,
                         struct copy_place *place, img_error *err);
/* Where something of from goes to; by itself it gets a name that is like its name there. preview:
 * nothing is created. */
int img__copy_place_to(const char *text, img_client *client, img_store *store,
                       const struct copy_place *from, bool preview, struct copy_place *place,
                       img_error *err);
void img__copy_place_free(struct copy_place *place);

static inline void img__auto_copy_place(struct copy_place *place)
{
    img__copy_place_free(place);
}

#endif
