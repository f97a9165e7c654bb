/* SPDX-License-Identifier: Apache-2.0
 *
 * Building what a plan says.
 */
#ifndef CLI_BUILD_MAKE_H
#define CLI_BUILD_MAKE_H

#include "build_plan.h"

/* An image for one platform. */
struct made_image {
    img_build *build; /* still open: as long as it is, nobody collects what has no name */
    img_platform platform;
    img_descriptor manifest;
    img_descriptor config;
};

struct made {
    struct made_image *images;
    size_t count;
    img_index *index;      /* of several; else NULL */
    img_descriptor target; /* the index, or the one manifest */
};

/* Makes the image for each platform, and an index if there are several, and sets the names. On
 * failure, too, free it with made_free(). */
int build_make(struct cli *cli, const struct build_plan *plan, img_store *store, img_client *client,
               struct made *made, img_error *err);
void made_free(struct made *made);

static inline void auto_made(struct made *made)
{
    made_free(made);
}

#endif
