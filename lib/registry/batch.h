/* SPDX-License-Identifier: Apache-2.0
 *
 * Many blobs on their way at once, in one loop.
 */
#ifndef IMG_REGISTRY_BATCH_H
#define IMG_REGISTRY_BATCH_H

#include "registry/repository.h"

struct batch {
    struct repository *repository;
    const struct blob_job *jobs;
    size_t count;
    struct observer *observer;
    /* Begins jobs[index], which ends with img__batch_ended(), perhaps at once. */
    void (*start)(struct batch *batch, size_t index);
    size_t next;
    size_t active;
    bool filling;
    bool canceled;
    int code; /* of the first failure */
    img_error err;
};

/* As many as the client's options allow at a time, in their order. The first failure ends them all
 * and is the one reported. */
int img__batch_run(struct batch *batch, img_error *err);

/* A job that was started has ended; code 0 or negative. */
void img__batch_ended(struct batch *batch, int code, const img_error *err);

/* The failure that is reported, unless there was one before; the job has not ended yet. */
void img__batch_fail(struct batch *batch, int code, const img_error *err);

/* Fails if the batch has: nothing new may be begun, also if an answer came in at that moment. */
int img__batch_check(const struct batch *batch, img_error *err);

/* The events of a job, of which there are no more once the batch has failed: some bytes, as many as
 * before if nothing moves, and its successful end. */
int img__batch_progress(struct batch *batch, struct item *item, uint64_t bytes, img_error *err);
void img__batch_done(struct batch *batch, struct item *item, int kind, const char *from);

/* "/v2/a/b/blobs/DIGEST". */
int img__blob_path(const struct repository *repository, const img_digest *digest, struct buf *out,
                   img_error *err);

#endif
