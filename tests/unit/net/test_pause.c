/* SPDX-License-Identifier: Apache-2.0
 *
 * Sources and sinks that say IMG__EAGAIN, and from one to the other through a small buffer.
 */
#include "server.h"

#include <sys/resource.h>

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

/* What the sink takes the source gives; both wait for the other. */
struct relay {
    struct sink sink;
    struct source source;
    struct http *http;
    bool wakes;
    size_t size, fill, most;
    uint64_t passed;
    unsigned full, empty;
    char data[64 * 1024];
};

static int relay_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    struct relay *relay = (struct relay *)((char *)sink - offsetof(struct relay, sink));
    (void)err;
    assert_true(len <= relay->size);
    if (relay->fill + len > relay->size) {
        relay->full++;
        return IMG__EAGAIN;
    }
    memcpy(relay->data + relay->fill, data, len);
    relay->fill += len;
    if (relay->wakes)
        img__http_wake(relay->http);
    return 0;
}

static ssize_t relay_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct relay *relay = (struct relay *)((char *)source - offsetof(struct relay, source));
    (void)err;
    if (relay->fill == 0) {
        relay->empty++;
        return IMG__EAGAIN;
    }
    size_t count = relay->fill < len ? relay->fill : len;
    memcpy(data, relay->data, count);
    memmove(relay->data, relay->data + count, relay->fill - count);
    relay->fill -= count;
    relay->passed += count;
    if (relay->wakes)
        img__http_wake(relay->http);
    return (ssize_t)count;
}

static const struct sink_ops relay_sink = {.write = relay_write};
static const struct source_ops relay_source = {.read = relay_read};

struct ended {
    int code, status, order;
    img_error err;
    char text[64];
};

static void on_done(int code, const struct http_response *response, const img_error *err, void *arg)
{
    static int order;
    struct ended *ended = arg;
    ended->code = code;
    ended->order = ++order;
    ended->status = response ? response->status : 0;
    if (response)
        snprintf(ended->text, sizeof(ended->text), "%s", img__buf_text(&response->body));
    if (err)
        ended->err = *err;
}

static void relay_init(struct relay *relay, struct http *http, bool wakes)
{
    memset(relay, 0, sizeof(*relay));
    relay->sink.ops = &relay_sink;
    relay->source.ops = &relay_source;
    relay->http = http;
    relay->wakes = wakes;
    relay->size = sizeof(relay->data);
}

static void start_get(struct relay *relay, const char *path, struct ended *ended)
{
    const struct http_request request = {
        .method = "GET", .url = server_at(&server, path), .sink = &relay->sink};
    img_error err;
    assert_ok(img__http_start(relay->http, &request, on_done, ended, &err));
}

static void start_put(struct relay *relay, const char *path, uint64_t size, struct ended *ended)
{
    const struct http_request request = {.method = "PUT",
                                         .url = server_at(&server, path),
                                         .body = &relay->source,
                                         .body_size = size};
    img_error err;
    assert_ok(img__http_start(relay->http, &request, on_done, ended, &err));
}

/* 32 MiB through 64 KiB. */
static void test_relay(void **state)
{
    (void)state;
    const uint64_t size = 32 * 1024 * 1024;
    struct http *http auto_(http) = client_new(1);
    struct relay *relay auto_free = malloc(sizeof(*relay));
    struct ended down = {0}, up = {0};
    img_error err;
    relay_init(relay, http, true);
    start_get(relay, "/bytes/33554432", &down);
    start_put(relay, "/sum", size, &up);
    int64_t begun = now_ms();
    assert_ok(img__http_run(http, &err));
    assert_int_equal(down.status, 200);
    assert_int_equal(up.status, 201);
    assert_true(relay->passed == size);
    assert_true(relay->full > 0);
    assert_string_equal(up.text, "0 33554432");
    /* had each of 512 fillings waited for a tick, it would be 50 s */
    assert_true(now_ms() - begun < 20000);
}

static uint64_t cpu_ms(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* Nobody wakes: asked again at each tick and no oftener. */
static void test_tick(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(1);
    struct relay *relay auto_free = malloc(sizeof(*relay));
    struct ended down = {0}, up = {0};
    img_error err;
    relay_init(relay, http, false);
    start_get(relay, "/piecemeal/1024/60", &down); /* over 1.2 s */
    start_put(relay, "/sum", 60 * 1024, &up);
    uint64_t before = cpu_ms();
    int64_t begun = now_ms();
    assert_ok(img__http_run(http, &err));
    assert_int_equal(up.status, 201);
    assert_string_equal(up.text, "1830 61440"); /* 122, a z, at each of 15 pages */
    assert_true(relay->empty <= (unsigned)(now_ms() - begun) / 45 + 2);
    assert_true(cpu_ms() - before < 500);
}

static int count_down(uint64_t bytes, void *arg, img_error *err)
{
    (void)bytes;
    return --*(int *)arg < 0 ? img__fail(err, IMG_ECANCELED, "enough") : 0;
}

/* A transfer that is held up has not stalled while another one moves; on_bytes still ends it. */
static void test_no_stall(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_with(1, 300, NULL);
    struct relay *held auto_free = malloc(sizeof(*held));
    struct relay *moving auto_free = malloc(sizeof(*moving));
    struct ended first = {0}, second = {0};
    img_error err;
    relay_init(held, http, false);
    relay_init(moving, http, false);
    held->size = 0;
    held->data[0] = 0;
    int ticks = 15;
    const struct http_request request = {.method = "PUT",
                                         .url = server_at(&server, "/sum"),
                                         .body = &held->source,
                                         .body_size = 10,
                                         .on_bytes = count_down,
                                         .on_bytes_arg = &ticks};
    assert_ok(img__http_start(http, &request, on_done, &first, &err));
    start_get(moving, "/piecemeal/1024/60", &second);
    assert_ok(img__http_run(http, &err));
    assert_int_equal(second.status, 200);
    assert_int_equal(first.code, IMG_ECANCELED);
    assert_string_equal(first.err.message, "enough");
}

/* If all stand still then who waits for the network ends first. */
static void test_stall_of_all(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_with(1, 300, NULL);
    struct relay *relay auto_free = malloc(sizeof(*relay));
    struct ended down = {0}, up = {0};
    img_error err;
    relay_init(relay, http, true);
    start_put(relay, "/sum", 1000, &up);
    start_get(relay, "/stall", &down);
    int64_t begun = now_ms();
    assert_ok(img__http_run(http, &err));
    assert_int_equal(down.code, IMG_ENETWORK);
    assert_int_equal(up.code, IMG_ENETWORK);
    assert_non_null(strstr(down.err.message, "nothing moved"));
    assert_true(down.order < up.order);
    assert_true(now_ms() - begun < 3000);
}

static int fail_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    static int calls;
    (void)sink;
    (void)data;
    (void)len;
    return calls++ == 0 ? IMG__EAGAIN : img__fail(err, IMG_EIO, "the disk is full");
}

/* What fails when it goes on fails as it would have. */
static void test_failure_after(void **state)
{
    (void)state;
    static const struct sink_ops ops = {.write = fail_write};
    struct http *http auto_(http) = client_new(3);
    struct sink sink = {&ops};
    struct http_response *response = NULL;
    const struct http_request request = {
        .method = "GET", .url = server_at(&server, "/bytes/40960"), .sink = &sink};
    img_error err;
    assert_fails(img__http_perform(http, &request, &response, &err), IMG_EIO, "the disk is full");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relay),         cmocka_unit_test(test_tick),
        cmocka_unit_test(test_no_stall),      cmocka_unit_test(test_stall_of_all),
        cmocka_unit_test(test_failure_after),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
