/* SPDX-License-Identifier: Apache-2.0
 *
 * Edits of images of a store: what changes and what stays, layers on top, another base, one layer.
 */
#include "ops/fixture.h"

#include <libimg/edit.h>

IMG_AUTO_POINTER(test_edit, img_edit, img_edit_free)

static img_edit *edit_open(struct fixture *f, const char *source)
{
    img_edit *edit = NULL;
    img_edit_options options = IMG_EDIT_OPTIONS_INIT;
    img_error err = {0};
    options.store = f->store;
    assert_ok(img_edit_open(NULL, source, &options, &edit, &err));
    return edit;
}

static void edit_commit(img_edit *edit, const char *destination)
{
    img_error err = {0};
    assert_ok(img_edit_commit(edit, destination, NULL, &err));
}

static bool is_changed(img_edit *edit)
{
    uint32_t changed = 2;
    img_error err = {0};
    assert_ok(img_edit_changed(edit, &changed, &err));
    assert_true(changed < 2);
    return changed;
}

/* base:1 has a tree and settings; app:1 is upon it, and has a layer of its own. */
static void make_images(struct fixture *f)
{
    img_error err = {0};
    tree_dir(f, "base", 0755);
    tree_dir(f, "base/usr", 0755);
    tree_file(f, "base/usr/a", "a");
    tree_link(f, "base/lib", "usr");
    tree_dir(f, "own", 0755);
    tree_file(f, "own/b", "b");
    auto_(test_build) img_build *build = build_new(f);
    add(f, build, "base", "/");
    assert_ok(img_build_put(build, "env", "A=1", &err));
    assert_ok(img_build_put(build, "env", "B=1", &err));
    assert_ok(img_build_put(build, "label", "l=1", &err));
    commit(build, "base:1");
    auto_(test_build) img_build *app = build_new(f);
    assert_ok(img_build_from(app, NULL, "base:1", &err));
    assert_ok(img_build_put(app, "env", "B=app", &err));
    add(f, app, "own", "/opt");
    commit(app, "app:1");
}

static void assert_list(const img_image *image, const char *list, const char *expected)
{
    auto_(buf) struct buf text = BUF_INIT(4096);
    for (const char *const *item = img_image_list(image, list); *item; item++)
        img__buf_printf(&text, "%s;", *item);
    assert_string_equal(img__buf_text(&text), expected);
}

static void test_settings(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    make_images(f);
    auto_(test_edit) img_edit *edit = edit_open(f, "store:app:1");
    assert_int_equal(img_edit_count(edit), 1);
    assert_string_equal(img_edit_platform(edit, 0)->architecture, "amd64");
    assert_null(img_edit_platform(edit, 1));
    assert_false(is_changed(edit));
    assert_ok(img_edit_put(edit, "env", "A=2", &err));
    assert_ok(img_edit_extend(edit, "env", "A=3", IMG_EDIT_BEHIND, &err));
    assert_ok(img_edit_extend(edit, "env", "A=0", IMG_EDIT_BEFORE, &err));
    assert_ok(img_edit_unset(edit, "label", "l", &err));
    assert_ok(img_edit_put(edit, "annotation", "k=v", &err));
    assert_true(is_changed(edit));
    edit_commit(edit, "store:app:2");
    auto_(test_image) img_image *image = open_image(f, "app:2");
    assert_list(image, "env", "A=023;B=app;");
    assert_list(image, "label", "");
    auto_(test_image) img_image *before = open_image(f, "app:1");
    assert_list(before, "env", "A=1;B=app;");
    assert_int_equal(img_image_layer_count(image), img_image_layer_count(before));
}

/* What is undone is no change, and the bytes are those that were there. */
static void test_no_change(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor named;
    make_images(f);
    auto_(test_edit) img_edit *edit = edit_open(f, "store:app:1");
    assert_ok(img_edit_put(edit, "env", "B=other", &err));
    assert_true(is_changed(edit));
    assert_ok(img_edit_put(edit, "env", "B=app", &err));
    assert_false(is_changed(edit));
    assert_ok(img_edit_commit(edit, NULL, &named, &err));
    auto_(test_image) img_image *image = open_image(f, "app:1");
    assert_string_equal(named.digest.text, img_image_manifest(image)->digest.text);
}

static void test_refusals(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    make_images(f);
    auto_(test_edit) img_edit *edit = edit_open(f, "store:app:1");
    img_edit *none = NULL;
    assert_fails(img_edit_extend(edit, "env", "NO=1", IMG_EDIT_BEHIND, &err), IMG_ENOTFOUND,
                 "no variable NO");
    assert_fails(img_edit_extend(edit, "label", "l=1", IMG_EDIT_BEHIND, &err), IMG_EINVAL,
                 "can't be added to");
    assert_fails(img_edit_extend(edit, "env", "A=1", 7, &err), IMG_EINVAL,
                 "neither behind nor before");
    assert_fails(img_edit_unset(edit, "nosuch", NULL, &err), IMG_EINVAL, "nothing called");
    assert_fails(img_edit_put(edit, "index-annotation", "a=b", &err), IMG_EINVAL, "no index");
    assert_fails(img_edit_commit(edit, "store:app@sha256:1234", NULL, &err), IMG_EINVAL, "digest");
    assert_fails(img_edit_set(edit, "created", "yesterday", &err), IMG_EINVAL, "not a time");
    assert_fails(img_edit_open(NULL, "docker://a", NULL, &none, &err), IMG_EINVAL,
                 "client is needed");
}

/* A path that leads through a link below goes where that leads, unless nobody looked. */
static void append_to(struct fixture *f, uint32_t flags, const char *name, const char *path)
{
    img_error err = {0};
    img_build *build = NULL;
    auto_(test_edit) img_edit *edit = edit_open(f, "store:app:1");
    img_build_options options = IMG_BUILD_OPTIONS_INIT;
    assert_ok(img_edit_layers_begin(edit, 0, flags, &options, &build, &err));
    auto_(test_build) img_build *owned = build;
    add(f, owned, "own", "/lib/x");
    assert_ok(img_edit_layers_end(edit, 0, build, &err));
    edit_commit(edit, name);
    auto_(test_image) img_image *image = open_image(f, strchr(name, ':') + 1);
    assert_int_equal(img_image_layer_count(image), 3);
    auto_free char *listed = list_layer(f, img_image_layer(image, 2));
    assert_non_null(strstr(listed, path));
}

static void test_append(void **state)
{
    struct fixture *f = *state;
    make_images(f);
    append_to(f, 0, "store:app:2", "usr/x/b");
    append_to(f, IMG_EDIT_BLIND, "store:app:3", " lib/x/b");
}

static void test_rebase(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    make_images(f);
    auto_(test_edit) img_edit *same = edit_open(f, "store:app:1");
    assert_ok(img_edit_rebase(same, NULL, NULL, &err));
    assert_false(is_changed(same));
    auto_(test_build) img_build *build = build_new(f);
    add(f, build, "own", "/");
    add(f, build, "base", "/");
    assert_ok(img_build_put(build, "env", "A=2", &err));
    assert_ok(img_build_put(build, "env", "B=2", &err));
    assert_ok(img_build_put(build, "env", "C=2", &err));
    commit(build, "base:1");
    auto_(test_edit) img_edit *edit = edit_open(f, "store:app:1");
    assert_ok(img_edit_rebase(edit, NULL, NULL, &err));
    edit_commit(edit, NULL);
    auto_(test_image) img_image *image = open_image(f, "app:1");
    assert_int_equal(img_image_layer_count(image), 3);
    assert_list(image, "env", "A=2;B=app;C=2;");
    assert_list(image, "label", "");
    auto_(test_edit) img_edit *wrong = edit_open(f, "store:base:1");
    assert_fails(img_edit_rebase(wrong, "app:1", "base:1", &err), IMG_EINVAL, "not based on");
}

static void test_flatten(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_build_options options = IMG_BUILD_OPTIONS_INIT;
    make_images(f);
    auto_(test_edit) img_edit *edit = edit_open(f, "store:app:1");
    options.compression = IMG_COMPRESSION_ESTARGZ;
    assert_fails(img_edit_flatten(edit, &options, &err), IMG_EUNSUPPORTED, "one layer of all");
    options.compression = IMG_COMPRESSION_NONE;
    assert_ok(img_edit_flatten(edit, &options, &err));
    edit_commit(edit, "store:flat:1");
    auto_(test_image) img_image *image = open_image(f, "flat:1");
    assert_int_equal(img_image_layer_count(image), 1);
    assert_list(image, "annotation", "");
    assert_list(image, "env", "A=1;B=app;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_settings, build_fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_no_change, build_fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_refusals, build_fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_append, build_fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_rebase, build_fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_flatten, build_fixture_new, fixture_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
