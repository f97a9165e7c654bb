/* SPDX-License-Identifier: Apache-2.0
 *
 * The hosts of a client, and the settings that each has: those that the caller made for its name,
 * certs.d, and those of the use that it was found by (registries.conf, hosts.toml). The same name
 * with other settings is another host, with its own tokens and its own connections, so that what is
 * allowed for a mirror is not allowed for a registry of that name (registry.md T2, T3).
 */
#include <stdio.h>
#include <string.h>

#include "core/reference.h"
#include "registry/facts.h"
#include "registry/places.h"
#include "registry/secret.h"
#include "registry/state.h"
#include "registry/token.h"

void img__host_free(struct host *host)
{
    img__tokens_drop(host);
    img__facts_free(host);
    img__accounts_forget(host);
    img__challenges_free(&host->challenges);
    img__placed_free(&host->placed);
    img__certs_free(&host->certs);
    img__secret_strv_free(&host->headers);
    free(host->variant);
    free(host);
}

int img__registry_conf(struct registry *registry, const struct registries_conf **out,
                       img_error *err)
{
    int result = 0;
    if (!registry->conf)
        result = img__registries_conf_load(registry->registries_conf, &registry->log,
                                           &registry->conf, err);
    *out = registry->conf;
    return result;
}

static int set_certs(struct registry *registry, struct host *host,
                     const struct host_settings *settings, img_error *err)
{
    int result = 0;
    if (settings->certs && settings->certs->files.count) {
        host->certs = *settings->certs;
        *settings->certs = (struct certs)CERTS_INIT;
    } else {
        result =
            img__certs_find(registry->certs_dir, host->name, &registry->log, &host->certs, err);
    }
    host->tls.ca_pem = host->certs.ca.data;
    host->tls.cert_file = host->certs.cert_file;
    host->tls.key_file = host->certs.key_file;
    return result;
}

static int set_up(struct registry *registry, struct host *host,
                  const struct host_settings *settings, img_error *err)
{
    bool plain = img__strv_has(&registry->plain_http, host->name);
    if (settings->scheme && !plain)
        host->scheme = strcmp(settings->scheme, "http") == 0 ? HOST_HTTP : HOST_HTTPS;
    else if (settings->lax && !plain)
        host->scheme = HOST_UNKNOWN;
    host->tls.insecure =
        settings->lax || settings->insecure || img__strv_has(&registry->insecure, host->name);
    host->variant = strdup(settings->variant);
    if (!host->variant)
        return img__fail_memory(err);
    int result = set_certs(registry, host, settings, err);
    if (result == 0 && settings->headers)
        result = img__strv_add_list(&host->headers, img__strv_list(settings->headers), err);
    return result;
}

int img__registry_host_with(struct registry *registry, const char *name,
                            const struct host_settings *settings, struct host **out, img_error *err)
{
    for (struct host *host = registry->hosts; host; host = host->next) {
        if (strcmp(host->name, name) == 0 && strcmp(host->variant, settings->variant) == 0) {
            *out = host;
            return 0;
        }
    }
    struct host *host = calloc(1, sizeof(*host));
    if (!host)
        return img__fail_memory(err);
    img__host_init(host, name, img__strv_has(&registry->plain_http, name));
    int result = set_up(registry, host, settings, err);
    if (result) {
        img__host_free(host);
        return result;
    }
    host->next = registry->hosts;
    registry->hosts = host;
    *out = host;
    return 0;
}

int img__registry_host(struct registry *registry, const char *domain, struct host **out,
                       img_error *err)
{
    return img__place_home(registry, domain, "", out, err);
}

int img__registry_settings_for(struct registry *registry, const struct host *host, const char *url,
                               const struct http_tls **tls, const struct strv **headers,
                               img_error *err)
{
    auto_(buf) struct buf base = BUF_INIT(URL_MAX);
    const struct host_settings none = {.variant = ""};
    struct url_origin origin;
    struct host *other;
    char address[300], name[272];
    img__host_append_base(host, &base);
    *tls = &host->tls;
    *headers = &host->headers;
    if (img__url_same_origin(img__buf_text(&base), url))
        return 0;
    int result = img__url_origin(url, &origin, err);
    if (result)
        return result;
    snprintf(address, sizeof(address), "%.*s:%u", (int)origin.host_len, origin.host, origin.port);
    img__reference_host_normal(address, name, sizeof(name));
    result = img__registry_host_with(registry, name, &none, &other, err);
    if (result)
        return result;
    *tls = &other->tls;
    *headers = NULL;
    return 0;
}
