/* SPDX-License-Identifier: Apache-2.0
 *
 * The queue of blobs (registry.md K1, K3, 3.5). A job's place is taken by the next one as soon as
 * it ends. After a failure nothing is started any more, no event goes out, and what is under way is
 * cancelled, which ends as failures too, but only the first is kept.
 *
 * Jobs that wait for another process are begun again every now and then: when something moves here,
 * or at the latest after LOOK_MS.
 */
#include "registry/batch.h"

#include <assert.h>
#include <time.h>

#define LARGE_BYTES ((uint64_t)1 << 20)
#define LOOK_MS 50

enum job_state {
    JOB_TODO,
    JOB_BEGUN, /* or ended */
    JOB_WAITING,
};

struct batch_job {
    size_t index;
    uint64_t size_bytes;
    enum job_state state;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void img__batch_fail(struct batch *batch, int code, const img_error *err)
{
    if (batch->code)
        return;
    batch->code = code;
    batch->err = *err;
}

static bool is_serial(const struct batch *batch)
{
    return batch->count && batch->jobs[0].local && batch->jobs[0].local->serial;
}

static bool has_room(const struct batch *batch)
{
    uint32_t jobs = is_serial(batch) ? 1 : batch->repository->registry->jobs;
    return !batch->code && batch->active < jobs;
}

static void begin(struct batch *batch, struct batch_job *job)
{
    job->state = JOB_BEGUN;
    batch->active++;
    batch->start(batch, job->index);
}

/* Once around those that wait. */
static void look_again(struct batch *batch)
{
    batch->looked_ms = now_ms();
    for (size_t i = 0; i < batch->next && has_room(batch); i++) {
        struct batch_job *job = &batch->queue[i];
        if (job->state != JOB_WAITING)
            continue;
        batch->waiting--;
        begin(batch, job);
    }
}

/* A job may end while it is started (its blob was there already): then this loop goes on, and no
 * second one begins within it. */
static void fill(struct batch *batch)
{
    if (batch->filling)
        return;
    batch->filling = true;
    if (batch->waiting && now_ms() - batch->looked_ms >= LOOK_MS)
        look_again(batch);
    while (batch->next < batch->count && has_room(batch))
        begin(batch, &batch->queue[batch->next++]);
    batch->filling = false;
}

void img__batch_wait(struct batch *batch, size_t index)
{
    size_t i = 0;
    assert(batch->active > 0);
    while (batch->queue[i].index != index)
        i++;
    batch->queue[i].state = JOB_WAITING;
    batch->active--;
    batch->waiting++;
}

void img__batch_ended(struct batch *batch, int code, const img_error *err)
{
    assert(batch->active > 0);
    batch->active--;
    if (code)
        img__batch_fail(batch, code, err);
    if (batch->code && !batch->canceled) {
        batch->canceled = true;
        img__http_cancel(batch->repository->registry->http);
    }
    fill(batch);
}

int img__batch_check(const struct batch *batch, img_error *err)
{
    return batch->code ? img__fail(err, IMG_ECANCELED, "ended by another failure") : 0;
}

int img__batch_progress(struct batch *batch, struct item *item, uint64_t bytes, img_error *err)
{
    img_error local;
    int result = img__batch_check(batch, err);
    if (result)
        return result;
    bool idle = bytes == item->event.done_bytes;
    result = idle ? img__item_idle(item, &local) : img__item_progress(item, bytes, &local);
    if (result == 0) {
        fill(batch);
        return img__batch_check(batch, err);
    }
    img__batch_fail(batch, result, &local);
    if (err)
        *err = local;
    return result;
}

void img__batch_done(struct batch *batch, struct item *item, int kind, const char *from)
{
    img_error err;
    int code = batch->code ? 0 : img__item_end(item, kind, from, &err);
    img__batch_ended(batch, code, &err);
}

/* Small ones as they are given, then large ones, the largest first. */
static int compare(const void *a, const void *b)
{
    const struct batch_job *one = a, *other = b;
    bool large = one->size_bytes >= LARGE_BYTES;
    if (large != (other->size_bytes >= LARGE_BYTES))
        return large ? 1 : -1;
    if (large && one->size_bytes != other->size_bytes)
        return one->size_bytes > other->size_bytes ? -1 : 1;
    return one->index < other->index ? -1 : one->index > other->index;
}

static void queue_up(struct batch *batch, struct batch_job *queue)
{
    for (size_t i = 0; i < batch->count; i++)
        queue[i] = (struct batch_job){i, batch->jobs[i].descriptor->size_bytes, JOB_TODO};
    if (!is_serial(batch))
        qsort(queue, batch->count, sizeof(*queue), compare);
    batch->queue = queue;
}

int img__batch_run(struct batch *batch, img_error *err)
{
    static const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000};
    auto_free struct batch_job *queue = calloc(batch->count ? batch->count : 1, sizeof(*queue));
    if (!queue)
        return img__fail_memory(err);
    queue_up(batch, queue);
    fill(batch);
    int result = img__http_run(batch->repository->registry->http, err);
    while (result == 0 && batch->waiting && !batch->code) {
        nanosleep(&pause, NULL);
        fill(batch);
        result = img__http_run(batch->repository->registry->http, err);
    }
    if (result)
        return result;
    if (batch->code && err)
        *err = batch->err;
    return batch->code;
}

int img__blob_path(const struct repository *repository, const img_digest *digest, struct buf *out,
                   img_error *err)
{
    img__buf_printf(out, "/v2/%s/blobs/%s", repository->reference.path, digest->text);
    return img__buf_check(out, "the URL", err);
}
