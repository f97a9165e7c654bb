/* SPDX-License-Identifier: Apache-2.0
 *
 * What was learned about repositories, for as long as the client lives.
 */
#ifndef IMG_REGISTRY_FACTS_H
#define IMG_REGISTRY_FACTS_H

#include "registry/host.h"

enum referrers_api {
    REFERRERS_UNKNOWN,
    REFERRERS_THERE,
    REFERRERS_MISSING, /* lists are kept under tags */
};

struct facts {
    struct facts *next;
    char path[256];
    enum referrers_api referrers;
};

/* Those of a repository, made at first sight. NULL: no memory. */
struct facts *img__facts_of(struct host *host, const char *path);
void img__facts_free(struct host *host);

#endif
