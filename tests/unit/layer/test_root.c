/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths inside a root, with openat2() and without (layers.md X1-X6, X18, X23): where they lead,
 * that none leads out, and that the work for one is bounded. And removing what is in a root.
 */
#include "applied.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

static struct root *open_root(const struct world *world, bool walks)
{
    img_error err;
    struct root *root = NULL;
    assert_ok(img__root_open(fcntl(world->root, F_DUPFD_CLOEXEC, 0), &root, &err));
    if (walks)
        img__root_forgo_openat2(root);
    return root;
}

/* usr/lib/f, and links of all kinds; what those out of the root would lead to is there. */
static void fill(const struct world *world)
{
    static const struct {
        const char *name;
        const char *target;
    } links[] = {
        {"lib", "usr/lib"},
        {"abs", "/usr/lib"},
        {"up", "../../../usr"},
        {"loop", "loop"},
        {"ping", "pong"},
        {"pong", "ping"},
        {"dangling", "no/../x/y"},
        {"out", "../victims"},
        {"chain", "abs"},
        {"here", "."},
        {"root", "/"},
        {"slash", "usr//lib/./"},
        {"through", "file/x"},
        {"usr/back", "../../lib/f"},
        {"etc", "/usr/../../var"},
        {"abs-file", "/usr/lib/f"},
    };
    char host[128];
    assert_int_equal(mkdirat(world->root, "usr", 0755), 0);
    assert_int_equal(mkdirat(world->root, "usr/lib", 0755), 0);
    put_file(world->root, "usr/lib/f", "inside", 0644);
    put_file(world->root, "file", "file", 0644);
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
        assert_int_equal(symlinkat(links[i].target, world->root, links[i].name), 0);
    snprintf(host, sizeof(host), "%s/victims", world->path);
    assert_int_equal(symlinkat(host, world->root, "host"), 0);
}

static void resolving(void **state)
{
    static const struct {
        const char *path;
        const char *real;
        const char *there; /* the part that exists; NULL: refused */
    } rows[] = {
        {"", "", ""},
        {"usr/lib", "usr/lib", "usr/lib"},
        {"usr/lib/f", "usr/lib/f", "usr/lib"},
        {"lib/f", "usr/lib/f", "usr/lib"},
        {"abs/n/m", "usr/lib/n/m", "usr/lib"},
        {"up/lib", "usr/lib", "usr/lib"},
        {"chain", "usr/lib", "usr/lib"},
        {"slash/n", "usr/lib/n", "usr/lib"},
        {"here/here/root/up", "usr", "usr"},
        {"dangling", "x/y", ""},
        {"dangling/z", "x/y/z", ""},
        {"file/x", "file/x", ""},
        {"through/y", "file/x/y", ""},
        {"usr/back", "usr/lib/f", "usr/lib"},
        {"loop", NULL, NULL},
        {"ping/x", NULL, NULL},
        /* X1: what would be beside the root is not in it */
        {"out", "victims", ""},
        {"out/f", "victims/f", ""},
        {"etc/passwd", "var/passwd", ""},
    };
    (void)state;
    for (int walks = 0; walks < 2; walks++) {
        auto_(world) struct world world;
        world_open(&world);
        fill(&world);
        auto_(root) struct root *root = open_root(&world, walks);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            img_error err;
            auto_(root_way) struct root_way way = {.fd = -1};
            struct stat there, fd;
            int rc = img__root_resolve(root, rows[i].path, strlen(rows[i].path), NULL, &way, &err);
            if (!rows[i].real) {
                assert_int_equal(rc, IMG_EFORMAT);
                assert_non_null(strstr(err.message, "symbolic links"));
                continue;
            }
            if (rc)
                fail_msg("%s: %s", rows[i].path, err.message);
            assert_string_equal(img__buf_text(&way.real), rows[i].real);
            assert_int_equal(way.there, strlen(rows[i].there));
            assert_int_equal(way.missing, way.there < way.real.len);
            assert_int_equal(fstatat(world.root, rows[i].there[0] ? rows[i].there : ".", &there, 0),
                             0);
            assert_int_equal(fstat(way.fd, &fd), 0);
            assert_true(there.st_ino == fd.st_ino && there.st_dev == fd.st_dev);
        }
    }
}

/* X6: without links means without, also where the last component is one. */
static void opening(void **state)
{
    static const struct {
        const char *path;
        int number;
    } rows[] = {
        {"usr/lib", 0}, {"", 0},           {"lib", ELOOP},      {"up/lib", ELOOP},
        {"no", ENOENT}, {"file", ENOTDIR}, {"file/x", ENOTDIR}, {"out", ELOOP},
    };
    (void)state;
    for (int walks = 0; walks < 2; walks++) {
        auto_(world) struct world world;
        world_open(&world);
        fill(&world);
        auto_(root) struct root *root = open_root(&world, walks);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            auto_fd int fd =
                img__root_open_directory(root, rows[i].path, strlen(rows[i].path), O_RDONLY);
            assert_int_equal(fd >= 0, rows[i].number == 0);
            if (fd < 0 && errno != ENOTDIR)
                assert_int_equal(errno, rows[i].number);
        }
        char longest[ENTRY_PATH_MAX + 8];
        memset(longest, 'x', sizeof(longest));
        assert_int_equal(img__root_open_directory(root, longest, sizeof(longest), O_PATH), -1);
        assert_int_equal(errno, ENAMETOOLONG);
        assert_int_equal(img__root_open_directory(root, longest, 300, O_PATH), -1);
        assert_int_equal(errno, ENAMETOOLONG);
    }
}

/* X8: files of the image are read inside it. */
static void reading(void **state)
{
    static const struct {
        const char *path;
        int code;
    } rows[] = {
        {"usr/lib/f", 0},          {"lib/f", 0},
        {"abs-file", 0},           {"up/lib/f", 0},
        {"usr/back", 0},           {"usr", IMG_EINVAL},
        {"lib", IMG_EINVAL},       {"", IMG_EINVAL},
        {"fifo", IMG_EINVAL},      {"no", IMG_ENOTFOUND},
        {"no/f", IMG_ENOTFOUND},   {"file/f", IMG_ENOTFOUND},
        {"loop", IMG_EFORMAT},     {"out/f", IMG_ENOTFOUND},
        {"host/f", IMG_ENOTFOUND}, {"victim", IMG_ENOTFOUND},
    };
    (void)state;
    for (int walks = 0; walks < 2; walks++) {
        auto_(world) struct world world;
        world_open(&world);
        fill(&world);
        assert_int_equal(mkfifoat(world.root, "fifo", 0600), 0);
        auto_(root) struct root *root = open_root(&world, walks);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            img_error err;
            auto_buf text = BUF_INIT(100);
            int rc = img__root_read(root, rows[i].path, &text, &err);
            if (rc != rows[i].code)
                fail_msg("%s: %d", rows[i].path, rc);
            if (!rc)
                assert_string_equal(text.data, "inside");
        }
        img_error err;
        auto_buf text = BUF_INIT(5);
        assert_fails(img__root_read(root, "lib/f", &text, &err), IMG_ELIMIT, "larger than 5");
    }
}

static void parents(void **state)
{
    (void)state;
    for (int walks = 0; walks < 2; walks++) {
        img_error err;
        const char *name;
        auto_(world) struct world world;
        world_open(&world);
        fill(&world);
        auto_(root) struct root *root = open_root(&world, walks);
        auto_fd int fd = -1;
        assert_ok(img__root_parent(root, "lib/f", &fd, &name, &err));
        assert_string_equal(name, "f");
        assert_int_equal(faccessat(fd, "f", F_OK, 0), 0);
        int other = -1;
        assert_fails(img__root_parent(root, "no/f", &other, &name, &err), IMG_ENOTFOUND, "'no'");
        assert_fails(img__root_parent(root, "out/f", &other, &name, &err), IMG_ENOTFOUND, "'out'");
        assert_ok(img__root_parent(root, "f", &other, &name, &err));
        assert_true(name[0] == 'f' && fstatat(other, "usr", &(struct stat){0}, 0) == 0);
        close(other);
    }
}

/* X18, X20: forty links are followed and no more; what they lead to is neither too long nor too
 * much work. */
static void bounds(void **state)
{
    (void)state;
    for (int walks = 0; walks < 2; walks++) {
        img_error err;
        auto_(world) struct world world;
        char name[32], target[4100];
        world_open(&world);
        auto_(root) struct root *root = open_root(&world, walks);
        assert_int_equal(mkdirat(world.root, "d", 0755), 0);
        for (int i = 0; i < 41; i++) {
            snprintf(name, sizeof(name), "l%d", i);
            snprintf(target, sizeof(target), i ? "l%d" : "d", i - 1);
            assert_int_equal(symlinkat(target, world.root, name), 0);
        }
        auto_(root_way) struct root_way way = {.fd = -1};
        assert_ok(img__root_resolve(root, "l39", 3, NULL, &way, &err));
        assert_string_equal(way.real.data, "d");
        struct root_way no = {.fd = -1};
        assert_fails(img__root_resolve(root, "l40", 3, NULL, &no, &err), IMG_EFORMAT, "symbolic");

        /* d/../d/../ ... again and again */
        for (size_t i = 0; i + 5 < sizeof(target); i += 5)
            memcpy(target + i, "d/../", 6);
        target[4090] = '\0';
        for (int i = 0; i < 30; i++) {
            char back[4100];
            snprintf(name, sizeof(name), "w%d", i);
            snprintf(back, sizeof(back), "%.4000sw%d", target, i + 1);
            assert_int_equal(symlinkat(back, world.root, name), 0);
        }
        assert_fails(img__root_resolve(root, "w0", 2, NULL, &no, &err), IMG_EFORMAT, "symbolic");

        /* a path that grows by links */
        memset(target, 'x', 200);
        strcpy(target + 200, "/grow");
        assert_int_equal(symlinkat("n/n/n/grow2", world.root, "grow"), 0);
        char deep[4096] = "";
        for (int i = 0; i < 20; i++)
            strncat(deep, "0123456789012345678901234567890123456789/", 42);
        auto_free char *path = NULL;
        assert_true(asprintf(&path, "lx/%s%s%s%s", deep, deep, deep, deep) > 0);
        assert_int_equal(symlinkat(deep, world.root, "lx"), 0);
        assert_fails(img__root_resolve(root, path, strlen(path), NULL, &no, &err), IMG_EFORMAT,
                     "more than 4096 bytes");
    }
}

/* X20: each of many paths may cost something, all of them not that much together. Honest ones go on
 * being followed. */
static void spending(void **state)
{
    (void)state;
    for (int walks = 0; walks < 2; walks++) {
        img_error err;
        auto_(world) struct world world;
        char target[4096];
        world_open(&world);
        auto_(root) struct root *root = open_root(&world, walks);
        assert_int_equal(mkdirat(world.root, "d", 0755), 0);
        assert_int_equal(symlinkat("d", world.root, "cheap"), 0);
        for (size_t i = 0; i + 5 < sizeof(target); i += 5)
            memcpy(target + i, "d/../", 6);
        assert_int_equal(symlinkat(target, world.root, "dear"), 0);
        int followed = 0, rc = 0;
        while (!rc && followed < 100000) {
            auto_(root_way) struct root_way way = {.fd = -1};
            rc = img__root_resolve(root, "dear", 4, NULL, &way, &err);
            followed += !rc;
        }
        assert_int_equal(rc, IMG_EFORMAT);
        assert_in_range(followed, 50, 1000);
        for (int i = 0; i < 1000; i++) {
            auto_(root_way) struct root_way way = {.fd = -1};
            assert_ok(img__root_resolve(root, "cheap", 5, NULL, &way, &err));
        }
    }
}

/* ---- removing ---- */

/* Deeper than a path can name, and than there are descriptors. */
static void make_deep(int at, int levels)
{
    int fd = fcntl(at, F_DUPFD_CLOEXEC, 0);
    for (int i = 0; i < levels; i++) {
        assert_int_equal(mkdirat(fd, "deep", 0755), 0);
        if (i % 100 == 0)
            put_file(fd, "f", "x", 0);
        int next = openat(fd, "deep", O_RDONLY | O_DIRECTORY);
        assert_true(next >= 0);
        close(fd);
        fd = next;
    }
    close(fd);
}

static void removing(void **state)
{
    (void)state;
    img_error err;
    auto_(world) struct world world;
    struct rlimit before, few = {64, 64};
    world_open(&world);
    fill(&world);
    make_deep(world.root, 6000);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    int rc = img__root_remove_tree(world.root, "deep", &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(rc, 0);
    assert_int_equal(faccessat(world.root, "deep", F_OK, AT_SYMLINK_NOFOLLOW), -1);

    /* What links lead to stays. */
    static const char *const names[] = {"host", "out", "usr", "f", "no-such-thing"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_ok(img__root_remove_tree(world.root, names[i], &err));
        assert_int_equal(faccessat(world.root, names[i], F_OK, AT_SYMLINK_NOFOLLOW), -1);
    }
}

static void removing_wide(void **state)
{
    (void)state;
    img_error err;
    auto_(world) struct world world;
    char name[64];
    world_open(&world);
    assert_int_equal(mkdirat(world.root, "wide", 0755), 0);
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof(name), "wide/%d", i);
        assert_int_equal(mkdirat(world.root, name, 0755), 0);
        strcat(name, "/f");
        put_file(world.root, name, "", 0600);
    }
    assert_ok(img__root_remove_tree(world.root, "wide", &err));
    assert_int_equal(faccessat(world.root, "wide", F_OK, 0), -1);
}

/* Mount points are not crossed, and named. */
static void removing_mount(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    auto_(world) struct world world;
    world_open(&world);
    assert_int_equal(mkdirat(world.root, "a", 0755), 0);
    assert_int_equal(mkdirat(world.root, "a/b", 0755), 0);
    pid_t child = fork();
    if (child == 0) {
        img_error err;
        char from[80], to[80];
        snprintf(from, sizeof(from), "%s/victims", world.path);
        snprintf(to, sizeof(to), "%s/root/a/b", world.path);
        if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
            mount(from, to, NULL, MS_BIND, NULL))
            _exit(77);
        int rc = img__root_remove_tree(world.root, "a", &err);
        _exit(rc == IMG_EIO && strstr(err.message, "'a/b'") && strstr(err.message, "a mount point")
                  ? 0
                  : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
    img_error err;
    assert_ok(img__root_remove_tree(world.root, "a", &err));
}

/* As somebody without privileges: directories of theirs that nobody may enter. */
static void removing_closed(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    img_error err;
    auto_(world) struct world world;
    world_open(&world);
    assert_int_equal(mkdirat(world.root, "mine", 0755), 0);
    assert_int_equal(mkdirat(world.root, "mine/closed", 0755), 0);
    put_file(world.root, "mine/closed/f", "", 0);
    int mine = openat(world.root, "mine", O_RDONLY | O_DIRECTORY);
    assert_int_equal(fchownat(mine, "closed/f", 1234, 1234, 0), 0);
    assert_int_equal(fchownat(mine, "closed", 1234, 1234, 0), 0);
    assert_int_equal(fchownat(mine, "", 1234, 1234, AT_EMPTY_PATH), 0);
    assert_int_equal(fchmodat(mine, "closed", 0, 0), 0);
    pid_t child = fork();
    if (child == 0) {
        if (setgid(1234) || setuid(1234))
            _exit(2);
        _exit(img__root_remove_tree(mine, "closed", &err) ? 1 : 0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(faccessat(mine, "closed", F_OK, 0), -1);
    close(mine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resolving),      cmocka_unit_test(opening),
        cmocka_unit_test(reading),        cmocka_unit_test(parents),
        cmocka_unit_test(bounds),         cmocka_unit_test(spending),
        cmocka_unit_test(removing),       cmocka_unit_test(removing_wide),
        cmocka_unit_test(removing_mount), cmocka_unit_test(removing_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
