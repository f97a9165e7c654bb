/* SPDX-License-Identifier: Apache-2.0
 *
 * Many blobs on their way at once, in one loop.
 */
#ifndef IMG_REGISTRY_BATCH_H
#define IMG_REGISTRY_BATCH_H

#include "registry/repository.h"

struct batch_job; /* what the queue knows of a job */

struct batch {
    struct repository *repository;
    const struct blob_job *jobs;
    size_t count;
    struct observer *observer;
    /* Begins jobs[index], which ends with img__batch_ended(), perhaps at once, or is put off with
     * img__batch_wait(), and then begun again. */
    void (*start)(struct batch *batch, size_t index);
    struct batch_job *queue; /* of img__batch_run() */
    size_t next;             /* in queue: all before it were begun */
    size_t active;
    size_t waiting;
    int64_t looked_ms; /* when those that wait were last begun */
    bool filling;
    bool canceled;
    int code; /* of the first failure */
    img_error err;
};

/* As many as the client's options allow at a time: small ones first, so that there is always
 * something to do while an answer is waited for, then the others, the largest first, so that none
 * of them is left alone at the end. To a place that takes one at a time (endpoint.serial), one by
 * one as they are given. The first failure ends them all and is the one reported. */
int img__batch_run(struct batch *batch, img_error *err);

/* A job that was started has ended; code 0 or negative. */
void img__batch_ended(struct batch *batch, int code, const img_error *err);

/* A job that was started can't be done now, since someone else is at work on the same blob. */
void img__batch_wait(struct batch *batch, size_t index);

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
