/* SPDX-License-Identifier: Apache-2.0
 *
 * Building what a plan says.
 */
#ifndef CLI_BUILD_MAKE_H
#define CLI_BUILD_MAKE_H

#include "build_output.h"
#include "build_plan.h"

/* An image that was made. */
struct made {
    img_build *build; /* still open: as long as it is, nobody collects what has no name */
    img_descriptor manifest;
    img_descriptor config;
};

/* Makes the image and sets its names. On failure, too, free it with made_free(). */
int build_make(struct cli *cli, const struct build_plan *plan, img_store *store, img_client *client,
               struct made *made, img_error *err);
void made_free(struct made *made);

static inline void auto_made(struct made *made)
{
    made_free(made);
}

#endif
