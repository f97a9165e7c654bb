/* SPDX-License-Identifier: Apache-2.0
 *
 * The verifying streams: what is right passes, what is too long, too short or different does not,
 * however it is cut into pieces.
 */
#include "unit.h"

#include "base/buf.h"
#include "core/verify.h"

static const char hello[] = "hello, layer";
#define HELLO_LEN (sizeof(hello) - 1)

static img_digest digest_of(const char *text)
{
    img_error err = {0};
    img_digest digest;
    assert_ok(img__digest_of(text, strlen(text), &digest, &err));
    return digest;
}

/* A sink that counts what is done to it. */
struct probe {
    struct sink base;
    size_t *bytes, *closed, *freed;
    int fail_close;
};

static int probe_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    (void)data, (void)err;
    *((struct probe *)sink)->bytes += len;
    return 0;
}

static int probe_close(struct sink *sink, img_error *err)
{
    struct probe *probe = (struct probe *)sink;
    ++*probe->closed;
    return probe->fail_close ? img__fail(err, probe->fail_close, "no close") : 0;
}

static void probe_free(struct sink *sink)
{
    ++*((struct probe *)sink)->freed;
    free(sink);
}

static const struct sink_ops probe_ops = {probe_write, probe_close, probe_free};

static size_t bytes, closed, freed;

static struct sink *probe_new(int fail_close)
{
    struct probe *probe = calloc(1, sizeof(*probe));
    assert_non_null(probe);
    *probe = (struct probe){{&probe_ops}, &bytes, &closed, &freed, fail_close};
    bytes = closed = freed = 0;
    return &probe->base;
}

static void sink_passes(void **state)
{
    const img_digest digest = digest_of(hello);
    (void)state;

    for (size_t step = 1; step <= HELLO_LEN; step++) {
        img_error err = {0};
        struct sink *sink = NULL;
        assert_ok(img__sink_verify(&digest, HELLO_LEN, "x", probe_new(0), &sink, &err));
        for (size_t i = 0; i < HELLO_LEN; i += step) {
            size_t left = HELLO_LEN - i;
            assert_ok(img__sink_write(sink, hello + i, left < step ? left : step, &err));
        }
        assert_int_equal(closed, 0);
        assert_ok(img__sink_close(sink, &err));
        assert_int_equal(closed, 1);
        assert_int_equal(bytes, HELLO_LEN);
        img__sink_free(sink);
        assert_int_equal(freed, 1);
    }
}

static void sink_refuses_more(void **state)
{
    const img_digest digest = digest_of(hello);
    img_error err = {0};
    struct sink *sink = NULL;
    (void)state;

    assert_ok(img__sink_verify(&digest, HELLO_LEN, "layer sha256:12", probe_new(0), &sink, &err));
    assert_ok(img__sink_write(sink, hello, HELLO_LEN, &err));
    assert_fails(img__sink_write(sink, "!", 1, &err), IMG_EDIGEST,
                 "layer sha256:12: is larger than the promised 12 bytes");
    assert_fails(img__sink_write(sink, "", 0, &err), IMG_EDIGEST, "an earlier write failed");
    assert_fails(img__sink_close(sink, &err), IMG_EDIGEST, "an earlier write failed");
    assert_int_equal(bytes, HELLO_LEN);
    assert_int_equal(closed, 0);
    img__sink_free(sink);
    assert_int_equal(freed, 1);
}

static void sink_refuses_less(void **state)
{
    const img_digest digest = digest_of(hello);
    img_error err = {0};
    struct sink *sink = NULL;
    (void)state;

    assert_ok(img__sink_verify(&digest, HELLO_LEN, "x", probe_new(0), &sink, &err));
    assert_ok(img__sink_write(sink, hello, HELLO_LEN - 1, &err));
    assert_fails(img__sink_close(sink, &err), IMG_EDIGEST, "x: ends after 11 of 12 bytes");
    assert_fails(img__sink_write(sink, "r", 1, &err), IMG_EDIGEST, "earlier");
    assert_fails(img__sink_close(sink, &err), IMG_EDIGEST, "earlier");
    assert_int_equal(closed, 0);
    img__sink_free(sink);
}

static void sink_refuses_other(void **state)
{
    const img_digest digest = digest_of(hello), other = digest_of("hello, lager");
    img_error err = {0};
    struct sink *sink = NULL;
    (void)state;

    assert_ok(img__sink_verify(&digest, HELLO_LEN, "x", probe_new(0), &sink, &err));
    assert_ok(img__sink_write(sink, "hello, lager", HELLO_LEN, &err));
    assert_fails(img__sink_close(sink, &err), IMG_EDIGEST, digest.text);
    assert_non_null(strstr(err.message, other.text));
    assert_int_equal(closed, 0);
    img__sink_free(sink);
}

static void sink_of_nothing(void **state)
{
    const img_digest digest = digest_of("");
    img_error err = {0};
    struct sink *sink = NULL;
    (void)state;

    assert_ok(img__sink_verify(&digest, 0, "x", probe_new(0), &sink, &err));
    assert_ok(img__sink_close(sink, &err));
    assert_int_equal(closed, 1);
    img__sink_free(sink);
}

static void sink_reports_next(void **state)
{
    const img_digest digest = digest_of("");
    img_error err = {0};
    struct sink *sink = NULL;
    (void)state;

    assert_ok(img__sink_verify(&digest, 0, "x", probe_new(IMG_EIO), &sink, &err));
    assert_fails(img__sink_close(sink, &err), IMG_EIO, "no close");
    img__sink_free(sink);
}

static void sink_takes_over_on_failure(void **state)
{
    const img_digest digest = {"md5:900150983cd24fb0d6963f7d28e17f72"};
    img_error err = {0};
    struct sink *sink = NULL;
    (void)state;

    assert_fails(img__sink_verify(&digest, 1, "x", probe_new(0), &sink, &err), IMG_EUNSUPPORTED,
                 "unsupported");
    assert_int_equal(freed, 1);
    assert_null(sink);
}

static void sink_computes(void **state)
{
    const img_digest expected = digest_of(hello);
    img_digest digest = {""};
    uint64_t size = 0;
    img_error err = {0};
    (void)state;

    for (int with_next = 0; with_next < 2; with_next++) {
        struct sink *sink = NULL;
        assert_ok(img__sink_digest(&digest, &size, with_next ? probe_new(0) : NULL, &sink, &err));
        assert_ok(img__sink_write(sink, hello, 5, &err));
        assert_ok(img__sink_write(sink, hello + 5, HELLO_LEN - 5, &err));
        assert_ok(img__sink_close(sink, &err));
        assert_string_equal(digest.text, expected.text);
        assert_int_equal(size, HELLO_LEN);
        img__sink_free(sink);
    }
    assert_int_equal(bytes, HELLO_LEN);
    assert_int_equal(closed, 1);
    assert_int_equal(freed, 1);
}

static struct source *promised(const char *text, const char *content, uint64_t size)
{
    const img_digest digest = digest_of(text);
    struct source *next = NULL, *source = NULL;
    img_error err = {0};

    assert_ok(img__source_memory(content, strlen(content), &next, &err));
    assert_ok(img__source_verify(&digest, size, "blob", next, &source, &err));
    return source;
}

static void source_passes(void **state)
{
    (void)state;

    for (size_t step = 1; step <= HELLO_LEN + 1; step++) {
        auto_(source) struct source *source = promised(hello, hello, HELLO_LEN);
        for (int round = 0; round < 2; round++) {
            img_error err = {0};
            char data[HELLO_LEN + 1] = "";
            size_t at = 0;
            ssize_t n;
            while ((n = img__source_read(source, data + at, step, &err)) > 0)
                at += (size_t)n;
            assert_int_equal(n, 0);
            assert_int_equal(img__source_read(source, data, 1, &err), 0);
            assert_string_equal(data, hello);
            assert_ok(img__source_rewind(source, &err));
        }
    }
}

/* What a reader of step bytes gets before the failure must be less than all. */
static void assert_source_fails(const char *content, uint64_t size, const char *message)
{
    for (size_t step = 1; step < 32; step++) {
        auto_(source) struct source *source = promised(hello, content, size);
        img_error err = {0};
        char data[32];
        uint64_t at = 0;
        ssize_t n;
        while ((n = img__source_read(source, data, step, &err)) > 0)
            at += (uint64_t)n;
        assert_fails((int)n, IMG_EDIGEST, message);
        assert_true(at <= size);
        assert_fails((int)img__source_read(source, data, step, &err), IMG_EDIGEST, "earlier");
    }
}

static void source_refuses(void **state)
{
    (void)state;

    assert_source_fails("hello", HELLO_LEN, "blob: ends after 5 of 12 bytes");
    assert_source_fails("", HELLO_LEN, "blob: ends after 0 of 12 bytes");
    assert_source_fails("hello, layer!", HELLO_LEN, "blob: is larger than the promised 12 bytes");
    assert_source_fails("hello, lager", HELLO_LEN, "blob: the bytes have the digest sha256:");
    assert_source_fails("hello, lager, more", HELLO_LEN, "blob: the bytes have the digest");
    assert_source_fails("", 0, "blob: the bytes have the digest");
}

/* Who stops at the promised size, without asking for the end, must not miss a wrong digest. */
static void source_checks_before_the_last_byte(void **state)
{
    auto_(source) struct source *source = promised(hello, "hello, lager", HELLO_LEN);
    img_error err = {0};
    char data[HELLO_LEN];
    (void)state;

    assert_fails((int)img__source_read(source, data, sizeof(data), &err), IMG_EDIGEST, "digest");
    assert_ok(img__source_rewind(source, &err));
    assert_fails((int)img__source_read(source, data, sizeof(data), &err), IMG_EDIGEST, "digest");
}

/* ---- sources that are put at a byte ---- */

/* Gives at most a piece at a time, and between pieces says that it has nothing yet. */
struct hesitant {
    struct source base;
    const char *data;
    size_t len, at, piece;
    bool waits;
    size_t given; /* bytes, in all */
};

static ssize_t hesitant_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct hesitant *self = (struct hesitant *)source;
    (void)err;
    self->waits = !self->waits;
    if (self->waits)
        return IMG__EAGAIN;
    len = len < self->piece ? len : self->piece;
    len = len < self->len - self->at ? len : self->len - self->at;
    memcpy(data, self->data + self->at, len);
    self->at += len;
    self->given += len;
    return (ssize_t)len;
}

static int hesitant_seek(struct source *source, uint64_t offset, img_error *err)
{
    (void)err;
    ((struct hesitant *)source)->at = (size_t)offset;
    return 0;
}

static int hesitant_rewind(struct source *source, img_error *err)
{
    return hesitant_seek(source, 0, err);
}

static void hesitant_free(struct source *source)
{
    (void)source;
}

static const struct source_ops hesitant_ops = {hesitant_read, hesitant_rewind, hesitant_free,
                                               hesitant_seek};

#define LARGE ((size_t)40 << 20)

static char *large_content(img_digest *digest)
{
    img_error err = {0};
    char *data = malloc(LARGE);
    assert_non_null(data);
    for (size_t i = 0; i < LARGE; i++)
        data[i] = (char)(i * 2654435761u >> 13);
    assert_ok(img__digest_of(data, LARGE, digest, &err));
    return data;
}

/* Reads up to the place, which must be the bytes of data. */
static int read_up_to(struct source *source, const char *data, size_t *at, size_t end,
                      img_error *err)
{
    static char chunk[300000];
    while (*at < end) {
        size_t len = end - *at < sizeof(chunk) ? end - *at : sizeof(chunk);
        ssize_t got = img__source_read(source, chunk, len, err);
        if (got == IMG__EAGAIN)
            continue;
        if (got < 0)
            return (int)got;
        assert_true(got > 0);
        assert_memory_equal(chunk, data + *at, (size_t)got);
        *at += (size_t)got;
    }
    return 0;
}

static void source_goes_on(void **state)
{
    (void)state;
    /* Where to read up to, where to go on then, and how much may be read again for that. */
    static const struct {
        size_t end, again, extra;
    } rows[] = {
        {LARGE, 0, LARGE},
        {LARGE, LARGE, (size_t)9 << 20},
        {LARGE, LARGE - 1, (size_t)9 << 20},
        {(size_t)20 << 20, (size_t)20 << 20, (size_t)9 << 20},
        {(size_t)20 << 20, (size_t)19 << 20, (size_t)10 << 20},
        {(size_t)20 << 20, 5, (size_t)20 << 20},
        {0, (size_t)12 << 20, (size_t)12 << 20},
        {1000, 10, 1000},
    };
    img_digest digest;
    auto_free char *data = large_content(&digest);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err = {0};
        struct hesitant next = {.base = {&hesitant_ops}, .data = data, .len = LARGE};
        auto_(source) struct source *source = NULL;
        size_t at = 0;
        char end;
        next.piece = 250000;
        assert_ok(img__source_verify(&digest, LARGE, "blob", &next.base, &source, &err));
        assert_ok(read_up_to(source, data, &at, rows[i].end, &err));
        at = rows[i].again;
        assert_ok(img__source_seek(source, at, &err));
        assert_ok(read_up_to(source, data, &at, LARGE, &err));
        ssize_t got;
        while ((got = img__source_read(source, &end, 1, &err)) == IMG__EAGAIN)
            ;
        assert_int_equal(got, 0);
        assert_true(next.given <= LARGE + rows[i].extra);
        assert_fails(img__source_seek(source, LARGE + 1, &err), IMG_EFORMAT, "ends before");
    }
}

/* What was read again is checked as well, to the end. */
static void source_that_changes(void **state)
{
    (void)state;
    img_error err = {0};
    img_digest digest;
    auto_free char *data = large_content(&digest);
    struct hesitant next = {.base = {&hesitant_ops}, .data = data, .len = LARGE};
    auto_(source) struct source *source = NULL;
    size_t at = 0;
    next.piece = 100000;
    assert_ok(img__source_verify(&digest, LARGE, "blob", &next.base, &source, &err));
    assert_ok(read_up_to(source, data, &at, LARGE - 1, &err));
    data[LARGE - 1000] ^= 1;
    at = LARGE - 10;
    assert_ok(img__source_seek(source, at, &err));
    assert_fails(read_up_to(source, data, &at, LARGE, &err), IMG_EDIGEST, "instead of");
    assert_true(at < LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sink_passes),
        cmocka_unit_test(sink_refuses_more),
        cmocka_unit_test(sink_refuses_less),
        cmocka_unit_test(sink_refuses_other),
        cmocka_unit_test(sink_of_nothing),
        cmocka_unit_test(sink_reports_next),
        cmocka_unit_test(sink_takes_over_on_failure),
        cmocka_unit_test(sink_computes),
        cmocka_unit_test(source_passes),
        cmocka_unit_test(source_refuses),
        cmocka_unit_test(source_checks_before_the_last_byte),
        cmocka_unit_test(source_goes_on),
        cmocka_unit_test(source_that_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
