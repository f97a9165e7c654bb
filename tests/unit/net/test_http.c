/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests and answers against a server on a loopback port: methods, bodies both ways, headers,
 * limits, many at once, cancelling.
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

static void assert_body(const struct http_response *response, const char *text)
{
    if (!response_has(response, text))
        fail_msg("'%s' is not in '%s'", text, img__buf_text(&response->body));
}

static void test_get(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(1);
    struct http_response *response auto_(http_response) =
        get(http, server_at(&server, "/echo/a//../%2e?b=c%2Fd&e="));
    assert_int_equal(response->status, 200);
    assert_string_equal(response->url, server_at(&server, "/echo/a/%2e?b=c%2Fd&e="));
    assert_body(response, "GET /echo/a/%2e?b=c%2Fd&e=\n");
    assert_body(response, "User-Agent: unit/1\n");
    assert_false(response_has(response, "Accept-Encoding"));
    assert_false(response_has(response, "Expect"));
    assert_false(response_has(response, "Authorization"));
}

static void test_headers(void **state)
{
    (void)state;
    static const char *const headers[] = {"Accept: a/b, c/d", "X-Mine: 1", NULL};
    struct http *http auto_(http) = client_new(1);
    const struct http_request request = {.method = "GET",
                                         .url = server_at(&server, "/echo"),
                                         .headers = headers,
                                         .authorization = "Bearer abc"};
    struct http_response *response auto_(http_response) = NULL;
    img_error err;
    size_t len;
    assert_ok(img__http_perform(http, &request, &response, &err));
    assert_body(response, "Accept: a/b, c/d\n");
    assert_body(response, "X-Mine: 1\n");
    assert_body(response, "Authorization: Bearer abc\n");
    const char *value = img__http_header(response, "x-echo", 0, &len);
    assert_int_equal(len, 3);
    assert_memory_equal(value, "yes", 3);
    assert_memory_equal(img__http_header(response, "X-Two", 0, &len), "1", 1);
    assert_memory_equal(img__http_header(response, "X-Two", 1, &len), "2", 1);
    assert_null(img__http_header(response, "X-Two", 2, &len));
    assert_null(img__http_header(response, "X-Tw", 0, &len));
}

static void test_bad_requests(void **state)
{
    (void)state;
    static const char *const injected[] = {"A: b\r\nC: d", NULL};
    static const char *const nameless[] = {"A", NULL};
    struct http *http auto_(http) = client_new(1);
    struct http_request request = {.method = "GET", .url = server.url, .headers = injected};
    struct http_response *response;
    img_error err;
    assert_fails(img__http_perform(http, &request, &response, &err), IMG_EINVAL, "header");
    request.headers = nameless;
    assert_fails(img__http_perform(http, &request, &response, &err), IMG_EINVAL, "header");
    request.headers = NULL;
    request.authorization = "Bearer secret\nX: y";
    assert_fails(img__http_perform(http, &request, &response, &err), IMG_EINVAL, "control");
    assert_null(strstr(err.message, "secret"));
    request.authorization = NULL;
    request.url = "ftp://h/";
    assert_fails(img__http_perform(http, &request, &response, &err), IMG_EFORMAT, "neither");
}

static void test_methods(void **state)
{
    (void)state;
    static const struct {
        const char *method, *seen;
    } rows[] = {{"GET", NULL},
                {"DELETE", NULL},
                {"POST", "Content-Length: 0\n"},
                {"PUT", "Content-Length: 0\n"},
                {"PATCH", "Content-Length: 0\n"}};
    struct http *http auto_(http) = client_new(1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct http_request request = {.method = rows[i].method,
                                             .url = server_at(&server, "/echo")};
        struct http_response *response auto_(http_response) = NULL;
        img_error err;
        assert_ok(img__http_perform(http, &request, &response, &err));
        assert_int_equal(strncmp(response->body.data, rows[i].method, strlen(rows[i].method)), 0);
        assert_int_equal(response_has(response, "Content-Length"), rows[i].seen != NULL);
        if (rows[i].seen)
            assert_body(response, rows[i].seen);
        assert_false(response_has(response, "Transfer-Encoding"));
    }
}

static void test_head(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(1);
    const struct http_request request = {.method = "HEAD",
                                         .url = server_at(&server, "/bytes/1048576")};
    struct http_response *response auto_(http_response) = NULL;
    img_error err;
    size_t len;
    assert_ok(img__http_perform(http, &request, &response, &err));
    assert_int_equal(response->status, 200);
    assert_int_equal(response->body.len, 0);
    assert_memory_equal(img__http_header(response, "Content-Length", 0, &len), "1048576", 7);
}

/* A sink that counts, and fails when it has had enough. */
struct counter {
    struct sink sink;
    uint64_t bytes, limit;
    unsigned sum;
};

static int counter_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    struct counter *counter = (struct counter *)sink;
    const unsigned char *bytes = data;
    for (size_t i = 0; i < len; i++)
        counter->sum = counter->sum * 31 + bytes[i];
    counter->bytes += len;
    if (counter->limit && counter->bytes > counter->limit)
        return img__fail(err, IMG_EDIGEST, "enough");
    return 0;
}

static const struct sink_ops counter_ops = {.write = counter_write};

struct seen {
    uint64_t last;
    unsigned calls;
    uint64_t stop_at;
};

static int on_bytes(uint64_t bytes, void *arg, img_error *err)
{
    struct seen *seen = arg;
    seen->calls++;
    seen->last = bytes;
    if (seen->stop_at && bytes >= seen->stop_at)
        return img__fail(err, IMG_ECANCELED, "stop here");
    return 0;
}

static void test_sink(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(1);
    struct counter counter = {.sink = {&counter_ops}};
    struct seen seen = {0};
    struct http_request request = {.method = "GET",
                                   .url = server_at(&server, "/bytes/8388608"),
                                   .sink = &counter.sink,
                                   .on_bytes = on_bytes,
                                   .on_bytes_arg = &seen};
    struct http_response *response auto_(http_response) = NULL;
    img_error err;
    unsigned sum = 0;
    assert_ok(img__http_perform(http, &request, &response, &err));
    for (size_t i = 0; i < 8388608; i++)
        sum = sum * 31 + (unsigned)(i % 4096 % 251);
    assert_int_equal(counter.bytes, 8388608);
    assert_int_equal(counter.sum, sum);
    assert_int_equal(seen.last, 8388608);
    assert_int_equal(response->body.len, 0);

    struct http_response *none = NULL;
    counter.bytes = 0;
    counter.limit = 100000;
    assert_fails(img__http_perform(http, &request, &none, &err), IMG_EDIGEST, "enough");
    counter.limit = 0;
    seen.stop_at = 1000000;
    assert_fails(img__http_perform(http, &request, &none, &err), IMG_ECANCELED, "stop here");
    assert_null(none);
}

/* What is no 2xx does not reach the sink. */
static void test_error_body(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(1);
    struct counter counter = {.sink = {&counter_ops}};
    struct http_request request = {.method = "GET",
                                   .url = server_at(&server, "/status/404"),
                                   .sink = &counter.sink,
                                   .body_limit = 1};
    struct http_response *response auto_(http_response) = NULL, *large auto_(http_response) = NULL;
    img_error err;
    assert_ok(img__http_perform(http, &request, &response, &err));
    assert_int_equal(response->status, 404);
    assert_string_equal(response->body.data, "because");
    request.url = server_at(&server, "/large/403");
    assert_ok(img__http_perform(http, &request, &large, &err));
    assert_int_equal(large->status, 403);
    assert_int_equal(large->body.len, 65536);
    assert_int_equal(counter.bytes, 0);
}

static void test_limits(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(1);
    struct http_response *response = NULL;
    img_error err;
    struct http_request request = {
        .method = "GET", .url = server_at(&server, "/large/200"), .body_limit = 100000};
    assert_fails(img__http_perform(http, &request, &response, &err), IMG_ELIMIT, "100000 bytes");
    request.url = server_at(&server, "/promise/100001");
    int64_t begun = now_ms();
    assert_fails(img__http_perform(http, &request, &response, &err), IMG_ELIMIT, "100000 bytes");
    assert_true(now_ms() - begun < 2000);
    request.body_limit = 0;
    request.url = server_at(&server, "/chunked/65537");
    assert_fails(img__http_perform(http, &request, &response, &err), IMG_ELIMIT, "65536 bytes");
    request.body_limit = 65537;
    assert_ok(img__http_perform(http, &request, &response, &err));
    assert_int_equal(response->body.len, 65537);
    size_t len;
    assert_null(img__http_header(response, "X-T", 0, &len));
    img__http_response_free(response);
}

static void test_header_limits(void **state)
{
    (void)state;
    static const char *const bad[] = {"/lines/99",   "/endless",         "/endless-line",
                                      "/interim/60", "/endless-interim", "/long-line/70000"};
    struct http *http auto_(http) = client_new(3);
    struct http_response *response auto_(http_response) =
        get(http, server_at(&server, "/lines/90"));
    struct http_response *interim auto_(http_response) =
        get(http, server_at(&server, "/interim/5"));
    struct http_response *folded auto_(http_response) = get(http, server_at(&server, "/folded"));
    size_t len;
    assert_int_equal(response->status, 200);
    assert_int_equal(interim->status, 200);
    assert_string_equal(interim->body.data, "at last");
    assert_null(img__http_header(interim, "X-Early", 0, &len));
    assert_memory_equal(img__http_header(folded, "X-A", 0, &len), "one   two", 9);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        img_error err;
        assert_fails(get_fails(http, server_at(&server, bad[i]), &err), IMG_ELIMIT, "headers");
    }
}

static void test_upload(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(1);
    size_t size = 20 * 1024 * 1024;
    char *data auto_free = malloc(size);
    struct source *body auto_(source) = NULL;
    struct seen seen = {0};
    img_error err;
    unsigned long sum = 0;
    assert_non_null(data);
    for (size_t i = 0; i < size; i++)
        data[i] = (char)(i * 7 / 3);
    for (size_t i = 0; i < size; i += 4096)
        sum += (unsigned char)data[i];
    assert_ok(img__source_memory(data, size, &body, &err));
    const struct http_request request = {.method = "PUT",
                                         .url = server_at(&server, "/sum"),
                                         .body = body,
                                         .body_size = size,
                                         .on_bytes = on_bytes,
                                         .on_bytes_arg = &seen};
    struct http_response *response auto_(http_response) = NULL;
    char expected[64];
    snprintf(expected, sizeof(expected), "%lu %zu", sum, size);
    assert_ok(img__http_perform(http, &request, &response, &err));
    assert_int_equal(response->status, 201);
    assert_string_equal(response->body.data, expected);
    assert_int_equal(seen.last, size);
    assert_true(seen.calls > 2);
}

static void test_upload_ends_early(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(3);
    struct source *body auto_(source) = NULL;
    struct http_response *response = NULL;
    img_error err;
    assert_ok(img__source_memory("abc", 3, &body, &err));
    const struct http_request request = {
        .method = "POST", .url = server_at(&server, "/sum"), .body = body, .body_size = 4};
    assert_fails(img__http_perform(http, &request, &response, &err), IMG_EIO, "3 of 4");
}

/* A server that answers without reading the body is heard. Where its reset overtakes the answer,
 * the next try hears it. */
static void test_early_answer(void **state)
{
    (void)state;
    static const char *const pages[] = {"/early/401", "/early/413?linger"};
    struct http *http auto_(http) = client_new(5);
    size_t size = 8 * 1024 * 1024;
    char *data auto_free = calloc(1, size);
    struct source *body auto_(source) = NULL;
    img_error err;
    assert_ok(img__source_memory(data, size, &body, &err));
    for (size_t i = 0; i < 30; i++) {
        const struct http_request request = {.method = "PUT",
                                             .url = server_at(&server, pages[i % 2]),
                                             .body = body,
                                             .body_size = size};
        struct http_response *response auto_(http_response) = NULL;
        assert_ok(img__source_rewind(body, &err));
        assert_ok(img__http_perform(http, &request, &response, &err));
        assert_int_equal(response->status, i % 2 ? 413 : 401);
    }
}

struct crowd {
    struct http *http;
    unsigned done, ok, canceled, more;
    bool cancel_at_first;
};

static void on_crowd_done(int code, const struct http_response *response, const img_error *err,
                          void *arg)
{
    struct crowd *crowd = arg;
    assert_int_equal(code == 0, response != NULL);
    assert_int_equal(code < 0, err != NULL);
    crowd->done++;
    crowd->ok += code == 0 && response->status == 200;
    crowd->canceled += code == IMG_ECANCELED && err->code == IMG_ECANCELED;
    if (crowd->cancel_at_first && crowd->done == 1)
        img__http_cancel(crowd->http);
    if (crowd->more) {
        const struct http_request request = {.method = "GET", .url = server_at(&server, "/echo")};
        crowd->more--;
        assert_int_equal(img__http_start(crowd->http, &request, on_crowd_done, crowd, NULL), 0);
    }
}

static void start_many(struct crowd *crowd, const char *path, unsigned count)
{
    img_error err;
    for (unsigned i = 0; i < count; i++) {
        const struct http_request request = {.method = "GET", .url = server_at(&server, path)};
        assert_ok(img__http_start(crowd->http, &request, on_crowd_done, crowd, &err));
    }
}

static void test_many(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(1);
    struct crowd crowd = {.http = http, .more = 30};
    img_error err;
    start_many(&crowd, "/bytes/40960", 150);
    assert_int_equal(crowd.done, 0);
    assert_ok(img__http_run(http, &err));
    assert_int_equal(crowd.done, 180);
    assert_int_equal(crowd.ok, 180);
    assert_ok(img__http_run(http, &err));
}

static void test_cancel(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(1);
    img_error err;
    struct crowd crowd = {.http = http};
    start_many(&crowd, "/echo", 5);
    img__http_cancel(http);
    assert_int_equal(crowd.canceled, 5);

    /* from done, with a request begun after it that lives on */
    crowd = (struct crowd){.http = http, .cancel_at_first = true, .more = 1};
    start_many(&crowd, "/echo", 1);
    start_many(&crowd, "/unread", 5);
    int64_t begun = now_ms();
    assert_ok(img__http_run(http, &err));
    assert_true(now_ms() - begun < 2000);
    assert_int_equal(crowd.done, 7);
    assert_int_equal(crowd.canceled, 5);
    assert_int_equal(crowd.ok, 2);

    /* started in the course of a cancel from outside */
    crowd = (struct crowd){.http = http, .more = 1};
    start_many(&crowd, "/echo", 1);
    img__http_cancel(http);
    assert_int_equal(crowd.canceled, 1);
    assert_int_equal(crowd.done, 1);
    assert_ok(img__http_run(http, &err));
    assert_int_equal(crowd.done, 2);
}

/* Freeing the client ends what is under way; nothing new begins. */
static void test_end_by_free(void **state)
{
    (void)state;
    struct crowd crowd = {.http = client_new(1)};
    start_many(&crowd, "/echo", 3);
    img__http_free(crowd.http);
    assert_int_equal(crowd.canceled, 3);
}

static int tick(uint64_t bytes, void *arg, img_error *err)
{
    (void)bytes;
    if (++*(int *)arg < 2)
        return 0;
    return img__fail(err, IMG_ECANCELED, "ctrl-c");
}

/* on_bytes is asked while nothing moves, so that a cancel is prompt. */
static void test_tick(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(1);
    int calls = 0;
    const struct http_request request = {.method = "GET",
                                         .url = server_at(&server, "/unread"),
                                         .on_bytes = tick,
                                         .on_bytes_arg = &calls};
    struct http_response *response = NULL;
    img_error err;
    int64_t begun = now_ms();
    assert_fails(img__http_perform(http, &request, &response, &err), IMG_ECANCELED, "ctrl-c");
    assert_true(now_ms() - begun < 2000);
}

static void collect(int level, const char *line, void *arg)
{
    assert_true(level >= IMG_LOG_WARNING && level <= IMG_LOG_DEBUG);
    img__buf_puts(arg, line);
    img__buf_putc(arg, '\n');
}

struct heads {
    unsigned calls;
    int status, result;
    int64_t retry_after_ms;
    bool has_length, near;
    uint64_t *taken;
};

static int on_headers(const struct http_response *response, void *arg, img_error *err)
{
    struct heads *heads = arg;
    size_t len;
    heads->calls++;
    heads->status = response->status;
    heads->near = response->place == ADDRESS_LOOPBACK;
    heads->retry_after_ms = response->retry_after_ms;
    heads->has_length = img__http_header(response, "Content-Length", 0, &len) != NULL;
    return heads->result ? img__fail(err, heads->result, "not like this") : 0;
}

static int perform_heads(struct http *http, const char *method, const char *path,
                         struct heads *heads, img_error *err)
{
    const struct http_request request = {.method = method,
                                         .url = server_at(&server, path),
                                         .on_headers = on_headers,
                                         .on_bytes_arg = heads};
    struct http_response *response = NULL;
    int rc = img__http_perform(http, &request, &response, err);
    int status = rc == 0 ? response->status : rc;
    if (rc == 0)
        img__http_response_free(response);
    return status;
}

/* Told once, of the final answer alone. */
static void test_on_headers(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path;
        int status, retry_after_ms;
    } rows[] = {
        {"GET", "/echo", 200, -1},
        {"HEAD", "/echo", 200, -1},
        {"GET", "/redirect/307?/echo", 200, -1},
        {"GET", "/redirect/307?", 307, -1},
        {"GET", "/interim/3", 200, -1},
        {"GET", "/flaky/heads/1/503?Retry-After: 0", 200, -1},
        {"PUT", "/status/404", 404, -1},
        {"POST", "/status/503?Retry-After: 0", 503, 0},
        {"GET", "/status/400?Retry-After: 3", 400, 3000},
        {"GET", "/status/400?Retry-After: 301", 400, 300000},
    };
    struct http *http auto_(http) = client_new(2);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct heads heads = {0};
        img_error err;
        int status = perform_heads(http, rows[i].method, rows[i].path, &heads, &err);
        if (status != rows[i].status || heads.status != status || heads.calls != 1 || !heads.near ||
            !heads.has_length || heads.retry_after_ms != rows[i].retry_after_ms)
            fail_msg("%s: %d, told %u times of %d", rows[i].path, status, heads.calls,
                     heads.status);
    }
}

static void test_on_headers_ends(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(3);
    struct heads heads = {.result = IMG_EDIGEST};
    img_error err;
    assert_fails(perform_heads(http, "GET", "/bytes/40960", &heads, &err), IMG_EDIGEST,
                 "not like this");
    assert_fails(perform_heads(http, "GET", "/status/404", &heads, &err), IMG_EDIGEST,
                 "not like this");
    assert_int_equal(heads.calls, 2);
}

static void test_resolve(void **state)
{
    (void)state;
    char entry[64], url[64];
    const char *list[] = {entry, NULL};
    struct http_options options = {.tries = 1, .resolve = list};
    struct http *http auto_(http) = NULL, *none = NULL;
    img_error err;
    snprintf(entry, sizeof(entry), "name.example:%d:127.0.0.1", server.port);
    snprintf(url, sizeof(url), "http://name.example:%d/echo", server.port);
    assert_ok(img__http_new(&options, &http, &err));
    struct http_response *response auto_(http_response) = get(http, url);
    assert_true(response_has(response, "Host: name.example:"));
    static const char *const bad[] = {
        "",           "name",           "name:1",         "name::127.0.0.1", "name:1:",
        "name:1:com", "n@me:1:1.2.3.4", "name:0:1.2.3.4", "+name:1:1.2.3.4"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(entry, sizeof(entry), "%s", bad[i]);
        assert_fails(img__http_new(&options, &none, &err), IMG_EINVAL, "is not HOST:PORT:ADDRESS");
    }
}

static void test_log(void **state)
{
    (void)state;
    struct buf lines auto_(buf) = BUF_INIT(65536);
    struct observer observer = {.on_log = collect, .on_log_arg = &lines};
    struct http *http auto_(http) = client_with(1, 10000, &observer);
    const struct http_request request = {.method = "GET",
                                         .url = server_at(&server, "/redirect/307?/echo?t=secret"),
                                         .authorization = "Bearer secret"};
    struct http_response *response auto_(http_response) = NULL;
    img_error err;
    assert_ok(img__http_perform(http, &request, &response, &err));
    assert_non_null(strstr(lines.data, "/redirect/307: 307, 0 bytes sent, 9 received"));
    assert_non_null(strstr(lines.data, "/redirect/307: 307, redirected to http://127.0.0.1"));
    assert_non_null(strstr(lines.data, "/echo: 200, "));
    assert_null(strstr(lines.data, "secret"));
}

static void test_versions(void **state)
{
    (void)state;
    assert_true(img__http_library_version()[0] >= '7');
    assert_non_null(strstr(img__http_tls_version(), "/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_bad_requests),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_sink),
        cmocka_unit_test(test_error_body),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_header_limits),
        cmocka_unit_test(test_upload),
        cmocka_unit_test(test_upload_ends_early),
        cmocka_unit_test(test_early_answer),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_end_by_free),
        cmocka_unit_test(test_tick),
        cmocka_unit_test(test_on_headers),
        cmocka_unit_test(test_on_headers_ends),
        cmocka_unit_test(test_resolve),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_versions),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
