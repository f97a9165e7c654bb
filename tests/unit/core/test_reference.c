/* SPDX-License-Identifier: Apache-2.0
 *
 * References: what is accepted and as what, what is refused and why, both forms of display, the
 * forms for comparison and for the store.
 */
#include "unit.h"

#include "core/reference.h"

#define HEX32 "0123456789abcdef0123456789abcdef"
#define HEX64 HEX32 HEX32
#define SHA256 "sha256:" HEX64
#define SHA512 "sha512:" HEX64 HEX64
#define A16 "aaaaaaaaaaaaaaaa"
#define A64 A16 A16 A16 A16
#define A128 A64 A64

static void test_accepts(void **state)
{
    static const struct {
        const char *text, *domain, *path, *tag, *digest, *familiar; /* NULL: as text */
    } rows[] = {
        {"ubuntu", "docker.io", "library/ubuntu", "latest", "", "ubuntu:latest"},
        {"ubuntu:22.04", "docker.io", "library/ubuntu", "22.04", "", NULL},
        {"library/ubuntu", "docker.io", "library/ubuntu", "latest", "", "ubuntu:latest"},
        {"a/b", "docker.io", "a/b", "latest", "", "a/b:latest"},
        {"a/b/c:t", "docker.io", "a/b/c", "t", "", NULL},
        {"localhost/a:t", "localhost", "a", "t", "", NULL},
        {"localhost:5000/a:t", "localhost:5000", "a", "t", "", NULL},
        {"localhost", "docker.io", "library/localhost", "latest", "", "localhost:latest"},
        {"Foo/bar", "Foo", "bar", "latest", "", "Foo/bar:latest"},
        {"foo.bar/baz:t", "foo.bar", "baz", "t", "", NULL},
        {"foo:5000", "docker.io", "library/foo", "5000", "", NULL},
        {"foo:5000/x", "foo:5000", "x", "latest", "", "foo:5000/x:latest"},
        {"[::1]:5000/a:t", "[::1]:5000", "a", "t", "", NULL},
        {"[2001:DB8::1]/a:t", "[2001:DB8::1]", "a", "t", "", NULL},
        {"127.0.0.1:5000/a/b:t", "127.0.0.1:5000", "a/b", "t", "", NULL},
        {"localhost.:1/a:t", "localhost.:1", "a", "t", "", NULL},
        {"docker.io/x", "docker.io", "library/x", "latest", "", "x:latest"},
        {"docker.io/x/y", "docker.io", "x/y", "latest", "", "x/y:latest"},
        {"index.docker.io/x", "docker.io", "library/x", "latest", "", "x:latest"},
        {"index.docker.io/x/y", "docker.io", "x/y", "latest", "", "x/y:latest"},
        {"registry-1.docker.io/x/y", "docker.io", "x/y", "latest", "", "x/y:latest"},
        {"DOCKER.io:443/x/y", "docker.io", "x/y", "latest", "", "x/y:latest"},
        {"docker.io/library/a/b:t", "docker.io", "library/a/b", "t", "", "library/a/b:t"},
        {"docker.io/localhost/y:t", "docker.io", "localhost/y", "t", "", NULL},
        {"docker.io/foo.bar/y:t", "docker.io", "foo.bar/y", "t", "", NULL},
        {"ghcr.io/library/x:t", "ghcr.io", "library/x", "t", "", NULL},
        {"a@" SHA256, "docker.io", "library/a", "", SHA256, NULL},
        {"a:t@" SHA256, "docker.io", "library/a", "t", SHA256, NULL},
        {"h.io/a:t@" SHA512, "h.io", "a", "t", SHA512, NULL},
        {"a__b:t", "docker.io", "library/a__b", "t", "", NULL},
        {"a---b:t", "docker.io", "library/a---b", "t", "", NULL},
        {"x/a.b_c-d/0:t", "docker.io", "x/a.b_c-d/0", "t", "", NULL},
        {"a:_T.-", "docker.io", "library/a", "_T.-", "", NULL},
        {"a:" A128, "docker.io", "library/a", A128, "", NULL},
        {HEX64 ":t", "docker.io", "library/" HEX64, "t", "", NULL},
        {"x/" HEX64, "docker.io", "x/" HEX64, "latest", "", "x/" HEX64 ":latest"},
        {"x/" A128 A64 A16 A16 A16 "aaaaaaaaaaaaa:t", "docker.io",
         "x/" A128 A64 A16 A16 A16 "aaaaaaaaaaaaa", "t", "", NULL},
        {"h:65535/a:t", "h:65535", "a", "t", "", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_reference r, again;
        img_error err;
        char text[IMG_REFERENCE_TEXT_MAX];
        assert_ok(img_reference_parse(rows[i].text, &r, &err));
        assert_string_equal(r.domain, rows[i].domain);
        assert_string_equal(r.path, rows[i].path);
        assert_string_equal(r.tag, rows[i].tag);
        assert_string_equal(r.digest.text, rows[i].digest);

        img_reference_familiar(&r, text);
        assert_string_equal(text, rows[i].familiar ? rows[i].familiar : rows[i].text);
        assert_ok(img_reference_parse(text, &again, &err));
        assert_memory_equal(&r, &again, sizeof(r));
        img_reference_format(&r, text);
        assert_ok(img_reference_parse(text, &again, &err));
        assert_memory_equal(&r, &again, sizeof(r));
    }
}

static void test_refuses(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"", "'': a reference must not be empty"},
        {":t", "':t': repository name is empty"},
        {"a:", "'a:': tag is empty"},
        {"a@", "'a@': digest is empty"},
        {"@" SHA256, "repository name is empty"},
        {"/a", "repository name has an empty part"},
        {"a/", "repository name has an empty part"},
        {"/", "repository name has an empty part"},
        {"h.io/", "repository name is empty"},
        {"h.io/a/", "repository name has an empty part"},
        {"a//b", "repository name has an empty part"},
        {"A", "'A': repository name must be lowercase"},
        {"a/B", "'a/B': repository name must be lowercase"},
        {"Foo/Bar", "repository name must be lowercase"},
        {"x/a..b", "has the part 'a..b': '.', '_', '__' and dashes"},
        {"a..b", "has the part 'a..b'"},
        {"a___b", "has the part 'a___b'"},
        {"a._b", "has the part 'a._b'"},
        {"a.-b", "has the part 'a.-b'"},
        {"a-_b", "has the part 'a-_b'"},
        {"-a", "has the part '-a'"},
        {"a-", "has the part 'a-'"},
        {"a.", "has the part 'a.'"},
        {"_a", "has the part '_a'"},
        {"x/..", "has the part '..'"},
        {"x/.", "has the part '.'"},
        {"a:-t", "tag must not begin with '-'"},
        {"a:.t", "tag must not begin with '.'"},
        {"a:t:u", "tag must not contain ':'"},
        {"a:t/u", "port 't' of the registry"},
        {"a.b_c-d/0:t", "registry 'a.b_c-d' is not a host name"},
        {"h/a:b/c", "tag must not contain '/'"},
        {"a:t+u", "tag must not contain '+'"},
        {"a:" A128 "a", "tag is longer than 128 characters"},
        {"x/" A128 A64 A16 A16 A16 "aaaaaaaaaaaaaa",
         "repository name is longer than 255 characters"},
        {A128 A64 A16 A16 A16 "aaaaaaaa", "repository name is longer than 255 characters"},
        {HEX64, "look like an image's id"},
        {"a@sha256:" HEX32 "0123456789abcdef0123456789abcde", "is not a digest"},
        {"a@SHA256:" HEX64, "is not a digest"},
        {"a@sha256:" HEX32 "0123456789ABCDEF0123456789ABCDEF", "is not a digest"},
        {"a@sha256", "is not a digest"},
        {"a@" SHA256 "@" SHA256, "is not a digest"},
        {"a@" SHA256 ":t", "is not a digest"},
        {"http://a/b", "'http://a/b': a reference has no scheme: leave 'http://' away"},
        {"https://user:secret@a/b", "'URL': a reference has no scheme"},
        {"a b", "has no blanks"},
        {"a\n", "has no blanks"},
        {"a\x7f", "has no blanks"},
        {"\xc3\xa4", "has no blanks"},
        {"a%2fb", "repository name must not contain '%'"},
        {"a?b", "repository name must not contain '?'"},
        {"a#b", "repository name must not contain '#'"},
        {"a\\b", "repository name must not contain '\\'"},
        {"[::1", "repository name must not contain '['"},
        {"[::1/a", "registry '[::1' is not an IPv6 address"},
        {"[::1]x/a", "must end in ']' or ']:PORT'"},
        {"[fe80::1%eth0]/a", "is not an IPv6 address"},
        {"[::ffff:1.2.3.4]/a", "is not an IPv6 address"},
        {"[:]/a", "is not an IPv6 address"},
        {"[]:1/a", "is not an IPv6 address"},
        {"a:99999999/b", "port '99999999' of the registry is not a number from 1 to 65535"},
        {"a:65536/b", "port '65536'"},
        {"a:0/b", "port '0'"},
        {"a:/b", "port ''"},
        {"a:1:2/b", "port '1:2'"},
        {":5000/b", "registry ':5000' is not a host name"},
        {"a..b/c", "registry 'a..b' is not a host name"},
        {"-a.b/c", "registry '-a.b' is not a host name"},
        {"a-.b/c", "is not a host name"},
        {"a_b.c/d", "is not a host name"},
        {"./a", "is not a host name"},
        {"../a", "is not a host name"},
        {"a../b", "is not a host name"},
        {"user:pw@h.io/a", "is not a digest"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_reference r = {.tag = "untouched"};
        img_error err;
        assert_fails(img_reference_parse(rows[i].text, &r, &err), IMG_EINVAL, rows[i].message);
        assert_null(strstr(err.message, "secret"));
        assert_string_equal(r.tag, "untouched");
    }
}

static void test_unsupported(void **state)
{
    img_reference r;
    img_error err;
    (void)state;
    assert_fails(img_reference_parse("a@md5:" HEX32, &r, &err), IMG_EUNSUPPORTED,
                 "unsupported digest algorithm");
}

static void test_longest(void **state)
{
    char text[IMG_REFERENCE_TEXT_MAX], formatted[IMG_REFERENCE_TEXT_MAX];
    char host[256], path[256];
    img_reference r;
    img_error err;
    (void)state;
    memset(host, 'h', 255);
    memset(path, 'p', 255);
    host[255] = path[255] = '\0';
    host[60] = '.';
    snprintf(text, sizeof(text), "%s:65535/%s:%s@%s", host, path, A128, SHA512);
    assert_ok(img_reference_parse(text, &r, &err));
    img_reference_format(&r, formatted);
    assert_string_equal(formatted, text);
    img_reference_familiar(&r, formatted);
    assert_string_equal(formatted, text);

    snprintf(text, sizeof(text), "%sx:65535/a", host);
    assert_fails(img_reference_parse(text, &r, &err), IMG_EINVAL, "registry name is longer than");
    snprintf(text, sizeof(text), "%s%s%s/a", host, host, host);
    assert_fails(img_reference_parse(text, &r, &err), IMG_EINVAL, "registry name is longer than");
}

static void test_store_name(void **state)
{
    static const char *const rows[][2] = {
        {"ubuntu", "docker.io/library/ubuntu:latest"},
        {"localhost:5000/a:t", "localhost:5000/a:t"},
        {"a:t@" SHA256, "docker.io/library/a@" SHA256},
        {"a@" SHA256, "docker.io/library/a@" SHA256},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[IMG_REFERENCE_TEXT_MAX];
        img_reference r;
        img_error err;
        assert_ok(img_reference_parse(rows[i][0], &r, &err));
        img__reference_store_name(&r, text);
        assert_string_equal(text, rows[i][1]);
    }
}

static void test_host_normal(void **state)
{
    static const char *const rows[][2] = {
        {"docker.io", "docker.io"},
        {"GHCR.io", "ghcr.io"},
        {"ghcr.io.", "ghcr.io"},
        {"ghcr.io.:443", "ghcr.io"},
        {"ghcr.io:80", "ghcr.io:80"},
        {"ghcr.io:4430", "ghcr.io:4430"},
        {"[2001:DB8:0:0::1]:443", "[2001:db8::1]"},
        {"[::1]:5000", "[::1]:5000"},
        {"[::A:443]", "[::a:443]"},
        {"[::ffff:7f00:1]:443", "[::ffff:7f00:1]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[272];
        img__reference_host_normal(rows[i][0], out, sizeof(out));
        assert_string_equal(out, rows[i][1]);
    }
}

static void test_registry(void **state)
{
    static const char *const rows[][2] = {
        {"docker.io", "docker.io"},
        {"https://index.docker.io/v1/", "docker.io"},
        {"registry-1.docker.io", "docker.io"},
        {"localhost:5000", "localhost:5000"},
        {"HTTPS://ghcr.io/a/b", "ghcr.io"},
        {"http://localhost:5000/", "localhost:5000"},
        {"myhost", "myhost"},
        {"[::1]:5000", "[::1]:5000"},
    };
    static const char *const wrong[][2] = {
        {"", "no registry is named"},
        {"https://", "no registry is named"},
        {"/a", "no registry is named"},
        {"a b", "'a b': registry 'a b' is not a host name"},
        {"h:x", "port 'x'"},
        {"https://user:secret@h.io", "has no '@'"},
        {"h\n", "is not a host name"},
    };
    char out[272], longest[600];
    img_error err;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_ok(img__reference_parse_registry(rows[i][0], out, &err));
        assert_string_equal(out, rows[i][1]);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_fails(img__reference_parse_registry(wrong[i][0], out, &err), IMG_EINVAL,
                     wrong[i][1]);
        assert_null(strstr(err.message, "secret"));
    }
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_fails(img__reference_parse_registry(longest, out, &err), IMG_EINVAL, "longer than");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts),     cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_unsupported), cmocka_unit_test(test_longest),
        cmocka_unit_test(test_store_name),  cmocka_unit_test(test_host_normal),
        cmocka_unit_test(test_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
