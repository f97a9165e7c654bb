/* SPDX-License-Identifier: Apache-2.0
 *
 * A transfer's life: the copy of the request, and for each hop an easy handle that is set up from
 * nothing. Authorization is tied to the origin of the request's URL, here and nowhere else. What
 * curl would do by itself (redirects, decoding, Expect, other protocols) is switched off.
 */
#include <assert.h>
#include <string.h>

#include "net/internal.h"
#include "net/sigpipe.h"

#define BUFFER_BYTES (512L * 1024)

static bool is_clean(const char *text)
{
    for (; *text; text++)
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
            return false;
    return true;
}

static int copy_headers(struct transfer *transfer, const struct http_request *request,
                        img_error *err)
{
    const char *const *line = request->headers;
    for (; line && *line; line++) {
        if (!is_clean(*line) || !strchr(*line, ':'))
            return img__fail(err, IMG_EINVAL, "the header '%s' is malformed", *line);
        int rc = img__strv_add(&transfer->headers, *line, err);
        if (rc < 0)
            return rc;
    }
    if (!request->authorization)
        return 0;
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
    transfer->want.headers = NULL;
    transfer->method = strdup(request->method);
    transfer->url = strdup(transfer->here.data);
    if (!transfer->method || !transfer->url)
        return img__fail_memory(err);
    return copy_headers(transfer, request, err);
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
    transfer->here.max = URL_MAX;
    int rc = copy_request(transfer, request, err);
    if (rc < 0)
        return img__transfer_free(transfer), rc;
    *out = transfer;
    return 0;
}

static void free_lines(struct transfer *transfer)
{
    for (struct curl_slist *line = transfer->lines; line; line = line->next)
        explicit_bzero(line->data, strlen(line->data));
    curl_slist_free_all(transfer->lines);
    transfer->lines = NULL;
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
    free_lines(transfer);
    if (transfer->answer)
        img__http_response_free(&transfer->answer->response);
    if (transfer->authorization)
        explicit_bzero(transfer->authorization, strlen(transfer->authorization));
    free(transfer->authorization);
    free(transfer->method);
    free(transfer->url);
    img__strv_free(&transfer->headers);
    img__buf_free(&transfer->here);
    free(transfer);
}

static bool sends_body(const struct transfer *transfer)
{
    static const char *const methods[] = {"PUT", "POST", "PATCH"};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (strcmp(transfer->method, methods[i]) == 0)
            return true;
    return transfer->want.body != NULL;
}

#define SET(option, value) (rc = rc ? rc : curl_easy_setopt(easy, option, value))

static CURLcode set_method(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    CURLcode rc = CURLE_OK;
    if (strcmp(transfer->method, "HEAD") == 0)
        return SET(CURLOPT_NOBODY, 1L);
    SET(CURLOPT_HTTPGET, 1L);
    if (sends_body(transfer)) {
        SET(CURLOPT_UPLOAD, 1L);
        SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)transfer->want.body_size);
    }
    return SET(CURLOPT_CUSTOMREQUEST, transfer->method);
}

static int add_line(struct transfer *transfer, const char *line)
{
    struct curl_slist *lines = curl_slist_append(transfer->lines, line);
    if (!lines)
        return img__fail_memory(&transfer->err);
    transfer->lines = lines;
    return 0;
}

static int add_authorization(struct transfer *transfer)
{
    if (!transfer->authorization ||
        !img__url_same_origin(transfer->url, img__buf_text(&transfer->here)))
        return 0;
    struct buf line auto_(buf) = BUF_INIT(NET_HEADER_BYTES_MAX);
    /* Room for all at once, so that no part of the secret stays behind in a smaller block. */
    img__buf_reserve(&line, strlen(transfer->authorization) + 16);
    img__buf_puts(&line, "Authorization: ");
    img__buf_puts(&line, transfer->authorization);
    int rc = img__buf_check(&line, "the credential", &transfer->err);
    if (rc == 0)
        rc = add_line(transfer, line.data);
    if (line.data)
        explicit_bzero(line.data, line.len);
    return rc;
}

static int set_headers(struct transfer *transfer)
{
    const char *const *line = img__strv_list(&transfer->headers);
    int rc = 0;
    free_lines(transfer);
    for (; rc == 0 && *line; line++)
        rc = add_line(transfer, *line);
    if (rc == 0)
        rc = add_line(transfer, "Expect:");
    return rc == 0 ? add_authorization(transfer) : rc;
}

static CURLcode set_callbacks(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_PRIVATE, transfer);
    SET(CURLOPT_ERRORBUFFER, transfer->detail);
    SET(CURLOPT_HTTPHEADER, transfer->lines);
    SET(CURLOPT_HEADERFUNCTION, img__header_on_line);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_WRITEFUNCTION, img__body_on_write);
    SET(CURLOPT_WRITEDATA, transfer);
    SET(CURLOPT_READFUNCTION, img__body_on_read);
    SET(CURLOPT_READDATA, transfer);
    SET(CURLOPT_SEEKFUNCTION, img__body_on_seek);
    SET(CURLOPT_SEEKDATA, transfer);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, img__body_on_progress);
    SET(CURLOPT_XFERINFODATA, transfer);
    SET(CURLOPT_PREREQFUNCTION, img__body_on_connected);
    SET(CURLOPT_PREREQDATA, transfer);
    return rc;
}

static CURLcode set_transport(struct transfer *transfer)
{
    const struct http *http = transfer->http;
    CURL *easy = transfer->easy;
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_URL, transfer->here.data);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_HTTP_CONTENT_DECODING, 0L);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)http->connect_timeout_ms);
    SET(CURLOPT_TCP_NODELAY, 1L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    if (http->user_agent)
        SET(CURLOPT_USERAGENT, http->user_agent);
    /* A used handle may still have its buffers, after an upload that was answered early: then their
     * size can't be set, and is a good one already. */
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_BYTES);
    /* A libcurl without HTTP/2 refuses the wish for it, and speaks HTTP/1.1 then. */
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                     transfer->http1_only ? (long)CURL_HTTP_VERSION_1_1
                                          : (long)CURL_HTTP_VERSION_2TLS);
    rc = rc ? rc : img__tls_setup(easy, &http->roots);
    return rc ? rc : img__proxy_setup(easy, transfer->here.data);
}

static int setup(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    curl_easy_reset(easy);
    int failed = set_headers(transfer);
    if (failed < 0)
        return failed;
    CURLcode rc = set_method(transfer);
    rc = rc ? rc : set_transport(transfer);
    rc = rc ? rc : set_callbacks(transfer);
    if (rc == CURLE_OUT_OF_MEMORY)
        return img__fail_memory(&transfer->err);
    if (rc != CURLE_OK)
        return img__fail(&transfer->err, IMG_EUNSUPPORTED, "libcurl can't be set up: %s",
                         curl_easy_strerror(rc));
    return 0;
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
    answer->response.body.max = NET_BODY_KEPT;
    answer->response.headers.max = NET_HEADER_BYTES_MAX;
    answer->url.max = URL_MAX;
    img__buf_append(&answer->url, transfer->here.data, transfer->here.len);
    answer->response.url = answer->url.data;
    return img__buf_check(&answer->url, "the URL", &transfer->err);
}

/* All that belongs to one hop begins anew. */
static int prepare(struct transfer *transfer)
{
    transfer->in_headers = transfer->in_body = transfer->body_cut = false;
    transfer->header_bytes = transfer->header_lines = 0;
    transfer->sent = transfer->told_bytes = transfer->moved_bytes = 0;
    transfer->moved_ms = 0;
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
        rc = setup(transfer);
    if (rc < 0)
        return img__transfer_end(transfer, rc);
    img__transfer_log(transfer, IMG_LOG_DEBUG, NULL);
    CURLMcode added = curl_multi_add_handle(transfer->http->multi, transfer->easy);
    if (added != CURLM_OK)
        return img__transfer_end(transfer, img__fail(&transfer->err, IMG_EFAIL, "libcurl: %s",
                                                     curl_multi_strerror(added)));
    transfer->state = TRANSFER_ACTIVE;
    transfer->http->active_count++;
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
    transfer->http->active_count--;
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
