/* SPDX-License-Identifier: Apache-2.0
 *
 * Another host to which a registry has its uploads sent.
 */
#ifndef IMG_REGISTRY_ELSEWHERE_H
#define IMG_REGISTRY_ELSEWHERE_H

#include "registry/repository.h"

struct elsewhere {
    struct elsewhere *next;
    struct account account; /* what is known for that host: nothing of the registry's */
    struct access access;
};

/* The access to the host of url, for when that asks who we are; made at first use. NULL: it can't
 * be told anything, being asked without TLS. */
int img__repository_elsewhere(struct repository *repository, const char *url, struct access **out,
                              img_error *err);
void img__elsewhere_free(struct elsewhere *elsewhere);

#endif
