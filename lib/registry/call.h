/* SPDX-License-Identifier: Apache-2.0
 *
 * A call: one request to a registry with all that it takes to have it answered, that is the scheme
 * of the host, and tokens or a password once a 401 has asked for them.
 */
#ifndef IMG_REGISTRY_CALL_H
#define IMG_REGISTRY_CALL_H

#include "registry/access.h"
#include "registry/state.h"

struct call;

/* The end of a call, as http_done_fn has it: a refusal is an answer too. */
typedef void (*call_done_fn)(const struct call *call, int code,
                             const struct http_response *response, const img_error *err, void *arg);

struct call_request {
    struct access *access; /* borrowed until the end */
    const char *method;    /* static */
    const char *path;      /* "/v2/a/b/manifests/x" of the access's host, or ... */
    const char *url;       /* ... an absolute URL; only on the host's own origin it is authorised */
    const char *const *headers; /* nothing secret; may be NULL */
    struct source *body;        /* borrowed until the end; rewound before it is sent again */
    uint64_t body_size;
    struct sink *sink; /* borrowed until the end */
    uint64_t body_limit;
    uint32_t priority; /* as http_request has it, and the next two */
    int (*on_headers)(const struct http_response *response, void *arg, img_error *err);
    int (*on_bytes)(uint64_t bytes, void *arg, img_error *err);
    uint32_t delay_ms; /* is begun so much later */
    bool lone;         /* on a connection of its own */
    bool once;         /* the one try of a request that is no 401's fault */
    bool unknown;      /* whoever url leads to is to get no credential, on whatever origin */
    bool bulk;         /* as http_request has it, and the next two */
    bool decode;
    struct http_facts *facts;
    call_done_fn done;
    void *arg; /* of on_bytes and on_headers too */
};

struct call {
    struct call_request request; /* its pointers are those below, or borrowed */
    char *url;
    struct strv headers;
    char *authorization;
    uint64_t token_serial; /* of the token in authorization; 0: none */
    bool own;              /* of the origin of the host: may be authorised */
    bool waited;           /* for that token, made for this call */
    bool sent;
    bool fell_back; /* to plain HTTP */
    unsigned rounds;
    img_error first; /* why HTTPS failed, if it fell back */
    struct call *next_waiter;
};

/* Begins; nothing moves before the loop runs. If this fails done is not called. */
int img__call_start(const struct call_request *request, img_error *err);

/* What a waiting call was waiting for is there, or will never be (code). */
void img__call_resume(struct call *call, int code, const img_error *err);

/* Looks at the answer; the response is gone afterwards. */
typedef int (*call_answer_fn)(const struct call *call, const struct http_response *response,
                              void *arg, img_error *err);

/* A call start to end; request->done and request->arg are not used. */
int img__call_perform(const struct call_request *request, call_answer_fn answer, void *arg,
                      img_error *err);

/* What an answer that was not hoped for means. */
int img__call_refused(const struct call *call, const struct http_response *response,
                      img_error *err);

/* Copies a header of an answer; "" if it was not sent or does not fit. */
void img__call_header(const struct http_response *response, const char *name, char *out,
                      size_t size);

#endif
