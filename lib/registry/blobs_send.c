/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs to the registry (registry.md U2-U13, U17, U18, M1, M2, M4). Each goes its own way through
 * the steps in the files that blobs_send.h names:
 *
 *   HEAD -- there --> EXISTS
 *     | not, or not worth asking
 *   POST -- 201 --> MOUNTED, or taken at once
 *     | 202: the session's Location
 *   PUT, or PATCH and PUT, or more of them -- 201 --> DONE
 *     | broken or refused: the session is asked how far it is, or a new one is begun
 *
 * What is left open after a failure is deleted, if that does not take long.
 */
#include "registry/blobs_send.h"

#include <time.h>

#include "registry/errors.h"
#include "registry/placed.h"

#define CLEANING_MS 2000
#define PATH_BYTES_MAX ((size_t)1024)

static void close_source(struct send *send)
{
    img__window_free(steal(send->window));
}

void img__send_done(struct send *send, int kind, const char *from)
{
    struct repository *repository = send->batch->repository;
    close_source(send);
    free(steal(send->location));
    img__upload_learn(&repository->access.host->ways, &send->ways);
    img__placed_add(&repository->access.host->placed, &send->job->descriptor->digest,
                    repository->reference.path);
    if (kind == IMG_EVENT_EXISTS)
        ((struct sends *)send->batch)->found = true;
    img__batch_done(send->batch, &send->item, kind, from);
}

void img__send_failed(struct send *send, int code, const img_error *err)
{
    img_error local = *err;
    close_source(send);
    img__prefix(&local, code, "%s", send->job->what);
    img__batch_ended(send->batch, code, &local);
}

void img__send_refused(struct send *send, const struct call *call,
                       const struct http_response *response)
{
    img_error err;
    int code = img__call_refused(call, response, &err);
    img__send_failed(send, code, &err);
}

static int on_tick(uint64_t bytes, void *arg, img_error *err)
{
    struct send *send = arg;
    (void)bytes;
    return img__batch_progress(send->batch, &send->item, send->item.event.done_bytes, err);
}

int img__send_ask(struct send *send, const char *method, const char *url, uint32_t delay_ms,
                  call_done_fn done, img_error *err)
{
    struct call_request request = {
        .access = *url == '/' ? &send->batch->repository->access : img__send_access(send),
        .method = method,
        .path = *url == '/' ? url : NULL,
        .url = *url == '/' ? NULL : url,
        .on_bytes = on_tick,
        .delay_ms = delay_ms,
        .done = done,
        .arg = send,
    };
    int result = img__batch_check(send->batch, err);
    return result ? result : img__call_start(&request, err);
}

int img__send_ask_blob(struct send *send, call_done_fn done, img_error *err)
{
    auto_(buf) struct buf path = BUF_INIT(PATH_BYTES_MAX);
    int result =
        img__blob_path(send->batch->repository, &send->job->descriptor->digest, &path, err);
    return result ? result : img__send_ask(send, "HEAD", path.data, 0, done, err);
}

static void start(struct batch *batch, size_t index)
{
    struct send *send = &((struct sends *)batch)->all[index];
    const struct blob_job *job = &batch->jobs[index];
    img_error err;
    send->batch = batch;
    send->job = job;
    send->ways = batch->repository->access.host->ways;
    int result = img__item_start(&send->item, batch->observer, job->what,
                                 job->descriptor->digest.text, job->descriptor->size_bytes, &err);
    if (result)
        img__send_failed(send, result, &err);
    else
        img__send_begin(send);
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
            .access = sends->all[i].location ? img__send_access(&sends->all[i]) : NULL,
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
