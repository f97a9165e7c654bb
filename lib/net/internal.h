/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this room share: a transfer is one request over all its redirects and retries.
 *
 *   http.c      the loop: begins what is due, collects what has ended, calls done
 *   transfer.c  one hop: begins and ends it
 *   setup.c     the easy handle of a hop
 *   queue.c     what begins when
 *   origin.c    what is known of an origin
 *   watch.c     what moves no more, or too slowly
 *   peer.c      whom a transfer may connect to; address.c: where an address is
 *   pause.c     IMG__EAGAIN: standing still, and going on
 *   body.c      curl's callbacks for bytes
 *   header.c    curl's callback for headers, and reading them
 *   outcome.c   what an ended hop means: an answer, a redirect, another try, a failure
 *   failure.c   a failure of curl in our words
 *   retry.c     which, how often and after what pause
 *   tls.c       TLS settings, and failures of TLS
 *   roots.c     certificate authorities
 *   proxy.c     which proxy; noproxy.c: for whom none
 */
#ifndef IMG_NET_INTERNAL_H
#define IMG_NET_INTERNAL_H

#include <curl/curl.h>
#include <time.h>

#include "base/strv.h"
#include "net/address.h"
#include "net/http.h"
#include "net/origin.h"
#include "net/url.h"

#define NET_REDIRECTS_MAX 10
#define NET_BODY_KEPT ((size_t)64 * 1024)
#define NET_HEADER_BYTES_MAX ((size_t)64 * 1024)
#define NET_HEADER_LINES_MAX 100
#define NET_TICK_MS 50
#define NET_GROW_CHECK_MS 1000
#define NET_IDLE_MAX 32

struct tls_roots {
    char *file;       /* NULL: curl's */
    char *directory;  /* NULL: curl's */
    const char *from; /* who named file, for messages */
    bool alone;       /* nothing but file counts */
    bool none;        /* there are none on this machine */
};

struct http {
    CURLM *multi;
    CURLSH *share; /* TLS sessions */
    CURL *idle[NET_IDLE_MAX];
    size_t idle_count;
    size_t active_count;
    struct transfer *first, *last;
    bool running; /* callbacks may be on the stack: nothing is freed but by the loop */
    bool closing;
    char *user_agent;
    struct tls_roots roots;
    struct origins origins;
    struct curl_slist *resolve;
    bool woken;       /* see img__http_wake() */
    int64_t moved_ms; /* when anything moved last */
    uint32_t connect_timeout_ms, stall_timeout_ms, header_timeout_ms, slow_timeout_ms;
    uint32_t slow_bytes_per_s, tries, connections;
    struct observer *observer;
};

/* A copy of the settings; tls points to the strings. */
struct tls_own {
    bool set;
    struct http_tls tls;
    char *ca_pem, *cert_file, *key_file;
};

/* A response and the text that its url points to. */
struct answer {
    struct http_response response; /* first: what callers free */
    struct buf url;
};

enum transfer_state {
    TRANSFER_WAITING, /* until due_ms */
    TRANSFER_ACTIVE,  /* with curl */
    TRANSFER_ENDED,   /* done is to be called */
};

struct transfer {
    struct http *http;
    struct transfer *prev, *next;
    enum transfer_state state;

    /* The request. */
    char *method;
    char *url;
    char *authorization;
    struct tls_own tls;
    struct strv headers, own_headers;
    struct http_request want; /* of which only the values and borrowed pointers are used */
    http_done_fn done;
    void *arg;
    struct answer **keep; /* takes the answer if not NULL */

    /* Over all hops. */
    struct buf here;       /* the URL of this hop */
    struct origin *home;   /* of url */
    struct origin *origin; /* of here */
    uint32_t redirects, failures, sent_again;
    bool http1_only;          /* after a failure of HTTP/2 */
    enum address_place place; /* where the first hop led, or who named its URL is */
    bool body_touched;        /* it must be rewound before it is sent */
    uint64_t delivered;       /* bytes that the sink has taken */
    int64_t due_ms, told_ms;
    bool canceled, holds_place;

    /* This hop. */
    CURL *easy;
    struct curl_slist *lines;
    struct answer *answer;
    bool in_headers, in_body, body_cut;
    bool told_headers;
    bool proxied;                   /* whom it reaches is the proxy's business */
    bool expects, continued;        /* Expect: 100-continue was sent; and answered */
    char refused[64];               /* an address that may not be connected to */
    bool read_paused, write_paused; /* source or sink said IMG__EAGAIN, at paused_ms */
    int64_t paused_ms;
    size_t header_bytes, header_lines;
    uint64_t sent, sent_bytes; /* what curl was given, and what it has sent */
    uint64_t told_bytes, moved_bytes;
    int64_t begun_ms, moved_ms; /* moved_ms 0: the request was not sent yet */
    int64_t asked_ms;           /* all of the request was given to curl; 0: not yet */
    int64_t pace_ms;            /* since when pace_bytes move */
    uint64_t pace_bytes;
    char detail[CURL_ERROR_SIZE];

    /* The end. A callback that fails sets them and stops curl. */
    int code;
    img_error err;
};

/* Should a failure be tried again, and how often? */
enum again {
    AGAIN_NEVER,
    AGAIN_BRIEFLY, /* nobody listens: that seldom changes */
    AGAIN_ONCE,    /* the failure took long already */
    AGAIN_OFTEN,
    AGAIN_TOLD, /* the server asks to come back */
};

static inline int64_t img__net_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Something moved, now. */
static inline void img__net_moved(struct transfer *transfer)
{
    transfer->moved_ms = transfer->http->moved_ms = img__net_now_ms();
}

/* facts.c */
CURLcode img__facts_setup(struct transfer *transfer);
void img__facts_take(struct transfer *transfer);

/* transfer.c */
int img__transfer_new(struct http *http, const struct http_request *request, struct transfer **out,
                      img_error *err);
void img__transfer_free(struct transfer *transfer);
void img__transfer_begin(struct transfer *transfer); /* to ACTIVE, or to ENDED if that fails */
/* Takes it from curl, if it is there. reuse: the hop went well, and its handle is good for more. */
void img__transfer_leave(struct transfer *transfer, bool reuse);
void img__transfer_end(struct transfer *transfer, int code); /* to ENDED; err is set already */
int img__transfer_go_to(struct transfer *transfer, const char *url);
void img__transfer_log(struct transfer *transfer, int level, const char *text);

/* setup.c */
int img__setup(struct transfer *transfer);
void img__setup_free_lines(struct transfer *transfer);
bool img__setup_wants_http1(const struct transfer *transfer);

/* queue.c */
void img__queue_begin(struct http *http);
uint32_t img__queue_most(const struct transfer *transfer);
int64_t img__queue_due_ms(const struct transfer *transfer);
void img__queue_hold(struct transfer *transfer, bool hold); /* a place; or not any more */
int64_t img__queue_wake_ms(const struct transfer *transfer, int64_t now);

/* watch.c: those that move no more */
void img__watch(struct http *http);
int64_t img__watch_wake_ms(const struct transfer *transfer);

/* peer.c: whom a transfer may connect to */
curl_socket_t img__peer_on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address);
int img__peer_on_connected(void *arg, char *peer, char *local, int peer_port, int local_port);
void img__peer_fail(struct transfer *transfer, const char *address);

/* pause.c */
static inline bool img__is_paused(const struct transfer *transfer)
{
    return transfer->read_paused || transfer->write_paused;
}
void img__pause(struct transfer *transfer, bool *direction);
void img__pause_resume(struct http *http);
int64_t img__pause_end_ms(const struct transfer *transfer);

/* body.c */
size_t img__body_on_write(char *data, size_t size, size_t count, void *arg);
size_t img__body_on_read(char *data, size_t size, size_t count, void *arg);
int img__body_on_seek(void *arg, curl_off_t offset, int origin);
int img__body_on_progress(void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                          curl_off_t up);
int img__body_tell(struct transfer *transfer, uint64_t bytes);

/* header.c */
size_t img__header_on_line(char *data, size_t size, size_t count, void *arg);
int img__header_tell(struct transfer *transfer); /* on_headers, once */
int img__header_fail_limit(struct transfer *transfer);
char *img__header_copy(const struct http_response *response, const char *name);

/* outcome.c: all leave the transfer WAITING or ENDED */
bool img__outcome_is_final(const struct transfer *transfer);
void img__outcome_settle(struct transfer *transfer, CURLcode result);
void img__outcome_dropped(struct transfer *transfer); /* err tells why */

/* failure.c, tls.c: fill transfer->err */
enum again img__failure_describe(struct transfer *transfer, CURLcode result);
enum again img__tls_describe(struct transfer *transfer, CURLcode result, const char *peer);
void img__failure_peer(const struct transfer *transfer, struct buf *out); /* "host:port" */

/* retry.c */
enum again img__retry_status(const struct http_response *response);
uint32_t img__retry_tries(enum again again, uint32_t tries);
int64_t img__retry_after_ms(const struct http_response *response);
int64_t img__retry_pause_ms(uint32_t failures, const struct http_response *response);

/* roots.c */
int img__tls_find_roots(const char *ca_file, struct tls_roots *out, img_error *err);
void img__tls_roots_free(struct tls_roots *roots);
void img__tls_roots_read(const struct tls_roots *roots, struct buf *out);

/* tls.c; tls may be NULL */
CURLcode img__tls_setup(CURL *easy, const struct tls_roots *roots, const struct http_tls *tls);
int img__tls_copy(const struct http_tls *tls, struct tls_own *out, img_error *err);
void img__tls_own_free(struct tls_own *own);

/* proxy.c */
CURLcode img__proxy_setup(CURL *easy, const char *url);
bool img__proxy_is_set(const char *url);

#endif
