/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers that try to get out of the root (layers.md X1-X7, X17-X23). Each is put on a root beside
 * files that would be hit; world_close() looks at every bit of those. With openat2() and without,
 * with threads and without, on what is empty and on what is not.
 */
#include "applied.h"

#include <pthread.h>
#include <stdatomic.h>

#define LINES 10
#define WAYS 8

struct attack {
    const char *lower[LINES]; /* "@" in a target is the path of the host's directory around */
    const char *upper[LINES];
    const char *inside; /* what there is in the root then, or NULL */
};

static const struct attack attacks[] = {
    /* X1 is for the reader, who refuses "..": test_tar_read.c. Absolute paths are those of the
       root. */
    {{NULL}, {"f /victim"}, "victim"},
    {{NULL}, {"f //@/victim"}, NULL},
    {{NULL}, {"d /tmp", "f /tmp/..x"}, "tmp/..x"},
    {{NULL}, {"f ..\\victim", "f \\victim"}, "..\\victim"},
    /* X2: through links, of the same layer and of one below, relative, absolute, in a chain,
     * dangling; as the last component, too */
    {{NULL}, {"l l -> ../victims", "f l/f", "f l/new"}, "victims/f"},
    {{NULL}, {"l l -> @/victims", "f l/f", "d l/f2", "l l/f3 -> x"}, NULL},
    {{"l l -> ../victims"}, {"f l/f", "f l/new"}, "victims/new"},
    {{"l l -> @/victims"}, {"f l/f", "d l/d", "p l/p"}, NULL},
    {{"l a -> b", "l b -> ../../../victims"}, {"f a/f"}, "victims/f"},
    {{"d d", "l d/up -> ../..", "l x -> d/up"}, {"f x/victim", "f x/victims/f"}, "victims/f"},
    {{"l victim -> ../victim"}, {"f victim"}, "victim"},
    {{NULL}, {"l n -> ../victim", "l m -> @/victim"}, "n"},
    {{"l victim -> @/victim"}, {"d victim", "f victim/x"}, "victim/x"},
    {{"l l -> /../../../../victims"}, {"f l/f"}, "victims/f"},
    {{"l l -> ."}, {"f l/l/l/l/f"}, "f"},
    {{"l l -> .."}, {"f l/l/victim", "f l/victims/f"}, "victims/f"},
    {{"l self -> /proc/self"}, {"f self/root/x", "f self/cwd/y", "f self/fd/3"}, NULL},
    /* a directory becomes a link, and a link a directory, between two files */
    {{NULL}, {"d d", "f d/a", "l e -> ../victims", "f e/f", "f d/b"}, "victims/f"},
    {{"d d", "f d/f"}, {"f .wh.d", "l d -> ../victims", "f d/f"}, "victims/f"},
    {{"d d", "f d/f"}, {"l d -> ../victims", "f d/f"}, "victims/f"},
    {{"l d -> ../victims"}, {"f d/f", "d d", "f d/g"}, "d/g"},
    /* X3: hard links */
    {{"l l -> ../victims"}, {"d victims", "f victims/f", "h h -> l/f"}, "h"},
    {{"l l -> ../victim"}, {"h h -> l", "f h"}, NULL},
    /* X4: whiteouts */
    {{"l l -> ../victims"}, {"f l/.wh.f", "f l/.wh..wh..opq"}, "l"},
    {{"l l -> @/victims"}, {"f l/.wh.f", "f l/.wh..wh..opq"}, "l"},
    {{"l l -> @"}, {"f l/.wh.victim", "f l/victims/.wh.f", "f l/.wh.victims"}, "l"},
    {{"d d", "l d/v -> ../../victims"}, {"f .wh.d"}, NULL},
    {{"d d", "l d/v -> ../../victims"}, {"f d/.wh..wh..opq", "f d/.wh.v"}, "d"},
    {{"d d", "l d/v -> ../../victims"}, {"f d/.wh.v", "f d/v"}, "d/v"},
    {{"d d", "l d/v -> ../../victims"}, {"f d/n", "f d/.wh..wh..opq"}, "d/n"},
    {{"d d", "l d/v -> ../../victims"}, {"f d"}, "d"},
    {{"l victims -> ../victims"}, {"f .wh..wh..opq", "f n"}, "n"},
    {{NULL}, {"l l -> ../victims", "f l/.wh.f", "f l/.wh..wh..opq"}, "l"},
    /* X7, X19: metadata of directories at the end */
    {{NULL}, {"d d", "d d/e", "l l -> ../victims", "d l"}, NULL},
    {{"l l -> ../victims"}, {"d l", "d l/x"}, "l/x"},
    {{"d victims"}, {"f .wh.victims", "l victims -> ../victims"}, "victims"},
    {{"d d", "d d/e"}, {"f .wh.d", "l d -> @/victims"}, "d"},
    {{"d d", "d d/f"}, {"f .wh.d", "l d -> ../victims"}, "d"},
    {{"d ."}, {"d ./"}, ""},
};

static void add_attack(struct buf *tar, const struct world *world, const char *line,
                       const char *text)
{
    auto_buf real = BUF_INIT(1000);
    for (const char *at = line; *at; at++)
        if (*at == '@')
            img__buf_puts(&real, world->path);
        else
            img__buf_putc(&real, *at);
    add_line(tar, real.data, text);
}

static int apply_attack(struct apply *apply, const struct world *world, const char *const *lines,
                        const char *text, img_error *err)
{
    auto_buf tar = TARBALL_INIT;
    for (size_t i = 0; i < LINES && lines[i]; i++)
        add_attack(&tar, world, lines[i], text);
    tarball_end(&tar);
    return apply_tar(apply, &tar, err);
}

static void attacking(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
        for (int way = 0; way < WAYS; way++) {
            img_error err = {0};
            auto_(world) struct world world;
            struct stat stat;
            world_open(&world);
            struct apply_options options = OPTIONS_INIT(&world);
            options.threads = way & 2 ? 3 : 1;
            if (way & 4)
                put_file(world.root, "filled", "x", 0600);
            auto_(apply) struct apply *apply = apply_new(&world, &options, way & 1);
            int rc = apply_attack(apply, &world, attacks[i].lower, "1", &err);
            if (!rc)
                rc = apply_attack(apply, &world, attacks[i].upper, "2", &err);
            if (!rc)
                rc = img__apply_end(apply, false, &err);
            if (rc && rc != IMG_EFORMAT)
                fail_msg("attack %zu: %s", i, err.message);
            if (attacks[i].inside && (rc || fstatat(world.root, attacks[i].inside, &stat,
                                                    AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0))
                fail_msg("attack %zu, way %d: %s", i, way, rc ? err.message : "not inside");
        }
}

/* X2, CVE-2021-29136: the root can't become anything else. */
static void root_stays(void **state)
{
    static const char *const names[] = {".", "/", "./", "//", "./."};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        img_error err;
        auto_(world) struct world world;
        auto_buf tar = TARBALL_INIT;
        world_open(&world);
        const struct apply_options options = OPTIONS_INIT(&world);
        auto_(apply) struct apply *apply = apply_new(&world, &options, i & 1);
        tarball_link(&tar, '2', names[i], "../victims");
        assert_fails(apply_tar(apply, &tar, &err), IMG_EFORMAT, "root is not a directory");
    }
}

/* X1, X3: ".." is refused before anything is done. */
static void dots(void **state)
{
    static const struct {
        char type;
        const char *name;
        const char *link;
    } rows[] = {
        {'0', "../victim", ""},       {'0', "a/../../victim", ""}, {'5', "..", ""},
        {'0', "/../victim", ""},      {'1', "h", "../victim"},     {'1', "h", "/../victim"},
        {'1', "h", "a/../../victim"}, {'0', "../.wh.victim", ""},  {'0', "../.wh..wh..opq", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        auto_(world) struct world world;
        auto_buf tar = TARBALL_INIT;
        world_open(&world);
        const struct apply_options options = OPTIONS_INIT(&world);
        auto_(apply) struct apply *apply = apply_new(&world, &options, i & 1);
        tarball_link(&tar, rows[i].type, rows[i].name, rows[i].link);
        assert_fails(apply_tar(apply, &tar, &err), IMG_EFORMAT, "'..'");
        assert_int_equal(faccessat(world.root, "victim", F_OK, AT_SYMLINK_NOFOLLOW), -1);
    }
}

/* X3: a file of the root is replaced, not written through to its other names; those keep all. */
static void breaks_hard_links(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        img_error err;
        auto_(world) struct world world;
        auto_buf tar = TARBALL_INIT;
        struct stat before, after;
        world_open(&world);
        put_file(world.outer, "shared", "shared", 04755);
        assert_int_equal(linkat(world.outer, "shared", world.root, "f", 0), 0);
        struct apply_options options = OPTIONS_INIT(&world);
        options.threads = way & 2 ? 3 : 1;
        auto_(apply) struct apply *apply = apply_new(&world, &options, way & 1);
        assert_int_equal(fstatat(world.outer, "shared", &before, 0), 0);
        add_line(&tar, "f f", "new");
        tarball_end(&tar);
        assert_ok(apply_tar(apply, &tar, &err));
        assert_ok(img__apply_end(apply, false, &err));
        assert_int_equal(fstatat(world.outer, "shared", &after, 0), 0);
        assert_true(before.st_ino == after.st_ino && after.st_size == 6);
        assert_int_equal(after.st_mode, before.st_mode);
        assert_int_equal(after.st_mtim.tv_sec, before.st_mtim.tv_sec);
        assert_int_equal(after.st_nlink, 1);
        assert_int_equal(unlinkat(world.outer, "shared", 0), 0);
        img__buf_clear(&world.victims); /* the directory around has changed with that */
        describe_victims(&world, &world.victims);
    }
}

/* X20, GHSA-rp3h-jf77-q9p4: a chain of 400 directories with 8000 files, and an opaque marker in
 * each: others take minutes, this less than half a second. */
static void superlinear(void **state)
{
    (void)state;
    for (int way = 0; way < 2; way++) {
        img_error err;
        auto_(world) struct world world;
        auto_buf lower = TARBALL_INIT, upper = TARBALL_INIT;
        char path[1024] = "", name[1100];
        world_open(&world);
        for (int i = 0; i < 400; i++)
            strcat(path, i ? "/d" : "d");
        snprintf(name, sizeof(name), "f %s/low", path);
        add_line(&lower, name, "1");
        for (int i = 0; i < 8000; i++) {
            snprintf(name, sizeof(name), "f %.*s/%d", 2 * (i % 400) + 1, path, i);
            add_line(&upper, name, "2");
        }
        for (int i = 0; i < 400; i++) {
            int depth = way ? i : 399 - i;
            snprintf(name, sizeof(name), "f %.*s/.wh..wh..opq", 2 * depth + 1, path);
            add_line(&upper, name, "");
        }
        tarball_end(&lower);
        tarball_end(&upper);
        const struct apply_options options = OPTIONS_INIT(&world);
        auto_(apply) struct apply *apply = apply_new(&world, &options, false);
        assert_ok(apply_tar(apply, &lower, &err));
        assert_ok(apply_tar(apply, &upper, &err));
        assert_ok(img__apply_end(apply, false, &err));
        snprintf(name, sizeof(name), "%s/low", path);
        assert_int_equal(faccessat(world.root, name, F_OK, 0), -1);
        snprintf(name, sizeof(name), "%s/7999", path);
        assert_int_equal(faccessat(world.root, name, F_OK, 0), 0);
    }
}

/* X6, CVE-2018-15664: somebody swaps a directory and a link out of the root again and again. */
struct swapper {
    int root;
    atomic_bool stop;
    unsigned swaps;
};

static void *swap(void *arg)
{
    struct swapper *swapper = arg;
    while (!atomic_load(&swapper->stop))
        swapper->swaps += renameat2(swapper->root, "d", swapper->root, "l", RENAME_EXCHANGE) == 0;
    return NULL;
}

/* Files in more directories than stay open, whiteouts, hard links and directories. */
static void make_busy_layer(struct buf *tar, const char *text)
{
    char name[64];
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "f d/%d/%s", i % 20, i % 3 ? "f" : "g");
        name[strlen(name) - 1] = (char)('a' + i / 20 % 26);
        strcat(name, i >= 260 ? "2" : "");
        add_line(tar, name, text);
        snprintf(name, sizeof(name), "f d/%d/.wh.%c", i % 20, "ftx"[i % 3]);
        add_line(tar, name, "");
    }
    add_line(tar, "f d/.wh.f", "");
    add_line(tar, "f d/.wh.top", "");
    add_line(tar, "f d/.wh..wh..opq", "");
    tarball_end(tar);
}

static void swapped(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        auto_(world) struct world world;
        auto_buf tar = TARBALL_INIT;
        pthread_t thread;
        world_open(&world);
        char target[80];
        snprintf(target, sizeof(target), "%s/victims", world.path);
        assert_int_equal(mkdirat(world.root, "d", 0755), 0);
        assert_int_equal(symlinkat(way & 1 ? target : "../victims", world.root, "l"), 0);
        struct apply_options options = OPTIONS_INIT(&world);
        options.threads = way & 2 ? 3 : 1;
        make_busy_layer(&tar, "x");
        struct swapper swapper = {.root = world.root};
        assert_int_equal(pthread_create(&thread, NULL, swap, &swapper), 0);
        for (int i = 0; i < 4; i++) {
            struct apply *apply = apply_new(&world, &options, i & 1);
            if (apply_tar(apply, &tar, NULL) == 0)
                img__apply_end(apply, false, NULL);
            img__apply_free(apply);
        }
        atomic_store(&swapper.stop, true);
        pthread_join(thread, NULL);
        assert_true(swapper.swaps > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attacking),   cmocka_unit_test(root_stays),
        cmocka_unit_test(dots),        cmocka_unit_test(breaks_hard_links),
        cmocka_unit_test(superlinear), cmocka_unit_test(swapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
