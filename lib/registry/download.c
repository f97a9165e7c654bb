/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of a download (registry.md L6-L13, T11, X4). What has arrived is never asked for again
 * where that can be helped:
 *
 *   the connection breaks    the rest is asked for, at the registry again, since where it had led
 *                            may be good for a short time only; as long as something comes
 *   the place fails          the next one goes on where this one ended, then foreign URLs
 *   the digest is wrong      if an answer was packed, once more unpacked; if it came in pieces,
 *                            once more from the first byte; else the next place, from there too
 *
 * Each of these happens a bounded number of times. The failure that is reported is the origin's, if
 * the origin was asked, or one that is no place's, such as a full disk.
 */
#include "registry/download.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "core/digest.h"
#include "registry/places.h"

#define PATH_BYTES_MAX ((size_t)1024)

/* A larger blob has a connection to itself. */
#define BULK_BYTES ((uint64_t)2 * 1024 * 1024)

/* {}, which needs no registry (image-spec, "empty descriptor"). */
#define EMPTY_DIGEST "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

/* A try that brings less than the smaller of these does not get on; before the next one there is a
 * pause, the longer the more of them there were. */
#define WORTH_PART 64
#define WORTH_BYTES ((uint64_t)256 * 1024)
#define PAUSE_MS 100u
#define PAUSE_DOUBLINGS_MAX 6u

static void on_done(const struct call *call, int code, const struct http_response *response,
                    const img_error *err, void *arg);

static struct download *of_gate(struct sink *sink)
{
    return (struct download *)((char *)sink - offsetof(struct download, gate));
}

/* What is offered may be offered again, so nothing is counted before it is taken. */
static int gate_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    struct download *download = of_gate(sink);
    size_t skip = download->skip_bytes < len ? (size_t)download->skip_bytes : len;
    if (len > skip) {
        int result = img__sink_write(download->sink, (const char *)data + skip, len - skip, err);
        if (result)
            return result;
    }
    download->skip_bytes -= skip;
    download->have_bytes += len - skip;
    return 0;
}

static const struct sink_ops gate_ops = {.write = gate_write};

static const struct observer *log_of(const struct download *download)
{
    return &download->batch->repository->registry->log;
}

static int on_bytes(uint64_t bytes, void *arg, img_error *err)
{
    struct download *download = arg;
    (void)bytes;
    return img__batch_progress(download->batch, &download->item, download->have_bytes, err);
}

static void finish(struct download *download, int kind, int code, const img_error *err)
{
    img__sink_free(steal(download->sink));
    download->ended = true;
    if (code == 0) {
        img__batch_done(download->batch, &download->item, kind, NULL);
        return;
    }
    img_error local = *err;
    img__prefix(&local, code, "%s", download->job->what);
    img__batch_ended(download->batch, code, &local);
}

static int add_range(const struct download *download, struct strv *headers, img_error *err)
{
    char text[160];
    if (!download->ranged)
        return 0;
    snprintf(text, sizeof(text), "Range: bytes=%" PRIu64 "-", download->have_bytes);
    int result = img__strv_add(headers, text, err);
    if (result || !*download->etag)
        return result;
    snprintf(text, sizeof(text), "If-Range: %s", download->etag);
    return img__strv_add(headers, text, err);
}

static uint32_t pause_ms(const struct download *download)
{
    unsigned doublings =
        download->stuck < PAUSE_DOUBLINGS_MAX ? download->stuck : PAUSE_DOUBLINGS_MAX;
    return download->stuck ? PAUSE_MS << doublings : 0;
}

static int request(struct download *download, img_error *err)
{
    auto_(buf) struct buf path = BUF_INIT(PATH_BYTES_MAX);
    auto_(strv) struct strv headers = STRV_INIT;
    const struct place *place = download->place;
    int result = img__batch_check(download->batch, err);
    if (result == 0 && place)
        result =
            img__place_path(place, "blobs", download->job->descriptor->digest.text, &path, err);
    download->ranged = download->have_bytes && !download->all && !download->decode;
    download->pieced = download->pieced || download->have_bytes;
    download->before_bytes = download->have_bytes;
    download->skip_bytes = 0;
    download->verdict = VERDICT_NONE;
    if (result == 0)
        result = add_range(download, &headers, err);
    if (result)
        return result;
    struct call_request call = {
        .access = place ? place->access : &download->batch->repository->access,
        .method = "GET",
        .path = place ? path.data : NULL,
        .url = place ? NULL : *download->url,
        .headers = img__strv_list(&headers),
        .sink = &download->gate,
        .on_headers = img__download_on_headers,
        .on_bytes = on_bytes,
        .delay_ms = pause_ms(download),
        .unknown = !place,
        .bulk = download->job->descriptor->size_bytes > BULK_BYTES,
        .decode = download->decode,
        .done = on_done,
        .arg = download,
    };
    return img__call_start(&call, err);
}

static void request_or_finish(struct download *download)
{
    img_error err;
    int result = request(download, &err);
    if (result)
        finish(download, 0, result, &err);
}

static void begin_at(struct download *download)
{
    download->etag[0] = '\0';
    download->all = download->decode = download->packed = download->expired = false;
    download->stuck = 0;
}

/* To the next place, or the next URL. False if there is none. */
static bool go_on(struct download *download)
{
    const char *const *urls = download->job->urls;
    if (!download->url) {
        download->place = img__place_next(download->batch->repository, false, &download->tried);
        if (download->place)
            return begin_at(download), true;
    }
    do {
        download->url = download->url ? download->url + 1 : urls;
    } while (download->url && *download->url && !img__text_starts_nocase(*download->url, "https:"));
    begin_at(download);
    return download->url && *download->url;
}

static int open_sink(struct download *download, img_error *err)
{
    struct endpoint *local = download->job->local;
    const img_descriptor *descriptor = download->job->descriptor;
    img__sink_free(steal(download->sink));
    download->have_bytes = 0;
    download->pieced = false;
    if (!local->ops->open_partial)
        return local->ops->open_sink(local, descriptor, &download->sink, err);
    int result =
        local->ops->open_partial(local, descriptor, &download->sink, &download->have_bytes, err);
    if (result == 0 && download->have_bytes)
        img__log(log_of(download), IMG_LOG_INFO, "%s: going on at byte %" PRIu64,
                 download->job->what, download->have_bytes);
    return result;
}

static void complete(struct download *download);

static void open_and_go(struct download *download)
{
    img_error err;
    int result = open_sink(download, &err);
    if (result == IMG__EAGAIN) {
        result = on_bytes(0, download, &err);
        if (result == 0) {
            img__batch_wait(download->batch, (size_t)(download->job - download->batch->jobs));
            return;
        }
    }
    if (result || !download->sink)
        finish(download, IMG_EVENT_CACHED, result, &err);
    else if (download->have_bytes == download->job->descriptor->size_bytes && download->have_bytes)
        complete(download);
    else
        request_or_finish(download);
}

/* What has arrived is worth nothing. */
static void begin_anew(struct download *download)
{
    struct endpoint *local = download->job->local;
    img__sink_free(steal(download->sink));
    if (local->ops->drop_partial)
        local->ops->drop_partial(local, download->job->descriptor);
    open_and_go(download);
}

static bool is_local(int code)
{
    return code == IMG_EIO || code == IMG_ENOMEM || code == IMG_ECANCELED || code == IMG_EINVAL ||
           code == IMG_EFAIL;
}

/* spoiled: what is in the sink must not be gone on with. harmed: the place won't give others,
 * either. */
static void fail_here(struct download *download, int code, const img_error *err, bool harmed,
                      bool spoiled)
{
    bool origin = download->place && !download->place->mirror;
    if (!download->first_code || origin || is_local(code)) {
        download->first = *err;
        download->first_code = code;
    }
    if (download->place && !is_local(code))
        img__place_failed(download->place, harmed);
    if (is_local(code) || !go_on(download)) {
        finish(download, 0, download->first_code, &download->first);
        return;
    }
    img__log(log_of(download), IMG_LOG_INFO, "%s: trying the next place: %s", download->job->what,
             err->message);
    if (spoiled)
        begin_anew(download);
    else
        request_or_finish(download);
}

static void take_wrong(struct download *download, int code, const img_error *err)
{
    bool packed = download->packed && !download->decode;
    bool anew = download->pieced && !download->anew;
    if (!packed && !anew) {
        fail_here(download, code, err, true, true);
        return;
    }
    img__log(log_of(download), IMG_LOG_INFO, "%s: beginning anew: %s", download->job->what,
             err->message);
    download->decode = download->decode || packed;
    download->anew = download->anew || !packed;
    begin_anew(download);
}

static void complete(struct download *download)
{
    img_error err;
    int result = img__sink_close(download->sink, &err);
    if (result == IMG_EDIGEST)
        take_wrong(download, result, &err);
    else
        finish(download, IMG_EVENT_DONE, result, &err);
}

/* Is it worth while to ask the same place for the rest? A mirror that hangs has its chance again
 * only if there is no other place. */
static bool may_go_on(struct download *download, const img_error *err)
{
    uint64_t size = download->job->descriptor->size_bytes;
    uint64_t worth = size / WORTH_PART < WORTH_BYTES ? size / WORTH_PART : WORTH_BYTES;
    uint64_t got = download->have_bytes - download->before_bytes;
    uint32_t tries = download->batch->repository->registry->tries;
    bool hangs = err->sys_errno == ETIMEDOUT && download->place && download->place->mirror;
    download->stuck = got && got >= worth ? 0 : download->stuck + 1;
    if (got)
        download->expired = false;
    return got && tries > 1 && download->stuck < tries && !hangs;
}

static void take_break(struct download *download, int code, const img_error *err)
{
    if (code == IMG_EDIGEST) {
        take_wrong(download, code, err);
        return;
    }
    if (download->have_bytes && download->have_bytes == download->job->descriptor->size_bytes) {
        complete(download);
        return;
    }
    if (code != IMG_ENETWORK || !may_go_on(download, err)) {
        fail_here(download, code, err, true, false);
        return;
    }
    img__log(log_of(download), IMG_LOG_INFO, "%s: going on at byte %" PRIu64 ": %s",
             download->job->what, download->have_bytes, err->message);
    request_or_finish(download);
}

static void take_body(struct download *download, const struct call *call)
{
    img_error err;
    uint64_t size = download->job->descriptor->size_bytes;
    if (!download->ranged || download->have_bytes == size || download->skip_bytes) {
        complete(download);
        return;
    }
    /* A part of the range that was asked for. */
    int code = img__fail(&err, IMG_ENETWORK, "GET %s: %" PRIu64 " of %" PRIu64 " bytes came",
                         call->url, download->have_bytes, size);
    take_break(download, code, &err);
}

static void take_refusal(struct download *download, const struct call *call,
                         const struct http_response *response)
{
    img_error err;
    int status = response->status;
    bool elsewhere = !img__url_same_origin(call->url, response->url);
    if (status == 416 && download->ranged) {
        download->all = true;
        request_or_finish(download);
        return;
    }
    if (elsewhere && !download->expired && status / 100 == 4) {
        download->expired = true;
        request_or_finish(download);
        return;
    }
    int code = img__call_refused(call, response, &err);
    fail_here(download, code, &err, status != 404, false);
}

static void on_done(const struct call *call, int code, const struct http_response *response,
                    const img_error *err, void *arg)
{
    struct download *download = arg;
    img_error local;
    if (img__batch_check(download->batch, &local)) {
        finish(download, 0, code ? code : local.code, code ? err : &local);
    } else if (code && download->verdict == VERDICT_RANGE) {
        download->all = true;
        request_or_finish(download);
    } else if (code && download->verdict == VERDICT_PACKED) {
        take_wrong(download, code, err);
    } else if (code && download->verdict == VERDICT_LIES) {
        fail_here(download, code, err, true, false);
    } else if (code) {
        take_break(download, code, err);
    } else if (download->verdict == VERDICT_TAKE) {
        take_body(download, call);
    } else {
        take_refusal(download, call, response);
    }
}

/* Bytes that need no request. NULL: there are none. */
static const char *bytes_at_hand(const struct blob_job *job)
{
    const img_descriptor *descriptor = job->descriptor;
    if (descriptor->size_bytes == 2 && strcmp(descriptor->digest.text, EMPTY_DIGEST) == 0)
        return "{}";
    return job->data;
}

static void take_bytes_at_hand(struct download *download, const char *bytes)
{
    img_error err;
    int result = download->job->local->ops->open_sink(
        download->job->local, download->job->descriptor, &download->sink, &err);
    bool cached = result == 0 && !download->sink;
    if (result == 0 && !cached)
        result = img__sink_write(download->sink, bytes,
                                 (size_t)download->job->descriptor->size_bytes, &err);
    if (result == 0 && !cached)
        result = img__sink_close(download->sink, &err);
    finish(download, cached ? IMG_EVENT_CACHED : IMG_EVENT_DONE, result, &err);
}

/* Of one that was begun nothing has come yet. */
static int begin_item(struct download *download, img_error *err)
{
    const struct blob_job *job = download->job;
    if (!job->begun)
        return img__item_start(&download->item, download->batch->observer, job->what,
                               job->descriptor->digest.text, job->descriptor->size_bytes, err);
    download->item = *job->begun;
    download->item.event.done_bytes = download->item.reported_bytes = 0;
    return 0;
}

void img__download_start(struct download *download)
{
    const struct blob_job *job = download->job;
    const char *bytes = bytes_at_hand(job);
    img_error err;
    if (!download->begun) {
        download->begun = true;
        download->gate.ops = &gate_ops;
        int result = begin_item(download, &err);
        if (result == 0 && !go_on(download))
            result = img__fail(&err, IMG_EINVAL, "no place is set up to read %s from",
                               job->descriptor->digest.text);
        if (result) {
            finish(download, 0, result, &err);
            return;
        }
    }
    if (bytes)
        take_bytes_at_hand(download, bytes);
    else
        open_and_go(download);
}
