/* SPDX-License-Identifier: Apache-2.0
 *
 * Telling what would be done, topic by topic.
 */
#ifndef IMG_REGISTRY_EXPLAIN_H
#define IMG_REGISTRY_EXPLAIN_H

#include "registry/places.h"

struct telling {
    img_explain_fn fn;
    void *arg;
};

/* text NULL: nothing. */
int img__tell(const struct telling *telling, const char *topic, const char *text, img_error *err);

/* What is known of a reference and of its places without asking them. */
int img__explain_places(const struct telling *telling, struct registry *registry,
                        const img_reference *reference, img_error *err);

/* "https://HOST/v2/PATH" */
int img__explain_place(const struct telling *telling, const char *topic, const struct place *place,
                       img_error *err);

/* For mirrors and the origin alike: whose credential a place would get. */
int img__explain_account(const struct telling *telling, const char *topic, struct place *place,
                         img_error *err);

#endif
