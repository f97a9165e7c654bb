/* SPDX-License-Identifier: Apache-2.0
 *
 * Buffers, string vectors, sources, sinks and options.
 */
#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/observe.h"
#include "base/options.h"
#include "base/strv.h"

static void buffer_limit(void **state)
{
    (void)state;
    img_error err;
    auto_(buf) struct buf buf = BUF_INIT(5);
    img__buf_puts(&buf, "abc");
    img__buf_printf(&buf, "%d", 42);
    assert_ok(img__buf_check(&buf, "it", &err));
    assert_string_equal(buf.data, "abc42");
    img__buf_putc(&buf, '!');
    img__buf_puts(&buf, "");
    assert_fails(img__buf_check(&buf, "it", &err), IMG_ELIMIT, "it is larger than 5 bytes");
    assert_string_equal(buf.data, "abc42");
    img__buf_clear(&buf);
    assert_ok(img__buf_check(&buf, "it", &err));
    assert_string_equal(img__buf_text(&buf), "");
}

static void buffer_steal(void **state)
{
    (void)state;
    auto_(buf) struct buf buf = BUF_INIT(100);
    auto_free char *empty = img__buf_steal(&buf);
    assert_string_equal(empty, "");
    for (int i = 0; i < 100; i++)
        img__buf_putc(&buf, 'x');
    auto_free char *full = img__buf_steal(&buf);
    assert_int_equal(strlen(full), 100);
    assert_null(buf.data);
}

static void vector(void **state)
{
    (void)state;
    img_error err;
    auto_(strv) struct strv strv = STRV_INIT;
    assert_null(img__strv_list(&strv)[0]);
    for (int i = 0; i < 100; i++) {
        char text[16];
        snprintf(text, sizeof(text), "%d", i);
        assert_ok(img__strv_add(&strv, text, &err));
    }
    assert_int_equal(strv.count, 100);
    assert_null(img__strv_list(&strv)[100]);
    assert_true(img__strv_has(&strv, "99"));
    assert_false(img__strv_has(&strv, "100"));
}

static void copy_and_rewind(void **state)
{
    (void)state;
    img_error err;
    size_t len = IMG_IO_CHUNK * 2 + 7;
    auto_free char *data = malloc(len);
    assert_non_null(data);
    memset(data, 'q', len);
    auto_(source) struct source *source = NULL;
    assert_ok(img__source_memory(data, len, &source, &err));
    auto_(buf) struct buf buf = BUF_INIT(len * 2);
    auto_(sink) struct sink *sink = NULL;
    assert_ok(img__sink_buf(&buf, "copy", &sink, &err));
    assert_ok(img__io_copy(source, sink, &err));
    assert_ok(img__source_rewind(source, &err));
    assert_ok(img__io_copy(source, sink, &err));
    assert_ok(img__sink_close(sink, &err));
    assert_int_equal(buf.len, len * 2);
    assert_memory_equal(buf.data + len, data, len);
    assert_ok(img__source_rewind(source, &err));
    assert_fails(img__io_copy(source, sink, &err), IMG_ELIMIT, "copy is larger");
}

static void pipes(void **state)
{
    (void)state;
    img_error err;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], "abc", 3), 3);
    close(ends[1]);
    auto_(source) struct source *source = NULL;
    assert_ok(img__source_fd(ends[0], "pipe", &source, &err));
    char text[8];
    assert_int_equal(img__source_read_full(source, text, sizeof(text), &err), 3);
    assert_fails(img__source_rewind(source, &err), IMG_EIO, "pipe a second time");
    struct source *none = NULL;
    assert_fails(img__source_file("/", &none, &err), IMG_EINVAL, "/ is a directory");
    assert_fails(img__source_file("/nowhere/x", &none, &err), IMG_ENOTFOUND, "/nowhere/x");
    assert_null(none);
}

struct options {
    size_t size;
    uint64_t one, two;
};

static void option_sizes(void **state)
{
    (void)state;
    img_error err;
    struct newer {
        struct options known;
        uint64_t three;
    } newer = {{sizeof(newer), 1, 2}, 0};
    struct options out = {sizeof(out), 7, 7};
    assert_ok(img__options_copy(&out, sizeof(out), NULL, "options", &err));
    assert_int_equal(out.one, 7);
    assert_ok(img__options_copy(&out, sizeof(out), &newer, "options", &err));
    assert_int_equal(out.two, 2);
    assert_int_equal(out.size, sizeof(out));
    newer.three = 1;
    assert_fails(img__options_copy(&out, sizeof(out), &newer, "options", &err), IMG_EINVAL,
                 "does not know");
    struct options older = {offsetof(struct options, two), 9, 9};
    assert_ok(img__options_copy(&out, sizeof(out), &older, "options", &err));
    assert_int_equal(out.one, 9);
    assert_int_equal(out.two, 0);
    older.size = 0;
    assert_fails(img__options_copy(&out, sizeof(out), &older, "options", &err), IMG_EINVAL,
                 "_INIT");
    memset(&older, 0xa5, sizeof(older)); /* not initialised */
    assert_fails(img__options_copy(&out, sizeof(out), &older, "options", &err), IMG_EINVAL,
                 "_INIT");
}

struct seen {
    int count;
    int last_kind;
    int stop_at;
};

static int see(const img_event *event, void *arg)
{
    struct seen *seen = arg;
    seen->last_kind = event->kind;
    return ++seen->count == seen->stop_at;
}

static void events(void **state)
{
    (void)state;
    img_error err;
    struct seen seen = {0, 0, 4};
    struct observer observer = {.on_event = see, .on_event_arg = &seen};
    struct item item;
    assert_ok(img__item_start(&item, &observer, "layer", "", 1 << 20, &err));
    assert_ok(img__item_progress(&item, 10, &err));
    assert_int_equal(seen.count, 1); /* too little to tell */
    assert_ok(img__item_progress(&item, 1 << 19, &err));
    assert_int_equal(seen.last_kind, IMG_EVENT_PROGRESS);
    assert_ok(img__item_end(&item, IMG_EVENT_DONE, NULL, &err));
    assert_fails(img__item_start(&item, &observer, "config", "", 1, &err), IMG_ECANCELED,
                 "interrupted");
    assert_int_equal(item.event.id, 2);
    assert_ok(img__item_start(&item, NULL, "nobody", "", 1, &err));
}

/* A source without a seek of its own is read up to there. */
static void seek(void **state)
{
    struct source *source;
    char byte;
    (void)state;
    assert_int_equal(img__source_memory("0123456789", 10, &source, NULL), 0);
    assert_int_equal(img__source_seek(source, 7, NULL), 0);
    assert_int_equal(img__source_read(source, &byte, 1, NULL), 1);
    assert_int_equal(byte, '7');
    assert_int_equal(img__source_seek(source, 2, NULL), 0);
    assert_int_equal(img__source_read(source, &byte, 1, NULL), 1);
    assert_int_equal(byte, '2');
    assert_int_equal(img__source_seek(source, 10, NULL), 0);
    assert_int_equal(img__source_read(source, &byte, 1, NULL), 0);
    assert_int_equal(img__source_seek(source, 11, NULL), IMG_EFORMAT);
    img__source_free(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seek),   cmocka_unit_test(buffer_limit),    cmocka_unit_test(buffer_steal),
        cmocka_unit_test(vector), cmocka_unit_test(copy_and_rewind), cmocka_unit_test(pipes),
        cmocka_unit_test(events), cmocka_unit_test(option_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
