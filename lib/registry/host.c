/* SPDX-License-Identifier: Apache-2.0
 *
 * Hosts: which scheme they are spoken to in and where the API is (registry.md P5, T1). Plain HTTP
 * is for those that the caller named, and for loopback if there is no TLS; never for an address
 * because it looks private.
 */
#include "registry/host.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "net/address.h"

static bool is_loopback(const char *name)
{
    char url[300];
    snprintf(url, sizeof(url), "https://%s/", name);
    return img__url_is_loopback(url);
}

void img__host_init(struct host *host, const char *name, bool plain_http)
{
    bool hub = strcmp(name, "docker.io") == 0;
    *host = (struct host){.certs = CERTS_INIT};
    snprintf(host->name, sizeof(host->name), "%s", name);
    snprintf(host->address, sizeof(host->address), "%s", hub ? "registry-1.docker.io" : name);
    host->scheme = HOST_HTTPS;
    if (plain_http)
        host->scheme = HOST_HTTP;
    else if (is_loopback(name))
        host->scheme = HOST_UNKNOWN;
}

void img__host_append_base(const struct host *host, struct buf *out)
{
    img__buf_printf(out, "%s://%s", host->scheme == HOST_HTTP ? "http" : "https", host->address);
}

bool img__host_is_link_local(const struct url_origin *origin)
{
    char name[INET6_ADDRSTRLEN];
    size_t brackets = origin->host_len && *origin->host == '[' ? 1 : 0;
    size_t len = origin->host_len - 2 * brackets;
    if (len >= sizeof(name))
        return false;
    memcpy(name, origin->host + brackets, len);
    name[len] = '\0';
    return img__address_place(name) == ADDRESS_LINK;
}
