/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the table of contents of an eStargz: what we write is found there, chunk by chunk; what
 * others write is taken if it is legal; everything else is refused by name.
 */
#include "layer/estargz_read.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "judge.h"
#include "layer/block.h"
#include "layer/decompress.h"
#include "layer/estargz.h"
#include "layer/pack.h"
#include "layer/tar_header.h"
#include "streams.h"

#define MIB ((size_t)1024 * 1024)
#define SUM "\"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\""
#define OFFSET 1000

static int in_memory(const void *data, size_t len)
{
    int fd = memfd_create("blob", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), len);
    return fd;
}

/* ---- our own ---- */

static char large[9 * MIB];

static void add(struct pack *pack, struct entry entry, const char *data)
{
    img_error err;
    auto_(source) struct source *source = pieces_new(data, (size_t)entry.size, MIB);
    assert_ok(img__pack_entry(pack, &entry, source, &err));
}

static void make(struct buf *blob, char **toc_digest)
{
    char usr[] = "usr", big[] = "usr/big", small[] = "usr/small", link[] = "usr/link",
         up[] = "../x", hard[] = "usr/zhard", dev[] = "usr/znull", name[] = "user.a", value[] = "v";
    struct entry_xattr xattr = {name, value, 1};
    img_error err;
    struct sink *sink = NULL;
    auto_(pack) struct pack *pack = NULL;
    struct pack_result result;
    assert_ok(img__sink_buf(blob, "a blob", &sink, &err));
    assert_ok(img__pack_new(&(struct pack_options){.layout = PACK_ESTARGZ, .threads = 2}, sink,
                            &pack, &err));
    img__pack_sorted(pack);
    img__pack_nanoseconds(pack);
    add(pack, (struct entry){.type = ENTRY_DIRECTORY, .path = usr, .mode = 01777, .uid = 5}, "");
    add(pack, (struct entry){.type = ENTRY_FILE, .path = big, .size = sizeof(large)}, large);
    add(pack, (struct entry){.type = ENTRY_SYMLINK, .path = link, .link = up, .mode = 0777}, "");
    add(pack,
        (struct entry){.type = ENTRY_FILE,
                       .path = small,
                       .size = 3,
                       .mode = 04755,
                       .mtime = -2,
                       .mtime_ns = 250000000,
                       .xattrs = &xattr,
                       .xattr_count = 1},
        "abc");
    add(pack, (struct entry){.type = ENTRY_HARDLINK, .path = hard, .link = small}, "");
    add(pack,
        (struct entry){.type = ENTRY_CHARACTER, .path = dev, .device_major = 1, .device_minor = 3},
        "");
    assert_ok(img__pack_end(pack, &result, &err));
    *toc_digest = strdup(strchr(img__pack_annotations(pack)->items[0], '=') + 1);
}

/* Decompressed from its member on, as one does who fetched only that. */
static void check_chunk(const struct buf *blob, const struct estargz_toc *toc,
                        const struct estargz_chunk *chunk)
{
    img_error err;
    auto_(source) struct source *plain = NULL;
    auto_free char *data = malloc((size_t)chunk->size);
    struct source *packed =
        pieces_new(blob->data + chunk->offset, (size_t)(toc->toc_offset - chunk->offset), 100000);
    assert_ok(img__source_decompress(COMPRESSION_GZIP, "a chunk", packed, &plain, &err));
    assert_int_equal(chunk->inner, 0);
    assert_int_equal(img__source_read_full(plain, data, (size_t)chunk->size, &err), chunk->size);
    judge_digest(data, (size_t)chunk->size, chunk->digest.text);
}

static void our_own(void **state)
{
    static const char *const paths[] = {ESTARGZ_LANDMARK, "usr",       "usr/big",  "usr/link",
                                        "usr/small",      "usr/zhard", "usr/znull"};
    auto_(buf) struct buf blob = BUF_INIT(64 * MIB);
    auto_(estargz_toc) struct estargz_toc toc = {0};
    auto_free char *digest = NULL;
    img_error err;
    (void)state;
    uint64_t seed = 3;
    for (size_t i = 0; i < sizeof(large); i++)
        large[i] = (char)('a' + next_random(&seed) % 3);
    make(&blob, &digest);
    auto_fd int fd = in_memory(blob.data, blob.len);
    assert_ok(img__estargz_open(fd, "blob", &toc, &err));
    assert_string_equal(toc.digest.text, digest);
    assert_int_equal(toc.count, 7);
    for (size_t i = 0; i < toc.count; i++) {
        assert_string_equal(toc.files[i].entry.path, paths[i]);
        for (size_t k = 0; k < toc.files[i].chunk_count; k++)
            check_chunk(&blob, &toc, &toc.files[i].chunks[k]);
    }
    assert_int_equal(toc.files[2].chunk_count, 3);
    assert_int_equal(toc.files[2].chunks[2].size, MIB);
    assert_string_equal(toc.files[3].entry.link, "../x");
    const struct entry *small = &toc.files[4].entry;
    assert_int_equal(small->mode, 04755);
    assert_int_equal(small->mtime, -2);
    assert_int_equal(small->mtime_ns, 250000000);
    assert_string_equal(small->xattrs[0].name, "user.a");
    assert_string_equal(small->xattrs[0].value, "v");
    assert_string_equal(toc.files[5].entry.link, "usr/small");
    assert_int_equal(toc.files[6].entry.device_minor, 3);
}

/* ---- what others may write ---- */

/* A gzip member with a tar of one file and what comes behind it. */
static void make_member(const char *path, const char *json, const char *behind, struct buf *out)
{
    img_error err;
    auto_free char *own = strdup(path);
    auto_(buf) struct buf tar = BUF_INIT(MIB), header = BUF_INIT(TAR_HEADER_MAX);
    const struct entry entry = {.type = ENTRY_FILE, .path = own, .size = strlen(json)};
    static const char zeros[1024];
    assert_ok(img__tar_header(&entry, &header, &err));
    img__buf_append(&tar, header.data, header.len);
    img__buf_puts(&tar, json);
    img__buf_append(&tar, zeros, img__tar_padding(entry.size));
    img__buf_puts(&tar, behind);
    img__buf_append(&tar, zeros, sizeof(zeros));
    void *codec = img__block_gzip.open(1);
    size_t bound = img__block_gzip.bound(tar.len);
    char *to = img__buf_reserve(out, bound);
    ssize_t n = img__block_gzip.compress(codec, tar.data, tar.len, to, bound, &err);
    img__block_gzip.close(codec);
    assert_true(n > 0);
    out->len += (size_t)n;
}

static int parse(const char *json, struct estargz_toc *out, img_error *err)
{
    auto_(buf) struct buf member = BUF_INIT(MIB);
    make_member(ESTARGZ_TOC, json, "", &member);
    return img__estargz_parse("blob", member.data, member.len, OFFSET, out, err);
}

#define TOC(entries) "{\"version\":1,\"entries\":[" entries "]}"
#define REG(more) "{\"name\":\"a\",\"type\":\"reg\"," more "}"
#define CHUNK(more) "{\"name\":\"a\",\"type\":\"chunk\"," more "}"

static void theirs(void **state)
{
    /* As stargz-snapshotter writes it, with white space, names of users, the kind in the mode,
     * several files in one member, and a root. */
    static const char json[] =
        "{\n\t\"version\": 1,\n\t\"entries\": [\n"
        "{\"name\":\"./\",\"type\":\"dir\",\"mode\":16877,\"userName\":\"root\",\"NumLink\":0},"
        "{\"name\":\"/d/\",\"type\":\"dir\",\"mode\":493,\"modtime\":\"\"},"
        "{\"name\":\"d/a\",\"type\":\"reg\",\"size\":10,\"mode\":33188,\"offset\":5,"
        "\"modtime\":\"2020-02-29T23:59:59Z\",\"chunkSize\":4,\"chunkDigest\":" SUM
        ",\"digest\":" SUM "},"
        "{\"name\":\"d/a\",\"type\":\"chunk\",\"offset\":5,\"innerOffset\":600,\"chunkOffset\":4,"
        "\"chunkSize\":4,\"chunkDigest\":" SUM "},"
        "{\"name\":\"d/a\",\"type\":\"chunk\",\"offset\":90,\"chunkOffset\":8,\"chunkDigest\":" SUM
        "},"
        "{\"name\":\"d/b\",\"type\":\"reg\",\"size\":2,\"offset\":90,\"innerOffset\":700,"
        "\"chunkDigest\":" SUM "},"
        "{\"name\":\"empty\",\"type\":\"reg\"}]}";
    auto_(estargz_toc) struct estargz_toc toc = {0};
    img_error err;
    (void)state;
    assert_ok(parse(json, &toc, &err));
    assert_int_equal(toc.count, 5);
    assert_string_equal(toc.files[0].entry.path, "");
    assert_int_equal(toc.files[0].entry.mode, 0755);
    assert_string_equal(toc.files[1].entry.path, "d");
    assert_int_equal(toc.files[2].entry.mtime, 1583020799);
    assert_int_equal(toc.files[2].chunk_count, 3);
    assert_int_equal(toc.files[2].chunks[1].inner, 600);
    assert_int_equal(toc.files[2].chunks[2].size, 2);
    assert_int_equal(toc.files[3].chunks[0].inner, 700);
    assert_int_equal(toc.files[4].chunk_count, 0);
}

static void refuses(void **state)
{
    static const struct {
        const char *json, *text;
        int code;
    } rows[] = {
        {"[]", "", IMG_EFORMAT},
        {"{", "", IMG_EFORMAT},
        {"{\"entries\":[]}", "version", IMG_EFORMAT},
        {"{\"version\":2,\"entries\":[]}", "version 2", IMG_EUNSUPPORTED},
        {"{\"version\":1}", "entries", IMG_EFORMAT},
        {"{\"version\":1,\"entries\":{}}", "entries", IMG_EFORMAT},
        {TOC("1"), "entry 0 of the table of contents is no object", IMG_EFORMAT},
        {TOC("{\"name\":\"a\"}"), "type", IMG_EFORMAT},
        {TOC("{\"name\":\"a\",\"type\":\"socket\"}"), "there is no type 'socket'", IMG_EFORMAT},
        {TOC("{\"type\":\"dir\"}"), "name", IMG_EFORMAT},
        {TOC("{\"name\":\"../a\",\"type\":\"dir\"}"), "'../a' is no path", IMG_EFORMAT},
        {TOC("{\"name\":\"\",\"type\":\"reg\"}"), "entry 0", IMG_EFORMAT},
        {TOC("{\"name\":\"a\",\"type\":\"symlink\"}"), "without a target", IMG_EFORMAT},
        {TOC("{\"name\":\"a\",\"type\":\"hardlink\",\"linkName\":\"x/../y\"}"), "is no path",
         IMG_EFORMAT},
        {TOC("{\"name\":\"a\",\"type\":\"dir\",\"linkName\":\"b\"}"), "is none", IMG_EFORMAT},
        {TOC("{\"name\":\"a\",\"type\":\"dir\"},{\"name\":\"a/\",\"type\":\"reg\"}"),
         "entry 1 of the table of contents: a is there twice", IMG_EFORMAT},
        {TOC("{\"name\":\"a\",\"type\":\"dir\",\"size\":1}"), "is no file", IMG_EFORMAT},
        {TOC("{\"name\":\"a\",\"type\":\"dir\",\"mode\":65536}"), "\"mode\" is too large",
         IMG_EFORMAT},
        {TOC("{\"name\":\"a\",\"type\":\"dir\",\"uid\":4294967295}"), "uid", IMG_EFORMAT},
        {TOC("{\"name\":\"a\",\"type\":\"dir\",\"gid\":-1}"), "gid", IMG_EFORMAT},
        {TOC("{\"name\":\"a\",\"type\":\"char\",\"devMajor\":4096}"), "entry 0", IMG_EFORMAT},
        {TOC("{\"name\":\"a\",\"type\":\"dir\",\"modtime\":\"2021-02-29T00:00:00Z\"}"),
         "is no time", IMG_EFORMAT},
        {TOC("{\"name\":\"a\",\"type\":\"dir\",\"modtime\":\"2021-02-28T00:00:00+01:00\"}"),
         "is no time", IMG_EFORMAT},
        {TOC("{\"name\":\"a\",\"type\":\"dir\",\"modtime\":\"2021-02-28T00:00:00.0123456789Z\"}"),
         "is no time", IMG_EFORMAT},
        {TOC("{\"name\":\"a\",\"type\":\"dir\",\"xattrs\":{\"user.a\":\"?\"}}"), "is not base64",
         IMG_EFORMAT},
        {TOC("{\"name\":\"a\",\"type\":\"dir\",\"xattrs\":{\"\":\"YQ==\"}}"), "attribute",
         IMG_EFORMAT},
        {TOC(REG("\"size\":1,\"chunkDigest\":" SUM)), "the data can't be where", IMG_EFORMAT},
        {TOC(REG("\"size\":1,\"offset\":1000,\"chunkDigest\":" SUM)), "the data can't be where",
         IMG_EFORMAT},
        {TOC(REG("\"size\":1,\"offset\":1")), "chunkDigest", IMG_EFORMAT},
        {TOC(REG("\"size\":1,\"offset\":1,\"chunkDigest\":\"sha256:00\"")), "is no digest",
         IMG_EFORMAT},
        {TOC(REG("\"size\":4,\"offset\":1,\"chunkSize\":5,\"chunkDigest\":" SUM)),
         "not the next part", IMG_EFORMAT},
        {TOC(REG("\"size\":4,\"offset\":1,\"chunkOffset\":1,\"chunkDigest\":" SUM)),
         "not the next part", IMG_EFORMAT},
        {TOC(REG("\"size\":4,\"offset\":1,\"chunkOffset\":4,\"chunkDigest\":" SUM)), "too large",
         IMG_EFORMAT},
        {TOC(REG("\"size\":4,\"offset\":1,\"chunkSize\":2,\"chunkDigest\":" SUM)),
         "the chunks of a end too early", IMG_EFORMAT},
        {TOC(REG(
             "\"size\":4,\"offset\":1,\"chunkSize\":2,\"chunkDigest\":" SUM) ","
                                                                             "{\"name\":\"b\","
                                                                             "\"type\":\"dir\"}"),
         "the chunks of a end too early", IMG_EFORMAT},
        {TOC(REG("\"size\":4,\"offset\":1,\"chunkSize\":2,\"chunkDigest\":" SUM) "," CHUNK(
             "\"offset\":2,\"chunkOffset\":3,\"chunkDigest\":" SUM)),
         "not the next part", IMG_EFORMAT},
        {TOC(REG("\"size\":4,\"offset\":1,\"chunkDigest\":" SUM) "," CHUNK(
             "\"offset\":2,\"chunkDigest\":" SUM)),
         "a chunk that is part of no file", IMG_EFORMAT},
        {TOC(CHUNK("\"offset\":2,\"chunkDigest\":" SUM)), "a chunk that is part of no file",
         IMG_EFORMAT},
        {TOC("{\"name\":\"a\",\"type\":\"dir\"}," CHUNK("\"offset\":2,\"chunkDigest\":" SUM)),
         "a chunk that is part of no file", IMG_EFORMAT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct estargz_toc toc = {0};
        img_error err;
        assert_fails(parse(rows[i].json, &toc, &err), rows[i].code, rows[i].text);
        assert_null(toc.files);
    }
}

static void refuses_members(void **state)
{
    static const struct {
        const char *path, *behind, *text;
    } rows[] = {{"other.json", "", "is not stargz.index.json but other.json"},
                {"d/" ESTARGZ_TOC, "", "is not stargz.index.json"},
                {ESTARGZ_TOC, "x", "blob"}};
    struct estargz_toc toc = {0};
    img_error err;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(buf) struct buf member = BUF_INIT(MIB);
        make_member(rows[i].path, TOC(""), rows[i].behind, &member);
        assert_fails(img__estargz_parse("blob", member.data, member.len, OFFSET, &toc, &err),
                     IMG_EFORMAT, rows[i].text);
    }
    assert_fails(img__estargz_parse("blob", "no gzip", 7, OFFSET, &toc, &err), IMG_EFORMAT, "blob");
    assert_null(toc.files);
}

/* ---- the footer ---- */

#define HEAD "\x1f\x8b\x08\x04\0\0\0\0\0\xff"
#define END "\x01\0\0\xff\xff\0\0\0\0\0\0\0\0"

static void footers(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        int code;
        const char *text;
        uint64_t begin, end;
    } rows[] = {
#define FOOTER(bytes) bytes, sizeof(bytes) - 1
        {FOOTER("0123456789" HEAD "\x1a\0SG\x16\0"
                "0000000000000005STARGZ" END),
         0, "", 5, 10},
        {FOOTER("0123456789" HEAD "\x16\0"
                "0000000000000009STARGZ" END),
         0, "", 9, 10},
        {FOOTER("0123456789" HEAD "\x1a\0SG\x16\0"
                "000000000000000aSTARGZ" END),
         IMG_EFORMAT, "at byte 10, behind the end", 0, 0},
        {FOOTER("0123456789" HEAD "\x1a\0SG\x16\0"
                "ffffffffffffffffSTARGZ" END),
         IMG_EFORMAT, "behind the end", 0, 0},
        {FOOTER("0123456789" HEAD "\x1a\0SG\x16\0"
                "000000000000000ASTARGZ" END),
         IMG_EFORMAT, "is no eStargz", 0, 0},
        {FOOTER("0123456789" HEAD "\x1a\0SG\x16\0"
                "0000000000000005STARGX" END),
         IMG_EFORMAT, "is no eStargz", 0, 0},
        {FOOTER("0123456789" HEAD "\x1a\0SG\x17\0"
                "0000000000000005STARGZ" END),
         IMG_EFORMAT, "is no eStargz", 0, 0},
        {FOOTER("0123456789" HEAD "\x15\0SG\x11\0STARGZEXTERNALTOC" END), IMG_EUNSUPPORTED,
         "in another image", 0, 0},
        {FOOTER("0123456789012345678901234567890123456789012345678901234567890"), IMG_EFORMAT,
         "is no eStargz", 0, 0},
        {FOOTER("short"), IMG_EFORMAT, "is no eStargz", 0, 0},
        {FOOTER(""), IMG_EFORMAT, "is no eStargz", 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t begin = 0, end = 0;
        img_error err;
        size_t len = rows[i].len < ESTARGZ_FOOTER_BYTES ? rows[i].len : ESTARGZ_FOOTER_BYTES;
        int rc = img__estargz_footer("blob", rows[i].bytes + rows[i].len - len, rows[i].len, &begin,
                                     &end, &err);
        assert_int_equal(rc, rows[i].code);
        if (rc) {
            assert_non_null(strstr(err.message, rows[i].text));
            struct estargz_toc toc = {0};
            auto_fd int fd = in_memory(rows[i].bytes, rows[i].len);
            assert_fails(img__estargz_open(fd, "blob", &toc, &err), rows[i].code, rows[i].text);
            continue;
        }
        assert_int_equal(begin, rows[i].begin);
        assert_int_equal(end, rows[i].end);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_own),         cmocka_unit_test(theirs),  cmocka_unit_test(refuses),
        cmocka_unit_test(refuses_members), cmocka_unit_test(footers),
    };
    return cmocka_run_group_tests(tests, judge_setup, judge_teardown);
}
