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
    static const char *const methods[] = {"GET", "PUT", "POST", "DELETE"};
    struct http *http auto_(http) = client_new(1);
    for (size_t i = 0; i < 5; i++) {
        for (size_t k = 0; k < 4; k++) {
            struct source *body auto_(source) = NULL;
            char path[64], expected[64];
            img_error err;
            bool sends = k == 1 || k == 2;
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
        cmocka_unit_test(test_not_followed),
        cmocka_unit_test(test_authorization),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_near),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_rewind),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
