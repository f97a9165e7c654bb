/* SPDX-License-Identifier: Apache-2.0
 *
 * What a host remembers of credentials, for those who find them.
 */
#ifndef IMG_REGISTRY_MEMORY_H
#define IMG_REGISTRY_MEMORY_H

#include "registry/helper.h"
#include "registry/host.h"

/* What a helper said, so that it is asked once. */
struct helper_memory {
    struct helper_memory *next;
    char *name;
    enum helper_answer answer;
    struct account account; /* if it has one */
};
void img__helpers_forget(struct host *host);

/* A refresh token that took the place of another one. */
struct rotation {
    struct rotation *next;
    char *before;
    char *after;
};
int img__account_use_rotated(const struct host *host, struct account *account, img_error *err);

#endif
