/* SPDX-License-Identifier: Apache-2.0
 *
 * Builds into a store from small real trees: where things go, what the image says.
 */
#include "ops/fixture.h"

#include "core/config.h"

/* ---- layers ---- */

static void layers_in_order(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    tree_dir(f, "one", 0755);
    tree_dir(f, "one/etc", 0700);
    tree_file(f, "one/etc/b", "b");
    tree_file(f, "one/etc/a", "a");
    tree_link(f, "one/link", "etc/a");
    tree_file(f, "two", "two");
    auto_(test_build) img_build *build = build_new(f);
    add(f, build, "one", "/");
    add(f, build, "two", "/opt/two");
    assert_ok(img_build_remove(build, (const char *const[]){"/etc/a", NULL}, &err));
    commit(build, "app:1");

    assert_layer(f, "app:1", 2,
                 "d700 0:0 T etc\n-644 0:0 T etc/a\n-644 0:0 T etc/b\nl777 0:0 T link>etc/a\n");
    assert_layer(f, "app:1", 1, "d755 0:0 0 opt\n-644 0:0 T opt/two\n");
    assert_layer(f, "app:1", 0, "d700 0:0 T etc\n-000 0:0 0 etc/.wh.a\n");
    auto_(test_image) img_image *image = open_image(f, "app:1");
    assert_int_equal(img_image_layer_count(image), 3);
    const char *config = img_image_config_bytes(image, NULL);
    const char *first = strstr(config, "\"created_by\":\"add /\"");
    const char *second = strstr(config, "\"created_by\":\"add /opt/two\"");
    assert_true(first && second && first < second);
    assert_true(second < strstr(config, "\"created_by\":\"remove"));
    assert_string_equal(img_image_field(image, "created"), "2001-09-09T01:46:40Z");
    assert_no_temporaries(f);
}

/* A base with an odd directory, links of all kinds and a file. */
static void make_base(struct fixture *f)
{
    tree_dir(f, "base", 0755);
    tree_dir(f, "base/etc", 0750);
    tree_file(f, "base/etc/conf", "conf");
    tree_dir(f, "base/usr", 0755);
    tree_dir(f, "base/usr/lib", 0711);
    tree_link(f, "base/lib", "usr/lib");
    tree_link(f, "base/new", "/srv/x");
    tree_link(f, "base/etc/link", "conf");
    tree_link(f, "base/loop", "loop");
    auto_(test_build) img_build *build = build_new(f);
    img_add_options options = IMG_ADD_OPTIONS_INIT;
    img_error err = {0};
    auto_free char *path = path_in(f, "base");
    options.set = IMG_ADD_UID | IMG_ADD_GID;
    options.uid = 5;
    options.gid = 6;
    assert_ok(img_build_add_path(build, path, "/", &options, &err));
    commit(build, "base:1");
}

static img_build *build_on_base(struct fixture *f)
{
    img_error err = {0};
    img_build *build = build_new(f);
    assert_ok(img_build_from(build, NULL, "base:1", &err));
    return build;
}

#define ETC "d750 5:6 T etc\n"
#define USR_LIB "d755 5:6 T usr\nd711 5:6 T usr/lib\n"

static void file_destinations(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *workdir, *destination, *layer;
    } rows[] = {
        {"", "/etc", ETC "-644 0:0 T etc/hello\n"},
        {"", "/etc/", ETC "-644 0:0 T etc/hello\n"},
        {"", "/etc/.", ETC "-644 0:0 T etc/hello\n"},
        {"", "/etc/other", ETC "-644 0:0 T etc/other\n"},
        {"", "/etc/conf", ETC "-644 0:0 T etc/conf\n"},
        {"", "//etc//./other", ETC "-644 0:0 T etc/other\n"},
        {"", "/etc/link", ETC "-644 0:0 T etc/conf\n"},
        {"", "/etc/sub/", ETC "d755 0:0 0 etc/sub\n-644 0:0 T etc/sub/hello\n"},
        {"", "/opt/a", "d755 0:0 0 opt\n-644 0:0 T opt/a\n"},
        {"", "/lib", USR_LIB "-644 0:0 T usr/lib/hello\n"},
        {"", "/lib/so", USR_LIB "-644 0:0 T usr/lib/so\n"},
        {"", "/lib/../so", NULL},
        {"", "/new", "d755 0:0 0 srv\n-644 0:0 T srv/x\n"},
        {"", "/", "-644 0:0 T hello\n"},
        {"", "", "-644 0:0 T hello\n"},
        {"", ".", "-644 0:0 T hello\n"},
        {"", "rel", "-644 0:0 T rel\n"},
        {"/etc", "rel", ETC "-644 0:0 T etc/rel\n"},
        {"/etc", ".", ETC "-644 0:0 T etc/hello\n"},
        {"/app", ".", "d755 0:0 0 app\n-644 0:0 T app/hello\n"},
        {"/app", "", "d755 0:0 0 app\n-644 0:0 T app/hello\n"},
        {"/app", "bin/", "d755 0:0 0 app\nd755 0:0 0 app/bin\n-644 0:0 T app/bin/hello\n"},
        {"/app", "/etc/rel", ETC "-644 0:0 T etc/rel\n"},
        {"", "/etc/conf/x", NULL},
        {"", "/loop/x", NULL},
        {"", "..", NULL},
    };
    make_base(f);
    tree_file(f, "hello", "hello");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err = {0};
        auto_(test_build) img_build *build = build_on_base(f);
        assert_ok(img_build_set(build, "workdir", rows[i].workdir, &err));
        int rc = try_add(f, build, "hello", rows[i].destination, &err);
        if (!rows[i].layer) {
            assert_int_equal(rc, IMG_EINVAL);
            continue;
        }
        if (rc)
            fail_msg("%s: %s", rows[i].destination, err.message);
        commit(build, "app:1");
        assert_layer(f, "app:1", 0, rows[i].layer);
    }
}

static void directory_destinations(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *destination, *layer;
    } rows[] = {
        {"/", "-644 0:0 T hello\n"},
        {"/etc", ETC "-644 0:0 T etc/hello\n"}, /* which is as it was below */
        {"/lib/", USR_LIB "-644 0:0 T usr/lib/hello\n"},
        {"/opt/a", "d755 0:0 0 opt\nd700 0:0 T opt/a\n-644 0:0 T opt/a/hello\n"},
        {"/etc/conf", ETC "d700 0:0 T etc/conf\n-644 0:0 T etc/conf/hello\n"},
    };
    make_base(f);
    tree_dir(f, "tree", 0700);
    tree_file(f, "tree/hello", "hello");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(test_build) img_build *build = build_on_base(f);
        add(f, build, "tree", rows[i].destination);
        commit(build, "app:1");
        assert_layer(f, "app:1", 0, rows[i].layer);
    }
}

static void nothing_below(void **state)
{
    struct fixture *f = *state;
    tree_file(f, "hello", "hello");
    auto_(test_build) img_build *build = build_new(f);
    add(f, build, "hello", "a/b");
    commit(build, "app:1");
    assert_layer(f, "app:1", 0, "d755 0:0 0 a\n-644 0:0 T a/b\n");
}

static void directory_over_link(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    make_base(f);
    tree_dir(f, "tree", 0755);
    tree_dir(f, "tree/lib", 0755);
    tree_file(f, "tree/lib/so", "so");
    auto_(test_build) img_build *build = build_on_base(f);
    assert_fails(try_add(f, build, "tree", "/", &err), IMG_EINVAL,
                 "/lib is a directory here and a link to usr/lib in the image");
    commit(build, "app:1"); /* as if it had not been */
    auto_(test_image) img_image *image = open_image(f, "app:1");
    assert_int_equal(img_image_layer_count(image), 1);
    assert_no_temporaries(f);

    assert_ok(img_build_remove(build, (const char *const[]){"lib", NULL}, &err));
    add(f, build, "tree", "/");
    commit(build, "app:1");
    assert_layer(f, "app:1", 0, "d755 0:0 T lib\n-644 0:0 T lib/so\n");
    assert_layer(f, "app:1", 1, "-000 0:0 0 .wh.lib\n");
}

static void write_archive(struct fixture *f, const char *name, struct buf *tar)
{
    img_error err = {0};
    auto_free char *path = path_in(f, name);
    tarball_end(tar);
    assert_ok(img__fs_replace(AT_FDCWD, path, tar->data, tar->len, 0644, &err));
}

static void archives(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    make_base(f);
    auto_(buf) struct buf good = TARBALL_INIT, bad = TARBALL_INIT;
    tarball_add(&good, '0', "lib/so", "so");
    tarball_link(&good, '1', "lib/hard", "lib/so");
    tarball_link(&good, '2', "lib/soft", "lib/so");
    tarball_add(&good, '0', "lib/.wh.gone", "");
    tarball_add(&good, '5', "opt/", "");
    tarball_add(&good, '0', "etc/conf/x", "a file below makes room");
    write_archive(f, "good.tar", &good);
    tarball_add(&bad, '5', "lib/", "");
    write_archive(f, "bad.tar", &bad);
    auto_free char *good_path = path_in(f, "good.tar"), *bad_path = path_in(f, "bad.tar");

    auto_(test_build) img_build *build = build_on_base(f);
    assert_ok(img_build_add_archive(build, good_path, NULL, NULL, &err));
    assert_fails(img_build_add_archive(build, bad_path, NULL, NULL, &err), IMG_EINVAL,
                 "/lib is a directory here");
    commit(build, "app:1");
    assert_layer(f, "app:1", 0,
                 "-644 1:2 3 usr/lib/so\n"
                 "h644 1:2 3 usr/lib/hard>usr/lib/so\n"
                 "l777 1:2 3 usr/lib/soft>lib/so\n"
                 "-000 0:0 0 usr/lib/.wh.gone\n"
                 "d644 1:2 3 opt\n"
                 "-644 1:2 3 etc/conf/x\n"
                 "d755 5:6 T usr\n"
                 "d711 5:6 T usr/lib\n"
                 "d750 5:6 T etc\n"
                 "d755 0:0 0 etc/conf\n");

    auto_(test_build) img_build *alone = build_new(f);
    assert_ok(img_build_add_archive(alone, bad_path, NULL, NULL, &err));
    commit(alone, "app:2");
    assert_layer(f, "app:2", 0, "d644 1:2 3 lib\n");
}

/* C5, C28: an archive goes where it is told, and its owners, modes and times become others. */
static void archive_options(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    make_base(f);
    auto_(buf) struct buf tar = TARBALL_INIT;
    tarball_add(&tar, '5', "./", "");
    tarball_add(&tar, '5', "d/", "");
    tarball_add(&tar, '0', "d/f", "data");
    tarball_link(&tar, '1', "d/hard", "d/f");
    tarball_link(&tar, '2', "soft", "d/f");
    tarball_add(&tar, '0', "d/.wh.gone", "");
    write_archive(f, "a.tar", &tar);
    auto_free char *path = path_in(f, "a.tar");

    img_add_options options = IMG_ADD_OPTIONS_INIT;
    options.set = IMG_ADD_UID | IMG_ADD_MTIME;
    options.uid = 9;
    options.mtime = -7;
    options.chmod = "go=,a+X";
    auto_(test_build) img_build *build = build_on_base(f);
    assert_ok(img_build_add_archive(build, path, "/lib/new/", &options, &err));
    commit(build, "app:1");
    assert_layer(f, "app:1", 0,
                 "d755 5:6 T usr\n"
                 "d711 5:6 T usr/lib\n"
                 "d755 0:0 0 usr/lib/new\n"
                 "d711 9:2 -7 usr/lib/new/d\n"
                 "-600 9:2 -7 usr/lib/new/d/f\n"
                 "h600 9:2 -7 usr/lib/new/d/hard>usr/lib/new/d/f\n"
                 "l777 9:2 -7 usr/lib/new/soft>d/f\n"
                 "-000 0:0 0 usr/lib/new/d/.wh.gone\n");
}

static void bad_sources(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    tree_file(f, "text", "this is no archive, and longer than a block is not either");
    auto_(test_build) img_build *build = build_new(f);
    assert_fails(try_add(f, build, "none", "/", &err), IMG_ENOTFOUND, "No such file");
    auto_free char *none = path_in(f, "none"), *text = path_in(f, "text");
    assert_fails(img_build_add_archive(build, none, NULL, NULL, &err), IMG_ENOTFOUND, "none");
    assert_fails(img_build_add_archive(build, text, NULL, NULL, &err), IMG_EFORMAT, "text");
    assert_fails(img_build_add_archive(build, f->parent, NULL, NULL, &err), IMG_EINVAL, f->parent);
    assert_no_temporaries(f);
    add(f, build, "text", "/");
    commit(build, "app:1");
    auto_(test_image) img_image *image = open_image(f, "app:1");
    assert_int_equal(img_image_layer_count(image), 1);
}

/* C5: directories that an archive does not give come with what they have below; those that it gives
 * later stay its own. */
static void archive_parents(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    make_base(f);
    auto_(buf) struct buf tar = TARBALL_INIT;
    tarball_add(&tar, '0', "usr/lib/a/b", "");
    tarball_add(&tar, '0', "etc/.wh.conf", "");
    tarball_add(&tar, '0', "late/x/f", "");
    tarball_link(&tar, '2', "way", "usr");
    tarball_add(&tar, '5', "late/", "");
    tarball_add(&tar, '0', "way/odd", "");
    write_archive(f, "a.tar", &tar);
    auto_free char *path = path_in(f, "a.tar");
    auto_(test_build) img_build *build = build_on_base(f);
    assert_ok(img_build_add_archive(build, path, NULL, NULL, &err));
    commit(build, "app:1");
    assert_layer(f, "app:1", 0,
                 "-644 1:2 3 usr/lib/a/b\n"
                 "-000 0:0 0 etc/.wh.conf\n"
                 "-644 1:2 3 late/x/f\n"
                 "l777 1:2 3 way>usr\n"
                 "d644 1:2 3 late\n"
                 "-644 1:2 3 way/odd\n"
                 "d755 5:6 T usr\n"
                 "d711 5:6 T usr/lib\n"
                 "d755 0:0 0 usr/lib/a\n"
                 "d750 5:6 T etc\n"
                 "d755 0:0 0 late/x\n");
}

/* C21, A4: what an archive removes gets no directory beside the whiteout, whatever is in it anew.
 */
static void archive_removes_parents(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    make_base(f);
    auto_(buf) struct buf tar = TARBALL_INIT;
    tarball_add(&tar, '0', ".wh.etc", "");
    tarball_add(&tar, '0', "etc/new/f", "");
    tarball_add(&tar, '0', "usr/.wh..wh..opq", "");
    tarball_add(&tar, '0', "usr/lib/f", "");
    write_archive(f, "a.tar", &tar);
    auto_free char *path = path_in(f, "a.tar");
    auto_(test_build) img_build *build = build_on_base(f);
    assert_ok(img_build_add_archive(build, path, NULL, NULL, &err));
    commit(build, "app:1");
    assert_layer(f, "app:1", 0,
                 "-000 0:0 0 .wh.etc\n"
                 "-644 1:2 3 etc/new/f\n"
                 "-000 0:0 0 usr/.wh..wh..opq\n"
                 "-644 1:2 3 usr/lib/f\n"
                 "d755 5:6 T usr\n");
}

/* C11: nothing in a new layer is newer than the epoch, parents neither. */
static void parents_clamped(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    make_base(f);
    tree_file(f, "hello", "hello");
    img_build_options options = amd64_options();
    options.has_epoch = 1;
    options.epoch = 5;
    auto_(test_build) img_build *build = build_with(f, &options);
    assert_ok(img_build_from(build, NULL, "base:1", &err));
    add(f, build, "hello", "/etc/new/");
    commit(build, "app:1");
    assert_layer(f, "app:1", 0, "d750 5:6 5 etc\nd755 0:0 0 etc/new\n-644 0:0 5 etc/new/hello\n");
}

/* C27: the bytes of a tar as they are, once the strict reader has seen them to their end. */
static void verbatim(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    make_base(f);
    auto_(buf) struct buf tar = TARBALL_INIT, twice = TARBALL_INIT, through = TARBALL_INIT,
                          device = TARBALL_INIT;
    tarball_add(&tar, '5', "./", "");
    tarball_pax(&tar, 'x', "comment", "that no layer of ours has", NULL);
    tarball_add(&tar, '0', "./f", "data");
    tarball_link(&tar, '1', "hard", "./f");
    tarball_add(&tar, '0', ".wh.gone", "");
    tarball_end(&tar);
    for (int i = 0; i < 17; i++)
        tarball_end(&tar); /* a full record of 10 KiB, and more */
    write_archive(f, "good.tar", &tar);
    tarball_add(&twice, '0', "x", "");
    tarball_add(&twice, '0', "./x", "");
    write_archive(f, "twice.tar", &twice);
    tarball_add(&through, '0', "lib/x", "");
    write_archive(f, "through.tar", &through);
    tarball_link(&device, '3', "c", "");
    write_archive(f, "device.tar", &device);
    tree_file(f, "text", "this is no archive, and longer than a block is not either");
    auto_free char *path = path_in(f, "good.tar"), *gz = path_in(f, "good.tar.gz");
    auto_free char *command = NULL;
    assert_true(asprintf(&command, "gzip -nk '%s'", path) > 0);
    assert_int_equal(system(command), 0);

    img_add_options options = IMG_ADD_OPTIONS_INIT;
    options.flags = IMG_ADD_VERBATIM;
    img_digest expected;
    assert_ok(img__digest_of(tar.data, tar.len, &expected, &err));
    auto_(test_build) img_build *build = build_on_base(f);
    assert_ok(img_build_add_archive(build, path, NULL, &options, &err));
    assert_ok(img_build_add_archive(build, gz, NULL, &options, &err));
    commit(build, "app:1");
    auto_(test_image) img_image *image = open_image(f, "app:1");
    const char *config = img_image_config_bytes(image, NULL);
    const char *first = strstr(config, expected.text);
    assert_non_null(first);
    assert_non_null(strstr(first + 1, expected.text));
    assert_string_equal(img_image_layer(image, 1)->digest.text,
                        img_image_layer(image, 2)->digest.text);

    static const struct {
        const char *name;
        int code;
        const char *message;
    } rows[] = {
        {"twice.tar", IMG_EFORMAT, "entry 'x': is there twice"},
        {"through.tar", IMG_EINVAL, "/lib/x is /usr/lib/x in the image"},
        {"device.tar", IMG_EFORMAT, "the character device 0:0"},
        {"text", IMG_EINVAL, "is no tar"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *bad = path_in(f, rows[i].name);
        assert_fails(img_build_add_archive(build, bad, NULL, &options, &err), rows[i].code,
                     rows[i].message);
    }
    assert_fails(img_build_add_path(build, path, "/", &options, &err), IMG_EINVAL, "only a tar");
    assert_fails(img_build_add_archive(build, path, "/x", &options, &err), IMG_EINVAL,
                 "no other destination");
    options.chmod = "0";
    assert_fails(img_build_add_archive(build, path, NULL, &options, &err), IMG_EINVAL,
                 "keeps its owners");
    assert_no_temporaries(f);
}

static void count_case_warnings(int level, const char *line, void *arg)
{
    if (level == IMG_LOG_WARNING && strstr(line, "upper and lower case"))
        ++*(int *)arg;
}

/* C30: a warning, when asked for. */
static void case_alone(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    int warnings = 0;
    tree_dir(f, "tree", 0755);
    tree_dir(f, "tree/A", 0755);
    tree_dir(f, "tree/a", 0755);
    tree_file(f, "tree/A/x", "1");
    tree_file(f, "tree/a/X", "2");
    tree_file(f, "tree/b", "3");
    auto_(buf) struct buf tar = TARBALL_INIT;
    tarball_add(&tar, '0', "f", "");
    tarball_add(&tar, '0', "F", "");
    write_archive(f, "a.tar", &tar);
    auto_free char *path = path_in(f, "tree"), *archive = path_in(f, "a.tar");
    img_build_options build_options = amd64_options();
    build_options.on_log = count_case_warnings;
    build_options.on_log_arg = &warnings;
    auto_(test_build) img_build *build = build_with(f, &build_options);
    img_add_options options = IMG_ADD_OPTIONS_INIT;
    assert_ok(img_build_add_path(build, path, "/", &options, &err));
    assert_int_equal(warnings, 0);
    options.flags = IMG_ADD_WARN_CASE;
    assert_ok(img_build_add_path(build, path, "/", &options, &err));
    assert_int_equal(warnings, 2);
    assert_ok(img_build_add_archive(build, archive, NULL, &options, &err));
    assert_int_equal(warnings, 3);
    options.flags |= IMG_ADD_VERBATIM;
    assert_ok(img_build_add_archive(build, archive, NULL, &options, &err));
    assert_int_equal(warnings, 4);
}

/* C28: owners by number and by name, as docker has them. */
static void owners(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *chown;
        uint32_t set;
        const char *layer; /* NULL: an error */
        int code;
        const char *message;
    } rows[] = {
        {"7", 0, "-644 7:7 T hello\n", 0, NULL},
        {"0:9", 0, "-644 0:9 T hello\n", 0, NULL},
        {"app", 0, "-644 1000:2000 T hello\n", 0, NULL},
        {"app:staff", 0, "-644 1000:50 T hello\n", 0, NULL},
        {"app:3", 0, "-644 1000:3 T hello\n", 0, NULL},
        {"12:staff", 0, "-644 12:50 T hello\n", 0, NULL},
        {"app", IMG_ADD_UID, "-644 1:2000 T hello\n", 0, NULL},
        {"app", IMG_ADD_GID, "-644 1000:1 T hello\n", 0, NULL},
        {"nobody", 0, NULL, IMG_ENOTFOUND, "owner nobody: no user 'nobody' in /etc/passwd"},
        {"app:nobody", 0, NULL, IMG_ENOTFOUND, "no group 'nobody' in /etc/group"},
        {"4294967295", 0, NULL, IMG_EINVAL, "above 4294967294"},
        {"", 0, NULL, IMG_EINVAL, "'' is no owner"},
        {":5", 0, NULL, IMG_EINVAL, "':5' is no owner"},
        {"a:", 0, NULL, IMG_EINVAL, "'a:' is no owner"},
        {"a:b:c", 0, NULL, IMG_EINVAL, "'a:b:c' is no owner"},
        {"a b", 0, NULL, IMG_EINVAL, "'a b' is no owner"},
    };
    tree_dir(f, "old", 0755);
    tree_dir(f, "old/real", 0755);
    tree_file(f, "old/real/passwd", "root:x:0:0::/:/bin/sh\napp:x:7:7::/:\n");
    tree_file(f, "old/real/group", "staff:x:50:\n");
    tree_link(f, "old/etc", "real");
    tree_file(f, "passwd", "root:x:0:0::/:/bin/sh\napp:x:1000:2000::/:\n");
    tree_file(f, "hello", "hello");
    auto_free char *path = path_in(f, "hello");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err = {0};
        img_add_options options = IMG_ADD_OPTIONS_INIT;
        options.chown = rows[i].chown;
        options.set = rows[i].set;
        options.uid = options.gid = 1;
        auto_(test_build) img_build *build = build_new(f);
        add(f, build, "old", "/");
        add(f, build, "passwd", "/etc/passwd");
        int rc = img_build_add_path(build, path, "/", &options, &err);
        if (!rows[i].layer) {
            assert_fails(rc, rows[i].code, rows[i].message);
            continue;
        }
        assert_ok(rc);
        commit(build, "app:1");
        assert_layer(f, "app:1", 0, rows[i].layer);
    }
    img_error err = {0};
    img_add_options options = IMG_ADD_OPTIONS_INIT;
    options.chown = "app";
    auto_(test_build) img_build *build = build_new(f);
    assert_fails(img_build_add_path(build, path, "/", &options, &err), IMG_EINVAL, "use numbers");
    add(f, build, "hello", "/");
    assert_fails(img_build_add_path(build, path, "/", &options, &err), IMG_ENOTFOUND, "'app'");
}

static void add_options(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    tree_dir(f, "tree", 0700);
    tree_file(f, "tree/file", "file");
    tree_link(f, "tree/link", "file");
    auto_free char *path = path_in(f, "tree");
    auto_(test_build) img_build *build = build_new(f);
    img_add_options options = IMG_ADD_OPTIONS_INIT;
    options.set = IMG_ADD_MODE | IMG_ADD_UID | IMG_ADD_GID;
    options.mode = 04755;
    options.uid = 4294967294;
    options.gid = 7;
    assert_ok(img_build_add_path(build, path, "/a", &options, &err));
    commit(build, "app:1");
    assert_layer(f, "app:1", 0,
                 "d4755 4294967294:7 T a\n-4755 4294967294:7 T a/file\n"
                 "l777 4294967294:7 T a/link>file\n");

    options.uid = 4294967295;
    assert_fails(img_build_add_path(build, path, "/b", &options, &err), IMG_EINVAL, "4294967295");
    options.set = IMG_ADD_MODE;
    options.mode = 010000;
    assert_fails(img_build_add_path(build, path, "/b", &options, &err), IMG_EINVAL, "mode 10000");
    options.set = 16;
    assert_fails(img_build_add_path(build, path, "/b", &options, &err), IMG_EINVAL, "has bits");
    options.set = 0;
    options.preserve = 8;
    assert_fails(img_build_add_path(build, path, "/b", &options, &err), IMG_EINVAL, "has bits");
    options.preserve = 0;
    options.chmod = "u=q";
    assert_fails(img_build_add_path(build, path, "/b", &options, &err), IMG_EINVAL, "no mode");
    assert_fails(img_add_options_check(&options, &err), IMG_EINVAL, "no mode");
    options.chmod = "u=r";
    options.exclude = (const char *const[]){"fine", "[", NULL};
    assert_fails(img_add_options_check(&options, &err), IMG_EINVAL, "exclude: '['");
    options.exclude = NULL;
    options.ignore_file = "/no/such/file";
    assert_fails(img_add_options_check(&options, &err), IMG_ENOTFOUND, "/no/such/file");
    options.ignore_file = NULL;
    options.uid_map = (const char *const[]){"0:1000:1", "0:7:1", NULL};
    assert_fails(img_add_options_check(&options, &err), IMG_EINVAL, "0:7:1");
    options.uid_map = (const char *const[]){"0:1000:1", "1:100000:65536", NULL};
    options.chown = "by:name";
    assert_ok(img_add_options_check(&options, &err));
    assert_ok(img_add_options_check(NULL, &err));
    options.size = 0;
    assert_fails(img_build_add_path(build, path, "/b", &options, &err), IMG_EINVAL, "_INIT");
}

/* ---- removal ---- */

static void removal(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    tree_dir(f, "tree", 0755);
    static const char *const dirs[] = {"tree/a", "tree/a/b", "tree/a/b/c", "tree/ab", "tree/z"};
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
        tree_dir(f, dirs[i], 0755);
    static const char *const files[] = {"tree/a/1",    "tree/a/2",  "tree/a/b/1", "tree/a/b/c/1",
                                        "tree/a/b/c1", "tree/ab/1", "tree/z/1",   "tree/1"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        tree_file(f, files[i], "x");
    tree_link(f, "tree/l", "a/b");
    auto_(test_build) img_build *build = build_new(f);
    add(f, build, "tree", "/");
    static const char *const paths[] = {"ab/1",
                                        "/a/b/c",
                                        "z/",
                                        "a/b/c/1", /* goes with its directory */
                                        "a/2",
                                        "/1",
                                        "/a/b/c" /* twice */,
                                        "l/1" /* through a link */,
                                        "a/b/c1",
                                        NULL};
    assert_ok(img_build_remove(build, paths, &err));
    commit(build, "app:1");
    assert_layer(f, "app:1", 0,
                 "-000 0:0 0 .wh.1\n-000 0:0 0 .wh.z\n"
                 "d755 0:0 T a\n-000 0:0 0 a/.wh.2\n"
                 "d755 0:0 T a/b\n-000 0:0 0 a/b/.wh.1\n-000 0:0 0 a/b/.wh.c\n"
                 "-000 0:0 0 a/b/.wh.c1\n"
                 "d755 0:0 T ab\n-000 0:0 0 ab/.wh.1\n");

    /* It is gone for what comes after; what stays is still there. */
    assert_fails(img_build_remove(build, (const char *const[]){"z/1", NULL}, &err), IMG_ENOTFOUND,
                 "remove: /z/1 is not there");
    assert_ok(img_build_remove(build, (const char *const[]){"l", "a/1", NULL}, &err));
    commit(build, "app:1");
    assert_layer(f, "app:1", 0, "-000 0:0 0 .wh.l\nd755 0:0 T a\n-000 0:0 0 a/.wh.1\n");
}

static void refused_removal(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    static const struct {
        const char *path;
        int code;
        const char *text;
    } rows[] = {
        {"/", IMG_EINVAL, "/ can't be removed"},        {"", IMG_EINVAL, "/ can't be removed"},
        {".", IMG_EINVAL, "/ can't be removed"},        {"/etc/..", IMG_EINVAL, ".."},
        {"/nowhere", IMG_ENOTFOUND, "/nowhere is not"}, {"/etc/none", IMG_ENOTFOUND, "/etc/none"},
        {"/etc/conf/x", IMG_EINVAL, "not a directory"},
    };
    make_base(f);
    auto_(test_build) img_build *build = build_on_base(f);
    auto_(test_build) img_build *empty = build_new(f);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *const paths[] = {"/etc/link", rows[i].path, NULL};
        assert_fails(img_build_remove(build, paths, &err), rows[i].code, rows[i].text);
    }
    assert_fails(img_build_remove(empty, (const char *const[]){"x", NULL}, &err), IMG_ENOTFOUND,
                 "/x is not there");
    commit(build, "app:1");
    auto_(test_image) img_image *image = open_image(f, "app:1");
    assert_int_equal(img_image_layer_count(image), 1);
    assert_no_temporaries(f);
}

static void count_warnings(int level, const char *line, void *arg)
{
    if (level == IMG_LOG_WARNING && strstr(line, "no layer made"))
        ++*(int *)arg;
}

static void nothing_to_do(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    int warnings = 0;
    img_build_options options = amd64_options();
    options.on_log = count_warnings;
    options.on_log_arg = &warnings;
    tree_dir(f, "empty", 0755);
    auto_(test_build) img_build *build = build_with(f, &options);
    add(f, build, "empty", "/");
    assert_ok(img_build_remove(build, (const char *const[]){NULL}, &err));
    assert_int_equal(warnings, 2);
    assert_int_equal(count_blobs(f), 0);
    add(f, build, "empty", "/var");
    commit(build, "app:1");
    assert_layer(f, "app:1", 0, "d755 0:0 T var\n");
    assert_int_equal(warnings, 2);
}

/* ---- times ---- */

static void assert_created(struct fixture *f, const char *name, const char *expected)
{
    auto_(test_image) img_image *image = open_image(f, name);
    assert_string_equal(img_image_field(image, "created"), expected);
}

static void created(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    tree_file(f, "old", "old");
    auto_free char *old = path_in(f, "old");
    auto_(test_build) img_build *none = build_new(f);
    commit(none, "none:1");
    assert_created(f, "none:1", "1970-01-01T00:00:00Z");

    auto_(test_build) img_build *newest = build_new(f);
    add(f, newest, "old", "/a");
    set_time(old, TREE_TIME + 60);
    add(f, newest, "old", "/b");
    set_time(old, TREE_TIME + 30);
    add(f, newest, "old", "/c");
    commit(newest, "newest:1");
    assert_created(f, "newest:1", "2001-09-09T01:47:40Z");

    img_build_options options = amd64_options();
    options.has_epoch = 1;
    options.epoch = TREE_TIME + 10;
    auto_(test_build) img_build *epoch = build_with(f, &options);
    assert_ok(img_build_from(epoch, NULL, "newest:1", &err));
    add(f, epoch, "old", "/d");
    commit(epoch, "epoch:1");
    assert_created(f, "epoch:1", "2001-09-09T01:46:50Z");
    assert_layer(f, "epoch:1", 0, "-644 0:0 1000000010 d\n");

    auto_(test_build) img_build *based = build_new(f);
    assert_ok(img_build_from(based, NULL, "newest:1", &err));
    assert_ok(img_build_remove(based, (const char *const[]){"a", NULL}, &err));
    commit(based, "based:1");
    assert_created(f, "based:1", "2001-09-09T01:47:40Z");

    set_time(old, -5);
    auto_(test_build) img_build *before = build_new(f);
    add(f, before, "old", "/a");
    commit(before, "before:1");
    assert_created(f, "before:1", "1970-01-01T00:00:00Z");
}

static void environment(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_build_options options = amd64_options();
    img_build *refused = NULL;
    tree_file(f, "file", "file");
    setenv("SOURCE_DATE_EPOCH", "7", 1);
    auto_(test_build) img_build *build = build_with(f, &options);
    add(f, build, "file", "/");
    commit(build, "app:1");
    options.has_epoch = 1;
    options.epoch = 8;
    auto_(test_build) img_build *given = build_with(f, &options);
    commit(given, "app:2");
    setenv("SOURCE_DATE_EPOCH", "yesterday", 1);
    options.has_epoch = 0;
    int rc = img_build_new(f->store, &options, &refused, &err);
    options.ignore_environment = 1;
    auto_(test_build) img_build *ignoring = build_with(f, &options);
    unsetenv("SOURCE_DATE_EPOCH");
    assert_fails(rc, IMG_EINVAL, "SOURCE_DATE_EPOCH is \"yesterday\"");
    assert_non_null(ignoring);
    assert_created(f, "app:1", "1970-01-01T00:00:07Z");
    assert_created(f, "app:2", "1970-01-01T00:00:08Z");
}

/* ---- bases ---- */

static void base_annotations(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    make_base(f);
    img_descriptor base;
    assert_ok(img_store_resolve(f->store, "base:1", &base, &err));
    auto_(test_build) img_build *build = build_on_base(f);
    assert_ok(img_build_put(build, "annotation", "b=1=2", &err));
    assert_ok(img_build_put(build, "annotation", "a=", &err));
    assert_ok(img_build_put(build, "annotation", "b=3", &err));
    assert_fails(img_build_put(build, "annotation", "nothing", &err), IMG_EINVAL, "KEY=VALUE");
    assert_fails(img_build_put(build, "annotation", "=x", &err), IMG_EINVAL, "KEY=VALUE");
    assert_fails(img_build_put(build, "annotation", "k=\xff", &err), IMG_EINVAL, "UTF-8");
    commit(build, "app:1");
    auto_(test_image) img_image *image = open_image(f, "app:1");
    const char *const *annotations = img_image_list(image, "annotation");
    char digest[256];
    snprintf(digest, sizeof(digest), "org.opencontainers.image.base.digest=%s", base.digest.text);
    assert_string_equal(annotations[0], "a=");
    assert_string_equal(annotations[1], "b=3");
    assert_string_equal(annotations[2], digest);
    assert_string_equal(annotations[3],
                        "org.opencontainers.image.base.name=docker.io/library/base:1");
    assert_null(annotations[4]);
}

static void base_comes_first(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    make_base(f);
    tree_file(f, "hello", "hello");
    for (int i = 0; i < 7; i++) {
        auto_(test_build) img_build *build = build_new(f);
        assert_fails(img_build_from(build, NULL, "none:1", &err), IMG_ENOTFOUND, "from none:1: ");
        switch (i) {
        case 0:
            add(f, build, "hello", "/");
            break;
        case 1:
            assert_ok(img_build_set(build, "user", "me", &err));
            break;
        case 2:
            assert_ok(img_build_put(build, "env", "A=b", &err));
            break;
        case 3:
            assert_ok(img_build_set_argv(build, "cmd", (const char *const[]){"a", NULL}, &err));
            break;
        case 4:
            assert_ok(img_build_from(build, NULL, "scratch", &err));
            break;
        case 5:
            assert_ok(img_build_from(build, NULL, "base:1", &err));
            break;
        default:
            assert_ok(img_build_put(build, "annotation", "a=b", &err));
        }
        assert_fails(img_build_from(build, NULL, "base:1", &err), IMG_EINVAL, "must come first");
        assert_fails(img_build_from(build, NULL, "scratch", &err), IMG_EINVAL, "must come first");
    }
}

static void platforms(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    make_base(f);
    img_build_options options = amd64_options();
    strcpy(options.platform.architecture, "s390x");
    auto_(test_build) img_build *other = build_with(f, &options);
    assert_fails(img_build_from(other, NULL, "base:1", &err), IMG_ENOTFOUND,
                 "from base:1: the image is one for linux/amd64, not for linux/s390x");
    commit(other, "s390x:1");

    /* Who asks for none takes that of the base. */
    options.platform = (img_platform){"", "", "", ""};
    auto_(test_build) img_build *any = build_with(f, &options);
    assert_ok(img_build_from(any, NULL, "s390x:1", &err));
    commit(any, "any:1");
    auto_(test_image) img_image *image = open_image(f, "any:1");
    assert_string_equal(img_image_platform(image)->architecture, "s390x");

    static const img_platform bad[] = {
        {"linux", "", "", ""},       {"", "amd64", "", ""},          {"lin/ux", "amd64", "", ""},
        {"linux", "am\xff", "", ""}, {"linux", "amd64", "v8/x", ""}, {"a", "b", "", "\xff"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        img_build *build = NULL;
        options.platform = bad[i];
        assert_int_equal(img_build_new(f->store, &options, &build, &err), IMG_EINVAL);
        assert_null(build);
    }
    options.platform = (img_platform){"linux", "aarch64", "8", "10.0"};
    auto_(test_build) img_build *alias = build_with(f, &options);
    commit(alias, "alias:1");
    auto_(test_image) img_image *normal = open_image(f, "alias:1");
    assert_string_equal(img_image_platform(normal)->architecture, "arm64");
    assert_string_equal(img_image_platform(normal)->variant, "v8");
    assert_string_equal(img_image_platform(normal)->os_version, "10.0");
}

/* Of an index that picks are made from. */
static void base_of_index(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor entries[2];
    static const char *const architectures[] = {"amd64", "arm64"};
    for (size_t i = 0; i < 2; i++) {
        img_build_options options = amd64_options();
        strcpy(options.platform.architecture, architectures[i]);
        auto_(test_build) img_build *build = build_with(f, &options);
        assert_ok(img_build_commit(build, (const char *const[]){NULL}, &entries[i], NULL, &err));
    }
    auto_(buf) struct buf text = BUF_INIT(4096);
    img__buf_puts(&text, "{\"schemaVersion\":2,\"manifests\":[");
    for (size_t i = 0; i < 2; i++)
        img__buf_printf(&text,
                        "%s{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%llu,"
                        "\"platform\":{\"os\":\"linux\",\"architecture\":\"%s\"}}",
                        i ? "," : "", entries[i].media_type, entries[i].digest.text,
                        (unsigned long long)entries[i].size_bytes, architectures[i]);
    img__buf_puts(&text, "]}");
    img_descriptor index = put_blob(f->store, MEDIA_OCI_INDEX, text.data);
    set_name(f->store, APP ":multi", &index);

    for (size_t i = 0; i < 2; i++) {
        img_build_options options = amd64_options();
        strcpy(options.platform.architecture, architectures[i]);
        auto_(test_build) img_build *build = build_with(f, &options);
        assert_ok(img_build_from(build, NULL, "app:multi", &err));
        commit(build, "built:1");
        auto_(test_image) img_image *image = open_image(f, "built:1");
        assert_string_equal(img_image_platform(image)->architecture, architectures[i]);
        char annotation[256];
        snprintf(annotation, sizeof(annotation), "org.opencontainers.image.base.digest=%s",
                 entries[i].digest.text);
        assert_string_equal(img_image_list(image, "annotation")[0], annotation);
    }
    img_build_options options = amd64_options();
    strcpy(options.platform.architecture, "riscv64");
    auto_(test_build) img_build *build = build_with(f, &options);
    assert_fails(img_build_from(build, NULL, "app:multi", &err), IMG_ENOTFOUND,
                 "only for: linux/amd64, linux/arm64");
}

/* A base as Docker has it: types change, bytes of layers and unknown members do not. */
/* An image as docker writes it: one layer, whose diffID is given, or true if NULL. */
static img_descriptor make_docker_base(struct fixture *f, const char *diff_id)
{
    img_error err = {0};
    auto_(buf) struct buf tar = TARBALL_INIT;
    tarball_add(&tar, '0', "below", "below");
    tarball_end(&tar);
    img_descriptor layer = {.media_type = "application/vnd.docker.image.rootfs.diff.tar"};
    auto_(sink) struct sink *sink = NULL;
    assert_ok(img__store_ingest(f->store, &layer.digest, &layer.size_bytes, &sink, &err));
    assert_ok(img__sink_write(sink, tar.data, tar.len, &err));
    assert_ok(img__sink_close(sink, &err));
    auto_(buf) struct buf text = BUF_INIT(65536);
    img__buf_printf(&text,
                    "{\"architecture\":\"amd64\",\"os\":\"linux\",\"docker_version\":\"20.10\","
                    "\"container_config\":{\"Cmd\":[\"/bin/sh\"]},\"x.big\":123456789012345678,"
                    "\"config\":{\"Hostname\":\"h\",\"Healthcheck\":{\"Test\":[\"NONE\"]},"
                    "\"Env\":[\"PATH=/bin\",\"A=1\"],\"Entrypoint\":[\"/e\"],\"Cmd\":[\"c\"],"
                    "\"OnBuild\":null},\"created\":\"2020-01-02T03:04:05.123456789Z\","
                    "\"history\":[{\"created_by\":\"first\",\"x\":[1.5]}],"
                    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}",
                    diff_id ? diff_id : layer.digest.text);
    img_descriptor config = put_blob(f->store, MEDIA_DOCKER_CONFIG, text.data);
    img__buf_clear(&text);
    img__buf_puts(&text,
                  "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_DOCKER_MANIFEST "\",\"config\":");
    json_descriptor(&text, &config);
    img__buf_puts(&text, ",\"layers\":[");
    json_descriptor(&text, &layer);
    img__buf_puts(&text, "]}");
    img_descriptor manifest = put_blob(f->store, MEDIA_DOCKER_MANIFEST, text.data);
    set_name(f->store, APP ":docker", &manifest);
    return layer;
}

static void docker_base(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor layer = make_docker_base(f, NULL);
    tree_file(f, "above", "above");
    auto_(test_build) img_build *build = build_new(f);
    assert_ok(img_build_from(build, NULL, "app:docker", &err));
    assert_ok(img_build_put(build, "env", "A=2", &err));
    commit(build, "same:1");
    assert_created(f, "same:1", "2020-01-02T03:04:05.123456789Z");
    add(f, build, "above", "/");
    assert_ok(img_build_set_argv(build, "entrypoint", (const char *const[]){"/f", NULL}, &err));
    commit(build, "app:oci");

    auto_(test_image) img_image *image = open_image(f, "app:oci");
    assert_string_equal(img_image_manifest(image)->media_type, MEDIA_OCI_MANIFEST);
    assert_string_equal(img_image_config(image)->media_type, MEDIA_OCI_CONFIG);
    assert_int_equal(img_image_layer_count(image), 2);
    assert_string_equal(img_image_layer(image, 0)->digest.text, layer.digest.text);
    assert_string_equal(img_image_layer(image, 0)->media_type, MEDIA_OCI_LAYER);
    assert_string_equal(img_image_diff_id(image, 0)->text, layer.digest.text);
    assert_null(strstr(img_image_manifest_bytes(image, NULL), "vnd.docker"));
    const char *bytes = img_image_config_bytes(image, NULL);
    static const char *const kept[] = {
        "\"docker_version\":\"20.10\"",
        "\"container_config\":{\"Cmd\":[\"/bin/sh\"]}",
        "\"x.big\":123456789012345678",
        "\"Hostname\":\"h\"",
        "\"Healthcheck\":{\"Test\":[\"NONE\"]}",
        "{\"created_by\":\"first\",\"x\":[1.5]},{",
        "\"OnBuild\":null",
    };
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        assert_non_null(strstr(bytes, kept[i]));
    assert_string_equal(img_image_list(image, "env")[1], "A=2");
    assert_string_equal(img_image_list(image, "entrypoint")[0], "/f");
    assert_null(img_image_list(image, "cmd")[0]);
}

/* What a config says of its layers is checked when they are read. */
static void lying_base(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    make_docker_base(f, "sha256:"
                        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    tree_file(f, "above", "above");
    auto_free char *path = path_in(f, "above");
    auto_(test_build) img_build *build = build_new(f);
    assert_ok(img_build_from(build, NULL, "app:docker", &err));
    assert_fails(img_build_add_path(build, path, "/", NULL, &err), IMG_EDIGEST,
                 "the config says sha256:0123456789abcdef");
}

/* A layer below that can't be read: adding says so, each time, and committing still works. */
static void damaged_base(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    make_base(f);
    tree_file(f, "hello", "hello");
    img_descriptor layer;
    {
        auto_(test_image) img_image *image = open_image(f, "base:1");
        layer = *img_image_layer(image, 0);
    }
    struct blob_path blob;
    assert_ok(img__store_blob_path(&layer.digest, &blob, &err));
    auto_free char *path = img__store_join(f->path, blob.text);
    auto_fd int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "\xff\xff\xff\xff", 4, (off_t)layer.size_bytes / 2), 4);
    auto_(test_build) img_build *build = build_on_base(f);
    for (int i = 0; i < 2; i++) {
        int rc = try_add(f, build, "hello", "/", &err);
        assert_true(rc == IMG_EFORMAT || rc == IMG_EDIGEST);
    }
    commit(build, "app:1");
    assert_int_equal(unlink(path), 0);
    assert_fails(try_add(f, build, "hello", "/", &err), IMG_ENOTFOUND, layer.digest.text);
}

/* ---- commit ---- */

static void names(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor manifest, config, found;
    auto_(test_build) img_build *build = build_new(f);
    assert_fails(img_build_commit(build,
                                  (const char *const[]){"app:1",
                                                        "app@sha256:"
                                                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e464"
                                                        "9b934ca495991b7852b855",
                                                        NULL},
                                  NULL, NULL, &err),
                 IMG_EINVAL, "can't hold a digest");
    assert_fails(
        img_build_commit(build, (const char *const[]){"app:1", "APP", NULL}, NULL, NULL, &err),
        IMG_EINVAL, "APP");
    assert_unknown(f->store, "app:1");

    assert_ok(img_build_commit(build, (const char *const[]){NULL}, &manifest, &config, &err));
    assert_string_equal(manifest.media_type, MEDIA_OCI_MANIFEST);
    assert_string_equal(config.media_type, MEDIA_OCI_CONFIG);
    assert_true(img__store_has(f->store, &manifest));
    assert_true(img__store_has(f->store, &config));
    assert_unknown(f->store, "app:1");

    assert_ok(img_build_commit(build, (const char *const[]){"app", "localhost:5000/x:y", NULL},
                               NULL, NULL, &err));
    assert_ok(img_store_resolve(f->store, "docker.io/library/app:latest", &found, &err));
    assert_string_equal(found.digest.text, manifest.digest.text);
    assert_string_equal(found.platform.architecture, "amd64");
    assert_digest(f, "app", "localhost:5000/x:y");
}

static void settings(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    auto_(test_build) img_build *build = build_new(f);
    assert_ok(img_build_set(build, "user", "1000", &err));
    assert_ok(img_build_set(build, "author", "somebody", &err));
    assert_ok(img_build_set(build, "author", "", &err));
    assert_ok(img_build_set(build, "stop-signal", "int", &err));
    assert_ok(img_build_put(build, "expose", "80", &err));
    assert_ok(img_build_put(build, "volume", "/data", &err));
    assert_ok(img_build_put(build, "label", "k=v=w", &err));
    assert_fails(img_build_set(build, "created", "2020-01-01T00:00:00Z", &err), IMG_EINVAL,
                 "epoch");
    assert_fails(img_build_set(build, "colour", "red", &err), IMG_EINVAL, "colour");
    assert_fails(img_build_put(build, "colour", "red", &err), IMG_EINVAL, "colour");
    assert_fails(img_build_set_argv(build, "env", (const char *const[]){NULL}, &err), IMG_EINVAL,
                 "env");
    commit(build, "app:1");
    auto_(test_image) img_image *image = open_image(f, "app:1");
    assert_string_equal(img_image_field(image, "user"), "1000");
    assert_string_equal(img_image_field(image, "author"), "");
    assert_string_equal(img_image_field(image, "stop-signal"), "SIGINT");
    assert_string_equal(img_image_list(image, "expose")[0], "80/tcp");
    assert_string_equal(img_image_list(image, "volume")[0], "/data");
    assert_string_equal(img_image_list(image, "label")[0], "k=v=w");
}

static void build_options(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_build *build = NULL;
    struct newer {
        img_build_options known;
        uint64_t unknown;
    } newer = {IMG_BUILD_OPTIONS_INIT, 0};
    newer.known.size = sizeof(newer);
    assert_ok(img_build_new(f->store, &newer.known, &build, &err));
    img_build_free(steal(build));
    newer.unknown = 1;
    assert_fails(img_build_new(f->store, &newer.known, &build, &err), IMG_EINVAL, "does not know");
    assert_ok(img_build_new(f->store, NULL, &build, &err));
    img_build_free(steal(build));
    img_build_free(NULL);

    static const struct {
        int32_t compression, level;
        int64_t epoch;
        uint32_t has_epoch, ignore_environment;
        bool ok;
        const char *text;
    } rows[] = {
        {0, 12, 0, 0, 0, true, ""},
        {0, 13, 0, 0, 0, false, "level 13"},
        {1, 19, 0, 0, 0, true, ""},
        {1, 20, 0, 0, 0, false, "1 to 19"},
        {2, 0, 0, 0, 0, true, ""},
        {2, 1, 0, 0, 0, false, "level 1"},
        {3, 12, 0, 0, 0, true, ""},
        {3, 13, 0, 0, 0, false, "1 to 12"},
        {4, 19, 0, 0, 0, true, ""},
        {4, 20, 0, 0, 0, false, "1 to 19"},
        {5, 0, 0, 0, 0, false, "no compression 5"},
        {-1, 0, 0, 0, 0, false, "no compression -1"},
        {0, -1, 0, 0, 0, false, "level -1"},
        {0, 0, -1, 1, 0, false, "1970"},
        {0, 0, -1, 0, 0, true, ""},
        {0, 0, 253402300799, 1, 0, true, ""},
        {0, 0, 253402300800, 1, 0, false, "9999"},
        {0, 0, 0, 2, 0, false, "has_epoch"},
        {0, 0, 0, 0, 2, false, "ignore_environment"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_build_options options = IMG_BUILD_OPTIONS_INIT;
        options.compression = rows[i].compression;
        options.level = rows[i].level;
        options.epoch = rows[i].epoch;
        options.has_epoch = rows[i].has_epoch;
        options.ignore_environment = rows[i].ignore_environment;
        if (rows[i].ok) {
            assert_ok(img_build_new(f->store, &options, &build, &err));
            img_build_free(steal(build));
        } else {
            assert_fails(img_build_new(f->store, &options, &build, &err), IMG_EINVAL, rows[i].text);
            assert_null(build);
        }
    }
}

/* The order in which a directory lists its files is not that of their making; nor do umask, time or
 * place of the store matter. */
static void same_bytes(void **state)
{
    struct fixture *f = *state;
    for (int round = 0; round < 2; round++) {
        const char *tree = round ? "tree-1" : "tree-0";
        char name[64], image[16];
        mode_t mask = umask(round ? 077 : 0);
        tree_dir(f, tree, 0755);
        for (int i = 0; i < 50; i++) {
            snprintf(name, sizeof(name), "%s/%d", tree, round ? 49 - i : i);
            tree_file(f, name, name + strlen(tree));
        }
        for (int32_t compression = 0; compression <= IMG_COMPRESSION_NONE; compression++) {
            img_build_options options = amd64_options();
            options.compression = compression;
            auto_(test_build) img_build *build = build_with(f, &options);
            add(f, build, tree, "/opt");
            snprintf(image, sizeof(image), "app:%d-%d", compression, round);
            commit(build, image);
        }
        umask(mask);
    }
    assert_digest(f, "app:0-0", "app:0-1");
    assert_digest(f, "app:1-0", "app:1-1");
    assert_digest(f, "app:2-0", "app:2-1");
    auto_(test_image) img_image *gzip = open_image(f, "app:0-0");
    auto_(test_image) img_image *zstd = open_image(f, "app:1-0");
    auto_(test_image) img_image *none = open_image(f, "app:2-0");
    assert_string_equal(img_image_layer(gzip, 0)->media_type, MEDIA_OCI_LAYER_GZIP);
    assert_string_equal(img_image_layer(zstd, 0)->media_type, MEDIA_OCI_LAYER_ZSTD);
    assert_string_equal(img_image_layer(none, 0)->media_type, MEDIA_OCI_LAYER);
    assert_string_equal(img_image_diff_id(gzip, 0)->text, img_image_layer(none, 0)->digest.text);
    assert_string_equal(img_image_diff_id(zstd, 0)->text, img_image_layer(none, 0)->digest.text);
}

/* ---- the store ---- */

static void collector_waits(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_gc_result result;
    tree_file(f, "hello", "hello");
    img_build *build = build_new(f);
    add(f, build, "hello", "/");
    size_t blobs = count_blobs(f);
    assert_int_equal(blobs, 1);
    assert_ok(img_store_gc(f->store, &result, &err));
    assert_int_equal(result.busy, 1);
    assert_int_equal(count_blobs(f), 1);
    commit(build, NULL);
    assert_int_equal(count_blobs(f), 3);
    img_build_free(build);
    assert_ok(img_store_gc(f->store, &result, &err));
    assert_int_equal(result.busy, 0);
    assert_int_equal(result.blobs, 3); /* it had no name */
    assert_int_equal(count_blobs(f), 0);
}

static void two_at_once(void **state)
{
    struct fixture *f = *state;
    tree_file(f, "a", "a");
    tree_file(f, "b", "b");
    auto_(test_build) img_build *one = build_new(f);
    auto_(test_build) img_build *two = build_new(f);
    add(f, one, "a", "/");
    add(f, two, "b", "/");
    add(f, two, "a", "/");
    add(f, one, "b", "/");
    commit(two, "two:1");
    commit(one, "one:1");
    assert_layer(f, "one:1", 0, "-644 0:0 T b\n");
    assert_layer(f, "one:1", 1, "-644 0:0 T a\n");
    assert_layer(f, "two:1", 0, "-644 0:0 T a\n");
    assert_layer(f, "two:1", 1, "-644 0:0 T b\n");
}

struct watch {
    int calls, stop_at, last_kind;
    uint32_t last_id;
};

static int watch(const img_event *event, void *arg)
{
    struct watch *self = arg;
    self->last_kind = event->kind;
    self->last_id = event->id;
    return ++self->calls == self->stop_at;
}

static void cancelled(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    struct watch seen = {0, 0, 0, 0};
    img_build_options options = amd64_options();
    options.on_event = watch;
    options.on_event_arg = &seen;
    tree_file(f, "hello", "hello");
    auto_(test_build) img_build *build = build_with(f, &options);
    add(f, build, "hello", "/");
    assert_int_equal(seen.calls, 2);
    assert_int_equal(seen.last_kind, IMG_EVENT_DONE);
    for (int stop = 3; stop <= 4; stop++) {
        seen = (struct watch){2, stop, 0, 0};
        assert_fails(try_add(f, build, "hello", "/", &err), IMG_ECANCELED, "interrupted");
        assert_int_equal(seen.calls, stop);
        assert_no_temporaries(f);
    }
    assert_int_equal(seen.last_id, 3);
    commit(build, "app:1");
    auto_(test_image) img_image *image = open_image(f, "app:1");
    assert_int_equal(img_image_layer_count(image), 1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, build_fixture_new, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(layers_in_order),
        CASE(file_destinations),
        CASE(directory_destinations),
        CASE(nothing_below),
        CASE(directory_over_link),
        CASE(archives),
        CASE(archive_options),
        CASE(archive_parents),
        CASE(archive_removes_parents),
        CASE(parents_clamped),
        CASE(owners),
        CASE(verbatim),
        CASE(case_alone),
        CASE(bad_sources),
        CASE(add_options),
        CASE(removal),
        CASE(refused_removal),
        CASE(nothing_to_do),
        CASE(created),
        CASE(environment),
        CASE(base_annotations),
        CASE(base_comes_first),
        CASE(platforms),
        CASE(base_of_index),
        CASE(docker_base),
        CASE(lying_base),
        CASE(damaged_base),
        CASE(names),
        CASE(settings),
        CASE(build_options),
        CASE(same_bytes),
        CASE(collector_waits),
        CASE(two_at_once),
        CASE(cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
