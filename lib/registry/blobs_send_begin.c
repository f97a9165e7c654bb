/* SPDX-License-Identifier: Apache-2.0
 *
 * How an upload begins. A blob that another repository of the registry has is mounted without a
 * question before. Of the others only those are asked for with HEAD that cost more to send than to
 * ask for, or are likely there. For the rest the POST that begins the session asks too: it offers
 * to mount the blob from the repository itself, which costs nothing, and is answered with 201 where
 * it is there (docker-registry does). If HEAD said no, it offers to take it from anywhere (M4). A
 * small one it carries as a whole, once the origin has shown that it takes it like that (U7): the
 * first try costs no request, since who ignores it answers with a session.
 *
 * A mount that is refused is forgotten for the source as a whole, and the upload begun without; one
 * that is answered with a session is gone on with.
 */
#include <string.h>

#include "core/digest.h"
#include "net/url.h"
#include "registry/blobs_send.h"
#include "registry/errors.h"
#include "registry/location.h"
#include "registry/placed.h"

#define PATH_BYTES_MAX ((size_t)2048)
#define ASKED_FROM ((uint64_t)1024 * 1024) /* as much as moves in a round trip or two */

static void on_posted(const struct call *call, int code, const struct http_response *response,
                      const img_error *err, void *arg);

/* Which repository may have it: the caller's word, or where it was seen. */
static int find_mount(struct send *send, img_error *err)
{
    struct repository *repository = send->batch->repository;
    const char *from = send->job->mount_from;
    send->mount = NULL;
    if (send->sessions)
        return 0;
    if (!from)
        from = img__placed_find(&img__send_host(send)->placed, &send->job->descriptor->digest);
    if (!from || strcmp(from, repository->reference.path) == 0)
        return 0;
    int result = img__repository_mount(repository, from, &send->mount, err);
    if (result == 0 && send->mount->refused)
        send->mount = NULL;
    return result;
}

static void choose_offer(struct send *send)
{
    struct upload_ways *ways = &img__send_host(send)->ways;
    uint64_t size = img__send_size(send);
    send->single = send->self_mount = send->open_mount = false;
    if (send->sessions || send->mount || size == 0)
        return;
    if (ways->single == SINGLE_WORKS)
        send->single = size < UPLOAD_RESUMED;
    else if (ways->single == SINGLE_UNKNOWN)
        send->single = size <= UPLOAD_SMALL && img__send_host(send)->greeted;
    if (send->single && ways->single == SINGLE_UNKNOWN)
        ways->single = SINGLE_TRIED;
    send->self_mount = !send->single && !send->absent && !ways->no_self_mount;
    send->open_mount = !send->single && send->absent && !ways->no_open_mount;
}

static int post_path(const struct send *send, struct buf *path, img_error *err)
{
    const img_digest *digest = &send->job->descriptor->digest;
    const char *repository = send->batch->repository->reference.path;
    char algorithm[16];
    img__digest_algorithm(digest, algorithm, sizeof(algorithm));
    img__buf_printf(path, "/v2/%s/blobs/uploads/", repository);
    if (send->mount || send->self_mount || send->open_mount)
        img__url_append_query(path, "mount", digest->text);
    if (send->mount || send->self_mount)
        img__url_append_query(path, "from", send->mount ? send->mount->source : repository);
    if (send->single)
        img__url_append_query(path, "digest", digest->text);
    else if (strcmp(algorithm, IMG_DIGEST_CANONICAL) != 0)
        img__url_append_query(path, "digest-algorithm", algorithm);
    return img__buf_check(path, "the URL", err);
}

static int on_bytes(uint64_t bytes, void *arg, img_error *err)
{
    struct send *send = arg;
    return img__batch_progress(send->batch, &send->item, bytes, err);
}

static int post(struct send *send, uint32_t delay_ms, img_error *err)
{
    static const char *const headers[] = {"Content-Type: application/octet-stream", NULL};
    auto_(buf) struct buf path = BUF_INIT(PATH_BYTES_MAX);
    int result = find_mount(send, err);
    if (result)
        return result;
    choose_offer(send);
    result = post_path(send, &path, err);
    if (result == 0)
        result = img__batch_check(send->batch, err);
    if (result == 0 && send->single)
        result = img__send_open(send, err);
    if (result)
        return result;
    if (send->single)
        img__window_set(send->window, 0, img__send_size(send));
    free(steal(send->location));
    struct call_request request = {
        .access = send->mount ? &send->mount->access : &send->batch->repository->access,
        .method = "POST",
        .path = path.data,
        .headers = send->single ? headers : NULL,
        .body = send->single ? &send->window->base : NULL,
        .body_size = send->single ? img__send_size(send) : 0,
        .on_bytes = on_bytes,
        .delay_ms = delay_ms,
        .done = on_posted,
        .arg = send,
    };
    return img__call_start(&request, err);
}

void img__send_anew(struct send *send, uint32_t delay_ms)
{
    img_error err;
    int result = post(send, delay_ms, &err);
    if (result)
        img__send_failed(send, result, &err);
}

int img__send_take_location(struct send *send, const struct call *call,
                            const struct http_response *response, img_error *err)
{
    auto_(buf) struct buf url = BUF_INIT(URL_MAX);
    size_t len;
    const char *value = img__http_header(response, "Location", 0, &len);
    auto_free char *location = value && len ? strndup(value, len) : NULL;
    if (!value || !len)
        return img__fail(err, IMG_EREFUSED,
                         "%s %s: the registry did not say where to send the blob (no Location)",
                         call->request.method, call->url);
    if (!location)
        return img__fail_memory(err);
    int result = img__location_resolve(response->url, location, &url, err);
    if (result)
        return result;
    free(steal(send->location));
    send->location = img__buf_steal(&url);
    return send->location ? 0 : img__fail_memory(err);
}

static uint64_t limit_in(const struct http_response *response, const char *name)
{
    size_t len = 0;
    const char *value = img__http_header(response, name, 0, &len);
    return img__upload_limit(value, len);
}

static void begin_session(struct send *send, const struct call *call,
                          const struct http_response *response)
{
    img_error err;
    int code = img__send_take_location(send, call, response, &err);
    send->limits.min_bytes = limit_in(response, "OCI-Chunk-Min-Length");
    send->limits.max_bytes = limit_in(response, "OCI-Chunk-Max-Length");
    send->way = img__upload_choose(&send->ways, &send->limits, img__send_size(send));
    send->sessions++;
    send->at = 0;
    send->elsewhere = NULL;
    if (code == 0 && send->way == UPLOAD_NONE)
        code = img__fail(&err, IMG_EREFUSED,
                         "%s: the registry takes it neither whole nor in pieces", call->url);
    if (code)
        img__send_failed(send, code, &err);
    else
        img__send_go_on(send);
}

static bool is_refused_mount(int code, int status)
{
    return code == IMG_EAUTH || status == 400 || status == 401 || status == 403 || status == 404 ||
           status == 405;
}

static bool is_refused_single(int status)
{
    return status == 400 || status == 404 || status == 405 || status == 411 || status == 413 ||
           status == 415 || status == 501;
}

/* Is it certain that 201 is about this blob? */
static bool names_blob(const struct send *send, const struct http_response *response)
{
    const img_digest *digest = &send->job->descriptor->digest;
    char text[sizeof(digest->text)], location[URL_MAX];
    img__call_header(response, "Docker-Content-Digest", text, sizeof(text));
    img__call_header(response, "Location", location, sizeof(location));
    return *text || strstr(location, img__digest_hex(digest));
}

/* What was asked for besides a session is not to be had: *again without it. */
static bool give_up_offer(struct send *send, int code, const struct http_response *response)
{
    struct upload_ways *ways = &img__send_host(send)->ways;
    int status = code ? 0 : response->status;
    bool vague = status == 201 && !names_blob(send, response);
    if (send->single && ways->single == SINGLE_TRIED)
        ways->single = status == 201 && !vague ? SINGLE_WORKS : SINGLE_FAILS;
    if (send->mount && is_refused_mount(code, status)) {
        send->mount->refused = true;
        return true;
    }
    if ((send->self_mount || send->open_mount) && (vague || is_refused_mount(code, status))) {
        ways->no_self_mount = ways->no_self_mount || send->self_mount;
        ways->no_open_mount = ways->no_open_mount || send->open_mount;
        return true;
    }
    if (!send->single || (!vague && !is_refused_single(status)))
        return false;
    ways->single = SINGLE_FAILS;
    return true;
}

static bool has_offer(const struct send *send)
{
    return send->mount || send->self_mount || send->open_mount || send->single;
}

static int kind_of_created(const struct send *send)
{
    if (send->mount)
        return IMG_EVENT_MOUNTED;
    return send->single ? IMG_EVENT_DONE : IMG_EVENT_EXISTS;
}

/* 201: nothing is left to do. */
static void take_created(struct send *send, const struct call *call,
                         const struct http_response *response)
{
    img_error err;
    int code = img__repository_check_digest(call, response, &send->job->descriptor->digest, &err);
    if (send->self_mount && code == 0)
        img__send_host(send)->ways.self_mounts = true;
    if (code)
        img__send_failed(send, code, &err);
    else
        img__send_done(send, kind_of_created(send), send->mount ? send->mount->source : NULL);
}

static void on_posted(const struct call *call, int code, const struct http_response *response,
                      const img_error *err, void *arg)
{
    struct send *send = arg;
    int status = code ? 0 : response->status;
    if (give_up_offer(send, code, response))
        img__send_anew(send, 0);
    else if (code)
        img__send_failed(send, code, err);
    else if (status == 201 && has_offer(send))
        take_created(send, call, response);
    else if (status == 202)
        begin_session(send, call, response);
    else
        img__send_refused(send, call, response);
}

/* 403 and 405 are no answer to whether it is there. */
static void on_asked(const struct call *call, int code, const struct http_response *response,
                     const img_error *err, void *arg)
{
    struct send *send = arg;
    int status = code ? 0 : response->status;
    send->absent = status == 404;
    if (code)
        img__send_failed(send, code, err);
    else if (status == 200)
        img__send_done(send, IMG_EVENT_EXISTS, NULL);
    else if (status == 403 || status == 404 || status == 405)
        img__send_anew(send, 0);
    else
        img__send_refused(send, call, response);
}

/* Where the POST finds out, nothing is. */
static bool is_worth_asking(const struct send *send)
{
    const struct host *host = img__send_host(send);
    const struct sends *sends = (const struct sends *)send->batch;
    if (host->ways.self_mounts)
        return false;
    return img__send_size(send) >= ASKED_FROM || sends->found ||
           img__placed_find(&host->placed, &send->job->descriptor->digest);
}

void img__send_begin(struct send *send)
{
    img_error err;
    int result = find_mount(send, &err);
    if (result == 0 && (send->mount || !is_worth_asking(send))) {
        img__send_anew(send, 0);
        return;
    }
    if (result == 0)
        result = img__send_ask_blob(send, on_asked, &err);
    if (result)
        img__send_failed(send, result, &err);
}
