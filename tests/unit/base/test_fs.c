/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that are replaced whole or not at all.
 */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"

static int setup(void **state)
{
    char *dir = strdup("/tmp/libimg-fs-XXXXXX");
    *state = dir ? mkdtemp(dir) : NULL;
    return *state == NULL;
}

static int teardown(void **state)
{
    rmdir(*state);
    free(*state);
    return 0;
}

static void replace_and_read(void **state)
{
    img_error err;
    auto_fd int dir = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(dir >= 0);
    assert_ok(img__fs_replace(dir, "file", "old", 3, 0600, &err));
    assert_ok(img__fs_replace(dir, "file", "newer", 5, 0640, &err));
    auto_(buf) struct buf buf = BUF_INIT(5);
    assert_ok(img__fs_read(dir, "file", &buf, &err));
    assert_string_equal(buf.data, "newer");
    struct stat st;
    assert_int_equal(fstatat(dir, "file", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    auto_(buf) struct buf small = BUF_INIT(4);
    assert_fails(img__fs_read(dir, "file", &small, &err), IMG_ELIMIT, "file is larger than 4");
    assert_fails(img__fs_read(dir, "none", &buf, &err), IMG_ENOTFOUND, "none");
    assert_ok(img__fs_replace(dir, "file", "", 0, 0600, &err));
    auto_(buf) struct buf empty = BUF_INIT(5);
    assert_ok(img__fs_read(dir, "file", &empty, &err));
    assert_int_equal(empty.len, 0);
    assert_string_equal(img__buf_text(&empty), "");
    assert_int_equal(unlinkat(dir, "file", 0), 0);
}

static void dropped(void **state)
{
    img_error err;
    auto_fd int dir = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct fs_temporary temporary = FS_TEMPORARY_INIT;
    assert_ok(img__fs_temporary_open(dir, &temporary, &err));
    assert_memory_equal(temporary.name, IMG_FS_TEMPORARY, strlen(IMG_FS_TEMPORARY));
    assert_int_equal(faccessat(dir, temporary.name, F_OK, 0), 0);
    img__fs_temporary_drop(&temporary);
    assert_int_not_equal(faccessat(dir, temporary.name, F_OK, 0), 0);
    img__fs_temporary_drop(&temporary);
}

/* A commit that can't be leaves nothing behind: here the name is a directory's. */
static void failed_commit(void **state)
{
    img_error err;
    auto_fd int dir = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkdirat(dir, "taken", 0755), 0);
    assert_fails(img__fs_replace(dir, "taken", "x", 1, 0600, &err), IMG_EIO, "taken");
    assert_int_equal(unlinkat(dir, "taken", AT_REMOVEDIR), 0);
    assert_int_equal(rmdir(*state), 0); /* empty: no temporary was left */
    assert_int_equal(mkdir(*state, 0700), 0);
}

static void directories(void **state)
{
    img_error err;
    char path[128];
    snprintf(path, sizeof(path), "%s/a/b//c/", (char *)*state);
    assert_ok(img__fs_mkdirs(path, 0755, &err));
    assert_ok(img__fs_mkdirs(path, 0755, &err));
    assert_fails(img__fs_mkdirs("/dev/null/x", 0755, &err), IMG_ENOTFOUND, "/dev/null");
    assert_fails(img__fs_mkdirs("/dev/null", 0755, &err), IMG_EIO, "not a directory");
    static const char *const made[] = {"a/b/c", "a/b", "a"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%s", (char *)*state, made[i]);
        assert_int_equal(rmdir(path), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(replace_and_read, setup, teardown),
        cmocka_unit_test_setup_teardown(dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(failed_commit, setup, teardown),
        cmocka_unit_test_setup_teardown(directories, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
