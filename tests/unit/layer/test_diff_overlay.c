/* SPDX-License-Identifier: Apache-2.0
 *
 * Upper directories as overlayfs leaves them, made by hand: whiteouts, opaque directories, and what
 * is refused (layers.md D5, D6, C20-C22). Those of real mounts: tests/integration/overlay.sh.
 */
#include <sys/stat.h>

#include "changes.h"

static const char *const one_lower[] = {"t/l", NULL};
static const char *const two_lowers[] = {"t/l1", "t/l2", NULL};

#define LOWER "mkdir -p l/d/e u; cd l; echo 1 >f; echo 2 >d/g; echo 3 >d/e/h; ln -s f s; cd ../u;"
#define OPAQUE(path) "setfattr -n trusted.overlay.opaque -v y " path ";"

/* Without what is below, everything is taken as it stands. */
static void without_lowers(void **state)
{
    (void)state;
    make("mkdir -p u/d/e u/z; cd u; mknod f c 0 0; mknod d/.x c 0 0; echo 1 >d/+; echo 2 >'!'; "
         "mknod d/e/0 c 0 0;" OPAQUE("z") "echo 3 >z/a; mkdir z/b; mknod z/c c 0 0; "
                                          "mknod z/b/c c 0 0;" OPAQUE("z/b") "ln z/a z/k");
    overlays(NULL, "R f\nA f !\nA d d\nR d/.x\nA f d/+\nA d d/e\nR d/e/0\nC d z\nO z\nA f z/a\n"
                   "A d z/b\nA h z/k>z/a\n");
    make("mkdir u");
    overlays(NULL, "");
}

/* D1: as a diff of the lower tree and the mounted overlay would be. */
static void with_lowers(void **state)
{
    (void)state;
    make(LOWER "cp -a ../l/d .; mknod f c 0 0; mknod absent c 0 0; chmod 700 d/e; echo 4 >d/new; "
               "rm d/g; mknod d/g c 0 0");
    overlays(one_lower, "R f\nP d d\nR d/g\nM d d/e\nA f d/new\n");
    /* Copied up, and nothing was done to it. */
    make(LOWER "cp -a ../l/. .");
    overlays(one_lower, "");
    /* Another type, without a whiteout. */
    make(LOWER "mkdir f s; echo 5 >f/x; echo 6 >d;" OPAQUE("f"));
    overlays(one_lower, "C f d\nC d f\nA f f/x\nC d s\n");
    /* Directories that replace, or only seem to. */
    make(LOWER "mkdir -p d/e n/m; echo 7 >d/g2;" OPAQUE("d") OPAQUE("n") OPAQUE("n/m"));
    overlays(one_lower, "P d d\nO d\nA d d/e\nA f d/g2\nA d n\nA d n/m\n");
}

/* Hidden by a layer between, as the kernel sees it. */
static void lowers_hide_lowers(void **state)
{
    (void)state;
#define TWO                                                                                        \
    "mkdir -p l1 l2/d l2/o l2/k u; echo 1 >l2/f; echo 2 >l2/d/g; echo 3 >l2/o/h; echo >l2/k/i;"
#define GONE "mknod u/f c 0 0; mkdir u/d u/o; mknod u/d/g c 0 0; mknod u/o/h c 0 0;"
    make(TWO GONE "chmod 700 u/d u/o");
    overlays(two_lowers, "R f\nM d d\nR d/g\nM d o\nR o/h\n");
    make(TWO GONE "mknod l1/f c 0 0; echo >l1/d; mkdir l1/o;" OPAQUE("l1/o"));
    overlays(two_lowers, "C d d\n");
    make(TWO GONE "mkdir l1/d; mknod l1/d/g c 0 0; setfattr -n user.overlay.opaque -v y l1/d");
    overlays(two_lowers, "R f\nP d o\nR o/h\n");
    /* A directory of both; data of the upper one of them. */
    make(TWO "mkdir l1/d; echo 4 >l1/d/x; echo 5 >l1/f; mkdir u/d; mknod u/d/x c 0 0; "
             "mknod u/d/g c 0 0; cp -a l1/f u");
    overlays(two_lowers, "P d d\nR d/g\nR d/x\n");
}

/* Whiteouts that are files, in directories that say so; else they are files. */
static void whiteouts_that_are_files(void **state)
{
    (void)state;
#define FILES(space)                                                                               \
    LOWER "mkdir d; : >d/g; : >d/empty; echo x >d/full; setfattr -n " space                        \
          ".overlay.whiteout d/g; "                                                                \
          "setfattr -n " space ".overlay.whiteout d/full; : >f; "                                  \
          "setfattr -n " space ".overlay.whiteout f; touch -r ../l/d d;"
    make(FILES("trusted") "setfattr -n trusted.overlay.opaque -v x d; mknod d/e c 0 0");
    overlays(one_lower, "P d d\nR d/e\nR d/g\nA f d/empty\nA f d/full\nC f f\n");
    make(FILES("user") "setfattr -n user.overlay.opaque -v x . d");
    overlays(one_lower, "R f\nP d d\nR d/g\nA f d/empty\nA f d/full\n");
    make(FILES("user"));
    overlays(one_lower, "P d d\nA f d/empty\nA f d/full\nC f d/g\nC f f\n");
    /* In a lower one. */
    make("mkdir -p l1/d l2/d u/d; echo >l2/d/g; : >l1/d/g; setfattr -n trusted.overlay.whiteout "
         "l1/d/g; setfattr -n trusted.overlay.opaque -v x l1/d; mknod u/d/g c 0 0");
    overlays(two_lowers, "");
    /* Of an overlay in the overlay: they say nothing here. */
    make(LOWER "mkdir d; touch -r ../l/d d; setfattr -n trusted.overlay.overlay.opaque -v y d; "
               ": >d/w; setfattr -n trusted.overlay.overlay.whiteout d/w");
    overlays(one_lower, "P d d\nA f d/w\n");
}

/* C22: an opaque root is said name by name. */
static void opaque_root(void **state)
{
    img_error err;
    struct diff_options options = {0};
    (void)state;
    make(LOWER "setfattr -n trusted.overlay.opaque -v y .; mkdir d; echo 9 >d/new; echo >n");
    overlays(one_lower, "R f\nR s\nP d d\nO d\nA f d/new\nA f n\n");
    auto_(changes) struct changes changes = CHANGES_INIT;
    assert_fails(diff_overlay(NULL, &options, &changes, &err), IMG_EUNSUPPORTED,
                 "t/u: hides all that is below");
}

/* D5: what is not whole without the mount is an error, never a stub. */
static void what_is_refused(void **state)
{
    static const struct {
        const char *script, *message;
    } rows[] = {
        {"mkdir n; setfattr -n trusted.overlay.redirect -v /d n", "t/u/n: is a directory that was"},
        {"mkdir n; setfattr -n user.overlay.redirect -v d n", "t/u/n: is a directory that was"},
        {"truncate -s 2 f; setfattr -n trusted.overlay.metacopy f", "t/u/f: has only its metadata"},
        {"echo 1 >f; setfattr -n trusted.overlay.nlink -v U+0 f", "t/u/f: has hard links"},
        {"ln -s x k; setfattr -h -n trusted.overlay.nlink -v L-1 k", "t/u/k: has hard links"},
        {"echo >d", NULL},
        {"echo 1 >f; setfattr -n trusted.overlay.nlink -v U-1 f", NULL},
        {"echo 1 >f; setfattr -n trusted.overlay.origin -v x f; setfattr -n user.overlay.impure -v "
         "y "
         "f",
         NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (int lowers = 0; lowers < 2; lowers++) {
            img_error err;
            struct diff_options options = {0};
            auto_(changes) struct changes changes = CHANGES_INIT;
            auto_free char *script = NULL;
            assert_true(asprintf(&script, LOWER "%s", rows[i].script) >= 0);
            make(script);
            int rc = diff_overlay(lowers ? one_lower : NULL, &options, &changes, &err);
            if (rows[i].message)
                assert_fails(rc, IMG_EUNSUPPORTED, rows[i].message);
            else
                assert_ok(rc);
        }
    }
    img_error err;
    struct diff_options options = {0};
    auto_(changes) struct changes changes = CHANGES_INIT;
    make(LOWER "setfattr -n trusted.overlay.redirect -v x ../l/d; mkdir d; mknod d/g c 0 0");
    assert_fails(diff_overlay(one_lower, &options, &changes, &err), IMG_EUNSUPPORTED,
                 "t/l/d: is a directory that was");
    make(LOWER "setfattr -n trusted.overlay.metacopy ../l/f; touch -d @1 ../l/f; echo 2 >f");
    assert_fails(diff_overlay(one_lower, &options, &changes, &err), IMG_EUNSUPPORTED,
                 "t/l/f: has only its metadata");
}

/* Names of one file that are in the upper directory are one file in the layer (C17, D3). */
static void hard_links(void **state)
{
    (void)state;
    make(LOWER "cp -a ../l/f f; ln f k; mkdir d; ln f d/k");
    overlays(one_lower, "P d d\nA f d/k\nM h f>d/k\nA h k>d/k\n");
}

/* Who can't see the signs of the kernel is told, unless there are those that anybody sees. */
static void unprivileged(void **state)
{
    static const char *const scripts[] = {
        "mkdir u; echo >u/f", "mkdir u; echo >u/f; setfattr -n user.overlay.impure -v y u"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        img_error err;
        struct diff_options options = {0};
        auto_(changes) struct changes changes = CHANGES_INIT;
        make(scripts[i]);
        assert_int_equal(chmod(judge_dir, 0755), 0);
        assert_int_equal(seteuid(65534), 0);
        int rc = diff_overlay(NULL, &options, &changes, &err);
        assert_int_equal(seteuid(0), 0);
        assert_int_equal(rc, 0);
        assert_string_equal(changes.lines.data, "A f f\n");
        assert_true((strstr(img__buf_text(&changes.log), "only root sees") != NULL) == (i == 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_lowers),     cmocka_unit_test(with_lowers),
        cmocka_unit_test(lowers_hide_lowers), cmocka_unit_test(whiteouts_that_are_files),
        cmocka_unit_test(opaque_root),        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(hard_links),         cmocka_unit_test(unprivileged),
    };
    return cmocka_run_group_tests(tests, judge_setup, judge_teardown);
}
