/* SPDX-License-Identifier: Apache-2.0
 *
 * Builds that are not the first of their tree: what is read, what is made, and that the image is
 * the one that would have been made from nothing.
 */
#include "reuse.h"

#include "ops/reuse_record.h"

/* Ten entries beneath t, which is one more where it does not go to the root. */
#define ENTRIES 11

static void test_unchanged(void **state)
{
    struct fixture *f = *state;
    make_tree(f);
    struct plan plan = plan_of("t", "/srv");
    assert_made(f, &plan, 1);
    struct did did = run(f, &plan);
    assert_int_equal(did.made, 0);
    assert_int_equal(did.cached, 1);
    assert_int_equal(did.kept, ENTRIES);
    assert_int_equal(did.read, 0);
    /* The same tree elsewhere in the image: its files are known, the layer is not. */
    plan.destination[0] = "/";
    assert_made(f, &plan, 1);
    assert_cached(f, &plan, 0);
    plan.destination[0] = "/srv";
    assert_cached(f, &plan, 0);
}

static void test_single_file(void **state)
{
    struct fixture *f = *state;
    make_tree(f);
    struct plan plan = plan_of("t/a/one", "/etc/");
    assert_made(f, &plan, 1);
    assert_cached(f, &plan, 0);
    /* Another name is another file in the image, whatever its inode is. */
    shell(f, "mv t/a/one t/a/uno");
    plan.source[0] = "t/a/uno";
    assert_made(f, &plan, 1);
}

/* What becomes of the layer, with times that do not count, by what was done to the tree. */
static const struct {
    const char *script;
    bool made;
    unsigned read; /* if it is not made */
} changes[] = {
    {"echo more >>t/a/two", true, 0},
    {"touch t/a/two", false, 1},
    {"touch -d @1500000000 t/a/two", false, 1},
    {"chmod 600 t/a/two", true, 0},
    {"chmod 600 t/a/two && chmod 640 t/a/two", false, 1},
    {"chmod 700 t/a/deep", true, 0},
    {"touch t/a/deep", false, 1},
    /* The same size and times, other bytes; in place, and by another inode. */
    {"printf 'TWO\\n' >t/a/two && touch -d @1000000000.5 t/a/two", true, 0},
    {"printf 'TWO\\n' >new && chmod 640 new && touch -d @1000000000.5 new && mv new t/a/two", true,
     0},
    {"cp -p t/a/two new && mv new t/a/two", false, 2},
    {"setfattr -n user.k -v v t/a/two", true, 0},
    {"setfattr -n user.k -v v t/a/deep", true, 0},
    {"setfattr -n user.k -v v t/a/two && setfattr -x user.k t/a/two", false, 1},
    {"ln t/a/two outside", false, 1},
    {"ln t/a/two t/b/zwei", true, 0},
    /* The link count of one and the other name of it stay, but not which comes first. */
    {"mv t/b t/0", true, 0},
    {"rm t/b/hard && cp -p t/a/one t/b/hard", true, 0},
    {"rm t/a/two", true, 0},
    {"mv t/a/two t/a/twin", true, 0},
    {"mv t/a/two x && mv t/a/deep/three t/a/two && mv x t/a/deep/three", true, 0},
    {"echo new >t/a/new", true, 0},
    {"mkdir t/new", true, 0},
    {"echo new >t/a/new && rm t/a/new", false, 1},
    {"ln -sfn two t/a/link", true, 0},
    {"ln -sfn one t/a/link", false, 2},
    {"rm t/b/pipe && echo file >t/b/pipe", true, 0},
    {"rm t/b/pipe && mkfifo -m 644 t/b/pipe", false, 2},
    {"mv t u && cp -a u t", false, ENTRIES},
    {"mv t/a/deep/three x && rmdir t/a/deep && ln -s ../b t/a/deep", true, 0},
};

static void test_changes(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct plan plan = plan_of("t", "/srv");
        plan.add.set = IMG_ADD_MTIME;
        make_tree(f);
        run(f, &plan);
        shell(f, "%s", changes[i].script);
        struct did did = run(f, &plan);
        if (did.made != changes[i].made)
            fail_msg("made %u layers after: %s", did.made, changes[i].script);
        if (did.cached && did.read != changes[i].read)
            fail_msg("read %llu files after: %s", did.read, changes[i].script);
        assert_cached(f, &plan, 0);
        shell(f, "rm -rf t u x new outside store/.libimg-cache");
    }
}

/* With times that count. */
static void test_times(void **state)
{
    struct fixture *f = *state;
    struct plan plan = plan_of("t", "/");
    make_tree(f);
    run(f, &plan);
    shell(f, "touch -d @1000000000.7 t/a/two");
    assert_cached(f, &plan, 1);
    shell(f, "touch -d @1000000001 t/a/two");
    assert_made(f, &plan, 1);
    plan.add.preserve = IMG_PRESERVE_NANOSECONDS;
    assert_made(f, &plan, 1);
    shell(f, "touch -d @1000000001.1 t/a/two");
    assert_made(f, &plan, 1);
    /* There and back. */
    shell(f, "touch -d @1000000001 t/a/two");
    assert_cached(f, &plan, 1);
}

/* Both versions are remembered. */
static void test_there_and_back(void **state)
{
    struct fixture *f = *state;
    struct plan plan = plan_of("t", "/");
    plan.add.set = IMG_ADD_MTIME;
    make_tree(f);
    run(f, &plan);
    shell(f, "printf 'TWO\\n' >t/a/two");
    assert_made(f, &plan, 1);
    shell(f, "printf 'two\\n' >t/a/two");
    assert_cached(f, &plan, 1);
    shell(f, "printf 'TWO\\n' >t/a/two");
    assert_cached(f, &plan, 1);
}

static void test_owner(void **state)
{
    struct fixture *f = *state;
    struct plan plan = plan_of("t", "/");
    if (geteuid() != 0)
        skip();
    make_tree(f);
    run(f, &plan);
    shell(f, "chown 7 t/a/two");
    assert_made(f, &plan, 1);
    shell(f, "chown :7 t/a/two");
    assert_made(f, &plan, 1);
    shell(f, "chown -h 7 t/a/link");
    assert_made(f, &plan, 1);
    assert_cached(f, &plan, 0);
}

/* A file that is written again within the grain of the clock looks the same; one that is as young
 * as that is read each time. */
static void test_racy(void **state)
{
    struct fixture *f = *state;
    struct plan plan = plan_of("t", "/");
    struct did before = {0};
    plan.add.set = IMG_ADD_MTIME;
    make_tree(f);
    reuse_ahead = 0;
    reuse_coarse = true;
    for (int i = 0; i < 20; i++) {
        shell(f, "printf '%04d' >t/a/two && touch -d @1000000000 t/a/two", i);
        struct did did = run(f, &plan);
        assert_string_not_equal(did.digest, before.digest);
        before = did;
    }
    /* Too young to be known, old enough for its layer. */
    struct did did = run(f, &plan);
    assert_int_equal(did.made, 0);
    assert_true(did.read > 0);
    reuse_ahead = 100;
    assert_cached(f, &plan, (unsigned)did.read + (unsigned)did.kept);
    assert_cached(f, &plan, 0);
}

/* Of two images of file systems that a tool made (mke2fs -d, mksquashfs), mounted one after the
 * other, the inodes and all times may be the same. */
static void test_set_by_a_tool(void **state)
{
    struct fixture *f = *state;
    struct plan plan = plan_of("t", "/");
    make_tree(f);
    reuse_whole = true;
    run(f, &plan);
    struct did did = run(f, &plan);
    assert_int_equal(did.made, 0);
    assert_int_equal(did.cached, 1);
    assert_int_equal(did.kept, 0);
    assert_true(did.read > 0);
}

/* A clock that goes backwards makes files young. */
static void test_clock_back(void **state)
{
    struct fixture *f = *state;
    struct plan plan = plan_of("t", "/");
    make_tree(f);
    run(f, &plan);
    reuse_ahead = -1000;
    assert_cached(f, &plan, ENTRIES - 1);
    reuse_ahead = 100;
    assert_cached(f, &plan, ENTRIES - 1);
    assert_cached(f, &plan, 0);
}

/* ---- options ---- */

static const struct variant {
    int32_t compression, level;
    uint32_t epoch;
    uint32_t set, preserve, mode, uid, flags;
    const char *chmod, *chown, *uid_map, *exclude, *destination;
} variants[] = {
    {0},
    {.level = 1},
    {.compression = IMG_COMPRESSION_ZSTD},
    {.compression = IMG_COMPRESSION_NONE},
    {.compression = IMG_COMPRESSION_ESTARGZ},
    {.compression = IMG_COMPRESSION_ZSTD_CHUNKED},
    {.epoch = 900000000},
    {.epoch = 1},
    {.set = IMG_ADD_MODE, .mode = 0600},
    {.set = IMG_ADD_UID, .uid = 5},
    {.set = IMG_ADD_GID},
    {.set = IMG_ADD_MTIME},
    {.preserve = IMG_PRESERVE_NANOSECONDS},
    {.preserve = IMG_PRESERVE_XATTRS},
    {.flags = IMG_ADD_WARN_CASE},
    {.chmod = "a-r"},
    {.chown = "3"},
    {.chown = "3:4"},
    {.uid_map = "0:0:70000"},
    {.uid_map = "100:0:70000"},
    {.exclude = "a/two"},
    {.exclude = "a"},
    {.destination = "/x"},
    {.destination = "/x/"},
    {.destination = "x/y"},
};

static struct plan plan_variant(const struct variant *variant, const char **lists)
{
    struct plan plan = plan_of("t", variant->destination ? variant->destination : "/");
    lists[0] = variant->uid_map;
    lists[2] = variant->exclude;
    plan.build.compression = variant->compression;
    plan.build.level = variant->level;
    plan.build.has_epoch = variant->epoch != 0;
    plan.build.epoch = variant->epoch;
    plan.add.set = variant->set;
    plan.add.preserve = variant->preserve;
    plan.add.mode = variant->mode;
    plan.add.uid = variant->uid;
    plan.add.flags = variant->flags;
    plan.add.chmod = variant->chmod;
    plan.add.chown = variant->chown;
    plan.add.uid_map = variant->uid_map ? lists : NULL;
    plan.add.exclude = variant->exclude ? lists + 2 : NULL;
    return plan;
}

static void test_options(void **state)
{
    struct fixture *f = *state;
    make_tree(f);
    shell(f, "setfattr -n user.k -v v t/a/two");
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
            const char *lists[4] = {NULL};
            struct plan plan = plan_variant(&variants[i], lists);
            struct did did = run(f, &plan);
            if (round == 1 && did.made)
                fail_msg("variant %zu was made again", i);
        }
}

/* Layers that are made of the same files in other ways must not be taken for one another. */
static void test_workdir(void **state)
{
    struct fixture *f = *state;
    static const char *const workdirs[] = {"/one", "/two", NULL};
    make_tree(f);
    auto_free char *tree = path_in(f, "t");
    char digests[2][sizeof(((img_digest *)NULL)->text)];
    for (size_t i = 0; workdirs[i]; i++) {
        img_descriptor manifest;
        img_error err = {0};
        auto_(test_build) img_build *build = build_new(f);
        assert_ok(img_build_set(build, "workdir", workdirs[i], &err));
        assert_ok(img_build_add_path(build, tree, "here", NULL, &err));
        assert_ok(
            img_build_commit(build, (const char *const[]){"w:1", NULL}, &manifest, NULL, &err));
        auto_free char *list = list_top(f, "w:1", 0);
        assert_non_null(strstr(list, i ? " two/here\n" : " one/here\n"));
        strcpy(digests[i], manifest.digest.text);
    }
    assert_string_not_equal(digests[0], digests[1]);
}

/* Names that differ in case are told of each time. */
static void test_warnings(void **state)
{
    struct fixture *f = *state;
    struct plan plan = plan_of("t", "/");
    plan.add.flags = IMG_ADD_WARN_CASE;
    make_tree(f);
    shell(f, "touch t/a/ONE && python3 -c 'import socket;"
             "socket.socket(socket.AF_UNIX).bind(\"t/b/socket\")'");
    for (int i = 0; i < 3; i++) {
        struct did did = run_plan(f, &plan, false);
        assert_int_equal(did.warnings, 2);
    }
    /* Of a socket, when the layer is known, too; and once. */
    plan.add.flags = 0;
    for (int i = 0; i < 3; i++) {
        struct did did = run_plan(f, &plan, false);
        assert_int_equal(did.cached, i > 0);
        assert_int_equal(did.warnings, 1);
    }
}

/* ---- several layers ---- */

/* Of three layers, one changes. */
static void test_only_its_layer(void **state)
{
    struct fixture *f = *state;
    struct plan plan = {
        {"t", "u", "v/file"}, {"/t", "/u", "/etc/conf"}, amd64_options(), IMG_ADD_OPTIONS_INIT};
    make_tree(f);
    shell(f, "cp -a t u && mkdir v && echo v >v/file");
    assert_made(f, &plan, 3);
    assert_cached(f, &plan, 0);
    for (int i = 0; i < 3; i++) {
        shell(f, "echo more >>%s", (const char *[]){"t/a/two", "u/a/two", "v/file"}[i]);
        struct did did = run(f, &plan);
        assert_int_equal(did.made, 1);
        assert_int_equal(did.cached, 2);
        assert_cached(f, &plan, 0);
    }
}

/* What is below decides where a layer goes, and what the directories on the way look like. */
static void test_below(void **state)
{
    struct fixture *f = *state;
    struct plan plan = {{"base", "t"}, {"/", "/lib/x"}, amd64_options(), IMG_ADD_OPTIONS_INIT};
    make_tree(f);
    static const char *const bases[] = {
        "mkdir -p base/lib",
        "chmod 700 base/lib",
        "touch base/other",
        "mkdir base/lib/x",
        "rm -r base/lib && mkdir -p base/usr/lib && ln -s usr/lib base/lib",
        "chmod 711 base/usr/lib",
        "setfattr -n user.k -v v base/usr/lib",
        "touch -d @1000000001 base/usr/lib",
    };
    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
        shell(f, "%s", bases[i]);
        assert_true(run(f, &plan).made >= 1);
        assert_cached(f, &plan, 0);
    }
    /* What is neither on the way nor in the place does not matter. */
    shell(f, "echo >base/third && touch -d @1000000001 base/usr/lib base");
    assert_made(f, &plan, 1);
}

/* A directory where there is a link below is refused, also if the layer is known upon others. */
static void test_link_below(void **state)
{
    struct fixture *f = *state;
    struct plan plan = {{"base", "t"}, {"/", "/"}, amd64_options(), IMG_ADD_OPTIONS_INIT};
    img_error err = {0};
    make_tree(f);
    shell(f, "mkdir base && touch base/file");
    run(f, &plan);
    shell(f, "ln -s elsewhere base/a");
    auto_(test_build) img_build *build = build_new(f);
    auto_free char *base = path_in(f, "base"), *tree = path_in(f, "t");
    assert_ok(img_build_add_path(build, base, "/", NULL, &err));
    assert_fails(img_build_add_path(build, tree, "/", NULL, &err), IMG_EINVAL,
                 "/a is a directory here and a link to elsewhere");
}

/* Names of users are those of the layers below. */
static void test_names_below(void **state)
{
    struct fixture *f = *state;
    make_tree(f);
    shell(f, "mkdir -p base/etc");
    auto_free char *base = path_in(f, "base"), *tree = path_in(f, "t");
    for (int uid = 5; uid < 8; uid++)
        for (int again = 0; again < 2; again++) {
            img_add_options add = IMG_ADD_OPTIONS_INIT;
            img_error err = {0};
            add.chown = "joe";
            shell(f, "echo joe:x:%d:9::/:/bin/sh >base/etc/passwd", uid);
            auto_(test_build) img_build *build = build_new(f);
            assert_ok(img_build_add_path(build, base, "/", NULL, &err));
            assert_ok(img_build_add_path(build, tree, "/srv", &add, &err));
            commit(build, "joe:1");
            auto_free char *list = list_top(f, "joe:1", 0);
            auto_free char *owner = NULL;
            assert_true(asprintf(&owner, " %d:9 T srv/a\n", uid) > 0);
            assert_non_null(strstr(list, owner));
        }
}

/* ---- the store ---- */

static void test_blob_gone(void **state)
{
    struct fixture *f = *state;
    struct plan plan = plan_of("t", "/");
    img_error err = {0};
    make_tree(f);
    run(f, &plan);
    /* No name holds it. What is remembered stays. */
    img_gc_result result;
    assert_ok(img_store_gc(f->store, &result, &err));
    assert_true(result.blobs > 0);
    assert_true(count_files(f->path, STORE_CACHE, "layer-") > 0);
    struct did did = run_plan(f, &plan, false);
    assert_int_equal(did.made, 1);
    shell(f, "for b in store/blobs/sha256/*; do : >\"$b\"; done");
    did = run_plan(f, &plan, false);
    assert_int_equal(did.made, 1);
}

static void test_no_cache(void **state)
{
    struct fixture *f = *state;
    struct plan plan = plan_of("t", "/");
    img_error err = {0};
    img_build *build = NULL;
    make_tree(f);
    struct did did = run_plan(f, &plan, true);
    assert_int_equal(did.made, 1);
    assert_false(file_exists(f->path, STORE_CACHE));
    plan.build.no_cache = 2;
    assert_fails(img_build_new(f->store, &plan.build, &build, &err), IMG_EINVAL, "no_cache");
}

/* Whatever is where the cache should be. */
static void test_no_place(void **state)
{
    struct fixture *f = *state;
    static const char *const places[] = {
        "touch store/.libimg-cache",
        "mkdir elsewhere && ln -s ../elsewhere store/.libimg-cache",
        "mkfifo store/.libimg-cache",
        "ln -s /nowhere store/.libimg-cache",
    };
    make_tree(f);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct plan plan = plan_of("t", "/");
        shell(f, "%s", places[i]);
        struct did did = run(f, &plan);
        assert_int_equal(did.made, 1);
        assert_int_equal(did.warnings, 1);
        shell(f, "rm store/.libimg-cache");
    }
    assert_int_equal(count_files(f->parent, "elsewhere", ""), 0);
}

/* Files of it that are something else, or others'. */
static void test_strange_files(void **state)
{
    struct fixture *f = *state;
    static const char *const scripts[] = {
        ": >\"$c\"",
        "rm \"$c\" && mkfifo \"$c\"",
        "rm \"$c\" && mkdir \"$c\"",
        "mv \"$c\" x && ln -s ../../x \"$c\"",
        "head -c 100000 /dev/zero >\"$c\"",
        "head -c 50 \"$c\" >x && mv x \"$c\"",
        "echo >>\"$c\"",
        "cat \"$c\" \"$c\" >x && mv x \"$c\"",
        "cp store/.libimg-cache/tree-* x && mv x \"$c\"",
        "cp store/.libimg-cache/layer-* x && mv x \"$c\"",
    };
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        struct plan plan = plan_of("t", "/");
        make_tree(f);
        run(f, &plan);
        shell(f, "for c in store/.libimg-cache/*; do { %s; } 2>/dev/null || :; done", scripts[i]);
        run(f, &plan);
        shell(f, "rm -rf t x store/.libimg-cache");
    }
}

static void flip(const struct fixture *f, const char *name, size_t at, unsigned char bits)
{
    auto_(buf) struct buf folder = BUF_INIT(4096);
    img__buf_printf(&folder, "%s/" STORE_CACHE "/%s", f->path, name);
    int fd = open(folder.data, O_RDWR | O_CLOEXEC);
    unsigned char byte;
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
    byte ^= bits;
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
    close(fd);
}

/* A bit of every third byte of both files; afterwards there is a good one again. */
static void test_damage(void **state)
{
    struct fixture *f = *state;
    struct plan plan = plan_of("t", "/");
    make_tree(f);
    struct did first = run(f, &plan);
    for (int kind = 0; kind < 2; kind++) {
        auto_(buf) struct buf folder = BUF_INIT(4096);
        img__buf_printf(&folder, "%s/" STORE_CACHE, f->path);
        DIR *dir = opendir(folder.data);
        const struct dirent *entry;
        char name[256] = "";
        struct stat st = {0};
        while ((entry = readdir(dir)))
            if (strncmp(entry->d_name, kind ? "tree-" : "layer-", kind ? 5 : 6) == 0) {
                snprintf(name, sizeof(name), "%s", entry->d_name);
                fstatat(dirfd(dir), name, &st, 0);
            }
        closedir(dir);
        assert_true(st.st_size > 0);
        for (off_t at = 0; at < st.st_size; at += 3) {
            flip(f, name, (size_t)at, (unsigned char)(1u << (at * 7 % 8)));
            struct did did = run_plan(f, &plan, false);
            assert_string_equal(did.digest, first.digest);
            assert_int_equal(did.cached == 1 && did.read == 0, 0);
            did = run_plan(f, &plan, false);
            assert_int_equal(did.cached, 1);
            assert_int_equal(did.read, 0);
        }
    }
}

/* ---- edits at random ---- */

static void edit_at_random(const struct fixture *f, unsigned *seed)
{
    static const char *const edits[] = {
        "printf %%d %u >$p",
        "touch -h -d @10000000%02u $p",
        "chmod -f %u $p",
        "rm -rf $p",
        "rm -rf $p && mkdir $p && echo %u >$p/x",
        "ln -sfn %u $p",
        "ln -f t/a/one $p # %u",
        "mv -fT t/b $p # %u",
        "cp -a t/a/. t/b/ # %u",
        "setfattr -h -n user.k -v %u $p",
        "printf %%d %u >$p && touch -d @1000000000 $p",
        "mv -fT $p t/b/moved # %u",
    };
    static const char *const paths[] = {"t/a/one", "t/a/two", "t/b/hard",       "t/a/deep",
                                        "t/b",     "t/c",     "t/a/deep/three", "t/b/moved"};
    unsigned edit = (unsigned)rand_r(seed) % (sizeof(edits) / sizeof(edits[0]));
    const char *path = paths[(unsigned)rand_r(seed) % (sizeof(paths) / sizeof(paths[0]))];
    auto_free char *script = NULL;
    static const unsigned values[] = {600, 644, 755, 11, 12, 700};
    /* One of few, so that states come again. */
    assert_true(asprintf(&script, edits[edit], values[(unsigned)rand_r(seed) % 6], "", "") > 0);
    shell(f, "p=%s; mkdir -p t; { %s\n} 2>/dev/null || :", path, script);
}

static void test_random(void **state)
{
    struct fixture *f = *state;
    unsigned seed = 20240601;
    unsigned cached = 0, made = 0;
    make_tree(f);
    for (int i = 0; i < 80; i++) {
        struct plan plan = plan_of("t", i % 2 ? "/" : "/srv");
        plan.add.set = i % 3 ? IMG_ADD_MTIME : 0;
        reuse_ahead = (int)((unsigned)rand_r(&seed) % 3) * 50;
        for (int edits = rand_r(&seed) % 3; edits > 0; edits--)
            edit_at_random(f, &seed);
        struct did did = run(f, &plan);
        cached += did.cached;
        made += did.made;
    }
    assert_true(cached > 10 && made > 10);
}

static int setup(void **state)
{
    reuse_ahead = 100;
    reuse_coarse = reuse_whole = false;
    return build_fixture_new(state);
}

#define reuse_test(function) cmocka_unit_test_setup_teardown(function, setup, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        reuse_test(test_unchanged),      reuse_test(test_single_file),
        reuse_test(test_changes),        reuse_test(test_times),
        reuse_test(test_there_and_back), reuse_test(test_owner),
        reuse_test(test_racy),           reuse_test(test_set_by_a_tool),
        reuse_test(test_clock_back),     reuse_test(test_options),
        reuse_test(test_workdir),        reuse_test(test_warnings),
        reuse_test(test_only_its_layer), reuse_test(test_below),
        reuse_test(test_link_below),     reuse_test(test_names_below),
        reuse_test(test_blob_gone),      reuse_test(test_no_cache),
        reuse_test(test_no_place),       reuse_test(test_strange_files),
        reuse_test(test_damage),         reuse_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
