/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a tree goes: a directory of its own until it is complete, then the destination.
 */
#ifndef IMG_OPS_UNPACK_PLACE_H
#define IMG_OPS_UNPACK_PLACE_H

#include <stdbool.h>

#include "base/auto.h"
#include "base/err.h"

struct unpack_place {
    char *path;    /* the destination, absolute */
    char *name;    /* its last component */
    char *work;    /* name of the directory that becomes it, beside it; NULL: it is filled itself */
    int parent_fd; /* holds both; -1 if it is filled itself */
    int fd;        /* of the directory to fill */
    bool onto;     /* it had something in it before */
};

#define UNPACK_PLACE_INIT                                                                          \
    {                                                                                              \
        NULL, NULL, NULL, -1, -1, false                                                            \
    }

/* destination must not exist, or be an empty directory, unless onto: then it must be a directory.
 * Makes ".NAME.tmp-XXXXXXXX" beside it, mode 0700; an empty mount point, and whatever onto is for,
 * is filled in place. The struct is to be given back in any case. */
int img__unpack_place_open(const char *destination, bool onto, struct unpack_place *place,
                           img_error *err);

/* The directory is complete and gets its name. */
int img__unpack_place_commit(struct unpack_place *place, bool sync, img_error *err);

/* Before a failure is returned: removes what was made, unless keep, and says in err what is left.
 * With onto all stays. Returns rc. */
int img__unpack_place_abandon(struct unpack_place *place, bool keep, int rc, img_error *err);

void img__unpack_place_close(struct unpack_place *place);

static inline void img__auto_unpack_place(struct unpack_place *place)
{
    img__unpack_place_close(place);
}

#endif
