/* SPDX-License-Identifier: Apache-2.0
 *
 * C25: what is put in the place of a file while a tree is read. openat() is ours: it makes that
 * happen between the look at a name and its opening.
 */
#include "layer/scan.h"

#include <fcntl.h>
#include <stdarg.h>

#include "judge.h"

static struct {
    const char *name;   /* before this is opened */
    const char *script; /* this runs */
    unsigned times;     /* so often */
} race;

int __real_openat(int dirfd, const char *name, int flags, ...);
int __real_openat64(int dirfd, const char *name, int flags, ...);
int __wrap_openat(int dirfd, const char *name, int flags, ...);
int __wrap_openat64(int dirfd, const char *name, int flags, ...);

static void interfere(const char *name)
{
    if (race.times == 0 || strcmp(name, race.name) != 0)
        return;
    race.times--;
    free(judge_run(race.script));
}

int __wrap_openat(int dirfd, const char *name, int flags, ...)
{
    interfere(name);
    assert_int_equal(flags & O_CREAT, 0);
    return __real_openat(dirfd, name, flags);
}

int __wrap_openat64(int dirfd, const char *name, int flags, ...)
{
    interfere(name);
    assert_int_equal(flags & O_CREAT, 0);
    return __real_openat64(dirfd, name, flags);
}

static int collect(const struct entry *entry, struct source *data, void *arg, img_error *err)
{
    struct buf *found = arg;
    char text[32] = "";
    ssize_t n = data ? img__source_read_full(data, text, sizeof(text) - 1, err) : 0;
    if (n < 0)
        return (int)n;
    img__buf_printf(found, "%s %d %s\n", entry->path, (int)entry->type, text);
    return 0;
}

static int scan(struct buf *found, img_error *err)
{
    struct scan_options options = {.prefix = ""};
    auto_free char *path = judge_path("t");
    return img__scan(path, &options, collect, found, err);
}

static void replaced(void **state)
{
    static const struct {
        const char *script;
        unsigned times;
        const char *expected; /* NULL: it fails */
        const char *message;
    } rows[] = {
        {"echo new >x; mv x t/f", 1, "f 0 new\n\n", NULL},
        {"rm t/f; mkdir t/f", 1, "f 1 \n", NULL},
        {"ln -sfn elsewhere t/f", 1, "f 2 \n", NULL},
        {"echo new >x; mv x t/f", 9, NULL, "/t/f: was replaced while it was read"},
        {"rm -f t/f", 1, NULL, "/t/f: vanished while the tree was read"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        auto_(buf) struct buf found = BUF_INIT(1000);
        judge_says("rm -rf t; mkdir t; echo old >t/f", "");
        race.name = "f";
        race.script = rows[i].script;
        race.times = rows[i].times;
        int rc = scan(&found, &err);
        race.times = 0;
        if (rows[i].expected) {
            assert_ok(rc);
            assert_string_equal(img__buf_text(&found), rows[i].expected);
        } else {
            if (rc >= 0)
                fail_msg("%s: %s", rows[i].script, img__buf_text(&found));
            assert_non_null(strstr(err.message, rows[i].message));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(replaced)};
    return cmocka_run_group_tests(tests, judge_setup, judge_teardown);
}
