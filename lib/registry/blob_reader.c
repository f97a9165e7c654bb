/* SPDX-License-Identifier: Apache-2.0
 *
 * A relay between two transfers of one loop (registry.md M5): a download puts bytes into a ring,
 * whoever sends them takes them out. Each side stands still while the other has not caught up, and
 * either may break without the other: the download goes on by itself at the byte where it broke
 * off, and a sender that has to go back puts the source there, which begins another download.
 *
 * A download is bound to the loop and ends when that sees fit. So it is not part of the reader, but
 * of a relay that the repository keeps until then; the reader may let go of it at any time.
 */
#include "registry/blob_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/ring.h"
#include "core/verify.h"
#include "registry/download.h"

/* More than curl passes on at once. */
#define RING_BYTES ((size_t)1 << 20)

struct reader;

struct relay {
    struct endpoint base;  /* the local side of the download */
    struct sink sink;      /* that it opens */
    struct relay *next;    /* of the repository */
    struct reader *reader; /* NULL: nobody wants what comes */
    img_descriptor descriptor;
    struct blob_job job;
    struct batch batch; /* of this one, so that its failure is nobody else's */
    struct download download;
    uint64_t skip_bytes; /* of what comes without a request: they are behind us */
};

struct reader {
    struct source base;
    struct repository *repository;
    img_descriptor descriptor;
    struct ring ring;
    uint64_t at;         /* of the byte that is read next: those in the ring come from there on */
    struct relay *relay; /* NULL: nothing is under way */
};

/* ---- the side of the download ---- */

static struct relay *of_sink(struct sink *sink)
{
    return (struct relay *)((char *)sink - offsetof(struct relay, sink));
}

static uint64_t arrived(const struct reader *reader)
{
    return reader->at + reader->ring.len;
}

static int sink_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    struct relay *relay = of_sink(sink);
    struct reader *reader = relay->reader;
    if (!reader)
        return img__fail(err, IMG_ECANCELED, "nobody reads it any more");
    size_t skip = relay->skip_bytes < len ? (size_t)relay->skip_bytes : len;
    len -= skip;
    if (len > reader->descriptor.size_bytes - arrived(reader))
        return img__fail(err, IMG_EDIGEST,
                         "the registry sent more than the %" PRIu64 " bytes of the blob",
                         reader->descriptor.size_bytes);
    if (len > img__ring_room(&reader->ring))
        return IMG__EAGAIN;
    relay->skip_bytes -= skip;
    img__ring_put(&reader->ring, (const char *)data + skip, len);
    img__http_wake(reader->repository->registry->http);
    return 0;
}

/* That the bytes are right is seen when they are read. */
static int sink_close(struct sink *sink, img_error *err)
{
    const struct reader *reader = of_sink(sink)->reader;
    if (!reader || arrived(reader) == reader->descriptor.size_bytes)
        return 0;
    return img__fail(err, IMG_EDIGEST, "the registry sent %" PRIu64 " of %" PRIu64 " bytes",
                     arrived(reader), reader->descriptor.size_bytes);
}

/* The download has ended, or soon begins again. */
static void sink_free(struct sink *sink)
{
    struct relay *relay = of_sink(sink);
    img__http_wake(relay->batch.repository->registry->http);
}

static int open_partial(struct endpoint *endpoint, const img_descriptor *descriptor,
                        struct sink **out, uint64_t *have_bytes, img_error *err)
{
    static const struct sink_ops ops = {sink_write, sink_close, sink_free};
    struct relay *relay = (struct relay *)endpoint;
    (void)descriptor;
    if (!relay->reader)
        return img__fail(err, IMG_ECANCELED, "nobody reads it any more");
    relay->sink.ops = &ops;
    relay->skip_bytes = 0;
    *have_bytes = arrived(relay->reader);
    *out = &relay->sink;
    return 0;
}

/* For all of the blob. */
static int open_sink(struct endpoint *endpoint, const img_descriptor *descriptor, struct sink **out,
                     img_error *err)
{
    struct relay *relay = (struct relay *)endpoint;
    uint64_t have = 0;
    int result = open_partial(endpoint, descriptor, out, &have, err);
    if (result == 0)
        relay->skip_bytes = have;
    return result;
}

static const struct endpoint_ops relay_ops = {.open_sink = open_sink, .open_partial = open_partial};

/* ---- relays ---- */

/* Nobody waits for it: it ends at the next tick of the loop, without another try. */
static void let_go(struct reader *reader)
{
    struct relay *relay = steal(reader->relay);
    img_error err;
    if (!relay)
        return;
    relay->reader = NULL;
    if (!relay->download.ended)
        img__batch_fail(&relay->batch, img__fail(&err, IMG_ECANCELED, "nobody reads it any more"),
                        &err);
}

/* Those whose download has ended and that no reader looks at. */
static void sweep(struct repository *repository)
{
    for (struct relay **at = &repository->relays, *relay; (relay = *at);) {
        if (relay->reader || !relay->download.ended) {
            at = &relay->next;
            continue;
        }
        *at = relay->next;
        free(relay);
    }
}

void img__blob_readers_free(struct repository *repository)
{
    bool running = false;
    for (const struct relay *relay = repository->relays; relay; relay = relay->next)
        running = running || !relay->download.ended;
    if (running)
        img__http_cancel(repository->registry->http);
    sweep(repository);
}

static int start_relay(struct reader *reader, img_error *err)
{
    struct repository *repository = reader->repository;
    sweep(repository);
    struct relay *relay = calloc(1, sizeof(*relay));
    if (!relay)
        return img__fail_memory(err);
    relay->base.ops = &relay_ops;
    relay->reader = reader;
    relay->descriptor = reader->descriptor;
    relay->job = (struct blob_job){
        .descriptor = &relay->descriptor, .what = "source", .local = &relay->base};
    /* It is begun already, and cancels nobody when it fails. */
    relay->batch = (struct batch){.repository = repository,
                                  .jobs = &relay->job,
                                  .count = 1,
                                  .next = 1,
                                  .active = 1,
                                  .canceled = true};
    relay->download.batch = &relay->batch;
    relay->download.job = &relay->job;
    relay->next = repository->relays;
    repository->relays = relay;
    reader->relay = relay;
    img__download_start(&relay->download);
    return 0;
}

/* ---- the side of the reader ---- */

/* Why nothing comes any more. It is kept: readers of further blobs would only wait for it again. */
static int take_failure(struct reader *reader, img_error *err)
{
    struct repository *repository = reader->repository;
    struct batch *batch = &reader->relay->batch;
    if (!batch->code)
        return img__fail(err, IMG_EFAIL, "a download ended too early");
    if (batch->code != IMG_ECANCELED && batch->code != IMG_ENOMEM) {
        repository->source_code = batch->code;
        repository->source_err = batch->err;
    }
    if (err)
        *err = batch->err;
    return batch->code;
}

static ssize_t reader_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct reader *reader = (struct reader *)source;
    size_t got = img__ring_take(&reader->ring, data, len);
    reader->at += got;
    if (got) {
        img__http_wake(reader->repository->registry->http);
        return (ssize_t)got;
    }
    if (reader->at == reader->descriptor.size_bytes)
        return 0;
    int result = reader->relay ? 0 : start_relay(reader, err);
    if (result)
        return result;
    /* It may have ended at once, or have brought something. */
    if (reader->ring.len)
        return reader_read(source, data, len, err);
    return reader->relay->download.ended ? take_failure(reader, err) : IMG__EAGAIN;
}

static int reader_seek(struct source *source, uint64_t offset, img_error *err)
{
    struct reader *reader = (struct reader *)source;
    (void)err;
    if (offset >= reader->at && offset <= arrived(reader)) {
        img__ring_take(&reader->ring, NULL, (size_t)(offset - reader->at));
        reader->at = offset;
        return 0;
    }
    let_go(reader);
    img__ring_clear(&reader->ring);
    reader->at = offset;
    return 0;
}

static int reader_rewind(struct source *source, img_error *err)
{
    return reader_seek(source, 0, err);
}

static void reader_free(struct source *source)
{
    struct reader *reader = (struct reader *)source;
    let_go(reader);
    img__ring_free(&reader->ring);
    free(reader);
}

static const struct source_ops reader_ops = {
    .read = reader_read, .rewind = reader_rewind, .free = reader_free, .seek = reader_seek};

static int make(struct repository *repository, const img_descriptor *descriptor,
                struct source **out, img_error *err)
{
    uint64_t size = descriptor->size_bytes;
    auto_free struct reader *reader = calloc(1, sizeof(*reader));
    if (!reader)
        return img__fail_memory(err);
    int result = img__ring_make(size < RING_BYTES ? (size_t)size : RING_BYTES, &reader->ring, err);
    if (result)
        return result;
    reader->base.ops = &reader_ops;
    reader->repository = repository;
    reader->descriptor = *descriptor;
    *out = &steal(reader)->base;
    return 0;
}

int img__blob_reader(struct repository *repository, const img_descriptor *descriptor,
                     struct source **out, img_error *err)
{
    struct source *source = NULL;
    char name[IMG_REFERENCE_TEXT_MAX + sizeof(descriptor->digest.text)];
    if (repository->source_code) {
        if (err)
            *err = repository->source_err;
        return repository->source_code;
    }
    int result = make(repository, descriptor, &source, err);
    if (result)
        return result;
    snprintf(name, sizeof(name), "%s of %s/%s", descriptor->digest.text,
             repository->reference.domain, repository->reference.path);
    return img__source_verify_else("", &descriptor->digest, descriptor->size_bytes, name, source,
                                   out, err);
}
