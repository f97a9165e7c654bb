/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP without registries: one loop that carries many transfers, with redirects, retries, TLS and
 * proxies (the only place that knows curl). All is done on the thread that runs the loop.
 *
 * Redirects are followed here, at most 10, and Authorization never leaves the origin of the
 * request's URL. A request that fails in passing (connection, 408, 425, 429, 5xx but 501 and 505)
 * is tried again with increasing pauses, unless bytes of its answer have reached the sink already.
 */
#ifndef IMG_NET_HTTP_H
#define IMG_NET_HTTP_H

#include "base/buf.h"
#include "base/io.h"
#include "base/observe.h"

struct http;

struct http_options {
    const char *ca_file;    /* NULL: $SSL_CERT_FILE and $SSL_CERT_DIR, else the system's */
    const char *user_agent; /* all of it */
    uint32_t connect_timeout_ms;
    uint32_t stall_timeout_ms;
    uint32_t tries;            /* at least 1 */
    uint32_t connections;      /* per origin */
    struct observer *observer; /* for log lines; borrowed; may be NULL */
};

int img__http_new(const struct http_options *options, struct http **out, img_error *err);
void img__http_free(struct http *http); /* ends what is under way as img__http_cancel() does */

struct http_request {
    const char *method;         /* GET, HEAD, POST, PUT, DELETE */
    const char *url;            /* absolute */
    const char *const *headers; /* "Name: value", ended by NULL; NULL: none; nothing secret */
    const char *authorization;  /* the value of Authorization, for the origin of url; NULL: none */
    struct source *body; /* borrowed until the end; NULL: none. Rewound when it is sent again */
    uint64_t body_size;
    struct sink *sink;   /* borrowed; takes the body of a 2xx, is not closed; NULL: response.body */
    uint64_t body_limit; /* of a 2xx body in response.body; 0: 64 KiB */
    /* Called as the body moves, up or down, with the bytes so far; a negative code cancels. May be
     * NULL. */
    int (*on_bytes)(uint64_t bytes, void *arg, img_error *err);
    void *on_bytes_arg;
    bool once; /* no retries */
};

struct http_response {
    int status;
    const char *url; /* that answered, after redirects */
    struct buf body; /* NUL-terminated text; of an answer that is no 2xx, at most 64 KiB are kept */
    struct buf headers; /* of the final answer; see img__http_header() */
};

/* The value of a header, without white space around it; NULL if it was not sent. nth counts from 0,
 * for those that come in several lines. Points into the response: *len is its length. */
const char *img__http_header(const struct http_response *response, const char *name, size_t nth,
                             size_t *len);

/* The end of a request. code is 0 if there was an answer, whatever its status, else negative and
 * err tells. response is valid during the call, and NULL if there was none. May start further
 * requests. */
typedef void (*http_done_fn)(int code, const struct http_response *response, const img_error *err,
                             void *arg);

/* Begins a request; nothing moves before img__http_run(). The request is copied, but for body and
 * sink. */
int img__http_start(struct http *http, const struct http_request *request, http_done_fn done,
                    void *arg, img_error *err);

/* Runs until nothing is under way. Fails only if the loop itself does; then everything was
 * cancelled. */
int img__http_run(struct http *http, img_error *err);

/* Ends everything under way: each done is called with IMG_ECANCELED. */
void img__http_cancel(struct http *http);

/* One request, start to end. On success response is the caller's to free. */
int img__http_perform(struct http *http, const struct http_request *request,
                      struct http_response **response, img_error *err);
void img__http_response_free(struct http_response *response);

/* "7.88.1", and the TLS library behind it. */
const char *img__http_library_version(void);

IMG_AUTO_POINTER(http, struct http, img__http_free)
IMG_AUTO_POINTER(http_response, struct http_response, img__http_response_free)

#endif
