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

static void wait_until(struct transfer *transfer, int64_t due_ms)
{
    transfer->state = TRANSFER_WAITING;
    transfer->due_ms = due_ms;
}

static int go_to(struct transfer *transfer, const char *url)
{
    img__buf_clear(&transfer->here);
    img__buf_puts(&transfer->here, url);
    return img__buf_check(&transfer->here, "the URL", &transfer->err);
}

static bool may_try_again(const struct transfer *transfer, enum again again)
{
    const struct source *body = transfer->want.body;
    if (transfer->want.once || transfer->delivered)
        return false;
    if (transfer->body_touched && !body->ops->rewind)
        return false;
    return transfer->failures + 1 < img__retry_tries(again, transfer->http->tries);
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

/* So that what follows its headers is the caller's. */
bool img__outcome_is_final(const struct transfer *transfer)
{
    const struct http_response *response = &transfer->answer->response;
    char *location auto_free = img__header_copy(response, "Location");
    return !is_redirect(response, location) &&
           !(img__retry_status(response->status) && may_try_again(transfer, AGAIN_OFTEN));
}

/* reason is for the log. */
static void try_again(struct transfer *transfer, int64_t pause_ms, const char *reason)
{
    char text[1400];
    transfer->failures++;
    transfer->redirects = 0;
    snprintf(text, sizeof(text), "%s; trying again in %lld.%02lld s (%u of %u)", reason,
             (long long)(pause_ms / 1000), (long long)(pause_ms % 1000 / 10),
             transfer->failures + 1, transfer->http->tries);
    img__transfer_log(transfer, IMG_LOG_INFO, text);
    if (go_to(transfer, transfer->url) < 0)
        return img__transfer_end(transfer, transfer->err.code);
    wait_until(transfer, img__net_now_ms() + pause_ms);
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
    if ((rc = go_to(transfer, next.data)) < 0)
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

static void answered(struct transfer *transfer)
{
    const struct http_response *response = &transfer->answer->response;
    char *location auto_free = img__header_copy(response, "Location");
    if (is_redirect(response, location))
        return follow(transfer, location);
    if (!img__retry_status(response->status) || !may_try_again(transfer, AGAIN_OFTEN))
        return img__transfer_end(transfer, img__header_tell(transfer));
    char reason[16];
    snprintf(reason, sizeof(reason), "%d", response->status);
    try_again(transfer, img__retry_pause_ms(transfer->failures + 1, response), reason);
}

/* err tells already. */
static void failed(struct transfer *transfer, enum again again, int64_t pause_ms)
{
    img_error *err = &transfer->err;
    if (may_try_again(transfer, again))
        return try_again(transfer, pause_ms, err->message);
    size_t len = strlen(err->message);
    if (transfer->failures)
        snprintf(err->message + len, sizeof(err->message) - len, " (%u attempts)",
                 transfer->failures + 1);
    img__transfer_log(transfer, IMG_LOG_DEBUG, err->message);
    img__transfer_end(transfer, err->code);
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
    log_answer(transfer);
    img__transfer_leave(transfer, result == CURLE_OK);
    if (transfer->canceled)
        return;
    if (transfer->code < 0)
        return img__transfer_end(transfer, transfer->code);
    if (result == CURLE_OK || refused)
        return answered(transfer);
    bool http2 = result == CURLE_HTTP2 || result == CURLE_HTTP2_STREAM;
    bool first = http2 && !transfer->http1_only;
    transfer->http1_only = transfer->http1_only || http2;
    failed(transfer, again, first ? 0 : img__retry_pause_ms(transfer->failures + 1, NULL));
}

void img__outcome_stalled(struct transfer *transfer)
{
    struct buf url auto_(buf) = BUF_INIT(URL_MAX);
    img__url_for_message(transfer->here.data, &url);
    img__transfer_leave(transfer, false);
    img__fail(&transfer->err, IMG_ENETWORK,
              "%s %s: nothing moved for %lld s: the server or the network hangs", transfer->method,
              img__buf_text(&url), (long long)(img__net_now_ms() - transfer->moved_ms) / 1000);
    transfer->err.sys_errno = ETIMEDOUT;
    failed(transfer, AGAIN_ONCE, img__retry_pause_ms(transfer->failures + 1, NULL));
}
