/* SPDX-License-Identifier: Apache-2.0
 *
 * What begins when: pauses of an origin, fewer at once, what goes first, and how often is tried.
 */
#include "server.h"

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

struct ended {
    int code, status;
    int64_t ms;
    unsigned order;
};

static unsigned ended_count;

static void on_done(int code, const struct http_response *response, const img_error *err, void *arg)
{
    struct ended *ended = arg;
    (void)err;
    ended->code = code;
    ended->status = response ? response->status : 0;
    ended->ms = now_ms();
    ended->order = ++ended_count;
}

static struct ended *start(struct http *http, const struct http_request *request,
                           struct ended *ended)
{
    img_error err;
    memset(ended, 0, sizeof(*ended));
    assert_ok(img__http_start(http, request, on_done, ended, &err));
    return ended;
}

static void run(struct http *http)
{
    img_error err;
    ended_count = 0;
    assert_ok(img__http_run(http, &err));
}

/* All wait that go to the origin, those too that begin later; nobody else does. */
static void test_origin_pauses(void **state)
{
    (void)state;
    static const char *const ways[] = {"429?Retry-After: 1", "503?Retry-After: 1"};
    struct http *http auto_(http) = client_new(3);
    struct ended first, second, away;
    for (size_t i = 0; i < 2; i++) {
        char path[64];
        snprintf(path, sizeof(path), "/flaky/p%zu/1/%s", i, ways[i]);
        int64_t begun = now_ms();
        struct http_request request = {
            .method = "PUT", .url = server_at(&server, path), .once = true};
        start(http, &request, &first);
        run(http);
        assert_int_equal(first.status, i ? 503 : 429);
        assert_true(first.ms - begun < 900);
        request = (struct http_request){
            .method = "GET", .url = server_at(&server, "/echo"), .priority = 1};
        start(http, &request, &second);
        request.url = server_at(&other, "/echo");
        start(http, &request, &away);
        run(http);
        assert_int_equal(second.status, 200);
        assert_true(second.ms - begun >= 1000);
        assert_true(away.order < second.order);
    }
}

static void note_warning(int level, const char *line, void *arg)
{
    if (level == IMG_LOG_WARNING)
        snprintf(arg, 256, "%s", line);
}

/* A long pause is told of, since nothing else is to be seen in it. */
static void test_long_pause(void **state)
{
    (void)state;
    char line[256] = "";
    struct observer observer = {.on_log = note_warning, .on_log_arg = line};
    struct http *http auto_(http) = client_with(1, 10000, &observer);
    struct ended ended;
    struct http_request request = {.method = "GET",
                                   .url = server_at(&server, "/status/503?Retry-After: 1")};
    start(http, &request, &ended);
    run(http);
    assert_string_equal(line, "");
    request.url = server_at(&other, "/status/429?Retry-After: 60");
    start(http, &request, &ended);
    run(http);
    assert_non_null(strstr(line, "429: nothing is asked of it for 60."));
    assert_non_null(strstr(line, " s, then 3 at once"));
}

/* A 503 without a time is no wish of the origin. */
static void test_no_pause(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(1);
    struct ended first, second;
    struct http_request request = {.method = "GET", .url = server_at(&server, "/status/503")};
    start(http, &request, &first);
    run(http);
    request.url = server_at(&server, "/echo");
    int64_t begun = now_ms();
    start(http, &request, &second);
    run(http);
    assert_true(second.ms - begun < 900);
}

/* How many were at the server at once since it was last asked. */
static int busiest(struct http *http)
{
    struct http_response *most auto_(http_response) = get(http, server_at(&server, "/busiest"));
    return atoi(img__buf_text(&most->body));
}

/* Ten requests that take their time: 6 at once, and after a 429 only 3. */
static void test_fewer_at_once(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(1);
    struct ended ended[10], refused;
    struct http_request request = {.method = "GET", .url = server_at(&server, "/busy/0.2")};
    for (size_t i = 0; i < 10; i++)
        start(http, &request, &ended[i]);
    run(http);
    assert_in_range(busiest(http), 4, 6);
    request.url = server_at(&server, "/status/429?Retry-After: 0");
    start(http, &request, &refused);
    run(http);
    request.url = server_at(&server, "/busy/0.2");
    for (size_t i = 0; i < 10; i++)
        start(http, &request, &ended[i]);
    run(http);
    assert_in_range(busiest(http), 1, 3);
}

struct late {
    struct http *http;
    struct ended document, token;
};

static void start_documents(int code, const struct http_response *response, const img_error *err,
                            void *arg)
{
    struct late *late = arg;
    const struct http_request request = {
        .method = "GET", .url = server_at(&server, "/busy/0.3"), .priority = 1};
    (void)response;
    (void)err;
    assert_int_equal(code, 0);
    start(late->http, &request, &late->document);
    start(late->http, &request, &late->token);
}

/* Documents pass blobs that wait, and have a place of their own beside those that move. */
static void test_priority(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(1);
    struct ended blobs[14];
    struct late late = {.http = http};
    img_error err;
    struct http_request request = {.method = "GET", .url = server_at(&server, "/busy/0.3")};
    for (size_t i = 0; i < 14; i++)
        start(http, &request, &blobs[i]);
    request.url = server_at(&other, "/echo");
    assert_ok(img__http_start(http, &request, start_documents, &late, &err));
    run(http);
    for (size_t i = 0; i < 14; i++)
        assert_int_equal(blobs[i].status, 200);
    assert_true(late.document.order <= 8 && late.token.order <= 14);
    assert_in_range(busiest(http), 5, 7);
}

/* An outage costs the requests and a few tries, not five times as many. */
static void test_tries_run_out(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(5);
    struct ended ended[20];
    const struct http_request request = {.method = "GET",
                                         .url = server_at(&server, "/flaky/out/999/close")};
    for (size_t i = 0; i < 20; i++)
        start(http, &request, &ended[i]);
    run(http);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(ended[i].code, IMG_ENETWORK);
    struct http_response *log auto_(http_response) = get(http, server_at(&server, "/log"));
    unsigned seen = 0;
    for (const char *c = img__buf_text(&log->body); (c = strstr(c, "/flaky/out/")); c++)
        seen++;
    assert_in_range(seen, 30, 20 + 14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_origin_pauses), cmocka_unit_test(test_no_pause),
        cmocka_unit_test(test_long_pause),    cmocka_unit_test(test_fewer_at_once),
        cmocka_unit_test(test_priority),      cmocka_unit_test(test_tries_run_out),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
