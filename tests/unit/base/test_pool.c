/* SPDX-License-Identifier: Apache-2.0
 *
 * The pool: every job runs once, whoever runs it, and step() ends when there is nothing to wait
 * for.
 */
#include <stdatomic.h>

#include "base/pool.h"
#include "unit.h"

#define JOBS 1000

struct counted {
    struct job job;
    atomic_int *sum;
    int runs;
};

static void count_run(struct job *job)
{
    struct counted *self = (struct counted *)job;
    self->runs++;
    atomic_fetch_add(self->sum, 1);
}

static void test_all_jobs_run(void **state)
{
    (void)state;
    static const unsigned threads[] = {0, 1, 2, 3, 16};
    for (size_t t = 0; t < sizeof(threads) / sizeof(threads[0]); t++) {
        static struct counted jobs[JOBS];
        atomic_int sum = 0;
        img_error err;
        struct pool *pool;
        assert_ok(img__pool_new(threads[t], &pool, &err));
        for (int i = 0; i < JOBS; i++) {
            jobs[i] = (struct counted){{count_run, NULL}, &sum, 0};
            img__pool_submit(pool, &jobs[i].job);
        }
        img__pool_drain(pool);
        assert_int_equal(atomic_load(&sum), JOBS);
        for (int i = 0; i < JOBS; i++)
            assert_int_equal(jobs[i].runs, 1);
        assert_false(img__pool_step(pool));
        img__pool_free(pool);
    }
}

static void test_free_runs_what_is_left(void **state)
{
    (void)state;
    atomic_int sum = 0;
    struct counted job = {{count_run, NULL}, &sum, 0};
    img_error err;
    struct pool *pool;
    assert_ok(img__pool_new(1, &pool, &err));
    img__pool_submit(pool, &job.job);
    assert_int_equal(atomic_load(&sum), 0);
    img__pool_free(pool);
    assert_int_equal(atomic_load(&sum), 1);
}

static void test_thread_count(void **state)
{
    (void)state;
    assert_int_equal(img__pool_threads(3), 3);
    assert_true(img__pool_threads(UINT32_MAX) <= 1024);
    assert_true(img__pool_threads(0) >= 1 && img__pool_threads(0) <= 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_jobs_run),
        cmocka_unit_test(test_free_runs_what_is_left),
        cmocka_unit_test(test_thread_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
