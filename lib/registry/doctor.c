/* SPDX-License-Identifier: Apache-2.0
 *
 * Asking each place where a reference may be read, one step after the other, and telling what comes
 * of each: the connection, what /v2/ answers, the credential, the manifest. What fails ends a
 * place, not the round.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "core/media.h"
#include "core/reference.h"
#include "registry/call.h"
#include "registry/errors.h"
#include "registry/explain.h"

#define TEXT_MAX ((size_t)4096)

struct checking {
    struct telling telling;
    struct repository *repository;
    struct place *place;
    bool found;      /* at any place */
    img_error first; /* what the origin said, else the first mirror */
};

static const char *remedy(const struct checking *c, const img_error *failure, char *out,
                          size_t size)
{
    const char *host = c->place->access->host->name;
    switch (failure->code) {
    case IMG_ENETWORK:
        return "is the name right, the port, the proxy? --resolve HOST:PORT:ADDRESS leads "
               "elsewhere";
    case IMG_ETLS:
        snprintf(out, size,
                 "an authority of its own belongs into ~/.config/containers/certs.d/%s/ca.crt or "
                 "to --ca-file",
                 host);
        return out;
    case IMG_EAUTH:
        snprintf(out, size, "imgtool login %s; or it is not there, and that is not told to all",
                 host);
        return out;
    case IMG_ENOTFOUND:
        return "which tags there are: imgtool ls";
    case IMG_ERATELIMIT:
        return "wait, or log in: that often allows more";
    default:
        return NULL;
    }
}

/* 0, unless nobody wants to hear more. */
static int tell_failure(struct checking *c, const img_error *failure, img_error *err)
{
    char text[512];
    if (failure->code == IMG_ECANCELED || failure->code == IMG_ENOMEM) {
        if (err)
            *err = *failure;
        return failure->code;
    }
    if (!c->first.code || !c->place->mirror)
        c->first = *failure;
    int result = img__tell(&c->telling, "check.failed", failure->message, err);
    if (result == 0)
        result =
            img__tell(&c->telling, "check.remedy", remedy(c, failure, text, sizeof(text)), err);
    return result;
}

static int ask_base(const struct checking *c, bool https, struct http_facts *facts,
                    struct http_response **out, img_error *err)
{
    auto_(buf) struct buf url = BUF_INIT(TEXT_MAX);
    struct host *host = c->place->access->host;
    *facts = (struct http_facts){.protocol = ""};
    img__buf_printf(&url, "%s://%s%s/", https ? "https" : "http", host->address, c->place->base);
    if (*c->place->ns)
        img__url_append_query(&url, "ns", c->place->ns);
    const struct http_request request = {
        .method = "GET",
        .url = img__buf_text(&url),
        .own_headers = img__strv_list(&host->headers),
        .tls = &host->tls,
        .facts = facts,
        .priority = 1,
    };
    return img__http_perform(c->repository->registry->http, &request, out, err);
}

static int tell_connection(struct checking *c, const struct http_facts *facts, img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT(TEXT_MAX);
    img__buf_printf(&text, "%s, %s, %s", *facts->peer ? facts->peer : "an address unknown",
                    *facts->tls ? facts->tls : "no TLS", facts->protocol);
    return img__tell(&c->telling, "check.connect", img__buf_text(&text), err);
}

static void describe_challenges(const struct http_response *response, struct buf *out)
{
    auto_(challenges) struct challenges challenges = {0};
    size_t len;
    const char *value;
    for (size_t i = 0; (value = img__http_header(response, "WWW-Authenticate", i, &len)); i++)
        img__challenges_add(&challenges, value, len, NULL);
    if (challenges.bearer)
        img__buf_printf(out, ": it wants a token of %s", challenges.realm);
    if (challenges.bearer && challenges.service)
        img__buf_printf(out, ", service \"%s\"", challenges.service);
    if (challenges.basic)
        img__buf_puts(out, challenges.bearer ? "; or name and password"
                                             : ": it wants name and password");
    if (*challenges.others)
        img__buf_printf(out, "; it also knows %s", challenges.others);
}

/* Is it a registry? */
static int tell_base(struct checking *c, const struct http_response *response, img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT(TEXT_MAX);
    struct complaint complaint;
    img__complaint_parse(img__buf_text(&response->body), response->body.len, &complaint);
    img__buf_printf(&text, "%d", response->status);
    if (response->status == 401)
        describe_challenges(response, &text);
    else if (complaint.html)
        img__buf_puts(&text, ", a page in HTML: is that a registry?");
    else if (response->status / 100 != 2)
        img__buf_printf(&text, " %s: not what registries answer", complaint.code);
    return img__tell(&c->telling, "check.api", img__buf_text(&text), err);
}

static bool has_no_tls(const img_error *failure)
{
    return failure->sys_errno == EPROTO || failure->sys_errno == ECONNREFUSED;
}

/* *goes: the next step makes sense. */
static int check_base(struct checking *c, bool *goes, img_error *err)
{
    auto_(http_response) struct http_response *response = NULL;
    struct http_facts facts;
    img_error failure;
    enum host_scheme scheme = c->place->access->host->scheme;
    int result = ask_base(c, scheme != HOST_HTTP, &facts, &response, &failure);
    if (result && scheme == HOST_UNKNOWN && has_no_tls(&failure) &&
        ask_base(c, false, &facts, &response, NULL) == 0)
        result = 0;
    *goes = result == 0;
    if (result)
        return tell_failure(c, &failure, err);
    result = tell_connection(c, &facts, err);
    return result ? result : tell_base(c, response, err);
}

static int take_manifest(const struct call *call, const struct http_response *response, void *arg,
                         img_error *err)
{
    char type[256], digest[160];
    struct buf *text = arg;
    if (response->status / 100 != 2)
        return img__call_refused(call, response, err);
    img__call_header(response, "Content-Type", type, sizeof(type));
    img__call_header(response, "Docker-Content-Digest", digest, sizeof(digest));
    img__buf_printf(text, "%s, %s", *digest ? digest : "of a digest that is not told",
                    *type ? type : "of a type that is not told");
    return 0;
}

static int ask_manifest(const struct checking *c, const char *method, struct buf *text,
                        img_error *err)
{
    auto_(buf) struct buf path = BUF_INIT(TEXT_MAX);
    auto_(buf) struct buf accept = BUF_INIT(TEXT_MAX);
    const img_reference *reference = &c->repository->reference;
    const char *digest = reference->digest.text;
    img__buf_printf(&accept, "Accept: %s", img__media_accept());
    int result =
        img__place_path(c->place, "manifests", *digest ? digest : reference->tag, &path, err);
    if (result)
        return result;
    const struct call_request request = {
        .access = c->place->access,
        .method = method,
        .path = path.data,
        .body_limit = c->repository->registry->manifest_limit_bytes,
        .priority = 1,
        .headers = (const char *const[]){img__buf_text(&accept), NULL},
    };
    return img__call_perform(&request, take_manifest, text, err);
}

static int check_manifest(struct checking *c, img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT(TEXT_MAX);
    img_error failure;
    const struct host *host = c->place->access->host;
    bool by_tag = !*c->repository->reference.digest.text;
    if (!(by_tag ? c->place->by_tag : c->place->by_digest))
        return img__tell(&c->telling, "check.manifest", "is not asked for there", err);
    int result = ask_manifest(c, "HEAD", &text, &failure);
    if (result && failure.http_status == 405)
        result = ask_manifest(c, "GET", &text, &failure);
    if (result)
        return tell_failure(c, &failure, err);
    c->found = true;
    if (host->challenged && host->challenges.bearer && !host->tokens_fail)
        result = img__tell(&c->telling, "check.token", "given", err);
    return result ? result : img__tell(&c->telling, "check.manifest", img__buf_text(&text), err);
}

static int check_place(struct checking *c, img_error *err)
{
    bool goes = false;
    int result = img__explain_place(&c->telling, "check.place", c->place, err);
    if (result == 0)
        result = check_base(c, &goes, err);
    if (result || !goes)
        return result;
    result = img__explain_account(&c->telling, "check.credential", c->place, err);
    return result ? result : check_manifest(c, err);
}

int img__registry_check(struct registry *registry, const img_reference *reference,
                        img_explain_fn fn, void *arg, img_error *err)
{
    auto_(endpoint) struct endpoint *endpoint = NULL;
    int result = img__registry_endpoint(registry, reference, REGISTRY_PULL, &endpoint, err);
    if (result)
        return result;
    struct checking c = {.telling = {fn, arg}, .repository = (struct repository *)endpoint};
    for (size_t i = 0; result == 0 && i < c.repository->place_count; i++) {
        c.place = &c.repository->places[i];
        result = check_place(&c, err);
    }
    if (result || c.found)
        return result;
    if (err)
        *err = c.first;
    return c.first.code ? c.first.code : img__fail(err, IMG_ENOTFOUND, "no place was asked");
}
