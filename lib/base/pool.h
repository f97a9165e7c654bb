/* SPDX-License-Identifier: Apache-2.0
 *
 * Worker threads inside one call. Jobs begin in the order in which they were submitted; the thread
 * that owns the pool runs some of them itself while it waits, so a pool of no workers works too.
 */
#ifndef IMG_BASE_POOL_H
#define IMG_BASE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/err.h"

/* How many threads a call is to use, its own counted: asked, or where that is 0 one for each
 * processor that this thread may run on; 16 at most unless asked for. */
unsigned img__pool_threads(uint32_t asked);

/* Stands first in the struct of a job, which stays where it is until run() returns. */
struct job {
    void (*run)(struct job *job);
    struct job *next;
};

struct pool;

/* threads counts the caller's: 1 starts none. Signals are never delivered to a worker. Where the
 * system refuses a thread, the pool makes do with those that it got. */
int img__pool_new(unsigned threads, struct pool **out, img_error *err);
/* Runs what was submitted, then joins the workers. */
void img__pool_free(struct pool *pool);

void img__pool_submit(struct pool *pool, struct job *job);
/* Runs the next job, or where none waits for a worker lets one of those at work end. False: there
 * was neither. "while (!ready) img__pool_step()" waits for what a job does. */
bool img__pool_step(struct pool *pool);
/* Until all jobs have ended. */
void img__pool_drain(struct pool *pool);

IMG_AUTO_POINTER(pool, struct pool, img__pool_free)

#endif
