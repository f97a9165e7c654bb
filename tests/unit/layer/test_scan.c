/* SPDX-License-Identifier: Apache-2.0
 *
 * The scan of real trees: what it finds and in which order, what it leaves out, and what it
 * refuses.
 */
#include "layer/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "judge.h"
#include "layer/id_map.h"
#include "layer/mode_change.h"
#include "layer/scan_internal.h"

/* What a scan gave, a line an entry, and what was logged. */
struct found {
    struct buf lines;
    struct buf log;
    const char *at;     /* the path at which to */
    const char *script; /* run this */
    size_t piece;       /* bytes a read */
    char acl[64];       /* the last access list */
};
#define FOUND_INIT                                                                                 \
    {                                                                                              \
        BUF_INIT((size_t)8 << 20), BUF_INIT((size_t)1 << 20), NULL, NULL, 100, ""                  \
    }

static void img__auto_found(struct found *found)
{
    img__buf_free(&found->lines);
    img__buf_free(&found->log);
}

static void log_line(int level, const char *line, void *arg)
{
    struct found *found = arg;
    assert_int_equal(level, IMG_LOG_WARNING);
    img__buf_printf(&found->log, "%s\n", line);
}

static void change(struct found *found, const char *path)
{
    if (!found->script || strcmp(path, found->at) != 0)
        return;
    free(judge_run(found->script));
    found->script = NULL;
}

/* The data is summed, so that a line says what was in it. */
static int read_all(struct found *found, const struct entry *entry, struct source *data,
                    img_error *err)
{
    uint64_t size = 0;
    uint32_t sum = 0;
    auto_free unsigned char *part = malloc(found->piece);
    assert_non_null(part);
    for (ssize_t n; (n = img__source_read(data, part, found->piece, err)) != 0;) {
        if (n < 0)
            return (int)n;
        for (ssize_t i = 0; i < n; i++)
            sum = sum * 31 + part[i];
        size += (uint64_t)n;
        change(found, entry->path);
    }
    assert_int_equal(size, entry->size);
    img__buf_printf(&found->lines, " %llu %08x", (unsigned long long)size, sum);
    return 0;
}

static int collect(const struct entry *entry, struct source *data, void *arg, img_error *err)
{
    struct found *found = arg;
    img_error checked;
    assert_int_equal(img__entry_check(entry, &checked), 0);
    assert_true((data != NULL) == (entry->type == ENTRY_FILE));
    img__buf_printf(&found->lines, "%c %s %04o %u:%u %lld", "fdlhcbp"[entry->type], entry -> path,
                    entry -> mode, entry -> uid, entry -> gid, (long long)entry -> mtime);
    if (entry->link)
        img__buf_printf(&found->lines, " -> %s", entry->link);
    if (entry->type == ENTRY_CHARACTER || entry->type == ENTRY_BLOCK)
        img__buf_printf(&found->lines, " %u,%u", entry->device_major, entry->device_minor);
    for (size_t i = 0; i < entry->xattr_count; i++)
        img__buf_printf(&found->lines, " %s=%s", entry->xattrs[i].name, entry->xattrs[i].value);
    for (size_t i = 0; i < entry->xattr_count; i++)
        if (strcmp(entry->xattrs[i].name, "system.posix_acl_access") == 0)
            memcpy(found->acl, entry->xattrs[i].value, entry->xattrs[i].len);
    int rc = data ? read_all(found, entry, data, err) : 0;
    img__buf_putc(&found->lines, '\n');
    change(found, entry->path);
    return rc;
}

static int scan(const char *name, struct scan_options *options, struct found *found, img_error *err)
{
    struct observer observer = {.on_log = log_line, .on_log_arg = found};
    auto_free char *path = judge_path(name);
    if (!options->prefix)
        options->prefix = "";
    options->observer = &observer;
    return img__scan(path, options, collect, found, err);
}

static void scans(const char *name, struct scan_options *options, const char *expected)
{
    img_error err;
    auto_(found) struct found found = FOUND_INIT;
    assert_ok(scan(name, options, &found, &err));
    assert_string_equal(img__buf_text(&found.lines), expected);
    assert_string_equal(img__buf_text(&found.log), "");
}

/* What is expected names root as the owner. */
static void make(const char *script)
{
    if (geteuid() != 0)
        skip();
    auto_free char *text = NULL;
    assert_true(
        asprintf(&text, "exec 2>&1; umask 022; rm -rf t; mkdir t; cd t; set -e; %s", script) >= 0);
    judge_says(text, "");
}

static void order_and_types(void **state)
{
    (void)state;
    make("mkdir a.b a 'a b' a/c; echo -n 123 >a/c/f; : >a.b/x; : >aa; : >A; ln -s ../no/where l;"
         "mkfifo -m 600 p; chmod 6751 aa; chmod 1777 a.b; chmod 0 A; touch -d @7 a/c/f; chown 1:2 "
         "a/c/f;"
         "find . ! -path ./a/c/f -exec touch -hd @1500000000 {} +");
    struct scan_options options = {.prefix = ""};
    scans("t", &options,
          "f A 0000 0:0 1500000000 0 00000000\n"
          "d a 0755 0:0 1500000000\n"
          "d a/c 0755 0:0 1500000000\n"
          "f a/c/f 0644 1:2 7 3 0000be32\n"
          "d a b 0755 0:0 1500000000\n"
          "d a.b 1777 0:0 1500000000\n"
          "f a.b/x 0644 0:0 1500000000 0 00000000\n"
          "f aa 6751 0:0 1500000000 0 00000000\n"
          "l l 0777 0:0 1500000000 -> ../no/where\n"
          "p p 0600 0:0 1500000000\n");
}

static void prefix_and_overrides(void **state)
{
    (void)state;
    make("mkdir d; echo >d/f; ln -s f d/l; mkfifo d/p; ln -s d linked;"
         "find . -exec touch -hd @1500000000.9 {} +; touch -d @-4.5 d/f");
    struct scan_options options = {.prefix = "opt/x",
                                   .set_mode = true,
                                   .mode = 0750,
                                   .set_uid = true,
                                   .uid = 7,
                                   .set_gid = true,
                                   .gid = 4294967294,
                                   .has_epoch = true,
                                   .epoch = 1400000000};
    static const char expected[] = "d opt/x 0750 7:4294967294 1400000000\n"
                                   "f opt/x/f 0750 7:4294967294 -5 1 0000000a\n"
                                   "l opt/x/l 0777 7:4294967294 1400000000 -> f\n"
                                   "p opt/x/p 0644 7:4294967294 1400000000\n";
    scans("t/d", &options, expected);
    scans("t/d///", &options, expected);
    scans("t/linked", &options, expected);
}

static void one_file(void **state)
{
    img_error err;
    auto_(found) struct found found = FOUND_INIT;
    (void)state;
    make("echo -n abc >f; ln f g; ln -s f l; touch -d @3 f; mkfifo p");
    struct scan_options options = {.prefix = "usr/bin/tool"};
    scans("t/f", &options, "f usr/bin/tool 0644 0:0 3 3 00017862\n");
    scans("t/l", &options, "f usr/bin/tool 0644 0:0 3 3 00017862\n");
    assert_fails(scan("t/p", &options, &found, &err), IMG_EINVAL, "t/p: is neither");
    assert_fails(scan("t/none", &options, &found, &err), IMG_ENOTFOUND, "t/none: cannot be opened");
    options.prefix = "";
    assert_fails(scan("t/f", &options, &found, &err), IMG_EINVAL, "t/f: a file can't be the root");
    options.prefix = "usr/.wh.bin";
    assert_fails(scan("t/f", &options, &found, &err), IMG_EINVAL, "'.wh.'");
}

static void hard_links(void **state)
{
    (void)state;
    make("mkdir d sub; echo -n 1 >d/b; ln d/b d/a; ln d/b z; ln -s x d/s1; ln d/s1 d/s2; echo -n 2 "
         ">one;"
         "ln one sub/two; mkfifo d/p; ln d/p d/q; ln z ../outside;"
         "find . -exec touch -hd @5 {} +");
    struct scan_options options = {.prefix = "p"};
    scans("t", &options,
          "d p 0755 0:0 5\n"
          "d p/d 0755 0:0 5\n"
          "f p/d/a 0644 0:0 5 1 00000031\n"
          "h p/d/b 0644 0:0 5 -> p/d/a\n"
          "p p/d/p 0644 0:0 5\n"
          "h p/d/q 0644 0:0 5 -> p/d/p\n"
          "l p/d/s1 0777 0:0 5 -> x\n"
          "h p/d/s2 0777 0:0 5 -> p/d/s1\n"
          "f p/one 0644 0:0 5 1 00000032\n"
          "d p/sub 0755 0:0 5\n"
          "h p/sub/two 0644 0:0 5 -> p/one\n"
          "h p/z 0644 0:0 5 -> p/d/a\n");
    /* A name whose others are elsewhere is a file. */
    scans("t/sub", &options, "d p 0755 0:0 5\nf p/two 0644 0:0 5 1 00000032\n");
    judge_says("rm outside", "");
}

static void many_hard_links(void **state)
{
    img_error err;
    auto_(found) struct found found = FOUND_INIT;
    struct scan_options options = {0};
    (void)state;
    make("mkdir a b; cd a; seq -f f%04g 1000 | xargs touch; ln * ../b");
    assert_ok(scan("t", &options, &found, &err));
    size_t links = 0;
    for (const char *at = found.lines.data; (at = strstr(at, "\nh b/f")); at++) {
        const char *target = strstr(at, "-> a/f");
        assert_non_null(target);
        assert_memory_equal(at + 6, target + 6, 4);
        links++;
    }
    assert_int_equal(links, 1000);
}

static void devices(void **state)
{
    img_error err;
    auto_(found) struct found found = FOUND_INIT;
    struct scan_options options = {0};
    (void)state;
    make("mknod b b 8 1; mknod c c 1 300; touch -d @1 b c");
    scans("t", &options, "b b 0644 0:0 1 8,1\nc c 0644 0:0 1 1,300\n");
    make("mkdir a; mknod a/c c 0 0");
    assert_fails(scan("t", &options, &found, &err), IMG_EINVAL, "t/a/c: the character device 0:0");
}

static void attributes(void **state)
{
    struct scan_options options = {0};
    (void)state;
    make("mkdir d; : >d/f; mkfifo d/p; ln -s f d/l; setfattr -n user.z -v last d/f;"
         "setfattr -n user.a -v first d/f; setfattr -n user.empty d/f; setfattr -n user.a=b -v 1 "
         "d/f;"
         "setfattr -n user.overlay.origin -v 1 d/f; setfattr -n trusted.t -v 1 d/f;"
         "setfattr -n user.dir -v yes d; find . -exec touch -hd @5 {} +");
    scans("t", &options,
          "d d 0755 0:0 5 user.dir=yes\n"
          "f d/f 0644 0:0 5 user.a=first user.z=last 0 00000000\n"
          "l d/l 0777 0:0 5 -> f\n"
          "p d/p 0644 0:0 5\n");
    /* By /proc for what can't be opened: an access list u::rw-,u:9:rw-,g::r--,m::rw-,o::r-- */
    make(
        "mkfifo p; setfattr -n system.posix_acl_access -v "
        "0x0200000001000600ffffffff020006000900000004000400ffffffff10000600ffffffff20000400ffffffff"
        " p; touch -d @5 p");
    scans("t", &options, "p p 0664 0:0 5 system.posix_acl_access=\x02\n");
}

static void attribute_values(void **state)
{
    unsigned char v3[24] = {1, 0, 0, 3, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 9};
    unsigned char v2[20] = {1, 0, 0, 2, 0xff, 0xff};
    unsigned char v1[12] = {1, 0, 0, 1};
    unsigned char base[28] = {2,    0,    0, 0, 1,    0,    6,    0,    0xff, 0xff,
                              0xff, 0xff, 4, 0, 4,    0,    0xff, 0xff, 0xff, 0xff,
                              0x20, 0,    4, 0, 0xff, 0xff, 0xff, 0xff};
    unsigned char user[36] = {2, 0, 0, 0, 1};
    (void)state;
    assert_int_equal(img__scan_xattr_value("security.capability", v3, 24), 20);
    assert_memory_equal(v3, "\1\0\0\2\xff\xff\0\0\0\0\0\0\2\0\0\0\0\0\0\0", 20);
    assert_int_equal(img__scan_xattr_value("security.capability", v2, 20), 20);
    assert_int_equal(v2[3], 2);
    assert_int_equal(img__scan_xattr_value("security.capability", v1, 12), 12);
    assert_int_equal(img__scan_xattr_value("system.posix_acl_access", base, 28), 0);
    assert_int_equal(img__scan_xattr_value("system.posix_acl_default", base, 28), 28);
    assert_int_equal(img__scan_xattr_value("system.posix_acl_access", user, 36), 36);
    base[4] = 2;
    assert_int_equal(img__scan_xattr_value("system.posix_acl_access", base, 28), 28);
    assert_int_equal(img__scan_xattr_value("user.x", base, 28), 28);
}

static void left_out(void **state)
{
    img_error err;
    auto_(found) struct found found = FOUND_INIT;
    struct scan_options options = {0};
    (void)state;
    make("python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"sock\")'; : >z; touch -d "
         "@1 z");
    assert_ok(scan("t", &options, &found, &err));
    assert_string_equal(found.lines.data, "f z 0644 0:0 1 0 00000000\n");
    assert_non_null(strstr(found.log.data, "/t/sock: a socket"));

    make("mkdir d; : >d/.wh.x");
    assert_fails(scan("t", &options, &found, &err), IMG_EINVAL, "/t/d/.wh.x: a name that begins");
}

static void mounts(void **state)
{
    img_error err;
    auto_(found) struct found found = FOUND_INIT;
    struct scan_options options = {0};
    (void)state;
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        skip();
    make("mkdir -p m bind src; : >src/f; : >file; find . -exec touch -hd @1 {} +");
    auto_free char *other = judge_path("t/m");
    auto_free char *bind = judge_path("t/bind");
    auto_free char *from = judge_path("t/src");
    auto_free char *file = judge_path("t/file");
    if (mount("none", other, "tmpfs", 0, "mode=700") != 0)
        skip();
    assert_int_equal(mount(from, bind, NULL, MS_BIND, NULL), 0);
    judge_says("cd t; printf 1234 >m/hidden; touch -d @2 m m/hidden", "");
    auto_free char *hidden = judge_path("t/m/hidden");
    /* A file that is another one than the listing says. */
    assert_int_equal(mount(hidden, file, NULL, MS_BIND, NULL), 0);
    int rc = scan("t", &options, &found, &err);
    int inside = scan("t/m", &options, &found, &err);
    assert_int_equal(umount(file), 0);
    assert_int_equal(umount(other), 0);
    assert_int_equal(umount(bind), 0);
    assert_int_equal(rc, 0);
    assert_int_equal(inside, 0);
    assert_non_null(strstr(found.lines.data, "d bind 0755 0:0 1\nf file 0644 0:0 2 4 00170842\n"
                                             "d m 0700 0:0 2\nd src 0755 0:0 1\n"
                                             "f src/f 0644 0:0 1 0 00000000\nf hidden 0644 "));
    assert_non_null(strstr(found.log.data, "/t/bind: another file system"));
    assert_non_null(strstr(found.log.data, "/t/m: another file system"));
}

/* What is not open has the same attributes, whatever the kernel offers; a link is not followed. */
static void attributes_by_name(void **state)
{
    (void)state;
    make("mkdir d; : >d/f; ln -s f d/l; setfattr -n user.x -v 1 d/f");
    auto_free char *path = judge_path("t/d");
    auto_fd int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(dir >= 0);
    for (int i = 0; i < 4; i++) {
        img_error err;
        struct scan_options options = {.prefix = ""};
        auto_(scan) struct scan scan = {.no_listxattrat = i & 1};
        auto_(entry) struct entry entry = {0};
        struct node node = {.dirfd = dir, .name = i & 2 ? "l" : "f", .fd = -1};
        assert_ok(img__scan_init(&scan, path, &options, &err));
        assert_ok(img__scan_look(&scan, &node, &err));
        assert_ok(img__scan_xattrs(&scan, &node, &entry, &err));
        assert_int_equal(entry.xattr_count, i & 2 ? 0 : 1);
        if (entry.xattr_count)
            assert_string_equal(entry.xattrs[0].value, "1");
    }
}

/* Far deeper than descriptors are kept, with hardly any to have. */
enum { DEEP = 400 };

static void deep(void **state)
{
    img_error err;
    auto_(found) struct found found = FOUND_INIT;
    struct scan_options options = {0};
    struct rlimit old, low;
    (void)state;
    make("OLDTOP=$PWD; mkdir top; cd top; for i in $(seq 400); do : >a; : >z; mkdir dir; cd -P "
         "dir; done;"
         "cd $OLDTOP; find . -exec touch -d @1 {} +");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    low = old;
    low.rlim_cur = 100;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    int rc = scan("t", &options, &found, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(rc, 0);

    auto_(buf) struct buf expected = BUF_INIT((size_t)8 << 20);
    auto_(buf) struct buf path = BUF_INIT(ENTRY_PATH_MAX);
    img__buf_puts(&path, "top");
    for (int i = 0; i < DEEP; i++) {
        img__buf_printf(&expected, "d %s 0755 0:0 1\nf %s/a 0644 0:0 1 0 00000000\n", path.data,
                        path.data);
        img__buf_puts(&path, "/dir");
    }
    img__buf_printf(&expected, "d %s 0755 0:0 1\n", path.data);
    for (int i = 0; i < DEEP; i++) {
        path.data[path.len -= 4] = '\0';
        img__buf_printf(&expected, "f %s/z 0644 0:0 1 0 00000000\n", path.data);
    }
    assert_string_equal(found.lines.data, expected.data);
}

static void too_deep(void **state)
{
    img_error err;
    auto_(found) struct found found = FOUND_INIT;
    struct scan_options options = {0};
    (void)state;
    make("n=$(printf %0200d 0); for i in $(seq 21); do mkdir $n; cd -P $n; done");
    assert_fails(scan("t", &options, &found, &err), IMG_EINVAL, "longer than the 4096 bytes");
}

static void large_directory(void **state)
{
    img_error err;
    auto_(found) struct found found = FOUND_INIT;
    struct scan_options options = {0};
    (void)state;
    make("seq -f name-%06g 20000 | shuf | xargs touch");
    assert_ok(scan("t", &options, &found, &err));
    const char *at = found.lines.data;
    for (unsigned i = 1; i <= 20000; i++) {
        char name[32];
        snprintf(name, sizeof(name), "f name-%06u ", i);
        assert_int_equal(strncmp(at, name, strlen(name)), 0);
        at = strchr(at, '\n') + 1;
    }
    assert_int_equal(*at, 0);
}

static void sparse(void **state)
{
    struct scan_options options = {0};
    auto_(found) struct found holes = FOUND_INIT;
    auto_(found) struct found dense = FOUND_INIT;
    img_error err;
    (void)state;
    make("truncate -s 3M f; echo hello | dd conv=notrunc bs=1 seek=1500001 of=f status=none;"
         "truncate -s 100001 hole; echo end >>hole; truncate -s 70000 only; touch -d @1 *");
    holes.piece = 4097;
    dense.piece = 65536;
    assert_ok(scan("t", &options, &holes, &err));
    judge_says("cd t; for f in *; do cat $f >x; rm $f; mv x $f; done; touch -d @1 *", "");
    assert_ok(scan("t", &options, &dense, &err));
    assert_string_equal(holes.lines.data, dense.lines.data);
}

/* What a large file would take too long to go into. */
static int skim(const struct entry *entry, struct source *data, void *arg, img_error *err)
{
    size_t piece = (size_t)8 << 20;
    auto_free char *bytes = malloc(piece);
    uint64_t size = 0;
    char *last = arg;
    assert_non_null(bytes);
    for (ssize_t n; (n = img__source_read(data, bytes, piece, err)) != 0;) {
        if (n < 0)
            return (int)n;
        size += (uint64_t)n;
        if (size == entry->size)
            memcpy(last, bytes + n - 4, 4);
    }
    assert_int_equal(size, entry->size);
    assert_int_equal(entry->size, ((uint64_t)9 << 30) + 4);
    return 0;
}

/* C9, C18: more than 8 GiB, nearly all of it a hole. */
static void large_file(void **state)
{
    img_error err;
    char last[5] = "";
    (void)state;
    make("truncate -s 9G f; printf last >>f");
    auto_free char *path = judge_path("t/f");
    assert_ok(img__scan(path, &(struct scan_options){.prefix = "f"}, skim, last, &err));
    assert_string_equal(last, "last");
}

static void changes(void **state)
{
    static const struct {
        const char *at;
        const char *script;
        int code;
        const char *text;
    } rows[] = {
        {"a", "rm t/b", IMG_ENOTFOUND, "/t/b: vanished"},
        {"b", "echo more >>t/b", IMG_EIO, "/t/b: changed while it was read"},
        {"b", "printf x | dd of=t/b conv=notrunc status=none; touch -d @1 t/b", IMG_EIO,
         "/t/b: changed while it was read"},
        {"b", "truncate -s 150 t/b", IMG_EIO, "/t/b: was cut short while it was read"},
        {"b", "truncate -s 50 t/b", IMG_EIO, "/t/b: was cut short while it was read"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        auto_(found) struct found found = FOUND_INIT;
        struct scan_options options = {0};
        make("printf %01000d 0 >b; echo a >a; touch -d @1 *");
        found.at = rows[i].at;
        found.script = rows[i].script;
        assert_fails(scan("t", &options, &found, &err), rows[i].code, rows[i].text);
    }
}

static void unreadable(void **state)
{
    img_error err;
    auto_(found) struct found found = FOUND_INIT;
    struct scan_options options = {0};
    (void)state;
    make("echo 1 >f; chmod 600 f; mkdir d; chmod 700 d; chmod 711 ../t ..");
    assert_int_equal(seteuid(65534), 0);
    int file = scan("t/f", &(struct scan_options){.prefix = "f"}, &found, &err);
    img_error file_error = err;
    int tree = scan("t/d", &options, &found, &err);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(file, IMG_EIO);
    assert_non_null(strstr(file_error.message, "/t/f: this user may not read it"));
    assert_non_null(strstr(file_error.message, "Permission denied"));
    assert_int_equal(file_error.sys_errno, EACCES);
    assert_int_equal(tree, IMG_EIO);
    assert_non_null(strstr(err.message, "/t/d: this user may not read it"));
}

static void scans_without(const char *rules, const char *prefix, const char *expected)
{
    img_error err;
    auto_(ignore) struct ignore *ignore = NULL;
    auto_free char *copy = strdup(rules);
    assert_non_null(copy);
    assert_ok(img__ignore_new(&ignore, &err));
    for (char *rule = strtok(copy, " "); rule; rule = strtok(NULL, " "))
        assert_ok(img__ignore_add(ignore, rule, "here", &err));
    struct scan_options options = {.prefix = prefix, .ignore = ignore};
    scans("t", &options, expected);
}

/* C28, C5: what is left out; a directory that is, with something in it that is not, comes before
 * that with what it has. */
static void rules(void **state)
{
    (void)state;
    make("mkdir -p a/b/c a/d e x; for f in a/1 a/b/2 a/b/c/3 a/d/4 e/5 6; do echo >$f; done;"
         "chmod 700 a/b; chown 7:8 a/b/c; setfattr -n user.x -v y a/b/c;"
         "find . -exec touch -hd @5 {} +");
    scans_without("a", "",
                  "f 6 0644 0:0 5 1 0000000a\nd e 0755 0:0 5\n"
                  "f e/5 0644 0:0 5 1 0000000a\nd x 0755 0:0 5\n");
    scans_without("* !a/b/c/3 !a/d/*", "top",
                  "d top 0755 0:0 5\n"
                  "d top/a 0755 0:0 5\n"
                  "d top/a/b 0700 0:0 5\n"
                  "d top/a/b/c 0755 7:8 5 user.x=y\n"
                  "f top/a/b/c/3 0644 0:0 5 1 0000000a\n"
                  "d top/a/d 0755 0:0 5\n"
                  "f top/a/d/4 0644 0:0 5 1 0000000a\n");
    scans_without("** !**/5", "", "d e 0755 0:0 5\nf e/5 0644 0:0 5 1 0000000a\n");
    scans_without("** !a/b", "",
                  "d a 0755 0:0 5\nd a/b 0700 0:0 5\nf a/b/2 0644 0:0 5 1 0000000a\n"
                  "d a/b/c 0755 7:8 5 user.x=y\nf a/b/c/3 0644 0:0 5 1 0000000a\n");
    scans_without("**", "", "");
    scans_without("**", "top", "d top 0755 0:0 5\n");
}

/* What is left out is not even looked at: it may be what can't be in a layer. Hard links count what
 * is taken only (C17). */
static void rules_come_first(void **state)
{
    (void)state;
    make("mkdir d; echo -n 1 >a; ln a b; ln a d/c; mknod d/zero c 0 0; : >d/.wh.x;"
         "touch -hd @5 a d");
    scans_without("a d/zero d/.wh* !d/no", "",
                  "f b 0644 0:0 5 1 00000031\nd d 0755 0:0 5\nh d/c 0644 0:0 5 -> b\n");
    /* The other user may not open it, so it must be out. */
    make("mkdir d; echo >f; chmod 0 d; touch -d @5 f; chmod 755 .");
    assert_int_equal(seteuid(65534), 0);
    img_error err;
    auto_(ignore) struct ignore *ignore = NULL;
    auto_(found) struct found found = FOUND_INIT;
    assert_ok(img__ignore_new(&ignore, &err));
    assert_ok(img__ignore_add(ignore, "d", "here", &err));
    struct scan_options options = {.prefix = "", .ignore = ignore};
    int rc = scan("t", &options, &found, &err);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(rc, 0);
    assert_string_equal(img__buf_text(&found.lines), "f f 0644 0:0 5 1 0000000a\n");
}

/* C10, C14, C28: what the options make of a tree. */
static void edits(void **state)
{
    img_error err;
    struct mode_change change;
    (void)state;
    make("mkdir d; : >d/f; ln -s f d/l; mkfifo d/p; chmod 4711 d/f; chmod 2700 d;"
         "setfattr -n trusted.t -v 1 d/f; setfattr -n trusted.overlay.x -v 1 d/f;"
         "setfattr -n security.ima -v 2 d/f; setfattr -n security.other -v 3 d/f;"
         "find . -exec touch -hd @5.75 {} +");
    assert_ok(img__mode_change_parse("u=rwX,go=rX", &change, &err));
    struct scan_options options = {.prefix = "", .chmod = &change, .keep = ENTRY_KEEP_IMA};
    scans("t", &options,
          "d d 2755 0:0 5\nf d/f 0755 0:0 5 security.ima=2 0 00000000\n"
          "l d/l 0777 0:0 5 -> f\np d/p 0644 0:0 5\n");
    options.keep = ENTRY_KEEP_XATTRS;
    options.set_mtime = options.has_epoch = true;
    options.mtime = 9;
    options.epoch = 8;
    scans("t", &options,
          "d d 2755 0:0 8\n"
          "f d/f 0755 0:0 8 security.ima=2 security.other=3 trusted.t=1 0 00000000\n"
          "l d/l 0777 0:0 8 -> f\np d/p 0644 0:0 8\n");
}

/* C28: a tree with the ids of a user namespace; its access lists, too:
 * u::rw-,u:100009:rw-,g::r--,g:1000:r--,m::rw-,o::r-- */
static void unmapped(void **state)
{
    img_error err;
    auto_(found) struct found found = FOUND_INIT;
    auto_(id_map) struct id_map map = {0};
    (void)state;
    make("mkdir d; : >d/f; ln -s f d/l; setfattr -n system.posix_acl_access -v "
         "0x0200000001000600ffffffff02000600a986010004000400ffffffff08000400e8030000"
         "10000600ffffffff20000400ffffffff d/f; chown -h 1000:1000 d d/l; chown 100032:100000 d/f;"
         "find . -exec touch -hd @5 {} +");
    for (int gid = 0; gid < 2; gid++) {
        assert_ok(img__id_map_add_text(&map, gid, "0:1000:1", &err));
        assert_ok(img__id_map_add_text(&map, gid, "1:100000:65536", &err));
    }
    struct scan_options options = {.prefix = "", .id_map = &map};
    assert_ok(scan("t", &options, &found, &err));
    assert_string_equal(img__buf_text(&found.lines),
                        "d d 0755 0:0 5\n"
                        "f d/f 0664 33:1 5 system.posix_acl_access=\x02 0 00000000\n"
                        "l d/l 0777 0:0 5 -> f\n");
    /* 100009 is 10, 1000 is 0. */
    assert_memory_equal(found.acl + 4 + 8 + 4, "\x0a\0\0\0", 4);
    assert_memory_equal(found.acl + 4 + 3 * 8 + 4, "\0\0\0\0", 4);
    assert_memory_equal(found.acl + 4 + 2 * 8 + 4, "\xff\xff\xff\xff", 4);

    judge_says("chown -h 999:1000 t/d/l", "");
    assert_fails(scan("t", &options, &found, &err), IMG_EINVAL,
                 "t/d/l: its owner 999 is in no range of the uid map");
    judge_says("chown -h 1000:165536 t/d/l", "");
    assert_fails(scan("t", &options, &found, &err), IMG_EINVAL,
                 "t/d/l: its group 165536 is in no range of the gid map");
    options.set_gid = true;
    assert_ok(scan("t", &options, &found, &err));
}

static int stop(const struct entry *entry, struct source *data, void *arg, img_error *err)
{
    int *count = arg;
    (void)entry;
    (void)data;
    return ++*count == 2 ? img__fail(err, IMG_ECANCELED, "enough") : 0;
}

static void ends(void **state)
{
    img_error err;
    int count = 0;
    struct scan_options options = {.prefix = ""};
    auto_free char *path = judge_path("t");
    (void)state;
    make("mkdir a b c");
    assert_fails(img__scan(path, &options, stop, &count, &err), IMG_ECANCELED, "enough");
    assert_int_equal(count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_and_types),
        cmocka_unit_test(prefix_and_overrides),
        cmocka_unit_test(one_file),
        cmocka_unit_test(hard_links),
        cmocka_unit_test(many_hard_links),
        cmocka_unit_test(devices),
        cmocka_unit_test(attributes),
        cmocka_unit_test(attributes_by_name),
        cmocka_unit_test(attribute_values),
        cmocka_unit_test(left_out),
        cmocka_unit_test(mounts),
        cmocka_unit_test(deep),
        cmocka_unit_test(too_deep),
        cmocka_unit_test(large_directory),
        cmocka_unit_test(large_file),
        cmocka_unit_test(sparse),
        cmocka_unit_test(changes),
        cmocka_unit_test(unreadable),
        cmocka_unit_test(rules),
        cmocka_unit_test(rules_come_first),
        cmocka_unit_test(edits),
        cmocka_unit_test(unmapped),
        cmocka_unit_test(ends),
    };
    return cmocka_run_group_tests(tests, judge_setup, judge_teardown);
}
