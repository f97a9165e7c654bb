/* SPDX-License-Identifier: Apache-2.0
 *
 * A transfer's life: the copy of the request, and for each hop an answer and an easy handle.
 */
#include <assert.h>
#include <string.h>

#include "base/sigpipe.h"
#include "net/internal.h"

static bool is_clean(const char *text)
{
    for (; *text; text++)
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
            return false;
    return true;
}

static int copy_list(struct strv *out, const char *const *line, img_error *err)
{
    for (; line && *line; line++) {
        if (!is_clean(*line) || !strchr(*line, ':'))
            return img__fail(err, IMG_EINVAL, "the header '%.*s' is malformed",
                             (int)strcspn(*line, ":"), *line);
        int rc = img__strv_add(out, *line, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int copy_headers(struct transfer *transfer, const struct http_request *request,
                        img_error *err)
{
    int rc = copy_list(&transfer->headers, request->headers, err);
    if (rc == 0)
        rc = copy_list(&transfer->own_headers, request->own_headers, err);
    if (rc || !request->authorization)
        return rc;
    if (!is_clean(request->authorization))
        return img__fail(err, IMG_EINVAL, "the credential holds control characters");
    transfer->authorization = strdup(request->authorization);
    return transfer->authorization ? 0 : img__fail_memory(err);
}

static int copy_request(struct transfer *transfer, const struct http_request *request,
                        img_error *err)
{
    int rc = img__url_resolve(NULL, request->url, &transfer->here, err);
    if (rc < 0)
        return rc;
    if (request->body_size > INT64_MAX)
        return img__fail(err, IMG_EINVAL, "a body can't have more than %lld bytes",
                         (long long)INT64_MAX);
    transfer->want = *request;
    /* The caller's strings may be gone when they would be looked at. */
    transfer->want.method = transfer->want.url = transfer->want.authorization = NULL;
    transfer->want.headers = transfer->want.own_headers = NULL;
    transfer->want.tls = NULL;
    transfer->method = strdup(request->method);
    transfer->url = strdup(transfer->here.data);
    transfer->place = request->far ? request->from : ADDRESS_ELSEWHERE;
    if (!transfer->method || !transfer->url)
        return img__fail_memory(err);
    rc = img__origin_take(&transfer->http->origins, transfer->url, &transfer->home, err);
    rc =
        rc ? rc : img__origin_take(&transfer->http->origins, transfer->url, &transfer->origin, err);
    if (rc < 0)
        return rc;
    img__origin_count_request(transfer->home);
    rc = request->tls ? img__tls_copy(request->tls, &transfer->tls, err) : 0;
    return rc ? rc : copy_headers(transfer, request, err);
}

int img__transfer_new(struct http *http, const struct http_request *request, struct transfer **out,
                      img_error *err)
{
    assert(request->body || request->body_size == 0);
    struct transfer *transfer = calloc(1, sizeof(*transfer));
    if (!transfer)
        return img__fail_memory(err);
    transfer->http = http;
    transfer->told_ms = img__net_now_ms();
    transfer->due_ms = transfer->told_ms + request->delay_ms;
    transfer->here.max = URL_MAX;
    int rc = copy_request(transfer, request, err);
    if (rc < 0)
        return img__transfer_free(transfer), rc;
    *out = transfer;
    return 0;
}

/* Only a handle whose last hop went well is used again: others may hold leftovers, such as a buffer
 * whose size can't be set any more. */
static void free_easy(struct transfer *transfer, bool reuse)
{
    struct http *http = transfer->http;
    CURL *easy = steal(transfer->easy);
    struct sigpipe hold;
    if (!easy)
        return;
    if (reuse && http->idle_count < NET_IDLE_MAX) {
        curl_easy_reset(easy);
        http->idle[http->idle_count++] = easy;
        return;
    }
    img__sigpipe_hold(&hold);
    curl_easy_cleanup(easy);
    img__sigpipe_release(&hold);
}

void img__transfer_free(struct transfer *transfer)
{
    img__transfer_leave(transfer, false);
    free_easy(transfer, true);
    img__setup_free_lines(transfer);
    if (transfer->answer)
        img__http_response_free(&transfer->answer->response);
    if (transfer->authorization)
        explicit_bzero(transfer->authorization, strlen(transfer->authorization));
    free(transfer->authorization);
    free(transfer->method);
    free(transfer->url);
    img__origin_give(transfer->home);
    img__origin_give(transfer->origin);
    img__tls_own_free(&transfer->tls);
    img__strv_free(&transfer->headers);
    for (size_t i = 0; i < transfer->own_headers.count; i++)
        explicit_bzero(transfer->own_headers.items[i], strlen(transfer->own_headers.items[i]));
    img__strv_free(&transfer->own_headers);
    img__buf_free(&transfer->here);
    free(transfer);
}

static int take_easy(struct transfer *transfer)
{
    struct http *http = transfer->http;
    if (!transfer->easy && http->idle_count)
        transfer->easy = http->idle[--http->idle_count];
    if (!transfer->easy)
        transfer->easy = curl_easy_init();
    return transfer->easy ? 0 : img__fail_memory(&transfer->err);
}

static int new_answer(struct transfer *transfer)
{
    if (transfer->answer)
        img__http_response_free(&transfer->answer->response);
    struct answer *answer = transfer->answer = calloc(1, sizeof(*answer));
    if (!answer)
        return img__fail_memory(&transfer->err);
    answer->response.retry_after_ms = -1;
    answer->response.body.max = NET_BODY_KEPT;
    answer->response.headers.max = NET_HEADER_BYTES_MAX;
    answer->url.max = URL_MAX;
    img__buf_append(&answer->url, transfer->here.data, transfer->here.len);
    answer->response.url = answer->url.data;
    return img__buf_check(&answer->url, "the URL", &transfer->err);
}

/* Where the next hop begins. */
int img__transfer_go_to(struct transfer *transfer, const char *url)
{
    struct origin *next;
    img__buf_clear(&transfer->here);
    img__buf_puts(&transfer->here, url);
    int rc = img__buf_check(&transfer->here, "the URL", &transfer->err);
    rc = rc ? rc : img__origin_take(&transfer->http->origins, url, &next, &transfer->err);
    if (rc < 0)
        return rc;
    img__origin_give(transfer->origin);
    transfer->origin = next;
    return 0;
}

/* All that belongs to one hop begins anew. */
static int prepare(struct transfer *transfer)
{
    transfer->in_headers = transfer->in_body = transfer->body_cut = false;
    transfer->told_headers = transfer->read_paused = transfer->write_paused = false;
    transfer->header_bytes = transfer->header_lines = 0;
    transfer->proxied = img__proxy_is_set(transfer->here.data);
    transfer->expects = transfer->continued = false;
    transfer->refused[0] = '\0';
    transfer->sent = transfer->sent_bytes = transfer->told_bytes = transfer->moved_bytes = 0;
    transfer->pace_bytes = 0;
    transfer->moved_ms = transfer->asked_ms = transfer->pace_ms = 0;
    transfer->begun_ms = img__net_now_ms();
    transfer->detail[0] = '\0';
    int rc = new_answer(transfer);
    if (rc == 0 && transfer->body_touched)
        rc = img__source_rewind(transfer->want.body, &transfer->err);
    transfer->body_touched = false;
    return rc == 0 ? take_easy(transfer) : rc;
}

void img__transfer_begin(struct transfer *transfer)
{
    int rc = prepare(transfer);
    if (rc == 0)
        rc = img__setup(transfer);
    if (rc < 0)
        return img__transfer_end(transfer, rc);
    img__transfer_log(transfer, IMG_LOG_DEBUG, NULL);
    CURLMcode added = curl_multi_add_handle(transfer->http->multi, transfer->easy);
    if (added != CURLM_OK)
        return img__transfer_end(transfer, img__fail(&transfer->err, IMG_EFAIL, "libcurl: %s",
                                                     curl_multi_strerror(added)));
    transfer->state = TRANSFER_ACTIVE;
    img__queue_hold(transfer, true);
}

void img__transfer_leave(struct transfer *transfer, bool reuse)
{
    struct sigpipe hold;
    if (transfer->state != TRANSFER_ACTIVE)
        return;
    img__sigpipe_hold(&hold);
    curl_multi_remove_handle(transfer->http->multi, transfer->easy);
    img__sigpipe_release(&hold);
    if (!reuse)
        free_easy(transfer, false);
    img__queue_hold(transfer, false);
    transfer->state = TRANSFER_WAITING;
}

void img__transfer_end(struct transfer *transfer, int code)
{
    img__transfer_leave(transfer, false);
    transfer->code = code;
    transfer->state = TRANSFER_ENDED;
}

/* text NULL: the request itself. */
void img__transfer_log(struct transfer *transfer, int level, const char *text)
{
    struct buf url auto_(buf) = BUF_INIT(URL_MAX);
    const struct observer *observer = transfer->http->observer;
    if (!observer || !observer->on_log)
        return;
    img__url_for_message(img__buf_text(&transfer->here), &url);
    img__log(observer, level, "%s %s%s%s", transfer->method, img__buf_text(&url), text ? ": " : "",
             text ? text : "");
}
