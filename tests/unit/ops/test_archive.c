/* SPDX-License-Identifier: Apache-2.0
 *
 * img_save() and img_load() as a program calls them: paths and descriptors, names, options that
 * make no sense, callbacks that say no. What tools make of the archives is for the integration
 * tests.
 */
#include "ops/fixture.h"

#include <libimg/archive.h>

#include "archive/tar_file.h"

static void make_image(struct fixture *f, const char *name, const char *text)
{
    auto_(test_build) img_build *build = build_new(f);
    auto_free char *path = path_in(f, "file");
    tree_file(f, "file", text);
    add(f, build, "file", "/");
    commit(build, name);
    assert_int_equal(unlink(path), 0);
}

static void two_images(struct fixture *f)
{
    img_error err = {0};
    make_image(f, "a:1", "a");
    make_image(f, "b:1", "b");
    assert_ok(img_store_tag(f->store, "a:1", (const char *const[]){"a:2", NULL}, &err));
}

static img_save_options for_amd64(const img_platform *platform)
{
    img_save_options options = IMG_SAVE_OPTIONS_INIT;
    options.platform = platform;
    return options;
}

static const img_platform amd64 = {"linux", "amd64", "", ""};

static void save_two(struct fixture *f, const char *path)
{
    img_save_options options = for_amd64(&amd64);
    img_descriptor saved[3], top;
    img_error err = {0};
    assert_ok(img_save(f->store, (const char *const[]){"a:1", "b:1", "a:2", NULL}, path, &options,
                       saved, &err));
    assert_ok(img_store_resolve(f->store, "b:1", &top, &err));
    assert_string_equal(saved[1].digest.text, top.digest.text);
    assert_string_equal(saved[0].digest.text, saved[2].digest.text);
}

/* Another store, beside. */
static img_store *second_store(const struct fixture *f)
{
    auto_free char *path = path_in(f, "second");
    return open_store(path);
}

struct seen {
    char text[2048];
    int calls;
    int stop_at; /* 0: never */
};

static int see(const char *name, const img_descriptor *descriptor, void *arg)
{
    struct seen *seen = arg;
    size_t len = strlen(seen->text);
    snprintf(seen->text + len, sizeof(seen->text) - len, "%s%s", len ? " " : "",
             name ? name : "nameless");
    assert_true(descriptor->size_bytes > 0);
    return ++seen->calls == seen->stop_at;
}

static int see_name(const char *reference, const img_descriptor *descriptor, void *arg)
{
    return see(reference, descriptor, arg);
}

static void assert_list(img_store *store, const char *expected)
{
    struct seen seen = {0};
    img_error err = {0};
    assert_ok(img_store_list(store, see_name, &seen, &err));
    assert_string_equal(seen.text, expected);
}

#define LIBRARY "docker.io/library/"

static void test_names(void **state)
{
    struct fixture *f = *state;
    auto_free char *path = path_in(f, "a.tar");
    two_images(f);
    save_two(f, path);
    auto_(store) img_store *store = second_store(f);
    img_load_options options = IMG_LOAD_OPTIONS_INIT;
    struct seen seen = {0};
    img_error err = {0};
    options.on_image = see;
    options.on_image_arg = &seen;
    options.images = (const char *const[]){"b:1", NULL};
    assert_ok(img_load(store, path, &options, &err));
    assert_string_equal(seen.text, LIBRARY "b:1");
    assert_list(store, LIBRARY "b:1");
    options.name = "c:7";
    assert_ok(img_load(store, path, &options, &err));
    assert_list(store, LIBRARY "b:1 " LIBRARY "c:7");
    options.images = NULL;
    assert_fails(img_load(store, path, &options, &err), IMG_EINVAL, "2 images can't have one name");
    assert_ok(img_load(store, path, NULL, &err));
    assert_list(store, LIBRARY "a:1 " LIBRARY "a:2 " LIBRARY "b:1 " LIBRARY "c:7");
}

/* From one descriptor to the other, with nothing in between but a pipe. */
static void test_descriptors(void **state)
{
    struct fixture *f = *state;
    int ends[2];
    make_image(f, "a:1", "a");
    img_save_options save = for_amd64(&amd64);
    img_load_options load = IMG_LOAD_OPTIONS_INIT;
    img_error err = {0};
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    save.fd = ends[1];
    load.fd = ends[0];
    assert_ok(img_save(f->store, (const char *const[]){"a:1", NULL}, NULL, &save, NULL, &err));
    assert_int_equal(close(ends[1]), 0); /* which it left open */
    auto_(store) img_store *store = second_store(f);
    assert_ok(img_load(store, NULL, &load, &err));
    assert_int_equal(close(ends[0]), 0);
    assert_list(store, LIBRARY "a:1");
}

static void test_wrong_options(void **state)
{
    struct fixture *f = *state;
    auto_free char *path = path_in(f, "a.tar");
    make_image(f, "a:1", "a");
    img_save_options save = for_amd64(&amd64);
    img_load_options load = IMG_LOAD_OPTIONS_INIT;
    const char *const none[] = {NULL}, *const image[] = {"a:1", NULL};
    img_error err = {0};
    assert_fails(img_save(f->store, none, path, &save, NULL, &err), IMG_EINVAL, "no image");
    save.format = 2;
    assert_fails(img_save(f->store, image, path, &save, NULL, &err), IMG_EINVAL, "no format 2");
    save.format = IMG_ARCHIVE_DOCKER;
    save.size = 0;
    assert_fails(img_save(f->store, image, path, &save, NULL, &err), IMG_EINVAL,
                 "img_save_options");
    assert_false(file_exists(f->parent, "a.tar"));
    load.compression = IMG_COMPRESSION_ESTARGZ;
    assert_fails(img_load(f->store, path, &load, &err), IMG_EUNSUPPORTED, "gzip, zstd and none");
    load.compression = -1;
    assert_fails(img_load(f->store, path, &load, &err), IMG_EUNSUPPORTED, "gzip, zstd and none");
    load.compression = IMG_COMPRESSION_GZIP;
    load.name = "No";
    assert_fails(img_load(f->store, path, &load, &err), IMG_EINVAL, "lowercase");
    load.name = NULL;
    load.size = 0;
    assert_fails(img_load(f->store, path, &load, &err), IMG_EINVAL, "img_load_options");
}

/* Whatever platform is chosen of an image for one, it stays; a digest names nothing else. */
static void test_by_digest(void **state)
{
    struct fixture *f = *state;
    auto_free char *path = path_in(f, "a.tar");
    char name[IMG_REFERENCE_TEXT_MAX];
    img_descriptor top;
    img_error err = {0};
    make_image(f, "a:1", "a");
    assert_ok(img_store_resolve(f->store, "a:1", &top, &err));
    snprintf(name, sizeof(name), "a@%s", top.digest.text);
    img_save_options save = for_amd64(&amd64);
    assert_ok(img_save(f->store, (const char *const[]){name, NULL}, path, &save, NULL, &err));
    auto_(store) img_store *store = second_store(f);
    assert_ok(img_load(store, path, NULL, &err));
    snprintf(name, sizeof(name), LIBRARY "a@%s", top.digest.text);
    assert_list(store, name);
}

/* ---- callbacks that say no ---- */

struct countdown {
    int left;
};

static int count_down(const img_event *event, void *arg)
{
    (void)event;
    return --((struct countdown *)arg)->left == 0;
}

static void test_cancel_save(void **state)
{
    struct fixture *f = *state;
    auto_free char *path = path_in(f, "a.tar");
    two_images(f);
    img_save_options save = for_amd64(&amd64);
    const char *const images[] = {"a:1", "b:1", NULL};
    img_error err = {0};
    int rc = IMG_ECANCELED;
    for (int i = 1; rc; i++) {
        struct countdown countdown = {i};
        save.on_event = count_down;
        save.on_event_arg = &countdown;
        rc = img_save(f->store, images, path, &save, NULL, &err);
        assert_int_equal(rc, i < 30 && rc ? IMG_ECANCELED : 0);
        assert_int_equal(file_exists(f->parent, "a.tar"), rc == 0);
        assert_int_equal(count_files(f->parent, ".", IMG_FS_TEMPORARY), 0);
    }
}

/* Docker's archive with one plain layer. */
static void write_docker(const char *path)
{
    FILE *tar = fopen(path, "w");
    assert_non_null(tar);
    tar_add(tar, '0', "manifest.json",
            "[{\"Config\":\"c\",\"RepoTags\":[\"d:1\",\"Not A Name\"],\"Layers\":[\"l\"]},"
            "{\"Config\":\"c\",\"RepoTags\":null,\"Layers\":[\"l\"]}]");
    tar_add(tar, '0', "c",
            "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\","
            "\"diff_ids\":[\"sha256:"
            "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\"]}}");
    tar_add(tar, '0', "l", "hello");
    tar_end(tar);
}

static void note_line(int level, const char *line, void *arg)
{
    if (level == IMG_LOG_WARNING)
        snprintf(arg, 256, "%s", line);
}

/* The second image shares the layer, and has no name; a name that is none is told of. */
static void test_docker(void **state)
{
    struct fixture *f = *state;
    auto_free char *path = path_in(f, "d.tar");
    char line[256] = "";
    struct seen seen = {0};
    img_load_options load = IMG_LOAD_OPTIONS_INIT;
    img_error err = {0};
    write_docker(path);
    load.on_image = see;
    load.on_image_arg = &seen;
    load.on_log = note_line;
    load.on_log_arg = line;
    load.compression = IMG_COMPRESSION_NONE;
    assert_ok(img_load(f->store, path, &load, &err));
    assert_string_equal(seen.text, LIBRARY "d:1 nameless");
    assert_non_null(strstr(line, "a name in the archive is left out"));
    assert_int_equal(count_files(f->path, "blobs/sha256", ""), 3);
    auto_(test_image) img_image *image = open_image(f, "d:1");
    assert_string_equal(img_image_layer(image, 0)->digest.text,
                        "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    load.level = 13;
    load.compression = IMG_COMPRESSION_GZIP;
    assert_fails(img_load(f->store, path, &load, &err), IMG_EINVAL, "level");
}

static void test_cancel_load(void **state)
{
    struct fixture *f = *state;
    auto_free char *path = path_in(f, "d.tar");
    img_load_options load = IMG_LOAD_OPTIONS_INIT;
    img_error err = {0};
    int rc = IMG_ECANCELED, tries = 0;
    write_docker(path);
    load.threads = 1;
    for (int i = 1; rc; i++) {
        struct countdown countdown = {i};
        load.on_event = count_down;
        load.on_event_arg = &countdown;
        rc = img_load(f->store, path, &load, &err);
        assert_true(rc == 0 || rc == IMG_ECANCELED);
        assert_list(f->store, rc ? "" : LIBRARY "d:1");
        assert_no_temporaries(f);
        tries++;
    }
    assert_true(tries > 4);
    struct seen seen = {.stop_at = 1};
    load.on_event = NULL;
    load.on_image = see;
    load.on_image_arg = &seen;
    assert_fails(img_load(f->store, path, &load, &err), IMG_ECANCELED, "canceled");
    assert_int_equal(seen.calls, 1);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, build_fixture_new, fixture_free)
    const struct CMUnitTest tests[] = {
        CASE(test_names),       CASE(test_descriptors), CASE(test_wrong_options),
        CASE(test_by_digest),   CASE(test_cancel_save), CASE(test_docker),
        CASE(test_cancel_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
