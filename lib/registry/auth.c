/* SPDX-License-Identifier: Apache-2.0
 *
 * Authentication as registries do it (registry.md A1-A3, A7, A8, A19). There is no ping: the first
 * request goes out bare, its 401 says what the host wants, and later ones bring it at once. Bearer
 * is better than Basic. A call is sent again while there is something new to send: a credential
 * where there was none, a fresh token for an old one, more scopes; never more than twice.
 *
 * A credential that was refused is an error. It is dropped for anonymous access where that only
 * reads, and never in silence.
 * Whoever answers at the end of a redirect has no say in where credentials go: its challenge is
 * none.
 */
#include "registry/auth.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "net/url.h"
#include "registry/errors.h"
#include "registry/scope.h"
#include "registry/secret.h"
#include "registry/token.h"

#define ROUNDS_MAX 2

char *img__auth_basic(const struct account *account)
{
    auto_(secret) char *plain = NULL;
    if (asprintf(&plain, "%s:%s", account->user, account->password) < 0) {
        plain = NULL;
        return NULL;
    }
    auto_(secret) char *encoded = img__base64_encode(plain, strlen(plain));
    char *value = NULL;
    if (!encoded || asprintf(&value, "Basic %s", encoded) < 0)
        return NULL;
    return value;
}

static int set_bearer(struct call *call, const char *token, img_error *err)
{
    if (asprintf(&call->authorization, "Bearer %s", token) < 0) {
        call->authorization = NULL;
        return img__fail_memory(err);
    }
    return 0;
}

static int set_token(struct call *call, bool *wait, img_error *err)
{
    const struct token *token;
    int result = img__token_for(call, &token, err);
    if (result)
        return result;
    *wait = !token;
    if (!token) {
        call->waited = true;
        return 0;
    }
    call->token_serial = token->serial;
    return set_bearer(call, token->value, err);
}

int img__auth_prepare(struct call *call, bool *wait, img_error *err)
{
    struct access *access = call->request.access;
    struct host *host = access->host;
    struct account *account = access->account;
    *wait = false;
    img__secret_clear(&call->authorization);
    call->token_serial = 0;
    if (!call->own || !host->challenged)
        return 0;
    int result = img__account_find(access->registry, host, access->repository, account, err);
    if (result)
        return result;
    if (account->refusal && !access->reads_only)
        return img__fail(err, IMG_EAUTH, "%s", account->refusal);
    if (account->bearer && !img__token_is_sendable(account->bearer))
        return img__fail(err, IMG_EFORMAT, "%s: the registrytoken for %s is malformed",
                         account->origin, host->name);
    if (account->bearer)
        return set_bearer(call, account->bearer, err);
    if (host->challenges.bearer && !host->tokens_fail)
        return set_token(call, wait, err);
    if (!host->challenges.basic || !account->user)
        return 0;
    call->authorization = img__auth_basic(account);
    return call->authorization ? 0 : img__fail_memory(err);
}

static int read_challenges(const struct http_response *response, struct challenges *out,
                           img_error *err)
{
    int result = 0;
    const char *value;
    size_t len;
    for (size_t i = 0; result == 0; i++) {
        value = img__http_header(response, "WWW-Authenticate", i, &len);
        if (!value)
            break;
        result = img__challenges_add(out, value, len, err);
    }
    return result;
}

/* Adds the scopes that were challenged to those that the access asks for. *grown: it had not. */
static int grow_scope(struct access *access, const char *challenged, bool *grown, img_error *err)
{
    auto_(buf) struct buf merged = BUF_INIT(SCOPE_MAX);
    *grown = false;
    if (!challenged || strlen(challenged) > SCOPE_MAX)
        return 0;
    img__scope_merge(challenged, access->scope, &merged);
    if (merged.failed == IMG_ELIMIT || strcmp(img__buf_text(&merged), access->scope) == 0)
        return 0;
    int result = img__buf_check(&merged, "the scope", err);
    if (result)
        return result;
    free(access->scope);
    access->scope = img__buf_steal(&merged);
    *grown = true;
    return access->scope ? 0 : img__fail_memory(err);
}

/* A password was sent and did not do; if a helper gave it, it may have another one by now. */
static int try_renewed(struct access *access, bool *again, img_error *err)
{
    const struct account_search search = {access->registry, access->host, access->repository, NULL,
                                          NULL};
    return img__account_renew(&search, access->account, again, err);
}

/* Something was sent and did not do. */
static int try_better(struct call *call, bool *again, img_error *err)
{
    struct access *access = call->request.access;
    if (!call->token_serial)
        return try_renewed(access, again, err);
    bool grown;
    int result = grow_scope(access, access->host->challenges.scope, &grown, err);
    img__token_drop(access->host, call->token_serial);
    *again = grown || !call->waited;
    return result;
}

static int decide(struct call *call, bool *again, img_error *err)
{
    struct access *access = call->request.access;
    const struct host *host = access->host;
    int result =
        img__account_find(access->registry, access->host, access->repository, access->account, err);
    if (result || call->rounds >= ROUNDS_MAX)
        return result;
    if (call->authorization)
        result = try_better(call, again, err);
    else
        *again = (host->challenges.bearer && !host->tokens_fail) || access->account->user ||
                 access->account->bearer;
    call->rounds++;
    call->waited = false;
    return result;
}

int img__auth_challenged(struct call *call, const struct http_response *response, bool *again,
                         img_error *err)
{
    struct host *host = call->request.access->host;
    auto_(challenges) struct challenges challenges = {0};
    *again = false;
    if (!call->own || !img__url_same_origin(call->url, response->url))
        return 0;
    int result = read_challenges(response, &challenges, err);
    if (result)
        return result;
    if (response->status == 403 &&
        (!challenges.error || strcmp(challenges.error, "insufficient_scope") != 0))
        return 0;
    if (!challenges.basic && !challenges.bearer) {
        const char *others = *challenges.others ? challenges.others : "none at all";
        result = img__call_refused(call, response, err);
        return img__prefix(err, result,
                           "libimg knows none of the authentication schemes of %s (%s)", host->name,
                           others);
    }
    img__challenges_free(&host->challenges);
    host->challenges = challenges;
    host->challenged = true;
    challenges = (struct challenges){0};
    return decide(call, again, err);
}

void img__auth_succeeded(struct call *call)
{
    const struct access *access = call->request.access;
    struct account *account = access->account;
    if (!account->refusal || account->told || !call->token_serial)
        return;
    account->told = true;
    img__log(&access->registry->log, IMG_LOG_WARNING, "%s: going on without a credential",
             account->refusal);
}
