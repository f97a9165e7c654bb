/* SPDX-License-Identifier: Apache-2.0
 *
 * The collector: what a name reaches stays, the rest goes, and in doubt all stays.
 */
#include "fixture.h"

#include <signal.h>

static img_gc_result collect(const struct fixture *f)
{
    img_gc_result result = {0};
    img_error err = {0};
    assert_ok(img_store_gc(f->store, &result, &err));
    return result;
}

static void untag(const struct fixture *f, const char *name)
{
    const char *const names[] = {name, NULL};
    img_error err = {0};
    assert_ok(img_store_untag(f->store, names, &err));
}

static void keeps_what_is_reached(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor a = put_image(f->store, "a"), b = put_image(f->store, "b");

    set_name(f->store, APP ":1", &a);
    set_name(f->store, APP ":2", &b);
    put_blob(f->store, MEDIA_OCI_LAYER, "orphan");
    write_file(f->path, ".tmp-0123456789abcdef", "left by a dead process");

    img_gc_result result = collect(f);
    assert_int_equal(result.busy, 0);
    assert_int_equal(result.blobs, 1);
    assert_int_equal(result.freed_bytes, strlen("orphan"));
    assert_int_equal(count_blobs(f), 6);
    assert_no_temporaries(f);

    untag(f, "app:1");
    assert_int_equal(collect(f).blobs, 3);
    assert_false(img__store_has(f->store, &a));
    assert_names(f->store, "app:2", &b);
    untag(f, "app:2");
    assert_ok(img_store_gc(f->store, NULL, &err));
    assert_int_equal(count_blobs(f), 0);
    assert_int_equal(collect(f).blobs, 0);
}

static void unnamed_entries_count(void **state)
{
    struct fixture *f = *state;
    img_descriptor a = put_image(f->store, "a");
    auto_(buf) struct buf text = BUF_INIT(65536);

    img__buf_puts(&text, "{\"schemaVersion\":2,\"manifests\":[");
    json_descriptor(&text, &a);
    img__buf_puts(&text, "]}");
    write_file(f->path, "index.json", img__buf_text(&text));
    assert_int_equal(collect(f).blobs, 0);
    assert_int_equal(count_blobs(f), 3);
}

static void walks_indexes_and_subjects(void **state)
{
    struct fixture *f = *state;
    img_descriptor inner[2] = {put_image(f->store, "a"), put_image(f->store, "b")};
    img_descriptor outer[2] = {put_index(f->store, inner, 2), put_image(f->store, "c")};
    img_descriptor top = put_index(f->store, outer, 2);
    img_descriptor subject = put_image(f->store, "subject");
    img_descriptor signature = put_image_of(f->store, "signature", &subject);

    set_name(f->store, APP ":1", &top);
    set_name(f->store, APP ":signature", &signature);
    put_image(f->store, "orphan");
    assert_int_equal(collect(f).blobs, 3);
    assert_int_equal(count_blobs(f), 3 * 5 + 2);
}

/* The same bytes reached first as something opaque and then as a manifest. */
static void types_do_not_hide_children(void **state)
{
    struct fixture *f = *state;
    img_descriptor manifest = put_image(f->store, "a"), opaque = manifest;
    snprintf(opaque.media_type, sizeof(opaque.media_type), "application/octet-stream");
    img_descriptor entries[2] = {opaque, manifest};
    img_descriptor top = put_index(f->store, entries, 2);

    set_name(f->store, APP ":1", &top);
    assert_int_equal(collect(f).blobs, 0);
    assert_int_equal(count_blobs(f), 4);
}

static void missing_children_are_fine(void **state)
{
    struct fixture *f = *state;
    img_descriptor entries[2] = {put_image(f->store, "a"),
                                 describe(MEDIA_OCI_MANIFEST, "never pulled")};
    img_descriptor top = put_index(f->store, entries, 2);

    set_name(f->store, APP ":1", &top);
    assert_int_equal(collect(f).blobs, 0);
    assert_int_equal(count_blobs(f), 4);
}

static void assert_aborts(const struct fixture *f, const img_descriptor *top, int code,
                          const char *message)
{
    img_error err = {0};
    img_gc_result result = {7, 7, 7, 7};
    set_name(f->store, APP ":1", top);
    put_blob(f->store, MEDIA_OCI_LAYER, "orphan");
    const size_t before = count_blobs(f);
    assert_fails(img_store_gc(f->store, &result, &err), code, message);
    assert_non_null(strstr(err.message, "no blob was removed: image "));
    assert_non_null(strstr(err.message, APP ":1"));
    assert_int_equal(count_blobs(f), before);
    assert_int_equal(result.blobs, 7);
}

static void doubt_aborts(void **state)
{
    struct fixture *f = *state;
    img_descriptor text = put_blob(f->store, MEDIA_OCI_MANIFEST, "not JSON");
    img_descriptor both =
        put_blob(f->store, MEDIA_OCI_INDEX,
                 "{\"schemaVersion\":2,\"manifests\":[],\"layers\":[],\"config\":{}}");
    img_descriptor nested = put_index(f->store, &text, 1);

    assert_aborts(f, &text, IMG_EFORMAT, "is not valid JSON");
    assert_aborts(f, &both, IMG_EFORMAT, "");
    assert_aborts(f, &nested, IMG_EFORMAT, "");
    write_file(f->path, "index.json", "{}");
    img_error err = {0};
    assert_int_equal(img_store_gc(f->store, NULL, &err), IMG_EFORMAT);
}

static void corruption_aborts(void **state)
{
    struct fixture *f = *state;
    img_descriptor a = put_image(f->store, "a");
    struct blob_path path;
    img_error err = {0};

    assert_ok(img__store_blob_path(&a.digest, &path, &err));
    auto_free char *file = img__store_join(f->path, path.text);
    int fd = open(file, O_WRONLY);
    assert_int_equal(pwrite(fd, "X", 1, 5), 1);
    close(fd);
    assert_aborts(f, &a, IMG_EDIGEST, file);
}

static void depth_aborts(void **state)
{
    struct fixture *f = *state;
    img_descriptor top = put_image(f->store, "a");
    for (int i = 0; i < 8; i++)
        top = put_index(f->store, &top, 1);

    set_name(f->store, APP ":1", &top);
    assert_int_equal(collect(f).blobs, 0);
    top = put_index(f->store, &top, 1);
    assert_aborts(f, &top, IMG_ELIMIT, "nested deeper");
}

static void unknown_files_stay(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {
        "notes.txt",
        ".tmp-mine",
        ".tmp-0123456789ABCDEF",
        ".tmp-0123456789abcdef0",
        "blobs/README",
        "blobs/sha256/README",
        "blobs/sha256/0123",
        "blobs/sha256/BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        write_file(f->path, names[i], "x");
    auto_free char *folder = img__store_join(
        f->path, "blobs/sha256/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(mkdir(folder, 0755), 0);

    assert_int_equal(collect(f).blobs, 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_true(file_exists(f->path, names[i]));
    assert_int_equal(rmdir(folder), 0);
}

static void leases_hold_it_off(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_store *other = open_store(f->path);
    struct lease *first = NULL, *second = NULL;

    put_blob(f->store, MEDIA_OCI_LAYER, "orphan");
    assert_ok(img__lease_take(f->store, &first, &err));
    assert_ok(img__lease_take(other, &second, &err));
    assert_int_equal(collect(f).busy, 1);
    img__lease_free(first);
    assert_int_equal(collect(f).busy, 1);
    assert_int_equal(count_blobs(f), 1);
    img__lease_free(second);
    img_gc_result result = collect(f);
    assert_int_equal(result.busy, 0);
    assert_int_equal(result.blobs, 1);
    img__lease_free(NULL);
    img_store_free(other);
}

/* A lease ends with the process that held it, however that ended. */
static void leases_die_with_their_process(void **state)
{
    struct fixture *f = *state;
    int pipe_fds[2];
    char byte;

    put_blob(f->store, MEDIA_OCI_LAYER, "orphan");
    assert_int_equal(pipe(pipe_fds), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        img_error err = {0};
        struct lease *lease = NULL;
        int r = img__lease_take(f->store, &lease, &err);
        if (write(pipe_fds[1], r ? "!" : ".", 1) == 1)
            pause();
        _exit(1);
    }
    assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
    assert_int_equal(byte, '.');
    assert_int_equal(collect(f).busy, 1);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(collect(f).blobs, 1);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

static void make_lease_file(const struct fixture *f)
{
    img_error err = {0};
    struct lease *lease = NULL;
    assert_ok(img__lease_take(f->store, &lease, &err));
    img__lease_free(lease);
}

/* Becomes somebody who may read the store and nothing else. */
static int become_reader(const struct fixture *f)
{
    if (chmod(f->parent, 0755) != 0)
        return -1;
    if (geteuid() == 0)
        return setgid(65534) != 0 || setuid(65534) != 0 ? -1 : 0;
    auto_free char *lease = img__store_join(f->path, STORE_LEASE);
    chmod(lease, 0444);
    return chmod(f->path, 0555);
}

/* In a child: reads under a lease, tells so, and waits to be killed. */
static void read_under_lease(const struct fixture *f, const img_descriptor *blob, int report)
{
    img_error err = {0};
    struct lease *lease = NULL;
    struct sink *sink = NULL;
    img_descriptor other = describe(MEDIA_OCI_LAYER, "other");
    char text[64];
    auto_(source) struct source *source = NULL;

    int r = become_reader(f);
    r = r ? r : img__lease_take(f->store, &lease, &err);
    r = r ? r : img__store_source(f->store, blob, &source, &err);
    r = r ? r : (int)img__source_read_full(source, text, sizeof(text), &err) - 5;
    if (r)
        fprintf(stderr, "%s\n", err.message);
    if (img__store_accept(f->store, &other, &sink, &err) != IMG_EIO)
        r = 1;
    if (write(report, r ? "!" : ".", 1) == 1)
        pause();
    _exit(1);
}

static void readers_hold_leases(void **state)
{
    struct fixture *f = *state;
    img_descriptor blob = put_blob(f->store, MEDIA_OCI_LAYER, "layer");
    int pipe_fds[2];
    char byte;

    assert_int_equal(pipe(pipe_fds), 0);
    for (int with_file = 0; with_file < 2; with_file++) {
        if (with_file)
            make_lease_file(f);
        assert_int_equal(file_exists(f->path, STORE_LEASE), with_file);
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            read_under_lease(f, &blob, pipe_fds[1]);
        assert_int_equal(read(pipe_fds[0], &byte, 1), 1);
        assert_int_equal(byte, '.');
        assert_int_equal(chmod(f->path, 0755), 0);
        if (with_file) {
            auto_free char *lease = img__store_join(f->path, STORE_LEASE);
            assert_int_equal(chmod(lease, 0644), 0);
            assert_int_equal(collect(f).busy, 1);
        }
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
    }
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_new, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(keeps_what_is_reached),
        CASE(unnamed_entries_count),
        CASE(walks_indexes_and_subjects),
        CASE(types_do_not_hide_children),
        CASE(missing_children_are_fine),
        CASE(doubt_aborts),
        CASE(corruption_aborts),
        CASE(depth_aborts),
        CASE(unknown_files_stay),
        CASE(leases_hold_it_off),
        CASE(leases_die_with_their_process),
        CASE(readers_hold_leases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
