/* SPDX-License-Identifier: Apache-2.0
 *
 * Compression: gzip, Python and zstd decode it, its bytes are pinned, and how the stream was
 * written does not show.
 */
#include "layer/compress.h"

#include "judge.h"

#define MEMBER ((size_t)512 * 1024)
#define FRAME ((size_t)4 * 1024 * 1024)
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

/* Writes len bytes in pieces of so many, 0 for pieces of changing length. */
static void compress(enum compression compression, int level, const char *data, size_t len,
                     size_t piece, struct buf *out)
{
    img_error err;
    struct sink *memory = NULL;
    auto_(sink) struct sink *sink = NULL;
    assert_ok(img__sink_buf(out, "a blob", &memory, &err));
    assert_ok(img__sink_compress(compression, level, memory, &sink, &err));
    for (size_t at = 0, n = 1; at < len; at += n) {
        n = piece ? piece : (n * 31 + 7) % 300007;
        if (n > len - at)
            n = len - at;
        assert_ok(img__sink_write(sink, data + at, n, &err));
    }
    assert_ok(img__sink_close(sink, &err));
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
    assert_memory_equal(blob.data, "\x28\xb5\x2f\xfd\xa4\x00\x00\x40\x00", 9);
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
         "sha256:0b121eb2b95df1bf6215902bdf8b609bcecac282713ffaff0ac10be4476099fa"},
        {COMPRESSION_GZIP, 0, "1.14",
         "sha256:5485c6d3fe1357c47f23869c661794ce5c587ac082c1493ea4338a0a9ebc6a2f"},
        {COMPRESSION_GZIP, 1, "1.14",
         "sha256:1101be5e0c43cdc8e7fbb4625a0470701c2fcea6cf2f20aa07902b362fc8c1d0"},
        {COMPRESSION_GZIP, 6, "1.14",
         "sha256:5bcedd3d8c4d9f9430a5883bde3823d715363f7dfd04e645b7ba8930c46e6f6e"},
        {COMPRESSION_ZSTD, 0, "1.5.4",
         "sha256:9436c61ae28ff70b1a51ebf0db312a241c3504156716510ccb51be2466fb77c1"},
        {COMPRESSION_ZSTD, 7, "1.5.4",
         "sha256:965bc80d26bb3427700426b8e9ebc109739b3b0d1496983e5f4209974de05ad8"},
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
        struct sink *memory = NULL, *sink = NULL;
        assert_ok(img__sink_buf(&blob, "a blob", &memory, &err));
        assert_fails(img__sink_compress(wrong[i].compression, wrong[i].level, memory, &sink, &err),
                     IMG_EINVAL, "no level");
        assert_null(sink);
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

/* What the sink behind says comes back, and close is not called then. */
static void failures_pass(void **state)
{
    auto_free char *data = sample(2 * MEMBER);
    auto_(buf) struct buf small = BUF_INIT(1000);
    img_error err;
    struct sink *memory = NULL;
    auto_(sink) struct sink *sink = NULL;
    (void)state;
    assert_ok(img__sink_buf(&small, "the blob", &memory, &err));
    assert_ok(img__sink_compress(COMPRESSION_GZIP, 0, memory, &sink, &err));
    assert_ok(img__sink_write(sink, data, MEMBER - 1, &err));
    assert_fails(img__sink_write(sink, data, 1, &err), IMG_ELIMIT, "the blob");
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
        cmocka_unit_test(failures_pass),
    };
    return cmocka_run_group_tests(tests, judge_setup, judge_teardown);
}
