/* SPDX-License-Identifier: Apache-2.0
 *
 * What the end of a hop means for its transfer: it follows a redirect, tries again after a pause,
 * or has ended with an answer or a failure. Another try begins at the request's own URL, since
 * where a redirect led may be signed for a short time. Nothing is sent again once the sink has
 * bytes.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "net/internal.h"

#define SENT_AGAIN_MAX 4
#define DEAD_SENT_MAX ((curl_off_t)1024 * 1024)
#define TOLD_PAUSE_MS 5000 /* from here on people ask themselves what is going on */

static void wait_until(struct transfer *transfer, int64_t due_ms)
{
    transfer->state = TRANSFER_WAITING;
    transfer->due_ms = due_ms;
}

static bool may_send_again(const struct transfer *transfer)
{
    const struct source *body = transfer->want.body;
    if (transfer->want.once || transfer->delivered)
        return false;
    return !transfer->body_touched || body->ops->rewind;
}

static bool may_try_again(const struct transfer *transfer, enum again again)
{
    if (again != AGAIN_TOLD && !img__origin_can_retry(transfer->home))
        return false;
    return may_send_again(transfer) &&
           transfer->failures + 1 < img__retry_tries(again, transfer->http->tries);
}

static bool is_redirect(const struct http_response *response, const char *location)
{
    switch (response->status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        return location && *location;
    default:
        return false;
    }
}

/* It does not know Expect; the body was not sent. */
static bool is_expect_refused(const struct transfer *transfer)
{
    return transfer->answer->response.status == 417 && transfer->expects &&
           transfer->sent_again < SENT_AGAIN_MAX && may_send_again(transfer);
}

/* So that what follows its headers is the caller's. */
bool img__outcome_is_final(const struct transfer *transfer)
{
    const struct http_response *response = &transfer->answer->response;
    char *location auto_free = img__header_copy(response, "Location");
    return !is_redirect(response, location) && !is_expect_refused(transfer) &&
           !may_try_again(transfer, img__retry_status(response));
}

static void begin_anew(struct transfer *transfer, int64_t pause_ms)
{
    transfer->redirects = 0;
    if (img__transfer_go_to(transfer, transfer->url) < 0)
        return img__transfer_end(transfer, transfer->err.code);
    wait_until(transfer, pause_ms ? img__net_now_ms() + pause_ms : 0);
}

/* What is nobody's fault is no try; but nobody may keep us at it. */
static void send_again(struct transfer *transfer, const char *why)
{
    transfer->sent_again++;
    img__transfer_log(transfer, IMG_LOG_INFO, why);
    begin_anew(transfer, 0);
}

/* reason is for the log. */
static void try_again(struct transfer *transfer, int64_t pause_ms, const char *reason)
{
    char text[1400];
    transfer->failures++;
    snprintf(text, sizeof(text), "%s; trying again in %lld.%02lld s (%u of %u)", reason,
             (long long)(pause_ms / 1000), (long long)(pause_ms % 1000 / 10),
             transfer->failures + 1, transfer->http->tries);
    img__transfer_log(transfer, IMG_LOG_INFO, text);
    begin_anew(transfer, pause_ms);
}

static int check_redirect(struct transfer *transfer, const char *next)
{
    struct url_origin from, to;
    int rc = img__url_origin(transfer->here.data, &from, &transfer->err);
    if (rc == 0)
        rc = img__url_origin(next, &to, &transfer->err);
    if (rc < 0)
        return rc;
    if (transfer->redirects >= NET_REDIRECTS_MAX)
        return img__fail(&transfer->err, IMG_ELIMIT, "more than %d redirects", NET_REDIRECTS_MAX);
    if (from.https && !to.https)
        return img__fail(&transfer->err, IMG_ETLS,
                         "the server redirects from https to http at %.*s, which is not followed",
                         (int)to.host_len, to.host);
    if (transfer->want.confidential && !img__url_same_origin(transfer->url, next))
        return img__fail(&transfer->err, IMG_EAUTH,
                         "the server has the credential sent on to %.*s, which is not done",
                         (int)to.host_len, to.host);
    return 0;
}

/* Method and body stay, whatever the status: registries mean it so. */
static void follow(struct transfer *transfer, const char *location)
{
    struct buf next auto_(buf) = BUF_INIT(URL_MAX), shown auto_(buf) = BUF_INIT(URL_MAX + 64);
    int rc = img__url_resolve(transfer->here.data, location, &next, &transfer->err);
    if (rc == 0)
        rc = check_redirect(transfer, next.data);
    if (rc < 0) {
        img__url_for_message(transfer->url, &shown);
        img__prefix(&transfer->err, rc, "%s %s: redirect", transfer->method, img__buf_text(&shown));
        return img__transfer_end(transfer, rc);
    }
    img__buf_printf(&shown, "%d, redirected to ", transfer->answer->response.status);
    img__url_for_message(next.data, &shown);
    img__transfer_log(transfer, IMG_LOG_INFO, img__buf_text(&shown));
    transfer->redirects++;
    if ((rc = img__transfer_go_to(transfer, next.data)) < 0)
        return img__transfer_end(transfer, rc);
    wait_until(transfer, 0);
}

static void log_answer(struct transfer *transfer)
{
    char text[128];
    curl_off_t up = 0, down = 0;
    if (!transfer->in_body)
        return;
    curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &up);
    curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
    snprintf(text, sizeof(text), "%d, %lld bytes sent, %lld received in %lld ms",
             transfer->answer->response.status, (long long)up, (long long)down,
             (long long)(img__net_now_ms() - transfer->begun_ms));
    img__transfer_log(transfer, IMG_LOG_DEBUG, text);
}

/* A server that asks to be left alone is: by all, whatever becomes of this transfer. */
static void heed(struct transfer *transfer, int64_t pause_ms)
{
    const struct http_response *response = &transfer->answer->response;
    struct origin *origin = transfer->origin;
    char text[128];
    uint32_t most = img__queue_most(transfer);
    int64_t now = img__net_now_ms();
    if (response->status != 429 && (response->status != 503 || response->retry_after_ms < 0))
        return;
    img__origin_pause(origin, now + pause_ms);
    if (response->status == 429)
        img__origin_too_many(origin, most, transfer->begun_ms, now);
    snprintf(text, sizeof(text), "%d: nothing is asked of it for %lld.%02lld s, then %u at once",
             response->status, (long long)(pause_ms / 1000), (long long)(pause_ms % 1000 / 10),
             img__origin_limit(origin, most, now));
    img__transfer_log(transfer, pause_ms < TOLD_PAUSE_MS ? IMG_LOG_INFO : IMG_LOG_WARNING, text);
}

static void answered(struct transfer *transfer)
{
    const struct http_response *response = &transfer->answer->response;
    char *location auto_free = img__header_copy(response, "Location");
    int64_t pause_ms = img__retry_pause_ms(transfer->failures + 1, response);
    heed(transfer, pause_ms);
    if (is_redirect(response, location))
        return follow(transfer, location);
    if (is_expect_refused(transfer)) {
        transfer->origin->no_expect = true;
        return send_again(transfer, "417: sent again without Expect");
    }
    enum again again = img__retry_status(response);
    if (!may_try_again(transfer, again))
        return img__transfer_end(transfer, img__header_tell(transfer));
    char reason[16];
    snprintf(reason, sizeof(reason), "%d", response->status);
    if (again != AGAIN_TOLD)
        img__origin_count_retry(transfer->home);
    try_again(transfer, pause_ms, reason);
}

/* err tells already. */
static void failed(struct transfer *transfer, enum again again)
{
    img_error *err = &transfer->err;
    if (may_try_again(transfer, again)) {
        img__origin_count_retry(transfer->home);
        return try_again(transfer, img__retry_pause_ms(transfer->failures + 1, NULL), err->message);
    }
    size_t len = strlen(err->message);
    if (transfer->failures)
        snprintf(err->message + len, sizeof(err->message) - len, " (%u attempts)",
                 transfer->failures + 1);
    img__transfer_log(transfer, IMG_LOG_DEBUG, err->message);
    img__transfer_end(transfer, err->code);
}

/* HTTP/2 in which a stream or all of the connection failed. Where it may have been spoken, a
 * connection that goes away can mean the same. */
static bool is_http2_failure(const struct transfer *transfer, CURLcode result)
{
    bool http2 = !transfer->origin->knows_http1 && !img__setup_wants_http1(transfer);
    bool broke =
        result == CURLE_RECV_ERROR || result == CURLE_SEND_ERROR || result == CURLE_GOT_NOTHING;
    return result == CURLE_HTTP2 || result == CURLE_HTTP2_STREAM || (http2 && broke);
}

static void broke(struct transfer *transfer, CURLcode result, enum again again)
{
    if (!is_http2_failure(transfer, result) || transfer->http1_only)
        return failed(transfer, again);
    img__origin_http2_failed(transfer->origin);
    transfer->http1_only = true;
    if (!may_send_again(transfer))
        return failed(transfer, again);
    send_again(transfer, "HTTP/2 failed: sent again over HTTP/1.1");
}

static void note_version(struct transfer *transfer)
{
    long version = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version);
    if (version == CURL_HTTP_VERSION_2_0)
        img__origin_http2_worked(transfer->origin);
    else if (!img__setup_wants_http1(transfer))
        transfer->origin->knows_http1 = true;
}

/* Nothing of an answer came, and what we sent fits into the first windows: more than that, and
 * there was somebody at the other end. curl itself starts anew only where reading fails, not where
 * the reset comes between our header and our body. */
static bool found_dead(const struct transfer *transfer, CURLcode result)
{
    long headers = 0;
    curl_off_t sent = 0;
    if (result != CURLE_SEND_ERROR && result != CURLE_RECV_ERROR && result != CURLE_GOT_NOTHING)
        return false;
    curl_easy_getinfo(transfer->easy, CURLINFO_HEADER_SIZE, &headers);
    curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    return headers == 0 && sent <= DEAD_SENT_MAX;
}

/* A kept connection that is of no use: dead, or with something in it that is no answer to us, such
 * as the body that came behind an answer to HEAD. curl closes it. */
static const char *stale(const struct transfer *transfer, CURLcode result)
{
    long opened = 1;
    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &opened);
    if (opened != 0 || transfer->sent_again >= SENT_AGAIN_MAX || !may_send_again(transfer))
        return NULL;
    if (result == CURLE_UNSUPPORTED_PROTOCOL || result == CURLE_WEIRD_SERVER_REPLY)
        return "the rest of another answer came: sent again";
    return found_dead(transfer, result) ? "the kept connection was dead: sent again" : NULL;
}

void img__outcome_settle(struct transfer *transfer, CURLcode result)
{
    const struct http_response *response = &transfer->answer->response;
    if (result == CURLE_OK && !transfer->in_body)
        result = CURLE_GOT_NOTHING; /* interim answers and no more */
    /* A refusal counts even if what explains it was cut short, or our body never arrived. */
    bool refused = transfer->in_body && response->status / 100 != 2;
    enum again again = AGAIN_NEVER;
    if (transfer->code == 0 && result != CURLE_OK && !refused && !transfer->canceled)
        again = img__failure_describe(transfer, result);
    const char *again_for_free = transfer->code == 0 ? stale(transfer, result) : NULL;
    log_answer(transfer);
    if (transfer->want.facts)
        img__facts_take(transfer);
    if (result == CURLE_OK)
        note_version(transfer);
    img__transfer_leave(transfer, result == CURLE_OK);
    if (transfer->canceled)
        return;
    if (transfer->code < 0)
        return img__transfer_end(transfer, transfer->code);
    if (result == CURLE_OK || refused)
        return answered(transfer);
    if (again_for_free)
        return send_again(transfer, again_for_free);
    broke(transfer, result, again);
}

void img__outcome_dropped(struct transfer *transfer)
{
    img__transfer_leave(transfer, false);
    failed(transfer, AGAIN_ONCE);
}
