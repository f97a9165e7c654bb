/* SPDX-License-Identifier: Apache-2.0
 *
 * A failure of curl in our words: the thing (the peer as host:port, or the request), the reason,
 * and a remedy where there is one; and whether it is worth another try.
 */
#include <errno.h>
#include <string.h>

#include "net/internal.h"

struct reason {
    int number; /* a CURLcode or an errno */
    enum again again;
    const char *text;
};

/* Before the request was sent: told of the peer. */
static const struct reason connect_reasons[] = {
    {ECONNREFUSED, AGAIN_BRIEFLY,
     "connection refused: does the server run, and is the port right?"},
    {ETIMEDOUT, AGAIN_ONCE, "no answer to the attempts to connect: is a firewall in between?"},
    {ENETUNREACH, AGAIN_BRIEFLY, "the network is unreachable: is this machine online?"},
    {EHOSTUNREACH, AGAIN_BRIEFLY, "no route to the host: is it up, and this machine online?"},
    {ECONNRESET, AGAIN_OFTEN, "the connection was reset while it was made"},
};

static const struct reason peer_reasons[] = {
    {CURLE_COULDNT_RESOLVE_HOST, AGAIN_ONCE, /* name servers have their moments */
     "unknown host: is the name right, and does DNS work here?"},
    {CURLE_COULDNT_RESOLVE_PROXY, AGAIN_NEVER,
     "the host name of the proxy is unknown: check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY"},
    {CURLE_PROXY, AGAIN_NEVER,
     "the proxy refused: check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY"},
    {CURLE_UNSUPPORTED_PROTOCOL, AGAIN_NEVER, "the server does not answer in HTTP"},
    {CURLE_WEIRD_SERVER_REPLY, AGAIN_NEVER, "the server does not answer in HTTP"},
};

/* After that: told of the request. */
static const struct reason request_reasons[] = {
    {CURLE_GOT_NOTHING, AGAIN_OFTEN, "the server closed the connection without an answer"},
    {CURLE_PARTIAL_FILE, AGAIN_OFTEN, "the connection broke before the answer was complete"},
    {CURLE_SEND_ERROR, AGAIN_OFTEN, "the connection broke"},
    {CURLE_RECV_ERROR, AGAIN_OFTEN, "the connection broke"},
    {CURLE_SEND_FAIL_REWIND, AGAIN_OFTEN, "the connection broke"},
    {CURLE_HTTP2, AGAIN_OFTEN, "the HTTP/2 connection failed"},
    {CURLE_HTTP2_STREAM, AGAIN_OFTEN, "the HTTP/2 stream failed"},
};

#define FIND(table, number) find(table, sizeof(table) / sizeof((table)[0]), (int)(number))

static const struct reason *find(const struct reason *table, size_t count, int number)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].number == number)
            return &table[i];
    return NULL;
}

void img__failure_peer(const struct transfer *transfer, struct buf *out)
{
    struct url_origin origin;
    if (img__url_origin(transfer->here.data, &origin, NULL) == 0)
        img__buf_printf(out, "%.*s:%u", (int)origin.host_len, origin.host, (unsigned)origin.port);
}

static int os_errno(const struct transfer *transfer)
{
    long number = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number);
    return (int)number;
}

/* It may be the proxy that can't be reached. */
static const char *proxy_hint(const struct transfer *transfer)
{
    return img__proxy_is_set(transfer->here.data) ? " (the environment names a proxy for it)" : "";
}

/* What curl says of a proxy that it can't use quotes all of it, with its password. */
static bool is_bad_proxy(const struct transfer *transfer)
{
    return strstr(transfer->detail, "Unsupported proxy") != NULL;
}

static enum again describe_connect(struct transfer *transfer, const char *peer)
{
    int number = os_errno(transfer);
    if (is_bad_proxy(transfer)) {
        img__fail(&transfer->err, IMG_ENETWORK,
                  "%s: the environment names a proxy of an unknown kind: check HTTPS_PROXY, "
                  "HTTP_PROXY and ALL_PROXY",
                  peer);
        return AGAIN_NEVER;
    }
    const struct reason *reason = FIND(connect_reasons, number);
    const char *hint = proxy_hint(transfer);
    if (reason)
        img__fail(&transfer->err, IMG_ENETWORK, "%s: %s%s", peer, reason->text, hint);
    else
        img__fail(&transfer->err, IMG_ENETWORK, "%s: can't connect: %s%s", peer, transfer->detail,
                  hint);
    transfer->err.sys_errno = number;
    return reason ? reason->again : AGAIN_BRIEFLY;
}

static enum again describe_timeout(struct transfer *transfer, const char *peer)
{
    img__fail(&transfer->err, IMG_ENETWORK,
              "%s: no connection within %u.%u s: is a firewall in between?%s", peer,
              transfer->http->connect_timeout_ms / 1000,
              transfer->http->connect_timeout_ms / 100 % 10, proxy_hint(transfer));
    transfer->err.sys_errno = ETIMEDOUT;
    return AGAIN_ONCE;
}

/* With TLS 1.3 a server looks for our certificate after we take the handshake for done: that it
 * hangs up then is told by an alert, if that comes before the end of the connection does. */
static bool wants_certificate(const struct transfer *transfer)
{
    return strstr(transfer->detail, "alert bad certificate") ||
           strstr(transfer->detail, "certificate required");
}

static bool may_want_certificate(const struct transfer *transfer)
{
    long fresh = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &fresh);
    return fresh && !transfer->header_lines && !transfer->tls.cert_file &&
           strncmp(transfer->here.data, "https:", 6) == 0;
}

static enum again describe_request(struct transfer *transfer, const struct reason *reason,
                                   const char *peer)
{
    if (wants_certificate(transfer)) {
        img__fail(&transfer->err, IMG_ETLS,
                  "%s: the server wants a client certificate%s: put NAME.cert and NAME.key into "
                  "the directory for it in certs.d",
                  peer, transfer->tls.cert_file ? " other than the one it was shown" : "");
        return AGAIN_NEVER;
    }
    struct buf url auto_(buf) = BUF_INIT(URL_MAX);
    img__url_for_message(transfer->here.data, &url);
    /* curl's words for the one that is not allowed to rewind are of our own doing. */
    const char *detail = reason->number == CURLE_SEND_FAIL_REWIND ? "" : transfer->detail;
    img__fail(&transfer->err, IMG_ENETWORK, "%s %s: %s%s%s%s", transfer->method,
              img__buf_text(&url), reason->text, *detail ? ": " : "", detail,
              may_want_certificate(transfer)
                  ? " (does the server want a client certificate? those are in certs.d)"
                  : "");
    transfer->err.sys_errno = os_errno(transfer);
    return reason->again;
}

/* A proxy that refuses CONNECT looks to curl like a broken connection. */
static bool describe_proxy(struct transfer *transfer, const char *peer)
{
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    if (status < 300)
        return false;
    img__fail(&transfer->err, IMG_ENETWORK,
              "%s: the proxy answered %ld: check HTTPS_PROXY and NO_PROXY%s", peer, status,
              status == 407 ? " (it wants a user name and password)" : "");
    return true;
}

static enum again describe_other(struct transfer *transfer, CURLcode result, const char *peer)
{
    /* curl's word, too, for a single line of headers that does not end. */
    bool in_headers = transfer->moved_ms && !transfer->in_body;
    if (result == CURLE_OUT_OF_MEMORY && in_headers)
        img__header_fail_limit(transfer);
    else if (result == CURLE_OUT_OF_MEMORY)
        img__fail_memory(&transfer->err);
    else
        img__fail(&transfer->err, IMG_ENETWORK, "%s: %s", peer,
                  *transfer->detail ? transfer->detail : curl_easy_strerror(result));
    return AGAIN_NEVER;
}

enum again img__failure_describe(struct transfer *transfer, CURLcode result)
{
    struct buf host auto_(buf) = BUF_INIT(URL_MAX);
    img__failure_peer(transfer, &host);
    const char *peer = img__buf_text(&host);
    const struct reason *reason;
    if (describe_proxy(transfer, peer))
        return AGAIN_NEVER;
    if (result == CURLE_COULDNT_CONNECT && transfer->refused[0])
        return img__peer_fail(transfer, transfer->refused), AGAIN_NEVER;
    if ((reason = FIND(peer_reasons, result))) {
        img__fail(&transfer->err, IMG_ENETWORK, "%s: %s", peer, reason->text);
        return reason->again;
    }
    if (strstr(transfer->detail, "memory in chunked")) /* trailers without end */
        return img__header_fail_limit(transfer), AGAIN_NEVER;
    if ((reason = FIND(request_reasons, result)))
        return describe_request(transfer, reason, peer);
    switch (result) {
    case CURLE_COULDNT_CONNECT:
        return describe_connect(transfer, peer);
    case CURLE_OPERATION_TIMEDOUT:
        return describe_timeout(transfer, peer);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
        return img__tls_describe(transfer, result, peer);
    default:
        return describe_other(transfer, result, peer);
    }
}
