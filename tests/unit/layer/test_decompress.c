/* SPDX-License-Identifier: Apache-2.0
 *
 * gzip and zstd, well-formed, damaged and hostile. What must be read was compressed by libdeflate,
 * libzstd and the system's gzip.
 */
#include "layer/decompress.h"

#include <libdeflate.h>
#include <zstd.h>

#include <libimg/values.h>

#include "streams.h"
#include "unit.h"

#define LIMIT ((size_t)64 << 20)
#define auto_buf auto_(buf) struct buf

static void fill_text(struct buf *out, size_t len)
{
    uint64_t seed = len;
    while (out->len < len)
        img__buf_printf(out, "%u line of text\n", next_random(&seed) % 1000);
    out->len = len;
}

static void append_gzip(struct buf *out, const struct buf *plain, int level)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(level);
    size_t room = libdeflate_gzip_compress_bound(compressor, plain->len);
    char *at = img__buf_reserve(out, room);
    assert_non_null(at);
    out->len += libdeflate_gzip_compress(compressor, img__buf_text(plain), plain->len, at, room);
    libdeflate_free_compressor(compressor);
}

static void append_zstd(struct buf *out, const struct buf *plain)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    size_t room = ZSTD_compressBound(plain->len);
    char *at = img__buf_reserve(out, room);
    assert_non_null(at);
    size_t made = ZSTD_compress2(context, at, room, img__buf_text(plain), plain->len);
    assert_false(ZSTD_isError(made));
    out->len += made;
    ZSTD_freeCCtx(context);
}

/* Unpacks, in and out by pieces. */
static int unpack(enum compression compression, const struct buf *packed, const size_t pieces[2],
                  struct buf *out, img_error *err)
{
    struct source *next = pieces_new(img__buf_text(packed), packed->len, pieces[0]);
    auto_(source) struct source *source = NULL;
    int rc = img__source_decompress(compression, "test", next, &source, err);
    return rc ? rc : read_all(source, pieces[1], out, err);
}

static void assert_unpacks(enum compression compression, const struct buf *packed,
                           const struct buf *plain)
{
    static const size_t pieces[][2] = {{LIMIT, 1 << 20}, {1, 1 << 16}, {4096, 1}, {7, 512}};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        img_error err;
        auto_buf out = BUF_INIT(LIMIT);
        assert_ok(unpack(compression, packed, pieces[i], &out, &err));
        assert_int_equal(out.len, plain->len);
        if (out.len)
            assert_memory_equal(out.data, plain->data, plain->len);
    }
}

/* In one read and byte by byte. */
static void assert_refused(enum compression compression, const struct buf *packed,
                           const char *message)
{
    static const size_t pieces[][2] = {{LIMIT, 1 << 20}, {1, 100}};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        img_error err;
        auto_buf out = BUF_INIT(LIMIT);
        assert_fails(unpack(compression, packed, pieces[i], &out, &err), IMG_EFORMAT, message);
    }
}

static void detect(void **state)
{
    (void)state;
    assert_int_equal(img__decompress_detect("\x1f\x8b\x08", 3), COMPRESSION_GZIP);
    assert_int_equal(img__decompress_detect("\x28\xb5\x2f\xfd", 4), COMPRESSION_ZSTD);
    assert_int_equal(img__decompress_detect("\x28\xb5\x2f\xfd", 3), COMPRESSION_NONE);
    assert_int_equal(img__decompress_detect("\x5f\x2a\x4d\x18", 4), COMPRESSION_ZSTD);
    assert_int_equal(img__decompress_detect("\x60\x2a\x4d\x18", 4), COMPRESSION_NONE);
    /* zstd 0.7 */
    assert_int_equal(img__decompress_detect("\x27\xb5\x2f\xfd", 4), COMPRESSION_NONE);
    assert_int_equal(img__decompress_detect("ustar", 5), COMPRESSION_NONE);
    assert_int_equal(img__decompress_detect("", 0), COMPRESSION_NONE);
}

static void none(void **state)
{
    (void)state;
    img_error err;
    auto_(source) struct source *source = NULL;
    struct source *next = pieces_new("x", 1, 1);
    assert_ok(img__source_decompress(COMPRESSION_NONE, "test", next, &source, &err));
    assert_ptr_equal(source, next);
}

static void gzip_sizes(void **state)
{
    static const size_t sizes[] = {0, 1, 100, 32768, 65536, 70000, 300000};
    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (int level = 0; level <= 12; level += 6) {
            auto_buf plain = BUF_INIT(LIMIT);
            auto_buf packed = BUF_INIT(LIMIT);
            img__buf_reserve(&plain, sizes[i] + 1);
            fill_text(&plain, sizes[i]);
            append_gzip(&packed, &plain, level);
            assert_unpacks(COMPRESSION_GZIP, &packed, &plain);
        }
}

/* Many members, empty ones among them, and the footer of eStargz at the end. */
static void gzip_members(void **state)
{
    static const char footer[] = "\x1f\x8b\x08\x04\0\0\0\0\0\xff\x1a\0SG\x16\0"
                                 "0000000000000000STARGZ\x01\0\0\xff\xff\0\0\0\0\0\0\0\0";
    (void)state;
    auto_buf all = BUF_INIT(LIMIT);
    auto_buf packed = BUF_INIT(LIMIT);
    for (size_t i = 0; i < 300; i++) {
        auto_buf plain = BUF_INIT(LIMIT);
        fill_text(&plain, i % 7 == 0 ? 0 : i * 13);
        append_gzip(&packed, &plain, (int)(i % 10));
        img__buf_append(&all, img__buf_text(&plain), plain.len);
    }
    img__buf_append(&packed, footer, sizeof(footer) - 1);
    assert_unpacks(COMPRESSION_GZIP, &packed, &all);
}

/* The same member with each header field, by FLG. */
static void append_member(struct buf *out, uint8_t flags, const char *fields, size_t len)
{
    const char header[] = {0x1f, (char)0x8b, 8, (char)flags, 1, 2, 3, 4, 0, 3};
    /* A stored block of "hi". */
    static const char body[] = "\x01\x02\x00\xfd\xffhi\xac\x2a\x93\xd8\x02\0\0\0";
    img__buf_append(out, header, sizeof(header));
    img__buf_append(out, fields, len);
    img__buf_append(out, body, sizeof(body) - 1);
}

static void gzip_header_fields(void **state)
{
    static const struct {
        uint8_t flags;
        const char *fields;
        size_t len;
    } rows[] = {
        {0x00, "", 0},       {0x01, "", 0},       {0x04, "\x03\0abc", 5},  {0x08, "name\0", 5},
        {0x10, "note\0", 5}, {0x18, "n\0c\0", 4}, {0x1c, "\0\0n\0c\0", 6},
    };
    (void)state;
    auto_buf plain = BUF_INIT(LIMIT);
    img__buf_puts(&plain, "hi");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_buf packed = BUF_INIT(LIMIT);
        append_member(&packed, rows[i].flags, rows[i].fields, rows[i].len);
        assert_unpacks(COMPRESSION_GZIP, &packed, &plain);
    }
    /* FHCRC: of the header with flags 0x02 and the fields above. */
    auto_buf packed = BUF_INIT(LIMIT);
    const char header[] = {0x1f, (char)0x8b, 8, 2, 1, 2, 3, 4, 0, 3};
    uint32_t crc = libdeflate_crc32(0, header, sizeof(header));
    const char fields[] = {(char)crc, (char)(crc >> 8)};
    append_member(&packed, 2, fields, 2);
    assert_unpacks(COMPRESSION_GZIP, &packed, &plain);
    packed.data[sizeof(header)] ^= 1;
    assert_refused(COMPRESSION_GZIP, &packed, "header that is damaged");
}

static void gzip_refuses_headers(void **state)
{
    (void)state;
    for (uint8_t bit = 0x20; bit; bit = (uint8_t)(bit << 1)) {
        auto_buf packed = BUF_INIT(LIMIT);
        append_member(&packed, bit, "", 0);
        assert_refused(COMPRESSION_GZIP, &packed, "reserved flags");
    }
    auto_buf method = BUF_INIT(LIMIT);
    append_member(&method, 0, "", 0);
    method.data[2] = 7;
    assert_refused(COMPRESSION_GZIP, &method, "unknown method");

    auto_buf endless = BUF_INIT(LIMIT);
    img__buf_append(&endless, "\x1f\x8b\x08\x08\0\0\0\0\0\0", 10);
    for (size_t i = 0; i < 70000; i++)
        img__buf_putc(&endless, 'n');
    assert_refused(COMPRESSION_GZIP, &endless, "does not end");
}

static void gzip_refuses_damage(void **state)
{
    (void)state;
    auto_buf plain = BUF_INIT(LIMIT);
    auto_buf good = BUF_INIT(LIMIT);
    fill_text(&plain, 5000);
    append_gzip(&good, &plain, 6);

    auto_buf bad = BUF_INIT(LIMIT);
    img__buf_append(&bad, good.data, good.len);
    bad.data[good.len - 8] ^= 1;
    assert_refused(COMPRESSION_GZIP, &bad, "CRC does not match");
    bad.data[good.len - 8] ^= 1;
    bad.data[good.len - 1] ^= 1;
    assert_refused(COMPRESSION_GZIP, &bad, "length does not match");
    bad.data[good.len - 1] ^= 1;

    static const char *const garbage[] = {"g", "garbage behind", "\x1f", "\x1f\x8c"};
    for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
        bad.len = good.len;
        img__buf_puts(&bad, garbage[i]);
        assert_refused(COMPRESSION_GZIP, &bad, "follows the last gzip member");
    }
    bad.len = good.len;
    img__buf_putc(&bad, '\0');
    assert_refused(COMPRESSION_GZIP, &bad, "follows the last gzip member");

    auto_buf empty = BUF_INIT(LIMIT);
    assert_refused(COMPRESSION_GZIP, &empty, "is empty");
    img__buf_puts(&empty, "PK");
    assert_refused(COMPRESSION_GZIP, &empty, "is not gzip");
}

/* Ignored, and read to the end all the same; but damage is still damage. */
static void trailing(void **state)
{
    static const enum compression kinds[] = {COMPRESSION_GZIP, COMPRESSION_ZSTD};
    static const char zeros[2000];
    (void)state;
    auto_buf plain = BUF_INIT(LIMIT);
    fill_text(&plain, 5000);
    for (size_t i = 0; i < 4; i++) {
        auto_buf packed = BUF_INIT(LIMIT);
        auto_buf out = BUF_INIT(LIMIT);
        img_error err;
        enum compression kind = kinds[i % 2];
        kind == COMPRESSION_GZIP ? append_gzip(&packed, &plain, 6) : append_zstd(&packed, &plain);
        img__buf_append(&packed, i < 2 ? "garbage" : zeros, i < 2 ? 7 : sizeof(zeros));
        struct source *next = pieces_new(packed.data, packed.len, 100);
        auto_(source) struct source *source = NULL;
        assert_ok(
            img__source_decompress_compat(kind, IMG_COMPAT_TRAILING, "test", next, &source, &err));
        assert_ok(read_all(source, 777, &out, &err));
        assert_int_equal(out.len, plain.len);
        assert_int_equal(((struct pieces *)next)->at, packed.len);
        packed.data[50] ^= 0x55;
        struct source *again = pieces_new(packed.data, packed.len, 100);
        auto_(source) struct source *damaged = NULL;
        assert_ok(img__source_decompress_compat(kind, IMG_COMPAT_TRAILING, "test", again, &damaged,
                                                &err));
        assert_int_equal(read_all(damaged, 777, &out, &err), IMG_EFORMAT);
    }
    auto_(source) struct source *plain_source = NULL;
    img_error err;
    assert_ok(img__source_decompress_compat(COMPRESSION_NONE, IMG_COMPAT_ALL, "test",
                                            pieces_new("x", 1, 1), &plain_source, &err));
}

/* At every length: never accepted, never more than cut short. */
static void assert_cut(enum compression compression, const struct buf *good)
{
    for (size_t len = 4; len < good->len; len++) {
        auto_buf part = BUF_INIT(LIMIT);
        img__buf_append(&part, good->data, len);
        assert_refused(compression, &part, "is cut short");
    }
}

static void truncation(void **state)
{
    (void)state;
    auto_buf plain = BUF_INIT(LIMIT);
    fill_text(&plain, 3000);
    auto_buf gzip = BUF_INIT(LIMIT);
    append_gzip(&gzip, &plain, 6);
    assert_cut(COMPRESSION_GZIP, &gzip);
    auto_buf zstd = BUF_INIT(LIMIT);
    append_zstd(&zstd, &plain);
    assert_cut(COMPRESSION_ZSTD, &zstd);
}

static void zstd_frames(void **state)
{
    (void)state;
    auto_buf all = BUF_INIT(LIMIT);
    auto_buf packed = BUF_INIT(LIMIT);
    img__buf_append(&packed, "\x51\x2a\x4d\x18\x02\0\0\0no", 10);
    for (size_t i = 0; i < 40; i++) {
        auto_buf plain = BUF_INIT(LIMIT);
        fill_text(&plain, i * 3001);
        append_zstd(&packed, &plain);
        img__buf_append(&all, img__buf_text(&plain), plain.len);
        img__buf_append(&packed, "\x5a\x2a\x4d\x18\x05\0\0\0hello", 13);
    }
    assert_unpacks(COMPRESSION_ZSTD, &packed, &all);
}

static void zstd_refuses(void **state)
{
    (void)state;
    auto_buf plain = BUF_INIT(LIMIT);
    auto_buf good = BUF_INIT(LIMIT);
    fill_text(&plain, 5000);
    append_zstd(&good, &plain);

    auto_buf bad = BUF_INIT(LIMIT);
    img__buf_append(&bad, good.data, good.len);
    bad.data[good.len - 1] ^= 1;
    assert_refused(COMPRESSION_ZSTD, &bad, "is damaged");
    bad.data[good.len - 1] ^= 1;
    img__buf_puts(&bad, "x");
    assert_refused(COMPRESSION_ZSTD, &bad, "follows the last zstd frame");
    /* A frame of zstd 0.7 behind it. */
    bad.len = good.len;
    img__buf_append(&bad, "\x27\xb5\x2f\xfd\0\0\0\0", 8);
    assert_refused(COMPRESSION_ZSTD, &bad, "follows the last zstd frame");

    auto_buf empty = BUF_INIT(LIMIT);
    assert_refused(COMPRESSION_ZSTD, &empty, "is empty");
    img__buf_puts(&empty, "garbage");
    assert_refused(COMPRESSION_ZSTD, &empty, "is not zstd");
}

static void zstd_window(void **state)
{
    /* A frame header with a window of 2^27 and one of 2^28 bytes; then an empty last block. */
    static const char fits[] = "\x28\xb5\x2f\xfd\x00\x88\x01\0\0";
    static const char large[] = "\x28\xb5\x2f\xfd\x00\x90\x01\0\0";
    static const size_t pieces[2] = {100, 100};
    (void)state;
    img_error err;
    auto_buf out = BUF_INIT(LIMIT);
    auto_buf packed = BUF_INIT(LIMIT);
    img__buf_append(&packed, fits, sizeof(fits) - 1);
    assert_ok(unpack(COMPRESSION_ZSTD, &packed, pieces, &out, &err));
    assert_int_equal(out.len, 0);
    img__buf_clear(&packed);
    img__buf_append(&packed, large, sizeof(large) - 1);
    assert_fails(unpack(COMPRESSION_ZSTD, &packed, pieces, &out, &err), IMG_ELIMIT, "128 MiB");
}

static void rewinds(void **state)
{
    (void)state;
    auto_buf plain = BUF_INIT(LIMIT);
    fill_text(&plain, 200000);
    for (int i = 0; i < 2; i++) {
        img_error err;
        auto_buf packed = BUF_INIT(LIMIT);
        append_gzip(&packed, &plain, 6);
        if (i == 1) {
            img__buf_clear(&packed);
            append_zstd(&packed, &plain);
        }
        auto_(source) struct source *source = NULL;
        assert_ok(img__source_decompress(i ? COMPRESSION_ZSTD : COMPRESSION_GZIP, "test",
                                         pieces_new(packed.data, packed.len, 1000), &source, &err));
        char part[1234];
        for (int again = 0; again < 3; again++) {
            assert_int_equal(img__source_read_full(source, part, sizeof(part), &err), sizeof(part));
            assert_memory_equal(part, plain.data, sizeof(part));
            assert_ok(img__source_rewind(source, &err));
        }
        auto_buf out = BUF_INIT(LIMIT);
        assert_ok(read_all(source, 5000, &out, &err));
        assert_int_equal(out.len, plain.len);
        assert_memory_equal(out.data, plain.data, plain.len);
    }
}

/* A failure stays one, until the source is rewound. */
static void failure_sticks(void **state)
{
    (void)state;
    img_error err;
    char byte;
    auto_(source) struct source *source = NULL;
    assert_ok(
        img__source_decompress(COMPRESSION_GZIP, "test", pieces_new("PK", 2, 2), &source, &err));
    assert_int_equal(img__source_read(source, &byte, 1, &err), IMG_EFORMAT);
    assert_fails((int)img__source_read(source, &byte, 1, &err), IMG_EFORMAT, "earlier read");
}

/* A change in one byte is an error or has no effect; it is never a crash or other bytes. */
static void mutations(void **state)
{
    (void)state;
    uint64_t seed = 1;
    auto_buf plain = BUF_INIT(LIMIT);
    fill_text(&plain, 2000);
    static const size_t pieces[2] = {64, 100};
    for (int i = 0; i < 6000; i++) {
        enum compression kind = i % 2 ? COMPRESSION_ZSTD : COMPRESSION_GZIP;
        img_error err;
        auto_buf packed = BUF_INIT(LIMIT);
        auto_buf out = BUF_INIT(LIMIT);
        if (kind == COMPRESSION_ZSTD)
            append_zstd(&packed, &plain);
        else
            append_gzip(&packed, &plain, 1 + i % 9);
        packed.data[next_random(&seed) % packed.len] ^= (char)(1 + next_random(&seed) % 255);
        if (unpack(kind, &packed, pieces, &out, &err) == 0) {
            assert_true(out.len == plain.len || out.len == 0);
            assert_memory_equal(img__buf_text(&out), plain.data, out.len);
        }
    }
}

/* What the real gzip writes, at its levels. */
static void system_gzip(void **state)
{
    (void)state;
    char path[] = "/tmp/libimg-gzip-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    auto_buf plain = BUF_INIT(LIMIT);
    fill_text(&plain, 1000000);
    assert_int_equal(write(fd, plain.data, plain.len), plain.len);
    close(fd);
    for (int level = 1; level <= 9; level += 4) {
        char command[128];
        snprintf(command, sizeof(command), "gzip -%dc %s", level, path);
        FILE *pipe = popen(command, "r");
        assert_non_null(pipe);
        auto_buf packed = BUF_INIT(LIMIT);
        char *room = img__buf_reserve(&packed, 2000000);
        packed.len = fread(room, 1, 2000000, pipe);
        assert_int_equal(pclose(pipe), 0);
        img_error err;
        auto_buf out = BUF_INIT(LIMIT);
        static const size_t pieces[2] = {65536, 1 << 20};
        assert_ok(unpack(COMPRESSION_GZIP, &packed, pieces, &out, &err));
        assert_int_equal(out.len, plain.len);
        assert_memory_equal(out.data, plain.data, plain.len);
    }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(detect),
        cmocka_unit_test(none),
        cmocka_unit_test(gzip_sizes),
        cmocka_unit_test(gzip_members),
        cmocka_unit_test(gzip_header_fields),
        cmocka_unit_test(gzip_refuses_headers),
        cmocka_unit_test(gzip_refuses_damage),
        cmocka_unit_test(trailing),
        cmocka_unit_test(truncation),
        cmocka_unit_test(zstd_frames),
        cmocka_unit_test(zstd_refuses),
        cmocka_unit_test(zstd_window),
        cmocka_unit_test(rewinds),
        cmocka_unit_test(failure_sticks),
        cmocka_unit_test(mutations),
        cmocka_unit_test(system_gzip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
