/* SPDX-License-Identifier: Apache-2.0
 *
 * Bundles by the library: options, and what is left after each kind of end. What is in config.json
 * is for core/test_runtime_config.c to say, and for the runtimes.
 */
#include "ops/fixture.h"

#include <libimg/bundle.h>

#define NAME "app:1"

static const img_platform amd64 = {"linux", "amd64", "", ""};

static img_unpack_options unpack_options(void)
{
    img_unpack_options options = IMG_UNPACK_OPTIONS_INIT;
    options.platform = &amd64;
    options.flags = IMG_UNPACK_NO_SYNC | IMG_UNPACK_ROOTLESS;
    return options;
}

static int bundle(struct fixture *f, const img_bundle_options *options, img_unpack_result *result,
                  img_error *err)
{
    auto_free char *path = path_in(f, "out");
    return img_unpack_bundle(f->store, NAME, path, options, result, err);
}

static void make_image(struct fixture *f, const char *user, const char *const *cmd)
{
    img_build *build = build_new(f);
    img_error err = {0};
    tree_dir(f, "tree", 0755);
    tree_dir(f, "tree/etc", 0755);
    tree_file(f, "tree/etc/passwd", "app:x:5:6::/home:/bin/sh\n");
    add(f, build, "tree", "/");
    assert_ok(img_build_set(build, "user", user, &err));
    assert_ok(img_build_set_argv(build, "cmd", cmd, &err));
    commit(build, NAME);
    img_build_free(build);
}

static const char *const run[] = {"run", NULL};

static void assert_nothing(const struct fixture *f)
{
    assert_false(file_exists(f->parent, "out"));
    assert_int_equal(count_files(f->parent, ".", ".out.tmp-"), 0);
}

static void makes(void **state)
{
    struct fixture *f = *state;
    img_error err;
    img_unpack_options unpack = unpack_options();
    img_bundle_options options = IMG_BUNDLE_OPTIONS_INIT;
    img_unpack_result result = {.layers = 99};
    make_image(f, "app", run);
    options.unpack = &unpack;
    options.hostname = "here";
    options.flags = IMG_BUNDLE_TERMINAL;
    assert_ok(bundle(f, &options, &result, &err));
    assert_int_equal(result.layers, 1);
    assert_int_equal(result.entries, 2);
    auto_free char *config = read_file(f->parent, "out/config.json");
    static const char *const parts[] = {
        "\"terminal\":true,\"user\":{\"uid\":5,\"gid\":6},\"args\":[\"run\"],", "\"HOME=/home\"",
        "\"hostname\":\"here\"", "\"root\":{\"path\":\"rootfs\",\"readonly\":false}"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (!strstr(config, parts[i]))
            fail_msg("'%s' is not in '%s'", parts[i], config);
    assert_true(file_exists(f->parent, "out/rootfs/etc/passwd"));
    assert_fails(bundle(f, &options, &result, &err), IMG_EIO, "is not empty");
}

static void refused(void **state)
{
    struct fixture *f = *state;
    img_error err;
    img_unpack_options unpack = unpack_options();
    img_bundle_options options = IMG_BUNDLE_OPTIONS_INIT;
    make_image(f, "nobody", run);
    options.unpack = &unpack;
    options.size = 3;
    assert_fails(bundle(f, &options, NULL, &err), IMG_EINVAL, "img_bundle_options");
    options.size = sizeof(options);
    options.flags = 2;
    assert_fails(bundle(f, &options, NULL, &err), IMG_EINVAL, "unknown bits");
    options.flags = 0;
    options.hostname = "a\nb";
    assert_fails(bundle(f, &options, NULL, &err), IMG_EINVAL, "hostname");
    options.hostname = NULL;
    unpack.layer = 1;
    assert_fails(bundle(f, &options, NULL, &err), IMG_EINVAL, "all layers");
    unpack.layer = 0;
    unpack.size = 1;
    assert_fails(bundle(f, &options, NULL, &err), IMG_EINVAL, "img_unpack_options");
    unpack.size = sizeof(unpack);
    assert_fails(bundle(f, &options, NULL, &err), IMG_ENOTFOUND, "no user 'nobody'");
    assert_nothing(f);
    unpack.flags |= IMG_UNPACK_KEEP_PARTIAL;
    assert_fails(bundle(f, &options, NULL, &err), IMG_ENOTFOUND, "what there is was kept in");
    assert_int_equal(count_files(f->parent, ".", ".out.tmp-"), 1);
}

static void nothing_to_run(void **state)
{
    static const char *const none[] = {NULL};
    struct fixture *f = *state;
    img_error err;
    img_unpack_options unpack = unpack_options();
    img_bundle_options options = IMG_BUNDLE_OPTIONS_INIT;
    make_image(f, "app", none);
    options.unpack = &unpack;
    assert_fails(bundle(f, &options, NULL, &err), IMG_EINVAL, "neither an entrypoint nor a cmd");
    assert_nothing(f);
    options.cmd = run;
    assert_ok(bundle(f, &options, NULL, &err));
    auto_free char *config = read_file(f->parent, "out/config.json");
    assert_non_null(strstr(config, "\"args\":[\"run\"]"));
}

/* Without options it is for this machine, or what there is. */
static void without_options(void **state)
{
    struct fixture *f = *state;
    img_error err;
    make_image(f, "", run);
    assert_ok(bundle(f, NULL, NULL, &err));
    auto_free char *config = read_file(f->parent, "out/config.json");
    assert_non_null(strstr(config, "\"hostname\":\"container\""));
    assert_int_equal(img_unpack_bundle(f->store, "none:1", "/nowhere/out", NULL, NULL, NULL),
                     IMG_ENOTFOUND);
}

#define test(function) cmocka_unit_test_setup_teardown(function, build_fixture_new, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {test(makes), test(refused), test(nothing_to_run),
                                       test(without_options)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
