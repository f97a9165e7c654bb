/* SPDX-License-Identifier: Apache-2.0
 *
 * Help for tests that let other programs judge what was written.
 */
#ifndef TESTS_UNIT_LAYER_JUDGE_H
#define TESTS_UNIT_LAYER_JUDGE_H

#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "core/digest.h"
#include "unit.h"

static char judge_dir[4096];

static inline int judge_setup(void **state)
{
    const char *base = getenv("TMPDIR");
    (void)state;
    snprintf(judge_dir, sizeof(judge_dir), "%s/libimg-test-XXXXXX", base && *base ? base : "/tmp");
    return mkdtemp(judge_dir) ? 0 : -1;
}

/* rm copes with trees deeper than a path is long. */
static inline int judge_teardown(void **state)
{
    char command[8300];
    (void)state;
    snprintf(command, sizeof(command), "rm -rf -- '%s'", judge_dir);
    return system(command);
}

/* The path of a file in the test's directory, to be freed. */
static inline char *judge_path(const char *name)
{
    char *path = NULL;
    assert_true(asprintf(&path, "%s/%s", judge_dir, name) >= 0);
    return path;
}

static inline void judge_write(const char *name, const void *data, size_t len)
{
    auto_free char *path = judge_path(name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    if (len)
        assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* Runs a shell command in the test's directory; it must succeed. Its standard output is the
 * caller's. */
static inline char *judge_run(const char *script)
{
    auto_(buf) struct buf text = BUF_INIT((size_t)64 << 20);
    auto_(buf) struct buf command = BUF_INIT((size_t)1 << 20);
    img__buf_printf(&command, "cd '%s' && { %s\n}", judge_dir, script);
    FILE *pipe = popen(img__buf_text(&command), "r");
    assert_non_null(pipe);
    char part[4096];
    for (size_t n; (n = fread(part, 1, sizeof(part), pipe)) > 0;)
        img__buf_append(&text, part, n);
    int status = pclose(pipe);
    if (status != 0)
        fail_msg("status %d of: %s\n%s", status, script, img__buf_text(&text));
    assert_int_equal(text.failed, 0);
    img__buf_puts(&text, "");
    return text.data ? img__buf_steal(&text) : strdup("");
}

static inline void judge_says(const char *script, const char *expected)
{
    auto_free char *text = judge_run(script);
    assert_string_equal(text, expected);
}

static inline void judge_digest(const void *data, size_t len, const char *expected)
{
    img_error err;
    img_digest digest;
    assert_ok(img__digest_of(data, len, &digest, &err));
    assert_string_equal(digest.text, expected);
}

#endif
