/* SPDX-License-Identifier: Apache-2.0
 *
 * A list of the repositories of a host of which there is something to remember: few, since a caller
 * names each.
 */
#include "registry/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct facts *img__facts_of(struct host *host, const char *path)
{
    for (struct facts *facts = host->facts; facts; facts = facts->next) {
        if (strcmp(facts->path, path) == 0)
            return facts;
    }
    struct facts *facts = calloc(1, sizeof(*facts));
    if (!facts)
        return NULL;
    snprintf(facts->path, sizeof(facts->path), "%s", path);
    facts->next = host->facts;
    host->facts = facts;
    return facts;
}

void img__facts_free(struct host *host)
{
    while (host->facts) {
        struct facts *facts = host->facts;
        host->facts = facts->next;
        free(facts);
    }
}
