/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading ahead: the same bytes in the same order, the end and a failure in their place, and no
 * thread that outlives its source.
 */
#include "layer/ahead.h"

#include <dirent.h>
#include <signal.h>

#include "base/thread.h"
#include "streams.h"
#include "unit.h"

/* A source that fails after its bytes, and knows when it is freed and what it may be interrupted
 * by. */
struct failing {
    struct source base;
    size_t left;
    bool *freed;
    sigset_t *mask;
};

static ssize_t failing_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct failing *self = (struct failing *)source;
    if (self->mask)
        pthread_sigmask(SIG_SETMASK, NULL, self->mask);
    if (self->left == 0)
        return img__fail(err, IMG_EFORMAT, "the bytes are bad");
    if (len > self->left)
        len = self->left;
    memset(data, 'x', len);
    self->left -= len;
    return (ssize_t)len;
}

static void failing_free(struct source *source)
{
    struct failing *self = (struct failing *)source;
    *self->freed = true;
    free(self);
}

static struct source *failing_new(size_t left, bool *freed, sigset_t *mask)
{
    static const struct source_ops ops = {.read = failing_read, .free = failing_free};
    struct failing *self = calloc(1, sizeof(*self));
    assert_non_null(self);
    *self = (struct failing){{&ops}, left, freed, mask};
    *freed = false;
    return &self->base;
}

static size_t count_tasks(void)
{
    DIR *dir = opendir("/proc/self/task");
    size_t count = 0;
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

/* A sanitizer may have one of its own once there was a thread. */
static size_t threads_before;

/* The kernel lists a thread for a moment after it was joined; one that was not stays. */
static size_t count_threads(void)
{
    size_t count = count_tasks();
    for (int tries = 0; tries < 1000 && count > threads_before; tries++) {
        usleep(1000);
        count = count_tasks();
    }
    return count;
}

static void *nothing(void *arg)
{
    return arg;
}

static int count_before(void **state)
{
    pthread_t thread;
    (void)state;
    assert_true(img__thread_start(&thread, nothing, NULL));
    pthread_join(thread, NULL);
    threads_before = count_tasks();
    return 0;
}

static void same_bytes(void **state)
{
    static const size_t lens[] = {
        0, 1, IMG_IO_CHUNK - 1, IMG_IO_CHUNK, IMG_IO_CHUNK + 1, 20 * IMG_IO_CHUNK + 77};
    static const size_t pieces[] = {1000, IMG_IO_CHUNK, 3 * IMG_IO_CHUNK};
    (void)state;
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
        for (size_t k = 0; k < 9; k++) {
            auto_free char *bytes = malloc(lens[i] + 1);
            uint64_t random = i;
            assert_non_null(bytes);
            for (size_t b = 0; b < lens[i]; b++)
                bytes[b] = (char)next_random(&random);
            auto_(buf) struct buf out = BUF_INIT((size_t)64 << 20);
            auto_(source) struct source *source = NULL;
            char byte;
            img_error err = {0};
            assert_ok(img__source_ahead(pieces_new(bytes, lens[i], pieces[k % 3]), &source, &err));
            assert_ok(read_all(source, pieces[k / 3], &out, &err));
            assert_int_equal(out.len, lens[i]);
            if (lens[i])
                assert_memory_equal(out.data, bytes, lens[i]);
            assert_int_equal(img__source_read(source, &byte, 1, &err), 0);
        }
    assert_int_equal(count_threads(), threads_before);
}

static void failures(void **state)
{
    static const size_t lens[] = {0, 1, IMG_IO_CHUNK, 9 * IMG_IO_CHUNK + 5};
    (void)state;
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        auto_(buf) struct buf out = BUF_INIT((size_t)64 << 20);
        struct source *source = NULL;
        bool freed;
        char byte;
        img_error err = {0};
        assert_ok(img__source_ahead(failing_new(lens[i], &freed, NULL), &source, &err));
        assert_fails(read_all(source, 70000, &out, &err), IMG_EFORMAT, "the bytes are bad");
        assert_int_equal(out.len, lens[i]);
        assert_fails(img__source_read(source, &byte, 1, &err), IMG_EFORMAT, "the bytes are bad");
        assert_int_equal(img__source_read(source, &byte, 1, NULL), IMG_EFORMAT);
        img__source_free(source);
        assert_true(freed);
    }
    assert_int_equal(count_threads(), threads_before);
}

/* Nobody reads, or not to the end: the thread waits for room that never comes. */
static void freed_early(void **state)
{
    (void)state;
    for (size_t taken = 0; taken < 5 * IMG_IO_CHUNK; taken += IMG_IO_CHUNK / 2 + 1) {
        struct source *source = NULL;
        bool freed;
        char bytes[4096];
        img_error err = {0};
        assert_ok(img__source_ahead(failing_new(SIZE_MAX, &freed, NULL), &source, &err));
        for (size_t at = 0; at < taken; at += sizeof(bytes))
            assert_true(img__source_read(source, bytes, sizeof(bytes), &err) > 0);
        img__source_free(source);
        assert_true(freed);
        assert_int_equal(count_threads(), threads_before);
    }
}

static void signals(void **state)
{
    struct source *source = NULL;
    sigset_t mask, before, after;
    bool freed;
    char byte;
    img_error err = {0};
    (void)state;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    assert_ok(img__source_ahead(failing_new(1, &freed, &mask), &source, &err));
    assert_int_equal(img__source_read(source, &byte, 1, &err), 1);
    img__source_free(source);
    assert_true(sigismember(&mask, SIGINT) && sigismember(&mask, SIGTERM) &&
                sigismember(&mask, SIGALRM));
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int number = 1; number < 32; number++)
        assert_int_equal(sigismember(&before, number), sigismember(&after, number));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes),
        cmocka_unit_test(failures),
        cmocka_unit_test(freed_early),
        cmocka_unit_test(signals),
    };
    return cmocka_run_group_tests(tests, count_before, NULL);
}
