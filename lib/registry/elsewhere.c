/* SPDX-License-Identifier: Apache-2.0
 *
 * Uploads to another host (registry.md U5). It never gets what the registry gets. If it answers 401
 * it is a registry of its own: asked for in the auth files under its own name, with its own tokens.
 */
#include "registry/elsewhere.h"

#include <stdio.h>
#include <string.h>

static bool fits(struct host *host, bool https)
{
    if (!https && host->scheme == HOST_UNKNOWN)
        host->scheme = HOST_HTTP; /* it has just answered */
    return https == (host->scheme != HOST_HTTP);
}

static int find_host(struct registry *registry, const char *url, struct host **out, bool *https,
                     img_error *err)
{
    struct url_origin origin;
    char name[272];
    int result = img__url_origin(url, &origin, err);
    if (result)
        return result;
    *https = origin.https;
    snprintf(name, sizeof(name), "%.*s:%u", (int)origin.host_len, origin.host,
             (unsigned)origin.port);
    return img__registry_host(registry, name, out, err);
}

int img__repository_elsewhere(struct repository *repository, const char *url, struct access **out,
                              img_error *err)
{
    struct host *host;
    bool https;
    int result = find_host(repository->registry, url, &host, &https, err);
    *out = NULL;
    if (result || !fits(host, https))
        return result;
    host->place = repository->access.host->place; /* it is led there from where the registry is */
    for (struct elsewhere *known = repository->elsewhere; known; known = known->next) {
        if (known->access.host == host) {
            *out = &known->access;
            return 0;
        }
    }
    auto_free struct elsewhere *made = calloc(1, sizeof(*made));
    char *scope = strdup("");
    if (!made || !scope) {
        free(scope);
        return img__fail_memory(err);
    }
    made->access = (struct access){.registry = repository->registry,
                                   .host = host,
                                   .repository = repository->reference.path,
                                   .account = &made->account,
                                   .scope = scope};
    made->next = repository->elsewhere;
    repository->elsewhere = steal(made);
    *out = &repository->elsewhere->access;
    return 0;
}

void img__elsewhere_free(struct elsewhere *elsewhere)
{
    while (elsewhere) {
        struct elsewhere *next = elsewhere->next;
        img__account_free(&elsewhere->account);
        free(elsewhere->access.scope);
        free(elsewhere);
        elsewhere = next;
    }
}
