/* SPDX-License-Identifier: Apache-2.0
 *
 * certs.d: which folder and which files of it count for a host.
 */
#include "folder.h"

#include "registry/certs.h"

#define PEM "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

static void test_a_folder(void **state)
{
    struct certs certs = CERTS_INIT;
    img_error err;
    (void)state;
    put_file("d/a.example:5000/one.crt", PEM);
    put_file("d/a.example:5000/two.crt", PEM "# two\n");
    put_file("d/a.example:5000/me.cert", PEM);
    put_file("d/a.example:5000/me.key", "key");
    put_file("d/a.example:5000/you.cert", PEM);
    put_file("d/a.example:5000/you.key", "key");
    put_file("d/a.example:5000/README", "nothing");
    assert_ok(img__certs_find(in_folder("d"), "a.example:5000", &warned, &certs, &err));
    assert_string_equal(certs.ca.data, PEM "\n" PEM "# two\n\n");
    assert_string_equal(certs.cert_file, in_folder("d/a.example:5000/me.cert"));
    assert_string_equal(certs.key_file, in_folder("d/a.example:5000/me.key"));
    assert_int_equal(certs.files.count, 4);
    assert_non_null(strstr(warnings, "you.cert is ignored: "));
    img__certs_free(&certs);
}

static void test_other_hosts_have_none(void **state)
{
    static const char *const hosts[] = {"a.example", "a.example:5001", "b.example:5000",
                                        "[::1]:5000"};
    (void)state;
    put_file("d/a.example:5000/me.cert", PEM);
    put_file("d/a.example:5000/me.key", "key");
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        struct certs certs = CERTS_INIT;
        img_error err;
        assert_ok(img__certs_find(in_folder("d"), hosts[i], &warned, &certs, &err));
        assert_int_equal(certs.files.count, 0);
        assert_null(certs.cert_file);
        img__certs_free(&certs);
    }
}

static void test_halves(void **state)
{
    struct certs certs = CERTS_INIT;
    img_error err;
    (void)state;
    put_file("d/one/me.cert", PEM);
    assert_fails(img__certs_find(in_folder("d"), "one", &warned, &certs, &err), IMG_ENOTFOUND,
                 "one/me.cert but no ");
    assert_non_null(strstr(err.message, "d/one/me.key"));
    put_file("d/two/me.key", "key");
    assert_fails(img__certs_find(in_folder("d"), "two", &warned, &certs, &err), IMG_ENOTFOUND,
                 "two/me.key but no ");
    assert_non_null(strstr(err.message, "d/two/me.cert"));
    put_file("d/three/ca.crt", "not PEM");
    assert_fails(img__certs_find(in_folder("d"), "three", &warned, &certs, &err), IMG_EFORMAT,
                 "three/ca.crt holds no certificate");
    img__certs_free(&certs);
}

static void test_the_users_folder(void **state)
{
    struct certs certs = CERTS_INIT;
    img_error err;
    (void)state;
    put_file("home/.config/containers/certs.d/a.example:443/ca.crt", PEM);
    assert_ok(img__certs_find(NULL, "a.example", &warned, &certs, &err));
    assert_int_equal(certs.files.count, 1);
    img__certs_free(&certs);
}

/* Elsewhere --cert-dir has the files themselves. Not to use them, silently, would be a riddle. */
static void test_a_flat_folder(void **state)
{
    struct certs certs = CERTS_INIT;
    img_error err;
    (void)state;
    put_file("d/ca.crt", PEM);
    assert_fails(img__certs_find(in_folder("d"), "a.example", &warned, &certs, &err), IMG_EINVAL,
                 "d/a.example");
    assert_fails(img__certs_find(in_folder("e"), "a.example", &warned, &certs, &err), IMG_ENOTFOUND,
                 "can't read ");
    put_file("d/a.example/x", "");
    assert_ok(img__certs_find(in_folder("d"), "a.example", &warned, &certs, &err));
    img__certs_free(&certs);
}

static void test_unreadable_folders_are_skipped(void **state)
{
    struct certs certs = CERTS_INIT;
    img_error err;
    (void)state;
    put_file("home/.config/containers/certs.d/x", "");
    assert_int_equal(symlink("loop", in_folder("home/.config/containers/certs.d/a.example")), 0);
    assert_int_equal(symlink("a.example", in_folder("home/.config/containers/certs.d/loop")), 0);
    assert_ok(img__certs_find(NULL, "a.example", &warned, &certs, &err));
    assert_int_equal(certs.files.count, 0);
    assert_non_null(strstr(warnings, "certs.d/a.example is skipped: it can't be read: "));
    img__certs_free(&certs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(test_a_folder),      folder_test(test_other_hosts_have_none),
        folder_test(test_halves),        folder_test(test_the_users_folder),
        folder_test(test_a_flat_folder), folder_test(test_unreadable_folders_are_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
