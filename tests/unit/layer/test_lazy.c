/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers that are read piece by piece: the bytes are pinned and do not depend on threads or on how
 * the data arrives; what a table of contents can't say is refused. Whether readers find in them
 * what they should is for tests/integration/lazy.sh.
 */
#include "layer/lazy.h"

#include "base/strv.h"
#include "judge.h"
#include "layer/chunked.h"
#include "layer/estargz.h"
#include "layer/pack.h"
#include "layer/tar_split.h"
#include "streams.h"

#define MIB ((size_t)1024 * 1024)

struct made {
    struct buf blob;
    struct pack_result result;
    struct strv annotations;
};

static void made_free(struct made *made)
{
    img__buf_free(&made->blob);
    img__strv_free(&made->annotations);
}

static void img__auto_made(struct made *made)
{
    made_free(made);
}

static const struct {
    enum compression compression;
    const char *name;
} formats[] = {
    [PACK_ESTARGZ] = {COMPRESSION_GZIP, "eStargz"},
    [PACK_CHUNKED] = {COMPRESSION_ZSTD, "zstd:chunked"},
};

static char large[9 * MIB + 1]; /* compressible, and nothing repeats */

static int setup(void **state)
{
    uint64_t seed = 1;
    for (size_t i = 0; i < sizeof(large); i++)
        large[i] = (char)('a' + next_random(&seed) % 4);
    return judge_setup(state);
}

static struct pack *open_pack(enum pack_layout layout, unsigned threads, struct buf *blob)
{
    img_error err;
    struct sink *sink = NULL;
    struct pack *pack = NULL;
    const struct pack_options options = {
        .compression = formats[layout].compression, .threads = threads, .layout = layout};
    assert_ok(img__sink_buf(blob, "a blob", &sink, &err));
    assert_ok(img__pack_new(&options, sink, &pack, &err));
    return pack;
}

static void add_file(struct pack *pack, const char *path, const char *data, size_t size,
                     size_t piece)
{
    img_error err;
    auto_free char *own = strdup(path);
    const struct entry entry = {
        .type = ENTRY_FILE, .path = own, .mode = 0644, .uid = 7, .mtime = 1234567890, .size = size};
    auto_(source) struct source *source = pieces_new(data, size, piece);
    assert_ok(img__pack_entry(pack, &entry, source, &err));
}

static void add_link(struct pack *pack, enum entry_type type, const char *path, const char *target)
{
    img_error err;
    auto_free char *own = strdup(path), *link = target ? strdup(target) : NULL;
    const struct entry entry = {.type = type, .path = own, .link = link, .mode = 0755};
    assert_ok(img__pack_entry(pack, &entry, NULL, &err));
}

static void end_pack(struct pack *pack, struct made *made)
{
    img_error err;
    assert_ok(img__pack_end(pack, &made->result, &err));
    assert_ok(
        img__strv_add_list(&made->annotations, img__strv_list(img__pack_annotations(pack)), &err));
}

/* Chunks that are whole, more than whole and less than that; runs of what has no data. */
static void make(enum pack_layout layout, unsigned threads, size_t piece, struct made *out)
{
    *out = (struct made){.blob = BUF_INIT(64 * MIB), .annotations = STRV_INIT};
    auto_(pack) struct pack *pack = open_pack(layout, threads, &out->blob);
    add_link(pack, ENTRY_DIRECTORY, "d", NULL);
    add_file(pack, "d/empty", "", 0, piece);
    add_file(pack, "d/one", "x", 1, piece);
    add_link(pack, ENTRY_HARDLINK, "d/hard", "d/one");
    add_link(pack, ENTRY_SYMLINK, "d/soft", "../q\"\\\n\x01 \xc3\xa9");
    add_file(pack, "exact", large, 8 * MIB, piece);
    add_file(pack, "over", large, 8 * MIB + 1, piece);
    add_file(pack, "under", large, 4 * MIB - 1, piece);
    for (int i = 0; i < 300; i++) {
        char name[32];
        snprintf(name, sizeof(name), "small-%d", i);
        add_file(pack, name, large + i, (size_t)i, piece);
    }
    add_link(pack, ENTRY_FIFO, "z", NULL);
    end_pack(pack, out);
}

static void assert_same(const struct made *a, const struct made *b)
{
    assert_int_equal(a->blob.len, b->blob.len);
    assert_memory_equal(a->blob.data, b->blob.data, a->blob.len);
    assert_string_equal(a->result.diff_id.text, b->result.diff_id.text);
    assert_int_equal(a->annotations.count, b->annotations.count);
    for (size_t i = 0; i < a->annotations.count; i++)
        assert_string_equal(a->annotations.items[i], b->annotations.items[i]);
}

static void same_bytes(void **state)
{
    static const struct {
        unsigned threads;
        size_t piece;
    } rows[] = {{2, 64 * MIB}, {3, 100 * 1024 + 1}, {8, 4 * MIB}, {1, 4 * MIB - 1}};
    (void)state;
    for (enum pack_layout layout = PACK_ESTARGZ; layout <= PACK_CHUNKED; layout++) {
        auto_(made) struct made first;
        make(layout, 1, 32 * 1024, &first);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            auto_(made) struct made again;
            make(layout, rows[i].threads, rows[i].piece, &again);
            assert_same(&first, &again);
        }
    }
}

/* Of what this machine's compressors make. Another version of libdeflate or libzstd may give other
 * blobs; the diffID of zstd:chunked is that of any layer with these files. */
static void golden(void **state)
{
    static const struct {
        const char *diff_id, *blob, *annotations[5];
    } rows[] = {
        [PACK_ESTARGZ] =
            {"sha256:964d23a1b419f941c8d3dc2e9c1667a958bef02e4e93200810a317c077e0473d",
             "sha256:e490be9939082f519b0903f5c807381064e4f308f992a61e273ed6aa715807cc",
             {"containerd.io/snapshot/stargz/"
              "toc.digest=sha256:8768829a612fbb54e541dc2eed48f8546ac03c906c109fc5ccd5d7771022bc72",
              "io.containers.estargz.uncompressed-size=21374976", NULL}},
        [PACK_CHUNKED] =
            {"sha256:974b19fb8ea6f45968e660d191cb153e82747e6d3a9622e569a7fb3d02052e96",
             "sha256:14881ca6a2732cd38be7fdf45477b350fba6c6617c300c98afe81f70999e8b07",
             {"io.github.containers.zstd-chunked.manifest-checksum=sha256:"
              "723b0cc73988c917a1b692ec46bf7cdb002264552688ebf7122b1f17fe01eff0",
              "io.github.containers.zstd-chunked.manifest-position=6571741:15201:66898:1",
              "io.github.containers.zstd-chunked.tarsplit-checksum=sha256:"
              "87e3555b94ecff7e7b99d583a758682181ce52db8e2f043fddf161b18aa92dd9",
              "io.github.containers.zstd-chunked.tarsplit-position=6586950:10541:396399", NULL}},
    };
    (void)state;
    for (enum pack_layout layout = PACK_ESTARGZ; layout <= PACK_CHUNKED; layout++) {
        auto_(made) struct made made;
        make(layout, 2, MIB, &made);
        assert_string_equal(made.result.diff_id.text, rows[layout].diff_id);
        judge_digest(made.blob.data, made.blob.len, rows[layout].blob);
        for (size_t i = 0; i < made.annotations.count; i++)
            assert_string_equal(made.annotations.items[i], rows[layout].annotations[i]);
        assert_null(rows[layout].annotations[made.annotations.count]);
    }
}

/* zstd:chunked adds nothing to the tar. */
static void same_tar(void **state)
{
    img_error err;
    auto_(buf) struct buf blob = BUF_INIT(64 * MIB);
    auto_(made) struct made chunked;
    struct sink *sink = NULL;
    struct pack_result plain;
    (void)state;
    assert_ok(img__sink_buf(&blob, "a blob", &sink, &err));
    auto_(pack) struct pack *pack = NULL;
    assert_ok(
        img__pack_new(&(struct pack_options){.compression = COMPRESSION_NONE}, sink, &pack, &err));
    assert_int_equal(img__pack_annotations(pack)->count, 0);
    add_file(pack, "a", "hello", 5, MIB);
    assert_ok(img__pack_end(pack, &plain, &err));

    chunked = (struct made){.blob = BUF_INIT(64 * MIB), .annotations = STRV_INIT};
    auto_(pack) struct pack *other = open_pack(PACK_CHUNKED, 1, &chunked.blob);
    assert_int_equal(img__pack_bytes(other), 0);
    add_file(other, "a", "hello", 5, MIB);
    end_pack(other, &chunked);
    assert_string_equal(plain.diff_id.text, chunked.result.diff_id.text);
    assert_int_equal(plain.tar_bytes, chunked.result.tar_bytes);
    assert_int_equal(plain.entries, chunked.result.entries);
}

/* A layer to which nothing came has no landmark either: it is none. */
static void nothing(void **state)
{
    (void)state;
    auto_(buf) struct buf blob = BUF_INIT(MIB);
    auto_(pack) struct pack *pack = open_pack(PACK_ESTARGZ, 1, &blob);
    add_file(pack, ESTARGZ_TOC, "old", 3, MIB);
    add_file(pack, ESTARGZ_LANDMARK, "\x0f", 1, MIB);
    assert_int_equal(img__pack_bytes(pack), 0);
}

/* The files of the format itself are made anew; nothing else can have their names. */
static void reserved(void **state)
{
    img_error err;
    auto_(buf) struct buf blob = BUF_INIT(MIB);
    auto_(made) struct made with = {.blob = BUF_INIT(MIB)}, without = {.blob = BUF_INIT(MIB)};
    (void)state;
    auto_(pack) struct pack *first = open_pack(PACK_ESTARGZ, 1, &with.blob);
    add_file(first, ESTARGZ_LANDMARK, "\x0f", 1, MIB);
    add_file(first, "a", "a", 1, MIB);
    add_file(first, "d/" ESTARGZ_TOC, "of the user", 11, MIB);
    add_file(first, ESTARGZ_TOC, "old", 3, MIB);
    end_pack(first, &with);
    auto_(pack) struct pack *second = open_pack(PACK_ESTARGZ, 1, &without.blob);
    add_file(second, "a", "a", 1, MIB);
    add_file(second, "d/" ESTARGZ_TOC, "of the user", 11, MIB);
    end_pack(second, &without);
    assert_same(&with, &without);
    assert_int_equal(with.result.entries, 2);

    char toc[] = ESTARGZ_TOC, path[] = "link";
    const struct entry wrong[] = {{.type = ENTRY_DIRECTORY, .path = toc, .mode = 0755},
                                  {.type = ENTRY_SYMLINK, .path = toc, .link = path, .mode = 0777},
                                  {.type = ENTRY_HARDLINK, .path = path, .link = toc}};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        auto_(buf) struct buf unused = BUF_INIT(MIB);
        auto_(pack) struct pack *pack = open_pack(PACK_ESTARGZ, 1, &unused);
        assert_fails(img__pack_entry(pack, &wrong[i], NULL, &err), IMG_EINVAL,
                     "eStargz keeps the name stargz.index.json for itself");
    }
    auto_(pack) struct pack *chunked = open_pack(PACK_CHUNKED, 1, &blob);
    assert_ok(img__pack_entry(chunked, &wrong[0], NULL, &err));
}

static void refuses(void **state)
{
    char path[] = "caf\xe9", fine[] = "a", bytes[] = "\xff";
    const struct entry_xattr xattr = {.name = path, .value = fine, .len = 1};
    struct entry_xattr xattrs[] = {xattr};
    const struct entry wrong[] = {
        {.type = ENTRY_DIRECTORY, .path = path},
        {.type = ENTRY_SYMLINK, .path = fine, .link = bytes},
        {.type = ENTRY_DIRECTORY, .path = fine, .xattrs = xattrs, .xattr_count = 1},
        {.type = ENTRY_DIRECTORY, .path = fine, .mtime = INT64_C(253402300800)},
        {.type = ENTRY_DIRECTORY, .path = fine, .mtime = INT64_C(-62167219201)},
    };
    img_error err;
    (void)state;
    for (enum pack_layout layout = PACK_ESTARGZ; layout <= PACK_CHUNKED; layout++)
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
            auto_(buf) struct buf blob = BUF_INIT(MIB);
            auto_(pack) struct pack *pack = open_pack(layout, 1, &blob);
            assert_fails(img__pack_entry(pack, &wrong[i], NULL, &err), IMG_EINVAL,
                         i < 3 ? "not UTF-8 can't be in a table of contents"
                               : "a time outside of the years 0 to 9999");
        }
}

/* Of one file, in a blob of at most room bytes. */
static int make_small(enum pack_layout layout, size_t room, size_t *len, img_error *err)
{
    auto_(buf) struct buf blob = BUF_INIT(room);
    auto_(pack) struct pack *pack = open_pack(layout, 1, &blob);
    struct pack_result result;
    char path[] = "a";
    const struct entry entry = {.type = ENTRY_FILE, .path = path, .size = 4};
    auto_(source) struct source *source = pieces_new("data", 4, 4);
    int rc = img__pack_entry(pack, &entry, source, err);
    if (rc == 0)
        rc = img__pack_end(pack, &result, err);
    *len = blob.len;
    return rc;
}

/* What the blob's sink says is what the call says. */
static void no_room(void **state)
{
    img_error err;
    (void)state;
    for (enum pack_layout layout = PACK_ESTARGZ; layout <= PACK_CHUNKED; layout++) {
        size_t whole, len;
        assert_ok(make_small(layout, MIB, &whole, &err));
        assert_ok(make_small(layout, whole, &len, &err));
        for (size_t room = 0; room < whole; room += 23)
            assert_fails(make_small(layout, room, &len, &err), IMG_ELIMIT, "a blob is larger than");
        assert_fails(make_small(layout, whole - 1, &len, &err), IMG_ELIMIT, "a blob is larger");
    }
}

/* The form of each line is pinned, and the checksum is that of other implementations:
 * CRC-64/GO-ISO of "123456789" is b90956c775a41001. */
static void tar_split(void **state)
{
    img_error err;
    auto_(buf) struct buf out = BUF_INIT(MIB);
    auto_(sink) struct sink *sink = NULL;
    auto_(tar_split) struct tar_split *split = NULL;
    uint64_t bytes;
    (void)state;
    assert_ok(img__sink_buf(&out, "lines", &sink, &err));
    assert_ok(img__tar_split_new(sink, &split, &err));
    assert_ok(img__tar_split_raw(split, "he", 2, &err));
    assert_ok(img__tar_split_raw(split, "ad", 2, &err));
    assert_ok(img__tar_split_entry(split, "d/", 0, &err));
    assert_ok(img__tar_split_raw(split, "head", 4, &err));
    assert_ok(img__tar_split_entry(split, "a\"<\x01\xc3\xa9", 9, &err));
    assert_ok(img__tar_split_data(split, "1234", 4, &err));
    assert_ok(img__tar_split_data(split, "56789", 5, &err));
    assert_ok(img__tar_split_raw(split, "\0\0\0", 3, &err));
    assert_ok(img__tar_split_end(split, &bytes, &err));
    assert_string_equal(out.data, "{\"type\":2,\"payload\":\"aGVhZA==\",\"position\":0}\n"
                                  "{\"type\":1,\"name\":\"d/\",\"payload\":null,\"position\":1}\n"
                                  "{\"type\":2,\"payload\":\"aGVhZA==\",\"position\":2}\n"
                                  "{\"type\":1,\"name\":\"a\\\"<\\u0001\xc3\xa9\",\"size\":9,"
                                  "\"payload\":\"uQlWx3WkEAE=\",\"position\":3}\n"
                                  "{\"type\":2,\"payload\":\"AAAA\",\"position\":4}\n");
    assert_int_equal(bytes, out.len);
}

static void times(void **state)
{
    static const struct {
        int64_t mtime;
        uint32_t ns;
        const char *text;
    } rows[] = {
        {0, 0, "1970-01-01T00:00:00Z"},
        {-1, 500000000, "1969-12-31T23:59:59.5Z"},
        {1234567890, 1, "2009-02-13T23:31:30.000000001Z"},
        {1234567890, 120000000, "2009-02-13T23:31:30.12Z"},
        {INT64_C(-62167219200), 0, "0000-01-01T00:00:00Z"},
        {INT64_C(253402300799), 999999999, "9999-12-31T23:59:59.999999999Z"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct toc_item item = {.entry = {.mtime = rows[i].mtime, .mtime_ns = rows[i].ns}};
        char text[TOC_TIME_SIZE];
        img__toc_time(&item, text);
        assert_string_equal(text, rows[i].text);
    }
}

/* A size in a header costs memory before there is data: not without limit. */
static void large_table(void **state)
{
    img_error err;
    auto_(toc) struct toc *toc = NULL;
    struct toc_item *item;
    char path[] = "a";
    (void)state;
    assert_ok(img__toc_new(&toc, &err));
    const struct entry fits = {.type = ENTRY_FILE, .path = path, .size = (uint64_t)1 << 42};
    assert_ok(img__toc_add(toc, &fits, &item, &err));
    assert_int_equal(item->chunk_count, 1 << 20);
    assert_int_equal(img__toc_chunk_size(item, (1 << 20) - 1), TOC_CHUNK);
    const struct entry wrong = {.type = ENTRY_FILE, .path = path, .size = (uint64_t)1 << 62};
    assert_fails(img__toc_add(toc, &wrong, &item, &err), IMG_ELIMIT, "the table of contents");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes),  cmocka_unit_test(golden),    cmocka_unit_test(same_tar),
        cmocka_unit_test(nothing),     cmocka_unit_test(reserved),  cmocka_unit_test(refuses),
        cmocka_unit_test(no_room),     cmocka_unit_test(tar_split), cmocka_unit_test(times),
        cmocka_unit_test(large_table),
    };
    return cmocka_run_group_tests(tests, setup, judge_teardown);
}
