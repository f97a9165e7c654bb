/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections: kept and found dead, sessions of TLS, waiting for 100-continue, and a cancel at any
 * point, also while a name is looked up.
 */
#include "certificates.h"

#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define MIB ((size_t)1024 * 1024)

static struct server server;

static int setup(void **state)
{
    (void)state;
    server_start(&server, NULL, NULL, NULL);
    certificates_begin();
    make_certificate("ok", 2, "IP:127.0.0.1");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    server_stop(&server);
    certificates_end();
    return 0;
}

/* Stands before the one of libc: a name server that does not answer. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    if (node && strcmp(node, "slow.example") == 0) {
        sleep(3);
        return EAI_AGAIN;
    }
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(node, service, hints, out);
}

static int line_of(const struct http_response *response, const char *name)
{
    const char *at = strstr(img__buf_text(&response->body), name);
    assert_non_null(at);
    return atoi(at + strlen(name));
}

static void test_kept(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(1);
    struct http_response *first auto_(http_response) = get(http, server_at(&server, "/echo"));
    struct http_response *second auto_(http_response) = get(http, server_at(&server, "/echo"));
    assert_int_equal(line_of(first, "Port: "), line_of(second, "Port: "));
}

/* What is sent on a connection that the server resets once it has the header. */
static void send_on_dying(const char *method, size_t size)
{
    char *data auto_free = calloc(1, size + 1), answer[32];
    struct http *http auto_(http) = client_new(1);
    struct source *body auto_(source) = NULL;
    struct http_response *response auto_(http_response) = NULL;
    img_error err;
    struct http_response *dying auto_(http_response) = get(http, server_at(&server, "/dying"));
    assert_int_equal(dying->status, 200);
    if (size)
        assert_ok(img__source_memory(data, size, &body, &err));
    const struct http_request request = {
        .method = method, .url = server_at(&server, "/sum"), .body = body, .body_size = size};
    assert_ok(img__http_perform(http, &request, &response, &err));
    snprintf(answer, sizeof(answer), "0 %zu", size);
    assert_string_equal(img__buf_text(&response->body), answer);
}

/* A kept connection that turns out dead costs no try: not with a body either, nor with one that is
 * half sent by then. */
static void test_found_dead(void **state)
{
    (void)state;
    send_on_dying("GET", 0);
    send_on_dying("PUT", 7);
    send_on_dying("POST", 7);
    send_on_dying("PUT", MIB - 1);
    send_on_dying("PATCH", MIB - 1);
}

/* What one connection learns of TLS shortens the next one, also of another request. */
static void test_session(void **state)
{
    (void)state;
    struct server tls;
    start_tls(&tls, "ok", NULL);
    struct http *http auto_(http) = tls_client(file("ok.pem"));
    struct http_response *first auto_(http_response) = get(http, server_at(&tls, "/echo"));
    assert_true(response_has(first, "Session: new"));
    struct http_response *closed auto_(http_response) = get(http, server_at(&tls, "/early/200"));
    assert_int_equal(closed->status, 200);
    struct http_response *second auto_(http_response) = get(http, server_at(&tls, "/echo"));
    assert_int_not_equal(line_of(first, "Port: "), line_of(second, "Port: "));
    assert_true(response_has(second, "Session: old"));
    server_stop(&tls);
}

static struct http_response *put(struct http *http, const char *method, const char *path,
                                 size_t size)
{
    char *data auto_free = calloc(1, size);
    struct source *body auto_(source) = NULL;
    struct http_response *response = NULL;
    img_error err;
    assert_ok(img__source_memory(data, size, &body, &err));
    const struct http_request request = {
        .method = method, .url = server_at(&server, path), .body = body, .body_size = size};
    assert_ok(img__http_perform(http, &request, &response, &err));
    return response;
}

static void expect(struct http *http, const char *method, const char *path, size_t size,
                   const char *answer)
{
    struct http_response *response auto_(http_response) = put(http, method, path, size);
    if (strcmp(img__buf_text(&response->body), answer) != 0)
        fail_msg("%s %s: %d %s", method, path, response->status, img__buf_text(&response->body));
}

static void test_continue(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(1);
    expect(http, "PUT", "/expect/yes", MIB, "expects at once 1048576");
    expect(http, "PATCH", "/expect/yes", MIB, "expects at once 1048576");
    expect(http, "PUT", "/expect/yes", MIB - 1, "plain at once 1048575");
    expect(http, "POST", "/expect/yes", MIB, "plain at once 1048576");
    /* one that refuses is spared the body */
    expect(http, "PUT", "/expect/401", 64 * MIB, "refused");
    expect(http, "PATCH", "/expect/413", 64 * MIB, "refused");
    /* one that does not know it costs a second, once */
    expect(http, "PUT", "/expect/no", MIB, "expects late 1048576");
    expect(http, "PUT", "/expect/no", MIB, "plain at once 1048576");
}

static void test_expectation_failed(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(1);
    expect(http, "PUT", "/expect/417", MIB, "plain at once 1048576");
    struct http_response *log auto_(http_response) = get(http, server_at(&server, "/log"));
    char *first = strstr(img__buf_text(&log->body), "PUT /expect/417");
    assert_non_null(first);
    assert_non_null(strstr(first + 1, "PUT /expect/417"));
    expect(http, "PUT", "/expect/417", MIB, "plain at once 1048576");
}

/* No thread of ours, no signal, no global: a child may have a client of its own, and the parent's
 * goes on after it. */
static void test_fork(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(1);
    struct sigaction before, after;
    int status;
    sigaction(SIGPIPE, NULL, &before);
    struct http_response *first auto_(http_response) = get(http, server_at(&server, "/echo"));
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct http *own = client_new(1);
        struct http_response *response = get(own, server_at(&server, "/echo"));
        int good =
            response->status == 200 && line_of(first, "Port: ") != line_of(response, "Port: ");
        img__http_response_free(response);
        img__http_free(own);
        _exit(good ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    struct http_response *second auto_(http_response) = get(http, server_at(&server, "/echo"));
    assert_int_equal(line_of(first, "Port: "), line_of(second, "Port: "));
    sigaction(SIGPIPE, NULL, &after);
    assert_ptr_equal(before.sa_handler, after.sa_handler);
}

/* Two clients know nothing of each other. */
static void test_two_clients(void **state)
{
    (void)state;
    struct http *one auto_(http) = client_new(1), *two = client_new(1);
    struct http_response *first auto_(http_response) = get(one, server_at(&server, "/echo"));
    struct http_response *second auto_(http_response) = get(two, server_at(&server, "/echo"));
    assert_int_not_equal(line_of(first, "Port: "), line_of(second, "Port: "));
    img__http_free(two);
    struct http_response *third auto_(http_response) = get(one, server_at(&server, "/echo"));
    assert_int_equal(line_of(first, "Port: "), line_of(third, "Port: "));
}

struct cancel {
    int64_t begun, asked, after_ms;
};

static int cancel_later(uint64_t bytes, void *arg, img_error *err)
{
    struct cancel *cancel = arg;
    int64_t now = now_ms();
    (void)bytes;
    if (now - cancel->begun < cancel->after_ms)
        return 0;
    cancel->asked = now;
    return img__fail(err, IMG_ECANCELED, "ctrl-c");
}

static void cancel_at(struct http *http, const char *url)
{
    struct cancel cancel = {.begun = now_ms(), .after_ms = 120};
    const struct http_request request = {
        .method = "GET", .url = url, .on_bytes = cancel_later, .on_bytes_arg = &cancel};
    struct http_response *response = NULL;
    img_error err;
    int64_t begun = now_ms();
    assert_fails(img__http_perform(http, &request, &response, &err), IMG_ECANCELED, "ctrl-c");
    int64_t ended = now_ms();
    /* Asked every 50 ms; a machine that is busy gets some more. */
    if (ended - begun > 1000)
        fail_msg("%s: %lld ms", url, (long long)(ended - begun));
    img__http_free(http);
    assert_true(now_ms() - ended < 1000);
}

/* In a name server's silence, in a connect that is not answered, before and in an answer. */
static void test_cancel(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int listener auto_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fillers[4];
    char url[64];
    cancel_at(client_new(3), "http://slow.example/");
    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(listen(listener, 0), 0);
    for (size_t i = 0; i < 4; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        connect(fillers[i], (struct sockaddr *)&address, len);
    }
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(address.sin_port));
    cancel_at(client_new(3), url);
    for (size_t i = 0; i < 4; i++)
        close(fillers[i]);
    cancel_at(client_new(3), server_at(&server, "/unread"));
    cancel_at(client_new(3), server_at(&server, "/stall"));
    cancel_at(client_new(3), server_at(&server, "/status/429?Retry-After: 60"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fork),    cmocka_unit_test(test_two_clients),
        cmocka_unit_test(test_kept),    cmocka_unit_test(test_found_dead),
        cmocka_unit_test(test_session), cmocka_unit_test(test_continue),
        cmocka_unit_test(test_cancel),  cmocka_unit_test(test_expectation_failed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
