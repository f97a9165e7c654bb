/* SPDX-License-Identifier: Apache-2.0
 *
 * containerd's hosts.toml: what it says of mirrors and of the registry itself.
 */
#include "folder.h"

#include "registry/hosts_toml.h"

#define PEM "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

static void test_entries(void **state)
{
    struct hosts_toml *hosts = NULL;
    img_error err;
    (void)state;
    put_file("d/a.example/ca.pem", PEM);
    put_file("d/a.example/me.pem", PEM);
    put_file("d/a.example/me.key", PEM);
    put_file("d/a.example/hosts.toml",
             "server = \"https://a.example\"\n"
             "[host.\"https://M1.example:443\"]\ncapabilities = [\"pull\"]\nca = \"ca.pem\"\n"
             "client = [[\"me.pem\", \"me.key\"]]\n"
             "[host.\"https://M1.example:443\".header]\nx-one = \"1\"\nx-two = [\"2\", \"3\"]\n"
             "[host.\"http://m2:5000/some/proxy/\"]\ncapabilities = [\"Resolve\", \"push\"]\n"
             "skip_verify = true\nclient = \"me.pem\"\n"
             "[host.\"m3/x/v2\"]\n"
             "[host.\"https://m4/all/of/it\"]\noverride_path = true\ndial_timeout = \"1s\"\n");
    assert_ok(img__hosts_toml_find(in_folder("d"), "a.example", &warned, &hosts, &err));
    assert_non_null(hosts);
    assert_int_equal(hosts->mirror_count, 4);
    const struct hosts_entry *m = hosts->mirrors;
    assert_string_equal(m[0].host, "m1.example");
    assert_string_equal(m[0].base, "/v2");
    assert_true(m[0].pull && !m[0].resolve && !m[0].push && !m[0].plain_http && !m[0].insecure);
    assert_string_equal(m[0].certs.ca.data, PEM "\n");
    assert_string_equal(m[0].certs.cert_file, in_folder("d/a.example/me.pem"));
    assert_string_equal(m[0].certs.key_file, in_folder("d/a.example/me.key"));
    assert_int_equal(m[0].headers.count, 3);
    assert_string_equal(m[0].headers.items[2], "x-two: 3");
    assert_string_equal(m[1].host, "m2:5000");
    assert_string_equal(m[1].base, "/some/proxy/v2");
    assert_true(!m[1].pull && m[1].resolve && m[1].push && m[1].plain_http && m[1].insecure);
    assert_string_equal(m[1].certs.key_file, in_folder("d/a.example/me.pem"));
    assert_string_equal(m[2].host, "m3");
    assert_string_equal(m[2].base, "/x/v2");
    assert_true(m[2].pull && m[2].resolve && m[2].push && !m[2].plain_http);
    assert_string_equal(m[3].base, "/all/of/it");
    assert_string_equal(hosts->server.host, "a.example");
    assert_non_null(strstr(warnings, ":16: \"dial_timeout\" is not known"));
    assert_null(strchr(strchr(warnings, '\n') + 1, '\n'));
    img__hosts_toml_free(hosts);
}

static void test_lookup(void **state)
{
    static const struct {
        const char *host, *server;
    } rows[] = {
        {"a.example:5000", "one"},
        {"b.example:5000", "two"},
        {"[::1]:5000", "three"},
        {"b.example", "default"},
    };
    (void)state;
    put_file("d/a.example_5000_/hosts.toml", "server = \"one\"\n");
    put_file("d/a.example:5000/hosts.toml", "server = \"not this\"\n");
    put_file("d/b.example:5000/hosts.toml", "server = \"two\"\n");
    put_file("d/[::1]_5000_/hosts.toml", "server = \"three\"\n");
    put_file("d/_default/hosts.toml", "server = \"default\"\n");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hosts_toml *hosts = NULL;
        img_error err;
        assert_ok(img__hosts_toml_find(in_folder("d"), rows[i].host, &warned, &hosts, &err));
        assert_non_null(hosts);
        assert_string_equal(hosts->server.host, rows[i].server);
        img__hosts_toml_free(hosts);
    }
    struct hosts_toml *hosts = NULL;
    img_error err;
    assert_ok(img__hosts_toml_find(in_folder("nowhere"), "a", &warned, &hosts, &err));
    assert_null(hosts);
}

static void test_mistakes(void **state)
{
    static const struct {
        const char *text;
        int code;
        const char *message;
    } rows[] = {
        {"server = 1\n", IMG_EFORMAT, "hosts.toml:1: \"server\" must be a string"},
        {"server = \"https://\"\n", IMG_EFORMAT, ":1: \"server\" must be a URL"},
        {"server = \"ftp://a\"\n", IMG_EFORMAT, ":1: \"server\" must be a URL"},
        {"server = \"https://u:p@a\"\n", IMG_EFORMAT, ":1: \"server\" must be a URL"},
        {"server = \"https://a/b?c\"\n", IMG_EFORMAT, ":1: \"server\" must be a URL with a plain"},
        {"[host.\"https://a\"]\ncapabilities = \"pull\"\n", IMG_EFORMAT,
         ":2: \"capabilities\" must"},
        {"[host.\"https://a\"]\ncapabilities = [\"fly\"]\n", IMG_EFORMAT,
         ":2: \"capabilities\" must"},
        {"host = 1\n", IMG_EFORMAT, ":1: \"host\" must be a table"},
        {"host.a = 1\n", IMG_EFORMAT, ":1: \"a\" must be a table"},
        {"ca = 1\n", IMG_EFORMAT, ":1: \"ca\" must be the path of a file"},
        {"ca = \"gone.pem\"\n", IMG_ENOTFOUND, "/d/a/gone.pem"},
        {"client = \"gone.pem\"\n", IMG_ENOTFOUND, "/d/a/gone.pem"},
        {"client = [[\"a\"]]\n", IMG_EFORMAT, ":1: \"an element\" must be [\"CERTIFICATE\""},
        {"header = 1\n", IMG_EFORMAT, ":1: \"header\" must be a table"},
        {"[header]\n\"a b\" = \"c\"\n", IMG_EFORMAT, ":2: \"a b\" must be a header"},
        {"[header]\nHost = \"c\"\n", IMG_EFORMAT, ":2: \"Host\" must be a header"},
        {"[header]\na = \"c\\r\\nb: d\"\n", IMG_EFORMAT, ":2: \"a\" must be a header without"},
        {"[header]\na = 1\n", IMG_EFORMAT, ":2: \"a\" must be a header"},
        {"skip_verify = 1\n", IMG_EFORMAT, ":1: \"skip_verify\" must be true or false"},
        {"a = \n", IMG_EFORMAT, "hosts.toml:1: a value is due"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hosts_toml *hosts = NULL;
        img_error err;
        put_file("d/a/hosts.toml", rows[i].text);
        assert_fails(img__hosts_toml_find(in_folder("d"), "a", &warned, &hosts, &err), rows[i].code,
                     rows[i].message);
        assert_null(hosts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(test_entries),
        folder_test(test_lookup),
        folder_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
