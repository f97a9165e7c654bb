/* SPDX-License-Identifier: Apache-2.0
 *
 * The store in the hands of other tools: skopeo and umoci read it, write to it and collect in it,
 * and nothing of ours disturbs them. Skipped where they are not installed.
 */
#include "fixture.h"

#include <spawn.h>

extern char **environ;

/* Runs a command with its output in a file; its exit status. */
static int run(const struct fixture *f, const char *const *argv)
{
    auto_free char *output = img__store_join(f->parent, "output");
    posix_spawn_file_actions_t files;
    pid_t child;
    int status;

    assert_int_equal(posix_spawn_file_actions_init(&files), 0);
    posix_spawn_file_actions_addopen(&files, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    const int r =
        posix_spawnp(&child, argv[0], &files, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&files);
    if (r == ENOENT)
        return 127;
    assert_int_equal(r, 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void assert_runs(const struct fixture *f, const char *const *argv)
{
    const int status = run(f, argv);
    if (status != 0) {
        auto_free char *output = read_file(f->parent, "output");
        fail_msg("%s %s: status %d: %s", argv[0], argv[1], status, output);
    }
}

static void need(const struct fixture *f, const char *tool)
{
    const char *const argv[] = {tool, "--version", NULL};
    if (run(f, argv) != 0)
        skip();
}

static char *oci(const struct fixture *f, const char *name)
{
    char *text = NULL;
    assert_true(asprintf(&text, "oci:%s:%s", f->path, name) > 0);
    return text;
}

/* All that may lie around: locks, a lease and what a dead process left. */
static void make_litter(const struct fixture *f)
{
    img_error err = {0};
    struct lease *lease = NULL;
    assert_ok(img__lease_take(f->store, &lease, &err));
    img__lease_free(lease);
    write_file(f->path, ".tmp-0123456789abcdef", "half a bl");
}

static void skopeo_reads_and_writes(void **state)
{
    struct fixture *f = *state;
    need(f, "skopeo");
    img_descriptor a = put_image(f->store, "a");
    auto_free char *ours = oci(f, APP ":1.0");
    auto_free char *theirs = oci(f, "latest");
    const char *const inspect[] = {"skopeo", "inspect", "--raw", ours, NULL};
    const char *const copy[] = {"skopeo", "copy", "--insecure-policy", "-q", ours, theirs, NULL};

    make_litter(f);
    set_name(f->store, APP ":1.0", &a);
    set_name(f->store, APP ":2.0", &a);
    assert_runs(f, inspect);
    auto_free char *output = read_file(f->parent, "output");
    assert_non_null(strstr(output, "\"schemaVersion\":2"));
    assert_runs(f, copy);
    assert_names(f->store, "latest", &a);
    assert_names(f->store, "app:2.0", &a);
    set_name(f->store, APP ":3.0", &a);
    assert_names(f->store, "latest", &a);
    assert_runs(f, inspect);
}

static void umoci_lists_tags_and_collects(void **state)
{
    struct fixture *f = *state;
    need(f, "umoci");
    img_descriptor a = put_image(f->store, "a");
    auto_free char *image = img__store_join(f->parent, "store:" APP ":1.0");
    const char *const ls[] = {"umoci", "ls", "--layout", f->path, NULL};
    const char *const tag[] = {"umoci", "tag", "--image", image, "theirs", NULL};
    const char *const gc[] = {"umoci", "gc", "--layout", f->path, NULL};

    make_litter(f);
    set_name(f->store, APP ":1.0", &a);
    put_blob(f->store, MEDIA_OCI_LAYER, "orphan");
    assert_runs(f, ls);
    auto_free char *output = read_file(f->parent, "output");
    assert_non_null(strstr(output, APP ":1.0"));
    assert_runs(f, tag);
    assert_names(f->store, "theirs", &a);
    assert_runs(f, gc);
    assert_int_equal(count_blobs(f), 3);
    assert_names(f->store, "app:1.0", &a);
}

static void a_layout_of_umoci_is_a_store(void **state)
{
    struct fixture *f = *state;
    need(f, "umoci");
    auto_free char *path = img__store_join(f->parent, "theirs");
    auto_free char *image = img__store_join(f->parent, "theirs:latest");
    const char *const init[] = {"umoci", "init", "--layout", path, NULL};
    const char *const new[] = {"umoci", "new", "--image", image, NULL};
    const char *const names[] = {APP ":1", NULL};
    img_descriptor found;
    img_error err = {0};
    img_gc_result result = {0};

    assert_runs(f, init);
    assert_runs(f, new);
    img_store *store = open_store(path);
    assert_ok(img_store_tag(store, "latest", names, &err));
    assert_ok(img_store_resolve(store, "app:1", &found, &err));
    assert_ok(img_store_gc(store, &result, &err));
    assert_int_equal(result.blobs, 0);
    assert_true(img__store_has(store, &found));
    img_store_free(store);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_new, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(skopeo_reads_and_writes),
        CASE(umoci_lists_tags_and_collects),
        CASE(a_layout_of_umoci_is_a_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
