/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of what is added, from the caller's form into that of the scan and the import.
 */
#ifndef IMG_OPS_ADD_OPTIONS_H
#define IMG_OPS_ADD_OPTIONS_H

#include "layer/id_map.h"
#include "layer/mode_change.h"
#include "layer/scan.h"
#include "ops/build.h"

struct add_options {
    img_add_options given;
    struct scan_options scan; /* points into this struct; prefix is yet to be set */
    struct mode_change chmod;
    struct id_map id_map;
    struct ignore *ignore; /* NULL: nothing is left out */
};

/* Takes over options, which may be NULL, after looking at them. out must not move afterwards, and
 * is all zero before. */
int img__add_options_take(img_build *build, const img_add_options *options, struct add_options *out,
                          img_error *err);
void img__add_options_free(struct add_options *options);

static inline void img__auto_add_options(struct add_options *options)
{
    img__add_options_free(options);
}

#endif
