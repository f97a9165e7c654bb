/* SPDX-License-Identifier: Apache-2.0
 *
 * URLs: the examples of RFC 3986, what registries send as Location, and what must be refused.
 */
#include "unit.h"

#include "net/url.h"

struct resolve_row {
    const char *base, *target, *expected;
};

#define RFC_BASE "http://a/b/c/d;p?q"
#define HERE "https://r.example:5000/v2/a/blobs/uploads/"

static const struct resolve_row resolve_rows[] = {
    /* RFC 3986, sections 5.4.1 and 5.4.2; fragments are dropped */
    {RFC_BASE, "g", "http://a/b/c/g"},
    {RFC_BASE, "./g", "http://a/b/c/g"},
    {RFC_BASE, "g/", "http://a/b/c/g/"},
    {RFC_BASE, "/g", "http://a/g"},
    {RFC_BASE, "//g", "http://g/"},
    {RFC_BASE, "?y", "http://a/b/c/d;p?y"},
    {RFC_BASE, "g?y", "http://a/b/c/g?y"},
    {RFC_BASE, "#s", "http://a/b/c/d;p?q"},
    {RFC_BASE, "g#s", "http://a/b/c/g"},
    {RFC_BASE, "g?y#s", "http://a/b/c/g?y"},
    {RFC_BASE, ";x", "http://a/b/c/;x"},
    {RFC_BASE, "", "http://a/b/c/d;p?q"},
    {RFC_BASE, ".", "http://a/b/c/"},
    {RFC_BASE, "./", "http://a/b/c/"},
    {RFC_BASE, "..", "http://a/b/"},
    {RFC_BASE, "../", "http://a/b/"},
    {RFC_BASE, "../g", "http://a/b/g"},
    {RFC_BASE, "../..", "http://a/"},
    {RFC_BASE, "../../g", "http://a/g"},
    {RFC_BASE, "../../../g", "http://a/g"},
    {RFC_BASE, "../../../../g", "http://a/g"},
    {RFC_BASE, "/./g", "http://a/g"},
    {RFC_BASE, "/../g", "http://a/g"},
    {RFC_BASE, "g.", "http://a/b/c/g."},
    {RFC_BASE, "..g", "http://a/b/c/..g"},
    {RFC_BASE, "./../g", "http://a/b/g"},
    {RFC_BASE, "./g/.", "http://a/b/c/g/"},
    {RFC_BASE, "g/./h", "http://a/b/c/g/h"},
    {RFC_BASE, "g/../h", "http://a/b/c/h"},
    {RFC_BASE, "g;x=1/../y", "http://a/b/c/y"},
    {RFC_BASE, "g?y/../x", "http://a/b/c/g?y/../x"},
    /* what registries say */
    {HERE, "/v2/a/blobs/uploads/1?_state=b%2Fc%3D&x=+y",
     "https://r.example:5000/v2/a/blobs/uploads/1?_state=b%2Fc%3D&x=+y"},
    {HERE, "7b1e?z=1&a=2", "https://r.example:5000/v2/a/blobs/uploads/7b1e?z=1&a=2"},
    {HERE, "?s=1", "https://r.example:5000/v2/a/blobs/uploads/?s=1"},
    {HERE, "//cdn.example/x", "https://cdn.example/x"},
    {HERE, "http://cdn.example/x", "http://cdn.example/x"},
    {HERE, "HTTPS://CDN.Example:444/X", "https://cdn.example:444/X"},
    {HERE, "https://h", "https://h/"},
    {HERE, "https://h?q", "https://h/?q"},
    {HERE, "https://h/?", "https://h/?"},
    {HERE, "https://h:/a", "https://h:/a"},
    {HERE, "https://[::1]:5000/a", "https://[::1]:5000/a"},
    {HERE, "https://[2001:DB8::1]/a", "https://[2001:db8::1]/a"},
    {HERE, "/a//b/../c", "https://r.example:5000/a//c"},
    {HERE, "/a b?c d", "https://r.example:5000/a%20b?c%20d"},
    {HERE, "/\xc3\xa9?\xc3\xa9", "https://r.example:5000/%C3%A9?%C3%A9"},
    {HERE, "/%2e%2e/a", "https://r.example:5000/%2e%2e/a"},
    {HERE, "1:2", "https://r.example:5000/v2/a/blobs/uploads/1:2"},
    {"https://h", "a", "https://h/a"},
    {"https://h?q", "a", "https://h/a"},
    {"https://h", "?q", "https://h/?q"},
    {NULL, "http://h/v2/", "http://h/v2/"},
};

static void test_resolve(void **state)
{
    (void)state;
    img_error err;
    for (size_t i = 0; i < sizeof(resolve_rows) / sizeof(resolve_rows[0]); i++) {
        const struct resolve_row *row = &resolve_rows[i];
        struct buf out auto_(buf) = BUF_INIT(URL_MAX);
        img__buf_puts(&out, "old");
        assert_ok(img__url_resolve(row->base, row->target, &out, &err));
        assert_string_equal(img__buf_text(&out), row->expected);
    }
}

static void test_resolve_in_place(void **state)
{
    (void)state;
    img_error err;
    struct buf url auto_(buf) = BUF_INIT(URL_MAX);
    img__buf_puts(&url, "https://h/a/b");
    assert_ok(img__url_resolve(img__buf_text(&url), "../c", &url, &err));
    assert_string_equal(img__buf_text(&url), "https://h/c");
}

struct refuse_row {
    const char *base, *target, *reason;
};

static const struct refuse_row refuse_rows[] = {
    {HERE, "ftp://h/a", "neither http nor https"},
    {HERE, "file:///etc/passwd", "neither http nor https"},
    {HERE, "mailto:a", "neither http nor https"},
    {NULL, "/a", "neither http nor https"},
    {NULL, "h/a", "neither http nor https"},
    {NULL, "localhost:5000/a", "neither http nor https"},
    {"r.example/v2/", "/a", "neither http nor https"},
    {HERE, "https:/a", "names no host"},
    {HERE, "https:a", "names no host"},
    {HERE, "https:///a", "names no host"},
    {HERE, "///a", "names no host"},
    {HERE, "https://u@h/", "user name"},
    {HERE, "https://u:p@h/", "user name"},
    {HERE, "//@h/", "user name"},
    {HERE, "https://h\\@g/", "user name"},
    {HERE, "https://h\\g/", "host"},
    {HERE, "https://h%00/", "host"},
    {HERE, "https://h g/", "host"},
    {HERE, "https://h\xc3\xa9/", "host"},
    {HERE, "https://:80/", "host"},
    {HERE, "https://[::1/", "host"},
    {HERE, "https://[::1%25eth0]/", "host"},
    {HERE, "https://[v1.a]/", "host"},
    {HERE, "https://[]/", "host"},
    {HERE, "https://[::1]x/", "host"},
    {HERE, "https://h:0/", "port"},
    {HERE, "https://h:65536/", "port"},
    {HERE, "https://h:99999999999/", "port"},
    {HERE, "https://h:8x/", "port"},
    {HERE, "https://h:-1/", "port"},
    {HERE, "https://h:1:2/", "port"},
    {HERE, "/a\r\nHost: b", "control"},
    {HERE, "/a\x7f", "control"},
    {"https://h/\n", "/a", "control"},
};

static void test_refuse(void **state)
{
    (void)state;
    img_error err;
    for (size_t i = 0; i < sizeof(refuse_rows) / sizeof(refuse_rows[0]); i++) {
        const struct refuse_row *row = &refuse_rows[i];
        struct buf out auto_(buf) = BUF_INIT(URL_MAX);
        assert_fails(img__url_resolve(row->base, row->target, &out, &err), IMG_EFORMAT,
                     row->reason);
        assert_int_equal(out.len, 0);
        assert_int_equal(img__url_resolve(row->base, row->target, &out, NULL), IMG_EFORMAT);
    }
}

static void test_lengths(void **state)
{
    (void)state;
    img_error err;
    struct buf out auto_(buf) = BUF_INIT(URL_MAX);
    char *text auto_free = malloc(URL_MAX + 2);
    assert_non_null(text);
    memset(text, 'a', URL_MAX + 1);
    text[URL_MAX + 1] = '\0';
    assert_fails(img__url_resolve("https://h/", text, &out, &err), IMG_ELIMIT, "longer than");
    text[URL_MAX - 5] = '\0';
    assert_fails(img__url_resolve("https://h/", text, &out, &err), IMG_ELIMIT, "larger than");
    text[URL_MAX - 10] = '\0';
    assert_ok(img__url_resolve("https://h/", text, &out, &err));
    assert_int_equal(out.len, URL_MAX);

    char host[300];
    memset(host, 'a', sizeof(host));
    memcpy(host, "https://", 8);
    host[8 + 255] = '\0';
    assert_fails(img__url_resolve(NULL, host, &out, &err), IMG_EFORMAT, "host");
    host[8 + 254] = '\0';
    assert_ok(img__url_resolve(NULL, host, &out, &err));

    struct buf small auto_(buf) = BUF_INIT(8);
    assert_fails(img__url_resolve(NULL, "https://h/", &small, &err), IMG_ELIMIT, "8 bytes");
}

struct query_row {
    const char *url, *name, *value, *expected;
};

static const struct query_row query_rows[] = {
    {"https://h/a", "digest", "sha256:12ab", "https://h/a?digest=sha256%3A12ab"},
    {"https://h/a?", "n", "1", "https://h/a?n=1"},
    {"https://h/a?_s=b%2F", "n", "1", "https://h/a?_s=b%2F&n=1"},
    {"https://h/a?b&", "n", "1", "https://h/a?b&n=1"},
    {"https://h/a", "scope", "a b/c&d=\xc3\xa9+%",
     "https://h/a?scope=a%20b%2Fc%26d%3D%C3%A9%2B%25"},
    {"https://h/a", "e", "", "https://h/a?e="},
    {"", "grant-type", "-._~", "?grant-type=-._~"},
};

static void test_query(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(query_rows) / sizeof(query_rows[0]); i++) {
        const struct query_row *row = &query_rows[i];
        struct buf url auto_(buf) = BUF_INIT(URL_MAX);
        img__buf_puts(&url, row->url);
        img__url_append_query(&url, row->name, row->value);
        assert_string_equal(img__buf_text(&url), row->expected);
    }
}

struct origin_row {
    const char *a, *b;
    bool same;
};

static const struct origin_row origin_rows[] = {
    {"https://h/a", "https://h/b?c", true},
    {"https://h", "https://h:443/", true},
    {"https://h", "https://h:/", true},
    {"http://h", "HTTP://H:80/", true},
    {"http://[::1]:5000/", "http://[::1]:5000", true},
    {"https://h/", "http://h/", false},
    {"https://h:80/", "http://h:80/", false},
    {"https://h/", "https://h:444/", false},
    {"https://h/", "https://a.h/", false},
    {"https://h/", "https://hh/", false},
    {"https://h/", "https://h./", false},
    {"https://h/", "https://u@h/", false},
    {"ftp://h/", "ftp://h/", false},
    {"", "", false},
};

static void test_same_origin(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(origin_rows) / sizeof(origin_rows[0]); i++) {
        const struct origin_row *row = &origin_rows[i];
        if (img__url_same_origin(row->a, row->b) != row->same ||
            img__url_same_origin(row->b, row->a) != row->same)
            fail_msg("%s and %s", row->a, row->b);
    }
}

static void test_origin(void **state)
{
    (void)state;
    img_error err;
    struct url_origin origin;
    assert_ok(img__url_origin("https://[::1]:5000/a:1", &origin, &err));
    assert_true(origin.https);
    assert_int_equal(origin.port, 5000);
    assert_int_equal(origin.host_len, 5);
    assert_memory_equal(origin.host, "[::1]", 5);
    assert_ok(img__url_origin("http://h/a:1", &origin, &err));
    assert_false(origin.https);
    assert_int_equal(origin.port, 80);
}

static void test_loopback(void **state)
{
    (void)state;
    static const char *const yes[] = {"http://localhost/",     "https://LOCALHOST:5000/",
                                      "http://a.localhost/",   "http://localhost./",
                                      "http://127.0.0.1:5000", "http://127.255.0.3/",
                                      "https://[::1]:5000/",   "https://[0:0::0:1]/"};
    static const char *const no[] = {"http://localhost.example/", "http://notlocalhost/",
                                     "http://128.0.0.1/",         "http://10.0.0.1/",
                                     "http://192.168.0.1/",       "http://[::2]/",
                                     "http://[::ffff:10.0.0.1]/", "http://127.0.0.1.example/",
                                     "ftp://localhost/",          "localhost"};
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        if (!img__url_is_loopback(yes[i]))
            fail_msg("%s", yes[i]);
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        if (img__url_is_loopback(no[i]))
            fail_msg("%s", no[i]);
}

static void test_for_message(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"https://h:1/a?token=secret#x", "https://h:1/a"},
        {"https://user:secret@h/a", "https://h/a"},
        {"https://user:sec@ret@h/a", "https://h/a"},
        {"/a?secret", "/a"},
        {"//u:secret@h", "//h"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf out auto_(buf) = BUF_INIT(URL_MAX);
        img__url_for_message(rows[i][0], &out);
        assert_string_equal(img__buf_text(&out), rows[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resolve),     cmocka_unit_test(test_resolve_in_place),
        cmocka_unit_test(test_refuse),      cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_query),       cmocka_unit_test(test_same_origin),
        cmocka_unit_test(test_origin),      cmocka_unit_test(test_loopback),
        cmocka_unit_test(test_for_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
