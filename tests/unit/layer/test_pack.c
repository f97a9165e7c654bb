/* SPDX-License-Identifier: Apache-2.0
 *
 * From a real tree to a blob: the digests are pinned and come out whatever the umask, the locale,
 * the time zone, the user and the order of creation are; tar unpacks the tree again.
 */
#include "layer/pack.h"

#include <locale.h>
#include <sys/stat.h>
#include <time.h>

#include "judge.h"
#include "layer/scan.h"

static int into_pack(const struct entry *entry, struct source *data, void *arg, img_error *err)
{
    return img__pack_entry(arg, entry, data, err);
}

static void pack_tree(const char *name, const struct scan_options *options,
                      enum compression compression, struct buf *out, struct pack_result *result)
{
    img_error err;
    struct sink *blob = NULL;
    auto_(pack) struct pack *pack = NULL;
    auto_free char *path = judge_path(name);
    assert_ok(img__sink_buf(out, "a blob", &blob, &err));
    assert_ok(img__pack_new(&(struct pack_options){.compression = compression}, blob, &pack, &err));
    img__pack_sorted(pack);
    assert_ok(img__scan(path, options, into_pack, pack, &err));
    assert_ok(img__pack_end(pack, result, &err));
    assert_int_equal(img__pack_bytes(pack), result->tar_bytes);
}

/* Everything that a tree can have, but for what only root can make. */
#define TREE                                                                                       \
    "chmod 755 .; mkdir -m 700 -p a a/b; printf data >a/f; printf x >z; ln a/f a/g; ln -s ../q "   \
    "a/l;"                                                                                         \
    "printf y >\"$(printf 'caf\\303\\251')\"; printf z >\"$(printf 'lat\\351')\"; mkfifo -m 644 "  \
    "p;"                                                                                           \
    "mkdir -m 755 $long; printf w >$long/$long; chmod 4755 z; chmod 640 a/f $long/$long caf* "     \
    "lat*;"
#define LONG "long=$(printf %0120d 7);"
#define TIMES "find . -exec touch -hd '@1234567890.5' {} +; touch -d @-1.5 z;"

static const char *const trees[] = {
    "umask 022; mkdir -p t; cd t;" LONG TREE TIMES,
    "umask 077; mkdir -p t; cd t; touch z y x a~ 0; rm z y x a~ 0;" LONG TREE TIMES,
    "umask 000; mkdir -p t; cd t; for i in $(seq 300); do : >$i; done; printf x >z; mkfifo -m 644 "
    "p;" LONG "mkdir -m 755 $long; rm p z; rmdir $long;" TREE
    "rm -- [0-9] [0-9][0-9] [0-9][0-9][0-9];" TIMES,
};

#define DIFF_ID "sha256:20b308ce01b7388370bee70ab7aabddc71892080ab9a0210deae8fb0a31e0063"

static const char *const places[][2] = {
    {"C", "UTC"}, {"C.UTF-8", "America/St_Johns"}, {"POSIX", "Pacific/Apia"}};

static void same_bytes(void **state)
{
    const struct scan_options options = {.prefix = "opt", .set_uid = true, .set_gid = true};
    (void)state;
    for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++) {
        auto_(buf) struct buf blob = BUF_INIT((size_t)1 << 20);
        struct pack_result result;
        judge_says("rm -rf t", "");
        judge_says(trees[i], "");
        setlocale(LC_ALL, places[i][0]);
        setenv("TZ", places[i][1], 1);
        tzset();
        umask(i ? 077 : 0);
        pack_tree("t", &options, COMPRESSION_NONE, &blob, &result);
        umask(022);
        unsetenv("TZ");
        setlocale(LC_ALL, "C");

        judge_digest(blob.data, blob.len, result.diff_id.text);
        assert_string_equal(result.diff_id.text, DIFF_ID);
        assert_int_equal(result.tar_bytes, blob.len);
        assert_int_equal(result.entries, 12);
        assert_int_equal(result.newest_mtime, 1234567890);
    }
}

/* Another user sees the same, if the owner is said. */
static void same_bytes_as_user(void **state)
{
    const struct scan_options options = {.prefix = "opt", .set_uid = true, .set_gid = true};
    auto_(buf) struct buf blob = BUF_INIT((size_t)1 << 20);
    struct pack_result result;
    (void)state;
    if (geteuid() != 0)
        skip();
    judge_says("chmod 711 .; rm -rf t", "");
    judge_says(trees[0], "");
    judge_says("chown -hR 1234:5678 t; chmod 4755 t/z", "");
    assert_int_equal(seteuid(1234), 0);
    pack_tree("t", &options, COMPRESSION_NONE, &blob, &result);
    assert_int_equal(seteuid(0), 0);
    assert_string_equal(result.diff_id.text, DIFF_ID);
}

static void tar_unpacks(void **state)
{
    static const enum compression ways[] = {COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD};
    const struct scan_options options = {.prefix = ""};
    struct pack_result first = {0};
    (void)state;
    judge_says("rm -rf t", "");
    judge_says(trees[0], "");
    judge_says("setfattr -n user.k -v 'v\n1' t/z; setfattr -n user.d -v 2 t/a", "");
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        auto_(buf) struct buf blob = BUF_INIT((size_t)1 << 20);
        struct pack_result result;
        pack_tree("t", &options, ways[i], &blob, &result);
        if (i == 0)
            first = result;
        assert_string_equal(result.diff_id.text, first.diff_id.text);
        judge_write("layer", blob.data, blob.len);
        judge_says(
            "rm -rf out; mkdir out; tar --xattrs --xattrs-include='*' -xpf layer -C out 2>&1 |"
            " grep -v implausibly;"
            "list() { (cd $1; find . ! -name . -printf '%P %y %m %s %U %G %n %l ' -exec "
            "stat -c %Y {} \\;"
            " | sort; find . -type f -exec sha256sum {} + | sort; getfattr -R -d . 2>&1); };"
            "list t >l1; list out >l2; cmp l1 l2 && test $(wc -l <l1) -gt 20",
            "");
    }
}

static struct entry entry_of(enum entry_type type, char *path)
{
    return (struct entry){.type = type, .path = path, .mode = 0755};
}

static void whiteouts(void **state)
{
    static char usr[] = "usr", ours[] = "usr/.wh.mine", file[] = "usr/x";
    img_error err;
    auto_(buf) struct buf tar = BUF_INIT((size_t)1 << 20);
    struct sink *blob = NULL;
    auto_(pack) struct pack *pack = NULL;
    struct pack_result result;
    (void)state;
    assert_ok(img__sink_buf(&tar, "a blob", &blob, &err));
    assert_ok(
        img__pack_new(&(struct pack_options){.compression = COMPRESSION_NONE}, blob, &pack, &err));

    struct entry parent = entry_of(ENTRY_DIRECTORY, usr);
    parent.mtime = 100;
    assert_ok(img__pack_whiteout(pack, "etc", &err));
    assert_ok(img__pack_parent(pack, &parent, &err));
    assert_ok(img__pack_whiteout(pack, "usr/bin", &err));
    struct entry entry = entry_of(ENTRY_FILE, ours);
    entry.mtime = 50;
    assert_ok(img__pack_entry(pack, &entry, NULL, &err));
    entry = entry_of(ENTRY_FILE, file);
    entry.mtime = 7;
    assert_ok(img__pack_entry(pack, &entry, NULL, &err));
    assert_fails(img__pack_whiteout(pack, "", &err), IMG_EINVAL, "/: can't be removed");
    assert_fails(img__pack_whiteout(pack, "usr/.wh.x", &err), IMG_EINVAL, "can't be removed");
    assert_fails(img__pack_whiteout(pack, "etc", &err), IMG_EFORMAT,
                 ".wh.etc: is in the layer twice");
    assert_ok(img__pack_end(pack, &result, &err));
    assert_int_equal(result.newest_mtime, 7);
    assert_int_equal(result.entries, 5);

    judge_write("all.tar", tar.data, tar.len);
    judge_says("LC_ALL=C TZ=UTC tar --numeric-owner --full-time -tvf all.tar",
               "---------- 0/0               0 1970-01-01 00:00:00 .wh.etc\n"
               "drwxr-xr-x 0/0               0 1970-01-01 00:01:40 usr/\n"
               "---------- 0/0               0 1970-01-01 00:00:00 usr/.wh.bin\n"
               "-rwxr-xr-x 0/0               0 1970-01-01 00:00:50 usr/.wh.mine\n"
               "-rwxr-xr-x 0/0               0 1970-01-01 00:00:07 usr/x\n");
}

static void empty(void **state)
{
    img_error err;
    auto_(buf) struct buf out = BUF_INIT((size_t)1 << 20);
    struct sink *blob = NULL;
    auto_(pack) struct pack *pack = NULL;
    struct pack_result result;
    (void)state;
    assert_ok(img__sink_buf(&out, "a blob", &blob, &err));
    assert_ok(
        img__pack_new(&(struct pack_options){.compression = COMPRESSION_GZIP}, blob, &pack, &err));
    assert_ok(img__pack_end(pack, &result, &err));
    assert_string_equal(result.diff_id.text,
                        "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6"
                        "cddfaf10ace3c6ef");
    assert_int_equal(result.newest_mtime, INT64_MIN);
    assert_int_equal(result.tar_bytes, 1024);
}

/* A source that does not keep to the size of its entry. */
static void wrong_size(void **state)
{
    static char path[] = "f";
    static const uint64_t sizes[] = {3, 5};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        img_error err;
        auto_(buf) struct buf out = BUF_INIT((size_t)1 << 20);
        struct sink *blob = NULL;
        auto_(pack) struct pack *pack = NULL;
        auto_(source) struct source *data = NULL;
        assert_ok(img__sink_buf(&out, "a blob", &blob, &err));
        assert_ok(img__pack_new(&(struct pack_options){.compression = COMPRESSION_NONE}, blob,
                                &pack, &err));
        assert_ok(img__source_memory("1234", 4, &data, &err));
        struct entry entry = entry_of(ENTRY_FILE, path);
        entry.size = sizes[i];
        assert_fails(img__pack_entry(pack, &entry, data, &err), IMG_EFORMAT,
                     i ? "fewer than the 5 bytes" : "more than the 3 bytes");
    }
}

/* The sink of the blob is taken over even when the pack can't be made. */
static void bad_level(void **state)
{
    img_error err;
    auto_(buf) struct buf out = BUF_INIT(1024);
    struct sink *blob = NULL;
    struct pack *pack = NULL;
    (void)state;
    assert_ok(img__sink_buf(&out, "a blob", &blob, &err));
    assert_fails(img__pack_new(&(struct pack_options){.compression = COMPRESSION_GZIP, .level = 99},
                               blob, &pack, &err),
                 IMG_EINVAL, "level 99");
    assert_null(pack);
}

static void full_disk(void **state)
{
    img_error err;
    auto_(buf) struct buf out = BUF_INIT(2000);
    struct sink *blob = NULL;
    auto_(pack) struct pack *pack = NULL;
    auto_free char *path = judge_path("t");
    const struct scan_options options = {.prefix = ""};
    (void)state;
    judge_says("rm -rf t", "");
    judge_says(trees[0], "");
    assert_ok(img__sink_buf(&out, "the disk", &blob, &err));
    assert_ok(
        img__pack_new(&(struct pack_options){.compression = COMPRESSION_NONE}, blob, &pack, &err));
    struct pack_result result;
    assert_ok(img__scan(path, &options, into_pack, pack, &err));
    assert_fails(img__pack_end(pack, &result, &err), IMG_ELIMIT, "the disk");

    judge_says("head -c 2000000 /dev/zero >t/a/zeros", "");
    auto_(pack) struct pack *large = NULL;
    assert_ok(img__sink_buf(&out, "the disk", &blob, &err));
    assert_ok(img__pack_new(&(struct pack_options){.compression = COMPRESSION_NONE, .threads = 1},
                            blob, &large, &err));
    assert_fails(img__scan(path, &options, into_pack, large, &err), IMG_ELIMIT, "the disk");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes),  cmocka_unit_test(same_bytes_as_user),
        cmocka_unit_test(tar_unpacks), cmocka_unit_test(whiteouts),
        cmocka_unit_test(empty),       cmocka_unit_test(wrong_size),
        cmocka_unit_test(bad_level),   cmocka_unit_test(full_disk),
    };
    return cmocka_run_group_tests(tests, judge_setup, judge_teardown);
}
