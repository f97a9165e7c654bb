/* SPDX-License-Identifier: Apache-2.0
 *
 * An image by its name: of the store, or else of a registry.
 */
#ifndef IMG_OPS_FIND_H
#define IMG_OPS_FIND_H

#include <stdbool.h>

#include <libimg/client.h>
#include <libimg/image.h>

struct image_search {
    img_store *store;
    img_client *client;           /* NULL: nothing is pulled */
    const img_platform *platform; /* picks a manifest of an index; NULL: this machine's */
    bool required;                /* one that has no index must be for platform, too */
    img_event_fn on_event;        /* of the pull */
    void *on_event_arg;
};

/* Opens it; if the store does not have it, or not for the platform, it is pulled first. */
int img__image_find(const struct image_search *search, const char *reference, img_image **out,
                    img_error *err);

/* The same of one that the store has. */
int img__image_find_descriptor(const struct image_search *search, const img_descriptor *descriptor,
                               img_image **out, img_error *err);

#endif
