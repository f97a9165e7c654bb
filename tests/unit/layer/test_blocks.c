/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocks: gzip, Python and zstd decode them, their bytes are pinned, and neither how the stream was
 * written nor how many threads there were shows. What fails on a thread is told to the caller.
 */
#include "layer/blocks.h"

#include <stdatomic.h>
#include <time.h>

#include "judge.h"
#include "layer/block.h"

/* The largest blocks. */
#define MEMBER ((size_t)640 * 1024)
#define FRAME ((size_t)3520 * 1024)
#define BIG (2 * FRAME + 12345)

/* Compressible and never twice the same: words in a pseudo-random order. */
static char *sample(size_t len)
{
    static const char *const words[] = {"layer ",   "of ",  "an ", "image, ",
                                        "digest\n", "tar ", "0x",  "\0\1\2"};
    char *data = malloc(len + 16);
    uint32_t x = 1;
    assert_non_null(data);
    for (size_t at = 0; at < len;) {
        x = x * 1664525 + 1013904223;
        size_t n = (x >> 29) == 7 ? 3 : strlen(words[x >> 29]);
        memcpy(data + at, words[x >> 29], n);
        at += n;
    }
    return data;
}

static struct blocks *new_blocks(enum compression compression, int level, unsigned threads,
                                 struct buf *out)
{
    const struct blocks_options options = {compression, level, threads, true};
    img_error err;
    struct sink *memory = NULL;
    struct blocks *blocks = NULL;
    assert_ok(img__sink_buf(out, "a blob", &memory, &err));
    assert_ok(img__blocks_new(&options, memory, &blocks, &err));
    return blocks;
}

/* Writes len bytes in pieces of so many, 0 for pieces of changing length. */
static void write_pieces(struct blocks *blocks, const char *data, size_t len, size_t piece)
{
    img_error err;
    for (size_t at = 0, n = 1; at < len; at += n) {
        n = piece ? piece : (n * 31 + 7) % 300007;
        if (n > len - at)
            n = len - at;
        assert_ok(img__blocks_write(blocks, data + at, n, &err));
    }
}

static void compress_by(unsigned threads, enum compression compression, int level, const char *data,
                        size_t len, size_t piece, struct buf *out)
{
    img_error err;
    img_digest diff_id;
    auto_(blocks) struct blocks *blocks = new_blocks(compression, level, threads, out);
    write_pieces(blocks, data, len, piece);
    assert_ok(img__blocks_end(blocks, &diff_id, &err));
    judge_digest(data, len, diff_id.text);
}

static void compress(enum compression compression, int level, const char *data, size_t len,
                     size_t piece, struct buf *out)
{
    compress_by(0, compression, level, data, len, piece, out);
}

static void decodes(const char *command, const struct buf *blob, const char *data, size_t len)
{
    judge_write("blob", blob->data, blob->len);
    judge_write("plain", data, len);
    judge_says(command, "");
}

#define PYTHON "python3 -c 'import gzip, sys; sys.stdout.buffer.write(gzip.open(\"blob\").read())'"

static void gzip_decodes(void **state)
{
    static const size_t lens[] = {0, 1, MEMBER - 1, MEMBER, MEMBER + 1, 3 * MEMBER, BIG};
    auto_free char *data = sample(BIG);
    (void)state;
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        auto_(buf) struct buf blob = BUF_INIT(2 * BIG);
        compress(COMPRESSION_GZIP, 0, data, lens[i], 0, &blob);
        decodes("gzip -t <blob && zcat <blob | cmp - plain && " PYTHON " | cmp - plain", &blob,
                data, lens[i]);
    }
}

static void zstd_decodes(void **state)
{
    static const size_t lens[] = {0, 1, FRAME - 1, FRAME, FRAME + 1, BIG};
    auto_free char *data = sample(BIG);
    (void)state;
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        auto_(buf) struct buf blob = BUF_INIT(2 * BIG);
        compress(COMPRESSION_ZSTD, 0, data, lens[i], 0, &blob);
        decodes("zstd -q -t <blob && zstd -q -dc <blob | cmp - plain", &blob, data, lens[i]);
    }
}

static void pieces_do_not_show(void **state)
{
    static const size_t pieces[] = {1, 4096, MEMBER - 1, MEMBER, MEMBER + 1, FRAME + 1, BIG};
    static const enum compression ways[] = {COMPRESSION_GZIP, COMPRESSION_ZSTD, COMPRESSION_NONE};
    auto_free char *data = sample(BIG);
    (void)state;
    for (size_t w = 0; w < 3; w++) {
        auto_(buf) struct buf first = BUF_INIT(2 * BIG);
        compress(ways[w], 0, data, BIG, 0, &first);
        for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
            auto_(buf) struct buf blob = BUF_INIT(2 * BIG);
            compress(ways[w], 0, data, BIG, pieces[i], &blob);
            assert_int_equal(blob.len, first.len);
            assert_memory_equal(blob.data, first.data, first.len);
        }
    }
}

static const unsigned thread_counts[] = {1, 2, 3, 8, 16};
#define THREAD_COUNTS (sizeof(thread_counts) / sizeof(thread_counts[0]))

/* A sink that now and then is in no hurry, and that nobody may enter twice. */
struct slow_sink {
    struct sink base;
    struct buf *buf;
    atomic_int inside;
    unsigned writes;
    uint64_t fail_after;
};

static int slow_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    struct slow_sink *self = (struct slow_sink *)sink;
    assert_int_equal(atomic_fetch_add(&self->inside, 1), 0);
    if (self->writes++ % 3 == 0)
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    bool full = self->buf->len + len > self->fail_after;
    if (!full)
        img__buf_append(self->buf, data, len);
    assert_int_equal(atomic_fetch_sub(&self->inside, 1), 1);
    return full ? img__fail(err, IMG_EIO, "the disk is full") : 0;
}

static int slow_close(struct sink *sink, img_error *err)
{
    (void)sink, (void)err;
    return 0;
}

static void slow_free(struct sink *sink)
{
    (void)sink;
}

static const struct sink_ops slow_ops = {slow_write, slow_close, slow_free};

static int write_slowly(unsigned threads, enum compression compression, const struct buf *data,
                        struct slow_sink *sink, img_error *err)
{
    const struct blocks_options options = {compression, 0, threads, false};
    auto_(blocks) struct blocks *blocks = NULL;
    img_digest diff_id;
    int rc = img__blocks_new(&options, &sink->base, &blocks, err);
    for (size_t at = 0; !rc && at < data->len; at += 100000) {
        size_t len = data->len - at < 100000 ? data->len - at : 100000;
        rc = img__blocks_write(blocks, data->data + at, len, err);
        if (!rc && at % 300000 == 0)
            rc = img__blocks_cut(blocks, err);
    }
    if (!rc)
        return img__blocks_end(blocks, &diff_id, err);
    /* Told once, told always. */
    err->code = 0;
    assert_int_equal(img__blocks_write(blocks, "x", 1, err), rc);
    assert_int_equal(img__blocks_end(blocks, &diff_id, err), rc);
    return rc;
}

static void threads_do_not_show(void **state)
{
    static const enum compression ways[] = {COMPRESSION_GZIP, COMPRESSION_ZSTD, COMPRESSION_NONE};
    auto_free char *data = sample(BIG);
    struct buf plain = {data, BIG, 0, BIG, 0};
    img_error err;
    (void)state;
    for (size_t w = 0; w < 3; w++) {
        auto_(buf) struct buf first = BUF_INIT(2 * BIG);
        for (size_t i = 0; i < THREAD_COUNTS; i++) {
            auto_(buf) struct buf blob = BUF_INIT(2 * BIG);
            struct slow_sink sink = {{&slow_ops}, i ? &blob : &first, 0, 0, UINT64_MAX};
            assert_ok(write_slowly(thread_counts[i], ways[w], &plain, &sink, &err));
            if (i == 0)
                continue;
            assert_int_equal(blob.len, first.len);
            assert_memory_equal(blob.data, first.data, first.len);
        }
    }
}

/* At every point, and with any number of threads. */
static void full_disk(void **state)
{
    static const enum compression ways[] = {COMPRESSION_GZIP, COMPRESSION_ZSTD, COMPRESSION_NONE};
    auto_free char *data = sample(BIG);
    struct buf plain = {data, BIG, 0, BIG, 0};
    (void)state;
    for (size_t w = 0; w < 3; w++) {
        for (size_t i = 0; i < THREAD_COUNTS * 4; i++) {
            auto_(buf) struct buf blob = BUF_INIT(2 * BIG);
            img_error err = {0};
            struct slow_sink sink = {{&slow_ops}, &blob, 0, 0, i / THREAD_COUNTS * 200000};
            assert_fails(
                write_slowly(thread_counts[i % THREAD_COUNTS], ways[w], &plain, &sink, &err),
                IMG_EIO, "the disk is full");
        }
    }
}

/* One that is given up half-way ends its threads and leaves nothing behind. */
static void given_up(void **state)
{
    auto_free char *data = sample(BIG);
    (void)state;
    for (size_t i = 0; i < THREAD_COUNTS; i++) {
        auto_(buf) struct buf blob = BUF_INIT(2 * BIG);
        auto_(blocks) struct blocks *blocks =
            new_blocks(COMPRESSION_GZIP, 0, thread_counts[i], &blob);
        write_pieces(blocks, data, BIG - 1, 0);
    }
}

static void read_member(const struct buf *blob, uint64_t from, uint64_t to, const char *expected)
{
    judge_write("member", blob->data + from, to - from);
    judge_says("zcat member", expected);
}

static void cuts_and_offsets(void **state)
{
    (void)state;
    for (size_t i = 0; i < THREAD_COUNTS; i++) {
        img_error err;
        img_digest diff_id;
        auto_(buf) struct buf blob = BUF_INIT(BIG);
        auto_(blocks) struct blocks *blocks =
            new_blocks(COMPRESSION_GZIP, 0, thread_counts[i], &blob);
        assert_int_equal(img__blocks_count(blocks), 0);
        assert_ok(img__blocks_cut(blocks, &err));
        assert_int_equal(img__blocks_count(blocks), 0);
        for (int n = 0; n < 100; n++) {
            char text[16];
            int len = snprintf(text, sizeof(text), "block %d", n);
            assert_ok(img__blocks_write(blocks, text, 3, &err));
            assert_ok(img__blocks_write(blocks, text + 3, (size_t)len - 3, &err));
            assert_int_equal(img__blocks_count(blocks), n);
            assert_ok(img__blocks_cut(blocks, &err));
            assert_ok(img__blocks_cut(blocks, &err));
        }
        assert_ok(img__blocks_write(blocks, "last", 4, &err));
        assert_ok(img__blocks_drain(blocks, &err));
        assert_int_equal(img__blocks_count(blocks), 101);
        assert_int_equal(img__blocks_offset(blocks, 0), 0);
        read_member(&blob, img__blocks_offset(blocks, 77), img__blocks_offset(blocks, 78),
                    "block 77");
        read_member(&blob, img__blocks_offset(blocks, 100), img__blocks_offset(blocks, 101),
                    "last");
        /* What is no part of the tar moves what follows, but is not in its digest. */
        uint64_t before = img__blocks_offset(blocks, 101);
        assert_ok(img__blocks_raw(blocks, "raw", 3, &err));
        assert_ok(img__blocks_write(blocks, "more", 4, &err));
        assert_ok(img__blocks_drain(blocks, &err));
        assert_int_equal(img__blocks_offset(blocks, 101), before + 3);
        read_member(&blob, before + 3, img__blocks_offset(blocks, 102), "more");
        assert_ok(img__blocks_end(blocks, &diff_id, &err));
        assert_int_equal(blob.len, img__blocks_offset(blocks, 102));
        judge_says("{ for i in $(seq 0 99); do printf 'block %d' $i; done; printf lastmore; } |"
                   "sha256sum | cut -c1-64 | tr -d '\n'",
                   strchr(diff_id.text, ':') + 1);
    }
}

/* Of block n: small, or none, but each thousandth more than a block can have. */
static size_t size_of(size_t n)
{
    return n % 1000 == 999 ? img__blocks_largest(COMPRESSION_ZSTD) + 10 : n % 97 * (n % 97) / 8;
}

static void write_many(struct blocks *blocks, const char *data, uint64_t *begins)
{
    img_error err;
    for (size_t n = 0; n < 3000; n++) {
        begins[n] = img__blocks_count(blocks);
        assert_ok(img__blocks_write(blocks, data + n, size_of(n), &err));
        assert_ok(img__blocks_cut(blocks, &err));
    }
    begins[3000] = img__blocks_count(blocks);
    assert_ok(img__blocks_drain(blocks, &err));
}

/* Small blocks share a slot, which can't be seen: each is where the index says, and what it would
 * be alone. */
static void many_small_blocks(void **state)
{
    static uint64_t begins[3001];
    auto_free char *data = sample(BIG);
    void *codec = img__block_zstd.open(3);
    (void)state;
    for (size_t i = 0; i < THREAD_COUNTS; i++) {
        auto_(buf) struct buf blob = BUF_INIT(BIG * 16);
        auto_(blocks) struct blocks *blocks =
            new_blocks(COMPRESSION_ZSTD, 3, thread_counts[i], &blob);
        write_many(blocks, data, begins);
        for (size_t n = 0; n < 3000; n++) {
            char alone[3000];
            img_error err;
            size_t len = size_of(n);
            assert_int_equal(begins[n + 1] - begins[n], len == 0 ? 0 : n % 1000 == 999 ? 2 : 1);
            if (len == 0 || n % 1000 == 999)
                continue;
            ssize_t got =
                img__block_zstd.compress(codec, data + n, len, alone, sizeof(alone), &err);
            uint64_t from = img__blocks_offset(blocks, begins[n]);
            assert_int_equal(img__blocks_offset(blocks, begins[n] + 1) - from, got);
            assert_memory_equal(blob.data + from, alone, (size_t)got);
        }
    }
    img__block_zstd.close(codec);
}

/* Neither does what a compressor did before. */
static void compressors_forget(void **state)
{
    static const struct block_codec *const codecs[] = {&img__block_gzip, &img__block_zstd};
    static const size_t lens[] = {FRAME, 70000, 1, 300000, MEMBER, 0, 20000, MEMBER - 5};
    auto_free char *data = sample(2 * FRAME);
    auto_free char *fresh = malloc(2 * FRAME), *used = malloc(2 * FRAME);
    img_error err;
    (void)state;
    for (size_t c = 0; c < 2; c++) {
        for (int level = 1; level <= 9; level++) {
            void *one = codecs[c]->open(level);
            for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
                size_t largest = c ? FRAME : MEMBER;
                size_t len = lens[i] < largest ? lens[i] : largest;
                void *other = codecs[c]->open(level);
                ssize_t expected =
                    codecs[c]->compress(other, data + i * 9999, len, fresh, 2 * FRAME, &err);
                ssize_t got = codecs[c]->compress(one, data + i * 9999, len, used, 2 * FRAME, &err);
                assert_true(expected > 0);
                assert_int_equal(got, expected);
                assert_memory_equal(used, fresh, (size_t)got);
                codecs[c]->close(other);
            }
            codecs[c]->close(one);
        }
    }
}

static void gzip_members(void **state)
{
    static const unsigned char header[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff};
    static const unsigned char nothing[] = {0x1f, 0x8b, 8,    0, 0, 0, 0, 0, 0, 0xff, 1, 0,
                                            0,    0xff, 0xff, 0, 0, 0, 0, 0, 0, 0,    0};
    auto_free char *data = sample(2 * MEMBER);
    auto_(buf) struct buf one = BUF_INIT(BIG);
    auto_(buf) struct buf two = BUF_INIT(BIG);
    auto_(buf) struct buf second = BUF_INIT(BIG);
    auto_(buf) struct buf none = BUF_INIT(BIG);
    (void)state;

    compress(COMPRESSION_GZIP, 0, data, MEMBER, 0, &one);
    compress(COMPRESSION_GZIP, 0, data + MEMBER, MEMBER, 0, &second);
    compress(COMPRESSION_GZIP, 0, data, 2 * MEMBER, 0, &two);
    compress(COMPRESSION_GZIP, 0, data, 0, 0, &none);
    assert_memory_equal(one.data, header, sizeof(header));
    assert_int_equal(none.len, sizeof(nothing));
    assert_memory_equal(none.data, nothing, sizeof(nothing));
    assert_int_equal(two.len, one.len + second.len);
    assert_memory_equal(two.data, one.data, one.len);
    assert_memory_equal(two.data + one.len, second.data, second.len);
}

/* Content size (of 4 bytes) and checksum are there, a dictionary is not; the checksum counts. */
static void zstd_frames(void **state)
{
    auto_free char *data = sample(FRAME + 100000);
    auto_(buf) struct buf blob = BUF_INIT(2 * FRAME);
    (void)state;
    compress(COMPRESSION_ZSTD, 0, data, FRAME + 100000, 0, &blob);
    assert_memory_equal(blob.data, "\x28\xb5\x2f\xfd\xa4\x00\x00\x37\x00", 9);
    blob.data[blob.len - 1] ^= 1;
    decodes("! zstd -q -dc <blob >/dev/null 2>&1", &blob, data, 0);
}

/* Each library promises the same bytes for the same version only: a new version needs new digests,
 * and a line in the changelog. */
static void golden(void **state)
{
    static const struct {
        enum compression compression;
        int level;
        const char *version;
        const char *digest;
    } rows[] = {
        {COMPRESSION_NONE, 0, "",
         "sha256:0e2e5ec93b3b10fc8f6d75456c960effff5fc43af91e8627f8adada7464a8a93"},
        {COMPRESSION_GZIP, 0, "1.14",
         "sha256:c4a9c027a5fb53323f982a255811db7742b92f56b09f0352b2c47ef9d8c5485e"},
        {COMPRESSION_GZIP, 1, "1.14",
         "sha256:a43ef52ad17cdd9f9123cbd72efbdfc7c138f517a83c822c0c5d603e41ca831b"},
        {COMPRESSION_GZIP, 6, "1.14",
         "sha256:8e4b7221ecad3d79a0bc066756dae0fec7710d0234e464c4a9d416fc8931967b"},
        {COMPRESSION_ZSTD, 0, "1.5.4",
         "sha256:0f56401112b0a28d17672c431b3533ed7bbf855b5334e5bee913a27622fd6cb1"},
        {COMPRESSION_ZSTD, 7, "1.5.4",
         "sha256:1bcbdd7743ce159c290cb204b806e890e8b6a0c6bd1dd556cd79fd69555aceb7"},
    };
    auto_free char *data = sample(FRAME + 60000);
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(buf) struct buf blob = BUF_INIT(2 * FRAME);
        compress(rows[i].compression, rows[i].level, data, FRAME + 60000, 0, &blob);
        const char *version =
            rows[i].compression == COMPRESSION_GZIP   ? img__compress_libdeflate_version()
            : rows[i].compression == COMPRESSION_ZSTD ? img__compress_zstd_version()
                                                      : "";
        if (strcmp(version, rows[i].version) == 0)
            judge_digest(blob.data, blob.len, rows[i].digest);
    }
}

static void levels(void **state)
{
    static const struct {
        enum compression compression;
        int level;
    } wrong[] = {{COMPRESSION_GZIP, 13},
                 {COMPRESSION_GZIP, -1},
                 {COMPRESSION_ZSTD, 20},
                 {COMPRESSION_ZSTD, -5},
                 {COMPRESSION_NONE, 1}};
    img_error err;
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        auto_(buf) struct buf blob = BUF_INIT(1024);
        struct sink *memory = NULL;
        struct blocks *blocks = NULL;
        const struct blocks_options options = {wrong[i].compression, wrong[i].level, 0, false};
        assert_ok(img__sink_buf(&blob, "a blob", &memory, &err));
        assert_fails(img__blocks_new(&options, memory, &blocks, &err), IMG_EINVAL, "no level");
        assert_null(blocks);
    }
    auto_free char *data = sample(100000);
    for (int level = 1; level <= 12; level++) {
        auto_(buf) struct buf blob = BUF_INIT(BIG);
        compress(COMPRESSION_GZIP, level, data, 100000, 0, &blob);
        decodes("zcat <blob | cmp - plain", &blob, data, 100000);
    }
    for (int level = 1; level <= 19; level++) {
        auto_(buf) struct buf blob = BUF_INIT(BIG);
        compress(COMPRESSION_ZSTD, level, data, 100000, 0, &blob);
        decodes("zstd -q -dc <blob | cmp - plain", &blob, data, 100000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gzip_decodes),
        cmocka_unit_test(zstd_decodes),
        cmocka_unit_test(pieces_do_not_show),
        cmocka_unit_test(gzip_members),
        cmocka_unit_test(zstd_frames),
        cmocka_unit_test(golden),
        cmocka_unit_test(levels),
        cmocka_unit_test(threads_do_not_show),
        cmocka_unit_test(full_disk),
        cmocka_unit_test(given_up),
        cmocka_unit_test(cuts_and_offsets),
        cmocka_unit_test(many_small_blocks),
        cmocka_unit_test(compressors_forget),
    };
    return cmocka_run_group_tests(tests, judge_setup, judge_teardown);
}
