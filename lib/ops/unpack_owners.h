/* SPDX-License-Identifier: Apache-2.0
 *
 * Who will own what is unpacked, and what this process may make.
 */
#ifndef IMG_OPS_UNPACK_OWNERS_H
#define IMG_OPS_UNPACK_OWNERS_H

#include <libimg/unpack.h>

#include "layer/id_map.h"

struct unpack_owners {
    bool owners;  /* they are set */
    bool devices; /* they are made */
    struct id_map map;
};

/* dir_fd is a directory to try in. The struct is to be cleared in any case. */
int img__unpack_owners_find(const img_unpack_options *options, int dir_fd,
                            struct unpack_owners *out, img_error *err);

static inline void img__auto_unpack_owners(struct unpack_owners *owners)
{
    img__id_map_free(&owners->map);
}

#endif
