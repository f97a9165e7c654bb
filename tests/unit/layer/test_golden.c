/* SPDX-License-Identifier: Apache-2.0
 *
 * The digests of one layer that has everything: all types, long names, attributes, large numbers,
 * and enough data for every clause of the cut rule. They stand for a promise to users: the diffID
 * never changes. The others change with LAYER_FORMAT or with the version of the library that
 * compresses; with another version than those below, only the diffID is compared.
 */
#include "layer/blocks.h"
#include "layer/pack.h"

#include "judge.h"

#define DIFF_ID "sha256:16c3c504ac1a57ff7e32dcfea16c5d17e52a7a0993ac2816b00adbd1a6c6d1d7"
#define MIB ((size_t)1024 * 1024)

static const struct {
    enum compression compression;
    int level;
    const char *version; /* of the library */
    const char *digest;
} rows[] = {
    {COMPRESSION_NONE, 0, "", DIFF_ID},
    {COMPRESSION_GZIP, 0, "1.14",
     "sha256:b75b3264874908ccef4cca8093e1fc9f91a50772b782364b27d3d28501c5e8ce"},
    {COMPRESSION_GZIP, 1, "1.14",
     "sha256:7fc5fd78330f1a3b6050eae4426ba5b85fc14d979ce2504c87211a2f2377898b"},
    {COMPRESSION_GZIP, 6, "1.14",
     "sha256:3211d6c910daa69b8acb375114609490f1a604eb9345d5b778a9c2a26a252ffa"},
    {COMPRESSION_ZSTD, 0, "1.5.4",
     "sha256:effd682f682623610588180e877489a89048eb6bb280f9555ab94339546c5fa7"},
    {COMPRESSION_ZSTD, 1, "1.5.4",
     "sha256:5e2572576ed9b482e085b0769b1a801d6be524221a77d1a2baf25a967d58f8d2"},
    {COMPRESSION_ZSTD, 6, "1.5.4",
     "sha256:3ba97ed001595a5be0f03c55dabb7e3163c584e90b5f0980e0e0899873895923"},
};

static const char *version_of(enum compression compression)
{
    switch (compression) {
    case COMPRESSION_GZIP:
        return img__compress_libdeflate_version();
    case COMPRESSION_ZSTD:
        return img__compress_zstd_version();
    default:
        return "";
    }
}

/* Without end, and the same everywhere. noise: it can't be compressed; else it is text. */
static void fill(char *data, size_t len, uint32_t seed, bool noise)
{
    uint64_t x = seed * 0x9e3779b97f4a7c15u + 1;
    for (size_t i = 0; i < len; i++) {
        if (noise || i % 7 == 0)
            x = x * 6364136223846793005u + 1442695040888963407u;
        data[i] = noise ? (char)(x >> 56) : "the layer of an image\n"[(x >> 40) % 22];
    }
}

static void add_file(struct pack *pack, struct entry *entry, size_t len, bool noise)
{
    auto_free char *data = malloc(len + 1);
    auto_(source) struct source *source = NULL;
    img_error err;
    assert_non_null(data);
    fill(data, len, (uint32_t)len, noise);
    entry->type = ENTRY_FILE;
    entry->size = len;
    assert_ok(img__source_memory(data, len, &source, &err));
    assert_ok(img__pack_entry(pack, entry, source, &err));
    entry->size = 0;
}

static void add_types(struct pack *pack)
{
    static char directory[] = "d", fifo[] = "d/fifo", disk[] = "d/disk", tty[] = "d/tty",
                symlink[] = "d/symlink", target[] = "../\xc3\xa4/nowhere", hard[] = "d/zz-hard",
                file[] = "d/xattr", utf8[] = "d/\xc3\xa4", latin[] = "d/\xe4";
    struct entry rows_of[] = {
        {.type = ENTRY_DIRECTORY, .path = directory, .mode = 01777, .mtime = -1},
        {.type = ENTRY_BLOCK, .path = disk, .device_major = 8, .device_minor = 1000000},
        {.type = ENTRY_FIFO, .path = fifo, .mode = 0644, .uid = 2097152, .gid = 4294967294},
        {.type = ENTRY_SYMLINK, .path = symlink, .link = target, .mode = 0777},
        {.type = ENTRY_CHARACTER, .path = tty, .device_major = 4095, .mtime = 8589934592},
    };
    img_error err;
    for (size_t i = 0; i < sizeof(rows_of) / sizeof(rows_of[0]); i++)
        assert_ok(img__pack_entry(pack, &rows_of[i], NULL, &err));

    auto_(entry) struct entry entry = {.mode = 04755, .mtime = 1234567890, .mtime_ns = 999999999};
    assert_ok(img__entry_add_xattr(&entry, "user.k", "v\0\n", 3, &err));
    assert_ok(img__entry_add_xattr(&entry, "security.capability",
                                   "\1\0\0\2\0\40\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20, &err));
    img__entry_sort_xattrs(&entry);
    entry.path = file;
    add_file(pack, &entry, 1, false);
    struct entry plain = {.mode = 0600, .path = utf8};
    add_file(pack, &plain, 511, false);
    plain.path = latin;
    add_file(pack, &plain, 512, false);
    struct entry link = {.type = ENTRY_HARDLINK, .path = hard, .link = file, .mode = 04755};
    assert_ok(img__pack_entry(pack, &link, NULL, &err));
    entry.path = NULL;
}

/* Names up to the longest there are. */
static void add_names(struct pack *pack)
{
    static const size_t lens[] = {98, 99, 100, 101, 155, 255, 256, 1000, 4096};
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        char path[4097];
        for (size_t at = 0; at < lens[i]; at++)
            path[at] = at % 200 == 199 && at + 1 < lens[i] ? '/' : (char)('a' + i);
        path[lens[i]] = '\0';
        struct entry entry = {.mode = 0644, .path = path};
        add_file(pack, &entry, i, false);
    }
}

/* Small files and large ones around each limit of gzip's rule and of zstd's. */
static void add_sizes(struct pack *pack)
{
    static const size_t kib[] = {256, 640, 1408, 3520};
    char path[32];
    struct entry entry = {.mode = 0644, .path = path};
    for (int i = 0; i < 300; i++) {
        snprintf(path, sizeof(path), "many/%03d", i);
        add_file(pack, &entry, (size_t)i * 131 % 20000, i % 5 == 0);
    }
    for (size_t i = 0; i < sizeof(kib) / sizeof(kib[0]); i++)
        for (size_t edge = 0; edge < 3; edge++) {
            snprintf(path, sizeof(path), "sizes/%04zu-%zu", kib[i], edge);
            add_file(pack, &entry, kib[i] * 1024 + edge - 1, edge == 1);
        }
    snprintf(path, sizeof(path), "sizes/noise");
    add_file(pack, &entry, 3 * MIB + 7, true);
    snprintf(path, sizeof(path), "sizes/text");
    add_file(pack, &entry, 7 * MIB, false);
}

static void make(enum compression compression, int level, unsigned threads, struct buf *out,
                 struct pack_result *result)
{
    const struct pack_options options = {
        .compression = compression, .level = level, .threads = threads};
    img_error err;
    struct sink *blob = NULL;
    auto_(pack) struct pack *pack = NULL;
    assert_ok(img__sink_buf(out, "a blob", &blob, &err));
    assert_ok(img__pack_new(&options, blob, &pack, &err));
    add_names(pack);
    add_types(pack);
    add_sizes(pack);
    assert_ok(img__pack_whiteout(pack, "gone", &err));
    assert_ok(img__pack_opaque(pack, "d", &err));
    assert_ok(img__pack_end(pack, result, &err));
}

static void golden(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(buf) struct buf blob = BUF_INIT(64 * MIB);
        struct pack_result result;
        make(rows[i].compression, rows[i].level, 1 + (unsigned)i % 3, &blob, &result);
        assert_string_equal(result.diff_id.text, DIFF_ID);
        if (strcmp(version_of(rows[i].compression), rows[i].version) == 0)
            judge_digest(blob.data, blob.len, rows[i].digest);
        else
            print_message("version %s compresses, not %s: its digest is not compared\n",
                          version_of(rows[i].compression), rows[i].version);
    }
}

static void threads_do_not_show(void **state)
{
    static const unsigned counts[] = {2, 3, 8, 16};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].level)
            continue;
        auto_(buf) struct buf first = BUF_INIT(64 * MIB);
        struct pack_result result;
        make(rows[i].compression, rows[i].level, 1, &first, &result);
        for (size_t n = 0; n < sizeof(counts) / sizeof(counts[0]); n++) {
            auto_(buf) struct buf blob = BUF_INIT(64 * MIB);
            make(rows[i].compression, rows[i].level, counts[n], &blob, &result);
            assert_int_equal(blob.len, first.len);
            assert_memory_equal(blob.data, first.data, first.len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),
        cmocka_unit_test(threads_do_not_show),
    };
    return cmocka_run_group_tests(tests, judge_setup, judge_teardown);
}
