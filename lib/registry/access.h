/* SPDX-License-Identifier: Apache-2.0
 *
 * What calls are made for: at which host, as whom, for which scopes.
 */
#ifndef IMG_REGISTRY_ACCESS_H
#define IMG_REGISTRY_ACCESS_H

#include "registry/credentials.h"
#include "registry/state.h"

struct access {
    struct registry *registry;
    struct host *host;
    const char *repository;  /* borrowed; "": the registry itself */
    struct account *account; /* borrowed; found when it is first asked for */
    char *scope;             /* to ask tokens for; a challenge may add to it */
    bool reads_only;         /* what a refused credential is needed for may do without one */
    const char *ns;          /* borrowed; whose proxy the host is; NULL or "": nobody's */
};

#endif
