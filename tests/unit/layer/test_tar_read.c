/* SPDX-License-Identifier: Apache-2.0
 *
 * The strict tar reader: what it takes and what it refuses, row by row (layers.md R1-R20), on
 * archives made by hand and on those of real tools.
 */
#include "layer/tar_read.h"

#include <inttypes.h>

#include <libimg/values.h>

#include "streams.h"
#include "tarball.h"
#include "unit.h"

#define auto_buf auto_(buf) struct buf

/* ---- what an archive holds, as text ---- */

static void print_entry(struct buf *out, const struct entry *entry)
{
    static const char types[] = "fdlhcbp";
    img__buf_printf(out, "%c %s %o %u:%u %" PRIu64 " @%" PRId64, types[entry->type], entry->path,
                    entry->mode, entry->uid, entry->gid, entry->size, entry->mtime);
    if (entry->mtime_ns)
        img__buf_printf(out, ".%09u", entry->mtime_ns);
    if (entry->link)
        img__buf_printf(out, " -> %s", entry->link);
    if (entry->type == ENTRY_CHARACTER || entry->type == ENTRY_BLOCK)
        img__buf_printf(out, " %u,%u", entry->device_major, entry->device_minor);
    for (size_t i = 0; i < entry->xattr_count; i++)
        img__buf_printf(out, " %s=%s", entry->xattrs[i].name, entry->xattrs[i].value);
}

/* Data up to 100 bytes comes behind a '|', with '.' for NUL. */
static int print_data(struct tar_reader *reader, const struct entry *entry, struct buf *out,
                      img_error *err)
{
    char data[100];
    uint64_t total = 0;
    for (;;) {
        ssize_t got = img__tar_reader_data(reader, data, sizeof(data), err);
        if (got < 0)
            return (int)got;
        if (got == 0)
            break;
        for (ssize_t i = 0; i < got && entry->size <= sizeof(data); i++)
            img__buf_putc(out, data[i] ? data[i] : '.');
        total += (uint64_t)got;
    }
    assert_true(total == entry->size);
    return 0;
}

/* What the reader is to allow. */
static uint32_t compat;

static int print_tar(const void *tar, size_t len, size_t piece, struct buf *out, img_error *err)
{
    auto_(source) struct source *source = pieces_new(tar, len, piece);
    auto_(tar_reader) struct tar_reader *reader = NULL;
    int rc = img__tar_reader_new(source, "layer x", &reader, err);
    if (rc)
        return rc;
    img__tar_reader_compat(reader, compat);
    for (;;) {
        const struct entry *entry;
        rc = img__tar_reader_next(reader, &entry, err);
        if (rc <= 0)
            break;
        print_entry(out, entry);
        if (entry->size) {
            img__buf_puts(out, " | ");
            rc = print_data(reader, entry, out, err);
            if (rc)
                return rc;
        }
        img__buf_putc(out, '\n');
    }
    char byte;
    if (rc == 0)
        assert_int_equal(img__source_read(source, &byte, 1, err), 0);
    return rc;
}

/* Two ways to cut the stream, one result. */
static void assert_reads(const struct buf *tar, const char *expected)
{
    static const size_t pieces[] = {1 << 20, 7};
    for (size_t i = 0; i < 2; i++) {
        img_error err;
        auto_buf out = TARBALL_INIT;
        assert_ok(print_tar(img__buf_text(tar), tar->len, pieces[i], &out, &err));
        assert_string_equal(img__buf_text(&out), expected);
    }
}

static void assert_refused_as(const struct buf *tar, int code, const char *message)
{
    static const size_t pieces[] = {1 << 20, 7};
    for (size_t i = 0; i < 2; i++) {
        img_error err;
        auto_buf out = TARBALL_INIT;
        assert_fails(print_tar(img__buf_text(tar), tar->len, pieces[i], &out, &err), code, message);
        assert_non_null(strstr(err.message, "layer x: "));
        assert_non_null(strstr(err.message, " at byte "));
    }
}

static void assert_refused(const struct buf *tar, const char *message)
{
    assert_refused_as(tar, IMG_EFORMAT, message);
}

/* ---- what must be read ---- */

static void kinds(void **state)
{
    (void)state;
    auto_buf tar = TARBALL_INIT;
    tarball_add(&tar, '5', "./", "");
    tarball_add(&tar, '5', "d/", "");
    tarball_add(&tar, '0', "./d/f", "hello");
    tarball_add(&tar, '\0', "/abs//f", "v7");
    tarball_add(&tar, '\0', "old/", "");
    tarball_add(&tar, '0', "dir/", "");
    tarball_link(&tar, '2', "d/s", "../../x//y/");
    tarball_link(&tar, '1', "d/h", "./d//f");
    size_t at = tarball_link(&tar, '3', "c", "");
    tarball_patch(&tar, at, 329,
                  "0000001\0"
                  "0000003\0",
                  16);
    at = tarball_link(&tar, '4', "b", "");
    tarball_patch(&tar, at, 329,
                  "0000010\0"
                  "\200\0\0\0\0\1\0\0",
                  16);
    tarball_link(&tar, '6', "p", "");
    tarball_add(&tar, '0', "d/.wh.gone", "");
    tarball_add(&tar, '0', "\xff\xfe", "");
    tarball_end(&tar);
    assert_reads(&tar, "d  644 1:2 0 @3\n"
                       "d d 644 1:2 0 @3\n"
                       "f d/f 644 1:2 5 @3 | hello\n"
                       "f abs/f 644 1:2 2 @3 | v7\n"
                       "d old 644 1:2 0 @3\n"
                       "d dir 644 1:2 0 @3\n"
                       "l d/s 644 1:2 0 @3 -> ../../x//y/\n"
                       "h d/h 644 1:2 0 @3 -> d/f\n"
                       "c c 644 1:2 0 @3 1,3\n"
                       "b b 644 1:2 0 @3 8,65536\n"
                       "p p 644 1:2 0 @3\n"
                       "f d/.wh.gone 644 1:2 0 @3\n"
                       "f \xff\xfe 644 1:2 0 @3\n");
}

/* R14: archives end in many ways. */
static void ends(void **state)
{
    static const size_t zeros[] = {0, 512, 513, 1023, 1024, 1025, 10240, 1000000};
    (void)state;
    for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++) {
        auto_buf tar = TARBALL_INIT;
        tarball_zeros(&tar, zeros[i]);
        assert_reads(&tar, "");
        img__buf_clear(&tar);
        tarball_add(&tar, '0', "f", "hi");
        tarball_zeros(&tar, zeros[i]);
        assert_reads(&tar, "f f 644 1:2 2 @3 | hi\n");
    }
    /* Padding that is cut: after the data of a file, and none of it. */
    auto_buf tar = TARBALL_INIT;
    tarball_add(&tar, '0', "f", "hi");
    for (size_t len = 514; len <= 1024; len += 255) {
        tar.len = len;
        assert_reads(&tar, "f f 644 1:2 2 @3 | hi\n");
    }
}

static void pax(void **state)
{
    (void)state;
    auto_buf tar = TARBALL_INIT;
    tarball_pax(&tar, 'g', "comment", "0123456789abcdef", NULL);
    tarball_pax(&tar, 'x', "path", "p/\xc3\xa9", "uid", "4294967294", "gid", "3000000", "mtime",
                "-4.5", "SCHILY.xattr.user.b", "2", "SCHILY.xattr.user.a", "1",
                "SCHILY.xattr.user.empty", "", "uname", "nobody", "atime", "junk",
                "LIBARCHIVE.xattr.user.z", "eg==", "hdrcharset", "BINARY", NULL);
    tarball_add(&tar, '0', "header", "x");
    tarball_pax(&tar, 'x', "linkpath", "/t", "mtime", "1.", "path", "", NULL);
    tarball_link(&tar, '2', "s", "no");
    tarball_pax(&tar, 'x', "size", "5", NULL);
    tarball_header(&tar, '0', "five", "", 0);
    img__buf_puts(&tar, "12345");
    tarball_pad(&tar);
    tarball_pax(&tar, 'x', "path", "dir/", NULL);
    tarball_add(&tar, '5', "other", "");
    tarball_end(&tar);
    assert_reads(&tar, "f p/\xc3\xa9 644 4294967294:3000000 1 @-5.500000000 user.a=1 user.b=2 | x\n"
                       "l s 644 1:2 0 @1 -> /t\n"
                       "f five 644 1:2 5 @3 | 12345\n"
                       "d dir 644 1:2 0 @3\n");
}

static void gnu(void **state)
{
    (void)state;
    auto_buf tar = TARBALL_INIT;
    tarball_long(&tar, 'K', "target");
    tarball_long(&tar, 'L', "long/name");
    size_t at = tarball_link(&tar, '2', "short", "t");
    tarball_gnu(&tar, at);
    /* Times where ustar has the prefix. */
    tarball_patch(&tar, at, 345, "00000000001\00000000000002", 24);
    at = tarball_add(&tar, '0', "base256", "");
    tarball_patch(&tar, at, 108, "\200\0\0\0\0\x2d\xc6\xc0", 8);
    tarball_patch(&tar, at, 136, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfb", 12);
    /* Long names and then a PAX header about other things: Commons Compress. */
    tarball_long(&tar, 'L', "jar/");
    tarball_pax(&tar, 'x', "mtime", "7", NULL);
    tarball_add(&tar, '5', "jar", "");
    tarball_end(&tar);
    assert_reads(&tar, "l long/name 644 1:2 0 @3 -> target\n"
                       "f base256 644 3000000:2 0 @-5\n"
                       "d jar 644 1:2 0 @7\n");
}

/* Fields as old tools write them. */
static void old_fields(void **state)
{
    (void)state;
    auto_buf tar = TARBALL_INIT;
    size_t at = tarball_add(&tar, '0', "f", "x");
    tarball_patch(&tar, at, 257, "\0\0\0\0\0\0\0\0", 8);
    tarball_patch(&tar, at, 100, "   644 \0", 8);
    tarball_patch(&tar, at, 108, "\0\0\0\0\0\0\0\0", 8);
    tarball_patch(&tar, at, 116, "        ", 8);
    tarball_patch(&tar, at, 124, "          1 ", 12);
    tarball_patch(&tar, at, 136, "00000000003 ", 12);
    at = tarball_add(&tar, '0', "g", "");
    tarball_patch(&tar, at, 100, "0100755\0", 8);
    at = tarball_add(&tar, '0', "name", "");
    tarball_patch(&tar, at, 345, "/prefix/x", 9);
    tarball_end(&tar);
    assert_reads(&tar, "f f 644 0:0 1 @3 | x\n"
                       "f g 755 1:2 0 @3\n"
                       "f prefix/x/name 644 1:2 0 @3\n");
}

/* R11: both sums. */
static void checksums(void **state)
{
    (void)state;
    auto_buf tar = TARBALL_INIT;
    tarball_add(&tar, '0', "\xff", "");
    assert_reads(&tar, "f \xff 644 1:2 0 @3\n");
    unsigned sum = (unsigned)strtoul(tar.data + 148, NULL, 8);
    char text[16];
    snprintf(text, sizeof(text), "%06o", sum - 256);
    memcpy(tar.data + 148, text, 7);
    assert_reads(&tar, "f \xff 644 1:2 0 @3\n");
    snprintf(text, sizeof(text), "%06o", sum - 255);
    memcpy(tar.data + 148, text, 7);
    assert_refused(&tar, "checksum");
}

static void times(void **state)
{
    static const struct {
        const char *text;
        const char *expected; /* NULL: refused */
    } rows[] = {
        {"0", "0"},
        {"1.5", "1.500000000"},
        {"1.123456789999", "1.123456789"},
        {"-1", "-1"},
        {"-0.5", "-1.500000000"},
        {"-4.0000000001", "-5.999999999"},
        {"-4.9999999995", "-5"},
        {"-4.0000000000", "-4"},
        {"9223372036854775807", "9223372036854775807"},
        {"99999999999999999999", "9223372036854775807"},
        {"-99999999999999999999.5", "-9223372036854775808"},
        {"-9223372036854775807.5", "-9223372036854775808.500000000"},
        {"1e9", NULL},
        {".5", NULL},
        {"-", NULL},
        {"+1", NULL},
        {" 1", NULL},
        {"1 ", NULL},
        {"1.5.", NULL},
        {"0x10", NULL},
        {"nan", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_buf tar = TARBALL_INIT;
        tarball_pax(&tar, 'x', "mtime", rows[i].text, NULL);
        tarball_add(&tar, '0', "f", "");
        if (!rows[i].expected) {
            assert_refused(&tar, "mtime");
            continue;
        }
        char expected[128];
        snprintf(expected, sizeof(expected), "f f 644 1:2 0 @%s\n", rows[i].expected);
        assert_reads(&tar, expected);
    }
}

/* ---- sparse files: R16 ---- */

static void old_segment(char *at, uint64_t offset, uint64_t len)
{
    tarball_octal(at, 12, offset);
    tarball_octal(at + 12, 12, len);
}

/* "ab" at 3 and at 10, of 15. */
static size_t add_old_sparse(struct buf *tar, uint64_t size)
{
    size_t at = tarball_add(tar, 'S', "s", "abab");
    old_segment(tar->data + at + 386, 3, 2);
    old_segment(tar->data + at + 410, 10, 2);
    tarball_octal(tar->data + at + 483, 12, size);
    tarball_gnu(tar, at);
    return at;
}

static void old_sparse(void **state)
{
    (void)state;
    auto_buf tar = TARBALL_INIT;
    add_old_sparse(&tar, 15);
    tarball_add(&tar, '0', "f", "x");
    assert_reads(&tar, "f s 644 1:2 15 @3 | ...ab.....ab...\n"
                       "f f 644 1:2 1 @3 | x\n");

    /* Thirty segments: two extension blocks. */
    img__buf_clear(&tar);
    char extension[512] = {0};
    size_t at = tarball_header(&tar, 'S', "s", "", 30);
    for (uint64_t i = 0; i < 4; i++)
        old_segment(tar.data + at + 386 + i * 24, i * 3, 1);
    tar.data[at + 482] = 1;
    tarball_octal(tar.data + at + 483, 12, 90);
    tarball_gnu(&tar, at);
    for (uint64_t i = 0; i < 21; i++)
        old_segment(extension + i * 24, (i + 4) * 3, 1);
    extension[504] = 1;
    img__buf_append(&tar, extension, 512);
    memset(extension, 0, sizeof(extension));
    for (uint64_t i = 0; i < 5; i++)
        old_segment(extension + i * 24, (i + 25) * 3, 1);
    img__buf_append(&tar, extension, 512);
    img__buf_puts(&tar, "abcdefghijklmnopqrstuvwxyzABCD");
    tarball_pad(&tar);
    tarball_add(&tar, '0', "f", "x");
    assert_reads(&tar, "f s 644 1:2 90 @3 | "
                       "a..b..c..d..e..f..g..h..i..j..k..l..m..n..o..p..q..r..s..t..u..v..w..x.."
                       "y..z..A..B..C..D..\n"
                       "f f 644 1:2 1 @3 | x\n");
}

static void old_sparse_refused(void **state)
{
    static const struct {
        uint64_t offset[2];
        uint64_t len[2];
        const char *message;
    } rows[] = {
        {{3, 4}, {2, 2}, "overlap"},         {{10, 3}, {2, 2}, "not in order"},
        {{3, 14}, {2, 2}, "beyond its end"}, {{3, 10}, {2, 1}, "stored are 4"},
        {{3, 10}, {2, 4}, "stored are 4"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_buf tar = TARBALL_INIT;
        size_t at = add_old_sparse(&tar, 15);
        for (size_t k = 0; k < 2; k++)
            old_segment(tar.data + at + 386 + k * 24, rows[i].offset[k], rows[i].len[k]);
        tarball_sum(&tar, at);
        assert_refused(&tar, rows[i].message);
    }
    auto_buf tar = TARBALL_INIT;
    add_old_sparse(&tar, 11);
    assert_refused(&tar, "beyond its end");

    img__buf_clear(&tar);
    size_t at = add_old_sparse(&tar, 15);
    tarball_patch(&tar, at, 386, "\0", 1);
    assert_refused(&tar, "gap");

    img__buf_clear(&tar);
    at = add_old_sparse(&tar, 15);
    tarball_patch(&tar, at, 257, "ustar\00000", 8);
    assert_refused(&tar, "not supported");

    img__buf_clear(&tar);
    at = add_old_sparse(&tar, 15);
    old_segment(tar.data + at + 434, 13, 0);
    old_segment(tar.data + at + 458, 13, 0);
    tarball_patch(&tar, at, 482, "\1", 1);
    tar.len = 1000;
    assert_refused(&tar, "sparse map is cut short");

    /* 2 TiB out of nothing. */
    img__buf_clear(&tar);
    at = tarball_add(&tar, 'S', "s", "");
    tarball_patch(&tar, at, 483, "\200\0\0\0\0\0\2\0\0\0\0\0", 12);
    tarball_gnu(&tar, at);
    assert_refused_as(&tar, IMG_ELIMIT, "more than 1024 GiB");
}

static void pax_sparse(void **state)
{
    static const char expected[] = "f s 644 1:2 15 @3 | ...ab.....ab...\n"
                                   "f f 644 1:2 1 @3 | x\n";
    (void)state;
    auto_buf tar = TARBALL_INIT;
    tarball_pax(&tar, 'x', "GNU.sparse.size", "15", "GNU.sparse.numblocks", "2",
                "GNU.sparse.offset", "3", "GNU.sparse.numbytes", "2", "GNU.sparse.offset", "10",
                "GNU.sparse.numbytes", "2", NULL);
    tarball_add(&tar, '0', "s", "abab");
    tarball_add(&tar, '0', "f", "x");
    assert_reads(&tar, expected);

    img__buf_clear(&tar);
    tarball_pax(&tar, 'x', "GNU.sparse.size", "15", "GNU.sparse.numblocks", "2", "GNU.sparse.name",
                "s", "path", "other", "GNU.sparse.map", "3,2,10,2", NULL);
    tarball_add(&tar, '0', "GNUSparseFile.0/s", "abab");
    tarball_add(&tar, '0', "f", "x");
    assert_reads(&tar, expected);

    img__buf_clear(&tar);
    tarball_pax(&tar, 'x', "GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.name", "s",
                "GNU.sparse.realsize", "15", NULL);
    auto_buf data = TARBALL_INIT;
    img__buf_puts(&data, "2\n3\n2\n10\n2\n");
    tarball_pad(&data);
    img__buf_puts(&data, "abab");
    tarball_bytes(&tar, '0', "GNUSparseFile.0/s", &data);
    tarball_add(&tar, '0', "f", "x");
    assert_reads(&tar, expected);
}

static void pax_sparse_refused(void **state)
{
    static const struct {
        const char *keys[10];
        const char *message;
    } rows[] = {
        {{"GNU.sparse.size", "15", "GNU.sparse.numblocks", "1", "GNU.sparse.map", "3,2,10,2"},
         "numblocks"},
        {{"GNU.sparse.size", "15", "GNU.sparse.map", "3,2,10,2"}, "numblocks"},
        {{"GNU.sparse.size", "15", "GNU.sparse.numblocks", "2", "GNU.sparse.map", "3,2,10"},
         "malformed"},
        {{"GNU.sparse.size", "15", "GNU.sparse.numblocks", "2", "GNU.sparse.map", "3,2,10,"},
         "malformed"},
        {{"GNU.sparse.size", "15", "GNU.sparse.numblocks", "2", "GNU.sparse.map", "3,2,-10,2"},
         "malformed"},
        {{"GNU.sparse.size", "15", "GNU.sparse.numblocks", "2", "GNU.sparse.map", ""},
         "makes no sense"},
        {{"GNU.sparse.size", "15", "GNU.sparse.numblocks", "2", "GNU.sparse.map",
          "3,99999999999999999999,10,2"},
         "malformed"},
        {{"GNU.sparse.size", "15", "GNU.sparse.numbytes", "2"}, "makes no sense"},
        {{"GNU.sparse.size", "15", "GNU.sparse.offset", "2"}, "no GNU.sparse.numbytes"},
        {{"GNU.sparse.size", "15", "GNU.sparse.offset", "2", "GNU.sparse.offset", "3"},
         "makes no sense"},
        {{"GNU.sparse.major", "2", "GNU.sparse.minor", "0"}, "not supported"},
        {{"GNU.sparse.major", "1", "GNU.sparse.minor", "0"}, "not supported"},
        {{"GNU.sparse.name", "x"}, "not supported"},
        {{"GNU.sparse.size", "15", "GNU.sparse.size", "15"}, "twice"},
        {{"SCHILY.realsize", "15"}, "not supported"},
        {{"SUN.holesdata", " 0 1"}, "not supported"},
        {{"GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.realsize", "15"},
         "cut short"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_buf records = TARBALL_INIT;
        for (const char *const *key = rows[i].keys; *key; key += 2)
            tarball_record(&records, key[0], key[1]);
        auto_buf tar = TARBALL_INIT;
        tarball_bytes(&tar, 'x', "x", &records);
        tarball_add(&tar, '0', "s", "abab");
        assert_refused(&tar, rows[i].message);
    }
    /* On what is no file. */
    auto_buf tar = TARBALL_INIT;
    tarball_pax(&tar, 'x', "GNU.sparse.size", "0", "GNU.sparse.numblocks", "0", NULL);
    tarball_add(&tar, '5', "d", "");
    assert_refused(&tar, "not a file");
}

static void map_lines_refused(void **state)
{
    static const struct {
        const char *map;
        int code;
        const char *message;
    } rows[] = {
        {"1\n3\nx\n", IMG_EFORMAT, "malformed"},
        {"\n", IMG_EFORMAT, "empty line"},
        {"1\n3\n", IMG_EFORMAT, "malformed"}, /* padding instead of a number */
        {"-1\n", IMG_EFORMAT, "malformed"},
        {"2000000\n", IMG_ELIMIT, "2000000 segments"},
        {"99999999999999999999\n", IMG_EFORMAT, "malformed"},
        {"1\n3\n5\n", IMG_EFORMAT, "stored are 4"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_buf tar = TARBALL_INIT;
        auto_buf data = TARBALL_INIT;
        tarball_pax(&tar, 'x', "GNU.sparse.major", "1", "GNU.sparse.minor", "0",
                    "GNU.sparse.realsize", "15", NULL);
        img__buf_puts(&data, rows[i].map);
        tarball_pad(&data);
        img__buf_puts(&data, "abab");
        tarball_bytes(&tar, '0', "s", &data);
        assert_refused_as(&tar, rows[i].code, rows[i].message);
    }
}

/* ---- what must be refused ---- */

static void r1_pax_twice(void **state)
{
    (void)state;
    auto_buf tar = TARBALL_INIT;
    tarball_pax(&tar, 'x', "mtime", "1", NULL);
    tarball_pax(&tar, 'x', "mtime", "1", NULL);
    tarball_add(&tar, '0', "f", "");
    assert_refused(&tar, "second PAX header");

    static const char *const keys[] = {"path", "size", "mtime", "SCHILY.xattr.user.x"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        img__buf_clear(&tar);
        tarball_pax(&tar, 'x', keys[i], "1", keys[i], "1", NULL);
        tarball_add(&tar, '0', "f", "");
        assert_refused(&tar, "twice");
    }
}

static void r2_long_and_pax(void **state)
{
    (void)state;
    auto_buf tar = TARBALL_INIT;
    tarball_long(&tar, 'L', "a");
    tarball_pax(&tar, 'x', "path", "b", NULL);
    tarball_add(&tar, '0', "f", "");
    assert_refused(&tar, "both a long name");

    img__buf_clear(&tar);
    tarball_long(&tar, 'K', "a");
    tarball_pax(&tar, 'x', "linkpath", "b", NULL);
    tarball_link(&tar, '2', "f", "c");
    assert_refused(&tar, "both a long target");

    img__buf_clear(&tar);
    tarball_long(&tar, 'L', "a");
    tarball_long(&tar, 'L', "b");
    tarball_add(&tar, '0', "f", "");
    assert_refused(&tar, "second long name");
}

/* A header as the data of an entry that some take for a directory. */
static void r3_r4_smuggling(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        auto_buf inner = TARBALL_INIT;
        tarball_add(&inner, '0', "hidden", "");
        auto_buf tar = TARBALL_INIT;
        tarball_bytes(&tar, i ? '\0' : '0', "x/", &inner);
        tarball_end(&tar);
        assert_refused(&tar, "entry 'x' at byte 0: has data and is not a file");
    }
}

static void r5_numbers(void **state)
{
    static const struct {
        const char *size;
        const char *message;
    } rows[] = {
        {"\0"
         "0000000001",
         "octal"},
        {"           \0", "octal"},
        {"-0000000001", "octal"},
        {"+0000000001", "octal"},
        {"\0\0\0\0\0\0\0\0\0\0\0", "octal"},
        {"1 1\0\0\0\0\0\0\0\0", "octal"},
        {"1\0"
         "1\0\0\0\0\0\0\0\0",
         "octal"},
        {"00000000008", "octal"},
        {"0x000000001", "octal"},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "negative"},
        {"\200\1\0\0\0\0\0\0\0\0\0\1", "64 bits"},
        {"\200\0\0\0\200\0\0\0\0\0\0\0", "64 bits"},
        {"\201\0\0\0\0\0\0\0\0\0\0\1", "octal"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_buf tar = TARBALL_INIT;
        size_t at = tarball_add(&tar, '0', "f", "x");
        tarball_patch(&tar, at, 124, rows[i].size, 12);
        assert_refused(&tar, rows[i].message);
    }
    static const size_t fields[][2] = {{100, 8}, {108, 8}, {116, 8}, {136, 12}};
    for (size_t i = 0; i < 4; i++) {
        auto_buf tar = TARBALL_INIT;
        size_t at = tarball_add(&tar, '0', "f", "x");
        tarball_patch(&tar, at, fields[i][0], "12345678junk", fields[i][1]);
        assert_refused(&tar, "octal");
    }
}

static void r6_data_where_none_is(void **state)
{
    static const char types[] = "123456";
    (void)state;
    for (const char *type = types; *type; type++) {
        auto_buf tar = TARBALL_INIT;
        tarball_header(&tar, *type, "x", "t", 512);
        tarball_zeros(&tar, 2048);
        assert_refused(&tar, "has data and is not a file");
        img__buf_clear(&tar);
        tarball_pax(&tar, 'x', "size", "512", NULL);
        tarball_header(&tar, *type, "x", "t", 0);
        tarball_zeros(&tar, 2048);
        assert_refused(&tar, "has data and is not a file");
    }
}

static void r7_long_after_pax(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        auto_buf tar = TARBALL_INIT;
        tarball_pax(&tar, 'x', "size", "1024", NULL);
        tarball_long(&tar, i ? 'L' : 'K', "name");
        tarball_add(&tar, '0', "f", "");
        tarball_end(&tar);
        assert_refused(&tar, "between a PAX header and its entry");
    }
}

static void r8_globals(void **state)
{
    static const char *const keys[] = {"path",
                                       "linkpath",
                                       "size",
                                       "uid",
                                       "gid",
                                       "mtime",
                                       "SCHILY.xattr.user.x",
                                       "GNU.sparse.name",
                                       "unknown"};
    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        auto_buf tar = TARBALL_INIT;
        tarball_pax(&tar, 'g', "comment", "c", keys[i], "1", NULL);
        tarball_add(&tar, '0', "f", "");
        assert_refused(&tar, "global");
    }
    auto_buf tar = TARBALL_INIT;
    tarball_pax(&tar, 'x', "path", "p", NULL);
    tarball_pax(&tar, 'g', "comment", "c", NULL);
    tarball_add(&tar, '0', "f", "");
    assert_refused(&tar, "between");
}

static void r9_records(void **state)
{
    static const struct {
        const char *records;
        size_t len;
    } rows[] = {
        {"8 path=f", 8},
        {"7 path=f\n", 9},
        {" 9 path=f\n", 10},
        {"+9 path=f\n", 10},
        {"x path=f\n", 9},
        {"9path=f\n", 8},
        {"11 path=f\n", 10},
        {"9 path f\n", 9},
        {"6 =ab\n", 6},
        {"0 \n", 3},
        {"4 a\n", 4},
        {"\n", 1},
        {"12", 2},
        {"99999999999999999999 path=f\n", 28},
        {"18446744073709551626 path=f\n", 28},
        {"10 path=f\n\0", 11},
        {"9 pa\0h=f\n", 9},
        {"12 path=a\0b\n", 12},
        {"16 linkpath=a\0b\n", 16},
        {"10 uid=-1\n", 10},
        {"8 uid=x\n", 8},
        {"9 size=-\n", 9},
        {"28 size=9223372036854775808\n", 28},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_buf records = TARBALL_INIT;
        img__buf_append(&records, rows[i].records, rows[i].len);
        auto_buf tar = TARBALL_INIT;
        tarball_bytes(&tar, 'x', "x", &records);
        tarball_add(&tar, '0', "f", "");
        img_error err;
        auto_buf out = TARBALL_INIT;
        int rc = print_tar(tar.data, tar.len, 1000, &out, &err);
        if (rc != IMG_EFORMAT)
            fail_msg("row %zu: %d", i, rc);
        if (!strstr(err.message, "PAX"))
            fail_msg("row %zu: %s", i, err.message);
    }
}

static void r10_ids(void **state)
{
    static const char *const ids[] = {"4294967295", "4294967296", "9223372036854775807"};
    (void)state;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        auto_buf tar = TARBALL_INIT;
        tarball_pax(&tar, 'x', i % 2 ? "uid" : "gid", ids[i], NULL);
        tarball_add(&tar, '0', "f", "");
        assert_refused(&tar, ids[i]);
    }
    auto_buf tar = TARBALL_INIT;
    size_t at = tarball_add(&tar, '0', "f", "");
    tarball_patch(&tar, at, 108, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    assert_refused(&tar, "owner -1");
}

static void r11_checksum(void **state)
{
    (void)state;
    auto_buf tar = TARBALL_INIT;
    tarball_add(&tar, '0', "a", "");
    size_t at = tarball_add(&tar, '0', "b", "");
    tarball_add(&tar, '0', "c", "");
    tar.data[at] = 'x';
    assert_refused(&tar, "layer x: header at byte 512: the checksum");
    memset(tar.data + at + 148, 0, 8);
    assert_refused(&tar, "the checksum");
}

static void r12_r13_after_the_end(void **state)
{
    (void)state;
    auto_buf tar = TARBALL_INIT;
    tarball_add(&tar, '0', "a", "");
    tarball_zeros(&tar, 512);
    tarball_add(&tar, '0', "b", "");
    assert_refused(&tar, "single block of zeros");

    static const size_t zeros[] = {1024, 1025, 5000, 10240, 600000};
    for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++) {
        img__buf_clear(&tar);
        tarball_add(&tar, '0', "a", "");
        tarball_zeros(&tar, zeros[i]);
        img__buf_putc(&tar, 'x');
        assert_refused(&tar, "follows the end");
    }
}

static void compat_single_zero(void **state)
{
    (void)state;
    auto_buf tar = TARBALL_INIT;
    tarball_add(&tar, '0', "a", "");
    tarball_zeros(&tar, 512);
    tarball_add(&tar, '0', "b", "data");
    tarball_zeros(&tar, 512);
    compat = IMG_COMPAT_TRAILING | IMG_COMPAT_SNIFF | IMG_COMPAT_DUPLICATES;
    assert_refused(&tar, "single block of zeros");
    compat = IMG_COMPAT_SINGLE_ZERO;
    assert_reads(&tar, "f a 644 1:2 0 @3\nf b 644 1:2 4 @3 | data\n");
    tarball_add(&tar, '0', "c", "");
    tarball_end(&tar);
    assert_reads(&tar, "f a 644 1:2 0 @3\nf b 644 1:2 4 @3 | data\nf c 644 1:2 0 @3\n");
    tarball_add(&tar, '0', "d", "");
    assert_refused(&tar, "follows the end");

    img__buf_clear(&tar);
    tarball_add(&tar, '0', "a", "");
    tarball_zeros(&tar, 512);
    img__buf_puts(&tar, "half a header");
    assert_refused(&tar, "single block of zeros");
    compat = 0;
}

static void compat_trailing(void **state)
{
    static const size_t zeros[] = {1024, 1025, 5000, 10240, 600000};
    (void)state;
    for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++) {
        auto_buf tar = TARBALL_INIT;
        tarball_add(&tar, '0', "a", "");
        tarball_zeros(&tar, zeros[i]);
        tarball_add(&tar, '0', "b", "");
        img__buf_puts(&tar, "rest");
        compat = IMG_COMPAT_SINGLE_ZERO | IMG_COMPAT_SNIFF | IMG_COMPAT_DUPLICATES;
        assert_refused(&tar, "follows the end");
        compat = IMG_COMPAT_TRAILING;
        assert_reads(&tar, "f a 644 1:2 0 @3\n");
    }
    compat = 0;
}

static void r15_truncation(void **state)
{
    (void)state;
    auto_buf tar = TARBALL_INIT;
    tarball_pax(&tar, 'x', "path", "long", NULL);
    tarball_add(&tar, '0', "f", "0123456789");
    for (size_t len = 1; len < 1536 + 10; len += 3) {
        tar.len = len;
        bool header = len <= 512 || (len > 1024 && len < 1536);
        assert_refused(&tar, len == 512    ? "an extended header is cut short"
                             : header      ? "the archive is cut short"
                             : len >= 1536 ? "its data is cut short"
                             : len < 530   ? "extended header"
                                           : "without its entry");
    }
}

static void extension_without_entry(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        auto_buf tar = TARBALL_INIT;
        if (i % 2)
            tarball_pax(&tar, 'x', "path", "p", NULL);
        else
            tarball_long(&tar, 'L', "p");
        if (i < 2)
            tarball_end(&tar);
        assert_refused(&tar, "an extended header without its entry");
    }
}

static void r17_types(void **state)
{
    static const char types[] = "789ADMNVXaz\x01 ";
    (void)state;
    for (const char *type = types; *type; type++) {
        auto_buf tar = TARBALL_INIT;
        tarball_add(&tar, *type, "f", "");
        assert_refused(&tar, "entry 'f' at byte 0: its type");
    }
}

static void r18_names(void **state)
{
    static const struct {
        char type;
        const char *name;
        const char *link;
        const char *message;
    } rows[] = {
        {'0', "", "", "without a name"},
        {'0', ".", "", "root is not a directory"},
        {'2', "./", "x", "root is not"},
        {'1', "/", "x", "root is not"},
        {'0', "..", "", "'..'"},
        {'0', "a/../b", "", "'..'"},
        {'5', "../", "", "'..'"},
        {'1', "a", "../b", "'..'"},
        {'1', "a", "", "without a target"},
        {'2', "a", "", "without a target"},
        {'1', "a", "/", "link to the root"},
        {'1', "a", "./a", "link to itself"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_buf tar = TARBALL_INIT;
        tarball_link(&tar, rows[i].type, rows[i].name, rows[i].link);
        assert_refused(&tar, rows[i].message);
    }
}

static void fill(struct buf *out, const char *unit, size_t count)
{
    img__buf_clear(out);
    while (count--)
        img__buf_puts(out, unit);
}

static void r19_limits(void **state)
{
    (void)state;
    auto_buf text = TARBALL_INIT;
    auto_buf tar = TARBALL_INIT;

    fill(&text, "n", 256);
    tarball_pax(&tar, 'x', "path", text.data, NULL);
    tarball_add(&tar, '0', "f", "");
    assert_refused(&tar, "255");

    img__buf_clear(&tar);
    fill(&text, "ab/", 1366);
    tarball_long(&tar, 'L', text.data);
    tarball_add(&tar, '0', "f", "");
    assert_refused(&tar, "4096");

    img__buf_clear(&tar);
    fill(&text, "a", 4096);
    tarball_pax(&tar, 'x', "linkpath", text.data, NULL);
    tarball_link(&tar, '2', "f", "x");
    assert_refused(&tar, "target is longer");

    img__buf_clear(&tar);
    fill(&text, "a/", 10000);
    tarball_pax(&tar, 'x', "path", text.data, NULL);
    tarball_add(&tar, '0', "f", "");
    assert_refused(&tar, "path is longer");

    img__buf_clear(&tar);
    tarball_long(&tar, 'L', text.data);
    tarball_add(&tar, '0', "f", "");
    assert_refused_as(&tar, IMG_ELIMIT, "larger than 12288 bytes");

    img__buf_clear(&tar);
    fill(&text, "0123456789abcdef", 65537);
    tarball_pax(&tar, 'x', "comment", text.data, NULL);
    tarball_add(&tar, '0', "f", "");
    assert_refused_as(&tar, IMG_ELIMIT, "larger than 1048576 bytes");

    img__buf_clear(&tar);
    fill(&text, "x", 65537);
    tarball_pax(&tar, 'x', "SCHILY.xattr.user.x", text.data, NULL);
    tarball_add(&tar, '0', "f", "");
    assert_refused_as(&tar, IMG_ELIMIT, "user.x is larger than 65536 bytes");

    img__buf_clear(&tar);
    tarball_pax(&tar, 'x', "SCHILY.xattr.", "x", NULL);
    tarball_add(&tar, '0', "f", "");
    assert_refused(&tar, "has 0 bytes");

    img__buf_clear(&tar);
    auto_buf records = TARBALL_INIT;
    for (int i = 0; i < 257; i++) {
        char key[64];
        snprintf(key, sizeof(key), "SCHILY.xattr.user.%d", i);
        tarball_record(&records, key, "x");
    }
    tarball_bytes(&tar, 'x', "x", &records);
    tarball_add(&tar, '0', "f", "");
    assert_refused_as(&tar, IMG_ELIMIT, "more than 256 extended attributes");
}

/* What parsers are known to take for different formats. */
static void ambiguous_formats(void **state)
{
    (void)state;
    auto_buf tar = TARBALL_INIT;
    size_t at = tarball_add(&tar, '0', "f", "");
    tarball_patch(&tar, at, 257, "ustar 00", 8);
    assert_refused(&tar, "neither that of POSIX nor that of GNU");

    img__buf_clear(&tar);
    at = tarball_add(&tar, '0', "f", "");
    tarball_gnu(&tar, at);
    tarball_patch(&tar, at, 345, "evil", 4);
    assert_refused(&tar, "time of access");

    /* libarchive makes 1 GiB of this. */
    img__buf_clear(&tar);
    at = tarball_add(&tar, '0', "f", "data");
    tarball_gnu(&tar, at);
    tarball_patch(&tar, at, 483, "10000000000", 12);
    assert_refused(&tar, "fields of a sparse file");
}

static void xattr_bytes(void **state)
{
    (void)state;
    auto_buf tar = TARBALL_INIT;
    auto_buf records = TARBALL_INIT;
    tarball_record_bytes(&records, "SCHILY.xattr.security.capability", "\1\0\0\2=\n\0", 7);
    tarball_bytes(&tar, 'x', "x", &records);
    tarball_add(&tar, '0', "f", "");
    img_error err;
    auto_(source) struct source *source = pieces_new(tar.data, tar.len, 100);
    auto_(tar_reader) struct tar_reader *reader = NULL;
    const struct entry *entry;
    assert_ok(img__tar_reader_new(source, "x", &reader, &err));
    assert_int_equal(img__tar_reader_next(reader, &entry, &err), 1);
    assert_int_equal(entry->xattr_count, 1);
    assert_int_equal(entry->xattrs[0].len, 7);
    assert_memory_equal(entry->xattrs[0].value, "\1\0\0\2=\n\0", 7);
}

/* Data is skipped or read in part, and the next entry is found all the same. */
static void partial_reads(void **state)
{
    (void)state;
    auto_buf tar = TARBALL_INIT;
    auto_buf data = TARBALL_INIT;
    fill(&data, "0123456789", 70000);
    for (int i = 0; i < 4; i++)
        tarball_bytes(&tar, '0', i % 2 ? "b" : "a", &data);
    tarball_end(&tar);
    img_error err;
    char part[300000];
    auto_(source) struct source *source = pieces_new(tar.data, tar.len, 1 << 20);
    auto_(tar_reader) struct tar_reader *reader = NULL;
    const struct entry *entry;
    assert_ok(img__tar_reader_new(source, "x", &reader, &err));
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(img__tar_reader_next(reader, &entry, &err), 1);
        assert_string_equal(entry->path, i % 2 ? "b" : "a");
        size_t want = i * sizeof(part) / 3;
        for (size_t done = 0; done < want;) {
            ssize_t got = img__tar_reader_data(reader, part, want - done, &err);
            assert_true(got > 0);
            assert_memory_equal(part, data.data + done, (size_t)got);
            done += (size_t)got;
        }
    }
    assert_int_equal(img__tar_reader_next(reader, &entry, &err), 0);
    assert_int_equal(img__tar_reader_next(reader, &entry, &err), 0);
    assert_null(entry);
}

static void failure_sticks(void **state)
{
    (void)state;
    img_error err;
    auto_(source) struct source *source = pieces_new("junk", 4, 4);
    auto_(tar_reader) struct tar_reader *reader = NULL;
    const struct entry *entry;
    char byte;
    assert_ok(img__tar_reader_new(source, "x", &reader, &err));
    assert_fails(img__tar_reader_next(reader, &entry, &err), IMG_EFORMAT, "cut short");
    assert_fails(img__tar_reader_next(reader, &entry, &err), IMG_EFORMAT, "earlier");
    assert_fails((int)img__tar_reader_data(reader, &byte, 1, &err), IMG_EFORMAT, "earlier");
    assert_int_equal(img__tar_reader_next(reader, &entry, NULL), IMG_EFORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds),
        cmocka_unit_test(ends),
        cmocka_unit_test(pax),
        cmocka_unit_test(gnu),
        cmocka_unit_test(old_fields),
        cmocka_unit_test(checksums),
        cmocka_unit_test(times),
        cmocka_unit_test(old_sparse),
        cmocka_unit_test(old_sparse_refused),
        cmocka_unit_test(pax_sparse),
        cmocka_unit_test(pax_sparse_refused),
        cmocka_unit_test(map_lines_refused),
        cmocka_unit_test(r1_pax_twice),
        cmocka_unit_test(r2_long_and_pax),
        cmocka_unit_test(r3_r4_smuggling),
        cmocka_unit_test(r5_numbers),
        cmocka_unit_test(r6_data_where_none_is),
        cmocka_unit_test(r7_long_after_pax),
        cmocka_unit_test(r8_globals),
        cmocka_unit_test(r9_records),
        cmocka_unit_test(r10_ids),
        cmocka_unit_test(r11_checksum),
        cmocka_unit_test(r12_r13_after_the_end),
        cmocka_unit_test(compat_single_zero),
        cmocka_unit_test(compat_trailing),
        cmocka_unit_test(r15_truncation),
        cmocka_unit_test(extension_without_entry),
        cmocka_unit_test(r17_types),
        cmocka_unit_test(r18_names),
        cmocka_unit_test(r19_limits),
        cmocka_unit_test(ambiguous_formats),
        cmocka_unit_test(xattr_bytes),
        cmocka_unit_test(partial_reads),
        cmocka_unit_test(failure_sticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
