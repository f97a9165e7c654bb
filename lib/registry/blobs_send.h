/* SPDX-License-Identifier: Apache-2.0
 *
 * A blob on its way to the registry: what the files of the upload share.
 *
 *   blobs_send.c         all the blobs of an image; how each one ends
 *   blobs_send_begin.c   is it there, can it be mounted, else a session
 *   blobs_send_parts.c   the requests that carry bytes
 *   blobs_send_repair.c  what to do when one of those fails
 *   upload_ways.c        which way of sending fits
 */
#ifndef IMG_REGISTRY_BLOBS_SEND_H
#define IMG_REGISTRY_BLOBS_SEND_H

#include "registry/batch.h"
#include "registry/call.h"
#include "registry/upload_ways.h"
#include "registry/window.h"

struct send {
    struct batch *batch;
    const struct blob_job *job;
    struct item item;
    struct window *window; /* over the blob; NULL: not opened yet */

    /* What the POST under way asked for besides a session. */
    struct mount *mount; /* from this repository; NULL: none */
    bool self_mount;     /* from the very repository: is it there? */
    bool open_mount;     /* from wherever it is */
    bool single;         /* to be taken at once */
    bool absent;         /* HEAD said so */

    /* The session. */
    char *location;
    struct access *elsewhere; /* to another host that it is at and that asked who we are; or NULL */
    struct upload_limits limits;
    enum upload_way way;
    uint64_t at; /* bytes that it has, as far as we were told */

    /* The request under way, or the last one. */
    bool patching;
    uint64_t part;      /* its bytes, */
    uint64_t part_sent; /* those that went out */

    /* What went wrong. */
    struct upload_ways ways; /* the origin's, and what this blob has met */
    uint32_t sessions;
    uint32_t detours;  /* of the sessions, those for another way */
    uint32_t failures; /* since the last progress */
    bool muddled;      /* the registry's bytes were not ours, once */
    int code;          /* of the last failure */
    img_error err;
};

struct sends {
    struct batch batch;
    struct send *all;
    bool found; /* a blob that was asked for was there: so may others be */
};

static inline uint64_t img__send_size(const struct send *send)
{
    return send->job->descriptor->size_bytes;
}

/* What the requests of the session are made with. */
static inline struct access *img__send_access(const struct send *send)
{
    return send->elsewhere ? send->elsewhere : &send->batch->repository->access;
}

static inline struct host *img__send_host(const struct send *send)
{
    return send->batch->repository->access.host;
}

/* blobs_send.c: the end, and requests that move nothing of the blob. */
void img__send_done(struct send *send, int kind, const char *from);
void img__send_failed(struct send *send, int code, const img_error *err);
void img__send_refused(struct send *send, const struct call *call,
                       const struct http_response *response);
int img__send_ask(struct send *send, const char *method, const char *url, uint32_t delay_ms,
                  call_done_fn done, img_error *err);
int img__send_ask_blob(struct send *send, call_done_fn done, img_error *err);

/* blobs_send_begin.c */
void img__send_begin(struct send *send);
/* A session from the first byte on. */
void img__send_anew(struct send *send, uint32_t delay_ms);
int img__send_take_location(struct send *send, const struct call *call,
                            const struct http_response *response, img_error *err);

/* blobs_send_parts.c */
int img__send_open(struct send *send, img_error *err);
void img__send_go_on(struct send *send);

/* blobs_send_repair.c */
void img__send_trouble(struct send *send, const struct call *call, int code,
                       const struct http_response *response, const img_error *err);

#endif
