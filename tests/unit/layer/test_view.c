/* SPDX-License-Identifier: Apache-2.0
 *
 * Stacks of layers (layers.md A1-A14). A layer is a list of lines: a type and a path, and for links
 * the target behind "->". Types are those of tar, with 'f' for a file.
 */
#include "layer/view.h"

#include <libimg/values.h>

#include "streams.h"
#include "tarball.h"
#include "unit.h"

#define auto_buf auto_(buf) struct buf
#define LINES 12

static void add_line(struct buf *tar, const char *line)
{
    static const struct {
        char letter;
        char type;
    } types[] = {{'f', '0'}, {'d', '5'}, {'l', '2'}, {'h', '1'}, {'c', '3'}, {'p', '6'}};
    char type = 0;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (types[i].letter == line[0])
            type = types[i].type;
    assert_true(type != 0);
    auto_free char *name = strdup(line + 2);
    char *arrow = strstr(name, " -> ");
    if (arrow)
        *arrow = '\0';
    tarball_link(tar, type, name, arrow ? arrow + 4 : "");
}

static int apply(struct view *view, const char *const *lines, img_error *err)
{
    auto_buf tar = TARBALL_INIT;
    for (size_t i = 0; i < LINES && lines[i]; i++)
        add_line(&tar, lines[i]);
    tarball_end(&tar);
    auto_(source) struct source *source = pieces_new(tar.data, tar.len, 4096);
    return img__view_apply(view, source, "layer x", err);
}

static char letter_of(const struct view *view, const char *path)
{
    const struct entry *entry = img__view_find(view, path);
    if (!entry)
        return '-';
    assert_string_equal(entry->path, path);
    assert_true(entry->type != ENTRY_HARDLINK);
    return "fdlhcbp"[entry->type];
}

/* What must be at each path: a letter as above, or '-' for nothing. */
static void assert_paths(const struct view *view, const char *const *paths, size_t row)
{
    for (size_t i = 0; i < LINES && paths[i]; i++)
        if (letter_of(view, paths[i] + 2) != paths[i][0])
            fail_msg("row %zu: %s is %c, not %c", row, paths[i] + 2, letter_of(view, paths[i] + 2),
                     paths[i][0]);
}

struct stack {
    const char *lower[LINES];
    const char *upper[LINES];
    const char *expected[LINES];
};

/* Most lower layers are this. */
#define LOWER                                                                                      \
    {                                                                                              \
        "d a", "f a/f", "f a/g", "d a/sub", "f a/sub/x", "l link -> a", "f top", "l gone -> no"    \
    }

static const struct stack stacks[] = {
    /* plain removal */
    {LOWER, {"f a/.wh.f"}, {"d a", "- a/f", "f a/g", "f a/sub/x"}},
    {LOWER, {"f .wh.a"}, {"- a", "- a/f", "- a/sub/x", "l link", "f top"}},
    {LOWER, {"f .wh.link", "f .wh.top"}, {"- link", "- top", "f a/f"}},
    /* A1: only what is below, whatever the order */
    {LOWER, {"d a", "f a/f", "f a/.wh.f"}, {"f a/f", "f a/g"}},
    {LOWER, {"d a", "f a/.wh.f", "f a/f"}, {"f a/f", "f a/g"}},
    /* A2: opaque, with nested new content */
    {LOWER,
     {"f a/sub/deep/n", "f a/.wh..wh..opq"},
     {"d a", "- a/f", "- a/g", "d a/sub", "- a/sub/x", "d a/sub/deep", "f a/sub/deep/n"}},
    {LOWER, {"d a", "f a/.wh..wh..opq", "f a/n"}, {"d a", "- a/f", "- a/sub", "f a/n"}},
    {LOWER, {"f .wh..wh..opq", "f n"}, {"- a", "- link", "- top", "f n"}},
    /* A3 */
    {LOWER, {"f a/sub/new", "f a/.wh.sub"}, {"d a/sub", "- a/sub/x", "f a/sub/new", "f a/f"}},
    /* A4, A5 */
    {LOWER, {"f .wh.a", "d a", "f a/new"}, {"d a", "- a/f", "- a/sub", "f a/new"}},
    {LOWER, {"f .wh.a", "f a/new"}, {"d a", "- a/f", "- a/sub", "f a/new"}},
    {LOWER, {"d a", "f a/new", "f .wh.a"}, {"d a", "- a/f", "- a/sub", "f a/new"}},
    /* A6: nothing to remove, nothing made */
    {LOWER,
     {"f .wh.no", "f no/.wh.x", "f no/at/.wh..wh..opq", "f top/.wh.foo", "f gone/.wh.x"},
     {"- no", "f top", "l gone", "- top/foo", "f a/f"}},
    /* A8: what looks like an opaque marker, and the files of aufs */
    {LOWER,
     {"f a/.wh..wh..opqX", "d .wh..wh.plnk", "f .wh..wh.plnk/17", "f .wh..wh.aufs"},
     {"f a/f", "f a/sub/x", "- .wh..wh.plnk", "- .wh..wh.plnk/17"}},
    /* A9 */
    {LOWER, {"d a/.wh.f", "l a/.wh.g -> x"}, {"- a/f", "- a/g", "f a/sub/x"}},
    /* whiteouts through a link below, unless the layer replaces the link */
    {LOWER, {"f link/.wh.f"}, {"l link", "- a/f", "f a/g"}},
    {LOWER, {"l link -> a", "f link/.wh.f"}, {"l link", "- a/f", "f a/g"}},
    {LOWER, {"d link", "f link/.wh.f", "f link/.wh..wh..opq"}, {"d link", "f a/f", "f a/g"}},
    /* what a path leads through is what there is when it comes */
    {LOWER, {"f link/new", "f .wh.link"}, {"- link", "f a/new", "f a/f"}},
    {LOWER, {"f .wh.link", "f link/new"}, {"d link", "f link/new", "- a/new", "f a/f"}},
    {LOWER, {"h h -> top", "f .wh.top"}, {"f h", "- top"}},
    {LOWER, {"f a/n", "f a/.wh..wh..opq", "f .wh..wh..opq"}, {"d a", "f a/n", "- a/f", "- top"}},
    /* A10: entries through a link below */
    {LOWER, {"f link/new"}, {"l link", "f a/new", "f a/f"}},
    {{"d usr/lib", "l lib -> usr/lib", "l abs -> /usr/lib", "l up -> ../../usr/lib"},
     {"f lib/a", "f abs/b", "f up/c", "d lib/d/e"},
     {"l lib", "f usr/lib/a", "f usr/lib/b", "f usr/lib/c", "d usr/lib/d/e"}},
    {LOWER, {"f gone/x"}, {"l gone", "d no", "f no/x"}},
    /* A11: what replaces what */
    {LOWER, {"d link"}, {"d link", "f a/f"}},
    {LOWER, {"d link", "f link/x"}, {"d link", "f link/x", "- a/x"}},
    {LOWER, {"d a"}, {"d a", "f a/f", "f a/sub/x"}},
    {LOWER, {"f a"}, {"f a", "- a/f", "- a/sub"}},
    {LOWER, {"l a -> top"}, {"l a", "- a/f"}},
    {LOWER, {"d top"}, {"d top"}},
    {LOWER, {"p top", "c a/f"}, {"p top", "c a/f"}},
    /* A12 */
    {LOWER, {"f top/x/y"}, {"d top", "d top/x", "f top/x/y"}},
    /* A14, and links to links */
    {LOWER, {"h h -> a/f", "h hl -> link", "h s -> link/g"}, {"f h", "l hl", "f s"}},
    {LOWER, {"h a/f -> link/f"}, {"f a/f"}},
    {LOWER, {"d ."}, {"d ", "f a/f"}},
    {LOWER, {NULL}, {"d ", "f a/f"}},
};

static void stacking(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
        img_error err;
        auto_(view) struct view *view = NULL;
        assert_ok(img__view_new(&view, &err));
        assert_ok(apply(view, stacks[i].lower, &err));
        if (apply(view, stacks[i].upper, &err))
            fail_msg("row %zu: %s", i, err.message);
        assert_paths(view, stacks[i].expected, i);
    }
}

static void refused(void **state)
{
    static const struct {
        const char *upper[LINES];
        const char *message;
    } rows[] = {
        {{"f a/.wh."}, "no name"},
        {{"f a/.wh.."}, "no name"},
        {{"f a/sub/.wh..."}, "no name"},
        {{"d .wh.a", "f .wh.a/x"}, "beneath a whiteout"},
        {{"f x", "f ./x"}, "twice"},
        {{"d y/", "f z", "f y"}, "twice"},
        {{"f a/n", "f link/n"}, "twice"},
        {{"d link/sub", "d a/sub"}, "twice"},
        {{"h a -> a/f"}, "not there before it"},
        {{"h top/x -> top"}, "not there before it"},
        {{"f n/x", "f n"}, "no directory"},
        {{"f n", "f n/x"}, "no directory"},
        {{"h h -> no"}, "not there before it"},
        {{"h h -> new", "f new"}, "not there before it"},
        {{"h h -> a"}, "to a directory"},
        {{"h h -> top/x"}, "not there before it"},
        {{"h h -> .wh..wh.plnk/17"}, "not there before it"},
        {{"f .wh.top", "h h -> top"}, "not there before it"},
        {{"l l1 -> l2", "l l2 -> l1", "f l1/x"}, "symbolic links"},
    };
    static const char *const lower[LINES] = LOWER;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        auto_(view) struct view *view = NULL;
        assert_ok(img__view_new(&view, &err));
        assert_ok(apply(view, lower, &err));
        assert_fails(apply(view, rows[i].upper, &err), IMG_EFORMAT, rows[i].message);
        assert_non_null(strstr(err.message, "layer x: "));
        assert_int_equal(apply(view, rows[i].upper, NULL), IMG_EFORMAT);
    }
}

static void whiteout_with_data(void **state)
{
    (void)state;
    img_error err;
    auto_(view) struct view *view = NULL;
    auto_buf tar = TARBALL_INIT;
    tarball_add(&tar, '0', ".wh.x", "data");
    auto_(source) struct source *source = pieces_new(tar.data, tar.len, 4096);
    assert_ok(img__view_new(&view, &err));
    assert_fails(img__view_apply(view, source, "x", &err), IMG_EFORMAT, "with data");
}

static void metadata(void **state)
{
    (void)state;
    img_error err;
    auto_(view) struct view *view = NULL;
    assert_ok(img__view_new(&view, &err));
    const struct entry *root = img__view_find(view, "");
    assert_non_null(root);
    assert_int_equal(root->mode, 0755);

    auto_buf tar = TARBALL_INIT;
    tarball_pax(&tar, 'x', "mtime", "5.25", "SCHILY.xattr.user.a", "v", NULL);
    tarball_add(&tar, '5', "d", "");
    tarball_pax(&tar, 'x', "SCHILY.xattr.user.a", "v", NULL);
    tarball_add(&tar, '0', "d/f", "12345");
    tarball_link(&tar, '1', "d/h", "d/f");
    tarball_add(&tar, '0', "implied/f", "");
    auto_(source) struct source *source = pieces_new(tar.data, tar.len, 4096);
    assert_ok(img__view_apply(view, source, "x", &err));

    const struct entry *entry = img__view_find(view, "d");
    assert_int_equal(entry->mode, 0644);
    assert_int_equal(entry->uid, 1);
    assert_int_equal(entry->gid, 2);
    assert_int_equal(entry->mtime, 5);
    assert_int_equal(entry->mtime_ns, 250000000);
    assert_int_equal(entry->xattr_count, 1);
    assert_string_equal(entry->xattrs[0].value, "v");
    entry = img__view_find(view, "d/f");
    assert_int_equal(entry->size, 5);
    assert_int_equal(entry->xattr_count, 0);
    entry = img__view_find(view, "d/h");
    assert_int_equal(entry->type, ENTRY_FILE);
    assert_int_equal(entry->size, 5);
    entry = img__view_find(view, "implied");
    assert_int_equal(entry->mode, 0755);
    assert_int_equal(entry->uid, 0);
    assert_int_equal(entry->mtime, 0);

    /* A directory over a directory: the attributes are its own alone. */
    static const char *const upper[LINES] = {"d d", "d ."};
    assert_ok(apply(view, upper, &err));
    entry = img__view_find(view, "d");
    assert_int_equal(entry->xattr_count, 0);
    assert_int_equal(entry->mtime, 3);
    assert_int_equal(img__view_find(view, "")->mode, 0644);
    assert_non_null(img__view_find(view, "d/f"));
    assert_null(img__view_find(view, "d/f/x"));
    assert_null(img__view_find(view, "nothing/at/all"));
}

static void resolving(void **state)
{
    static const char *const layer[LINES] = {"d usr/lib",
                                             "f usr/lib/f",
                                             "l lib -> usr/lib",
                                             "l abs -> /lib/./f",
                                             "l up -> ../../../usr",
                                             "l loop -> loop",
                                             "l dangling -> no/../no2/x",
                                             "f file",
                                             "l slash -> usr/lib/",
                                             "l root -> /",
                                             "l chain -> abs"};
    static const struct {
        const char *path;
        bool follow;
        const char *expected; /* NULL: refused */
    } rows[] = {
        {"", true, ""},
        {"usr/lib/f", true, "usr/lib/f"},
        {"lib/f", true, "usr/lib/f"},
        {"lib", true, "usr/lib"},
        {"lib", false, "lib"},
        {"lib/new/dir", true, "usr/lib/new/dir"},
        {"abs", true, "usr/lib/f"},
        {"abs", false, "abs"},
        {"chain", true, "usr/lib/f"},
        {"up/lib/f", false, "usr/lib/f"},
        {"slash/f", false, "usr/lib/f"},
        {"root/root/up/lib", true, "usr/lib"},
        {"no/such/path", true, "no/such/path"},
        {"dangling", true, "no2/x"},
        {"dangling/y", false, "no2/x/y"},
        {"file", true, "file"},
        {"file/x", true, NULL},
        {"abs/x", true, NULL},
        {"loop", true, NULL},
        {"loop", false, "loop"},
        {"loop/x", false, NULL},
    };
    (void)state;
    img_error err;
    auto_(view) struct view *view = NULL;
    assert_ok(img__view_new(&view, &err));
    assert_ok(apply(view, layer, &err));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *out = NULL;
        int rc = img__view_resolve(view, rows[i].path, rows[i].follow, &out, &err);
        if (!rows[i].expected) {
            assert_int_equal(rc, IMG_EINVAL);
            continue;
        }
        assert_int_equal(rc, 0);
        assert_string_equal(out, rows[i].expected);
    }
}

/* Forty links are followed, one more is not; and no path grows without limit. */
static void limits(void **state)
{
    (void)state;
    img_error err;
    auto_(view) struct view *view = NULL;
    auto_buf tar = TARBALL_INIT;
    char name[16];
    char link[16];
    for (int i = 0; i < 41; i++) {
        snprintf(name, sizeof(name), "l%d", i);
        snprintf(link, sizeof(link), "l%d", i + 1);
        tarball_link(&tar, '2', name, link);
    }
    auto_buf deep = TARBALL_INIT;
    for (int i = 0; i < 1000; i++)
        img__buf_puts(&deep, "dd/");
    tarball_pax(&tar, 'x', "linkpath", deep.data, NULL);
    tarball_link(&tar, '2', "deep", "");
    assert_ok(img__view_new(&view, &err));
    auto_(source) struct source *source = pieces_new(tar.data, tar.len, 4096);
    assert_ok(img__view_apply(view, source, "x", &err));

    auto_free char *out = NULL;
    assert_ok(img__view_resolve(view, "l1", true, &out, &err));
    assert_string_equal(out, "l41");
    assert_fails(img__view_resolve(view, "l0", true, &out, &err), IMG_EINVAL, "40 symbolic links");

    img__buf_clear(&tar);
    img__buf_clear(&deep);
    img__buf_puts(&deep, "deep");
    for (int i = 0; i < 400; i++)
        img__buf_puts(&deep, "/ddd");
    tarball_pax(&tar, 'x', "path", deep.data, NULL);
    tarball_add(&tar, '0', "f", "");
    auto_(source) struct source *second = pieces_new(tar.data, tar.len, 4096);
    assert_fails(img__view_apply(view, second, "x", &err), IMG_EFORMAT, "more than 4096 bytes");
}

/* layers.md X20: deep, many files, many opaque markers. */
static void markers_are_cheap(void **state)
{
    (void)state;
    img_error err;
    auto_(view) struct view *view = NULL;
    auto_buf tar = TARBALL_INIT;
    auto_buf path = TARBALL_INIT;
    for (int i = 0; i < 400; i++) {
        img__buf_puts(&path, "d/");
        auto_buf marker = TARBALL_INIT;
        img__buf_printf(&marker, "%s.wh..wh..opq", path.data);
        tarball_pax(&tar, 'x', "path", marker.data, NULL);
        tarball_add(&tar, '0', "m", "");
    }
    for (int i = 0; i < 8000; i++) {
        auto_buf file = TARBALL_INIT;
        img__buf_printf(&file, "%s%d", path.data, i);
        tarball_pax(&tar, 'x', "path", file.data, NULL);
        tarball_add(&tar, '0', "f", "");
    }
    assert_ok(img__view_new(&view, &err));
    for (int i = 0; i < 3; i++) {
        auto_(source) struct source *source = pieces_new(tar.data, tar.len, 1 << 20);
        assert_ok(img__view_apply(view, source, "x", &err));
    }
    img__buf_puts(&path, "7999");
    assert_int_equal(letter_of(view, path.data), 'f');
}

/* "d0.0 new\n": type, layer, ordinal, path. */
static int list_origin(const struct entry *entry, const struct origin *origin, void *arg)
{
    img__buf_printf(arg, "%c%u.%u %s\n", "fdlhcbp"[entry->type], origin -> layer, origin -> ordinal,
                    entry -> path);
    return entry->path[0] == 'x' ? -7 : 0;
}

/* X20, by links: each goes down six hundred directories and up again, and then to the next one. */
static void detours_have_a_limit(void **state)
{
    (void)state;
    img_error err;
    auto_(view) struct view *view = NULL;
    auto_buf tar = TARBALL_INIT;
    auto_buf path = TARBALL_INIT;
    char name[32];
    for (int i = 0; i < 600; i++)
        img__buf_puts(&path, "d/");
    tarball_pax(&tar, 'x', "path", path.data, NULL);
    tarball_add(&tar, '5', "d", "");
    for (int i = 0; i < 600; i++)
        img__buf_puts(&path, "../");
    for (int i = 0; i < 39; i++) {
        auto_buf target = TARBALL_INIT;
        img__buf_printf(&target, "%sl%d", path.data, i + 1);
        snprintf(name, sizeof(name), "l%d", i);
        tarball_pax(&tar, 'x', "linkpath", target.data, NULL);
        tarball_link(&tar, '2', name, "x");
    }
    tarball_add(&tar, '5', "l39", "");
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof(name), "l0/%d", i);
        tarball_add(&tar, '0', name, "");
    }
    assert_ok(img__view_new(&view, &err));
    auto_(source) struct source *source = pieces_new(tar.data, tar.len, 1 << 20);
    assert_fails(img__view_apply(view, source, "layer 7", &err), IMG_ELIMIT,
                 "layer 7: links lead its entries over too many");
}

/* D10: hard links are one file, whatever becomes of its first name. */
static void origins(void **state)
{
    static const char *const layers[][LINES] = {
        {"d a", "f a/f", "h a/g -> a/f", "f b.c", "d b", "f b/deep/x", "l b/link -> ../a"},
        {"f b/.wh.link", "h b/h -> a/g", "f .wh.none", "d a", "l z -> b", "f z/y"},
        {"f a/.wh.f", "f a/g", "f new/x", "f x"},
    };
    (void)state;
    img_error err;
    auto_(view) struct view *view = NULL;
    auto_buf text = TARBALL_INIT;
    struct origin origin;
    assert_ok(img__view_new(&view, &err));
    for (size_t i = 0; i < 3; i++)
        assert_ok(apply(view, layers[i], &err));
    assert_int_equal(img__view_each(view, list_origin, &text), -7);
    assert_string_equal(text.data, "d2.3 a\nf3.1 a/g\n"
                                   "d1.4 b\nd0.0 b/deep\nf1.5 b/deep/x\nf1.1 b/h\nf2.5 b/y\n"
                                   "f1.3 b.c\nd0.0 new\nf3.2 new/x\nf3.3 x\n");
    assert_string_equal(img__view_find_origin(view, "b/h", &origin)->path, "b/h");
    assert_int_equal(origin.layer, 1);
    assert_int_equal(origin.ordinal, 1);
    assert_null(img__view_find_origin(view, "a/f", &origin));
}

/* What a build has no use for: attributes of all files; what compat allows. */
static void kept_if_asked(void **state)
{
    (void)state;
    for (int keep = 0; keep < 2; keep++) {
        img_error err;
        auto_(view) struct view *view = NULL;
        auto_buf tar = TARBALL_INIT;
        tarball_pax(&tar, 'x', "SCHILY.xattr.user.a", "1", NULL);
        tarball_add(&tar, '0', "f", "");
        tarball_link(&tar, '1', "h", "f");
        tarball_add(&tar, '0', "f", "second");
        assert_ok(img__view_new(&view, &err));
        if (keep) {
            img__view_keep_xattrs(view);
            img__view_compat(view, IMG_COMPAT_DUPLICATES);
        }
        auto_(source) struct source *source = pieces_new(tar.data, tar.len, 4096);
        if (!keep) {
            assert_fails(img__view_apply(view, source, "x", &err), IMG_EFORMAT, "twice");
            continue;
        }
        assert_ok(img__view_apply(view, source, "x", &err));
        assert_int_equal(img__view_find(view, "f")->size, 6);
        assert_int_equal(img__view_find(view, "f")->xattr_count, 0);
        assert_int_equal(img__view_find(view, "h")->size, 0);
        assert_int_equal(img__view_find(view, "h")->xattr_count, 1);
    }
}

static void bad_tar(void **state)
{
    (void)state;
    img_error err;
    auto_(view) struct view *view = NULL;
    auto_(source) struct source *source = pieces_new("junk", 4, 4);
    assert_ok(img__view_new(&view, &err));
    assert_fails(img__view_apply(view, source, "layer 3", &err), IMG_EFORMAT, "layer 3: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stacking),
        cmocka_unit_test(refused),
        cmocka_unit_test(whiteout_with_data),
        cmocka_unit_test(metadata),
        cmocka_unit_test(resolving),
        cmocka_unit_test(limits),
        cmocka_unit_test(markers_are_cheap),
        cmocka_unit_test(bad_tar),
        cmocka_unit_test(origins),
        cmocka_unit_test(detours_have_a_limit),
        cmocka_unit_test(kept_if_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
