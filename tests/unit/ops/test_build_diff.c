/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers from diffs in a build: on top of what, when none is made, what is counted. What a diff has
 * in it: tests/unit/layer/test_diff.c (layers.md D7, C20-C22).
 */
#include "ops/fixture.h"

#include <sys/xattr.h>

static int try_diff(struct fixture *f, img_build *build, const char *before, const char *after,
                    img_diff_counts *counts, img_error *err)
{
    auto_free char *old_tree = path_in(f, before), *new_tree = path_in(f, after);
    return img_build_add_diff(build, old_tree, new_tree, NULL, counts, err);
}

/* old: etc (a, b, sub/x), gone/y. new: etc (a changed, b with another mode, new), no gone. */
static void make_trees(struct fixture *f)
{
    static const char *const dirs[] = {"old", "old/etc", "old/etc/sub", "old/gone",
                                       "new", "new/etc", "new/etc/sub"};
    static const char *const files[][2] = {
        {"old/etc/a", "a"},     {"old/etc/b", "b"}, {"old/etc/sub/x", "x"}, {"old/gone/y", "y"},
        {"new/etc/a", "other"}, {"new/etc/b", "b"}, {"new/etc/sub/x", "x"}, {"new/etc/new", "n"}};
    auto_free char *b = path_in(f, "new/etc/b");
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
        tree_dir(f, dirs[i], 0750);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        tree_file(f, files[i][0], files[i][1]);
    assert_int_equal(chmod(b, 0600), 0);
}

#define CHANGES "d750 0:0 T etc\n-644 0:0 T etc/a\n-600 0:0 T etc/b\n-644 0:0 T etc/new\n"

static void upon_its_old_tree(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_diff_counts counts = {0};
    if (geteuid() != 0)
        skip();
    make_trees(f);
    auto_(test_build) img_build *build = build_new(f);
    add(f, build, "old", "/");
    assert_ok(try_diff(f, build, "old", "new", &counts, &err));
    assert_int_equal(counts.added, 1);
    assert_int_equal(counts.changed, 1);
    assert_int_equal(counts.metadata, 1);
    assert_int_equal(counts.removed, 1);
    commit(build, "app:1");
    assert_layer(f, "app:1", 0, "-000 0:0 0 .wh.gone\n" CHANGES);
    auto_(test_image) img_image *image = open_image(f, "app:1");
    assert_non_null(strstr(img_image_config_bytes(image, NULL),
                           "\"created_by\":\"add the changes of a tree\""));
    assert_string_equal(img_image_field(image, "created"), "2001-09-09T01:46:40Z");
    assert_no_temporaries(f);
}

/* C21: only what is there is removed; upon nothing, everything is written. */
static void other_base(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_diff_counts counts = {0};
    if (geteuid() != 0)
        skip();
    make_trees(f);
    auto_(test_build) img_build *build = build_new(f);
    assert_ok(try_diff(f, build, "old", "new", NULL, &err));
    assert_ok(try_diff(f, build, "old", "new", &counts, &err));
    assert_int_equal(counts.removed, 0);
    /* The directories on the way to a removal that is none are not written either. */
    auto_free char *x = path_in(f, "new/etc/sub/x");
    assert_int_equal(unlink(x), 0);
    tree_touch_parent(x);
    assert_ok(try_diff(f, build, "old", "new", NULL, &err));
    commit(build, "app:1");
    assert_layer(f, "app:1", 2, "-000 0:0 0 .wh.gone\n" CHANGES);
    assert_layer(f, "app:1", 1, CHANGES);
    assert_layer(f, "app:1", 0, CHANGES);
}

static void count_warnings(int level, const char *line, void *arg)
{
    if (level == IMG_LOG_WARNING && strstr(line, "no layer made"))
        ++*(int *)arg;
}

/* D7 */
static void nothing(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    int warnings = 0;
    img_diff_counts counts = {.added = 7, .changed = 7, .metadata = 7, .removed = 7};
    img_build_options options = amd64_options();
    options.on_log = count_warnings;
    options.on_log_arg = &warnings;
    make_trees(f);
    auto_(test_build) img_build *build = build_with(f, &options);
    assert_ok(try_diff(f, build, "old", "old", &counts, &err));
    assert_int_equal(counts.added + counts.changed + counts.metadata + counts.removed, 0);
    auto_free char *upper = path_in(f, "old");
    assert_ok(
        img_build_add_overlay(build, upper, (const char *const[]){upper, NULL}, NULL, NULL, &err));
    assert_int_equal(warnings, 2);
    commit(build, "app:1");
    auto_(test_image) img_image *image = open_image(f, "app:1");
    assert_int_equal(img_image_layer_count(image), 0);
}

/* A directory where there is a link below is a mistake, unless it is what was changed. */
static void link_below(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    tree_dir(f, "base", 0755);
    tree_link(f, "base/lib", "usr/lib");
    tree_dir(f, "one", 0755);
    tree_dir(f, "one/lib", 0755);
    tree_dir(f, "two", 0755);
    tree_dir(f, "two/lib", 0755);
    tree_file(f, "two/lib/so", "so");
    tree_dir(f, "none", 0755);
    auto_(test_build) img_build *build = build_new(f);
    add(f, build, "base", "/");
    assert_fails(try_diff(f, build, "one", "two", NULL, &err), IMG_EINVAL,
                 "/lib is a directory here and a link to usr/lib");
    assert_fails(try_diff(f, build, "none", "two", NULL, &err), IMG_EINVAL, "/lib is a directory");
    assert_ok(try_diff(f, build, "base", "two", NULL, &err));
    assert_no_temporaries(f);
}

/* C22, in a layer. */
static void opaque(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_diff_counts counts = {0};
    if (geteuid() != 0)
        skip();
    make_trees(f);
    tree_dir(f, "upper", 0755);
    tree_dir(f, "upper/etc", 0700);
    tree_file(f, "upper/etc/!", "first");
    tree_dir(f, "upper/fresh", 0700);
    auto_free char *upper = path_in(f, "upper"), *etc = path_in(f, "upper/etc");
    auto_free char *fresh = path_in(f, "upper/fresh"), *gone = path_in(f, "upper/gone");
    assert_int_equal(setxattr(etc, "trusted.overlay.opaque", "y", 1, 0), 0);
    assert_int_equal(setxattr(fresh, "trusted.overlay.opaque", "y", 1, 0), 0);
    assert_int_equal(mknod(gone, S_IFCHR, 0), 0);
    auto_(test_build) img_build *build = build_new(f);
    add(f, build, "old", "/");
    assert_ok(img_build_add_overlay(build, upper, NULL, NULL, &counts, &err));
    assert_int_equal(counts.added, 1);
    assert_int_equal(counts.changed, 2);
    assert_int_equal(counts.removed, 2);
    commit(build, "app:1");
    assert_layer(f, "app:1", 0,
                 "-000 0:0 0 .wh.gone\nd700 0:0 T etc\n-000 0:0 0 etc/.wh..wh..opq\n"
                 "-644 0:0 T etc/!\nd700 0:0 T fresh\n");
}

static int refuse_progress(const img_event *event, void *arg)
{
    (void)arg;
    return event->kind == IMG_EVENT_PROGRESS;
}

/* Even where nothing differs there is a chance to stop. */
static void cancelled(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_build_options options = amd64_options();
    options.on_event = refuse_progress;
    tree_dir(f, "one", 0755);
    tree_dir(f, "two", 0755);
    tree_file(f, "one/large", "");
    tree_file(f, "two/large", "");
    auto_free char *one = path_in(f, "one/large"), *two = path_in(f, "two/large");
    assert_int_equal(truncate(one, 40 << 20), 0);
    assert_int_equal(truncate(two, 40 << 20), 0);
    set_time(one, TREE_TIME);
    set_time(two, TREE_TIME);
    auto_(test_build) img_build *build = build_with(f, &options);
    assert_fails(try_diff(f, build, "one", "two", NULL, &err), IMG_ECANCELED, "interrupted");
    assert_no_temporaries(f);
}

static void what_cannot_be(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_diff_counts counts = {.added = 7, .changed = 7, .metadata = 7, .removed = 7};
    img_diff_options options = IMG_DIFF_OPTIONS_INIT;
    make_trees(f);
    auto_free char *path = path_in(f, "old");
    auto_(test_build) img_build *build = build_new(f);
    options.flags = 2;
    assert_fails(img_build_add_diff(build, path, path, &options, NULL, &err), IMG_EINVAL, "flags");
    options.flags = 0;
    options.preserve = 1u << 31;
    assert_fails(img_build_add_diff(build, path, path, &options, NULL, &err), IMG_EINVAL, "bits");
    options.preserve = 0;
    options.size = 0;
    assert_fails(img_build_add_overlay(build, path, NULL, &options, NULL, &err), IMG_EINVAL,
                 "img_diff_options.size");
    /* The tree of the build has a name that a layer can't hold. */
    tree_file(f, "new/.wh.x", "x");
    assert_fails(try_diff(f, build, "old", "new", &counts, &err), IMG_EINVAL, "new/.wh.x: a name");
    assert_non_null(strstr(err.message, "diff "));
    assert_int_equal(counts.added, 7);
    /* A name that has no room for ".wh." */
    char name[5 + 252 + 1] = "long/";
    memset(name + 5, 'n', 252);
    tree_dir(f, "long", 0755);
    tree_file(f, name, "");
    tree_dir(f, "empty", 0755);
    assert_fails(try_diff(f, build, "long", "empty", NULL, &err), IMG_EINVAL, "256 bytes");
    assert_no_temporaries(f);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, build_fixture_new, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(upon_its_old_tree), CASE(other_base), CASE(nothing), CASE(link_below), CASE(opaque),
        CASE(what_cannot_be),    CASE(cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
