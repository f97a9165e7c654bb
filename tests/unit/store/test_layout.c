/* SPDX-License-Identifier: Apache-2.0
 *
 * The directory: created once by whoever comes first, checked by all, refused if it is anything
 * else.
 */
#include "fixture.h"

static int open_path(const char *path, uint32_t must_exist, img_error *err)
{
    img_store_options options = IMG_STORE_OPTIONS_INIT;
    img_store *store = NULL;
    options.path = path;
    options.must_exist = must_exist;
    int r = img_store_open(&options, &store, err);
    assert_true((r == 0) == (store != NULL));
    img_store_free(store);
    return r;
}

static void creates(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    auto_free char *deep = img__store_join(f->parent, "a/b/store");

    assert_ok(open_path(deep, 0, &err));
    auto_free char *layout = read_file(deep, "oci-layout");
    assert_string_equal(layout, "{\"imageLayoutVersion\":\"1.0.0\"}");
    auto_free char *index = read_file(deep, "index.json");
    assert_non_null(strstr(index, "\"manifests\":[\n]}"));
    assert_true(file_exists(deep, "blobs/sha256"));
    assert_ok(open_path(deep, 0, &err));
    assert_ok(open_path(deep, 1, &err));
}

static void does_not_create(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};

    assert_fails(open_path(f->path, 1, &err), IMG_ENOTFOUND, f->path);
    assert_false(file_exists(f->parent, "store"));
    assert_int_equal(mkdir(f->path, 0755), 0);
    assert_fails(open_path(f->path, 1, &err), IMG_EFORMAT, "it has no oci-layout");
    assert_int_equal(count_files(f->path, ".", ""), 0);
}

static void refuses_other_directories(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};

    write_file(f->parent, "notes.txt", "mine");
    assert_fails(open_path(f->parent, 0, &err), IMG_EFORMAT,
                 "is not an image layout and not empty");
    assert_int_equal(count_files(f->parent, ".", ""), 1);

    auto_free char *file = img__store_join(f->parent, "notes.txt");
    assert_fails(open_path(file, 0, &err), IMG_ENOTFOUND, "notes.txt");
    assert_fails(open_path("", 0, &err), IMG_EINVAL, "empty");
}

/* blobs/ and index.json without our lock file are not a creation of ours that died. */
static void refuses_half_of_another(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};

    write_file(f->parent, "index.json", "{}");
    assert_fails(open_path(f->parent, 0, &err), IMG_EFORMAT, "not empty");
    assert_int_equal(count_files(f->parent, ".", ""), 1);
}

static void completes_a_dead_creation(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};

    assert_int_equal(mkdir(f->path, 0755), 0);
    write_file(f->path, STORE_LOCK, "");
    assert_ok(open_path(f->path, 0, &err));

    auto_free char *layout = img__store_join(f->path, "oci-layout");
    assert_int_equal(unlink(layout), 0);
    write_file(f->path, ".tmp-0123456789abcdef", "{\"imageLay");
    assert_ok(open_path(f->path, 0, &err));
    assert_true(file_exists(f->path, "oci-layout"));
}

static void checks_version(void **state)
{
    static const struct {
        const char *text;
        int code;
        const char *message;
    } rows[] = {
        {"{\"imageLayoutVersion\":\"1.1.0\"}", 0, ""},
        {"{\"imageLayoutVersion\":\"1.0.0\", \"x\": 1}\n", 0, ""},
        {"{\"imageLayoutVersion\":\"2.0.0\"}", IMG_EUNSUPPORTED, "version 2.0.0"},
        {"{\"imageLayoutVersion\":\"10.0.0\"}", IMG_EUNSUPPORTED, "version 10.0.0"},
        {"{\"imageLayoutVersion\":1}", IMG_EFORMAT, "imageLayoutVersion"},
        {"{}", IMG_EFORMAT, "imageLayoutVersion"},
        {"[]", IMG_EFORMAT, "oci-layout"},
        {"", IMG_EFORMAT, "oci-layout"},
        {"<html>", IMG_EFORMAT, "oci-layout"},
    };
    struct fixture *f = *state;
    img_error err = {0};

    assert_ok(open_path(f->path, 0, &err));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        write_file(f->path, "oci-layout", rows[i].text);
        if (rows[i].code)
            assert_fails(open_path(f->path, 0, &err), rows[i].code, rows[i].message);
        else
            assert_ok(open_path(f->path, 0, &err));
    }
}

static void checks_parts(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    auto_free char *index = img__store_join(f->path, "index.json");
    auto_free char *blobs = img__store_join(f->path, "blobs");
    auto_free char *moved = img__store_join(f->parent, "moved");

    assert_ok(open_path(f->path, 0, &err));
    assert_int_equal(rename(index, moved), 0);
    assert_fails(open_path(f->path, 0, &err), IMG_EFORMAT, "it has no index.json");
    assert_int_equal(symlink(moved, index), 0);
    assert_fails(open_path(f->path, 0, &err), IMG_EFORMAT, "index.json is not a regular file");
    assert_int_equal(unlink(index), 0);
    assert_int_equal(rename(moved, index), 0);

    assert_int_equal(rename(blobs, moved), 0);
    assert_fails(open_path(f->path, 0, &err), IMG_EFORMAT, "it has no blobs");
    assert_int_equal(symlink(moved, blobs), 0);
    assert_fails(open_path(f->path, 0, &err), IMG_EFORMAT, "blobs is not a directory");
}

static void assert_default(const char *expected)
{
    img_store *store = NULL;
    img_error err = {0};
    assert_ok(img_store_open(NULL, &store, &err));
    assert_string_equal(img_store_path(store), expected);
    img_store_free(store);
}

static void default_path_of_environment(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_store *store = NULL;
    auto_free char *in_home = img__store_join(f->parent, ".local/share/libimg/store");
    auto_free char *in_data = img__store_join(f->path, "libimg/store");

    unsetenv("IMGTOOL_STORE");
    unsetenv("XDG_DATA_HOME");
    unsetenv("HOME");
    assert_fails(img_store_open(NULL, &store, &err), IMG_EINVAL, "IMGTOOL_STORE");
    setenv("HOME", f->parent, 1);
    assert_default(in_home);
    setenv("XDG_DATA_HOME", "relative", 1);
    assert_default(in_home);
    setenv("XDG_DATA_HOME", f->path, 1);
    assert_default(in_data);
    setenv("IMGTOOL_STORE", "", 1);
    assert_default(in_data);
    setenv("IMGTOOL_STORE", f->parent, 1);
    assert_fails(img_store_open(NULL, &store, &err), IMG_EFORMAT, "not empty");
    setenv("IMGTOOL_STORE", in_home, 1);
    assert_default(in_home);
}

static void path_is_absolute(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_store_options options = IMG_STORE_OPTIONS_INIT;
    img_store *store = NULL;
    auto_free char *before = get_current_dir_name();

    assert_int_equal(chdir(f->parent), 0);
    options.path = "store";
    assert_ok(img_store_open(&options, &store, &err));
    assert_int_equal(chdir(before), 0);
    assert_string_equal(img_store_path(store), f->path);
    img_store_free(store);
}

static void options_are_checked(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_store *store = NULL;
    img_store_options options = {.path = f->path};

    assert_fails(img_store_open(&options, &store, &err), IMG_EINVAL, "img_store_options");
    assert_false(file_exists(f->parent, "store"));
    img_store_free(NULL);
}

static void many_create_at_once(void **state)
{
    struct fixture *f = *state;
    pid_t children[8];

    for (size_t round = 0; round < 8; round++) {
        char name[32];
        snprintf(name, sizeof(name), "round%zu", round);
        auto_free char *path = img__store_join(f->parent, name);
        for (size_t i = 0; i < 8; i++) {
            children[i] = fork();
            assert_true(children[i] >= 0);
            if (children[i] == 0) {
                img_error err = {0};
                int r = open_path(path, 0, &err);
                if (r)
                    fprintf(stderr, "%s\n", err.message);
                _exit(r != 0);
            }
        }
        for (size_t i = 0; i < 8; i++)
            assert_child_ok(children[i]);
        assert_int_equal(count_files(path, ".", IMG_FS_TEMPORARY), 0);
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_directory, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(creates),
        CASE(does_not_create),
        CASE(refuses_other_directories),
        CASE(refuses_half_of_another),
        CASE(completes_a_dead_creation),
        CASE(checks_version),
        CASE(checks_parts),
        CASE(default_path_of_environment),
        CASE(path_is_absolute),
        CASE(options_are_checked),
        CASE(many_create_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
