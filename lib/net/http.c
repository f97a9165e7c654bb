/* SPDX-License-Identifier: Apache-2.0
 *
 * The loop: one curl multi handle carries all transfers of a struct http. Each turn begins what is
 * due, lets curl work, settles what has ended, and only then calls back, so that a callback may
 * start and cancel at will: it finds no list half walked and no handle in use. Transfers are freed
 * in deliver() and nowhere else.
 *
 * curl_global_init() counts and is thread-safe (7.84 on), so each struct http holds one count and
 * there is no global of ours.
 */
#include "net/http.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/sigpipe.h"
#include "net/internal.h"

/* HOST:PORT:ADDRESS, the address perhaps in brackets. */
static bool is_resolve(const char *text)
{
    struct url_origin origin;
    struct buf url auto_(buf) = BUF_INIT(URL_MAX);
    const char *port = strchr(text, ':'), *address = port ? strchr(port + 1, ':') : NULL;
    if (!address || address[1] == '\0' || strpbrk(address + 1, " ,/@"))
        return false;
    img__buf_printf(&url, "http://%.*s/", (int)(address - text), text);
    return port[1] != ':' && img__url_origin(img__buf_text(&url), &origin, NULL) == 0 &&
           img__address_is(address + 1);
}

static int copy_resolve(struct http *http, const char *const *list, img_error *err)
{
    for (; list && *list; list++) {
        if (!is_resolve(*list))
            return img__fail(err, IMG_EINVAL, "'%s' is not HOST:PORT:ADDRESS", *list);
        struct curl_slist *more = curl_slist_append(http->resolve, *list);
        if (!more)
            return img__fail_memory(err);
        http->resolve = more;
    }
    return 0;
}

static int copy_options(struct http *http, const struct http_options *options, img_error *err)
{
    http->connect_timeout_ms = options->connect_timeout_ms ? options->connect_timeout_ms : 30000;
    http->stall_timeout_ms = options->stall_timeout_ms ? options->stall_timeout_ms : 30000;
    http->header_timeout_ms =
        options->header_timeout_ms ? options->header_timeout_ms : 2 * http->stall_timeout_ms;
    http->slow_timeout_ms =
        options->slow_timeout_ms ? options->slow_timeout_ms : 2 * http->stall_timeout_ms;
    http->slow_bytes_per_s = options->slow_bytes_per_s ? options->slow_bytes_per_s : 1024;
    http->connections = options->connections;
    http->tries = options->tries ? options->tries : 1;
    http->observer = options->observer;
    int rc = copy_resolve(http, options->resolve, err);
    if (rc < 0)
        return rc;
    if (options->user_agent && !(http->user_agent = strdup(options->user_agent)))
        return img__fail_memory(err);
    return img__tls_find_roots(options->ca_file, &http->roots, err);
}

static int open_multi(struct http *http, img_error *err)
{
    http->multi = curl_multi_init();
    http->share = curl_share_init();
    if (!http->multi || !http->share)
        return img__fail_memory(err);
    /* Transfers are counted in queue.c. This is for streams that find no room in a connection;
     * those that are held up keep theirs, so there is to be as much again. */
    if (http->connections)
        curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                          2 * ((long)http->connections + 1));
    curl_share_setopt(http->share, CURLSHOPT_SHARE, (long)CURL_LOCK_DATA_SSL_SESSION);
    return 0;
}

int img__http_new(const struct http_options *options, struct http **out, img_error *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return img__fail(err, IMG_EFAIL, "libcurl can't be initialised");
    struct http *http = calloc(1, sizeof(*http));
    if (!http) {
        curl_global_cleanup();
        return img__fail_memory(err);
    }
    int rc = copy_options(http, options, err);
    if (rc == 0)
        rc = open_multi(http, err);
    if (rc < 0)
        return img__http_free(http), rc;
    *out = http;
    return 0;
}

void img__http_free(struct http *http)
{
    struct sigpipe hold;
    if (!http)
        return;
    assert(!http->running);
    http->closing = true;
    img__http_cancel(http);
    img__sigpipe_hold(&hold);
    for (size_t i = 0; i < http->idle_count; i++)
        curl_easy_cleanup(http->idle[i]);
    curl_multi_cleanup(http->multi);
    curl_share_cleanup(http->share);
    curl_global_cleanup();
    img__sigpipe_release(&hold);
    img__tls_roots_free(&http->roots);
    img__origins_free(&http->origins);
    curl_slist_free_all(http->resolve);
    free(http->user_agent);
    free(http);
}

static void append(struct http *http, struct transfer *transfer)
{
    transfer->prev = http->last;
    if (http->last)
        http->last->next = transfer;
    else
        http->first = transfer;
    http->last = transfer;
}

static void unlink_transfer(struct http *http, struct transfer *transfer)
{
    if (transfer->prev)
        transfer->prev->next = transfer->next;
    else
        http->first = transfer->next;
    if (transfer->next)
        transfer->next->prev = transfer->prev;
    else
        http->last = transfer->prev;
}

static int start(struct http *http, const struct http_request *request, struct transfer **out,
                 img_error *err)
{
    if (http->closing)
        return img__fail(err, IMG_ECANCELED, "interrupted");
    int rc = img__transfer_new(http, request, out, err);
    if (rc == 0)
        append(http, *out);
    return rc;
}

int img__http_start(struct http *http, const struct http_request *request, http_done_fn done,
                    void *arg, img_error *err)
{
    struct transfer *transfer;
    int rc = start(http, request, &transfer, err);
    if (rc < 0)
        return rc;
    transfer->done = done;
    transfer->arg = arg;
    return 0;
}

static void call_done(struct transfer *transfer)
{
    struct answer *answer = transfer->code == 0 ? transfer->answer : NULL;
    if (answer)
        answer->response.tries = transfer->failures + 1;
    if (transfer->keep && answer)
        *transfer->keep = steal(transfer->answer);
    transfer->done(transfer->code, answer ? &answer->response : NULL,
                   transfer->code < 0 ? &transfer->err : NULL, transfer->arg);
}

/* Calls back for all that has ended. What is started meanwhile comes to the end of the list. */
static void deliver(struct http *http)
{
    struct transfer *transfer = http->first, *next;
    for (; transfer; transfer = next) {
        if (transfer->state == TRANSFER_ENDED) {
            call_done(transfer);
            next = transfer->next;
            unlink_transfer(http, transfer);
            img__transfer_free(transfer);
        } else {
            next = transfer->next;
        }
    }
}

static void end_canceled(struct transfer *transfer)
{
    transfer->err = (img_error){0};
    img__transfer_end(transfer, img__fail(&transfer->err, IMG_ECANCELED, "interrupted"));
}

static void sweep_canceled(struct http *http)
{
    for (struct transfer *t = http->first; t; t = t->next)
        if (t->canceled && t->state != TRANSFER_ENDED)
            end_canceled(t);
}

void img__http_cancel(struct http *http)
{
    bool nested = http->running, more = true;
    for (struct transfer *t = http->first; t; t = t->next)
        t->canceled = t->state != TRANSFER_ENDED;
    if (nested)
        return;
    http->running = true;
    while (more) {
        sweep_canceled(http);
        deliver(http);
        more = false;
        for (struct transfer *t = http->first; t; t = t->next)
            more = more || t->canceled;
    }
    http->running = false;
}

static int work(struct http *http, img_error *err)
{
    struct sigpipe hold;
    int running = 0, left = 0;
    const CURLMsg *message;
    img__sigpipe_hold(&hold);
    CURLMcode rc = curl_multi_perform(http->multi, &running);
    img__sigpipe_release(&hold);
    if (rc != CURLM_OK)
        return img__fail(err, IMG_EFAIL, "libcurl: %s", curl_multi_strerror(rc));
    while ((message = curl_multi_info_read(http->multi, &left))) {
        struct transfer *transfer = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode result = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        img__outcome_settle(transfer, result);
    }
    return 0;
}

static void ask_one(struct transfer *transfer, int64_t now)
{
    if (transfer->state == TRANSFER_ENDED || transfer->canceled || !transfer->want.on_bytes)
        return;
    if (now - transfer->told_ms >= NET_TICK_MS &&
        img__body_tell(transfer, transfer->told_bytes) < 0)
        img__transfer_end(transfer, transfer->code);
}

/* Who waits is asked too, in a pause, for a name server, for a place: so a cancel is prompt. */
static void ask_callers(struct http *http)
{
    int64_t now = img__net_now_ms();
    for (struct transfer *t = http->first; t; t = t->next)
        ask_one(t, now);
    sweep_canceled(http);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When the loop must look at a transfer again though curl has nothing to tell. */
static int64_t wake_ms(const struct transfer *transfer, int64_t now)
{
    int64_t wake = INT64_MAX;
    if (transfer->canceled || transfer->state == TRANSFER_ENDED)
        return now;
    if (transfer->want.on_bytes)
        wake = transfer->told_ms + NET_TICK_MS;
    if (transfer->state == TRANSFER_WAITING)
        return earlier(wake, img__queue_wake_ms(transfer, now));
    if (img__is_paused(transfer))
        wake = earlier(wake, img__pause_end_ms(transfer));
    return earlier(wake, img__watch_wake_ms(transfer));
}

static int wait_for_more(struct http *http, img_error *err)
{
    int64_t now = img__net_now_ms(), wake = now + 60000;
    for (const struct transfer *t = http->first; t && wake > now; t = t->next) {
        int64_t at = wake_ms(t, now);
        wake = at < wake ? at : wake;
    }
    if (wake <= now)
        return 0;
    CURLMcode rc = curl_multi_poll(http->multi, NULL, 0, (int)(wake - now), NULL);
    if (rc != CURLM_OK)
        return img__fail(err, IMG_EFAIL, "libcurl: %s", curl_multi_strerror(rc));
    return 0;
}

int img__http_run(struct http *http, img_error *err)
{
    int rc = 0;
    assert(!http->running);
    http->running = true;
    while (rc == 0 && http->first) {
        img__queue_begin(http);
        img__pause_resume(http);
        rc = work(http, err);
        if (rc < 0)
            break;
        img__watch(http);
        ask_callers(http);
        deliver(http);
        if (http->first)
            rc = wait_for_more(http, err);
    }
    http->running = false;
    if (rc < 0)
        img__http_cancel(http);
    return rc;
}

struct waiter {
    int code;
    img_error err;
    struct answer *answer;
};

static void on_performed(int code, const struct http_response *response, const img_error *err,
                         void *arg)
{
    struct waiter *waiter = arg;
    (void)response;
    waiter->code = code;
    if (err)
        waiter->err = *err;
}

int img__http_perform(struct http *http, const struct http_request *request,
                      struct http_response **response, img_error *err)
{
    struct waiter waiter = {0};
    struct transfer *transfer;
    int rc = start(http, request, &transfer, err);
    if (rc < 0)
        return rc;
    transfer->done = on_performed;
    transfer->arg = &waiter;
    transfer->keep = &waiter.answer;
    rc = img__http_run(http, err);
    if (rc == 0 && waiter.code < 0) {
        rc = waiter.code;
        if (err)
            *err = waiter.err;
    }
    if (rc < 0) {
        img__http_response_free(waiter.answer ? &waiter.answer->response : NULL);
        return rc;
    }
    *response = &waiter.answer->response;
    return 0;
}

void img__http_response_free(struct http_response *response)
{
    struct answer *answer = (struct answer *)response;
    if (!answer)
        return;
    if (answer->response.body.data) /* it may be a token */
        explicit_bzero(answer->response.body.data, answer->response.body.cap);
    img__buf_free(&answer->response.body);
    img__buf_free(&answer->response.headers);
    img__buf_free(&answer->url);
    free(answer);
}

const char *img__http_library_version(void)
{
    return curl_version_info(CURLVERSION_NOW)->version;
}

const char *img__http_tls_version(void)
{
    const char *version = curl_version_info(CURLVERSION_NOW)->ssl_version;
    return version ? version : "none";
}
