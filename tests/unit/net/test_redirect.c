/* SPDX-License-Identifier: Apache-2.0
 *
 * Redirects: what is followed, what is kept, and to whom Authorization goes.
 */
#include "server.h"

#include "net/address.h"

static struct server server, other;

static int setup(void **state)
{
    (void)state;
    server_start(&server, NULL, NULL, NULL);
    server_start(&other, NULL, NULL, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    server_stop(&server);
    server_stop(&other);
    return 0;
}

static struct http_response *perform(struct http *http, const struct http_request *request)
{
    struct http_response *response = NULL;
    img_error err;
    assert_ok(img__http_perform(http, request, &response, &err));
    return response;
}

static const int followed[] = {301, 302, 303, 307, 308};

static void test_method_and_body(void **state)
{
    (void)state;
    static const char *const methods[] = {"GET", "PUT", "POST", "PATCH", "DELETE"};
    struct http *http auto_(http) = client_new(1);
    for (size_t i = 0; i < 5; i++) {
        for (size_t k = 0; k < 5; k++) {
            struct source *body auto_(source) = NULL;
            char path[64], expected[64];
            img_error err;
            bool sends = k >= 1 && k <= 3;
            assert_ok(img__source_memory("payload", 7, &body, &err));
            snprintf(path, sizeof(path), "/redirect/%d?/echo?a=b", followed[i]);
            snprintf(expected, sizeof(expected), "%s /echo?a=b\n", methods[k]);
            const struct http_request request = {.method = methods[k],
                                                 .url = server_at(&server, path),
                                                 .body = sends ? body : NULL,
                                                 .body_size = sends ? 7 : 0};
            struct http_response *response auto_(http_response) = perform(http, &request);
            assert_int_equal(response->status, 200);
            assert_true(response_has(response, expected));
            assert_int_equal(response_has(response, "\n\npayload"), sends);
            assert_string_equal(response->url, server_at(&server, "/echo?a=b"));
        }
    }
}

static void test_head(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(1);
    img__http_response_free(get(http, server_at(&server, "/log")));
    for (size_t i = 0; i < 5; i++) {
        char path[64], expected[64];
        snprintf(path, sizeof(path), "/redirect/%d?/echo", followed[i]);
        const struct http_request request = {.method = "HEAD", .url = server_at(&server, path)};
        struct http_response *response auto_(http_response) = perform(http, &request);
        assert_int_equal(response->status, 200);
        assert_int_equal(response->body.len, 0);
        struct http_response *log auto_(http_response) = get(http, server_at(&server, "/log"));
        snprintf(expected, sizeof(expected), "HEAD /redirect/%d?/echo None\nHEAD /echo None\n",
                 followed[i]);
        assert_string_equal(img__buf_text(&log->body), expected);
    }
}

/* Cookies are neither kept nor sent; a header of ours that is secret has no place in headers. */
static void test_cookies(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(1);
    struct http_response *first auto_(http_response) =
        get(http, server_at(&server, "/status/200?Set-Cookie: a=b; Path=/"));
    assert_int_equal(first->status, 200);
    struct http_response *second auto_(http_response) = get(http, server_at(&server, "/echo"));
    assert_false(response_has(second, "Cookie"));
}

static void test_not_followed(void **state)
{
    (void)state;
    static const int statuses[] = {200, 201, 202, 204, 300, 304, 305, 401};
    struct http *http auto_(http) = client_new(1);
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        char path[64];
        size_t len;
        snprintf(path, sizeof(path), "/redirect/%d?/echo", statuses[i]);
        const struct http_request request = {.method = "HEAD", .url = server_at(&server, path)};
        struct http_response *response auto_(http_response) = perform(http, &request);
        assert_int_equal(response->status, statuses[i]);
        assert_memory_equal(img__http_header(response, "Location", 0, &len), "/echo", 5);
    }
    struct http_response *empty auto_(http_response) =
        get(http, server_at(&server, "/redirect/307?"));
    assert_int_equal(empty->status, 307);
}

static void test_authorization(void **state)
{
    (void)state;
    static const char *const headers[] = {"Accept: a/b", NULL};
    struct http *http auto_(http) = client_new(1);
    char away[256], back[512], local[256];
    snprintf(away, sizeof(away), "/redirect/307?%s/echo", other.url);
    snprintf(back, sizeof(back), "/redirect/307?%s/redirect/302?%s/echo", other.url, server.url);
    snprintf(local, sizeof(local), "/redirect/307?http://localhost:%d/echo", server.port);
    struct http_request request = {.method = "GET",
                                   .url = server_at(&server, "/redirect/307?/echo"),
                                   .headers = headers,
                                   .authorization = "Bearer abc"};
    struct http_response *same auto_(http_response) = perform(http, &request);
    assert_true(response_has(same, "Authorization: Bearer abc\n"));

    /* another port of the same host is another origin */
    request.url = server_at(&server, away);
    struct http_response *gone auto_(http_response) = perform(http, &request);
    assert_string_equal(gone->url, server_at(&other, "/echo"));
    assert_false(response_has(gone, "Bearer"));
    assert_true(response_has(gone, "Accept: a/b\n"));

    /* and so is another name of it */
    request.url = server_at(&server, local);
    struct http_response *named auto_(http_response) = perform(http, &request);
    assert_false(response_has(named, "Bearer"));

    /* home again */
    request.url = server_at(&server, back);
    struct http_response *home auto_(http_response) = perform(http, &request);
    assert_true(response_has(home, "Authorization: Bearer abc\n"));

    struct http_response *log auto_(http_response) = get(http, server_at(&other, "/log"));
    assert_false(response_has(log, "Bearer"));
    assert_true(response_has(log, "/echo None\n"));
}

/* A chain of count redirects. */
static const char *chain(char *text, size_t size, int count)
{
    size_t len = (size_t)snprintf(text, size, "%s", server.url);
    for (int i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, size - len, "/redirect/307?");
    snprintf(text + len, size - len, "/echo");
    return text;
}

static void test_limits(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(3);
    char text[512];
    img_error err;
    struct http_response *ten auto_(http_response) = get(http, chain(text, sizeof(text), 10));
    assert_int_equal(ten->status, 200);
    assert_fails(get_fails(http, chain(text, sizeof(text), 11), &err), IMG_ELIMIT,
                 "more than 10 redirects");
    assert_fails(get_fails(http, server_at(&server, "/to-itself"), &err), IMG_ELIMIT,
                 "more than 10 redirects");
}

static void test_refused(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(3);
    img_error err;
    assert_fails(get_fails(http, server_at(&server, "/redirect/307?file:///etc/passwd"), &err),
                 IMG_EFORMAT, "neither http nor https");
    assert_fails(get_fails(http, server_at(&server, "/redirect/307?http://u:p@h/"), &err),
                 IMG_EFORMAT, "user name");
    assert_fails(get_fails(http, server_at(&server, "/redirect/307?http://a%2500b/"), &err),
                 IMG_EFORMAT, "host");
    assert_fails(get_fails(http, server_at(&server, "/redirect/301?http://h:99999/"), &err),
                 IMG_EFORMAT, "/redirect/301: redirect: ");
}

/* Where a server far away leads to is not to be near. All that there is here is near. */
static void test_near(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(3);
    struct http_response *response = NULL;
    img_error err;
    char path[128];
    struct http_request request = {
        .method = "GET", .url = server_at(&server, "/echo?near"), .far = true};
    assert_fails(img__http_perform(http, &request, &response, &err), IMG_EREFUSED,
                 "GET http://127.0.0.1:");
    assert_non_null(strstr(err.message, "the address 127.0.0.1 of this machine"));
    snprintf(path, sizeof(path), "http://2130706433:%d/echo?near", server.port);
    request.url = path;
    assert_fails(img__http_perform(http, &request, &response, &err), IMG_EREFUSED, "127.0.0.1");
    request.far = false;
    response = perform(http, &request);
    assert_int_equal(response->place, ADDRESS_LOOPBACK);
    img__http_response_free(response);
    struct http_response *log auto_(http_response) = get(http, server_at(&server, "/log"));
    char *first = strstr(img__buf_text(&log->body), "GET /echo?near");
    assert_non_null(first);
    assert_null(strstr(first + 1, "GET /echo?near"));
}

static int perform_far(struct http *http, const char *url, enum address_place from, img_error *err)
{
    const struct http_request request = {.method = "GET", .url = url, .far = true, .from = from};
    struct http_response *response = NULL;
    int rc = img__http_perform(http, &request, &response, err);
    if (rc < 0)
        return rc;
    rc = response->status;
    img__http_response_free(response);
    return rc;
}

/* What counts is the address that a name leads to, and where the server is that named it. */
static void test_names_that_lead_here(void **state)
{
    (void)state;
    char entry[64], url[64];
    const char *list[] = {entry, NULL};
    const struct http_options options = {.tries = 3, .resolve = list};
    struct http *http auto_(http) = NULL;
    img_error err;
    snprintf(entry, sizeof(entry), "name.example:%d:127.0.0.1", server.port);
    snprintf(url, sizeof(url), "http://name.example:%d/echo", server.port);
    assert_ok(img__http_new(&options, &http, &err));
    assert_fails(perform_far(http, url, ADDRESS_ELSEWHERE, &err), IMG_EREFUSED,
                 "the address 127.0.0.1 of this machine or a private network");
    assert_null(strstr(err.message, "attempts"));
    assert_true(perform_far(http, url, ADDRESS_PRIVATE, &err) == IMG_EREFUSED);
    assert_true(perform_far(http, url, ADDRESS_LINK, &err) == IMG_EREFUSED);
    /* nothing was connected: the log has but what asks for it */
    struct http_response *log auto_(http_response) = get(http, server_at(&server, "/log"));
    assert_null(strstr(img__buf_text(&log->body), "/echo"));
    assert_int_equal(perform_far(http, url, ADDRESS_LOOPBACK, &err), 200);
    /* the connection that stands now is no way around */
    assert_fails(perform_far(http, url, ADDRESS_ELSEWHERE, &err), IMG_EREFUSED, "127.0.0.1");
}

/* Through a proxy the first hop is far away; what it leads to is looked at all the same. */
static void test_from_far_away(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(3);
    char url[256];
    img_error err;
    setenv("http_proxy", other.url, 1);
    snprintf(url, sizeof(url), "http://img.invalid/redirect/307?%s/echo", server.url);
    assert_fails(get_fails(http, url, &err), IMG_EREFUSED, "the address 127.0.0.1");
    assert_fails(
        get_fails(http, "http://img.invalid/redirect/307?http://169.254.169.254/latest", &err),
        IMG_EREFUSED, "in its URL");
    assert_fails(get_fails(http, "http://img.invalid/redirect/307?http://[fd00::1]/", &err),
                 IMG_EREFUSED, "in its URL");
    assert_int_equal(perform_far(http, "http://img.invalid/status/204", ADDRESS_ELSEWHERE, &err),
                     204);
    /* who was asked for by the caller may lead to his like */
    struct http_response *same auto_(http_response) =
        get(http, "http://10.1.2.3/redirect/307?http://10.3.2.1/status/200");
    assert_int_equal(same->status, 200);
    assert_int_equal(same->place, ADDRESS_PRIVATE);
    server_clean_environment();
}

static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum address_place place;
    } rows[] = {
        {"127.0.0.1", ADDRESS_LOOPBACK},
        {"127.255.0.9", ADDRESS_LOOPBACK},
        {"0.0.0.0", ADDRESS_LOOPBACK},
        {"::1", ADDRESS_LOOPBACK},
        {"::", ADDRESS_LOOPBACK},
        {"::ffff:127.0.0.1", ADDRESS_LOOPBACK},
        {"169.254.169.254", ADDRESS_LINK},
        {"::ffff:169.254.1.1", ADDRESS_LINK},
        {"fe80::1", ADDRESS_LINK},
        {"127.1", ADDRESS_LOOPBACK},
        {"2130706433", ADDRESS_LOOPBACK},
        {"0x7f.1", ADDRESS_LOOPBACK},
        {"::127.0.0.1", ADDRESS_LOOPBACK},
        {"64:ff9b::7f00:1", ADDRESS_LOOPBACK},
        {"2002:a9fe:a9fe::1", ADDRESS_LINK},
        {"10.0.0.1", ADDRESS_PRIVATE},
        {"10.255.255.255", ADDRESS_PRIVATE},
        {"11.0.0.0", ADDRESS_ELSEWHERE},
        {"9.255.255.255", ADDRESS_ELSEWHERE},
        {"172.16.0.0", ADDRESS_PRIVATE},
        {"172.31.255.255", ADDRESS_PRIVATE},
        {"172.15.255.255", ADDRESS_ELSEWHERE},
        {"172.32.0.0", ADDRESS_ELSEWHERE},
        {"192.168.1.1", ADDRESS_PRIVATE},
        {"192.169.0.0", ADDRESS_ELSEWHERE},
        {"100.64.0.0", ADDRESS_PRIVATE},
        {"100.127.255.255", ADDRESS_PRIVATE},
        {"100.128.0.0", ADDRESS_ELSEWHERE},
        {"169.255.0.0", ADDRESS_ELSEWHERE},
        {"::ffff:10.1.2.3", ADDRESS_PRIVATE},
        {"::ffff:a01:203", ADDRESS_PRIVATE},
        {"fc00::1", ADDRESS_PRIVATE},
        {"fdff::1", ADDRESS_PRIVATE},
        {"fe00::1", ADDRESS_ELSEWHERE},
        {"fec0::1", ADDRESS_PRIVATE},
        {"fe80::1%eth0", ADDRESS_ELSEWHERE}, /* zones are in no URL */
        {"64:ff9b::808:808", ADDRESS_ELSEWHERE},
        {"::ffff:8.8.8.8", ADDRESS_ELSEWHERE},
        {"128.0.0.1", ADDRESS_ELSEWHERE},
        {"2001:db8::1", ADDRESS_ELSEWHERE},
        {"localhost", ADDRESS_ELSEWHERE},
        {"", ADDRESS_ELSEWHERE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (img__address_place(rows[i].text) != rows[i].place)
            fail_msg("%s", rows[i].text);
}

/* A body that can be read once only can't be sent twice. */
static void test_no_rewind(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(3);
    int ends[2];
    struct source *body auto_(source) = NULL;
    struct http_response *response = NULL;
    img_error err;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], "payload", 7), 7);
    close(ends[1]);
    assert_ok(img__source_fd(ends[0], "pipe", &body, &err));
    const struct http_request request = {.method = "PUT",
                                         .url = server_at(&server, "/redirect/307?/echo"),
                                         .body = body,
                                         .body_size = 7};
    assert_true(img__http_perform(http, &request, &response, &err) < 0);
    assert_non_null(strstr(err.message, "pipe"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_method_and_body),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_cookies),
        cmocka_unit_test(test_not_followed),
        cmocka_unit_test(test_authorization),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_near),
        cmocka_unit_test(test_names_that_lead_here),
        cmocka_unit_test(test_from_far_away),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_rewind),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
