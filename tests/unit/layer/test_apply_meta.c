/* SPDX-License-Identifier: Apache-2.0
 *
 * What things look like in the end: owners, modes, times, attributes, devices, content (layers.md
 * A15-A20, C18), and the limits (X14, X21). The owner of what tarball.h makes is 1:2, its time 3.
 */
#include "applied.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

static void set_octal(struct buf *tar, size_t at, size_t field, unsigned value)
{
    char text[16];
    snprintf(text, sizeof(text), "%07o", value);
    tarball_patch(tar, at, field, text, 8);
}

static void set_mode(struct buf *tar, size_t at, unsigned mode)
{
    set_octal(tar, at, 100, mode);
}

static void set_owner(struct buf *tar, size_t at, unsigned uid, unsigned gid)
{
    set_octal(tar, at, 108, uid);
    set_octal(tar, at, 116, gid);
}

static struct stat stat_of(const struct world *world, const char *path)
{
    struct stat stat;
    if (fstatat(world->root, path, &stat, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0)
        fail_msg("%s: %s", path, strerror(errno));
    return stat;
}

static void assert_looks(const struct world *world, const char *path, mode_t mode, uid_t uid,
                         gid_t gid, time_t mtime)
{
    struct stat stat = stat_of(world, path);
    if ((stat.st_mode & 07777) != mode || stat.st_uid != uid || stat.st_gid != gid ||
        stat.st_mtim.tv_sec != mtime)
        fail_msg("%s: %o %u:%u %lld", path, stat.st_mode, stat.st_uid, stat.st_gid,
                 (long long)stat.st_mtim.tv_sec);
}

static void assert_xattr(const struct world *world, const char *path, const char *name,
                         const char *value)
{
    char full[200], text[100];
    snprintf(full, sizeof(full), "%s/root/%s", world->path, path);
    ssize_t len = lgetxattr(full, name, text, sizeof(text));
    if (!value) {
        assert_int_equal(len, -1);
        return;
    }
    assert_int_equal(len, strlen(value));
    assert_memory_equal(text, value, strlen(value));
}

static void apply_all(struct apply *apply, struct buf *tar)
{
    img_error err;
    tarball_end(tar);
    assert_ok(apply_tar(apply, tar, &err));
    img__buf_clear(tar);
}

/* A15: setuid bits and capabilities survive the change of the owner, and times all of it. A16, A17:
 * directories that are only implied, and those that only gained or lost something. */
static void looks(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    for (int way = 0; way < 4; way++) {
        img_error err;
        auto_(world) struct world world;
        auto_buf tar = TARBALL_INIT;
        world_open(&world);
        assert_int_equal(mkdirat(world.root, "old", 0711), 0);
        put_file(world.root, "old/f", "x", 0600);
        assert_int_equal(mkdirat(world.root, "old/lost", 0755), 0);
        assert_int_equal(fchmodat(world.root, "old/lost", 02711, 0), 0);
        put_file(world.root, "old/lost/f", "x", 0600);
        const struct timespec times[2] = {{.tv_sec = 77}, {.tv_sec = 88, .tv_nsec = 99}};
        assert_int_equal(utimensat(world.root, "old/lost", times, 0), 0);
        assert_int_equal(utimensat(world.root, "old", times, 0), 0);
        struct apply_options options = OPTIONS_INIT(&world);
        options.threads = way & 2 ? 3 : 1;
        struct apply *apply = apply_new(&world, &options, way & 1);

        set_mode(&tar, tarball_add(&tar, '0', "suid", "1"), 04755);
        set_mode(&tar, tarball_add(&tar, '0', "sgid", "1"), 02010);
        set_mode(&tar, tarball_add(&tar, '0', "none", "1"), 0);
        size_t mine = tarball_add(&tar, '0', "mine", "1");
        set_owner(&tar, mine, 0, 0);
        set_mode(&tar, mine, 0600);
        set_mode(&tar, tarball_link(&tar, '5', "sticky", ""), 01777);
        set_mode(&tar, tarball_link(&tar, '5', "closed", ""), 0);
        tarball_add(&tar, '0', "closed/f", "1");
        set_mode(&tar, tarball_link(&tar, '5', "sgiddir", ""), 02775);
        tarball_add(&tar, '0', "sgiddir/f", "1");
        set_owner(&tar, tarball_add(&tar, '0', "sgiddir/root", "1"), 0, 0);
        tarball_link(&tar, '2', "l", "to");
        set_mode(&tar, tarball_link(&tar, '6', "fifo", ""), 0622);
        tarball_add(&tar, '0', "implied/deep/f", "1");
        tarball_add(&tar, '0', "old/new", "1");
        tarball_pax(&tar, 'x', "mtime", "-4.5", NULL);
        tarball_add(&tar, '0', "before", "1");
        apply_all(apply, &tar);
        tarball_add(&tar, '0', "old/lost/.wh.f", "");
        tarball_add(&tar, '0', "implied/later", "1");
        apply_all(apply, &tar);
        assert_ok(img__apply_end(apply, true, &err));
        img__apply_free(apply);

        assert_looks(&world, "suid", 04755, 1, 2, 3);
        assert_looks(&world, "sgid", 02010, 1, 2, 3);
        assert_looks(&world, "none", 0, 1, 2, 3);
        assert_looks(&world, "mine", 0600, 0, 0, 3);
        assert_looks(&world, "sticky", 01777, 1, 2, 3);
        assert_looks(&world, "closed", 0, 1, 2, 3);
        assert_looks(&world, "closed/f", 0644, 1, 2, 3);
        assert_looks(&world, "sgiddir", 02775, 1, 2, 3);
        assert_looks(&world, "sgiddir/f", 0644, 1, 2, 3);
        assert_looks(&world, "sgiddir/root", 0644, 0, 0, 3);
        assert_looks(&world, "l", 0777, 1, 2, 3);
        assert_looks(&world, "fifo", 0622, 1, 2, 3);
        assert_looks(&world, "implied", 0755, 0, 0, 0);
        assert_looks(&world, "implied/deep", 0755, 0, 0, 0);
        assert_looks(&world, "before", 0644, 1, 2, -5);
        assert_int_equal(stat_of(&world, "before").st_mtim.tv_nsec, 500000000);
        assert_looks(&world, "old", 0711, 0, 0, 88);
        assert_int_equal(stat_of(&world, "old").st_mtim.tv_nsec, 99);
        assert_looks(&world, "old/lost", 02711, 0, 0, 88);
        assert_int_equal(faccessat(world.root, "old/lost/f", F_OK, 0), -1);
        assert_string_equal(img__buf_text(&world.unset), "");
    }
}

/* X23: what is made in a directory with the setgid bit is not its group's. */
static void inherited_group(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    for (int way = 0; way < 2; way++) {
        img_error err;
        auto_(world) struct world world;
        auto_buf tar = TARBALL_INIT;
        world_open(&world);
        assert_int_equal(fchown(world.root, 0, 4321), 0);
        assert_int_equal(fchmod(world.root, 02755), 0);
        struct apply_options options = OPTIONS_INIT(&world);
        options.threads = way ? 3 : 1;
        struct apply *apply = apply_new(&world, &options, false);
        set_owner(&tar, tarball_link(&tar, '5', "d", ""), 0, 0);
        set_owner(&tar, tarball_add(&tar, '0', "d/f", "1"), 0, 0);
        set_owner(&tar, tarball_add(&tar, '0', "f", "1"), 0, 0);
        set_owner(&tar, tarball_add(&tar, '0', "i/f", "1"), 0, 0);
        apply_all(apply, &tar);
        assert_ok(img__apply_end(apply, false, &err));
        img__apply_free(apply);
        assert_looks(&world, "d", 0644, 0, 0, 3);
        assert_looks(&world, "d/f", 0644, 0, 0, 3);
        assert_looks(&world, "f", 0644, 0, 0, 3);
        assert_looks(&world, "i", 0755, 0, 0, 0);
        assert_looks(&world, "i/f", 0644, 0, 0, 3);
        assert_int_equal(fchmod(world.root, 0755), 0);
    }
}

/* A11: a directory over one replaces what it looks like; whoever is hidden and stays for what is in
 * it looks as if it were implied. */
static void directories(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    img_error err;
    auto_(world) struct world world;
    auto_buf tar = TARBALL_INIT;
    world_open_at(&world, "/tmp");
    const struct apply_options options = OPTIONS_INIT(&world);
    struct apply *apply = apply_new(&world, &options, false);
    static const char *const names[] = {"over", "hidden", "gone", "stays"};
    for (size_t i = 0; i < 4; i++) {
        char name[20];
        tarball_pax(&tar, 'x', "SCHILY.xattr.user.a", "old", "SCHILY.xattr.user.b", "old", NULL);
        set_mode(&tar, tarball_link(&tar, '5', names[i], ""), 0700);
        snprintf(name, sizeof(name), "%s/f", names[i]);
        tarball_add(&tar, '0', name, "1");
    }
    apply_all(apply, &tar);
    assert_ok(img__apply_end(apply, false, &err));
    img__apply_free(apply);
    assert_xattr(&world, "over", "user.a", "old");

    apply = apply_new(&world, &options, false);
    tarball_pax(&tar, 'x', "SCHILY.xattr.user.b", "new", NULL);
    set_owner(&tar, tarball_link(&tar, '5', "over", ""), 7, 8);
    tarball_add(&tar, '0', "hidden/n", "1");
    tarball_add(&tar, '0', ".wh.hidden", "");
    tarball_add(&tar, '0', ".wh.gone", "");
    tarball_add(&tar, '0', "gone/n", "1");
    tarball_add(&tar, '0', "stays/n", "1");
    tarball_add(&tar, '0', "stays/.wh..wh..opq", "");
    set_mode(&tar, tarball_link(&tar, '5', ".", ""), 0711);
    apply_all(apply, &tar);
    assert_ok(img__apply_end(apply, false, &err));
    img__apply_free(apply);
    assert_looks(&world, "over", 0644, 7, 8, 3);
    assert_xattr(&world, "over", "user.a", NULL);
    assert_xattr(&world, "over", "user.b", "new");
    assert_looks(&world, "over/f", 0644, 1, 2, 3);
    assert_looks(&world, "hidden", 0755, 0, 0, 0);
    assert_xattr(&world, "hidden", "user.a", NULL);
    assert_looks(&world, "gone", 0755, 0, 0, 0);
    assert_xattr(&world, "gone", "user.a", NULL);
    assert_looks(&world, "stays", 0700, 1, 2, 3);
    assert_xattr(&world, "stays", "user.a", "old");
    assert_looks(&world, "", 0711, 1, 2, 3);
}

/* A18 */
static void attributes(void **state)
{
    static const char acl[] = "\2\0\0\0\1\0\6\0\377\377\377\377\2\0\7\0\5\0\0\0\4\0\4\0\377\377\377"
                              "\377\20\0\7\0\377\377\377\377\40\0\4\0\377\377\377\377";
    static const char capability[] = "\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    (void)state;
    if (geteuid() != 0)
        skip();
    img_error err;
    auto_(world) struct world world;
    auto_buf tar = TARBALL_INIT;
    auto_buf records = BUF_INIT(10000);
    world_open_at(&world, "/tmp");
    const struct apply_options options = OPTIONS_INIT(&world);
    struct apply *apply = apply_new(&world, &options, false);

    tarball_record(&records, "SCHILY.xattr.user.a", "b");
    tarball_record(&records, "SCHILY.xattr.trusted.a", "t");
    tarball_record_bytes(&records, "SCHILY.xattr.security.capability", capability, 20);
    tarball_bytes(&tar, 'x', "x", &records);
    tarball_add(&tar, '0', "f", "1");
    tarball_pax(&tar, 'x', "SCHILY.xattr.user.a", "b", "SCHILY.xattr.trusted.a", "t", NULL);
    tarball_link(&tar, '2', "l", "f");
    tarball_pax(&tar, 'x', "SCHILY.xattr.user.a", "b", NULL);
    tarball_link(&tar, '6', "p", "");
    tarball_pax(&tar, 'x', "SCHILY.xattr.trusted.overlay.opaque", "y",
                "SCHILY.xattr.user.overlay.opaque", "y", "SCHILY.xattr.security.selinux", "x",
                "SCHILY.xattr.nothing.here", "x", NULL);
    tarball_link(&tar, '5', "o", "");
    tarball_pax(&tar, 'x', "SCHILY.xattr.trusted.overlay.opaque", "y", NULL);
    tarball_link(&tar, '5', "o2", "");
    img__buf_clear(&records);
    tarball_record_bytes(&records, "SCHILY.xattr.system.posix_acl_default", acl, sizeof(acl) - 1);
    tarball_bytes(&tar, 'x', "x", &records);
    set_mode(&tar, tarball_link(&tar, '5', "acl", ""), 0755);
    tarball_add(&tar, '0', "acl/f", "1");
    apply_all(apply, &tar);
    assert_ok(img__apply_end(apply, false, &err));
    img__apply_free(apply);

    assert_looks(&world, "f", 0644, 1, 2, 3);
    assert_xattr(&world, "f", "user.a", "b");
    assert_xattr(&world, "f", "trusted.a", "t");
    char path[100], text[100];
    snprintf(path, sizeof(path), "%s/root/f", world.path);
    assert_int_equal(getxattr(path, "security.capability", text, sizeof(text)), 20);
    assert_memory_equal(text, capability, 20);
    assert_xattr(&world, "l", "trusted.a", "t");
    assert_xattr(&world, "o", "trusted.overlay.opaque", NULL);
    assert_xattr(&world, "o", "user.overlay.opaque", NULL);
    snprintf(path, sizeof(path), "%s/root/acl", world.path);
    assert_int_equal(getxattr(path, "system.posix_acl_default", text, sizeof(text)),
                     sizeof(acl) - 1);
    assert_looks(&world, "acl", 0755, 1, 2, 3);
    assert_xattr(&world, "acl/f", "system.posix_acl_access", NULL);
    assert_looks(&world, "acl/f", 0644, 1, 2, 3);
    assert_string_equal(world.unset.data, "l: xattr user.a\n"
                                          "p: xattr user.a\n"
                                          "o: xattr nothing.here\n"
                                          "o: xattr security.selinux\n"
                                          "o: xattr trusted.overlay.opaque\n"
                                          "o: xattr user.overlay.opaque\n"
                                          "o2: xattr trusted.overlay.opaque\n");
    /* Once for each name. */
    assert_non_null(strstr(world.log.data, "layer x: entry 'l': the extended attribute user.a"));
    assert_null(strstr(world.log.data, "entry 'p'"));
    assert_null(strstr(world.log.data, "entry 'o2'"));
}

/* A19 */
static void owners(void **state)
{
    static struct id_range range = {0, 5000, 100};
    const struct id_map map = {{&range, 1}, {&range, 1}};
    (void)state;
    if (geteuid() != 0)
        skip();
    for (int way = 0; way < 2; way++) {
        img_error err;
        auto_(world) struct world world;
        auto_buf tar = TARBALL_INIT;
        world_open(&world);
        struct apply_options options = OPTIONS_INIT(&world);
        options.threads = way ? 3 : 1;
        options.id_map = &map;
        struct apply *apply = apply_new(&world, &options, false);
        set_mode(&tar, tarball_add(&tar, '0', "suid", "1"), 04755);
        tarball_link(&tar, '5', "d", "");
        tarball_link(&tar, '2', "d/l", "x");
        tarball_add(&tar, '0', "i/f", "1");
        apply_all(apply, &tar);
        set_owner(&tar, tarball_add(&tar, '0', "f", "1"), 0, 100);
        assert_fails(apply_tar(apply, &tar, &err), IMG_EINVAL,
                     "layer x: entry 'f' at byte 0: its group 100 has no id");
        img__buf_clear(&tar);
        set_owner(&tar, tarball_link(&tar, '5', "g", ""), 70000, 0);
        assert_fails(apply_tar(apply, &tar, &err), IMG_EINVAL, "its owner 70000 has no id");
        assert_ok(img__apply_end(apply, false, &err));
        img__apply_free(apply);
        assert_looks(&world, "suid", 04755, 5001, 5002, 3);
        assert_looks(&world, "d", 0644, 5001, 5002, 3);
        assert_looks(&world, "d/l", 0777, 5001, 5002, 3);
        assert_looks(&world, "i", 0755, 5000, 5000, 0);
        assert_string_equal(img__buf_text(&world.unset), "");

        range.image = 1;
        assert_int_equal(
            img__apply_new(fcntl(world.root, F_DUPFD_CLOEXEC, 0), &options, &apply, &err),
            IMG_EINVAL);
        range.image = 0;
    }
}

/* A19: where owners are not set, nobody else's setuid bits are. */
static void no_owners(void **state)
{
    (void)state;
    for (int way = 0; way < 2; way++) {
        img_error err;
        auto_(world) struct world world;
        auto_buf tar = TARBALL_INIT;
        world_open(&world);
        struct apply_options options = OPTIONS_INIT(&world);
        options.threads = way ? 3 : 1;
        options.owners = options.devices = false;
        struct apply *apply = apply_new(&world, &options, false);
        set_mode(&tar, tarball_add(&tar, '0', "suid", "1"), 06755);
        size_t at = tarball_add(&tar, '0', "mine", "1");
        set_mode(&tar, at, 06755);
        set_owner(&tar, at, geteuid(), getegid());
        at = tarball_link(&tar, '3', "null", "");
        set_octal(&tar, at, 329, 1);
        set_owner(&tar, at, geteuid(), getegid());
        tarball_link(&tar, '1', "null2", "null");
        apply_all(apply, &tar);
        assert_ok(img__apply_end(apply, false, &err));
        img__apply_free(apply);
        assert_looks(&world, "suid", 0755, geteuid(), getegid(), 3);
        assert_looks(&world, "mine", 06755, geteuid(), getegid(), 3);
        assert_int_equal(faccessat(world.root, "null2", F_OK, AT_SYMLINK_NOFOLLOW), -1);
        assert_string_equal(world.unset.data, "suid: owner\nsuid: mode\nnull: device\n"
                                              "null2: device\n");
    }
}

/* A20 */
static void devices(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    img_error err;
    auto_(world) struct world world;
    auto_buf tar = TARBALL_INIT;
    world_open_at(&world, "/tmp");
    const struct apply_options options = OPTIONS_INIT(&world);
    struct apply *apply = apply_new(&world, &options, false);
    size_t at = tarball_link(&tar, '3', "null", "");
    set_octal(&tar, at, 329, 1);
    set_octal(&tar, at, 337, 3);
    set_mode(&tar, at, 0666);
    at = tarball_link(&tar, '4', "disk", "");
    set_octal(&tar, at, 329, 8);
    tarball_link(&tar, '1', "null2", "null");
    tarball_end(&tar);
    int rc = apply_tar(apply, &tar, &err);
    if (rc && err.sys_errno == EPERM) {
        img__apply_free(apply);
        skip(); /* in a container */
    }
    assert_int_equal(rc, 0);
    img__apply_free(apply);
    assert_looks(&world, "null", 0666, 1, 2, 3);
    assert_true(stat_of(&world, "null").st_rdev == makedev(1, 3));
    assert_int_equal(stat_of(&world, "null").st_nlink, 2);
    assert_true(S_ISBLK(stat_of(&world, "disk").st_mode));
    assert_true(stat_of(&world, "disk").st_rdev == makedev(8, 0));
}

/* Content of all sizes about the edges of chunks and batches; C18: zeros in large ones. */
static void content(void **state)
{
    static const size_t sizes[] = {0,       1,       511,     512,    513,    4095,
                                   131071,  131072,  131073,  262143, 262144, 262145,
                                   1048575, 1048576, 1048577, 3000000};
    const size_t count = sizeof(sizes) / sizeof(sizes[0]);
    (void)state;
    for (int way = 0; way < 4; way++) {
        img_error err;
        auto_(world) struct world world;
        auto_buf tar = TARBALL_INIT;
        uint64_t seed = 1;
        char name[20];
        auto_free char *data = malloc(3000000);
        auto_free char *found = malloc(3000001);
        assert_true(data && found);
        for (size_t i = 0; i < 3000000; i++)
            data[i] = (char)next_random(&seed);
        memset(data + 4096, 0, 8192);
        memset(data + 500000, 0, 300000);
        memset(data + 1048577 - 5000, 0, 5000); /* a hole at the end */
        world_open(&world);
        struct apply_options options = OPTIONS_INIT(&world);
        options.owners = false;
        options.threads = way & 2 ? 3 : 1;
        auto_(apply) struct apply *apply = apply_new(&world, &options, way & 1);
        for (size_t i = 0; i < count; i++) {
            snprintf(name, sizeof(name), "d%zu/f", i);
            tarball_header(&tar, '0', name, "", sizes[i]);
            img__buf_append(&tar, data, sizes[i]);
            tarball_pad(&tar);
        }
        apply_all(apply, &tar);
        assert_ok(img__apply_end(apply, false, &err));
        for (size_t i = 0; i < count; i++) {
            snprintf(name, sizeof(name), "d%zu/f", i);
            auto_fd int fd = openat(world.root, name, O_RDONLY);
            assert_int_equal(read(fd, found, 3000001), sizes[i]);
            assert_memory_equal(found, data, sizes[i]);
            struct stat stat = stat_of(&world, name);
            if (sizes[i] >= 1048576)
                assert_true((size_t)stat.st_blocks * 512 < sizes[i] - 200000);
        }
    }
}

/* X14, Z13: entries and bytes are counted over all layers, implied directories, too. */
static void limits(void **state)
{
    (void)state;
    for (int way = 0; way < 2; way++) {
        img_error err;
        auto_(world) struct world world;
        auto_buf one = TARBALL_INIT, two = TARBALL_INIT;
        world_open(&world);
        struct apply_options options = OPTIONS_INIT(&world);
        options.threads = way ? 3 : 1;
        options.owners = false;
        options.max_entries = 5;
        options.max_bytes = 10;
        tarball_add(&one, '0', "a/b/f", "123456");
        tarball_add(&two, '0', "c", "1234");
        tarball_add(&two, '0', "d", "");
        struct apply *apply = apply_new(&world, &options, false);
        assert_ok(apply_tar(apply, &one, &err));
        assert_ok(apply_tar(apply, &two, &err));
        img__buf_clear(&two);
        tarball_link(&two, '2', "e", "x");
        assert_fails(apply_tar(apply, &two, &err), IMG_ELIMIT,
                     "layer x: entry 'e' at byte 0: the image has more than 5 entries");
        img__apply_free(apply);
        assert_int_equal(faccessat(world.root, "e", F_OK, AT_SYMLINK_NOFOLLOW), -1);

        options.max_entries = 0;
        apply = apply_new(&world, &options, false);
        img__buf_clear(&two);
        tarball_header(&two, '0', "f", "", UINT64_C(0x7ffffffff));
        assert_fails(apply_tar(apply, &two, &err), IMG_ELIMIT, "more than 10 bytes");
        img__apply_free(apply);
        assert_int_equal(faccessat(world.root, "f", F_OK, AT_SYMLINK_NOFOLLOW), -1);
    }
}

/* Whoever runs into RLIMIT_FSIZE would die by a signal: it is refused before. */
static void file_limit(void **state)
{
    (void)state;
    struct rlimit before, few = {1000, 1000};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    few.rlim_max = before.rlim_max;
    img_error err;
    auto_(world) struct world world;
    auto_buf tar = TARBALL_INIT;
    world_open(&world);
    struct apply_options options = OPTIONS_INIT(&world);
    options.owners = false;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &few), 0);
    auto_(apply) struct apply *apply = apply_new(&world, &options, false);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    tarball_header(&tar, '0', "ok", "", 1000);
    tarball_zeros(&tar, 1024);
    tarball_header(&tar, '0', "large", "", 1001);
    tarball_zeros(&tar, 1024);
    assert_fails(apply_tar(apply, &tar, &err), IMG_EIO, "'large' at byte 1536: its 1001 bytes");
    assert_int_equal(stat_of(&world, "ok").st_size, 1000);
}

/* Data that ends early, on whatever thread: the reader says where. What a worker finds comes before
 * what is found later. */
static void failures(void **state)
{
    (void)state;
    for (int way = 0; way < 2; way++) {
        img_error err;
        auto_(world) struct world world;
        auto_buf tar = TARBALL_INIT;
        world_open(&world);
        struct apply_options options = OPTIONS_INIT(&world);
        options.owners = false;
        options.threads = way ? 3 : 1;
        struct apply *apply = apply_new(&world, &options, false);
        tarball_header(&tar, '0', "cut", "", 1000);
        tarball_zeros(&tar, 512);
        assert_fails(apply_tar(apply, &tar, &err), IMG_EFORMAT, "layer x: entry 'cut' at byte 0");
        assert_null(strstr(strstr(err.message, "layer x") + 1, "layer x"));
        img__apply_free(apply);
        assert_ok(img__root_remove_tree(world.root, "cut", &err));

        img__buf_clear(&tar);
        apply = apply_new(&world, &options, false);
        tarball_add(&tar, '0', "a", "");
        tarball_add(&tar, '0', "b", "");
        tarball_add(&tar, '0', "b", "");
        tarball_add(&tar, '0', "c/.wh.", "");
        assert_fails(apply_tar(apply, &tar, &err), IMG_EFORMAT, "layer x: entry 'b' at byte 1024");
        img__apply_free(apply);
    }
}

/* A file system that is full: the entry is named. */
static void full(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    for (int way = 0; way < 2; way++) {
        pid_t child = fork();
        if (child == 0) {
            img_error err = {0};
            struct buf tar = TARBALL_INIT;
            struct apply_options options = {.threads = way ? 3 : 1, .owners = true};
            struct apply *apply;
            if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
                mount("none", "/mnt", "tmpfs", 0, "size=1m,nr_inodes=20"))
                _exit(77);
            int root = open("/mnt", O_RDONLY | O_DIRECTORY);
            tarball_header(&tar, '0', "small", "", 100000);
            tarball_zeros(&tar, 100352);
            tarball_header(&tar, '0', "large", "", 2000000);
            for (int i = 0; i < 2000384; i++)
                img__buf_putc(&tar, 'x');
            if (img__apply_new(root, &options, &apply, &err))
                _exit(2);
            int rc = apply_tar(apply, &tar, &err);
            _exit(rc == IMG_EIO && err.sys_errno == ENOSPC &&
                          strstr(err.message, "layer x: entry '") &&
                          (way || strstr(err.message, "'large' at byte 100864: "))
                      ? 0
                      : 1);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == 77)
            skip();
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

/* The caller's record can end it. */
static int refuse(const struct entry *entry, const char *what, void *arg, img_error *err)
{
    (void)arg;
    return img__fail(err, IMG_ECANCELED, "no %s for %s", what, entry->path);
}

static void canceled(void **state)
{
    (void)state;
    img_error err;
    auto_(world) struct world world;
    auto_buf tar = TARBALL_INIT;
    world_open(&world);
    struct apply_options options = OPTIONS_INIT(&world);
    options.devices = false;
    options.unset = refuse;
    auto_(apply) struct apply *apply = apply_new(&world, &options, false);
    set_octal(&tar, tarball_link(&tar, '3', "c", ""), 329, 1);
    assert_fails(apply_tar(apply, &tar, &err), IMG_ECANCELED, "no device for c");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks),       cmocka_unit_test(inherited_group),
        cmocka_unit_test(directories), cmocka_unit_test(attributes),
        cmocka_unit_test(owners),      cmocka_unit_test(no_owners),
        cmocka_unit_test(devices),     cmocka_unit_test(content),
        cmocka_unit_test(limits),      cmocka_unit_test(file_limit),
        cmocka_unit_test(failures),    cmocka_unit_test(full),
        cmocka_unit_test(canceled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
