/* SPDX-License-Identifier: Apache-2.0
 *
 * A copy with all that it needs, as the public functions are asked for it.
 */
#ifndef IMG_OPS_COPY_JOB_H
#define IMG_OPS_COPY_JOB_H

#include "ops/copy.h"
#include "ops/copy_place.h"

/* The arguments of img_copy(). */
struct copy_request {
    img_client *client;
    const char *source, *destination;
    const img_copy_options *options;
    bool preview; /* nothing is created */
};

struct copy_job {
    img_client *client;
    img_copy_options options;
    struct observer observer;
    struct supply supply;
    struct copy_place from, to;
    struct copy copy;
    img_platform host;
};

/* *job may be anything before; it stays where it is, and is to be freed also on failure. */
int img__copy_job_make(struct copy_job *job, const struct copy_request *request, img_error *err);
void img__copy_job_free(struct copy_job *job);

/* Tells copy, of the kind of the job, what its two endpoints have to do with each other: two
 * repositories may be of one registry, or one. */
int img__copy_job_relate(struct copy_job *job, struct copy *copy, img_error *err);

/* A look as the public functions tell it. */
void img__copy_take_look(const struct copy_look *look, img_copy_plan *out);

static inline void img__auto_copy_job(struct copy_job *job)
{
    img__copy_job_free(job);
}

#endif
