/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules of what is left out, as docker has them (C28). What is expected is how moby/patternmatcher
 * behaves.
 */
#include "layer/ignore.h"

#include <string.h>

#include "unit.h"

/* Rules divided by blanks. */
static struct ignore *rules(const char *text)
{
    img_error err;
    struct ignore *ignore = NULL;
    auto_free char *copy = strdup(text);
    assert_non_null(copy);
    assert_ok(img__ignore_new(&ignore, &err));
    for (char *rule = strtok(copy, " "); rule; rule = strtok(NULL, " "))
        assert_ok(img__ignore_add(ignore, rule, "here", &err));
    return ignore;
}

static void one_rule(void **state)
{
    static const struct {
        const char *rule, *path;
        bool out;
    } rows[] = {
        {"**", "file", true},
        {"**/", "file", true},
        {"**", "dir/file", true},
        {"**/**", "dir/file", true},
        {"dir/**", "dir/file", true},
        {"dir/**", "dir/dir2/file", true},
        {"dir/**", "dir", false},
        {"dir**", "dirx", true},
        {"**/dir", "dir", true},
        {"**/dir", "dir/file", true},
        {"**/dir2/*", "dir/dir2/file", true},
        {"**/dir2/**", "dir/dir2/dir3/file", true},
        {"**file", "file", true},
        {"**file", "dir/file", true},
        {"**file", "dir/dir/xfile", true},
        {"**file*", "dir/dir/xfile", false},
        {"**file*", "dir/dir/filex", true},
        {"**/file", "dir/dir/file", true},
        {"**/file", "xfile", false},
        {"**/file*", "dir/dir/file.txt", true},
        {"**/file*txt", "dir/dir/file.txt", true},
        {"**/file*.txt*", "dir/dir/file.txt", true},
        {"**/**/*.txt", "dir/dir/file.txt", true},
        {"**/**/*.txt2", "dir/dir/file.txt", false},
        {"******/x", "a/b/x", true},
        {"******/x", "a/b/xx", false},
        {"**/*.txt", "file.txt", true},
        {"a**/*.txt", "a/file.txt", true},
        {"a**/*.txt", "a/dir/dir/file.txt", true},
        {"a/*.txt", "a/dir/file.txt", false},
        {"a/*.txt", "a/file.txt", true},
        {"a/*.txt**", "a/file.txt", true},
        {"a**b", "ab", true},
        {"a**b", "ax/b", true},
        {"a**b", "axb", false},
        {"a[b-d]e", "ae", false},
        {"a[b-d]e", "ace", true},
        {"a[b-d]e", "aae", false},
        {"a[^b-d]e", "aze", true},
        {"a[^b]c", "a/c", true}, /* a class is no less than that */
        {".*", ".foo", true},
        {".*", "foo", false},
        {"abc.def", "abcdef", false},
        {"abc.def", "abcZdef", false},
        {"abc?def", "abcZdef", true},
        {"abc?def", "abc/def", false},
        {"abc?def", "abcdef", false},
        {"a\\\\", "a\\", true},
        {"a\\*b", "a*b", true},
        {"a\\*b", "axb", false},
        {"a\\d", "ad", true},
        {"**/foo/bar", "foo/bar", true},
        {"**/foo/bar", "dir/dir2/foo/bar", true},
        {"**/foo/bar", "dir/xfoo/bar", false},
        {"abc/**", "abc/def/ghi", true},
        {"**/.foo", ".foo", true},
        {"**/.foo", "bar.foo", false},
        {"a(b)c/def", "a(b)c/def", true},
        {"a(b)c/def", "a(b)c/xyz", false},
        {"a.|)$(}+{bc", "a.|)$(}+{bc", true},
        {"dist/*.whl", "dist/proxy.py-2.4.0rc3.dev36+g08acad9-py3-none-any.whl", true},
        {"*", "a/b/c", true},
        {"a*", "ab/c", true},
        {"a*/b", "a/c/b", false},
        {"a*/b", "abc/b/x", true},
        {"a*b*c*d*e*/f", "axbxcxdxexxx/f", true},
        {"a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false},
        {"a*b*c*d*e*/f", "axbxcxdxexxx/fff", false},
        {"a*b?c*x", "abxbbxdbxebxczzx", true},
        {"a*b?c*x", "abxbbxdbxebxczzy", false},
        {"*[^a]*b", "xy/zb", true},
        {"a?b", "a☺b", true},
        {"a[^a]b", "a☺b", true},
        {"a???b", "a☺b", false},
        {"a?b",
         "a\xff"
         "b",
         true},
        {"a\xff*",
         "a\xff"
         "b",
         true},
        {"[a-ζ]*", "α", true},
        {"*[a-ζ]", "A", false},
        {"[\\]a]", "]", true},
        {"[\\-]", "-", true},
        {"[x\\-]", "-", true},
        {"[x\\-]", "z", false},
        {"[\\-x]", "a", false},
        {"a]b", "a]b", true},
        {"*x", "xxx", true},
        {"docs", "docs/a/b", true},
        {"docs", "docsx", false},
        {"docs/", "docs/README.md", true},
        {"/docs", "docs", true},
        {"//docs//x/", "docs/x", true},
        {"./docs/./x", "docs/x", true},
        {"docs/../x", "x", true},
        {"docs/../../x", "x", false},
        {"/../x", "x", true},
        {"a/b/../../../..", "a", false},
        {".", "a", false},
        {"/", "a", false},
        {"..", "a", false},
        {"#x", "#x", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(ignore) struct ignore *ignore = rules(rows[i].rule);
        bool out = img__ignore_judge(ignore, rows[i].path) != IGNORE_TAKE;
        if (out != rows[i].out)
            fail_msg("%s: %s is%s left out", rows[i].rule, rows[i].path, out ? "" : " not");
    }
}

static void several_rules(void **state)
{
    static const struct {
        const char *rules, *path;
        enum ignore_verdict verdict;
    } rows[] = {
        {"", "a", IGNORE_TAKE},
        {"!a.go *.go", "a.go", IGNORE_LEAVE_OUT},
        {"*.go !a.go", "a.go", IGNORE_TAKE},
        {"docs !docs/README.md", "docs/README.md", IGNORE_TAKE},
        {"docs/ !docs/README.md", "docs/README.md", IGNORE_TAKE},
        {"docs/* !docs/README.md", "docs/README.md", IGNORE_TAKE},
        {"docs !docs/README.md", "docs", IGNORE_LOOK},
        {"docs !docs/README.md", "docs/a", IGNORE_LEAVE_OUT},
        {"docs !docs/README.md", "other", IGNORE_TAKE},
        {"docs !docs/README.md docs", "docs", IGNORE_LEAVE_OUT},
        {"docs !docs/README.md docs", "docs/README.md", IGNORE_LEAVE_OUT},
        {"** !util/docker/web", "util/docker/web/foo", IGNORE_TAKE},
        {"** !util/docker/web", "util/docker", IGNORE_LOOK},
        {"** !util/docker/web", "util/dock", IGNORE_LEAVE_OUT},
        {"** !util/docker/web", "usr", IGNORE_LEAVE_OUT},
        {"** !util/docker/web util/docker/web/foo", "util/docker/web/foo", IGNORE_LEAVE_OUT},
        {"** !dist/*.whl", "dist/a.whl", IGNORE_TAKE},
        {"** !dist/*.whl", "dist", IGNORE_LOOK},
        {"** !dist/*.whl", "dist/sub", IGNORE_LEAVE_OUT},
        {"** !**/*.md", "any/where", IGNORE_LOOK},
        {"** !**/*.md", "any/where/x.md", IGNORE_TAKE},
        {"* !src !src/** src/secret", "src/secret/key", IGNORE_LEAVE_OUT},
        {"* !src !src/** src/secret", "src/main.c", IGNORE_TAKE},
        {"*.md !README*.md README-secret.md", "README-secret.md", IGNORE_LEAVE_OUT},
        {"*.md !README*.md README-secret.md", "README-x.md", IGNORE_TAKE},
        {"*.md README-secret.md !README*.md", "README-secret.md", IGNORE_TAKE},
        {"a !a/b/c a/b !a/b/d", "a/b", IGNORE_LOOK},
        {"a !a/b/c a/b !a/b/d", "a/b/c", IGNORE_LEAVE_OUT},
        {"a !a/b/c a/b !a/b/d", "a/b/d", IGNORE_TAKE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(ignore) struct ignore *ignore = rules(rows[i].rules);
        if (img__ignore_judge(ignore, rows[i].path) != rows[i].verdict)
            fail_msg("%s: %s: not %d", rows[i].rules, rows[i].path, (int)rows[i].verdict);
    }
}

static void lines(void **state)
{
    static const char file[] = "\xef\xbb\xbf# a comment\n"
                               "test1\r\n"
                               "  /test 2/\t\n"
                               "\n"
                               " # no comment\n"
                               "! \xc2\xa0/test1/keep\xe3\x80\x80\n"
                               "\xef\xbb\xbfmark\n"
                               "last";
    img_error err;
    auto_(buf) struct buf text = BUF_INIT(1000);
    auto_(ignore) struct ignore *ignore = rules("");
    (void)state;
    img__buf_append(&text, file, sizeof(file) - 1);
    assert_ok(img__ignore_add_lines(ignore, &text, "it", &err));
    assert_int_equal(img__ignore_judge(ignore, "test1"), IGNORE_LOOK);
    assert_int_equal(img__ignore_judge(ignore, "test1/keep"), IGNORE_TAKE);
    assert_int_equal(img__ignore_judge(ignore, "test 2"), IGNORE_LEAVE_OUT);
    assert_int_equal(img__ignore_judge(ignore, "# no comment"), IGNORE_LEAVE_OUT);
    assert_int_equal(img__ignore_judge(ignore, "# a comment"), IGNORE_TAKE);
    assert_int_equal(img__ignore_judge(ignore, "mark"), IGNORE_TAKE);
    assert_int_equal(img__ignore_judge(ignore, "\xef\xbb\xbfmark"), IGNORE_LEAVE_OUT);
    assert_int_equal(img__ignore_judge(ignore, "last"), IGNORE_LEAVE_OUT);
}

static void refused(void **state)
{
    static const char *const bad[] = {"[]a]", "[-]",  "[x-]", "[-x]",  "\\", "[a-b-c]",
                                      "[",    "[^",   "[^bc", "a[",    "[]", "[^]x",
                                      "a\\",  "[a\\", "[a-]", "[\xff]"};
    img_error err;
    auto_(ignore) struct ignore *ignore = rules("");
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_fails(img__ignore_add(ignore, bad[i], "here", &err), IMG_EINVAL, "is no pattern");
    assert_fails(img__ignore_add(ignore, " ! ", "here", &err), IMG_EINVAL, "here: '!' takes in");
    auto_(buf) struct buf text = BUF_INIT(1000);
    img__buf_puts(&text, "a\n#\n\nb[\n");
    assert_fails(img__ignore_add_lines(ignore, &text, "it", &err), IMG_EINVAL, "it:4: 'b['");
    img__buf_clear(&text);
    img__buf_append(&text, "a\0b", 3);
    assert_fails(img__ignore_add_lines(ignore, &text, "it", &err), IMG_EINVAL, "it:1: a pattern");
    auto_free char *large = calloc(1, IGNORE_PATTERN_MAX + 2);
    assert_non_null(large);
    memset(large, 'a', IGNORE_PATTERN_MAX + 1);
    assert_fails(img__ignore_add(ignore, large, "here", &err), IMG_ELIMIT, "here: a pattern");
}

/* Patterns that make those who try one way after the other take for ever: no more than the two
 * lengths multiplied. */
static void hostile(void **state)
{
    auto_(buf) struct buf pattern = BUF_INIT(IGNORE_PATTERN_MAX);
    auto_(buf) struct buf path = BUF_INIT(8192);
    img_error err;
    (void)state;
    for (int i = 0; i < 150; i++) {
        img__buf_puts(&pattern, i % 2 ? "**/[^b]" : "*a");
        img__buf_puts(&path, i % 2 ? "/c" : "aaaaaaaaaaaaaa");
    }
    img__buf_puts(&pattern, "!");
    auto_(ignore) struct ignore *ignore = rules("");
    assert_ok(img__ignore_add(ignore, img__buf_text(&pattern), "here", &err));
    assert_int_equal(img__ignore_judge(ignore, img__buf_text(&path)), IGNORE_TAKE);
    img__buf_puts(&path, "!");
    assert_int_equal(img__ignore_judge(ignore, img__buf_text(&path)), IGNORE_LEAVE_OUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_rule), cmocka_unit_test(several_rules), cmocka_unit_test(lines),
        cmocka_unit_test(refused),  cmocka_unit_test(hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
