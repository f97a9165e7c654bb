/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs from the registry to the local side (registry.md L6-L8, L13). Bytes go straight to the
 * sink that the local side gives, which verifies them; a blob counts as done once that sink is
 * closed. What the local side has is not asked for.
 *
 * A transfer that breaks when bytes have arrived is begun anew, with a fresh sink; the loop below
 * does that for all other failures in passing.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "core/digest.h"
#include "registry/batch.h"
#include "registry/call.h"

#define PATH_BYTES_MAX ((size_t)1024)

/* {}, which needs no registry (image-spec, "empty descriptor"). */
#define EMPTY_DIGEST "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

struct fetch {
    struct batch *batch;
    const struct blob_job *job;
    struct item item;
    struct sink *sink;
    uint64_t seen_bytes; /* in this try */
    uint32_t tries;
};

struct fetches {
    struct batch batch;
    struct fetch *all;
};

static void on_fetched(const struct call *call, int code, const struct http_response *response,
                       const img_error *err, void *arg);

static int on_bytes(uint64_t bytes, void *arg, img_error *err)
{
    struct fetch *fetch = arg;
    fetch->seen_bytes = bytes;
    return img__batch_progress(fetch->batch, &fetch->item, bytes, err);
}

static int request_blob(struct fetch *fetch, img_error *err)
{
    auto_(buf) struct buf path = BUF_INIT(PATH_BYTES_MAX);
    struct repository *repository = fetch->batch->repository;
    int result = img__batch_check(fetch->batch, err);
    if (result == 0)
        result = img__blob_path(repository, &fetch->job->descriptor->digest, &path, err);
    if (result)
        return result;
    fetch->tries++;
    fetch->seen_bytes = 0;
    struct call_request request = {
        .access = &repository->access,
        .method = "GET",
        .path = path.data,
        .sink = fetch->sink,
        .on_bytes = on_bytes,
        .done = on_fetched,
        .arg = fetch,
    };
    return img__call_start(&request, err);
}

static int open_sink(struct fetch *fetch, img_error *err)
{
    struct endpoint *local = fetch->job->local;
    img__sink_free(steal(fetch->sink));
    return local->ops->open_sink(local, fetch->job->descriptor, &fetch->sink, err);
}

static void finish(struct fetch *fetch, int kind, int code, const img_error *err)
{
    img__sink_free(steal(fetch->sink));
    if (code == 0) {
        img__batch_done(fetch->batch, &fetch->item, kind, NULL);
        return;
    }
    img_error local = *err;
    img__prefix(&local, code, "%s", fetch->job->what);
    img__batch_ended(fetch->batch, code, &local);
}

/* Content-Length tells early and more plainly than the digest what is wrong. */
static int check_length(const struct fetch *fetch, const struct call *call,
                        const struct http_response *response, img_error *err)
{
    char text[24];
    uint64_t length, size = fetch->job->descriptor->size_bytes;
    img__call_header(response, "Content-Length", text, sizeof(text));
    if (!img__text_number(text, UINT64_MAX, &length) || length == size)
        return 0;
    return img__fail(err, IMG_EDIGEST, "GET %s: the registry sent %" PRIu64 " bytes of %" PRIu64,
                     call->url, length, size);
}

static int take_blob(const struct fetch *fetch, const struct call *call,
                     const struct http_response *response, img_error *err)
{
    if (response->status / 100 != 2)
        return img__call_refused(call, response, err);
    int result = check_length(fetch, call, response, err);
    return result ? result : img__sink_close(fetch->sink, err);
}

static bool may_begin_anew(const struct fetch *fetch, int code)
{
    const struct batch *batch = fetch->batch;
    return code == IMG_ENETWORK && fetch->seen_bytes && !batch->code &&
           fetch->tries < batch->repository->registry->tries;
}

static void begin_anew(struct fetch *fetch, const img_error *reason)
{
    img_error err;
    img__log(&fetch->batch->repository->registry->log, IMG_LOG_INFO, "%s: beginning anew: %s",
             fetch->job->what, reason->message);
    int code = open_sink(fetch, &err);
    if (code == 0 && fetch->sink)
        code = request_blob(fetch, &err);
    if (code || !fetch->sink)
        finish(fetch, IMG_EVENT_CACHED, code, &err);
}

static void on_fetched(const struct call *call, int code, const struct http_response *response,
                       const img_error *err, void *arg)
{
    struct fetch *fetch = arg;
    img_error local;
    if (may_begin_anew(fetch, code)) {
        begin_anew(fetch, err);
        return;
    }
    if (code)
        local = *err;
    else
        code = take_blob(fetch, call, response, &local);
    finish(fetch, IMG_EVENT_DONE, code, &local);
}

static bool is_empty_object(const img_descriptor *descriptor)
{
    return descriptor->size_bytes == 2 && strcmp(descriptor->digest.text, EMPTY_DIGEST) == 0;
}

static int write_empty_object(struct fetch *fetch, img_error *err)
{
    int result = img__sink_write(fetch->sink, "{}", 2, err);
    return result ? result : img__sink_close(fetch->sink, err);
}

/* *kind set: it has ended already. */
static int begin(struct fetch *fetch, int *kind, img_error *err)
{
    const img_descriptor *descriptor = fetch->job->descriptor;
    int result = open_sink(fetch, err);
    *kind = 0;
    if (result)
        return result;
    if (!fetch->sink) {
        *kind = IMG_EVENT_CACHED;
        return 0;
    }
    if (!is_empty_object(descriptor))
        return request_blob(fetch, err);
    *kind = IMG_EVENT_DONE;
    return write_empty_object(fetch, err);
}

static void start(struct batch *batch, size_t index)
{
    struct fetch *fetch = &((struct fetches *)batch)->all[index];
    const struct blob_job *job = &batch->jobs[index];
    img_error err;
    int kind = 0;
    fetch->batch = batch;
    fetch->job = job;
    int result = img__item_start(&fetch->item, batch->observer, job->what,
                                 job->descriptor->digest.text, job->descriptor->size_bytes, &err);
    if (result == 0)
        result = begin(fetch, &kind, &err);
    if (result || kind)
        finish(fetch, kind, result, &err);
}

int img__blobs_fetch(struct repository *repository, const struct blob_job *jobs, size_t count,
                     struct observer *observer, img_error *err)
{
    auto_free struct fetch *all = calloc(count ? count : 1, sizeof(*all));
    if (!all)
        return img__fail_memory(err);
    struct fetches fetches = {
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
    return img__batch_run(&fetches.batch, err);
}
