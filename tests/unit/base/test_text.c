/* SPDX-License-Identifier: Apache-2.0
 *
 * Text without locale, and error messages that stay one clean line.
 */
#include "unit.h"

#include <errno.h>

#include "base/err.h"
#include "base/text.h"

static void numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t max, value;
        bool ok;
    } rows[] = {
        {"0", 9, 0, true},
        {"65535", 65535, 65535, true},
        {"65536", 65535, 0, false},
        {"", 9, 0, false},
        {"-1", 9, 0, false},
        {"+1", 9, 0, false},
        {" 1", 9, 0, false},
        {"1x", 99, 0, false},
        {"007", 9, 7, true},
        {"18446744073709551615", UINT64_MAX, UINT64_MAX, true},
        {"18446744073709551616", UINT64_MAX, 0, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t value = 0;
        assert_int_equal(img__text_number(rows[i].text, rows[i].max, &value), rows[i].ok);
        assert_int_equal(value, rows[i].value);
    }
}

static void cleaning(void **state)
{
    (void)state;
    static const struct {
        const char *text, *clean;
    } rows[] = {
        {"plain", "plain"},
        {"a\nb\x1b[31m", "a\\x0ab\\x1b[31m"},
        {"\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9"},
        {"\xff\xfe", "\\xff\\xfe"},
        {"\xc0\xaf", "\\xc0\\xaf"},                   /* overlong '/' */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},          /* surrogate */
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* above U+10FFFF */
        {"\xc2\x9b", "\\xc2\\x9b"},                   /* C1: a terminal's CSI */
        {"\xe2\x82", "\\xe2\\x82"},                   /* cut short */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[64];
        img__text_clean(rows[i].text, out, sizeof(out));
        assert_string_equal(out, rows[i].clean);
    }
    char small[5];
    img__text_clean("abc\xc3\xa9", small, sizeof(small)); /* the last character has no room */
    assert_string_equal(small, "abc");
}

static void affixes(void **state)
{
    (void)state;
    assert_true(img__text_starts("sha256:x", "sha256:"));
    assert_false(img__text_starts("sha", "sha256:"));
    assert_true(img__text_ends("layer+gzip", "+gzip"));
    assert_false(img__text_ends("gzip", "+gzip"));
    assert_true(img__text_equal_nocase("Bearer", "bEARER"));
    assert_false(img__text_equal_nocase("Bearer", "Bearers"));
    assert_true(img__text_starts_nocase("LOCATION: x", "location:"));
}

static void messages(void **state)
{
    (void)state;
    img_error err;
    assert_fails(img__fail(&err, IMG_EAUTH, "%s said \"%s\"", "registry", "no\r\nX: y"), IMG_EAUTH,
                 "registry said \"no\\x0d\\x0aX: y\"");
    assert_int_equal(img__prefix(&err, IMG_EFAIL, "push %s", "a/b:1"), IMG_EAUTH);
    assert_string_equal(err.message, "push a/b:1: registry said \"no\\x0d\\x0aX: y\"");
    img__fail(&err, IMG_EINVAL, "'a/b:1': no"); /* the subject is not said twice */
    img__prefix(&err, IMG_EFAIL, "push %s", "a/b:1");
    assert_string_equal(err.message, "push a/b:1: no");
    img__fail(&err, IMG_EINVAL, "'b:1': no");
    img__prefix(&err, IMG_EFAIL, "push %s", "a/b:1");
    assert_string_equal(err.message, "push a/b:1: 'b:1': no");
    char large[4096];
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    assert_int_equal(img__fail(&err, IMG_EFAIL, "%s", large), IMG_EFAIL);
    assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
    assert_int_equal(img__fail(NULL, IMG_EDIGEST, "nobody listens"), IMG_EDIGEST);
    errno = EISDIR; /* what is wrong stays, whatever the length of the rest */
    assert_fails(img__fail_errno(&err, "cannot open %s", large), IMG_EIO, "xxx: Is a directory");
    assert_memory_equal(err.message, "cannot open xxx", 15);
    assert_int_equal(err.sys_errno, EISDIR);
    assert_int_equal(img__prefix(&err, IMG_EIO, "add %s", large), IMG_EIO);
    assert_memory_equal(err.message, "add xxx", 7);
    assert_non_null(strstr(err.message, "xxx: Is a directory"));
    memset(large, '\xc3', sizeof(large) - 1);
    for (size_t i = 1; i < sizeof(large) - 1; i += 2)
        large[i] = '\xa9';
    assert_int_equal(img__fail(&err, IMG_EIO, "%s", large), IMG_EIO);
    assert_int_equal(img__prefix(&err, IMG_EIO, "!%s", large), IMG_EIO);
    for (const char *at = err.message; *at; at += img__text_utf8(at))
        assert_true(img__text_utf8(at) > 0);
}

static void statuses(void **state)
{
    (void)state;
    for (int code = 0; code >= -16; code--) {
        int status = img_code_exit_status(code), found = 0;
        for (const img_exit_status *row = img_exit_statuses(); row->name; row++)
            found += row->status == status;
        assert_int_equal(found, 1);
    }
    assert_int_equal(img_code_exit_status(IMG_EDIGEST), 7);
    assert_int_equal(img_code_exit_status(-1000), 1);
    assert_string_equal(img_code_name(IMG_ENOTFOUND), "not found");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),  cmocka_unit_test(cleaning), cmocka_unit_test(affixes),
        cmocka_unit_test(messages), cmocka_unit_test(statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
