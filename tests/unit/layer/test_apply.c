/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers put one on the other (layers.md A1-A14). A row is two layers and what is there then; each
 * is tried with openat2() and without, in one apply and in two, on an empty root and on another.
 */
#include "applied.h"

#define LINES 14

struct stack {
    const char *lower[LINES];
    const char *upper[LINES];
    /* A letter, as in add_line() but for files the layer that they come from, or '-' for nothing.
     */
    const char *expected[LINES];
};

/* Most lower layers are this. */
#define LOWER                                                                                      \
    {                                                                                              \
        "d a", "f a/f", "f a/g", "d a/sub", "f a/sub/x", "l link -> a", "f top", "l gone -> no"    \
    }

static const struct stack stacks[] = {
    /* plain removal */
    {LOWER, {"f a/.wh.f"}, {"d a", "- a/f", "1 a/g", "1 a/sub/x"}},
    {LOWER, {"f .wh.a"}, {"- a", "l link", "1 top"}},
    {LOWER, {"f .wh.link", "f .wh.top"}, {"- link", "- top", "1 a/f"}},
    /* A1: only what is below, whatever the order */
    {LOWER, {"d a", "f a/f", "f a/.wh.f"}, {"2 a/f", "1 a/g"}},
    {LOWER, {"d a", "f a/.wh.f", "f a/f"}, {"2 a/f", "1 a/g"}},
    {LOWER, {"f a/f", "f .wh.a", "f .wh.a"}, {"2 a/f", "- a/g", "- a/sub"}},
    /* A2: opaque, with nested new content */
    {LOWER,
     {"f a/sub/deep/n", "f a/.wh..wh..opq"},
     {"d a", "- a/f", "- a/g", "d a/sub", "- a/sub/x", "d a/sub/deep", "2 a/sub/deep/n"}},
    {LOWER,
     {"f a/.wh..wh..opq", "f a/sub/deep/n", "f a/sub/.wh..wh..opq", "f a/.wh..wh..opq"},
     {"d a", "- a/f", "- a/g", "- a/sub/x", "2 a/sub/deep/n"}},
    {LOWER, {"d a", "f a/.wh..wh..opq", "f a/n"}, {"d a", "- a/f", "- a/sub", "2 a/n"}},
    {LOWER, {"f a/sub/x", "f a/.wh..wh..opq"}, {"2 a/sub/x", "- a/f"}},
    {LOWER, {"f .wh..wh..opq", "f n"}, {"- a", "- link", "- top", "2 n"}},
    {LOWER, {"f n", "f a/n", "f .wh..wh..opq"}, {"2 a/n", "- a/f", "- link", "- top", "2 n"}},
    /* A3 */
    {LOWER, {"f a/sub/new", "f a/.wh.sub"}, {"d a/sub", "- a/sub/x", "2 a/sub/new", "1 a/f"}},
    {LOWER, {"d a/sub", "l a/sub/new -> x", "f a/.wh.sub"}, {"- a/sub/x", "l a/sub/new", "1 a/f"}},
    /* A4, A5 */
    {LOWER, {"f .wh.a", "d a", "f a/new"}, {"d a", "- a/f", "- a/sub", "2 a/new"}},
    {LOWER, {"f .wh.a", "f a/new"}, {"d a", "- a/f", "- a/sub", "2 a/new"}},
    {LOWER, {"d a", "f a/new", "f .wh.a"}, {"d a", "- a/f", "- a/sub", "2 a/new"}},
    {LOWER, {"f a/new", "f .wh.a"}, {"d a", "- a/f", "- a/sub", "2 a/new"}},
    {LOWER, {"f .wh.a", "f a"}, {"2 a"}},
    {LOWER, {"f .wh.a", "l a -> top"}, {"l a", "1 top"}},
    /* A6: nothing to remove, nothing made */
    {LOWER,
     {"f .wh.no", "f no/.wh.x", "f no/at/.wh..wh..opq", "f top/.wh.foo", "f gone/.wh.x",
      "f top/.wh..wh..opq", "f gone/.wh..wh..opq"},
     {"- no", "1 top", "l gone", "1 a/f", "1 a/g", "1 a/sub/x"}},
    {{"l l1 -> l2", "l l2 -> l1"}, {"f l1/.wh.x", "f l1/.wh..wh..opq"}, {"l l1", "l l2"}},
    /* A8: what looks like an opaque marker, and the files of aufs */
    {LOWER,
     {"f a/.wh..wh..opqX", "d .wh..wh.plnk", "f .wh..wh.plnk/17", "f .wh..wh.aufs",
      "d .wh..wh.orph", "f a/.wh..wh.x/.wh.f"},
     {"1 a/f", "1 a/sub/x", "- .wh..wh.plnk", "- .wh..wh.aufs", "- .wh..wh.orph"}},
    /* A9 */
    {LOWER, {"d a/.wh.f", "l a/.wh.g -> x"}, {"- a/f", "- a/g", "1 a/sub/x"}},
    /* whiteouts through a link below, unless the layer has another one there */
    {LOWER, {"f link/.wh.f"}, {"l link", "- a/f", "1 a/g"}},
    {LOWER, {"f link/.wh..wh..opq"}, {"l link", "d a", "- a/f", "- a/g", "- a/sub"}},
    {LOWER, {"l link -> a", "f link/.wh.f"}, {"l link", "- a/f", "1 a/g"}},
    {LOWER, {"l link -> ./a", "f link/.wh.f"}, {"l link", "1 a/f", "1 a/g"}},
    {LOWER, {"l other -> a", "f other/n", "f other/.wh.f"}, {"2 a/n", "1 a/f", "1 a/g"}},
    {LOWER, {"d link", "f link/.wh.f", "f link/.wh..wh..opq"}, {"d link", "1 a/f", "1 a/g"}},
    {LOWER, {"f link/f", "f a/.wh.f"}, {"2 a/f", "1 a/g"}},
    {LOWER, {"f a/f", "f link/.wh.f"}, {"2 a/f", "1 a/g"}},
    {LOWER, {"f link/sub/n", "f a/.wh..wh..opq"}, {"2 a/sub/n", "- a/sub/x", "- a/f"}},
    /* A10: entries through a link below */
    {LOWER, {"f link/new"}, {"l link", "2 a/new", "1 a/f"}},
    {{"d usr/lib", "l lib -> usr/lib", "l abs -> /usr/lib", "l up -> ../../usr/lib"},
     {"f lib/a", "f abs/b", "f up/c", "d lib/d/e"},
     {"l lib", "2 usr/lib/a", "2 usr/lib/b", "2 usr/lib/c", "d usr/lib/d/e"}},
    {LOWER, {"f gone/x"}, {"l gone", "d no", "2 no/x"}},
    {LOWER, {"l n -> a", "f n/x"}, {"l n", "2 a/x", "1 a/f"}},
    /* A11: what replaces what */
    {LOWER, {"d link"}, {"d link", "1 a/f"}},
    {LOWER, {"d link", "f link/x"}, {"d link", "2 link/x", "- a/x"}},
    {LOWER, {"f link/y", "d link", "f link/x"}, {"d link", "2 link/x", "2 a/y", "- a/x"}},
    {LOWER, {"d a"}, {"d a", "1 a/f", "1 a/sub/x"}},
    {LOWER, {"f a"}, {"2 a"}},
    {LOWER, {"f a/f", "f a/g", "f top"}, {"2 a/f", "2 a/g", "2 top", "1 a/sub/x"}},
    {LOWER, {"l a -> top"}, {"l a", "1 top"}},
    {LOWER, {"f link", "f gone"}, {"2 link", "2 gone", "- no", "1 a/f"}},
    {LOWER, {"d top"}, {"d top"}},
    {LOWER, {"p top", "p a/sub"}, {"p top", "p a/sub"}},
    {LOWER, {"h a -> top"}, {"1 a", "1 top"}},
    /* A12 */
    {LOWER, {"f top/x/y"}, {"d top", "d top/x", "2 top/x/y"}},
    {LOWER, {"f a/f/x", "f a/f/y"}, {"d a/f", "2 a/f/x", "2 a/f/y", "1 a/g"}},
    /* A14, and links to links */
    {LOWER, {"h h -> a/f", "h hl -> link", "h s -> link/g"}, {"1 h", "l hl", "1 s", "1 a/g"}},
    {LOWER, {"h h -> /a/f", "h i -> ./a//g"}, {"1 h", "1 i"}},
    {LOWER, {"h a/f -> link/f"}, {"1 a/f"}},
    {LOWER, {"f a/f", "h a/g -> a/f"}, {"2 a/f", "2 a/g"}},
    {LOWER, {"d ."}, {"d .", "1 a/f"}},
    {LOWER, {NULL}, {"1 a/f", "1 top"}},
};

static char letter_of(int root, const char *path)
{
    struct stat stat;
    char text = '?';
    if (fstatat(root, path, &stat, AT_SYMLINK_NOFOLLOW) != 0)
        return '-';
    if (!S_ISREG(stat.st_mode))
        return S_ISDIR(stat.st_mode) ? 'd' : S_ISLNK(stat.st_mode) ? 'l' : 'p';
    auto_fd int fd = openat(root, path, O_RDONLY);
    assert_int_equal(read(fd, &text, 1), 1);
    return text;
}

static void assert_paths(int root, const char *const *paths, size_t row)
{
    for (size_t i = 0; i < LINES && paths[i]; i++)
        if (letter_of(root, paths[i] + 2) != paths[i][0])
            fail_msg("row %zu: %s is %c, not %c", row, paths[i] + 2, letter_of(root, paths[i] + 2),
                     paths[i][0]);
}

static int apply_lines(struct apply *apply, const char *const *lines, const char *text,
                       img_error *err)
{
    auto_buf tar = TARBALL_INIT;
    for (size_t i = 0; i < LINES && lines[i]; i++)
        add_line(&tar, lines[i], text);
    tarball_end(&tar);
    return apply_tar(apply, &tar, err);
}

enum {
    WALKS = 1,
    TWICE = 2,
    FILLED = 4,
    THREADS = 8,
    WAYS = 16,
};

/* Applies lower, then upper; an apply in between ends if way says so. */
static int apply_both(struct world *world, const struct stack *stack, int way, img_error *err)
{
    struct apply_options options = OPTIONS_INIT(world);
    options.threads = way & THREADS ? 3 : 1;
    if (way & FILLED)
        put_file(world->root, "filled", "x", 0600);
    struct apply *apply = apply_new(world, &options, way & WALKS);
    int rc = apply_lines(apply, stack->lower, "1", err);
    assert_int_equal(rc, 0);
    if (way & TWICE) {
        assert_int_equal(img__apply_end(apply, false, err), 0);
        img__apply_free(apply);
        apply = apply_new(world, &options, way & WALKS);
    }
    rc = apply_lines(apply, stack->upper, "2", err);
    if (!rc)
        rc = img__apply_end(apply, false, err);
    img__apply_free(apply);
    return rc;
}

static void stacking(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++)
        for (int way = 0; way < WAYS; way++) {
            img_error err;
            auto_(world) struct world world;
            world_open(&world);
            if (apply_both(&world, &stacks[i], way, &err))
                fail_msg("row %zu, way %d: %s", i, way, err.message);
            assert_paths(world.root, stacks[i].expected, i);
        }
}

static void refused(void **state)
{
    static const struct {
        const char *upper[LINES];
        const char *message;
    } rows[] = {
        /* A7 */
        {{"f a/.wh."}, "no name"},
        {{"f a/.wh.."}, "no name"},
        {{"f a/sub/.wh..."}, "no name"},
        {{"d .wh.a", "f .wh.a/x"}, "beneath a whiteout"},
        /* A11, A13 */
        {{"f x", "f ./x"}, "twice"},
        {{"f a/f", "f link/f"}, "twice"},
        {{"l y -> x", "l y -> x"}, "twice"},
        {{"d y/", "f z", "f y"}, "a directory of that name"},
        {{"d y", "d y"}, "twice"},
        {{"d .", "d ."}, "twice"},
        {{"f y", "d y"}, "twice"},
        {{"f a/f", "h a/f -> a/g"}, "twice"},
        {{"f a/f", "h a/f -> link/f"}, "twice"},
        {{"f n/x", "f n"}, "entries beneath it"},
        {{"f a/n", "f a"}, "entries beneath it"},
        {{"f n", "f n/x"}, "lies beneath 'n'"},
        {{"f top", "f top/x"}, "lies beneath 'top'"},
        /* A14 */
        {{"h h -> no"}, "not there before it"},
        {{"h h -> new", "f new"}, "not there before it"},
        {{"h h -> a"}, "the directory 'a'"},
        {{"h h -> top/x"}, "not there before it"},
        {{"h h -> .wh..wh.plnk/17"}, "not there before it"},
        {{"f .wh.top", "h h -> top"}, "not there before it"},
        {{"h h -> gone/x"}, "not there before it"},
        {{"l l1 -> l2", "l l2 -> l1", "f l1/x"}, "symbolic links"},
        {{"l l1 -> l1", "h h -> l1/x"}, "symbolic links"},
        /* A20 */
        {{"c zero"}, "device 0:0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (int way = 0; way < WAYS; way++) {
            img_error err;
            auto_(world) struct world world;
            struct stack stack = {LOWER, {NULL}, {NULL}};
            world_open(&world);
            memcpy(stack.upper, rows[i].upper, sizeof(stack.upper));
            if (apply_both(&world, &stack, way, &err) != IMG_EFORMAT ||
                !strstr(err.message, rows[i].message))
                fail_msg("row %zu, way %d: %s", i, way, err.message);
            assert_non_null(strstr(err.message, "layer x: entry '"));
            assert_non_null(strstr(err.message, "' at byte "));
            if (!strstr(rows[i].message, "beneath a whiteout"))
                assert_paths(world.root, (const char *const[]){"d a/sub", "1 a/sub/x", NULL}, i);
        }
}

/* The same, all in one layer into an empty root, where nothing is remembered of files. */
static void refused_at_once(void **state)
{
    static const struct {
        const char *lines[LINES];
        const char *message;
    } rows[] = {
        {{"f x", "f ./x"}, "twice"},
        {{"d y", "f y"}, "a directory of that name"},
        {{"f y/x", "l y -> x"}, "entries beneath it"},
        {{"l y -> x", "d y"}, "twice"},
        {{"f y", "f y/x"}, "lies beneath 'y'"},
        {{"f .wh."}, "no name"},
        {{"f no/.wh.."}, "no name"},
        {{"d d", "h h -> d"}, "the directory 'd'"},
        {{"d d", "d ./d"}, "twice"},
        {{"f f", "h f -> ./f"}, "itself"},
        {{"d d", "l l -> d", "f d/f", "h l/f -> d/f"}, "twice"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        auto_(world) struct world world;
        world_open(&world);
        const struct apply_options options = OPTIONS_INIT(&world);
        auto_(apply) struct apply *apply = apply_new(&world, &options, i & 1);
        if (apply_lines(apply, rows[i].lines, "1", &err) != IMG_EFORMAT ||
            !strstr(err.message, rows[i].message))
            fail_msg("row %zu: %s", i, err.message);
    }
}

/* A13: the last of two counts where the caller says so. */
static void duplicates(void **state)
{
    static const struct {
        const char *lines[LINES];
        const char *expected[LINES];
    } rows[] = {
        {{"f x", "f x"}, {"1 x"}},
        {{"l x -> y", "f x", "f y"}, {"1 x", "1 y"}},
        {{"f x", "d x", "f x/y"}, {"d x", "1 x/y"}},
        {{"d x", "f x/y", "f x"}, {"1 x"}},
        {{"f x", "f x/y"}, {"1 x/y"}},
        {{"d x", "f x/y", "l x -> z", "d z", "f x/v"}, {"l x", "1 z/v", "- z/y"}},
        {{"d x", "f x/y", "d x"}, {"1 x/y"}},
        {{"f x", "h y -> x", "f x"}, {"1 x", "1 y"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (int way = 0; way < WAYS; way++) {
            img_error err;
            auto_(world) struct world world;
            world_open(&world);
            struct apply_options options = OPTIONS_INIT(&world);
            options.allow_duplicates = true;
            options.threads = way & THREADS ? 3 : 1;
            if (way & FILLED)
                put_file(world.root, "filled", "x", 0600);
            auto_(apply) struct apply *apply = apply_new(&world, &options, way & WALKS);
            assert_ok(apply_lines(apply, rows[i].lines, "1", &err));
            assert_ok(img__apply_end(apply, false, &err));
            assert_paths(world.root, rows[i].expected, i);
        }
}

static void whiteout_with_data(void **state)
{
    (void)state;
    for (int way = 0; way < 2; way++) {
        img_error err;
        auto_(world) struct world world;
        auto_buf tar = TARBALL_INIT;
        world_open(&world);
        put_file(world.root, "x", "1", 0600);
        const struct apply_options options = OPTIONS_INIT(&world);
        auto_(apply) struct apply *apply = apply_new(&world, &options, way);
        tarball_add(&tar, '0', ".wh.x", "data");
        assert_fails(apply_tar(apply, &tar, &err), IMG_EFORMAT, "with data");
        assert_int_equal(letter_of(world.root, "x"), '1');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stacking),           cmocka_unit_test(refused),
        cmocka_unit_test(refused_at_once),    cmocka_unit_test(duplicates),
        cmocka_unit_test(whiteout_with_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
