/* SPDX-License-Identifier: Apache-2.0
 *
 * What a build says of the files that it depends on: enough that whoever watches them knows when to
 * build again.
 */
#include "ops/fixture.h"

/* "f name\n" for each input, without the fixture's directory before it. */
struct told {
    struct buf text;
    size_t before; /* bytes of what is left out */
    unsigned left; /* calls until it is enough; 0: never */
};

static int note_input(const char *path, uint32_t kind, void *arg)
{
    static const char kinds[] = {
        [IMG_INPUT_FILE] = 'f', [IMG_INPUT_DIRECTORY] = 'd', [IMG_INPUT_OTHER] = 'o'};
    struct told *told = arg;
    assert_in_range(kind, IMG_INPUT_FILE, IMG_INPUT_OTHER);
    img__buf_printf(&told->text, "%c %s\n", kinds[kind], path + told->before);
    return told->left > 0 && --told->left == 0;
}

static img_build *build_told(struct fixture *f, struct told *told)
{
    img_build_options options = amd64_options();
    *told = (struct told){.text = BUF_INIT((size_t)1 << 20), .before = strlen(f->parent) + 1};
    options.on_input = note_input;
    options.on_input_arg = told;
    return build_with(f, &options);
}

static void assert_told(struct told *told, const char *expected)
{
    assert_string_equal(img__buf_text(&told->text), expected);
    img__buf_free(&told->text);
}

static void make_tree(struct fixture *f)
{
    tree_dir(f, "tree", 0755);
    tree_dir(f, "tree/empty", 0755);
    tree_dir(f, "tree/out", 0755);
    tree_file(f, "tree/out/o", "left out");
    tree_dir(f, "tree/some", 0755);
    tree_file(f, "tree/some/kept", "kept");
    tree_file(f, "tree/some/skipped", "left out");
    tree_file(f, "tree/x", "x");
    tree_link(f, "tree/link", "nowhere");
}

static void trees_and_files(void **state)
{
    struct fixture *f = *state;
    struct told told;
    make_tree(f);
    auto_(test_build) img_build *build = build_told(f, &told);
    add(f, build, "tree", "/opt");
    add(f, build, "tree/x", "/y");
    add(f, build, "tree/some/", "/");
    assert_told(&told, "d tree\nd tree/empty\no tree/link\nd tree/out\nf tree/out/o\nd tree/some\n"
                       "f tree/some/kept\nf tree/some/skipped\nf tree/x\n"
                       "f tree/x\n"
                       "d tree/some\nf tree/some/kept\nf tree/some/skipped\n");
}

/* What is left out is none, but the directory that it is in; a directory that is looked into for
 * exceptions is one. */
static void rules(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    struct told told;
    make_tree(f);
    tree_file(f, "rules", "out\nsome\n!some/kept\n");
    auto_free char *tree = path_in(f, "tree"), *file = path_in(f, "rules");
    img_add_options options = IMG_ADD_OPTIONS_INIT;
    options.ignore_file = file;
    options.exclude = (const char *const[]){"x", NULL};
    auto_(test_build) img_build *build = build_told(f, &told);
    assert_ok(img_build_add_path(build, tree, "/", &options, &err));
    assert_told(&told, "f rules\nd tree\nd tree/empty\no tree/link\nd tree/some\n"
                       "f tree/some/kept\n");
    assert_ok(img_add_options_check(&options, &err));
}

static void archives(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    struct told told;
    auto_(buf) struct buf tar = TARBALL_INIT;
    tarball_add(&tar, '0', "f", "data");
    tarball_end(&tar);
    auto_free char *path = path_in(f, "a.tar");
    assert_ok(img__fs_replace(AT_FDCWD, path, tar.data, tar.len, 0644, &err));
    img_add_options verbatim = IMG_ADD_OPTIONS_INIT;
    verbatim.flags = IMG_ADD_VERBATIM;
    auto_(test_build) img_build *build = build_told(f, &told);
    assert_ok(img_build_add_archive(build, path, NULL, NULL, &err));
    assert_ok(img_build_add_archive(build, path, NULL, &verbatim, &err));
    assert_told(&told, "f a.tar\nf a.tar\n");
}

/* All of the new tree; of the old one what is compared, and directories that were listed. */
static void both_trees(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    struct told told;
    static const char *const dirs[] = {"old", "old/d", "old/gone", "new", "new/d", "new/made"};
    static const char *const files[] = {"old/d/same", "old/d/less", "old/gone/y",
                                        "new/d/same", "new/d/more", "new/made/z"};
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
        tree_dir(f, dirs[i], 0755);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        tree_file(f, files[i], "text");
    auto_free char *before = path_in(f, "old"), *after = path_in(f, "new");
    auto_(test_build) img_build *build = build_told(f, &told);
    assert_ok(img_build_add_diff(build, before, after, NULL, NULL, &err));
    assert_told(&told, "d old\nd new\nd old/d\nd new/d\nf old/d/less\nf new/d/more\n"
                       "f new/d/same\nf old/d/same\nd new/made\nf new/made/z\n");
}

static void overlays(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    struct told told;
    static const char *const dirs[] = {"low", "low/d", "low/other", "up", "up/d"};
    static const char *const files[] = {"low/d/f", "low/other/x", "up/d/f", "up/d/new"};
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
        tree_dir(f, dirs[i], 0755);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        tree_file(f, files[i], files[i]);
    auto_free char *low = path_in(f, "low"), *up = path_in(f, "up");
    auto_(test_build) img_build *build = build_told(f, &told);
    assert_ok(img_build_add_overlay(build, up, (const char *const[]){low, NULL}, NULL, NULL, &err));
    assert_told(&told, "d low\nd up\nd low/d\nd up/d\nf up/d/f\nf low/d/f\nf up/d/new\n");
}

/* Wherever the caller has enough, nothing of the layer stays. */
static void cancelled(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    struct told told;
    make_tree(f);
    for (unsigned left = 1; left <= 9; left++) {
        auto_(test_build) img_build *build = build_told(f, &told);
        told.left = left;
        assert_fails(try_add(f, build, "tree", "/", &err), IMG_ECANCELED, "interrupted");
        img__buf_free(&told.text);
        commit(build, "app:1");
        auto_(test_image) img_image *image = open_image(f, "app:1");
        assert_int_equal(img_image_layer_count(image), 0);
    }
    assert_no_temporaries(f);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, build_fixture_new, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(trees_and_files), CASE(rules),    CASE(archives),
        CASE(both_trees),      CASE(overlays), CASE(cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
