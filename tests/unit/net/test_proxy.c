/* SPDX-License-Identifier: Apache-2.0
 *
 * Which proxy, and for whom none: decided without a network.
 */
#include "server.h"

#include "net/noproxy.h"

static int setup(void **state)
{
    (void)state;
    server_clean_environment();
    return 0;
}

static void test_exempt(void **state)
{
    (void)state;
    static const struct {
        const char *list, *url, *entry; /* entry NULL: a proxy is used */
    } rows[] = {
        {"", "http://a.example/", NULL},
        {" , ,", "http://a.example/", NULL},
        {"*", "http://a.example/", "*"},
        {"x, *", "http://10.0.0.1/", "*"},
        {"a.example", "http://a.example/", "a.example"},
        {"A.Example.", "http://a.EXAMPLE./", "A.Example."},
        {"example", "http://a.example/", "example"},
        {".example", "http://a.example/", ".example"},
        {".a.example", "http://a.example/", ".a.example"},
        {"*.example", "http://a.b.example/", "*.example"},
        {"ample", "http://a.example/", NULL},
        {"b.example", "http://a.example/", NULL},
        {"a.example", "http://ba.example/", NULL},
        {"a.a.example", "http://a.example/", NULL},
        {"a b.example\tc", "http://b.example/", "b.example"},
        {"a.example:80", "http://a.example/", "a.example:80"},
        {"a.example:81", "http://a.example/", NULL},
        {"a.example:443", "https://a.example/", "a.example:443"},
        {".example:5000", "https://a.example:5000/", ".example:5000"},
        {"a.example:", "https://a.example/", NULL},
        {"a.example:x", "https://a.example/", NULL},
        {"a.example:99999", "https://a.example/", NULL},
        {":443", "https://a.example/", NULL},
        {"*:443", "https://a.example/", NULL},
        {"10.1.2.3", "http://10.1.2.3/", "10.1.2.3"},
        {"10.1.2.3:80", "http://10.1.2.3/", "10.1.2.3:80"},
        {"10.1.2.3:81", "http://10.1.2.3/", NULL},
        {"1.2.3", "http://10.1.2.3/", NULL},
        {".2.3", "http://10.1.2.3/", NULL},
        {"10.0.0.0/8", "http://10.1.2.3/", "10.0.0.0/8"},
        {"10.0.0.0/8", "http://11.1.2.3/", NULL},
        {"10.0.0.0/33", "http://10.1.2.3/", NULL},
        {"10.0.0.0/", "http://10.1.2.3/", NULL},
        {"10.0.0.0/x", "http://10.1.2.3/", NULL},
        {"10.0.0.0/0", "http://11.1.2.3/", "10.0.0.0/0"},
        {"192.168.4.128/25", "http://192.168.4.129/", "192.168.4.128/25"},
        {"192.168.4.128/25", "http://192.168.4.127/", NULL},
        {"192.168.4.7/32", "http://192.168.4.7/", "192.168.4.7/32"},
        {"10.0.0.0/8", "http://a10.example/", NULL},
        {"example/8", "http://a.example/", NULL},
        {"fd00::1", "http://[fd00:0::1]/", "fd00::1"},
        {"[fd00::1]", "http://[fd00::1]/", "[fd00::1]"},
        {"[fd00::1]:80", "http://[fd00::1]/", "[fd00::1]:80"},
        {"[fd00::1]:81", "http://[fd00::1]/", NULL},
        {"fd00::/8", "http://[fd12::1]/", "fd00::/8"},
        {"[fd00::]/8", "http://[fe12::1]/", NULL},
        {"fd00::/129", "http://[fd00::1]/", NULL},
        {"::/0", "http://10.0.0.1/", NULL},
        {"10.0.0.1", "http://[::ffff:10.0.0.1]/", "10.0.0.1"},
        {"10.0.0.0/8", "http://[::ffff:a00:1]/", "10.0.0.0/8"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct url_origin origin;
        struct no_proxy_entry entry = {"", 0};
        img_error err;
        assert_ok(img__url_origin(rows[i].url, &origin, &err));
        bool exempt = img__no_proxy_match(rows[i].list, &origin, &entry);
        const char *expected = rows[i].entry ? rows[i].entry : "";
        if (exempt != (rows[i].entry != NULL) || entry.len != strlen(expected) ||
            strncmp(entry.text, expected, entry.len) != 0)
            fail_msg("'%s' for %s: %.*s", rows[i].list, rows[i].url, (int)entry.len, entry.text);
    }
}

static void test_explain(void **state)
{
    (void)state;
    static const struct {
        const char *set, *value, *also, *also_value, *url, *expected;
    } rows[] = {
        {NULL, NULL, NULL, NULL, "https://r.example/", "none (no variable names one)"},
        {"HTTPS_PROXY", "http://p:3128", NULL, NULL, "https://r.example/",
         "http://p:3128 (HTTPS_PROXY)"},
        {"HTTPS_PROXY", "http://p:3128", NULL, NULL, "http://r.example/",
         "none (no variable names one)"},
        {"HTTPS_PROXY", "http://p:3128", "https_proxy", "q", "https://r.example/",
         "http://q (https_proxy)"},
        {"HTTPS_PROXY", "http://p:3128", "https_proxy", "", "https://r.example/",
         "http://p:3128 (HTTPS_PROXY)"},
        {"HTTP_PROXY", "p", NULL, NULL, "http://r.example/", "http://p (HTTP_PROXY)"},
        {"HTTP_PROXY", "p", "REQUEST_METHOD", "GET", "http://r.example/",
         "none (no variable names one)"},
        {"http_proxy", "p", "REQUEST_METHOD", "GET", "http://r.example/", "http://p (http_proxy)"},
        {"ALL_PROXY", "socks5h://p:1080", "https_proxy", "http://q", "http://r.example/",
         "socks5h://p:1080 (ALL_PROXY)"},
        {"https_proxy", "http://u:s3cr@t/x@p:3128/", NULL, NULL, "https://r.example/",
         "http://p:3128 (https_proxy)"},
        {"https_proxy", "u:s3cret@p", NULL, NULL, "https://r.example/", "http://p (https_proxy)"},
        {"https_proxy", "p", "NO_PROXY", "a,.example", "https://r.example/",
         "none (NO_PROXY: .example)"},
        {"https_proxy", "p", "no_proxy", "a", "https://r.example/", "http://p (https_proxy)"},
        {"https_proxy", "p", NULL, NULL, "https://127.0.0.1/", "none (loopback)"},
        {"https_proxy", "p", NULL, NULL, "https://a.localhost/", "none (loopback)"},
        {"https_proxy", "p", NULL, NULL, "https://[::1]:5000/", "none (loopback)"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf text auto_(buf) = BUF_INIT(4096);
        server_clean_environment();
        if (rows[i].set)
            setenv(rows[i].set, rows[i].value, 1);
        if (rows[i].also)
            setenv(rows[i].also, rows[i].also_value, 1);
        img__proxy_explain(rows[i].url, &text);
        if (strcmp(img__buf_text(&text), rows[i].expected) != 0)
            fail_msg("%zu: %s", i, img__buf_text(&text));
    }
    server_clean_environment();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exempt),
        cmocka_unit_test(test_explain),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
