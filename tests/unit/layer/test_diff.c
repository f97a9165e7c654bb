/* SPDX-License-Identifier: Apache-2.0
 *
 * What makes one tree into another: what counts as a change, what is removed, in which order
 * (layers.md D2-D9, C1, C2, C5, C17, C20, C21).
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include "changes.h"

/* A tree with all kinds of things, and the same again. */
#define TWO_TREES                                                                                  \
    "mkdir -p old/a/b old/c old/e/e; cd old; echo 1 >a/b/f; echo 2 >a/f; echo 3 >c/f; ln -s x "    \
    "c/l; "                                                                                        \
    "mkfifo c/p; mknod c/n c 1 3; echo 4 >f; echo 5 >a.b; find . -exec touch -hd @7.5 {} +; "      \
    "cd ..; cp -a old new; cd new;"

/* D7, D2: nothing, or only times of directories. */
static void nothing(void **state)
{
    (void)state;
    make(TWO_TREES);
    differ("");
    make(TWO_TREES "touch -d @9 a a/b e . ; chmod 700 .; chown 1 .");
    differ("");
    make("mkdir old new");
    differ("");
}

/* D2: one file of each kind of change; D8, C5: with the directories above. */
static void each_change(void **state)
{
    (void)state;
    static const struct {
        const char *script, *expected;
    } rows[] = {
        {"chmod 600 a/b/f", "P d a\nP d a/b\nM f a/b/f\n"},
        {"chmod u+s f", "M f f\n"},
        {"chown 1 f", "M f f\n"},
        {"chgrp 1 f", "M f f\n"},
        {"chown -h 1 c/l", "P d c\nM l c/l>x\n"},
        {"touch -d @8.5 f", "M f f\n"},
        {"touch -hd @8.5 c/l", "P d c\nM l c/l>x\n"},
        {"touch -d @7.6 f", ""},            /* a layer would have the same second */
        {"echo 6 >f; touch -d @7.5 f", ""}, /* size and time are the same, to the nanosecond */
        {"echo 6 >f; touch -d @7 f ../old/f", "C f f\n"}, /* but whole seconds are not enough */
        {"touch -d @7 f ../old/f", ""},
        {"echo 6 >f; touch -d @7.6 f", "C f f\n"},
        {"echo 67 >f; touch -d @7.5 f", "C f f\n"},
        {"rm c/l; ln -s y c/l; touch -hd @7.5 c/l", "P d c\nC l c/l>y\n"},
        {"rm c/n; mknod c/n c 1 4; touch -d @7.5 c/n", "P d c\nC c c/n\n"},
        {"setfattr -n user.x -v 1 f", "M f f\n"},
        {"setfattr -n user.x -v 1 f ; setfattr -n user.x -v 2 ../old/f", "M f f\n"},
        {"setfattr -n user.x -v 1 f ../old/f", ""},
        {"setfattr -n trusted.x -v 1 f", ""}, /* does not travel (C14) */
        {"setfattr -n user.x -v 1 c", "M d c\n"},
        {"chmod 700 a; echo 8 >a/new", "M d a\nA f a/new\n"},
        {"echo 8 >e/e/new", "P d e\nP d e/e\nA f e/e/new\n"},
        {"mkdir -p z/y; echo >z/y/x", "A d z\nA d z/y\nA f z/y/x\n"},
        {"ln f g; touch -d @8 f; rm g", "M f f\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *script = NULL;
        assert_true(asprintf(&script, TWO_TREES "%s", rows[i].script) >= 0);
        print_message("%s\n", rows[i].script);
        make(script);
        differ(rows[i].expected);
    }
}

/* D2: without the time; with an epoch before it. */
static void times(void **state)
{
    (void)state;
    make(TWO_TREES "touch -d @8 a/f; touch -hd @9 c/l; chmod 600 f; touch -d @9 f; echo 9 >c/f");
    differ_with((struct diff_options){.ignore_mtime = true}, "P d c\nC f c/f\nM f f\n");
    differ_with((struct diff_options){.scan = {.has_epoch = true, .epoch = 7}},
                "P d c\nC f c/f\nM f f\n");
    differ("P d a\nM f a/f\nP d c\nC f c/f\nM l c/l>x\nM f f\n");
    make(TWO_TREES "touch -d @7.6 f");
    differ_with((struct diff_options){.scan = {.keep = ENTRY_KEEP_NANOSECONDS}}, "M f f\n");
}

/* D4, C1, C2: removals come first in a directory, whatever sorts before ".wh."; one for a tree. */
static void removals(void **state)
{
    (void)state;
    make(TWO_TREES "echo 1 >'!new'; echo 1 >c/+x; rm c/f a.b; rm -r a");
    differ("R a\nR a.b\nA f !new\nP d c\nR c/f\nA f c/+x\n");
    make(TWO_TREES "rm -r a c e f a.b");
    differ("R a\nR a.b\nR c\nR e\nR f\n");
    make(TWO_TREES "rm a/b/f e/e -r");
    differ("P d a\nP d a/b\nR a/b/f\nP d e\nR e/e\n");
}

/* D4: what changed its type is removed by nothing but its entry. */
static void types(void **state)
{
    (void)state;
    make(TWO_TREES "rm -r a; echo 1 >a; rm f; mkdir f; echo 2 >f/x; rm c/l; mkdir c/l; rm -r e/e; "
                   "ln -s f e/e; rm c/p; echo 3 >c/p; rm c/n; mknod c/n b 1 3");
    differ("C f a\nP d c\nC d c/l\nC b c/n\nC f c/p\nP d e\nC l e/e>f\nC d f\nA f f/x\n");
}

/* D3: groups of names, not counts. */
static void hard_links(void **state)
{
    (void)state;
    static const struct {
        const char *script, *expected;
    } rows[] = {
        /* the same groups, also if there are names elsewhere */
        {"echo 1 >old/p; ln old/p old/d/q; cp -a old/. new; ln new/p elsewhere", ""},
        {"echo 1 >old/p; echo 2 >old/d/q; cp -al old/. new", ""},
        /* joined */
        {"echo 1 >old/p; cp -a old/p old/d/q; cp -a old/. new; ln -f new/p new/d/q",
         "P d d\nM f d/q\nM h p>d/q\n"},
        /* split */
        {"echo 1 >old/p; ln old/p old/d/q; cp -a old/. new; cp -a new/p x; mv x new/p",
         "P d d\nM f d/q\nM f p\n"},
        /* one more */
        {"echo 1 >old/p; ln old/p old/d/q; cp -a old/. new; ln new/p new/z",
         "P d d\nM f d/q\nM h p>d/q\nA h z>d/q\n"},
        {"echo 1 >old/p; cp -a old/. new; ln new/p new/a", "A f a\nM h p>a\n"},
        /* one less: a whiteout says it all */
        {"echo 1 >old/p; ln old/p old/d/q; cp -a old/. new; rm new/p", "R p\n"},
        {"echo 1 >old/p; ln old/p old/d/q; ln old/p old/r; cp -a old/. new; rm new/p", "R p\n"},
        /* other data, other mode: all names */
        {"echo 1 >old/p; ln old/p old/d/q; cp -a old/. new; echo 12 >new/p",
         "P d d\nC f d/q\nC h p>d/q\n"},
        {"echo 1 >old/p; ln old/p old/d/q; cp -a old/. new; chmod 600 new/p",
         "P d d\nM f d/q\nM h p>d/q\n"},
        /* two groups become two others */
        {"echo 1 >old/p; ln old/p old/q; cp -a old/p old/r; ln old/r old/s; cp -a old/. new; "
         "ln -f new/p new/r; cp -a new/s x; ln -f x new/q; ln -f x new/s; rm x",
         "M f p\nM f q\nM h r>p\nM h s>q\n"},
        /* a name was a directory */
        {"echo 1 >old/p; mkdir old/q; cp -a old/. new; rmdir new/q; ln new/p new/q",
         "M f p\nC h q>p\n"},
        {"ln -s x old/p; ln old/p old/d/q; cp -a old/. new; rm new/p; ln -s x new/p; "
         "touch -hr old/p new/p",
         "P d d\nM l d/q>x\nM l p>x\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *script = NULL;
        assert_true(asprintf(&script, "mkdir -p old/d new; %s", rows[i].script) >= 0);
        print_message("%s\n", rows[i].script);
        make(script);
        differ(rows[i].expected);
    }
}

/* C19, C20, C21: sockets are in no layer, and whiteouts in no tree. */
static void what_has_no_place(void **state)
{
    img_error err;
    struct diff_options options = {0};
    (void)state;
#define SOCKET(path) "python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"" path "\")';"
    make(
        "mkdir old new; cd old; echo >f; cd ../new;" SOCKET("f") "cd ../old; " SOCKET("s") "cd ..");
    {
        auto_(changes) struct changes changes = CHANGES_INIT;
        assert_ok(diff_trees(&options, &changes, &err));
        assert_string_equal(changes.lines.data, "R f\n");
        assert_non_null(strstr(changes.log.data, "t/new/f: a socket"));
    }
    make("mkdir old new; cd old;" SOCKET("f") "cd ..; echo >new/f");
    differ("A f f\n");
    make("mkdir old new; echo >new/.wh.f");
    auto_(changes) struct changes changes = CHANGES_INIT;
    assert_fails(diff_trees(&options, &changes, &err), IMG_EINVAL, "t/new/.wh.f: a name that");
}

static bool is_below(const char *path, const void *arg)
{
    return strcmp(path, arg) == 0;
}

/* C21: nothing is removed that is not there, and no directory written for that. */
static void other_base(void **state)
{
    (void)state;
    make(TWO_TREES "rm a/b/f c/f f");
    differ_with((struct diff_options){.is_below = is_below, .is_below_arg = "c/f"},
                "P d c\nR c/f\n");
}

/* D9: what changes meanwhile is noticed. */
static void live_trees(void **state)
{
    static const struct {
        const char *at, *script, *message;
        int code;
    } rows[] = {
        {"f", "echo 1234 >>t/new/f", "t/new/f: changed while it was read", IMG_EIO},
        {"a/new", "rm t/new/f", "t/new/f: vanished while", IMG_ENOTFOUND},
        {"a/new", "rm t/new/f; mkfifo t/new/f", NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        struct diff_options options = {0};
        auto_(changes) struct changes changes = CHANGES_INIT;
        make(TWO_TREES "echo >a/new; echo changed >f");
        changes.at = rows[i].at;
        changes.script = rows[i].script;
        if (rows[i].message)
            assert_fails(diff_trees(&options, &changes, &err), rows[i].code, rows[i].message);
        else
            assert_ok(diff_trees(&options, &changes, &err));
        assert_null(changes.script);
    }
}

/* C29: what is mounted in a tree is no part of it, and what it hides is left alone. */
static void mounts(void **state)
{
    static const char *const expected[] = {"M d m\n", "M d m\nA f m/f\n"};
    static const char *const points[] = {"t/new/m", "t/old/m"};
    (void)state;
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        skip();
    for (int i = 0; i < 2; i++) {
        img_error err;
        struct diff_options options = {0};
        auto_(changes) struct changes changes = CHANGES_INIT;
        auto_free char *point = judge_path(points[i]);
        make("mkdir -p old/m new/m; echo >old/m/f; echo >new/m/f");
        if (mount("none", point, "tmpfs", 0, "mode=700") != 0)
            skip();
        int rc = diff_trees(&options, &changes, &err);
        assert_int_equal(umount(point), 0);
        assert_int_equal(rc, 0);
        assert_string_equal(changes.lines.data, expected[i]);
        if (i == 0)
            assert_non_null(strstr(changes.log.data, "t/new/m: another file system"));
        assert_true(fcntl(0, F_GETFD) >= 0); /* as before */
    }
}

/* More directories on the way than descriptors are kept open. */
static void deep_trees(void **state)
{
    (void)state;
    make("mkdir old; (cd old; for i in $(seq 300); do mkdir d e; echo >f; cd d; done); "
         "cp -a old new; p=$(printf 'd/%.0s' $(seq 280)); echo new >new/${p}x; rm new/d/d/f "
         "new/${p}f; "
         "rmdir new/d/e; chmod 700 new/${p}e");
    auto_(buf) struct buf expected = BUF_INIT((size_t)1 << 20);
    auto_(buf) struct buf path = BUF_INIT(4096);
    for (int i = 1; i <= 280; i++) {
        img__buf_puts(&path, i == 1 ? "d" : "/d");
        img__buf_printf(&expected, "P d %s\n", path.data);
        if (i <= 2)
            img__buf_puts(&expected, i == 1 ? "R d/e\n" : "R d/d/f\n");
    }
    img__buf_printf(&expected, "R %s/f\nM d %s/e\nA f %s/x\n", path.data, path.data, path.data);
    differ(expected.data);
}

static void what_cannot_be(void **state)
{
    img_error err;
    struct diff_options options = {0};
    auto_(changes) struct changes changes = CHANGES_INIT;
    (void)state;
    make("mkdir old; echo >new");
    assert_fails(diff_trees(&options, &changes, &err), IMG_EINVAL, "t/new: is not a directory");
    make("mkdir new; echo >old");
    assert_fails(diff_trees(&options, &changes, &err), IMG_EINVAL, "t/old: is not a directory");
    make("mkdir new");
    assert_fails(diff_trees(&options, &changes, &err), IMG_ENOTFOUND, "t/old: cannot be opened");
    assert_fails(img__diff_trees("", "/", &options, changes_add, &changes, &err), IMG_EINVAL,
                 "an empty path");
    /* A layer has nothing to remove it with. */
    make("mkdir old new; touch old/$(printf %0252d 7)");
    assert_ok(diff_trees(&options, &changes, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing),        cmocka_unit_test(each_change),
        cmocka_unit_test(times),          cmocka_unit_test(removals),
        cmocka_unit_test(types),          cmocka_unit_test(hard_links),
        cmocka_unit_test(other_base),     cmocka_unit_test(what_has_no_place),
        cmocka_unit_test(live_trees),     cmocka_unit_test(deep_trees),
        cmocka_unit_test(what_cannot_be), cmocka_unit_test(mounts),
    };
    return cmocka_run_group_tests(tests, judge_setup, judge_teardown);
}
