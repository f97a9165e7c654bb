/* SPDX-License-Identifier: Apache-2.0
 *
 * A queue behind one lock.
 */
#include "base/pool.h"

#include <pthread.h>
#include <sched.h>

#include "base/thread.h"

#define THREADS_BY_DEFAULT 16u
#define THREADS_MAX 1024u

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t submitted;
    pthread_cond_t ended; /* a job */
    struct job *first;    /* that no thread has begun */
    struct job **last;
    unsigned running;
    bool closing;
    unsigned worker_count;
    pthread_t workers[];
};

unsigned img__pool_threads(uint32_t asked)
{
    if (asked)
        return asked < THREADS_MAX ? asked : THREADS_MAX;
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    return (unsigned)count < THREADS_BY_DEFAULT ? (unsigned)count : THREADS_BY_DEFAULT;
}

/* The lock is held, but not while the job runs. */
static void run_first(struct pool *pool)
{
    struct job *job = pool->first;
    pool->first = job->next;
    if (!pool->first)
        pool->last = &pool->first;
    pool->running++;
    pthread_mutex_unlock(&pool->lock);
    job->run(job);
    pthread_mutex_lock(&pool->lock);
    pool->running--;
    pthread_cond_broadcast(&pool->ended);
}

static void *work(void *arg)
{
    struct pool *pool = arg;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        if (pool->first)
            run_first(pool);
        else if (pool->closing)
            break;
        else
            pthread_cond_wait(&pool->submitted, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static void start_workers(struct pool *pool, unsigned count)
{
    while (pool->worker_count < count &&
           img__thread_start(&pool->workers[pool->worker_count], work, pool))
        pool->worker_count++;
}

int img__pool_new(unsigned threads, struct pool **out, img_error *err)
{
    unsigned count = threads > 1 ? threads - 1 : 0;
    struct pool *pool = calloc(1, sizeof(*pool) + count * sizeof(pool->workers[0]));
    if (!pool)
        return img__fail_memory(err);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->submitted, NULL);
    pthread_cond_init(&pool->ended, NULL);
    pool->last = &pool->first;
    start_workers(pool, count);
    *out = pool;
    return 0;
}

void img__pool_submit(struct pool *pool, struct job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&pool->lock);
    *pool->last = job;
    pool->last = &job->next;
    pthread_cond_signal(&pool->submitted);
    pthread_mutex_unlock(&pool->lock);
}

bool img__pool_step(struct pool *pool)
{
    bool any = true;
    pthread_mutex_lock(&pool->lock);
    if (pool->first)
        run_first(pool);
    else if (pool->running)
        pthread_cond_wait(&pool->ended, &pool->lock);
    else
        any = false;
    pthread_mutex_unlock(&pool->lock);
    return any;
}

void img__pool_drain(struct pool *pool)
{
    while (img__pool_step(pool))
        ;
}

void img__pool_free(struct pool *pool)
{
    if (!pool)
        return;
    img__pool_drain(pool);
    pthread_mutex_lock(&pool->lock);
    pool->closing = true;
    pthread_cond_broadcast(&pool->submitted);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->worker_count; i++)
        pthread_join(pool->workers[i], NULL);
    pthread_cond_destroy(&pool->ended);
    pthread_cond_destroy(&pool->submitted);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}
