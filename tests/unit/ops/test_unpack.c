/* SPDX-License-Identifier: Apache-2.0
 *
 * Unpacking by the library: options, results, events, and what is left after each kind of end. That
 * the trees are right is for the integration tests to say.
 */
#include "ops/fixture.h"

#include <libimg/unpack.h>

#include "base/thread.h"

#define NAME "app:1"

static const img_platform amd64 = {"linux", "amd64", "", ""};

static img_unpack_options unpack_options(void)
{
    img_unpack_options options = IMG_UNPACK_OPTIONS_INIT;
    options.platform = &amd64;
    options.flags = IMG_UNPACK_NO_SYNC | IMG_UNPACK_ROOTLESS;
    return options;
}

static int try_unpack(struct fixture *f, const char *name, const img_unpack_options *options,
                      img_unpack_result *result, img_error *err)
{
    auto_free char *path = path_in(f, name);
    return img_unpack(f->store, NAME, path, options, result, err);
}

/* Three layers: a/one, a/two; a/one goes; b/three of many bytes. */
static void make_image(struct fixture *f)
{
    img_build *build = build_new(f);
    img_error err = {0};
    auto_free char *many = calloc(1, ((size_t)1 << 20) + 1);
    assert_non_null(many);
    memset(many, 'x', (size_t)1 << 20);
    tree_dir(f, "first", 0755);
    tree_dir(f, "first/a", 0750);
    tree_file(f, "first/a/one", "1");
    tree_file(f, "first/a/two", "22");
    tree_dir(f, "third", 0755);
    tree_dir(f, "third/b", 0700);
    tree_file(f, "third/b/three", many);
    add(f, build, "first", "/");
    assert_ok(img_build_remove(build, (const char *const[]){"/a/one", NULL}, &err));
    add(f, build, "third", "/");
    commit(build, NAME);
    img_build_free(build);
}

/* Neither the destination nor what it would have been made of. */
static void assert_nothing(const struct fixture *f)
{
    assert_false(file_exists(f->parent, "out"));
    assert_int_equal(count_files(f->parent, ".", "."), 0);
}

static int fixture_image(void **state)
{
    build_fixture_new(state);
    make_image(*state);
    return 0;
}

static void results(void **state)
{
    struct fixture *f = *state;
    for (uint32_t threads = 0; threads < 4; threads++) {
        img_unpack_options options = unpack_options();
        img_unpack_result result = {.layers = 99};
        img_descriptor top;
        struct stat st;
        img_error err = {0};
        options.threads = threads;
        assert_ok(try_unpack(f, "out", &options, &result, &err));
        assert_ok(img_store_resolve(f->store, NAME, &top, &err));
        assert_string_equal(result.target.digest.text, top.digest.text);
        assert_int_equal(result.layers, 3);
        assert_int_equal(result.bytes, 3 + ((uint64_t)1 << 20));
        assert_true(result.entries >= 6);
        auto_free char *two = read_file(f->parent, "out/a/two");
        assert_string_equal(two, "22");
        assert_false(file_exists(f->parent, "out/a/one"));
        auto_free char *three = path_in(f, "out/b/three");
        assert_int_equal(stat(three, &st), 0);
        assert_int_equal(st.st_size, 1 << 20);
        assert_int_equal(st.st_mtime, TREE_TIME);
        auto_free char *out = path_in(f, "out");
        assert_int_equal(stat(out, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0755);
        assert_int_equal(count_files(f->parent, ".", "."), 0);
        assert_fails(try_unpack(f, "out", &options, &result, &err), IMG_EIO, "is not empty: '");
        assert_int_equal(nftw(out, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
    }
}

static void without_options(void **state)
{
    struct fixture *f = *state;
    img_platform host;
    img_error err = {0};
    img_platform_host(&host);
    assert_ok(try_unpack(f, "out/", NULL, NULL, &err));
    assert_true(file_exists(f->parent, "out/b/three"));
    assert_fails(try_unpack(f, "", NULL, NULL, &err), IMG_EIO, "is not empty");
    assert_fails(img_unpack(f->store, NAME, "", NULL, NULL, &err), IMG_EINVAL, "an empty name");
}

static void bad_options(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_unpack_options options = unpack_options();
    options.size = 0;
    assert_fails(try_unpack(f, "out", &options, NULL, &err), IMG_EINVAL, "img_unpack_options");
    options = unpack_options();
    options.flags |= 1u << 30;
    assert_fails(try_unpack(f, "out", &options, NULL, &err), IMG_EINVAL, "unknown flags");
    options = unpack_options();
    options.compat = IMG_COMPAT_ALL + 1;
    assert_fails(try_unpack(f, "out", &options, NULL, &err), IMG_EINVAL,
                 "unknown compat bits 0x10");
    options = unpack_options();
    options.flags |= IMG_UNPACK_ONTO;
    assert_fails(try_unpack(f, "out", &options, NULL, &err), IMG_EINVAL, "only a layer alone");
    options.layer = 4;
    assert_fails(try_unpack(f, "out", &options, NULL, &err), IMG_ENOTFOUND, "the image has 3");
    options.layer = 3;
    assert_fails(try_unpack(f, "out", &options, NULL, &err), IMG_ENOTFOUND, "does not exist");
    options = unpack_options();
    options.uid_map = (const char *const[]){"0:1:2", NULL};
    assert_fails(try_unpack(f, "out", &options, NULL, &err), IMG_EINVAL, "sets no owners");
    options.flags = IMG_UNPACK_NO_SYNC;
    options.subid_user = "somebody";
    assert_fails(try_unpack(f, "out", &options, NULL, &err), IMG_EINVAL, "either by ranges");
    options = unpack_options();
    options.record = "nowhere/record";
    assert_fails(try_unpack(f, "out", &options, NULL, &err), IMG_ENOTFOUND,
                 "record nowhere/record");
    options = unpack_options();
    img_platform arm = {"linux", "arm64", "", ""};
    options.platform = &arm;
    assert_fails(try_unpack(f, "out", &options, NULL, &err), IMG_ENOTFOUND, "not for linux/arm64");
    assert_nothing(f);
}

static void layers_alone(void **state)
{
    struct fixture *f = *state;
    img_unpack_options options = unpack_options();
    img_unpack_result result;
    img_error err = {0};
    options.layer = 1;
    assert_ok(try_unpack(f, "out", &options, &result, &err));
    assert_int_equal(result.layers, 1);
    assert_true(file_exists(f->parent, "out/a/one"));
    options.flags |= IMG_UNPACK_ONTO;
    options.layer = 2;
    assert_ok(try_unpack(f, "out", &options, &result, &err));
    assert_false(file_exists(f->parent, "out/a/one"));
    assert_true(file_exists(f->parent, "out/a/two"));
    options.layer = 3;
    options.max_bytes = 1000;
    assert_fails(try_unpack(f, "out", &options, &result, &err), IMG_ELIMIT,
                 "out has a part of the layer now");
    assert_true(file_exists(f->parent, "out/a/two"));
}

static void limits(void **state)
{
    struct fixture *f = *state;
    img_unpack_options options = unpack_options();
    img_error err = {0};
    options.max_entries = 3;
    assert_fails(try_unpack(f, "out", &options, NULL, &err), IMG_ELIMIT, "max_entries raises it");
    options = unpack_options();
    options.max_bytes = 1 << 20;
    assert_fails(try_unpack(f, "out", &options, NULL, &err), IMG_ELIMIT, "max_bytes raises it");
    assert_nothing(f);
}

/* ---- events ---- */

struct seen {
    struct buf text;
    size_t stop_at; /* of the calls; 0: never */
    size_t calls;
    pthread_t thread;
};

static int see(const img_event *event, void *arg)
{
    static const char *const kinds[] = {"", "started", "", "done"};
    struct seen *seen = arg;
    assert_true(pthread_equal(seen->thread, pthread_self()));
    assert_true(event->done_bytes <= event->total_bytes);
    if (event->kind != IMG_EVENT_PROGRESS)
        img__buf_printf(&seen->text, "%u %s %s\n", event->id, event->what, kinds[event->kind]);
    return ++seen->calls == seen->stop_at;
}

static void events(void **state)
{
    struct fixture *f = *state;
    for (size_t stop_at = 0; stop_at < 7; stop_at++) {
        struct seen seen = {BUF_INIT(4096), stop_at, 0, pthread_self()};
        img_unpack_options options = unpack_options();
        img_error err = {0};
        options.on_event = see;
        options.on_event_arg = &seen;
        options.threads = (uint32_t)stop_at % 2 + 1;
        int rc = try_unpack(f, "out", &options, NULL, &err);
        if (stop_at) {
            assert_fails(rc, IMG_ECANCELED, "interrupted");
            assert_int_equal(seen.calls, stop_at);
            assert_nothing(f);
        } else {
            auto_free char *out = path_in(f, "out");
            assert_ok(rc);
            assert_string_equal(seen.text.data, "1 layer 1/3 started\n1 layer 1/3 done\n"
                                                "2 layer 2/3 started\n2 layer 2/3 done\n"
                                                "3 layer 3/3 started\n3 layer 3/3 done\n");
            assert_int_equal(nftw(out, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
        }
        img__buf_free(&seen.text);
    }
}

static void partial(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {BUF_INIT(4096), 4, 0, pthread_self()};
    img_unpack_options options = unpack_options();
    img_error err = {0};
    options.on_event = see;
    options.on_event_arg = &seen;
    options.flags |= IMG_UNPACK_KEEP_PARTIAL;
    assert_fails(try_unpack(f, "out", &options, NULL, &err), IMG_ECANCELED,
                 "what there is was kept in ");
    assert_false(file_exists(f->parent, "out"));
    assert_int_equal(count_files(f->parent, ".", ".out.tmp-"), 1);
    img__buf_free(&seen.text);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_image, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(results), CASE(without_options), CASE(bad_options), CASE(layers_alone),
        CASE(limits),  CASE(events),          CASE(partial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
