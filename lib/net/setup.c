/* SPDX-License-Identifier: Apache-2.0
 *
 * An easy handle for one hop, set up from nothing. Authorization, TLS settings and headers of one's
 * own are tied to the origin of the request's URL, here and nowhere else. What curl would do by
 * itself (redirects, decoding, Expect, cookies, other protocols, proxies) is switched off.
 */
#include <string.h>

#include "net/internal.h"

#define BUFFER_BYTES (512L * 1024)
#define EXPECT_BYTES ((uint64_t)1024 * 1024)
#define EXPECT_WAIT_MS 1000L
#define EYEBALLS_MS 200L
#define BULK_BYTES ((uint64_t)2 * 1024 * 1024)

void img__setup_free_lines(struct transfer *transfer)
{
    for (struct curl_slist *line = transfer->lines; line; line = line->next)
        explicit_bzero(line->data, strlen(line->data));
    curl_slist_free_all(transfer->lines);
    transfer->lines = NULL;
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

static bool is_home(const struct transfer *transfer)
{
    return img__url_same_origin(transfer->url, img__buf_text(&transfer->here));
}

static int add_authorization(struct transfer *transfer)
{
    if (!transfer->authorization || !is_home(transfer))
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

/* The server may refuse before a large body is sent: then curl waits for its word, but no longer
 * than EXPECT_WAIT_MS. */
static bool want_expect(struct transfer *transfer)
{
    bool sends = strcmp(transfer->method, "PUT") == 0 || strcmp(transfer->method, "PATCH") == 0;
    transfer->expects =
        sends && transfer->want.body_size >= EXPECT_BYTES && !transfer->origin->no_expect;
    return transfer->expects;
}

static int add_lines(struct transfer *transfer, const struct strv *lines)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < lines->count; i++)
        rc = add_line(transfer, lines->items[i]);
    return rc;
}

static int set_headers(struct transfer *transfer)
{
    img__setup_free_lines(transfer);
    int rc = add_lines(transfer, &transfer->headers);
    if (rc == 0 && is_home(transfer))
        rc = add_lines(transfer, &transfer->own_headers);
    if (rc == 0)
        rc = want_expect(transfer) ? 0 : add_line(transfer, "Expect:");
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
    SET(CURLOPT_OPENSOCKETFUNCTION, img__peer_on_socket);
    SET(CURLOPT_OPENSOCKETDATA, transfer);
    SET(CURLOPT_PREREQFUNCTION, img__peer_on_connected);
    SET(CURLOPT_PREREQDATA, transfer);
    return rc;
}

bool img__setup_wants_http1(const struct transfer *transfer)
{
    const struct http_request *want = &transfer->want;
    return transfer->http1_only || transfer->origin->http1_only || want->bulk || want->lone ||
           want->body_size >= BULK_BYTES || strncmp(transfer->here.data, "https:", 6) != 0;
}

/* A libcurl without HTTP/2 refuses the wish for it, and speaks HTTP/1.1 then. Where it is spoken a
 * transfer waits to see whether the connection that is being made can carry it too. */
static void set_version(struct transfer *transfer)
{
    bool http1 = img__setup_wants_http1(transfer);
    curl_easy_setopt(transfer->easy, CURLOPT_HTTP_VERSION,
                     http1 ? (long)CURL_HTTP_VERSION_1_1 : (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(transfer->easy, CURLOPT_PIPEWAIT, http1 ? 0L : 1L);
}

static CURLcode set_connection(struct transfer *transfer)
{
    const struct http *http = transfer->http;
    CURL *easy = transfer->easy;
    CURLcode rc = CURLE_OK;
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)http->connect_timeout_ms);
    SET(CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, EYEBALLS_MS);
    SET(CURLOPT_TCP_NODELAY, 1L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_SHARE, http->share);
    if (http->resolve)
        SET(CURLOPT_RESOLVE, http->resolve);
    /* Who cancels does not wait for a name server; a libcurl that is too old makes him. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    set_version(transfer);
    if (transfer->want.lone) {
        SET(CURLOPT_FRESH_CONNECT, 1L);
        SET(CURLOPT_FORBID_REUSE, 1L);
    }
    bool own = transfer->tls.set && is_home(transfer);
    rc = rc ? rc : img__tls_setup(easy, &http->roots, own ? &transfer->tls.tls : NULL);
    return rc ? rc : img__proxy_setup(easy, transfer->here.data);
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
    SET(CURLOPT_HTTP_CONTENT_DECODING, transfer->want.decode ? 1L : 0L);
    if (transfer->want.decode)
        SET(CURLOPT_ACCEPT_ENCODING, "gzip");
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_EXPECT_100_TIMEOUT_MS, EXPECT_WAIT_MS);
    if (http->user_agent)
        SET(CURLOPT_USERAGENT, http->user_agent);
    /* A used handle may still have its buffers, after an upload that was answered early: then their
     * size can't be set, and is a good one already. */
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_BYTES);
    return rc ? rc : set_connection(transfer);
}

int img__setup(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    curl_easy_reset(easy);
    int failed = set_headers(transfer);
    if (failed < 0)
        return failed;
    CURLcode rc = set_method(transfer);
    rc = rc ? rc : set_transport(transfer);
    rc = rc ? rc : set_callbacks(transfer);
    if (transfer->want.facts)
        rc = rc ? rc : img__facts_setup(transfer);
    if (rc == CURLE_OUT_OF_MEMORY)
        return img__fail_memory(&transfer->err);
    if (rc != CURLE_OK)
        return img__fail(&transfer->err, IMG_EUNSUPPORTED, "libcurl can't be set up: %s",
                         curl_easy_strerror(rc));
    return 0;
}
