/* SPDX-License-Identifier: Apache-2.0
 *
 * The pure texts: token requests and answers, realms, Locations, refusals, hosts.
 */
#include "unit.h"

#include "base/text.h"
#include "registry/errors.h"
#include "registry/host.h"
#include "registry/location.h"
#include "registry/token.h"

#define SIZE_OF(array) (sizeof(array) / sizeof((array)[0]))

static void token_urls(void **state)
{
    (void)state;
    static const struct {
        const char *realm, *service, *scope, *user, *expected;
    } rows[] = {
        {"https://a/t", "S", "repository:n:pull", NULL,
         "https://a/t?service=S&scope=repository%3An%3Apull&client_id=libimg"},
        {"https://a/t?x=1", NULL, "", "al ice",
         "https://a/t?x=1&account=al%20ice&client_id=libimg"},
        {"https://a/t", "a&b", "repository:a/b:pull,push  repository:c:pull", "u",
         "https://a/t?service=a%26b&scope=repository%3Aa%2Fb%3Apull%2Cpush"
         "&scope=repository%3Ac%3Apull&account=u&client_id=libimg"},
    };
    img_error err;
    for (size_t i = 0; i < SIZE_OF(rows); i++) {
        auto_(buf) struct buf out = BUF_INIT(URL_MAX);
        assert_ok(img__token_url(rows[i].realm, rows[i].service, rows[i].scope, rows[i].user, &out,
                                 &err));
        assert_string_equal(img__buf_text(&out), rows[i].expected);
    }
}

static void token_forms(void **state)
{
    (void)state;
    auto_(buf) struct buf out = BUF_INIT(URL_MAX);
    const struct token_form form = {
        .service = "S",
        .scope = "repository:a:pull repository:b:pull",
        .refresh = "se/cr&et+",
    };
    img__token_form(&form, &out);
    assert_string_equal(img__buf_text(&out),
                        "grant_type=refresh_token&service=S&client_id=libimg&access_type=offline"
                        "&scope=repository%3Aa%3Apull+repository%3Ab%3Apull"
                        "&refresh_token=se%2Fcr%26et%2B");
    const struct token_form password = {.scope = "", .user = "u v", .password = "p&q"};
    img__buf_clear(&out);
    img__token_form(&password, &out);
    assert_string_equal(img__buf_text(&out), "grant_type=password&client_id=libimg"
                                             "&access_type=online&username=u+v&password=p%26q");
    assert_true(img__token_form_max(&password) > out.len);
}

/* Nothing of an answer that is no JSON is quoted. */
static void secret_answers(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"token\":\"s3cret",
        "{\"token\":\"s3cret\" s3cret}",
        "s3cret",
        "{\"s3cret\":1,\"s3cret\":1}",
    };
    img_error err;
    for (size_t i = 0; i < SIZE_OF(bodies); i++) {
        struct token_answer answer;
        assert_fails(img__token_parse("https://a/t", bodies[i], strlen(bodies[i]), &answer, &err),
                     IMG_EFORMAT, "https://a/t");
        assert_null(strstr(err.message, "s3cret"));
    }
}

/* A token of 300 s that came at 1,000 s. */
static void freshness(void **state)
{
    (void)state;
    const struct token token = {.stale_ms = 1270000, .dead_ms = 1300000};
    const struct token brief = {.stale_ms = 1054000, .dead_ms = 1060000};
    const uint64_t large = (uint64_t)1 << 20;
    assert_true(img__token_is_fresh(&token, 1269999, 0));
    assert_true(img__token_is_fresh(&token, 1269999, large));
    assert_false(img__token_is_fresh(&token, 1270000, 0));
    assert_true(img__token_is_fresh(&brief, 1030000, large));
    assert_false(img__token_is_fresh(&brief, 1030001, large));
    assert_true(img__token_is_fresh(&brief, 1030001, large - 1));
    assert_true(img__token_is_fresh(&brief, 1053999, 0));
}

static void sites(void **state)
{
    (void)state;
    static const struct {
        const char *one, *other;
        bool same;
    } rows[] = {
        {"registry-1.docker.io", "auth.docker.io", true},
        {"ghcr.io", "GHCR.io", true},
        {"docker.io", "auth.docker.io", true},
        {"r.example.com", "r.example.org", false},
        {"r.example.co.uk", "auth.example.co.uk", true},
        {"r.example.co.uk", "evil.co.uk", false},
        {"example.co.uk", "a.b.example.co.uk", true},
        {"r.example.io", "xexample.io", false},
        {"localhost", "localhost", true},
        {"registry", "tokens", false},
        {"10.0.0.1", "10.0.0.1", true},
        {"10.0.0.1", "192.168.0.1", false},
        {"[::1]", "[::1]", true},
        {"[fd00::1]", "[fd01::1]", false},
        {"example.com", "1.2.3.4", false},
    };
    for (size_t i = 0; i < SIZE_OF(rows); i++) {
        const char *one = rows[i].one, *other = rows[i].other;
        if (img__token_same_site(one, strlen(one), other, strlen(other)) != rows[i].same ||
            img__token_same_site(other, strlen(other), one, strlen(one)) != rows[i].same)
            fail_msg("%s and %s", one, other);
    }
}

static void token_answers(void **state)
{
    (void)state;
    static const struct {
        const char *body, *token, *refresh;
        uint64_t life_sec;
    } rows[] = {
        {"{\"token\":\"t\"}", "t", NULL, 60},
        {"{\"token\":\"t\",\"access_token\":\"a\",\"expires_in\":300}", "a", NULL, 300},
        {"{\"token\":\"t\",\"access_token\":\"\",\"expires_in\":1}", "t", NULL, 60},
        {"{\"token\":\"t\",\"expires_in\":\"300\"}", "t", NULL, 60},
        {"{\"token\":\"t\",\"expires_in\":-1}", "t", NULL, 60},
        {"{\"token\":\"t\",\"expires_in\":9007199254740991}", "t", NULL, 366 * 24 * 3600},
        {"{\"token\":\"t\",\"refresh_token\":\"r\",\"issued_at\":\"1970-01-01T00:00:00Z\"}", "t",
         "r", 60},
        {"{}", NULL, NULL, 0},
        {"{\"token\":\"\"}", NULL, NULL, 0},
        {"{\"token\":\"a\\r\\nX-Injected: 1\"}", NULL, NULL, 0},
        {"{\"token\":\"a b\"}", NULL, NULL, 0},
        {"{\"token\":5}", NULL, NULL, 0},
        {"<html>", NULL, NULL, 0},
        {"", NULL, NULL, 0},
        {"[]", NULL, NULL, 0},
    };
    img_error err;
    for (size_t i = 0; i < SIZE_OF(rows); i++) {
        struct token_answer answer;
        int result =
            img__token_parse("https://a/t", rows[i].body, strlen(rows[i].body), &answer, &err);
        if (!rows[i].token) {
            if (result != IMG_EFORMAT || !strstr(err.message, "https://a/t"))
                fail_msg("%s gave %d, %s", rows[i].body, result, err.message);
            continue;
        }
        if (result)
            fail_msg("%s: %s", rows[i].body, err.message);
        assert_string_equal(answer.token, rows[i].token);
        assert_string_equal(answer.refresh ? answer.refresh : "",
                            rows[i].refresh ? rows[i].refresh : "");
        assert_int_equal(answer.life_sec, rows[i].life_sec);
        img__token_answer_free(&answer);
    }
}

static void realms(void **state)
{
    (void)state;
    static const struct {
        const char *base, *realm, *refusal;
    } rows[] = {
        {"https://r/", "https://auth.r/t", NULL},
        {"http://r/", "http://auth/t", NULL},
        {"http://r/", "https://auth/t", NULL},
        {"http://localhost:5000/", "http://127.0.0.1:5001/t", NULL},
        {"https://r/", "http://r/t", "without TLS"},
        {"https://r/", "https://localhost/t", "this machine"},
        {"https://r/", "https://127.9.9.9/t", "this machine"},
        {"https://r/", "https://[::1]/t", "this machine"},
        {"https://r/", "https://169.254.169.254/t", "this link"},
        {"https://r/", "https://[fe80::1]/t", "this link"},
        {"https://r/", "https://[::ffff:169.254.1.1]/t", "this link"},
        {"https://169.254.0.1/", "https://169.254.0.2/t", NULL},
        {"https://r/", "https://u:p@r/t", "token service"},
        {"https://r/", "/t", "token service"},
        {"https://r/", "ftp://r/t", "token service"},
        {"https://r/", "file:///etc/passwd", "token service"},
        {"https://r/", "https://r/\r\nx", "token service"},
        {"https://r/", "", "token service"},
    };
    img_error err;
    for (size_t i = 0; i < SIZE_OF(rows); i++) {
        auto_(buf) struct buf out = BUF_INIT(URL_MAX);
        int result = img__token_check_realm(rows[i].base, rows[i].realm, &out, &err);
        if ((result == 0) != (rows[i].refusal == NULL))
            fail_msg("%s from %s: %d", rows[i].realm, rows[i].base, result);
        if (rows[i].refusal && !strstr(err.message, rows[i].refusal))
            fail_msg("%s: %s", rows[i].realm, err.message);
    }
}

static void locations(void **state)
{
    (void)state;
    static const struct {
        const char *base, *location, *expected;
    } rows[] = {
        {"https://r/v2/a/blobs/uploads/", "https://r/v2/a/blobs/uploads/1?_state=A%2b%3D&x",
         "https://r/v2/a/blobs/uploads/1?_state=A%2b%3D&x"},
        {"https://r/v2/a/blobs/uploads/", "/u/1?b=2&a=1", "https://r/u/1?b=2&a=1"},
        {"https://r/v2/a/blobs/uploads/", "1", "https://r/v2/a/blobs/uploads/1"},
        {"https://r/v2/a/blobs/uploads/", "?x=1", "https://r/v2/a/blobs/uploads/?x=1"},
        {"https://r/v2/", "//cdn/u", "https://cdn/u"},
        {"https://r/v2/", "https://cdn/u", "https://cdn/u"},
        {"https://r/v2/", "http://r/u?x=1", "https://r/u?x=1"},
        {"https://r:5443/v2/", "http://r/u", "https://r:5443/u"},
        {"https://r:5443/v2/", "http://R:5443/u", "https://r:5443/u"},
        {"https://r/v2/", "http://r:80", "https://r/"},
        {"http://r/v2/", "http://other/u", "http://other/u"},
        {"https://r/v2/", "http://other/u", NULL},
        {"https://r/v2/", "http://r:8080/u", NULL},
        {"https://r/v2/", "ftp://r/u", NULL},
        {"https://r/v2/", "https://u@r/u", NULL},
        {"https://r/v2/", "/a\nb", NULL},
    };
    img_error err;
    for (size_t i = 0; i < SIZE_OF(rows); i++) {
        auto_(buf) struct buf out = BUF_INIT(URL_MAX);
        int result = img__location_resolve(rows[i].base, rows[i].location, &out, &err);
        if ((result == 0) != (rows[i].expected != NULL))
            fail_msg("%s from %s: %d", rows[i].location, rows[i].base, result);
        if (rows[i].expected)
            assert_string_equal(img__buf_text(&out), rows[i].expected);
    }
    auto_(buf) struct buf out = BUF_INIT(URL_MAX);
    static const char *const bad[] = {"http://other/u", "ftp://r/u"};
    for (size_t i = 0; i < SIZE_OF(bad); i++) {
        assert_true(img__location_resolve("https://r/v2/?sig=s3cret", bad[i], &out, &err) < 0);
        assert_non_null(strstr(err.message, "https://r/v2/"));
        assert_null(strstr(err.message, "s3cret"));
    }
}

static void complaints(void **state)
{
    (void)state;
    static const struct {
        const char *body, *code, *text;
        bool html;
        const char *detail; /* NULL: "" */
    } rows[] = {
        {"{\"errors\":[{\"code\":\"DENIED\",\"message\":\"no\"},{\"code\":\"X\"}]}", "DENIED", "no",
         false, NULL},
        {"{\"errors\":[{\"code\":\"A\",\"message\":\"m\",\"detail\":{\"a\":[1,\"\\u001b\"]}}]}",
         "A", "m", false, "{\"a\":[1,\"\\u001B\"]}"},
        {"{\"errors\":[{\"code\":\"A\",\"message\":\"m\",\"detail\":\"sha256:1\"}]}", "A", "m",
         false, "sha256:1"},
        {"{\"errors\":[{\"code\":\"A\",\"message\":\"it is m\",\"detail\":\"is m\"}]}", "A",
         "it is m", false, NULL},
        {"{\"errors\":[{\"code\":\"A\",\"message\":\"m\",\"detail\":{}}]}", "A", "m", false, NULL},
        {"{\"errors\":[]}", "", "", false, NULL},
        {"{\"errors\":{}}", "", "", false, NULL},
        {"{\"errors\":[5]}", "", "", false, NULL},
        {"{\"errors\":[{\"code\":7,\"message\":{}}]}", "", "", false, NULL},
        {"{\"error\":\"invalid_grant\",\"error_description\":\"bad\"}", "invalid_grant", "bad",
         false, NULL},
        {"{\"details\":\"wrong password\"}", "", "wrong password", false, NULL},
        {"{\"errors\":[{\"code\":\"BAD CODE\\n\",\"message\":\"two\\nlines\"}]}", "", "two", false,
         NULL},
        {"  \n<html><body>x</body></html>", "", "", true, NULL},
        {"plain words\nmore", "", "plain words", false, NULL},
        {"{ broken", "", "", false, NULL},
        {"", "", "", false, NULL},
        {"\x1b[31mred", "", "\\x1B[31mred", false, NULL},
    };
    for (size_t i = 0; i < SIZE_OF(rows); i++) {
        struct complaint complaint;
        img__complaint_parse(rows[i].body, strlen(rows[i].body), &complaint);
        assert_string_equal(complaint.code, rows[i].code);
        if (!img__text_equal_nocase(complaint.text, rows[i].text))
            fail_msg("'%s' instead of '%s'", complaint.text, rows[i].text);
        assert_int_equal(complaint.html, rows[i].html);
        assert_string_equal(complaint.detail, rows[i].detail ? rows[i].detail : "");
    }
}

static void hosts(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool plain;
        enum host_scheme scheme;
        const char *base;
    } rows[] = {
        {"docker.io", false, HOST_HTTPS, "https://registry-1.docker.io"},
        {"ghcr.io", false, HOST_HTTPS, "https://ghcr.io"},
        {"r:5000", true, HOST_HTTP, "http://r:5000"},
        {"localhost:5000", false, HOST_UNKNOWN, "https://localhost:5000"},
        {"localhost:5000", true, HOST_HTTP, "http://localhost:5000"},
        {"x.localhost", false, HOST_UNKNOWN, "https://x.localhost"},
        {"127.1.2.3", false, HOST_UNKNOWN, "https://127.1.2.3"},
        {"[::1]:5000", false, HOST_UNKNOWN, "https://[::1]:5000"},
        {"10.0.0.1:5000", false, HOST_HTTPS, "https://10.0.0.1:5000"},
        {"192.168.1.1", false, HOST_HTTPS, "https://192.168.1.1"},
        {"notlocalhost", false, HOST_HTTPS, "https://notlocalhost"},
        {"localhost.example.com", false, HOST_HTTPS, "https://localhost.example.com"},
    };
    for (size_t i = 0; i < SIZE_OF(rows); i++) {
        struct host host;
        auto_(buf) struct buf base = BUF_INIT(URL_MAX);
        img__host_init(&host, rows[i].name, rows[i].plain);
        img__host_append_base(&host, &base);
        if (host.scheme != rows[i].scheme)
            fail_msg("%s: scheme %d", rows[i].name, (int)host.scheme);
        assert_string_equal(img__buf_text(&base), rows[i].base);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_urls),    cmocka_unit_test(token_forms),
        cmocka_unit_test(token_answers), cmocka_unit_test(secret_answers),
        cmocka_unit_test(sites),         cmocka_unit_test(freshness),
        cmocka_unit_test(realms),        cmocka_unit_test(locations),
        cmocka_unit_test(complaints),    cmocka_unit_test(hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
