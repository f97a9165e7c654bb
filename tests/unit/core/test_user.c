/* SPDX-License-Identifier: Apache-2.0
 *
 * Users by name and by number, from files that an image brings along.
 */
#include "unit.h"

#include "core/user.h"

static const char passwd[] = "# name:password:uid:gid\n"
                             "root:x:0:0:root:/root:/bin/sh\n"
                             "\n"
                             "  daemon:x:1:1::/usr/sbin:/bin/false\r\n"
                             "app:x:1234:2345:an app,,:/data:/bin/sh\n"
                             "app:x:1:1::/wrong:/bin/sh\n"
                             "bare:x:7:8\n"
                             "1234:x:99:99::/trap:/bin/sh\n"
                             "most:x:4294967294:4294967294::/:\n"
                             "words:x:one:1::/:\n"
                             "minus:x:-1:1::/:\n"
                             "none:x:4294967295:1::/:\n"
                             "wrap:x:4294967296:1::/:\n"
                             "space:x: 5:1::/:\n"
                             "nogroup:x:5:\n"
                             "short:x\n"
                             "lone\n"
                             "last:x:50:51::/last:/bin/sh";
static const char group[] = "root:x:0:\n"
                            "app:x:2345:\n"
                            "extra:x:3456:app\n"
                            "#gone:x:1:app\n"
                            "more:x:4567:root,app,daemon\n"
                            "near:x:77:apps,xapp,app \n"
                            "daemon:x:1:\n"
                            "bad:x:zero:someone\n"
                            "big:x:4294967295:another\n"
                            "ends:x:78:root,last";

static int find(const char *spec, const char *users, const char *groups, struct user *out,
                img_error *err)
{
    struct user_files files = {users, users ? strlen(users) : 0, groups,
                               groups ? strlen(groups) : 0};
    return img__user_find(spec, &files, out, err);
}

static void test_found(void **state)
{
    static const struct {
        const char *spec;
        uint32_t uid, gid;
        const char *home; /* NULL: none */
        const char *groups;
    } rows[] = {
        {"", 0, 0, "/root", "4567 78 "},
        {":", 0, 0, "/root", "4567 78 "},
        {"root", 0, 0, "/root", "4567 78 "},
        {"0", 0, 0, "/root", "4567 78 "},
        {"000", 0, 0, "/root", "4567 78 "},
        {"daemon", 1, 1, "/usr/sbin", "4567 "},
        {"app", 1234, 2345, "/data", "3456 4567 77 "},
        {"app:", 1234, 2345, "/data", "3456 4567 77 "},
        /* A number is never a name. */
        {"1234", 1234, 2345, "/data", "3456 4567 77 "},
        {"app:extra", 1234, 3456, "/data", ""},
        {"app:17", 1234, 17, "/data", ""},
        {"app:0", 1234, 0, "/data", ""},
        {":extra", 0, 3456, "/root", ""},
        {"1000", 1000, 0, NULL, ""},
        {"1000:1001", 1000, 1001, NULL, ""},
        {"1000:extra", 1000, 3456, NULL, ""},
        {"bare", 7, 8, NULL, ""},
        {"most", 4294967294u, 4294967294u, "/", ""},
        {"4294967294:4294967294", 4294967294u, 4294967294u, "/", ""},
        {"last", 50, 51, "/last", "78 "},
    };
    img_error err;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(user) struct user user = USER_INIT;
        char groups[100] = "";
        assert_ok(find(rows[i].spec, passwd, group, &user, &err));
        for (size_t k = 0; k < user.group_count; k++)
            sprintf(groups + strlen(groups), "%u ", user.groups[k]);
        assert_int_equal(user.uid, rows[i].uid);
        assert_int_equal(user.gid, rows[i].gid);
        assert_string_equal(groups, rows[i].groups);
        assert_string_equal(user.home ? user.home : "none", rows[i].home ? rows[i].home : "none");
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *spec;
        int code;
        const char *text;
    } rows[] = {
        {"nobody", IMG_ENOTFOUND,
         "no user 'nobody' in /etc/passwd of the image; a number needs no line"},
        {"Root", IMG_ENOTFOUND, "no user 'Root'"},
        {"#gone", IMG_ENOTFOUND, "no user"},
        {"-1", IMG_ENOTFOUND, "no user '-1'"},
        {"+5", IMG_ENOTFOUND, "no user '+5'"},
        {" app", IMG_ENOTFOUND, "no user"},
        {"app:wheel", IMG_ENOTFOUND, "no group 'wheel' in /etc/group of the image"},
        {"app:a:b", IMG_ENOTFOUND, "no group 'a:b'"},
        {"4294967295", IMG_EINVAL, "the UID '4294967295' is above 4294967294"},
        {"4294967296", IMG_EINVAL, "is above"},
        {"18446744073709551616", IMG_EINVAL, "is above"},
        {"99999999999999999999999999999999999999999999999", IMG_EINVAL, "is above"},
        {"app:4294967295", IMG_EINVAL, "the GID '4294967295' is above"},
        {"words", IMG_EFORMAT, "/etc/passwd of the image: line 10 has 'one' for a UID"},
        {"minus", IMG_EFORMAT, "'-1' for a UID"},
        {"none", IMG_EFORMAT, "'4294967295' for a UID"},
        {"wrap", IMG_EFORMAT, "'4294967296' for a UID"},
        {"space", IMG_EFORMAT, "' 5' for a UID"},
        {"nogroup", IMG_EFORMAT, "'' for a GID"},
        {"short", IMG_EFORMAT, "'' for a UID"},
        {"lone", IMG_EFORMAT, "'' for a UID"},
        {"app:bad", IMG_EFORMAT, "/etc/group of the image: line 8 has 'zero' for a GID"},
        {"app:big", IMG_EFORMAT, "'4294967295' for a GID"},
    };
    img_error err;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(user) struct user user = USER_INIT;
        assert_fails(find(rows[i].spec, passwd, group, &user, &err), rows[i].code, rows[i].text);
        assert_int_equal(user.group_count, 0);
    }
}

/* A member of a group whose id is no number would be in group 0 elsewhere. */
static void test_bad_membership(void **state)
{
    auto_(user) struct user user = USER_INIT;
    img_error err;
    (void)state;
    assert_fails(find("u", "u:x:1:1::/:\n", "good:x:5:u\nbad:x::u\n", &user, &err), IMG_EFORMAT,
                 "line 2 has '' for a GID");
    assert_ok(find("u:good", "u:x:1:1::/:\n", "good:x:5:u\nbad:x::u\n", &user, &err));
    assert_int_equal(user.gid, 5);
}

static void test_no_files(void **state)
{
    auto_(user) struct user user = USER_INIT;
    img_error err;
    (void)state;
    assert_ok(find("", NULL, NULL, &user, &err));
    assert_int_equal(user.uid, 0);
    assert_int_equal(user.gid, 0);
    assert_null(user.home);
    assert_ok(find("65534:65533", NULL, NULL, &user, &err));
    assert_int_equal(user.uid, 65534);
    assert_int_equal(user.gid, 65533);
    assert_fails(find("app", NULL, NULL, &user, &err), IMG_ENOTFOUND,
                 "no user 'app' in /etc/passwd of the image");
    assert_fails(find("5:app", NULL, NULL, &user, &err), IMG_ENOTFOUND,
                 "no group 'app' in /etc/group of the image");
}

/* NUL is a byte as any other: it ends no line and hides nothing. */
static void test_nul(void **state)
{
    static const char bytes[] =
        "app\0:x:5:5::/five:\napp:x:6\0:6::/six:\nok\0\nok:x:7:7::/se\0ven:\n";
    struct user_files files = {bytes, sizeof(bytes) - 1, NULL, 0};
    auto_(user) struct user user = USER_INIT;
    img_error err;
    (void)state;
    assert_fails(img__user_find("app", &files, &user, &err), IMG_EFORMAT, "line 2 has '6");
    assert_ok(img__user_find("ok", &files, &user, &err));
    assert_int_equal(user.uid, 7);
    assert_string_equal(user.home, "/se");
}

/* Lines as long as a file, and nothing but marks. */
static void test_shapes(void **state)
{
    size_t len = 1 << 20;
    char *text = malloc(len + 1);
    struct user_files files = {text, len, text, len};
    auto_(user) struct user user = USER_INIT;
    img_error err;
    (void)state;
    assert_non_null(text);
    for (const char *marks = "a:,\n #\r"; *marks; marks++) {
        memset(text, *marks, len);
        text[len] = '\0';
        assert_fails(img__user_find("app", &files, &user, &err), IMG_ENOTFOUND, "no user 'app'");
        assert_ok(img__user_find("5", &files, &user, &err));
        assert_int_equal(user.uid, 5);
    }
    memset(text, 'a', len);
    memcpy(text + len - 20, "\napp:x:12:13::/home\n", 20);
    assert_ok(img__user_find("app", &files, &user, &err));
    assert_int_equal(user.gid, 13);
    assert_string_equal(user.home, "/home");
    free(text);
}

static void test_too_many_groups(void **state)
{
    size_t len = 0;
    char *text = malloc((USER_GROUPS_MAX + 1) * 16);
    struct user_files files = {"u:x:1:1::/:", 11, text, 0};
    auto_(user) struct user user = USER_INIT;
    img_error err;
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < USER_GROUPS_MAX; i++)
        len += (size_t)sprintf(text + len, "g:x:%zu:u\n", i);
    files.group_len = len;
    assert_ok(img__user_find("u", &files, &user, &err));
    assert_int_equal(user.group_count, USER_GROUPS_MAX);
    assert_int_equal(user.groups[USER_GROUPS_MAX - 1], USER_GROUPS_MAX - 1);
    files.group_len += (size_t)sprintf(text + len, "g:x:1:u\n");
    assert_fails(img__user_find("u", &files, &user, &err), IMG_ELIMIT, "more than 65536 groups");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_bad_membership),
        cmocka_unit_test(test_no_files),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_too_many_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
