/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP without registries: one loop that carries many transfers, with redirects, retries, TLS and
 * proxies (the only place that knows curl). All is done on the thread that runs the loop.
 *
 * Redirects are followed here, at most 10, and Authorization never leaves the origin of the
 * request's URL; method and body stay whatever the status. A request that fails in passing
 * (connection, 408, 425, 429, 500, 502, 503, 504, 522) is tried again with increasing pauses,
 * unless bytes of its answer have reached the sink already. After a 429, or a 503 with Retry-After,
 * nothing is begun at that origin until its time has come, whatever the request.
 *
 * Failures: IMG_ENETWORK (no connection, or one that broke or stalled; sys_errno tells where
 * known), IMG_ETLS (certificate or handshake; see below), IMG_ELIMIT (redirects, headers,
 * body_limit), IMG_EFORMAT (a URL that is none), IMG_ECANCELED, and what source, sink and on_bytes
 * return. IMG_EREFUSED: a server leads, by a redirect or, see far, otherwise, to one that is nearer
 * (in a private network, on this link or machine); what counts is the address that its name led to,
 * which through a proxy nobody sees. IMG_ETLS with
 * sys_errno EPROTO: the peer does not speak TLS, or broke the handshake off before it showed a
 * certificate; plain HTTP may work there.
 */
#ifndef IMG_NET_HTTP_H
#define IMG_NET_HTTP_H

#include "base/buf.h"
#include "base/io.h"
#include "base/observe.h"
#include "net/address.h"

struct http;

/* TLS settings that belong to the origin of a request's URL, and like its authorization go to no
 * other one; no connection is shared between different settings. */
struct http_tls {
    const char *ca_pem; /* PEM text, added to the authorities that count otherwise; NULL: none */
    const char
        *cert_file; /* PEM, with key_file (without passphrase); NULL: no client certificate */
    const char *key_file;
    bool insecure; /* the server's certificate is not checked */
};

struct http_options {
    const char *ca_file;         /* NULL: $CURL_CA_BUNDLE, or $SSL_CERT_FILE and $SSL_CERT_DIR, else
                                    the system's */
    const char *user_agent;      /* all of it */
    uint32_t connect_timeout_ms; /* 0: 30,000 */
    uint32_t stall_timeout_ms;   /* without a byte of a body either way; 0: 30,000 */
    uint32_t header_timeout_ms; /* for the answer's headers once all is sent; fivefold after a large
                                   body or for a PUT without one; 0: twice stall_timeout_ms */
    uint32_t slow_bytes_per_s;  /* a body that moves more slowly over all of ... 0: 1,024 */
    uint32_t slow_timeout_ms;   /* ... this time has stalled; 0: twice stall_timeout_ms */
    uint32_t tries;             /* at least 1; fewer while most requests to an origin fail */
    uint32_t connections;       /* per origin, and one more for priority; 0: no limit */
    struct observer *observer;  /* for log lines; borrowed; may be NULL */
    const char *const *resolve; /* "HOST:PORT:ADDRESS", ended by NULL: not looked up; NULL: none */
};

/* The options are copied, but for the observer. Environment: the variables above, and for proxies
 * http_proxy, https_proxy, all_proxy, no_proxy in lower or upper case; loopback is never proxied.
 */
int img__http_new(const struct http_options *options, struct http **out, img_error *err);
/* Ends what is under way as img__http_cancel() does. NULL is fine. */
void img__http_free(struct http *http);

/* On the connection of a request's last hop, as far as it came. */
struct http_facts {
    char peer[80];        /* "127.0.0.1:5000", of a proxy if there is one; "": none */
    char tls[120];        /* "TLSv1.3 / TLS_AES_256_GCM_SHA384"; "": none */
    const char *protocol; /* "HTTP/2"; static */
};

struct http_response;
/* body and sink may say IMG__EAGAIN: then the transfer stands still in that direction, what the
 * sink was offered is offered again, and all goes on after img__http_wake(), at the latest after
 * 100 ms.
 */
struct http_request {
    const char *method;         /* GET, HEAD, POST, PUT, PATCH, DELETE */
    const char *url;            /* absolute */
    const char *const *headers; /* "Name: value", ended by NULL; NULL: none; nothing secret */
    const char *authorization;  /* the value of Authorization, for the origin of url; NULL: none */
    const char *const *own_headers; /* as headers, but for the origin of url; may be secret */
    const struct http_tls *tls;     /* for the origin of url; NULL: nothing special */
    struct http_facts *facts;       /* borrowed until the end, which fills it; may be NULL */
    struct source *body; /* borrowed until the end; NULL: none. Rewound when it is sent again */
    uint64_t body_size;
    struct sink *sink;   /* borrowed; takes the body of a 2xx, is not closed; NULL: response.body */
    uint64_t body_limit; /* of a 2xx body in response.body; 0: 64 KiB */
    uint32_t priority;   /* 0: a blob; 1: a document or a token, which goes first */
    /* Called when the headers of the final answer are in (not of a redirect, an interim answer or
     * one after which the request is sent again) and none of its body was passed on. A negative
     * code ends the transfer with it. Called again only if that answer then breaks off before its
     * first byte and the request is repeated. May be NULL; arg is on_bytes_arg. */
    int (*on_headers)(const struct http_response *response, void *arg, img_error *err);
    /* Called as the body moves, up (if there is one) or down, with the bytes so far, and every 100
     * ms or so when nothing moves; a negative code ends the transfer with it. Begins again with 0
     * when the request is sent again. May be NULL. */
    int (*on_bytes)(uint64_t bytes, void *arg, img_error *err);
    void *on_bytes_arg;
    uint32_t delay_ms; /* is begun so much later */
    bool far; /* a server named the URL, one at `from`: refused if it leads nearer than that */
    enum address_place from;
    bool bulk; /* over HTTP/1.1, where a large body has a connection of its own, and one that a sink
                  holds up is in nobody's way; a body of 2 MiB to send is, without being told */
    bool lone; /* on a connection that was not used before, and is not used again */
    bool once; /* no retries, not even where a kept connection turns out dead under the body */
    /* A body that was packed for its way (Content-Encoding: gzip) is unpacked, and such ones are
     * asked for. Else bodies are taken as they come. */
    bool decode;
    bool confidential; /* the body is secret: a redirect to another origin is an error, IMG_EAUTH */
};

struct http_response {
    int status;
    const char *url;          /* that answered, after redirects */
    enum address_place place; /* where the request went, before redirects */
    int64_t retry_after_ms;   /* what Retry-After asks for, at most 5 minutes; -1: not said */
    uint32_t tries;           /* how often the request was sent for it, redirects apart */
    struct buf body; /* see img__buf_text(); of an answer that is no 2xx, at most 64 KiB are kept */
    struct buf headers; /* of the final answer; see img__http_header() */
};

/* The value of a header, without white space around it; NULL if it was not sent. nth counts from 0,
 * for those that come in several lines. Points into the response: *len is its length. */
const char *img__http_header(const struct http_response *response, const char *name, size_t nth,
                             size_t *len);

/* The end of a request. code is 0 if there was an answer, whatever its status, else negative and
 * err tells. response is valid during the call, and NULL if there was none. May start further
 * requests and call img__http_cancel(), but not img__http_run() or img__http_perform(). */
typedef void (*http_done_fn)(int code, const struct http_response *response, const img_error *err,
                             void *arg);

/* Begins a request; nothing moves before img__http_run(). The request is copied, but for body and
 * sink. On failure done is not called. */
int img__http_start(struct http *http, const struct http_request *request, http_done_fn done,
                    void *arg, img_error *err);

/* Runs until nothing is under way. Fails only if the loop itself does; then everything was
 * cancelled. */
int img__http_run(struct http *http, img_error *err);

/* Ends everything under way: each done is called with IMG_ECANCELED; before this returns, or if it
 * is called from a callback, soon after that has returned. */
void img__http_cancel(struct http *http);

/* A source that said IMG__EAGAIN has bytes now, or a sink room: they are asked at once. For use in
 * callbacks and between runs, on the loop's thread. */
void img__http_wake(struct http *http);

/* One request, start to end, and whatever else was started. On success response is the caller's to
 * free. */
int img__http_perform(struct http *http, const struct http_request *request,
                      struct http_response **response, img_error *err);
void img__http_response_free(struct http_response *response);

/* Which proxy a URL is fetched through, and why: "http://proxy:3128 (HTTPS_PROXY)" or
 * "none (NO_PROXY: .example.com)". Without user names and passwords. */
void img__proxy_explain(const char *url, struct buf *out);
/* Which certificate authorities count, and who named them. */
void img__http_roots_explain(const struct http *http, struct buf *out);

/* "7.88.1", and the TLS library behind it: "OpenSSL/3.0.22". Static. */
const char *img__http_library_version(void);
const char *img__http_tls_version(void);

IMG_AUTO_POINTER(http, struct http, img__http_free)
IMG_AUTO_POINTER(http_response, struct http_response, img__http_response_free)

#endif
