/* SPDX-License-Identifier: Apache-2.0
 *
 * Edits of images in a store: what is named when it is committed more than once, which builds may
 * give layers, and what an image may say of its base.
 */
#include "ops/fixture.h"

#include <libimg/edit.h>

#include "core/manifest.h"
#include "core/manifest_edit.h"
#include "ops/edit.h"

IMG_AUTO_POINTER(test_edit, img_edit, img_edit_free)

/* One file in one layer upon a base, or upon nothing. */
static void make_image(struct fixture *f, const char *name, const char *base, const char *file)
{
    img_error err = {0};
    tree_file(f, file, file);
    auto_(test_build) img_build *build = build_new(f);
    if (base)
        assert_ok(img_build_from(build, NULL, base, &err));
    assert_ok(img_build_set(build, "user", "a", &err));
    add(f, build, file, "/srv/");
    commit(build, name);
}

static img_edit *edit_open(struct fixture *f, const char *source)
{
    img_edit *edit = NULL;
    img_error err = {0};
    img_edit_options options = IMG_EDIT_OPTIONS_INIT;
    options.store = f->store;
    assert_ok(img_edit_open(NULL, source, &options, &edit, &err));
    return edit;
}

static img_digest digest_of(struct fixture *f, const char *name)
{
    img_descriptor found;
    img_error err = {0};
    assert_ok(img_store_resolve(f->store, name, &found, &err));
    return found.digest;
}

static void test_back_again(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor out;
    make_image(f, "app:1", NULL, "one");
    img_digest before = digest_of(f, "app:1");
    auto_(test_edit) img_edit *edit = edit_open(f, "store:app:1");
    assert_ok(img_edit_set(edit, "user", "b", &err));
    assert_ok(img_edit_commit(edit, NULL, &out, &err));
    assert_string_not_equal(digest_of(f, "app:1").text, before.text);
    assert_ok(img_edit_set(edit, "user", "a", &err));
    assert_ok(img_edit_commit(edit, NULL, &out, &err));
    assert_string_equal(out.digest.text, before.text);
    assert_string_equal(digest_of(f, "app:1").text, before.text);
}

static img_build *layers_begin(img_edit *edit, uint32_t flags)
{
    img_build *build = NULL;
    img_error err = {0};
    assert_ok(img_edit_layers_begin(edit, 0, flags, NULL, &build, &err));
    return build;
}

static void test_whose_layers(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    make_image(f, "app:1", NULL, "one");
    auto_(test_edit) img_edit *edit = edit_open(f, "store:app:1");
    auto_(test_edit) img_edit *other = edit_open(f, "store:app:1");
    auto_(test_build) img_build *foreign = build_new(f);
    auto_(test_build) img_build *late = layers_begin(edit, 0);
    auto_(test_build) img_build *blind = layers_begin(edit, IMG_EDIT_BLIND);
    add(f, foreign, "one", "/foreign");
    add(f, late, "one", "/late");
    add(f, blind, "one", "/blind");
    assert_fails(img_edit_layers_end(edit, 0, foreign, &err), IMG_EINVAL, "was not begun upon");
    assert_fails(img_edit_layers_end(other, 0, blind, &err), IMG_EINVAL, "was not begun upon");
    assert_ok(img_edit_layers_end(edit, 0, blind, &err));
    assert_fails(img_edit_layers_end(edit, 0, blind, &err), IMG_EINVAL, "was not begun upon");
    assert_fails(img_edit_layers_end(edit, 0, late, &err), IMG_EINVAL, "in the meantime");
}

/* As many layers as before, but others. */
static void test_layers_upon_another_base(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    make_image(f, "base:1", NULL, "one");
    make_image(f, "base:2", NULL, "two");
    make_image(f, "app:1", "base:1", "app");
    auto_(test_edit) img_edit *edit = edit_open(f, "store:app:1");
    auto_(test_build) img_build *build = layers_begin(edit, 0);
    add(f, build, "one", "/late");
    assert_ok(img_edit_rebase(edit, "base:1", "base:2", &err));
    assert_fails(img_edit_layers_end(edit, 0, build, &err), IMG_EINVAL, "in the meantime");
}

static void assert_base_name(img_edit *edit, const char *expected)
{
    const char *name = img__annotation_get(edit->images[0].manifest.json, ANNOTATION_BASE_NAME);
    if (expected)
        assert_string_equal(name, expected);
    else
        assert_null(name);
}

/* A name in a layout is one of another world: "2" there is not docker.io/library/2. */
static void test_base_without_a_name(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    auto_free char *layout = NULL, *archive = NULL;
    assert_true(asprintf(&layout, "oci:%s/layout:2", f->parent) > 0);
    assert_true(asprintf(&archive, "oci-archive:%s/archive", f->parent) > 0);
    make_image(f, "base:1", NULL, "one");
    make_image(f, "base:2", NULL, "two");
    make_image(f, "app:1", "base:1", "app");
    {
        auto_(test_edit) img_edit *base = edit_open(f, "store:base:2");
        assert_ok(img_edit_commit(base, layout, NULL, &err));
        assert_ok(img_edit_commit(base, archive, NULL, &err));
    }
    const char *const places[] = {layout, archive, digest_of(f, "base:2").text, "base:2"};
    for (size_t i = 0; i < 4; i++) {
        auto_(test_edit) img_edit *edit = edit_open(f, "store:app:1");
        assert_base_name(edit, "docker.io/library/base:1");
        assert_ok(img_edit_rebase(edit, "base:1", places[i], &err));
        assert_base_name(edit, i == 3 ? "docker.io/library/base:2" : NULL);
    }
}

/* What an image says of its base opens no file of whoever puts it upon another. */
static void test_base_that_is_a_path(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    make_image(f, "base:1", NULL, "one");
    make_image(f, "app:1", "base:1", "app");
    static const char *const names[] = {"oci:/etc", "oci-archive:name", "docker-archive:/etc/group",
                                        "store:base:1", "-"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        auto_free char *pair = NULL;
        assert_true(asprintf(&pair, "%s=%s", ANNOTATION_BASE_NAME, names[i]) > 0);
        auto_(test_edit) img_edit *edit = edit_open(f, "store:app:1");
        assert_ok(img_edit_put(edit, "annotation", pair, &err));
        assert_fails(img_edit_rebase(edit, "base:1", NULL, &err), IMG_EINVAL,
                     "not the name of an image");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_back_again, build_fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_whose_layers, build_fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_layers_upon_another_base, build_fixture_new,
                                        fixture_free),
        cmocka_unit_test_setup_teardown(test_base_without_a_name, build_fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_base_that_is_a_path, build_fixture_new, fixture_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
