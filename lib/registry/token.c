/* SPDX-License-Identifier: Apache-2.0
 *
 * Getting tokens (registry.md A4-A7, A11, A12). One request per host, user and scopes is under way
 * at a time; calls that want the same token wait for it and are all resumed at its end. A token is
 * taken for stale at 90 % of its life, counted from its arrival by the monotonic clock.
 *
 * A password goes by GET and Basic, a refresh token by POST. If a service has no POST, the password
 * that stands beside the refresh token is tried by GET; if it has no GET, the password by POST. If
 * there is no service at all and the host offers Basic too, that is used from then on.
 *
 * A credential that is refused is renewed if a helper gave it. Where nothing is written the same is
 * asked for as nobody in particular, and both are told (A19).
 */
#include "registry/token.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "registry/auth.h"
#include "registry/errors.h"
#include "registry/secret.h"

#define ANSWER_MAX ((uint64_t)1024 * 1024)
/* An upload that is larger does not begin with a token that has less to live (A7). */
#define LARGE_BYTES ((uint64_t)1024 * 1024)
#define LARGE_NEEDS_MS 30000

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void free_request(struct token *token)
{
    img__source_free(steal(token->form));
    img__secret_buf_free(&token->form_text);
    img__secret_clear(&token->authorization);
    free(steal(token->url));
}

static void token_free(struct token *token)
{
    free_request(token);
    img__secret_free(token->value);
    free(token->user);
    free(token->origin);
    free(token->scope);
    free(token);
}

static void unlink_and_free(struct token *token)
{
    struct token **at = &token->host->tokens;
    while (*at != token)
        at = &(*at)->next;
    *at = token->next;
    token_free(token);
}

void img__token_drop(struct host *host, uint64_t serial)
{
    for (struct token *token = host->tokens; token; token = token->next) {
        if (!token->pending && token->serial == serial) {
            unlink_and_free(token);
            return;
        }
    }
}

void img__tokens_drop(struct host *host)
{
    struct token *next;
    for (struct token *token = host->tokens; token; token = next) {
        next = token->next;
        if (!token->pending)
            unlink_and_free(token);
    }
}

static const char *user_of(const struct account *account)
{
    if (account->identity)
        return "<token>";
    return account->user ? account->user : "";
}

/* Two accounts of one host may have one name. */
static const char *origin_of(const struct account *account)
{
    return account->origin ? account->origin : "";
}

static struct token *find(const struct access *access)
{
    for (struct token *token = access->host->tokens; token; token = token->next) {
        if (strcmp(token->user, user_of(access->account)) == 0 &&
            strcmp(token->origin, origin_of(access->account)) == 0 &&
            strcmp(token->scope, access->scope) == 0)
            return token;
    }
    return NULL;
}

static void append_base(const struct host *host, struct buf *out)
{
    img__host_append_base(host, out);
    img__buf_putc(out, '/');
}

/* Is the realm's site another one than the registry's? */
static bool is_foreign(const struct host *host, const char *url, struct url_origin *to)
{
    auto_(buf) struct buf base = BUF_INIT(URL_MAX);
    struct url_origin from;
    append_base(host, &base);
    return img__url_origin(img__buf_text(&base), &from, NULL) != 0 ||
           img__url_origin(url, to, NULL) != 0 ||
           !img__token_same_site(from.host, from.host_len, to->host, to->host_len);
}

/* A credential is about to go to a realm whose site is not the registry's. */
static void warn_of_realm(const struct access *access, const char *url)
{
    struct host *host = access->host;
    struct url_origin to = {0};
    if (host->warned_of_realm || img__account_is_anonymous(access->account) ||
        !is_foreign(host, url, &to))
        return;
    host->warned_of_realm = true;
    img__log(&access->registry->log, IMG_LOG_WARNING,
             "%s has the credential sent to its token service at %.*s", host->name,
             (int)to.host_len, to.host);
}

static int prepare_form(struct token *token, const struct account *account, img_error *err)
{
    const struct token_form form = {
        .service = token->host->challenges.service,
        .scope = token->scope,
        .refresh = token->grant == TOKEN_REFRESH ? account->identity : NULL,
        .user = account->user,
        .password = account->password,
    };
    token->form_text = (struct buf)BUF_INIT(img__token_form_max(&form));
    img__buf_reserve(&token->form_text, token->form_text.max);
    img__token_form(&form, &token->form_text);
    int result = img__buf_check(&token->form_text, "the form for the token service", err);
    return result
               ? result
               : img__source_memory(token->form_text.data, token->form_text.len, &token->form, err);
}

static int prepare_query(struct token *token, const struct account *account, struct buf *url,
                         img_error *err)
{
    const struct challenges *challenges = &token->host->challenges;
    auto_(buf) struct buf realm = BUF_INIT(URL_MAX);
    img__buf_append(&realm, url->data, url->len);
    int result = img__buf_check(&realm, "the URL of the token service", err);
    if (result == 0)
        result =
            img__token_url(realm.data, challenges->service, token->scope, account->user, url, err);
    if (result || !account->user)
        return result;
    token->authorization = img__auth_basic(account);
    return token->authorization ? 0 : img__fail_memory(err);
}

static void on_token(int code, const struct http_response *response, const img_error *err,
                     void *arg);

/* Whoever waits may want to wait no longer. */
static int on_tick(uint64_t bytes, void *arg, img_error *err)
{
    const struct token *token = arg;
    int result = 0;
    (void)bytes;
    for (const struct call *call = token->waiters; call && result == 0; call = call->next_waiter)
        if (call->request.on_bytes)
            result = call->request.on_bytes(0, call->request.arg, err);
    return result;
}

/* With our client certificate for another site a registry could make that site's service give us a
 * token, which then goes to the registry. */
static void withhold_certificate(const struct token *token, struct http_tls *tls)
{
    struct url_origin to = {0};
    if (!tls->cert_file || !is_foreign(token->host, token->url, &to))
        return;
    tls->cert_file = tls->key_file = NULL;
    img__log(&token->registry->log, IMG_LOG_WARNING,
             "the client certificate for %.*s is not shown there: %s, of another site, sends us",
             (int)to.host_len, to.host, token->host->name);
}

static int start_request(struct token *token, img_error *err)
{
    static const char *const form_headers[] = {"Content-Type: application/x-www-form-urlencoded",
                                               NULL};
    const struct http_tls *known;
    const struct strv *own;
    int result =
        img__registry_settings_for(token->registry, token->host, token->url, &known, &own, err);
    if (result)
        return result;
    struct http_tls tls = *known;
    withhold_certificate(token, &tls);
    const struct http_request request = {
        .method = token->form ? "POST" : "GET",
        .url = token->url,
        .headers = token->form ? form_headers : NULL,
        .authorization = token->authorization,
        .tls = &tls,
        .own_headers = own ? img__strv_list(own) : NULL,
        .body = token->form,
        .body_size = token->form_text.len,
        .body_limit = ANSWER_MAX,
        .on_bytes = on_tick,
        .on_bytes_arg = token,
        .confidential = token->form != NULL,
        .far = true,
        .from = token->host->place,
        .priority = 1,
    };
    return img__http_start(token->registry->http, &request, on_token, token, err);
}

static int request_token(struct token *token, const struct access *access, enum token_grant grant,
                         img_error *err)
{
    auto_(buf) struct buf base = BUF_INIT(URL_MAX);
    auto_(buf) struct buf url = BUF_INIT(URL_MAX);
    const char *realm =
        token->host->challenges.realm; /* a later challenge may have taken it away */
    append_base(token->host, &base);
    free_request(token);
    token->grant = grant;
    int result = img__token_check_realm(img__buf_text(&base), realm ? realm : "", &url, err);
    if (result)
        return result;
    warn_of_realm(access, img__buf_text(&url));
    result = grant == TOKEN_GET ? prepare_query(token, access->account, &url, err)
                                : prepare_form(token, access->account, err);
    if (result)
        return result;
    token->url = img__buf_steal(&url);
    return token->url ? start_request(token, err) : img__fail_memory(err);
}

static enum token_grant first_grant(const struct account *account)
{
    return account->identity ? TOKEN_REFRESH : TOKEN_GET;
}

/* All who wait are resumed; a failed token is gone first, so that the next call asks anew. */
static void settle(struct token *token, int code, const img_error *err)
{
    struct call *call = steal(token->waiters);
    token->pending = false;
    free_request(token);
    if (!token->value)
        unlink_and_free(token);
    while (call) {
        struct call *next = call->next_waiter;
        img__call_resume(call, code, err);
        call = next;
    }
}

static int take_answer(struct token *token, const struct http_response *response,
                       struct account *account, img_error *err)
{
    struct token_answer answer;
    auto_(buf) struct buf shown = BUF_INIT(URL_MAX);
    img__url_for_message(token->url, &shown);
    int result = img__token_parse(img__buf_text(&shown), img__buf_text(&response->body),
                                  response->body.len, &answer, err);
    if (result)
        return result;
    if (answer.refresh && account->identity)
        result = img__account_rotate(token->host, account, answer.refresh, err);
    uint64_t now = now_ms();
    token->value = result == 0 ? steal(answer.token) : NULL;
    token->stale_ms = now + answer.life_sec * 900;
    token->dead_ms = now + answer.life_sec * 1000;
    img__token_answer_free(&answer);
    return result;
}

/* There is no such way to ask; is there another one? */
static bool find_other_grant(struct token *token, int status, const struct account *account,
                             enum token_grant *grant)
{
    bool no_post = token->form && (status == 404 || status == 405 || status == 501);
    bool no_get = !token->form && status == 405;
    if (!account->user)
        return false;
    if (token->grant == TOKEN_REFRESH && no_post) {
        token->posted = true;
        *grant = TOKEN_GET;
        return true;
    }
    *grant = TOKEN_PASSWORD;
    return no_get && !token->posted;
}

/* The credential was refused. *again: there is another one, or none will perhaps do as well. */
static int find_other_account(struct token *token, const struct access *access, img_error *refusal,
                              bool *again, img_error *err)
{
    struct account *account = access->account;
    const struct account_search search = {access->registry, access->host, access->repository, NULL,
                                          NULL};
    *again = false;
    if (refusal->code != IMG_EAUTH || img__account_is_anonymous(account))
        return 0;
    int result = img__account_renew(&search, account, again, err);
    if (result == 0 && !*again && access->reads_only) {
        result = img__account_refuse(account, refusal->message, err);
        *again = true;
    }
    if (result || !*again)
        return result;
    char *user = strdup(user_of(account));
    if (!user)
        return img__fail_memory(err);
    free(token->user);
    token->user = user;
    token->posted = false;
    return 0;
}

static bool try_other(struct token *token, const struct access *access, int *code, img_error *err)
{
    bool again;
    img_error refusal = *err;
    int result = find_other_account(token, access, &refusal, &again, err);
    if (result == 0 && again)
        result = request_token(token, access, first_grant(access->account), err);
    if (result)
        *code = result;
    return result == 0 && again;
}

/* *code and err are the end; false: it goes on. */
static bool judge(struct token *token, const struct http_response *response, int *code,
                  img_error *err)
{
    const struct access *access = token->waiters->request.access;
    struct host *host = token->host;
    int status = response->status;
    enum token_grant grant;
    *code = 0;
    if (status / 100 == 2) {
        *code = take_answer(token, response, access->account, err);
    } else if (find_other_grant(token, status, access->account, &grant)) {
        *code = request_token(token, access, grant, err);
        return *code != 0;
    } else if ((status == 404 || status == 405 || status == 501) && host->challenges.basic &&
               access->account->user) {
        host->tokens_fail = true;
    } else {
        *code = img__fail_refused(token->form ? "POST" : "GET", token->url, access, response, err);
        return !try_other(token, access, code, err);
    }
    return true;
}

static void on_token(int code, const struct http_response *response, const img_error *err,
                     void *arg)
{
    struct token *token = arg;
    img_error local;
    if (code)
        local = *err;
    else if (!judge(token, response, &code, &local))
        return;
    if (code)
        img__prefix(&local, code, "asking for a token");
    settle(token, code, &local);
}

static struct token *token_new(const struct access *access)
{
    struct token *token = calloc(1, sizeof(*token));
    if (!token)
        return NULL;
    token->registry = access->registry;
    token->host = access->host;
    token->user = strdup(user_of(access->account));
    token->origin = strdup(origin_of(access->account));
    token->scope = strdup(access->scope);
    token->serial = ++access->registry->last_token;
    if (token->user && token->origin && token->scope)
        return token;
    token_free(token);
    return NULL;
}

static int begin(struct call *call, img_error *err)
{
    struct access *access = call->request.access;
    struct token *token = token_new(access);
    if (!token)
        return img__fail_memory(err);
    int result = request_token(token, access, first_grant(access->account), err);
    if (result) {
        token_free(token);
        return result;
    }
    token->pending = true;
    token->waiters = call;
    token->next = access->host->tokens;
    access->host->tokens = token;
    return 0;
}

bool img__token_is_fresh(const struct token *token, uint64_t at_ms, uint64_t upload_bytes)
{
    bool large = upload_bytes >= LARGE_BYTES;
    return at_ms < token->stale_ms && (!large || at_ms + LARGE_NEEDS_MS <= token->dead_ms);
}

static bool is_fresh(const struct token *token, const struct call *call)
{
    const struct call_request *request = &call->request;
    return img__token_is_fresh(token, now_ms(), request->body ? request->body_size : 0);
}

int img__token_for(struct call *call, const struct token **out, img_error *err)
{
    struct token *token = find(call->request.access);
    *out = NULL;
    call->next_waiter = NULL;
    if (token && token->pending) {
        call->next_waiter = token->waiters;
        token->waiters = call;
        return 0;
    }
    if (token && is_fresh(token, call)) {
        *out = token;
        return 0;
    }
    if (token)
        unlink_and_free(token);
    return begin(call, err);
}
