/* SPDX-License-Identifier: Apache-2.0
 *
 * Torture: the same small day's work, over and over, and each time another allocation fails. The
 * calls of the library's own objects to the allocator are wrapped by the linker; those of the
 * libraries beneath are not. Whatever fails, the work ends with IMG_ENOMEM or succeeds all the
 * same; nothing leaks, which the sanitizers tell; and what the store then has is whole.
 */
#include "ops/fixture.h"

#include <execinfo.h>

#include <libimg/archive.h>
#include <libimg/bundle.h>
#include <libimg/client.h>
#include <libimg/contents.h>
#include <libimg/edit.h>
#include <libimg/unpack.h>

#include "archive/tar_file.h"
#include "ops/copy.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifdef WITH_ASAN
#include <sanitizer/lsan_interface.h>
#endif

/* ---- the allocator ---- */

static struct {
    bool armed;
    unsigned long count;   /* of calls while armed */
    unsigned long fail_at; /* 0: never */
    void *where[24];       /* of the failure */
    int depth;
} torture;

static bool fails_now(void)
{
    if (!torture.armed || ++torture.count != torture.fail_at)
        return false;
    torture.armed = false; /* backtrace() allocates, too */
    torture.depth = backtrace(torture.where, (int)(sizeof(torture.where) / sizeof(void *)));
    torture.armed = true;
    errno = ENOMEM;
    return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);
int __wrap_vasprintf(char **out, const char *format, va_list args);
int __real_vasprintf(char **out, const char *format, va_list args);
int __wrap_asprintf(char **out, const char *format, ...);
int __wrap_fsync(int fd);

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails_now() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    return fails_now() ? NULL : __real_reallocarray(old, count, size);
}

char *__wrap_strdup(const char *text)
{
    return fails_now() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t len)
{
    return fails_now() ? NULL : __real_strndup(text, len);
}

/* On failure *out is undefined: so nobody may look at it. */
int __wrap_vasprintf(char **out, const char *format, va_list args)
{
    if (fails_now()) {
        memset(out, 0x5a, sizeof(*out));
        return -1;
    }
    return __real_vasprintf(out, format, args);
}

int __wrap_asprintf(char **out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = __wrap_vasprintf(out, format, args);
    va_end(args);
    return len;
}

/* Takes time and proves nothing here. */
int __wrap_fsync(int fd)
{
    return fcntl(fd, F_GETFD) < 0 ? -1 : 0;
}

/* ---- the work ---- */

struct work {
    struct fixture *f;
    char *tree, *other, *file, *archive, *auth, *out, *bundle, *record, *rest, *users, *rules;
    char *saved, *docker, *legacy; /* archives of images */
    img_store *store;
};

static int build_base(struct work *work, img_error *err)
{
    auto_(test_build) img_build *build = NULL;
    img_build_options options = amd64_options();
    options.threads = 1; /* the count of allocations must not depend on who comes first */
    img_descriptor manifest, config;
    int rc = img_build_new(work->store, &options, &build, err);
    if (rc == 0)
        rc = img_build_add_path(build, work->tree, "/", NULL, err);
    if (rc == 0)
        rc = img_build_put(build, "env", "A=1", err);
    return rc ? rc
              : img_build_commit(build, (const char *const[]){"base:1", NULL}, &manifest, &config,
                                 err);
}

static int add_layers(struct work *work, img_build *build, img_error *err)
{
    int rc = img_build_from(build, NULL, "base:1", err);
    if (rc == 0)
        rc = img_build_add_path(build, work->file, "/link/deep/", NULL, err);
    if (rc == 0)
        rc = img_build_add_archive(build, work->archive, NULL, NULL, err);
    if (rc == 0)
        rc = img_build_remove(build, (const char *const[]){"etc/a", "etc/b", "link/x", NULL}, err);
    if (rc == 0)
        rc = img_build_add_diff(build, work->tree, work->other, NULL, NULL, err);
    if (rc == 0)
        rc = img_build_add_overlay(build, work->other, (const char *const[]){work->tree, NULL},
                                   NULL, NULL, err);
    if (rc == 0)
        rc = img_build_remove(build, (const char *const[]){"etc/a", NULL}, err);
    return rc;
}

static int set_all(img_build *build, img_error *err)
{
    int rc = img_build_set(build, "user", "1:2", err);
    if (rc == 0)
        rc = img_build_set(build, "stop-signal", "term", err);
    if (rc == 0)
        rc = img_build_put(build, "env", "A=2", err);
    if (rc == 0)
        rc = img_build_put(build, "label", "k=v", err);
    if (rc == 0)
        rc = img_build_put(build, "expose", "80-82/udp", err);
    if (rc == 0)
        rc = img_build_put(build, "annotation", "k=v", err);
    if (rc == 0)
        rc = img_build_put(build, "annotation", "k=w", err);
    return rc ? rc
              : img_build_set_argv(build, "entrypoint", (const char *const[]){"/a", "b", NULL},
                                   err);
}

/* All that can be said of what is added. Nothing comes of it. */
static int add_with_options(struct work *work, img_build *build, img_error *err)
{
    img_add_options options = IMG_ADD_OPTIONS_INIT, verbatim = IMG_ADD_OPTIONS_INIT;
    options.chown = "app";
    options.chmod = "u=rwX,go=rX";
    options.preserve = IMG_PRESERVE_NANOSECONDS | IMG_PRESERVE_XATTRS;
    options.flags = IMG_ADD_WARN_CASE;
    options.ignore_file = work->rules;
    options.exclude = (const char *const[]){"usr", "!usr/x", "l*k", NULL};
    options.uid_map = (const char *const[]){"0:0:4294967295", NULL};
    verbatim.flags = IMG_ADD_VERBATIM;
    int rc = img_build_add_path(build, work->users, "/etc/passwd", NULL, err);
    if (rc == 0)
        rc = img_build_add_path(build, work->tree, "/opt/x", &options, err);
    if (rc == 0)
        rc = img_build_add_archive(build, work->rest, "/opt/y", &options, err);
    return rc ? rc : img_build_add_archive(build, work->rest, NULL, &verbatim, err);
}

static int build_aside(struct work *work, img_error *err)
{
    auto_(test_build) img_build *build = NULL;
    img_build_options options = amd64_options();
    options.compression = IMG_COMPRESSION_NONE;
    options.threads = 1;
    int rc = img_build_new(work->store, &options, &build, err);
    return rc ? rc : add_with_options(work, build, err);
}

static int build_above(struct work *work, img_error *err)
{
    auto_(test_build) img_build *build = NULL;
    img_build_options options = amd64_options();
    options.compression = IMG_COMPRESSION_ZSTD;
    options.threads = 1;
    int rc = img_build_new(work->store, &options, &build, err);
    if (rc == 0)
        rc = add_layers(work, build, err);
    if (rc == 0)
        rc = set_all(build, err);
    return rc ? rc
              : img_build_commit(build, (const char *const[]){"app:1", "app:2", NULL}, NULL, NULL,
                                 err);
}

static int see_name(const char *reference, const img_descriptor *descriptor, void *arg)
{
    (void)reference, (void)descriptor;
    ++*(int *)arg;
    return 0;
}

static int see_file(const img_file *file, void *arg)
{
    (void)file;
    ++*(int *)arg;
    return 0;
}

static int see_data(const void *data, size_t len, void *arg)
{
    (void)data, (void)len;
    ++*(int *)arg;
    return 0;
}

static int look_into(struct work *work, img_image *image, img_error *err)
{
    img_contents_options options = IMG_CONTENTS_OPTIONS_INIT;
    int calls = 0;
    options.threads = 1;
    int rc = img_image_files(work->store, image, &options, see_file, &calls, err);
    if (rc == 0)
        rc = img_image_read_file(work->store, image, "link/so", &options, see_data, &calls, err);
    if (rc == 0)
        rc = img_image_tar(work->store, image, &options, see_data, &calls, err);
    options.layer = 3;
    if (rc == 0)
        rc = img_image_files(work->store, image, &options, see_file, &calls, err);
    if (rc == 0)
        rc = img_image_read_file(work->store, image, "usr/hard", &options, see_data, &calls, err);
    return rc;
}

static int use_names(struct work *work, img_error *err)
{
    auto_(test_image) img_image *image = NULL;
    int names = 0;
    int rc = img_store_tag(work->store, "app:1", (const char *const[]){"a/b:c", "d", NULL}, err);
    if (rc == 0)
        rc = img_store_untag(work->store, (const char *const[]){"app:2", "d", NULL}, err);
    if (rc == 0)
        rc = img_store_list(work->store, see_name, &names, err);
    if (rc == 0)
        rc = img_image_open(work->store, "a/b:c", NULL, &image, err);
    if (rc == 0)
        rc = look_into(work, image, err);
    return rc ? rc : img_store_gc(work->store, NULL, err);
}

static int unpack_image(struct work *work, img_error *err)
{
    img_unpack_options options = IMG_UNPACK_OPTIONS_INIT;
    img_platform platform = {"linux", "amd64", "", ""};
    options.platform = &platform;
    options.threads = 1;
    options.flags = IMG_UNPACK_NO_SYNC | IMG_UNPACK_ROOTLESS;
    options.record = work->record;
    return img_unpack(work->store, "a/b:c", work->out, &options, NULL, err);
}

static int make_bundle(struct work *work, img_error *err)
{
    img_bundle_options options = IMG_BUNDLE_OPTIONS_INIT;
    img_unpack_options unpack = IMG_UNPACK_OPTIONS_INIT;
    img_platform platform = {"linux", "amd64", "", ""};
    unpack.platform = &platform;
    unpack.threads = 1;
    unpack.flags = IMG_UNPACK_NO_SYNC | IMG_UNPACK_ROOTLESS;
    options.unpack = &unpack;
    options.cmd = (const char *const[]){"c", "d", NULL};
    return img_unpack_bundle(work->store, "a/b:c", work->bundle, &options, NULL, err);
}

static int copy_image(struct work *work, img_error *err)
{
    auto_(endpoint) struct endpoint *from = NULL;
    auto_(endpoint) struct endpoint *to = NULL;
    img_platform platform = {"linux", "amd64", "", ""};
    img_descriptor top;
    int rc = img__store_endpoint(work->store, APP ":1", &from, err);
    if (rc == 0)
        rc = img__store_endpoint(work->store, APP ":copy", &to, err);
    if (rc)
        return rc;
    struct copy copy = {.from = from,
                        .to = to,
                        .platforms = &platform,
                        .platform_count = 1,
                        .config_limit_bytes = 9999};
    return img__copy(&copy, &top, err);
}

static int edit_settings(img_edit *edit, img_error *err)
{
    int rc = img_edit_put(edit, "label", "edited=1", err);
    if (rc == 0)
        rc = img_edit_extend(edit, "env", "A=:3", IMG_EDIT_BEHIND, err);
    if (rc == 0)
        rc = img_edit_unset(edit, "expose", "80/udp", err);
    return rc ? rc : img_edit_put(edit, "annotation", "k=x", err);
}

static int edit_layers(struct work *work, img_edit *edit, img_error *err)
{
    auto_(test_build) img_build *build = NULL;
    img_build_options options = IMG_BUILD_OPTIONS_INIT;
    options.threads = 1;
    options.no_cache = 1;
    int rc = img_edit_rebase(edit, "base:1", "base:1", err);
    if (rc == 0)
        rc = img_edit_layers_begin(edit, 0, 0, &options, &build, err);
    if (rc == 0)
        rc = img_build_add_path(build, work->file, "/link/more/", NULL, err);
    if (rc == 0)
        rc = img_edit_layers_end(edit, 0, build, err);
    return rc ? rc : img_edit_flatten(edit, &options, err);
}

static int edit_image(struct work *work, img_error *err)
{
    img_edit *edit = NULL;
    img_edit_options options = IMG_EDIT_OPTIONS_INIT;
    options.store = work->store;
    int rc = img_edit_open(NULL, "store:app:1", &options, &edit, err);
    if (rc == 0)
        rc = edit_settings(edit, err);
    if (rc == 0)
        rc = edit_layers(work, edit, err);
    if (rc == 0)
        rc = img_edit_commit(edit, "store:app:edited", NULL, err);
    img_edit_free(edit);
    return rc;
}

static int make_client(struct work *work, img_error *err)
{
    img_client *client = NULL;
    img_client_options options = IMG_CLIENT_OPTIONS_INIT;
    options.auth_file = work->auth;
    options.plain_http = (const char *const[]){"localhost:5000", NULL};
    options.user_agent = "torture/1";
    int rc = img_client_new(&options, &client, err);
    if (rc == 0)
        rc = img_logout(client, "docker.io", err);
    img_client_free(client);
    return rc;
}

static int open_and_work(struct work *work, img_error *err)
{
    img_store_options options = IMG_STORE_OPTIONS_INIT;
    options.path = work->f->path;
    int rc = img_store_open(&options, &work->store, err);
    if (rc == 0)
        rc = build_base(work, err);
    if (rc == 0)
        rc = build_above(work, err);
    if (rc == 0)
        rc = use_names(work, err);
    if (rc == 0)
        rc = copy_image(work, err);
    if (rc == 0)
        rc = edit_image(work, err);
    if (rc == 0)
        rc = make_client(work, err);
    img_store_free(steal(work->store));
    return rc;
}

/* ---- around it ---- */

static void make_input(struct work *work)
{
    struct fixture *f = work->f;
    tree_dir(f, "tree", 0755);
    tree_dir(f, "tree/etc", 0755);
    tree_dir(f, "tree/usr", 0755);
    tree_file(f, "tree/etc/a", "a");
    tree_file(f, "tree/etc/b", "b");
    tree_file(f, "tree/usr/x", "x");
    tree_link(f, "tree/link", "usr");
    tree_file(f, "file", "file");
    auto_free char *one = path_in(f, "tree/etc/a"), *two = path_in(f, "tree/usr/hard");
    assert_int_equal(link(one, two), 0);
    tree_dir(f, "other", 0755);
    tree_dir(f, "other/etc", 0755);
    tree_dir(f, "other/etc/new", 0700);
    tree_dir(f, "other/usr", 0755);
    tree_file(f, "other/etc/a", "a");
    tree_file(f, "other/usr/x", "y");
    tree_link(f, "other/link", "usr");
    auto_free char *third = path_in(f, "other/etc/a"), *fourth = path_in(f, "other/usr/hard");
    assert_int_equal(link(third, fourth), 0);
    auto_(buf) struct buf tar = TARBALL_INIT;
    img_error err = {0};
    tarball_pax(&tar, 'x', "SCHILY.xattr.user.k", "v", NULL);
    tarball_add(&tar, '0', "link/so", "so");
    tarball_link(&tar, '1', "link/hard", "link/so");
    tarball_end(&tar);
    auto_(buf) struct buf rest = TARBALL_INIT;
    tarball_add(&rest, '5', "usr/", "");
    tarball_add(&rest, '0', "usr/x", "x");
    tarball_end(&rest);
    work->rest = path_in(f, "rest.tar");
    assert_ok(img__fs_replace(AT_FDCWD, work->rest, rest.data, rest.len, 0644, &err));
    tree_file(f, "users", "app:x:1000:2000::/:\n");
    tree_file(f, "rules", "# nothing of this\nno/such\n");
    work->users = path_in(f, "users");
    work->rules = path_in(f, "rules");
    work->archive = path_in(f, "archive.tar");
    assert_ok(img__fs_replace(AT_FDCWD, work->archive, tar.data, tar.len, 0644, &err));
    work->tree = path_in(f, "tree");
    work->other = path_in(f, "other");
    work->file = path_in(f, "file");
    work->auth = path_in(f, "auth.json");
    work->out = path_in(f, "out");
    work->bundle = path_in(f, "bundle");
    work->record = path_in(f, "record");
}

static int check_image(const char *reference, const img_descriptor *descriptor, void *arg)
{
    struct fixture *f = arg;
    img_platform platform = {"linux", "amd64", "", ""};
    auto_(test_image) img_image *image = NULL;
    img_error err = {0};
    assert_ok(img_image_open(f->store, reference, &platform, &image, &err));
    assert_string_equal(img_image_manifest(image)->digest.text, descriptor->digest.text);
    for (size_t i = 0; i < img_image_layer_count(image); i++) {
        auto_free char *list = list_layer(f, img_image_layer(image, i));
        assert_true(*list);
    }
    return 0;
}

static void resolve_all(struct fixture *f, img_digest digests[3])
{
    static const char *const names[] = {"base:1", "a/b:c", "app:copy"};
    img_error err = {0};
    f->store = open_store(f->path);
    for (size_t i = 0; i < 3; i++) {
        img_descriptor found;
        assert_ok(img_store_resolve(f->store, names[i], &found, &err));
        digests[i] = found.digest;
    }
    img_store_free(steal(f->store));
}

/* What has a name is whole, and nothing else is left once the collector has been there. */
static void check_store(struct fixture *f)
{
    img_gc_result result;
    img_error err = {0};
    f->store = open_store(f->path);
    assert_ok(img_store_list(f->store, check_image, f, &err));
    assert_no_temporaries(f);
    assert_ok(img_store_gc(f->store, &result, &err));
    assert_int_equal(result.busy, 0);
    assert_ok(img_store_list(f->store, check_image, f, &err));
    img_store_free(steal(f->store));
}

/* What was unpacked is there whole or not at all; then it goes away. */
static void check_unpacked(struct work *work)
{
    struct fixture *f = work->f;
    assert_int_equal(count_files(f->parent, ".", ".out.tmp-"), 0);
    assert_int_equal(count_files(f->parent, ".", IMG_FS_TEMPORARY), 0);
    if (!file_exists(f->parent, "out"))
        return;
    auto_free char *text = read_file(f->parent, "out/usr/deep/file");
    assert_string_equal(text, "file");
    assert_false(file_exists(f->parent, "out/etc/a"));
    assert_int_equal(nftw(work->out, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void check_bundle(struct work *work)
{
    struct fixture *f = work->f;
    assert_int_equal(count_files(f->parent, ".", ".bundle.tmp-"), 0);
    if (!file_exists(f->parent, "bundle"))
        return;
    auto_free char *text = read_file(f->parent, "bundle/config.json");
    assert_non_null(strstr(text, "\"args\":[\"/a\",\"b\",\"c\",\"d\"]"));
    assert_true(file_exists(f->parent, "bundle/rootfs/usr/deep/file"));
    assert_int_equal(nftw(work->bundle, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

typedef int (*work_fn)(struct work *work, img_error *err);

static int run(struct work *work, work_fn fn, unsigned long fail_at, img_error *err)
{
    static const char auth[] = "{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"YTpi\"},"
                               "\"other\":{\"auth\":\"YTpi\"}}}";
    write_file(work->f->parent, "auth.json", auth);
    torture.fail_at = fail_at;
    torture.count = 0;
    torture.depth = 0;
    torture.armed = true;
    int rc = fn(work, err);
    torture.armed = false;
    return rc;
}

static void show_failure(unsigned long number)
{
    fprintf(stderr, "allocation %lu failed here:\n", number);
    backtrace_symbols_fd(torture.where, torture.depth, STDERR_FILENO);
}

static void check_code(unsigned long number, int rc, const img_error *err)
{
    if (rc == 0 || (rc == IMG_ENOMEM && err->code == IMG_ENOMEM))
        return;
    show_failure(number);
    fail_msg("code %d, error %d: %.200s", rc, err->code, err->message);
}

/* To look for leaks takes longer than what is tested, and none goes away: so it is done for several
 * allocations at once. */
#define LEAKS_EVERY 32

static void check_leaks(unsigned long number, unsigned long count)
{
    (void)number;
    (void)count;
#ifdef WITH_ASAN
    if ((number == count || number % LEAKS_EVERY == 0) && __lsan_do_recoverable_leak_check()) {
        show_failure(number);
        fail_msg("there is a leak, by this one or one of the %d before it", LEAKS_EVERY - 1);
    }
#endif
}

static void free_input(struct work *work)
{
    free(work->tree);
    free(work->other);
    free(work->file);
    free(work->archive);
    free(work->rest);
    free(work->users);
    free(work->rules);
    free(work->auth);
    free(work->out);
    free(work->bundle);
    free(work->record);
}

static void each_allocation(void **state)
{
    struct work work = {.f = *state};
    img_error err = {0};
    unsigned long succeeded = 0;
    img_digest expected[3], digests[3];
    make_input(&work);
    assert_ok(run(&work, open_and_work, 0, &err));
    unsigned long count = torture.count;
    assert_true(count > 100);
    resolve_all(work.f, expected);
    for (unsigned long i = 1; i <= count; i++) {
        assert_int_equal(nftw(work.f->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
        memset(&err, 0x5a, sizeof(err)); /* what a caller who forgot has */
        int rc = run(&work, open_and_work, i, &err);
        succeeded += rc == 0;
        check_code(i, rc, &err);
        if (rc == 0) { /* then as if nothing had been */
            resolve_all(work.f, digests);
            assert_memory_equal(digests, expected, sizeof(digests));
        }
        check_store(work.f);
        check_leaks(i, count);
    }
    print_message("%lu allocations, %lu of them not missed\n", count, succeeded);
    free_input(&work);
}

/* Apart from the rest, so that the store need not be made anew each time. */
static int unpack_twice(struct work *work, img_error *err)
{
    int rc = unpack_image(work, err);
    return rc ? rc : make_bundle(work, err);
}

static void each_allocation_of_unpack(void **state)
{
    struct work work = {.f = *state};
    img_error err = {0};
    make_input(&work);
    assert_ok(run(&work, open_and_work, 0, &err));
    work.store = open_store(work.f->path);
    assert_ok(run(&work, unpack_twice, 0, &err));
    unsigned long count = torture.count;
    assert_true(count > 50);
    assert_true(file_exists(work.f->parent, "out") && file_exists(work.f->parent, "bundle"));
    check_unpacked(&work);
    check_bundle(&work);
    for (unsigned long i = 1; i <= count; i++) {
        memset(&err, 0x5a, sizeof(err));
        check_code(i, run(&work, unpack_twice, i, &err), &err);
        check_unpacked(&work);
        check_bundle(&work);
        check_leaks(i, count);
    }
    img_store_free(work.store);
    free_input(&work);
}

/* Of builds in a store that is there. */
static void torture_builds(struct fixture *f, work_fn fn)
{
    struct work work = {.f = f};
    img_error err = {0};
    make_input(&work);
    work.store = open_store(work.f->path);
    assert_ok(run(&work, fn, 0, &err));
    unsigned long count = torture.count;
    assert_true(count > 50);
    for (unsigned long i = 1; i <= count; i++) {
        memset(&err, 0x5a, sizeof(err));
        check_code(i, run(&work, fn, i, &err), &err);
        assert_no_temporaries(work.f);
        check_leaks(i, count);
    }
    img_store_free(work.store);
    free_input(&work);
}

static void each_allocation_of_options(void **state)
{
    torture_builds(*state, build_aside);
}

static int build_lazily(struct work *work, int32_t compression, const char *name, img_error *err)
{
    auto_(test_build) img_build *build = NULL;
    img_build_options options = amd64_options();
    options.compression = compression;
    options.threads = 1;
    int rc = img_build_new(work->store, &options, &build, err);
    if (rc == 0)
        rc = img_build_add_path(build, work->tree, "/", NULL, err);
    return rc ? rc : img_build_commit(build, (const char *const[]){name, NULL}, NULL, NULL, err);
}

static int build_all_lazily(struct work *work, img_error *err)
{
    int rc = build_lazily(work, IMG_COMPRESSION_ESTARGZ, "lazy:1", err);
    return rc ? rc : build_lazily(work, IMG_COMPRESSION_ZSTD_CHUNKED, "lazy:2", err);
}

static void each_allocation_of_lazy_layers(void **state)
{
    torture_builds(*state, build_all_lazily);
}

/* Archives of docker, which have no manifests. */
static void make_archives(struct work *work)
{
    static const char config[] =
        "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":"
        "[\"sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\"]}}";
    work->saved = path_in(work->f, "saved.tar");
    work->docker = path_in(work->f, "docker.tar");
    work->legacy = path_in(work->f, "legacy.tar");
    FILE *tar = fopen(work->docker, "w");
    assert_non_null(tar);
    tar_add(tar, '0', "layer", "hello");
    tar_add(tar, '0', "./layer", "hello");
    tar_add(tar, '2', "a/link", "../layer");
    tar_add(tar, '0', "config", config);
    tar_add(tar, '0', "manifest.json",
            "[{\"Config\":\"config\",\"RepoTags\":[\"d:1\",\"d:2\"],\"Layers\":[\"a/link\"]}]");
    tar_end(tar);
    tar = fopen(work->legacy, "w");
    assert_non_null(tar);
    tar_add(tar, '0', "up/json",
            "{\"parent\":\"low\",\"container_config\":{\"Cmd\":[\"a\",\"b\"]}}");
    tar_add(tar, '0', "up/layer.tar", "hello");
    tar_add(tar, '0', "low/json", "{\"author\":\"x\"}");
    tar_add(tar, '0', "low/layer.tar", "world");
    tar_add(tar, '0', "repositories", "{\"old\":{\"1\":\"up\"}}");
    tar_end(tar);
}

static int load_archive(struct work *work, const char *path, img_error *err)
{
    img_load_options options = IMG_LOAD_OPTIONS_INIT;
    options.threads = 1;
    return img_load(work->store, path, &options, err);
}

static int save_and_load(struct work *work, img_error *err)
{
    img_save_options options = IMG_SAVE_OPTIONS_INIT;
    img_platform platform = {"linux", "amd64", "", ""};
    options.platform = &platform;
    int rc = img_save(work->store, (const char *const[]){"a/b:c", "base:1", NULL}, work->saved,
                      &options, NULL, err);
    if (rc == 0)
        rc = load_archive(work, work->saved, err);
    if (rc == 0)
        rc = load_archive(work, work->docker, err);
    return rc ? rc : load_archive(work, work->legacy, err);
}

static void each_allocation_of_archives(void **state)
{
    struct work work = {.f = *state};
    img_error err = {0};
    make_input(&work);
    make_archives(&work);
    assert_ok(run(&work, open_and_work, 0, &err));
    work.store = open_store(work.f->path);
    assert_ok(run(&work, save_and_load, 0, &err));
    unsigned long count = torture.count;
    assert_true(count > 300);
    for (unsigned long i = 1; i <= count; i++) {
        memset(&err, 0x5a, sizeof(err));
        check_code(i, run(&work, save_and_load, i, &err), &err);
        assert_no_temporaries(work.f);
        check_leaks(i, count);
    }
    free(work.saved);
    free(work.docker);
    free(work.legacy);
    img_store_free(work.store);
    free_input(&work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_allocation_of_archives, fixture_directory,
                                        fixture_free),
        cmocka_unit_test_setup_teardown(each_allocation_of_lazy_layers, fixture_directory,
                                        fixture_free),
        cmocka_unit_test_setup_teardown(each_allocation_of_unpack, fixture_directory, fixture_free),
        cmocka_unit_test_setup_teardown(each_allocation_of_options, fixture_directory,
                                        fixture_free),
        cmocka_unit_test_setup_teardown(each_allocation, fixture_directory, fixture_free),
    };
    unsetenv("SOURCE_DATE_EPOCH");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
