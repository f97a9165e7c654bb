/* SPDX-License-Identifier: Apache-2.0
 *
 * Programs that are run: what goes in and comes out, how they end, and what ends them.
 */
#include "unit.h"

#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/process.h"

static int run(const char *script, const char *input, uint32_t timeout_ms, struct buf *output,
               int *status, img_error *err)
{
    const char *const argv[] = {"sh", "-c", script, "name", "argument", NULL};
    const struct process process = {"/bin/sh", argv, input, strlen(input), timeout_ms, output};
    return img__process_run(&process, status, err);
}

static void says(void **state)
{
    (void)state;
    static const struct {
        const char *script, *input, *output;
        int status;
    } rows[] = {
        {"cat", "hello\n", "hello\n", 0},
        {"cat; echo $1; exit 3", "", "argument\n", 3},
        {"exit 0", "nobody reads this", "", 0},
        {"echo out; echo err >&2", "", "out\n", 0},
        {"kill -9 $$", "", "", 137},
        {"exec >&-; sleep 0.1; exit 4", "", "", 4},
        {"ls /proc/self/fd | wc -l", "", "4\n", 0}, /* the fourth is of ls itself */
        {"kill -13 $$; exit 5", "", "", 141},
    };
    img_error err;
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(buf) struct buf output = BUF_INIT(1024);
        int status = -2;
        assert_ok(run(rows[i].script, rows[i].input, 10000, &output, &status, &err));
        assert_string_equal(img__buf_text(&output), rows[i].output);
        assert_int_equal(status, rows[i].status);
    }
    signal(SIGPIPE, SIG_DFL);
}

/* What a program leaves running does not hold us up, though it has our pipe. */
static void leaves_a_daemon(void **state)
{
    (void)state;
    img_error err;
    auto_(buf) struct buf output = BUF_INIT(1024);
    int status;
    long pid;
    assert_ok(run("sleep 60 & echo $!", "", 20000, &output, &status, &err));
    assert_int_equal(status, 0);
    assert_int_equal(sscanf(img__buf_text(&output), "%ld", &pid), 1);
    assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
}

static void is_ended(void **state)
{
    (void)state;
    img_error err;
    auto_(buf) struct buf output = BUF_INIT(1000);
    int status;
    assert_fails(run("exec sleep 60", "", 200, &output, &status, &err), IMG_EFAIL, "within 1 s");
    assert_int_equal(status, 137);
    assert_fails(run("exec yes", "", 20000, &output, &status, &err), IMG_ELIMIT, "1000 bytes");
    assert_int_equal(output.len, 1000);
    assert_int_equal(status, 137);
}

static void is_not_there(void **state)
{
    (void)state;
    img_error err;
    auto_(buf) struct buf output = BUF_INIT(1000);
    const char *const argv[] = {"x", NULL};
    const struct process process = {"/nowhere/x", argv, "", 0, 1000, &output};
    int status;
    assert_fails(img__process_run(&process, &status, &err), IMG_ENOTFOUND, "/nowhere/x");
}

/* Somebody who takes the end of all children leaves us without a status, but not waiting. */
static void is_waited_for_by_others(void **state)
{
    (void)state;
    img_error err;
    auto_(buf) struct buf output = BUF_INIT(1000);
    int status;
    signal(SIGCHLD, SIG_IGN);
    assert_ok(run("echo x; exit 3", "", 10000, &output, &status, &err));
    signal(SIGCHLD, SIG_DFL);
    assert_string_equal(img__buf_text(&output), "x\n");
    assert_int_equal(status, -1);
}

/* Standard descriptors that the caller has closed do not get mixed up. */
static void without_standard(void **state)
{
    (void)state;
    img_error err;
    auto_(buf) struct buf output = BUF_INIT(1000);
    int status, in = dup(0), out = dup(1);
    close(0);
    close(1);
    int result = run("cat; echo b", "a", 10000, &output, &status, &err);
    dup2(in, 0);
    dup2(out, 1);
    close(in);
    close(out);
    assert_int_equal(result, 0);
    assert_string_equal(img__buf_text(&output), "ab\n");
}

static void finds(void **state)
{
    (void)state;
    img_error err;
    char *path = NULL;
    char *old = strdup(getenv("PATH"));
    setenv("PATH", "/nowhere:/usr/bin:/bin", 1);
    assert_ok(img__process_find("sh", &path, &err));
    assert_non_null(path);
    assert_int_equal(access(path, X_OK), 0);
    free(path);
    assert_ok(img__process_find("no-such-program", &path, &err));
    assert_null(path);
    /* Not from where we happen to be. */
    assert_int_equal(chdir("/bin"), 0);
    setenv("PATH", ":.:../bin:", 1);
    assert_ok(img__process_find("sh", &path, &err));
    assert_null(path);
    setenv("PATH", old, 1);
    free(old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says),
        cmocka_unit_test(leaves_a_daemon),
        cmocka_unit_test(is_ended),
        cmocka_unit_test(is_not_there),
        cmocka_unit_test(is_waited_for_by_others),
        cmocka_unit_test(without_standard),
        cmocka_unit_test(finds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
