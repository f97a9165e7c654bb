/* SPDX-License-Identifier: Apache-2.0
 *
 * The queue of blobs (registry.md K1, K3). A job's place is taken by the next one as soon as it
 * ends. After a failure nothing is started any more, no event goes out, and what is under way is
 * cancelled, which ends as failures too, but only the first is kept.
 */
#include "registry/batch.h"

#include <assert.h>

void img__batch_fail(struct batch *batch, int code, const img_error *err)
{
    if (batch->code)
        return;
    batch->code = code;
    batch->err = *err;
}

/* A job may end while it is started (its blob was there already): then this loop goes on, and no
 * second one begins within it. */
static void fill(struct batch *batch)
{
    if (batch->filling)
        return;
    batch->filling = true;
    while (!batch->code && batch->next < batch->count &&
           batch->active < batch->repository->registry->jobs) {
        batch->active++;
        batch->start(batch, batch->next++);
    }
    batch->filling = false;
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
    if (result == 0)
        return 0;
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

int img__batch_run(struct batch *batch, img_error *err)
{
    fill(batch);
    int result = img__http_run(batch->repository->registry->http, err);
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
