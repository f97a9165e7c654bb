/* SPDX-License-Identifier: Apache-2.0
 *
 * A call's life: prepare (perhaps wait for a token), send, look at the answer, perhaps once more,
 * end. It is on the heap from start to end, and its end is told exactly once.
 *
 * A loopback host whose scheme is not known is spoken to in HTTPS first. If that fails as a peer
 * without TLS would, plain HTTP is tried; whichever answers is the host's scheme from then on
 * (registry.md T1).
 */
#include "registry/call.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "net/url.h"
#include "registry/auth.h"
#include "registry/errors.h"
#include "registry/greeting.h"
#include "registry/secret.h"
#include "registry/warning.h"

static void call_free(struct call *call)
{
    img__secret_free(call->authorization);
    img__strv_free(&call->headers);
    free(call->url);
    free(call);
}

IMG_AUTO_POINTER(call, struct call, call_free)

static void end(struct call *call, int code, const struct http_response *response,
                const img_error *err)
{
    struct host *host = call->request.access->host;
    bool first = host->greeter == call;
    call->request.done(call, code, response, err, call->request.arg);
    call_free(call);
    if (first)
        img__greeting_over(host, code, err);
}

static int build_url(struct call *call, img_error *err)
{
    auto_(buf) struct buf url = BUF_INIT(URL_MAX);
    if (call->request.url) {
        img__buf_puts(&url, call->request.url);
    } else if (call->fell_back) {
        img__buf_printf(&url, "http://%s%s", call->request.access->host->address,
                        strchr(call->url + strlen("https://"), '/'));
    } else {
        img__host_append_base(call->request.access->host, &url);
        img__buf_puts(&url, call->request.path);
    }
    int result = img__buf_check(&url, "the URL", err);
    if (result)
        return result;
    free(call->url);
    call->url = img__buf_steal(&url);
    return 0;
}

static void on_answer(int code, const struct http_response *response, const img_error *err,
                      void *arg);

/* What an answer tells about the host itself. */
static void settle_host(const struct call *call, const struct http_response *response)
{
    struct host *host = call->request.access->host;
    if (call->own && host->scheme == HOST_UNKNOWN)
        host->scheme = call->fell_back ? HOST_HTTP : HOST_HTTPS;
    if (!call->request.url)
        host->place = response->place;
}

/* That it is let in is known before the body has come, which may take long: who waits goes on. */
static int on_headers(const struct http_response *response, void *arg, img_error *err)
{
    struct call *call = arg;
    struct host *host = call->request.access->host;
    if (host->greeter == call && response->status / 100 == 2) {
        settle_host(call, response);
        img__greeting_over(host, 0, NULL);
    }
    if (!call->request.on_headers)
        return 0;
    return call->request.on_headers(response, call->request.arg, err);
}

static int on_bytes(uint64_t bytes, void *arg, img_error *err)
{
    struct call *call = arg;
    return call->request.on_bytes(bytes, call->request.arg, err);
}

static int send_request(struct call *call, img_error *err)
{
    const struct call_request *request = &call->request;
    int result = call->sent && request->body ? img__source_rewind(request->body, err) : 0;
    if (result)
        return result;
    bool probing = call->own && !call->fell_back && request->access->host->scheme == HOST_UNKNOWN;
    struct http_request http = {
        .method = request->method,
        .url = call->url,
        .headers = img__strv_list(&call->headers),
        .authorization = call->authorization,
        .tls = call->own ? &request->access->host->tls : NULL,
        .own_headers = call->own ? img__strv_list(&request->access->host->headers) : NULL,
        .facts = request->facts,
        .body = request->body,
        .body_size = request->body_size,
        .sink = request->sink,
        .body_limit = request->body_limit,
        .priority = request->priority,
        .on_headers = on_headers,
        .on_bytes = request->on_bytes ? on_bytes : NULL,
        .bulk = request->bulk,
        .decode = request->decode,
        .on_bytes_arg = call,
        .far = request->url != NULL,
        .from = request->access->host->place,
        .delay_ms = call->sent ? 0 : request->delay_ms,
        .lone = request->lone,
        .once = request->once || probing,
    };
    call->sent = true;
    return img__http_start(request->access->registry->http, &http, on_answer, call, err);
}

/* Who waited for the first call goes on with the scheme that it found. */
static int take_scheme(struct call *call, img_error *err)
{
    const struct call_request *request = &call->request;
    if (call->sent || request->url || request->access->host->scheme != HOST_HTTP ||
        !img__text_starts(call->url, "https:"))
        return 0;
    call->fell_back = true;
    return build_url(call, err);
}

/* *wait: nothing was sent, the call is resumed later. */
static int prepare_and_send(struct call *call, img_error *err)
{
    bool wait;
    if (img__greeting_wait(call))
        return 0;
    int result = take_scheme(call, err);
    if (result == 0)
        result = img__auth_prepare(call, &wait, err);
    if (result || wait)
        return result;
    result = send_request(call, err);
    if (result == 0)
        img__greeting_sent(call);
    return result;
}

/* From a callback: what fails now ends the call. */
static void proceed(struct call *call)
{
    img_error err;
    int result = prepare_and_send(call, &err);
    if (result)
        end(call, result, NULL, &err);
}

void img__call_resume(struct call *call, int code, const img_error *err)
{
    if (code)
        end(call, code, NULL, err);
    else
        proceed(call);
}

/* A peer without TLS, or nobody at the port of HTTPS. */
static bool may_fall_back(const struct call *call, int code, const img_error *err)
{
    bool no_tls = code == IMG_ETLS && err->sys_errno == EPROTO;
    bool nobody = code == IMG_ENETWORK && err->sys_errno == ECONNREFUSED;
    return (no_tls || nobody) && !call->request.url && !call->fell_back &&
           call->request.access->host->scheme != HOST_HTTPS &&
           img__text_starts(call->url, "https:");
}

static void fall_back(struct call *call, const img_error *first)
{
    img_error err;
    call->fell_back = true;
    call->first = *first;
    int result = build_url(call, &err);
    if (result)
        end(call, result, NULL, &err);
    else
        proceed(call);
}

/* Is why HTTPS failed what to tell? Nobody listens, or it is a TLS server after all: those answer
 * plain HTTP with 400, but not with a registry's JSON. */
static bool was_first_right(const struct call *call, int code, const struct http_response *response)
{
    if (!call->fell_back || call->request.access->host->scheme != HOST_UNKNOWN)
        return false;
    return code ? code == IMG_ENETWORK && call->first.sys_errno == ECONNREFUSED
                : response->status == 400 && *img__buf_text(&response->body) != '{';
}

/* A proxy that says for whom it answers must mean whom it was asked for (registry.md X3). */
static int check_namespace(const struct call *call, const struct http_response *response,
                           img_error *err)
{
    auto_(buf) struct buf shown = BUF_INIT(URL_MAX);
    const char *wanted = call->request.access->ns;
    size_t len = 0;
    if (!wanted || !*wanted || response->status / 100 != 2)
        return 0;
    const char *value = img__http_header(response, "OCI-Namespace", 0, &len);
    if (!value || (len == strlen(wanted) && memcmp(value, wanted, len) == 0))
        return 0;
    img__url_for_message(call->url, &shown);
    return img__fail(err, IMG_EREFUSED, "%s %s: the mirror answers for \"%.*s\" instead of \"%s\"",
                     call->request.method, img__buf_text(&shown), (int)(len < 300 ? len : 300),
                     value, wanted);
}

/* With what the answer taught us; who waited for it learns it, too. */
static void go_again(struct call *call)
{
    struct host *host = call->request.access->host;
    bool first = host->greeter == call;
    proceed(call);
    if (first)
        img__greeting_over(host, 0, NULL);
}

static void on_answer(int code, const struct http_response *response, const img_error *err,
                      void *arg)
{
    struct call *call = arg;
    if (may_fall_back(call, code, err)) {
        fall_back(call, err);
        return;
    }
    if (was_first_right(call, code, response)) {
        end(call, call->first.code, NULL, &call->first);
        return;
    }
    if (code == 0) {
        settle_host(call, response);
        img__warnings_show(call, response);
    }
    bool again = false;
    img_error local;
    int result = code == 0 ? check_namespace(call, response, &local) : 0;
    if (code == 0 && (response->status == 401 || response->status == 403))
        result = img__auth_challenged(call, response, &again, &local);
    if (code == 0 && response->status / 100 == 2)
        img__auth_succeeded(call);
    if (result)
        end(call, result, NULL, &local);
    else if (again)
        go_again(call);
    else
        end(call, code, response, err);
}

static bool is_own(const struct call *call)
{
    auto_(buf) struct buf base = BUF_INIT(URL_MAX);
    if (!call->request.url)
        return true;
    if (call->request.unknown)
        return false;
    img__host_append_base(call->request.access->host, &base);
    return img__url_same_origin(img__buf_text(&base), call->request.url);
}

int img__call_start(const struct call_request *request, img_error *err)
{
    assert(!request->path != !request->url);
    auto_(call) struct call *call = calloc(1, sizeof(*call));
    if (!call)
        return img__fail_memory(err);
    call->request = *request;
    call->own = is_own(call);
    int result = build_url(call, err);
    if (result == 0 && request->headers)
        result = img__strv_add_list(&call->headers, request->headers, err);
    if (result)
        return result;
    call->request.headers = NULL;
    call->request.path = NULL;
    if (call->request.url)
        call->request.url = call->url;
    result = prepare_and_send(call, err);
    if (result == 0)
        call = NULL; /* the loop's, or the token's, from now on */
    return result;
}

struct sync {
    call_answer_fn answer;
    void *arg;
    int code;
    img_error err;
};

static void on_sync_done(const struct call *call, int code, const struct http_response *response,
                         const img_error *err, void *arg)
{
    struct sync *sync = arg;
    sync->code = code;
    if (code)
        sync->err = *err;
    else
        sync->code = sync->answer(call, response, sync->arg, &sync->err);
}

int img__call_perform(const struct call_request *request, call_answer_fn answer, void *arg,
                      img_error *err)
{
    struct sync sync = {answer, arg, 0, {0}};
    struct call_request own = *request;
    own.done = on_sync_done;
    own.arg = &sync;
    int result = img__call_start(&own, err);
    if (result == 0)
        result = img__http_run(request->access->registry->http, err);
    if (result)
        return result;
    if (sync.code && err)
        *err = sync.err;
    return sync.code;
}

int img__call_refused(const struct call *call, const struct http_response *response, img_error *err)
{
    return img__fail_refused(call->request.method, call->url, call->request.access, response, err);
}

void img__call_header(const struct http_response *response, const char *name, char *out,
                      size_t size)
{
    size_t len = 0;
    const char *value = img__http_header(response, name, 0, &len);
    if (!value || len >= size)
        len = 0;
    if (len)
        memcpy(out, value, len);
    out[len] = '\0';
}
