/* SPDX-License-Identifier: Apache-2.0
 *
 * The requests of a session that carry bytes. By the way that was chosen: a PUT with all of the
 * blob; one PATCH and an empty PUT; or PATCH after PATCH, where the last piece is in the PUT. Each
 * answer says where the next request goes to. None is repeated by the layers below, since nobody
 * knows what arrived of one that failed: what then is blobs_send_repair.c's to say. The last, empty
 * PUT is, for it moves nothing.
 */
#include <inttypes.h>
#include <stdio.h>

#include "net/url.h"
#include "registry/blobs_send.h"
#include "registry/elsewhere.h"
#include "registry/errors.h"

#define RANGE_BYTES_MAX 96

int img__send_open(struct send *send, img_error *err)
{
    struct endpoint *local = send->job->local;
    struct source *source = NULL;
    if (send->window)
        return 0;
    int result = local->ops->open_source(local, send->job->descriptor, &source, err);
    return result ? result : img__window_new(source, &send->window, err);
}

static int on_bytes(uint64_t bytes, void *arg, img_error *err)
{
    struct send *send = arg;
    if (send->part) /* the number may begin again, if a token had to be fetched in between */
        send->part_sent = bytes;
    return img__batch_progress(send->batch, &send->item, send->part ? send->at + bytes : send->at,
                               err);
}

/* Of the next request: is it a PATCH, and how much does it carry? */
static void choose_part(struct send *send)
{
    uint64_t rest = img__send_size(send) - send->at;
    send->part = rest;
    send->patching = false;
    if (send->way == UPLOAD_STREAM)
        send->patching = rest > 0;
    if (send->way != UPLOAD_PIECES)
        return;
    send->part = img__upload_piece(&send->ways, &send->limits, rest);
    send->patching = send->part < rest || (send->ways.no_put_body && rest);
}

static bool has_range(const struct send *send)
{
    return send->way == UPLOAD_PIECES && send->part &&
           (send->patching || send->part < img__send_size(send));
}

static void on_part(const struct call *call, int code, const struct http_response *response,
                    const img_error *err, void *arg);

static int part_url(const struct send *send, struct buf *url, img_error *err)
{
    img__buf_puts(url, send->location);
    if (!send->patching)
        img__url_append_query(url, "digest", send->job->descriptor->digest.text);
    return img__buf_check(url, "the URL of an upload", err);
}

static int send_part(struct send *send, img_error *err)
{
    auto_(buf) struct buf url = BUF_INIT(URL_MAX);
    char range[RANGE_BYTES_MAX];
    int result = img__batch_check(send->batch, err);
    if (result == 0)
        result = img__send_open(send, err);
    if (result)
        return result;
    choose_part(send);
    send->part_sent = 0;
    result = part_url(send, &url, err);
    if (result)
        return result;
    img__window_set(send->window, send->at, send->part);
    snprintf(range, sizeof(range), "Content-Range: %" PRIu64 "-%" PRIu64, send->at,
             send->at + send->part - 1);
    const char *const headers[] = {"Content-Type: application/octet-stream",
                                   has_range(send) ? range : NULL, NULL};
    struct call_request request = {
        .access = img__send_access(send),
        .method = send->patching ? "PATCH" : "PUT",
        .url = url.data,
        .headers = headers,
        .body = send->part ? &send->window->base : NULL,
        .body_size = send->part,
        .on_bytes = on_bytes,
        .once = send->part > 0,
        .lone = send->part > 0 && img__upload_forgets(&send->ways),
        .done = on_part,
        .arg = send,
    };
    return img__call_start(&request, err);
}

void img__send_go_on(struct send *send)
{
    img_error err;
    int result = send_part(send, &err);
    if (result)
        img__send_failed(send, result, &err);
}

/* What a PATCH carried is there: our own count is right, whatever Range says (ECR's stays at the
 * end of the first piece). */
static void take_patched(struct send *send, const struct call *call,
                         const struct http_response *response)
{
    img_error err;
    size_t len;
    int code = 0;
    if (img__http_header(response, "Location", 0, &len))
        code = img__send_take_location(send, call, response, &err);
    send->at += send->part;
    send->failures = 0;
    if (code)
        img__send_failed(send, code, &err);
    else
        img__send_go_on(send);
}

/* The registry took it but did not say that it has it. */
static void on_checked(const struct call *call, int code, const struct http_response *response,
                       const img_error *err, void *arg)
{
    struct send *send = arg;
    if (code)
        img__send_failed(send, code, err);
    else if (response->status != 200)
        img__send_refused(send, call, response);
    else
        img__send_done(send, IMG_EVENT_DONE, NULL);
}

static void take_put(struct send *send, const struct call *call,
                     const struct http_response *response)
{
    img_error err;
    int code;
    if (response->status == 201)
        code = img__repository_check_digest(call, response, &send->job->descriptor->digest, &err);
    else
        code = img__send_ask_blob(send, on_checked, &err);
    if (code)
        img__send_failed(send, code, &err);
    else if (response->status == 201)
        img__send_done(send, IMG_EVENT_DONE, NULL);
}

/* Another host than the registry's wants to know who we are. */
static bool is_asked_elsewhere(const struct send *send, const struct call *call,
                               const struct http_response *response)
{
    return response->status == 401 && !call->own && !send->elsewhere &&
           img__url_same_origin(call->url, response->url);
}

static void answer_elsewhere(struct send *send, const struct call *call,
                             const struct http_response *response)
{
    img_error err;
    int result =
        img__repository_elsewhere(send->batch->repository, call->url, &send->elsewhere, &err);
    if (result)
        img__send_failed(send, result, &err);
    else if (send->elsewhere)
        img__send_go_on(send);
    else
        img__send_refused(send, call, response);
}

static void on_part(const struct call *call, int code, const struct http_response *response,
                    const img_error *err, void *arg)
{
    struct send *send = arg;
    if (code == 0 && is_asked_elsewhere(send, call, response))
        answer_elsewhere(send, call, response);
    else if (code || response->status / 100 != 2)
        img__send_trouble(send, call, code, response, err);
    else if (send->patching)
        take_patched(send, call, response);
    else
        take_put(send, call, response);
}
