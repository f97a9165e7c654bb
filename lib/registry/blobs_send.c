/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs to the registry (registry.md U2-U5, U12, U13, U17, M1, M2). One function per step:
 *
 *   HEAD -- there --> EXISTS
 *     | not
 *   POST, with ?mount&from if another repository may have it -- 201 --> MOUNTED
 *     | 202: the session's Location, also if the mount was what was asked
 *   PUT of all of it, digest in the query -- 201 --> DONE
 *
 * A mount that is refused is forgotten for the source as a whole, and the upload begun without. A
 * PUT is never repeated within its session, since nobody knows what arrived: a new one is begun.
 * curl still does it when a kept connection turns out dead; what a registry says then, where the
 * bytes add up, is "digest invalid", so that is worth one more session.
 * What is left open after a failure is deleted, if that does not take long.
 */
#include <string.h>
#include <time.h>

#include "core/digest.h"
#include "net/url.h"
#include "registry/batch.h"
#include "registry/call.h"
#include "registry/errors.h"
#include "registry/location.h"

#define PATH_BYTES_MAX ((size_t)2048)
#define CLEANING_MS 2000

struct send {
    struct batch *batch;
    const struct blob_job *job;
    struct item item;
    struct source *source;
    struct mount *mount; /* that was asked for; NULL: none */
    char *location;      /* of an open session */
    uint32_t sessions;
    bool patient; /* the registry limits the rate: leave pauses to the loop below */
};

struct sends {
    struct batch batch;
    struct send *all;
};

static void finish(struct send *send, int kind, int code, const img_error *err)
{
    img__source_free(steal(send->source));
    if (code == 0) {
        free(steal(send->location));
        img__batch_done(send->batch, &send->item, kind,
                        kind == IMG_EVENT_MOUNTED ? send->mount->source : NULL);
        return;
    }
    img_error local = *err;
    img__prefix(&local, code, "%s", send->job->what);
    img__batch_ended(send->batch, code, &local);
}

/* The answer is no success. */
static void finish_refused(struct send *send, const struct call *call,
                           const struct http_response *response)
{
    img_error err;
    int code = img__call_refused(call, response, &err);
    finish(send, 0, code, &err);
}

/* Of requests that move nothing of the blob. */
static int on_tick(uint64_t bytes, void *arg, img_error *err)
{
    struct send *send = arg;
    (void)bytes;
    return img__batch_progress(send->batch, &send->item, send->item.event.done_bytes, err);
}

static int start_call(struct send *send, struct access *access, const char *method,
                      const char *path, call_done_fn done, img_error *err)
{
    struct call_request request = {
        .access = access,
        .method = method,
        .path = path,
        .on_bytes = on_tick,
        .done = done,
        .arg = send,
    };
    int result = img__batch_check(send->batch, err);
    return result ? result : img__call_start(&request, err);
}

static int ask(struct send *send, call_done_fn done, img_error *err)
{
    auto_(buf) struct buf path = BUF_INIT(PATH_BYTES_MAX);
    struct repository *repository = send->batch->repository;
    int result = img__blob_path(repository, &send->job->descriptor->digest, &path, err);
    return result ? result : start_call(send, &repository->access, "HEAD", path.data, done, err);
}

static void on_posted(const struct call *call, int code, const struct http_response *response,
                      const img_error *err, void *arg);

static int find_mount(struct send *send, img_error *err)
{
    const char *from = send->job->mount_from;
    send->mount = NULL;
    if (!from || send->sessions)
        return 0;
    int result = img__repository_mount(send->batch->repository, from, &send->mount, err);
    if (result == 0 && send->mount->refused)
        send->mount = NULL;
    return result;
}

/* Begins a session, or has the blob mounted instead. */
static int post(struct send *send, img_error *err)
{
    auto_(buf) struct buf path = BUF_INIT(PATH_BYTES_MAX);
    struct repository *repository = send->batch->repository;
    int result = find_mount(send, err);
    if (result)
        return result;
    img__buf_printf(&path, "/v2/%s/blobs/uploads/", repository->reference.path);
    if (send->mount) {
        img__url_append_query(&path, "mount", send->job->descriptor->digest.text);
        img__url_append_query(&path, "from", send->mount->source);
    }
    result = img__buf_check(&path, "the URL", err);
    if (result)
        return result;
    struct access *access = send->mount ? &send->mount->access : &repository->access;
    free(steal(send->location));
    return start_call(send, access, "POST", path.data, on_posted, err);
}

static void post_or_finish(struct send *send)
{
    img_error err;
    int result = post(send, &err);
    if (result)
        finish(send, 0, result, &err);
}

static int on_bytes(uint64_t bytes, void *arg, img_error *err)
{
    struct send *send = arg;
    return img__batch_progress(send->batch, &send->item, bytes, err);
}

static void on_put(const struct call *call, int code, const struct http_response *response,
                   const img_error *err, void *arg);

static int put(struct send *send, img_error *err)
{
    static const char *const headers[] = {"Content-Type: application/octet-stream", NULL};
    auto_(buf) struct buf url = BUF_INIT(URL_MAX);
    const img_descriptor *descriptor = send->job->descriptor;
    struct endpoint *local = send->job->local;
    img__buf_puts(&url, send->location);
    img__url_append_query(&url, "digest", descriptor->digest.text);
    int result = img__buf_check(&url, "the URL of an upload", err);
    img__source_free(steal(send->source));
    if (result == 0)
        result = img__batch_check(send->batch, err);
    if (result == 0)
        result = local->ops->open_source(local, descriptor, &send->source, err);
    if (result)
        return result;
    send->sessions++;
    struct call_request request = {
        .access = &send->batch->repository->access,
        .method = "PUT",
        .url = url.data,
        .headers = headers,
        .body = send->source,
        .body_size = descriptor->size_bytes,
        .on_bytes = on_bytes,
        .once = !send->patient,
        .done = on_put,
        .arg = send,
    };
    return img__call_start(&request, err);
}

static int take_location(struct send *send, const struct call *call,
                         const struct http_response *response, img_error *err)
{
    auto_(buf) struct buf url = BUF_INIT(URL_MAX);
    size_t len;
    const char *value = img__http_header(response, "Location", 0, &len);
    auto_free char *location = value && len ? strndup(value, len) : NULL;
    if (!value || !len)
        return img__fail(err, IMG_EREFUSED,
                         "POST %s: the registry did not say where to send the blob (no Location)",
                         call->url);
    if (!location)
        return img__fail_memory(err);
    int result = img__location_resolve(response->url, location, &url, err);
    if (result)
        return result;
    send->location = img__buf_steal(&url);
    return send->location ? 0 : img__fail_memory(err);
}

static bool is_refused_mount(int status)
{
    return status == 400 || status == 401 || status == 403 || status == 404 || status == 405;
}

static void on_posted(const struct call *call, int code, const struct http_response *response,
                      const img_error *err, void *arg)
{
    struct send *send = arg;
    img_error local;
    if (send->mount && (code == IMG_EAUTH || (code == 0 && is_refused_mount(response->status)))) {
        send->mount->refused = true;
        post_or_finish(send);
        return;
    }
    if (code) {
        finish(send, 0, code, err);
        return;
    }
    if (response->status == 201 && send->mount) {
        code = img__repository_check_digest(call, response, &send->job->descriptor->digest, &local);
        finish(send, IMG_EVENT_MOUNTED, code, &local);
        return;
    }
    if (response->status != 202) {
        finish_refused(send, call, response);
        return;
    }
    code = take_location(send, call, response, &local);
    if (code == 0)
        code = put(send, &local);
    if (code)
        finish(send, 0, code, &local);
}

/* The registry took it but did not say that it has it. */
static void on_checked(const struct call *call, int code, const struct http_response *response,
                       const img_error *err, void *arg)
{
    struct send *send = arg;
    if (code == 0 && response->status != 200)
        finish_refused(send, call, response);
    else
        finish(send, IMG_EVENT_DONE, code, err);
}

static bool is_muddled(const struct http_response *response)
{
    struct complaint complaint;
    img__complaint_parse(img__buf_text(&response->body), response->body.len, &complaint);
    return strcmp(complaint.code, "DIGEST_INVALID") == 0 ||
           strcmp(complaint.code, "BLOB_UPLOAD_INVALID") == 0;
}

static bool may_begin_anew(const struct send *send, int code, const struct http_response *response)
{
    const struct batch *batch = send->batch;
    if (batch->code || send->sessions >= batch->repository->registry->tries)
        return false;
    if (code)
        return code == IMG_ENETWORK;
    switch (response->status) {
    case 400:
        return send->sessions == 1 && is_muddled(response);
    case 404:
    case 408:
    case 416:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
        return true;
    default:
        return false;
    }
}

static void on_put(const struct call *call, int code, const struct http_response *response,
                   const img_error *err, void *arg)
{
    struct send *send = arg;
    img_error local;
    if (may_begin_anew(send, code, response)) {
        send->patient = code == 0 && response->status == 429;
        post_or_finish(send);
    } else if (code) {
        finish(send, 0, code, err);
    } else if (response->status == 201) {
        code = img__repository_check_digest(call, response, &send->job->descriptor->digest, &local);
        finish(send, IMG_EVENT_DONE, code, &local);
    } else if (response->status / 100 == 2) {
        code = ask(send, on_checked, &local);
        if (code)
            finish(send, 0, code, &local);
    } else {
        finish_refused(send, call, response);
    }
}

/* 403 and 405 are no answer to whether it is there. */
static void on_asked(const struct call *call, int code, const struct http_response *response,
                     const img_error *err, void *arg)
{
    struct send *send = arg;
    int status = code ? 0 : response->status;
    if (code)
        finish(send, 0, code, err);
    else if (status == 200)
        finish(send, IMG_EVENT_EXISTS, 0, NULL);
    else if (status == 403 || status == 404 || status == 405)
        post_or_finish(send);
    else
        finish_refused(send, call, response);
}

static void start(struct batch *batch, size_t index)
{
    struct send *send = &((struct sends *)batch)->all[index];
    const struct blob_job *job = &batch->jobs[index];
    img_error err;
    send->batch = batch;
    send->job = job;
    int result = img__item_start(&send->item, batch->observer, job->what,
                                 job->descriptor->digest.text, job->descriptor->size_bytes, &err);
    if (result == 0)
        result = ask(send, on_asked, &err);
    if (result)
        finish(send, 0, result, &err);
}

static void on_deleted(const struct call *call, int code, const struct http_response *response,
                       const img_error *err, void *arg)
{
    (void)call;
    (void)code;
    (void)response;
    (void)err;
    (void)arg;
}

static int until_deadline(uint64_t bytes, void *arg, img_error *err)
{
    const struct timespec *deadline = arg;
    struct timespec now;
    (void)bytes;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > deadline->tv_sec ? img__fail(err, IMG_ECANCELED, "took too long") : 0;
}

/* Sessions that stay open cost the registry's disk. Best effort, and only where it is likely to
 * listen still. */
static void clean_up(struct sends *sends)
{
    struct batch *batch = &sends->batch;
    struct timespec deadline;
    int code = batch->code;
    if (code == IMG_ENETWORK || code == IMG_ETLS || code == IMG_ECANCELED || code == IMG_ENOMEM)
        return;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += CLEANING_MS / 1000;
    for (size_t i = 0; i < batch->count; i++) {
        struct call_request request = {
            .access = &batch->repository->access,
            .method = "DELETE",
            .url = sends->all[i].location,
            .on_bytes = until_deadline,
            .once = true,
            .done = on_deleted,
            .arg = &deadline,
        };
        if (request.url)
            img__call_start(&request, NULL);
    }
    img__http_run(batch->repository->registry->http, NULL);
}

int img__blobs_send(struct repository *repository, const struct blob_job *jobs, size_t count,
                    struct observer *observer, img_error *err)
{
    auto_free struct send *all = calloc(count ? count : 1, sizeof(*all));
    if (!all)
        return img__fail_memory(err);
    struct sends sends = {
        .batch =
            {
                .repository = repository,
                .jobs = jobs,
                .count = count,
                .observer = observer,
                .start = start,
            },
        .all = all,
    };
    int result = img__batch_run(&sends.batch, err);
    if (result)
        clean_up(&sends);
    for (size_t i = 0; i < count; i++)
        free(all[i].location);
    return result;
}
