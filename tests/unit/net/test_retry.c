/* SPDX-License-Identifier: Apache-2.0
 *
 * What is tried again, how often, after what pause; and what is not.
 */
#include "server.h"

static struct server server;

static int setup(void **state)
{
    (void)state;
    server_start(&server, NULL, NULL, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    server_stop(&server);
    return 0;
}

/* How many requests the server has seen since it was last asked. */
static unsigned requests_seen(struct http *http)
{
    struct http_response *log auto_(http_response) = get(http, server_at(&server, "/log"));
    unsigned count = 0;
    for (const char *c = img__buf_text(&log->body); *c; c++)
        count += *c == '\n';
    return count;
}

static void test_passing(void **state)
{
    (void)state;
    static const char *const ways[] = {"408", "425", "429",   "500",   "502",    "503",
                                       "504", "522", "reset", "close", "partial"};
    struct http *http auto_(http) = client_new(3);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        char path[64];
        snprintf(path, sizeof(path), "/flaky/a%zu/1/%s", i, ways[i]);
        struct http_response *response auto_(http_response) = get(http, server_at(&server, path));
        assert_int_equal(response->status, 200);
        assert_string_equal(img__buf_text(&response->body), "ok");
        assert_true(requests_seen(http) == 2);
    }
}

static void test_lasting(void **state)
{
    (void)state;
    static const int statuses[] = {400, 401, 403, 404, 416, 501, 505};
    struct http *http auto_(http) = client_new(3);
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        char path[64];
        snprintf(path, sizeof(path), "/status/%d", statuses[i]);
        struct http_response *response auto_(http_response) = get(http, server_at(&server, path));
        assert_int_equal(response->status, statuses[i]);
        assert_int_equal(requests_seen(http), 1);
    }
}

static void test_exhausted(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(3);
    img_error err;
    struct http_response *response auto_(http_response) =
        get(http, server_at(&server, "/status/503"));
    assert_int_equal(response->status, 503);
    assert_string_equal(response->body.data, "because");
    assert_int_equal(requests_seen(http), 3);
    assert_fails(get_fails(http, server_at(&server, "/flaky/b/9/close"), &err), IMG_ENETWORK,
                 "(3 attempts)");
    assert_non_null(strstr(err.message, "closed the connection without an answer"));
}

static void test_once(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(3);
    const struct http_request request = {
        .method = "GET", .url = server_at(&server, "/status/503"), .once = true};
    struct http_response *response auto_(http_response) = NULL;
    img_error err;
    requests_seen(http);
    assert_ok(img__http_perform(http, &request, &response, &err));
    assert_int_equal(response->status, 503);
    assert_int_equal(requests_seen(http), 1);
}

static int64_t time_of(struct http *http, const char *path)
{
    int64_t begun = now_ms();
    struct http_response *response auto_(http_response) = get(http, server_at(&server, path));
    assert_int_equal(response->status, 200);
    return now_ms() - begun;
}

static void test_retry_after(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(3);
    int64_t took = time_of(http, "/flaky/c/1/429?Retry-After: 1");
    assert_in_range(took, 1000, 3000);
    took = time_of(http, "/flaky/d/1/503?Retry-After: 0");
    assert_in_range(took, 0, 900);
    took = time_of(http, "/flaky/e/1/503?Date: Sun, 06 Nov 1994 08:49:37 GMT%0D%0A"
                         "Retry-After: Sun, 06 Nov 1994 08:49:38 GMT");
    assert_in_range(took, 1000, 3000);
    took = time_of(http, "/flaky/f/1/503?Retry-After: Sun, 06 Nov 1994 08:49:37 GMT");
    assert_in_range(took, 0, 900);
    took = time_of(http, "/flaky/g/1/503?Retry-After: soon");
    assert_in_range(took, 0, 900);
}

struct order {
    char text[8];
};

static void on_done(int code, const struct http_response *response, const img_error *err, void *arg)
{
    struct order *order = arg;
    (void)response;
    assert_int_equal(code, 0);
    assert_null(err);
    strcat(order->text, response_has(response, "ok") ? "r" : "e");
}

/* What is under way already goes on in a pause. */
static void test_pause_alone(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(3);
    struct order order = {""};
    img_error err;
    struct http_request request = {.method = "GET",
                                   .url = server_at(&server, "/flaky/h/1/503?Retry-After: 1")};
    assert_ok(img__http_start(http, &request, on_done, &order, &err));
    request.url = server_at(&server, "/echo");
    assert_ok(img__http_start(http, &request, on_done, &order, &err));
    assert_ok(img__http_run(http, &err));
    assert_string_equal(order.text, "er");
}

static int tick(uint64_t bytes, void *arg, img_error *err)
{
    (void)bytes;
    return now_ms() - *(int64_t *)arg > 250 ? img__fail(err, IMG_ECANCELED, "ctrl-c") : 0;
}

static void test_cancel_in_pause(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(3);
    int64_t begun = now_ms();
    const struct http_request request = {.method = "GET",
                                         .url = server_at(&server, "/status/503?Retry-After: 99"),
                                         .on_bytes = tick,
                                         .on_bytes_arg = &begun};
    struct http_response *response = NULL;
    img_error err;
    assert_fails(img__http_perform(http, &request, &response, &err), IMG_ECANCELED, "ctrl-c");
    assert_true(now_ms() - begun < 3000);
}

static void test_body_again(void **state)
{
    (void)state;
    static const char *const ways[] = {"503", "close", "reset"};
    struct http *http auto_(http) = client_new(4);
    for (size_t i = 0; i < 3; i++) {
        struct source *body auto_(source) = NULL;
        struct http_response *response auto_(http_response) = NULL;
        char path[64];
        img_error err;
        assert_ok(img__source_memory("payload", 7, &body, &err));
        snprintf(path, sizeof(path), "/flaky/i%zu/1/%s", i, ways[i]);
        const struct http_request request = {
            .method = "PUT", .url = server_at(&server, path), .body = body, .body_size = 7};
        assert_ok(img__http_perform(http, &request, &response, &err));
        assert_int_equal(response->status, 200);
    }
}

static int take(struct sink *sink, const void *data, size_t len, img_error *err)
{
    (void)sink;
    (void)data;
    (void)len;
    (void)err;
    return 0;
}

/* Nothing is sent again once the sink has bytes. */
static void test_sink_has_bytes(void **state)
{
    (void)state;
    static const struct sink_ops ops = {.write = take};
    struct http *http auto_(http) = client_new(3);
    struct sink sink = {&ops};
    struct http_request request = {
        .method = "GET", .url = server_at(&server, "/short/10"), .sink = &sink};
    struct http_response *response = NULL;
    img_error err;
    requests_seen(http);
    assert_fails(img__http_perform(http, &request, &response, &err), IMG_ENETWORK,
                 "before the answer was complete");
    assert_int_equal(requests_seen(http), 1);
    request.url = server_at(&server, "/flaky/j/2/503");
    assert_ok(img__http_perform(http, &request, &response, &err));
    assert_int_equal(response->status, 200);
    img__http_response_free(response);
}

/* After a redirect another try begins at the start. */
static void test_from_the_start(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(3);
    requests_seen(http);
    struct http_response *response auto_(http_response) =
        get(http, server_at(&server, "/redirect/307?/flaky/k/1/503"));
    assert_int_equal(response->status, 200);
    assert_int_equal(requests_seen(http), 4);
}

static void test_stall(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_with(5, 400, NULL);
    img_error err;
    int64_t begun = now_ms();
    assert_fails(get_fails(http, server_at(&server, "/unread"), &err), IMG_ENETWORK,
                 "no answer within 0.8 s");
    assert_int_equal(err.sys_errno, ETIMEDOUT);
    assert_non_null(strstr(err.message, "(2 attempts)"));
    assert_in_range(now_ms() - begun, 1600, 8000);
    assert_fails(get_fails(http, server_at(&server, "/stall"), &err), IMG_ENETWORK,
                 "nothing moved");
    /* bytes of a header that never ends its line are no answer */
    assert_fails(get_fails(http, server_at(&server, "/drip"), &err), IMG_ENETWORK, "no answer");
    struct http_response *response auto_(http_response) =
        get(http, server_at(&server, "/flaky/l/1/silent"));
    assert_int_equal(response->status, 200);
}

/* A server gets more time to digest a large PUT. */
static void test_slow_put(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_with(1, 200, NULL);
    struct http_request request = {.method = "PUT", .url = server_at(&server, "/slow-put/1.2")};
    struct http_response *response = NULL;
    img_error err;
    assert_ok(img__http_perform(http, &request, &response, &err));
    assert_int_equal(response->status, 201);
    img__http_response_free(response);
    request.method = "POST";
    assert_fails(img__http_perform(http, &request, &response, &err), IMG_ENETWORK, "no answer");
}

/* A server that takes no more of the body. */
static void test_stalled_upload(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_with(1, 400, NULL);
    size_t size = 32 * 1024 * 1024;
    char *data auto_free = calloc(1, size);
    struct source *body auto_(source) = NULL;
    struct http_response *response = NULL;
    img_error err;
    assert_ok(img__source_memory(data, size, &body, &err));
    const struct http_request request = {
        .method = "PUT", .url = server_at(&server, "/unread"), .body = body, .body_size = size};
    int64_t begun = now_ms();
    assert_fails(img__http_perform(http, &request, &response, &err), IMG_ENETWORK, "nothing moved");
    assert_true(now_ms() - begun < 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passing),         cmocka_unit_test(test_lasting),
        cmocka_unit_test(test_exhausted),       cmocka_unit_test(test_once),
        cmocka_unit_test(test_retry_after),     cmocka_unit_test(test_pause_alone),
        cmocka_unit_test(test_cancel_in_pause), cmocka_unit_test(test_body_again),
        cmocka_unit_test(test_sink_has_bytes),  cmocka_unit_test(test_from_the_start),
        cmocka_unit_test(test_stall),           cmocka_unit_test(test_slow_put),
        cmocka_unit_test(test_stalled_upload),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
