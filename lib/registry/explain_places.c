/* SPDX-License-Identifier: Apache-2.0
 *
 * Telling where a reference would be read, in which order and why, and how the connections would be
 * made: certificates, proxies, settings. Nothing secret is told, of headers only their number.
 */
#include "registry/explain.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "core/reference.h"

#define TEXT_MAX ((size_t)4096)

int img__tell(const struct telling *telling, const char *topic, const char *text, img_error *err)
{
    if (!text || telling->fn(topic, text, telling->arg) == 0)
        return 0;
    return img__fail(err, IMG_ECANCELED, "interrupted");
}

int img__explain_place(const struct telling *telling, const char *topic, const struct place *place,
                       img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT(TEXT_MAX);
    img__host_append_base(place->access->host, &text);
    img__buf_printf(&text, "%s/%s", place->base, place->path);
    int result = img__buf_check(&text, "a place", err);
    return result ? result : img__tell(telling, topic, img__buf_text(&text), err);
}

int img__explain_account(const struct telling *telling, const char *topic, struct place *place,
                         img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT(TEXT_MAX);
    struct access *access = place->access;
    int result =
        img__account_find(access->registry, access->host, access->repository, access->account, err);
    if (result)
        return result;
    if (access->account->refusal || !img__account_is_anonymous(access->account))
        img__account_describe(access->account, access->host->name, &text);
    else
        img__buf_puts(&text, "none: access is anonymous");
    return img__tell(telling, topic, img__buf_text(&text), err);
}

static int tell_why(const struct telling *telling, const struct place *place, img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT(TEXT_MAX);
    if (!place->why)
        return img__tell(telling, "place.why", "the reference", err);
    img__buf_printf(&text, "%s: %s", place->why,
                    place->mirror ? "a mirror" : "the registry itself");
    int result = img__tell(telling, "place.why", img__buf_text(&text), err);
    if (result == 0 && !place->by_tag)
        result = img__tell(telling, "place.asks", "content alone, not what a tag means", err);
    if (result == 0 && !place->by_digest)
        result = img__tell(telling, "place.asks", "what a tag means, not content", err);
    return result;
}

static int tell_tls(const struct telling *telling, const struct host *host, img_error *err)
{
    int result = 0;
    if (host->scheme == HOST_HTTP)
        return img__tell(telling, "place.tls", "plain HTTP, as was asked for", err);
    if (host->scheme == HOST_UNKNOWN)
        result = img__tell(telling, "place.tls", "HTTPS, or plain HTTP if there is no TLS", err);
    if (result == 0 && host->tls.insecure)
        result = img__tell(telling, "place.tls", "the certificate is not checked", err);
    for (size_t i = 0; result == 0 && i < host->certs.files.count; i++)
        result = img__tell(telling, "place.certificates", host->certs.files.items[i], err);
    return result;
}

static int tell_connection(const struct telling *telling, const struct place *place, img_error *err)
{
    auto_(buf) struct buf url = BUF_INIT(TEXT_MAX);
    auto_(buf) struct buf proxy = BUF_INIT(TEXT_MAX);
    const struct host *host = place->access->host;
    int result = tell_tls(telling, host, err);
    if (result == 0 && host->headers.count) {
        char count[32];
        snprintf(count, sizeof(count), "%zu", host->headers.count);
        result = img__tell(telling, "place.headers", count, err);
    }
    if (result)
        return result;
    img__host_append_base(host, &url);
    img__buf_putc(&url, '/');
    img__proxy_explain(img__buf_text(&url), &proxy);
    return img__tell(telling, "place.proxy", img__buf_text(&proxy), err);
}

static int tell_place(const struct telling *telling, struct place *place, img_error *err)
{
    int result = img__explain_place(telling, "place", place, err);
    if (result == 0)
        result = tell_why(telling, place, err);
    if (result == 0 && *place->ns)
        result = img__tell(telling, "place.namespace", place->ns, err);
    if (result == 0)
        result = tell_connection(telling, place, err);
    if (result == 0 && place->mirror)
        result = img__explain_account(telling, "place.credential", place, err);
    return result;
}

/* What registries.conf would have others do with a name without a domain. */
static int tell_short_name(const struct telling *telling, const struct registries_conf *conf,
                           const img_reference *reference, img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT(TEXT_MAX);
    const char *name = reference->path;
    if (strcmp(reference->domain, "docker.io") != 0)
        return 0;
    if (img__text_starts(name, "library/"))
        name += strlen("library/");
    const struct conf_alias *alias = img__registries_conf_alias(conf, name);
    if (!alias || !*alias->value)
        return 0;
    char own[IMG_REFERENCE_TEXT_MAX];
    snprintf(own, sizeof(own), "docker.io/%s", reference->path);
    if (strcmp(alias->value, own) == 0)
        return 0;
    img__buf_printf(&text, "%s: \"%s\" is an alias of %s: write that, if it is meant", alias->where,
                    name, alias->value);
    return img__tell(telling, "short-name", img__buf_text(&text), err);
}

static int tell_settings(const struct telling *telling, struct registry *registry,
                         const img_reference *reference, img_error *err)
{
    const struct registries_conf *conf;
    char name[IMG_REFERENCE_TEXT_MAX];
    auto_(buf) struct buf roots = BUF_INIT(TEXT_MAX);
    img_reference_format(reference, name);
    int result = img__tell(telling, "reference", name, err);
    if (result == 0)
        result = img__registry_conf(registry, &conf, err);
    for (size_t i = 0; result == 0 && i < conf->files.count; i++)
        result = img__tell(telling, "settings", conf->files.items[i], err);
    if (result == 0)
        result = tell_short_name(telling, conf, reference, err);
    if (result)
        return result;
    img__http_roots_explain(registry->http, &roots);
    return img__tell(telling, "roots", img__buf_text(&roots), err);
}

int img__explain_places(const struct telling *telling, struct registry *registry,
                        const img_reference *reference, img_error *err)
{
    auto_(endpoint) struct endpoint *endpoint = NULL;
    int result = tell_settings(telling, registry, reference, err);
    if (result == 0)
        result = img__registry_endpoint(registry, reference, REGISTRY_PULL, &endpoint, err);
    if (result)
        return result;
    struct repository *repository = (struct repository *)endpoint;
    for (size_t i = 0; result == 0 && i < repository->place_count; i++)
        result = tell_place(telling, &repository->places[i], err);
    return result;
}
