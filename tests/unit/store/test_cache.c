/* SPDX-License-Identifier: Apache-2.0
 *
 * What builds keep in the store: read again, replaced whole, forgotten in time, and no business of
 * the collector but for its limits.
 */
#include "fixture.h"

#include <time.h>

static void put(struct fixture *f, const char *name, const char *text)
{
    auto_(sink) struct sink *sink = NULL;
    img_error err = {0};
    assert_ok(img__store_cache_write(f->store, name, &sink, &err));
    assert_ok(img__sink_write(sink, text, strlen(text), &err));
    assert_ok(img__sink_close(sink, &err));
}

static bool holds(struct fixture *f, const char *name, const char *text)
{
    auto_(source) struct source *source = NULL;
    char read[64] = "";
    img_error err = {0};
    img__store_cache_read(f->store, name, &source);
    if (!source)
        return false;
    assert_true(img__source_read_full(source, read, sizeof(read) - 1, &err) >= 0);
    return strcmp(read, text) == 0;
}

static void age(struct fixture *f, const char *name, time_t seconds)
{
    auto_(buf) struct buf path = BUF_INIT(4096);
    struct timespec times[2] = {{.tv_sec = time(NULL) - seconds}, {.tv_sec = time(NULL) - seconds}};
    img__buf_printf(&path, "%s/" STORE_CACHE "/%s", f->path, name);
    assert_int_equal(utimensat(AT_FDCWD, path.data, times, 0), 0);
}

static void gc(struct fixture *f)
{
    img_error err = {0};
    img_gc_result result;
    assert_ok(img_store_gc(f->store, &result, &err));
    assert_int_equal(result.busy, 0);
}

static void test_write_and_read(void **state)
{
    struct fixture *f = *state;
    assert_false(holds(f, "a", ""));
    put(f, "a", "one");
    assert_true(holds(f, "a", "one"));
    put(f, "a", "two");
    put(f, "b", "three");
    assert_true(holds(f, "a", "two") && holds(f, "b", "three"));
}

/* What is not closed leaves nothing. */
static void test_dropped(void **state)
{
    struct fixture *f = *state;
    struct sink *sink = NULL;
    img_error err = {0};
    put(f, "a", "one");
    assert_ok(img__store_cache_write(f->store, "a", &sink, &err));
    assert_ok(img__sink_write(sink, "two", 3, &err));
    img__sink_free(sink);
    assert_true(holds(f, "a", "one"));
    assert_int_equal(count_files(f->path, STORE_CACHE, IMG_FS_TEMPORARY), 0);
}

static void test_collector(void **state)
{
    struct fixture *f = *state;
    put(f, "a", "one");
    put(f, "old", "two");
    age(f, "old", 100 * 86400);
    write_file(f->path, STORE_CACHE "/" IMG_FS_TEMPORARY "0123456789abcdef", "left behind");
    write_file(f->path, STORE_CACHE "/" IMG_FS_TEMPORARY "other", "somebody's");
    gc(f);
    assert_true(holds(f, "a", "one"));
    assert_false(file_exists(f->path, STORE_CACHE "/old"));
    assert_int_equal(count_files(f->path, STORE_CACHE, IMG_FS_TEMPORARY), 1);
}

/* The oldest goes first; to be read counts as use. */
static void test_limit(void **state)
{
    struct fixture *f = *state;
    char name[32];
    put(f, "first", "1");
    put(f, "second", "2");
    for (int i = 0; i < 2046; i++) {
        snprintf(name, sizeof(name), STORE_CACHE "/%d", i);
        write_file(f->path, name, "x");
    }
    age(f, "first", 30 * 86400);
    age(f, "second", 20 * 86400);
    assert_true(holds(f, "first", "1"));
    put(f, "last", "3");
    assert_true(holds(f, "first", "1") && holds(f, "last", "3"));
    assert_false(holds(f, "second", "2"));
    assert_int_equal(count_files(f->path, STORE_CACHE, ""), 2048);
}

static void test_bytes_limit(void **state)
{
    struct fixture *f = *state;
    auto_(buf) struct buf path = BUF_INIT(4096);
    put(f, "large", "1");
    put(f, "huge", "2");
    img__buf_printf(&path, "%s/" STORE_CACHE "/large", f->path);
    assert_int_equal(truncate(path.data, (off_t)600 << 20), 0);
    age(f, "large", 10);
    path.len -= 5;
    img__buf_puts(&path, "huge");
    assert_int_equal(truncate(path.data, (off_t)1100 << 20), 0);
    age(f, "huge", -10);
    gc(f);
    /* The newest one stays, whatever its size. */
    assert_true(file_exists(f->path, STORE_CACHE "/huge"));
    assert_false(file_exists(f->path, STORE_CACHE "/large"));
}

#define cache_test(function) cmocka_unit_test_setup_teardown(function, fixture_new, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cache_test(test_write_and_read), cache_test(test_dropped),     cache_test(test_collector),
        cache_test(test_limit),          cache_test(test_bytes_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
