/* SPDX-License-Identifier: Apache-2.0
 *
 * kill -9 at any moment (layers.md L8): a child writes images, names and removes them and collects
 * in a loop, and is killed after some milliseconds, again and again. Each time the store must be
 * whole: index.json parses, what it reaches is there, every blob has its digest, and the next child
 * and the collector work on.
 */
#include "fixture.h"

#include <signal.h>
#include <time.h>

#include "core/manifest.h"

#define ROUNDS 30

static void work(const char *path)
{
    img_error err = {0};
    img_store *store = open_store(path);
    for (unsigned i = 0;; i++) {
        char text[64], name[64];
        const char *const names[] = {name, NULL};
        snprintf(text, sizeof(text), "image %u of %ld", i, (long)getpid());
        snprintf(name, sizeof(name), APP ":%u", i % 20);
        struct lease *lease = NULL;
        assert_ok(img__lease_take(store, &lease, &err));
        img_descriptor image = put_image(store, text);
        assert_ok(img__store_set_names(store, names, &image, &err));
        img__lease_free(lease);
        if (i % 5 == 4)
            assert_ok(img_store_untag(store, names, &err));
        if (i % 10 == 9)
            assert_ok(img_store_gc(store, NULL, &err));
    }
}

static void assert_blob_right(const struct fixture *f, const char *name)
{
    auto_free char *text = NULL;
    auto_free char *folder = img__store_join(f->path, "blobs/sha256");
    img_digest digest;
    img_error err = {0};
    text = read_file(folder, name);
    assert_ok(img__digest_of(text, strlen(text), &digest, &err));
    assert_string_equal(img__digest_hex(&digest), name);
}

static void assert_blobs_right(const struct fixture *f)
{
    auto_free char *folder = img__store_join(f->path, "blobs/sha256");
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            assert_blob_right(f, entry->d_name);
    closedir(dir);
}

static int check_image(const char *reference, const img_descriptor *descriptor, void *arg)
{
    struct fixture *f = arg;
    auto_(document) struct document document = DOCUMENT_INIT;
    auto_(manifest) struct manifest manifest = MANIFEST_INIT;
    img_error err = {0};
    (void)reference;
    assert_ok(img__store_get_document(f->store, descriptor, 4096, &document, &err));
    assert_ok(img__manifest_parse(&document, &manifest, &err));
    assert_true(img__store_has(f->store, &manifest.config));
    for (size_t i = 0; i < manifest.layer_count; i++)
        assert_true(img__store_has(f->store, &manifest.layers[i]));
    return 0;
}

/* Kills a child after some microseconds; it must not have ended by itself. */
static void kill_after(pid_t child, unsigned microseconds)
{
    int status;
    usleep(microseconds);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void creation_is_completed(void **state)
{
    struct fixture *f = *state;
    unsigned seed = (unsigned)time(NULL);

    for (int round = 0; round < ROUNDS; round++) {
        char name[32];
        snprintf(name, sizeof(name), "round%d", round);
        auto_free char *path = img__store_join(f->parent, name);
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            img_store_free(open_store(path));
            pause();
            _exit(1);
        }
        kill_after(child, (unsigned)rand_r(&seed) % 4000);
        img_store *store = open_store(path);
        img_descriptor image = put_image(store, name);
        set_name(store, APP ":1", &image);
        assert_names(store, "app:1", &image);
        img_store_free(store);
    }
}

static void stays_whole(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    unsigned seed = (unsigned)time(NULL);
    size_t blobs_seen = 0;

    for (int round = 0; round < ROUNDS; round++) {
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            work(f->path);
            _exit(1);
        }
        kill_after(child, (unsigned)rand_r(&seed) % 40000);
        if (!f->store)
            f->store = open_store(f->path);
        assert_blobs_right(f);
        assert_ok(img_store_list(f->store, check_image, f, &err));
        blobs_seen += count_blobs(f);
    }
    assert_true(blobs_seen > 0);
    img_gc_result result = {0};
    assert_ok(img_store_gc(f->store, &result, &err));
    assert_int_equal(result.busy, 0);
    assert_no_temporaries(f);
    assert_ok(img_store_list(f->store, check_image, f, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(creation_is_completed, fixture_directory, fixture_free),
        cmocka_unit_test_setup_teardown(stays_whole, fixture_directory, fixture_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
