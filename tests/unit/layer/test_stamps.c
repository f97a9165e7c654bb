/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of stamps: what is written is read again, and nothing that is damaged counts as whole.
 */
#include "layer/stamps.h"

#include "unit.h"

#include "base/buf.h"

#define DEVICE 0x1234567800000009

static struct stamped entry_of(const char *path, uint64_t number)
{
    struct stamped entry = {.path = path, .type = (enum entry_type)(number % 7)};
    entry.stamp =
        (struct stamp){number, number * 3, -5, (int64_t)number, 6, 7, 8, 9, 10, 11, 12, 13};
    memset(entry.digest, (int)number, sizeof(entry.digest));
    return entry;
}

static void write_list(const char *const *paths, size_t count, struct buf *out)
{
    auto_(sink) struct sink *sink = NULL;
    auto_(stamp_writer) struct stamp_writer *writer = NULL;
    img_error err = {0};
    assert_ok(img__sink_buf(out, "list", &sink, &err));
    assert_ok(img__stamp_writer_new(sink, DEVICE, &writer, &err));
    for (size_t i = 0; i < count; i++) {
        struct stamped entry = entry_of(paths[i], i);
        assert_ok(img__stamp_writer_add(writer, &entry, &err));
    }
    assert_ok(img__stamp_writer_end(writer, &err));
}

/* 0 if it is whole; how many there are is in *count. */
static int read_list(const void *data, size_t len, uint64_t device, size_t *count, img_error *err)
{
    auto_(stamp_reader) struct stamp_reader *reader = NULL;
    struct source *source = NULL;
    struct stamped entry;
    *count = 0;
    assert_int_equal(img__source_memory(data, len, &source, err), 0);
    int rc = img__stamp_reader_new(source, device, &reader, err);
    if (rc)
        return rc;
    while ((rc = img__stamp_reader_next(reader, &entry, err)) == 1)
        (*count)++;
    return rc;
}

static const char *const paths[] = {"", "a", "a/b", "a/b/c", "a/bc", "b", "z\n\xff"};
#define PATHS (sizeof(paths) / sizeof(paths[0]))

/* A loop that ends at the first thing that is not an entry. */
static int next_all(struct stamp_reader *reader, size_t *count, img_error *err)
{
    struct stamped entry;
    int rc;
    for (*count = 0; (rc = img__stamp_reader_next(reader, &entry, err)) == 1; (*count)++) {
        struct stamped expected = entry_of(paths[*count], *count);
        assert_string_equal(entry.path, expected.path);
        assert_true(img__stamp_equal(&entry.stamp, &expected.stamp));
        assert_int_equal(entry.type, expected.type);
        assert_memory_equal(entry.digest, expected.digest, sizeof(entry.digest));
    }
    return rc;
}

static void test_round_trip(void **state)
{
    (void)state;
    auto_(buf) struct buf list = BUF_INIT((size_t)1 << 20);
    auto_(stamp_reader) struct stamp_reader *reader = NULL;
    struct source *source = NULL;
    img_error err = {0};
    size_t count;
    write_list(paths, PATHS, &list);
    assert_ok(img__source_memory(list.data, list.len, &source, &err));
    assert_ok(img__stamp_reader_new(source, DEVICE, &reader, &err));
    assert_ok(next_all(reader, &count, &err));
    assert_int_equal(count, PATHS);
    struct stamped entry;
    assert_fails(img__stamp_reader_next(reader, &entry, &err), IMG_EFORMAT, "damaged");
}

static void test_empty(void **state)
{
    (void)state;
    auto_(buf) struct buf list = BUF_INIT((size_t)1 << 20);
    img_error err = {0};
    size_t count;
    write_list(paths, 0, &list);
    assert_ok(read_list(list.data, list.len, DEVICE, &count, &err));
    assert_int_equal(count, 0);
    assert_fails(read_list(list.data, list.len, DEVICE + 1, &count, &err), IMG_EFORMAT,
                 "another file system");
}

/* More than the buffers have. */
static void test_many(void **state)
{
    (void)state;
    enum { MANY = 5000, LONGEST = 300 };
    auto_(buf) struct buf list = BUF_INIT((size_t)16 << 20);
    auto_free char *text = malloc((size_t)MANY * LONGEST);
    auto_free const char **names = calloc(MANY, sizeof(*names));
    img_error err = {0};
    size_t count;
    assert_true(text && names);
    for (size_t i = 0; i < MANY; i++) {
        names[i] = text + i * LONGEST;
        snprintf(text + i * LONGEST, LONGEST, "%06zu%0*d", i, (int)(i % 280) + 1, 7);
    }
    write_list(names, MANY, &list);
    assert_ok(read_list(list.data, list.len, DEVICE, &count, &err));
    assert_int_equal(count, MANY);
}

static void test_damage(void **state)
{
    (void)state;
    auto_(buf) struct buf list = BUF_INIT((size_t)1 << 20);
    img_error err = {0};
    size_t count;
    write_list(paths, PATHS, &list);
    for (size_t at = 0; at < list.len; at++) {
        for (int bit = 0; bit < 8; bit++) {
            list.data[at] = (char)(list.data[at] ^ 1 << bit);
            assert_true(read_list(list.data, list.len, DEVICE, &count, &err) < 0);
            list.data[at] = (char)(list.data[at] ^ 1 << bit);
        }
        assert_true(read_list(list.data, at, DEVICE, &count, &err) < 0);
    }
    img__buf_putc(&list, 'x');
    assert_fails(read_list(list.data, list.len, DEVICE, &count, &err), IMG_EFORMAT, "damaged");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
