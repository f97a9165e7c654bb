/* SPDX-License-Identifier: Apache-2.0
 *
 * Failures that have no answer: nobody there, no such host, no HTTP, proxies; TLS with certificates
 * that the openssl command makes for the test.
 */
#include "certificates.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

static struct server plain;
static int setup(void **state)
{
    (void)state;
    server_start(&plain, NULL, NULL, NULL);
    certificates_begin();
    make_certificate("ok", 2, "IP:127.0.0.1");
    make_certificate("name", 2, "DNS:other.example");
    make_certificate("old", -1, "IP:127.0.0.1");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    server_stop(&plain);
    certificates_end();
    return 0;
}

/* A loopback port on which nobody listens. */
static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd auto_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

static void test_refused(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(9);
    char url[64], expected[96];
    img_error err;
    int port = free_port();
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/v2/", port);
    snprintf(expected, sizeof(expected), "127.0.0.1:%d: connection refused: does the server run",
             port);
    int64_t begun = now_ms();
    assert_fails(get_fails(http, url, &err), IMG_ENETWORK, expected);
    assert_int_equal(err.sys_errno, ECONNREFUSED);
    assert_non_null(strstr(err.message, "(4 attempts)"));
    assert_true(now_ms() - begun < 3000);
}

static void test_unknown_host(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(3);
    img_error err;
    assert_fails(get_fails(http, "https://no-such-host.invalid/v2/", &err), IMG_ENETWORK,
                 "no-such-host.invalid:443: unknown host");
    assert_non_null(strstr(err.message, "(2 attempts)"));
}

static void test_no_http(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(3);
    img_error err;
    assert_fails(get_fails(http, server_at(&plain, "/garbage"), &err), IMG_ENETWORK,
                 "does not answer in HTTP");
    assert_fails(get_fails(http, server_at(&plain, "/bad-chunk"), &err), IMG_ENETWORK, "broke");
    assert_fails(get_fails(http, server_at(&plain, "/interim-only"), &err), IMG_ENETWORK,
                 "127.0.0.1");
}

/* A listener that never accepts: its backlog is full, so connecting takes for ever. */
static void test_connect_timeout(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int listener auto_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fillers[4];
    char url[64];
    img_error err;
    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(listen(listener, 0), 0);
    for (size_t i = 0; i < 4; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        connect(fillers[i], (struct sockaddr *)&address, len);
    }
    const struct http_options options = {
        .connect_timeout_ms = 300, .stall_timeout_ms = 9000, .tries = 5, .connections = 1};
    struct http *http auto_(http) = NULL;
    assert_ok(img__http_new(&options, &http, &err));
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(address.sin_port));
    int64_t begun = now_ms();
    assert_fails(get_fails(http, url, &err), IMG_ENETWORK, "no connection within 0.3 s");
    assert_int_equal(err.sys_errno, ETIMEDOUT);
    assert_in_range(now_ms() - begun, 600, 4000);
    for (size_t i = 0; i < 4; i++)
        close(fillers[i]);
}

static void test_tls(void **state)
{
    (void)state;
    struct server server;
    start_tls(&server, "ok", NULL);
    struct http *http auto_(http) = tls_client(file("ok.pem"));
    struct http_response *response auto_(http_response) = get(http, server_at(&server, "/echo"));
    assert_int_equal(response->status, 200);

    setenv("SSL_CERT_FILE", file("ok.pem"), 1);
    struct http *by_file auto_(http) = tls_client(NULL);
    struct http_response *second auto_(http_response) = get(by_file, server_at(&server, "/echo"));
    assert_int_equal(second->status, 200);
    unsetenv("SSL_CERT_FILE");

    shell("mkdir %s/roots && cp %s/ok.pem %s/roots && openssl rehash %s/roots", directory,
          directory, directory, directory);
    setenv("SSL_CERT_DIR", file("roots"), 1);
    struct http *by_directory auto_(http) = tls_client(NULL);
    struct http_response *third auto_(http_response) =
        get(by_directory, server_at(&server, "/echo"));
    assert_int_equal(third->status, 200);
    unsetenv("SSL_CERT_DIR");
    server_stop(&server);
}

static void test_certificates(void **state)
{
    (void)state;
    static const struct {
        const char *server, *ca, *expected;
    } rows[] = {{"ok", NULL, "unknown authority"},
                {"ok", "name.pem", "unknown authority"},
                {"name", "name.pem", "for another host name"},
                {"old", "old.pem", "has expired"},
                {"ok", "none.pem", "none.pem', which the CA file option names"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct server server;
        char peer[64];
        img_error err;
        start_tls(&server, rows[i].server, NULL);
        struct http *http auto_(http) = tls_client(rows[i].ca ? file(rows[i].ca) : NULL);
        snprintf(peer, sizeof(peer), "127.0.0.1:%d: ", server.port);
        assert_fails(get_fails(http, server_at(&server, "/echo"), &err), IMG_ETLS,
                     rows[i].expected);
        assert_int_equal(strncmp(err.message, peer, strlen(peer)), 0);
        assert_int_equal(err.sys_errno, 0);
        assert_null(strstr(err.message, "attempts"));
        server_stop(&server);
    }
}

static void test_old_tls(void **state)
{
    (void)state;
    struct server server;
    img_error err;
    start_tls(&server, "ok", "old");
    struct http *http auto_(http) = tls_client(file("ok.pem"));
    assert_fails(get_fails(http, server_at(&server, "/echo"), &err), IMG_ETLS, "TLS 1.2 or newer");
    assert_int_equal(err.sys_errno, 0);
    server_stop(&server);
}

static void test_no_tls(void **state)
{
    (void)state;
    struct http *http auto_(http) = tls_client(NULL);
    char url[64];
    img_error err;
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/", plain.port);
    assert_true(get_fails(http, url, &err) == IMG_ETLS);
    assert_int_equal(err.sys_errno, EPROTO);
    assert_non_null(strstr(err.message, "speak TLS"));
}

/* Answers one TLS handshake with bytes, then closes. */
static pid_t answer_once(const char *bytes, size_t len, int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int listener auto_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(listen(listener, 8), 0);
    *port = ntohs(address.sin_port);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        char hello[4096];
        int peer = accept(listener, NULL, NULL);
        if (read(peer, hello, sizeof(hello)) < 0 || write(peer, bytes, len) < 0)
            _exit(1);
        close(peer);
    }
}

/* Only a peer without TLS may be asked again without it: not one whose handshake is wrong. */
static void test_bad_handshake(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        int number;
    } rows[] = {
        {"", 0, EPROTO},
        {"HTTP/1.1 400 Bad Request\r\n\r\n", 28, EPROTO},
        {"\x16\x03\x03\x00\x05\x02\x00\x00\x01\x00", 10, 0}, /* ServerHello, one byte of it */
        {"\x15\x03\x03\x00\x02\x02\x28", 7, 0},              /* alert: handshake_failure */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct http *http auto_(http) = client_new(1);
        char url[64];
        img_error err;
        int port, status;
        pid_t pid = answer_once(rows[i].bytes, rows[i].len, &port);
        snprintf(url, sizeof(url), "https://127.0.0.1:%d/", port);
        int rc = get_fails(http, url, &err);
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        if (rc != IMG_ETLS || err.sys_errno != rows[i].number)
            fail_msg("%zu: %d, %d, %s", i, rc, err.sys_errno, err.message);
    }
}

/* https does not lead to http. */
static void test_downgrade(void **state)
{
    (void)state;
    struct server server;
    char path[128];
    img_error err;
    start_tls(&server, "ok", NULL);
    struct http *http auto_(http) = tls_client(file("ok.pem"));
    snprintf(path, sizeof(path), "/redirect/307?%s/echo", plain.url);
    assert_fails(get_fails(http, server_at(&server, path), &err), IMG_ETLS, "from https to http");
    assert_int_equal(err.sys_errno, 0);
    /* the other way round is fine */
    snprintf(path, sizeof(path), "/redirect/307?%s/echo", server.url);
    struct http_response *response auto_(http_response) = get(http, server_at(&plain, path));
    assert_int_equal(response->status, 200);
    server_stop(&server);
}

/* A TLS peer that goes away makes OpenSSL write into the void. */
static void test_sigpipe(void **state)
{
    (void)state;
    struct server server;
    struct source *body auto_(source) = NULL;
    size_t size = 8 * 1024 * 1024;
    char *data auto_free = calloc(1, size);
    sigset_t pending;
    img_error err;
    start_tls(&server, "ok", NULL);
    struct http *http auto_(http) = tls_client(file("ok.pem"));
    assert_ok(img__source_memory(data, size, &body, &err));
    signal(SIGPIPE, SIG_DFL);
    for (int i = 0; i < 10; i++) {
        const struct http_request request = {.method = "PUT",
                                             .url = server_at(&server, "/early/401"),
                                             .body = body,
                                             .body_size = size};
        struct http_response *response = NULL;
        assert_ok(img__source_rewind(body, &err));
        if (img__http_perform(http, &request, &response, &err) == 0)
            img__http_response_free(response);
    }
    sigpending(&pending);
    assert_false(sigismember(&pending, SIGPIPE));
    pthread_sigmask(SIG_BLOCK, NULL, &pending);
    assert_false(sigismember(&pending, SIGPIPE));
    server_stop(&server);
}

/* The plain server takes the part of a proxy: it sees the whole URL. */
static void test_proxy(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(1);
    img_error err;
    setenv("HTTP_PROXY", plain.url, 1);
    struct http_response *away auto_(http_response) = get(http, "http://img.invalid/status/404");
    assert_int_equal(away->status, 404);
    struct http_response *near auto_(http_response) = get(http, server_at(&plain, "/echo"));
    assert_true(response_has(near, "GET /echo\n"));
    setenv("NO_PROXY", "img.invalid", 1);
    assert_fails(get_fails(http, "http://img.invalid/", &err), IMG_ENETWORK, "unknown host");
    unsetenv("NO_PROXY");
    setenv("REQUEST_METHOD", "GET", 1);
    assert_fails(get_fails(http, "http://img.invalid/", &err), IMG_ENETWORK, "unknown host");
    server_clean_environment();
    char gone[64];
    snprintf(gone, sizeof(gone), "http://127.0.0.1:%d", free_port());
    setenv("http_proxy", gone, 1);
    assert_fails(get_fails(http, "http://img.invalid/", &err), IMG_ENETWORK,
                 "img.invalid:80: connection refused");
    assert_non_null(strstr(err.message, "names a proxy"));
    setenv("http_proxy", "foo://u:s3cret@127.0.0.1:1", 1);
    assert_fails(get_fails(http, "http://img.invalid/", &err), IMG_ENETWORK,
                 "img.invalid:80: the environment names a proxy of an unknown kind");
    server_clean_environment();
    setenv("https_proxy", plain.url, 1);
    assert_fails(get_fails(http, "https://img.invalid/", &err), IMG_ENETWORK,
                 "the proxy answered 404");
    server_clean_environment();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),       cmocka_unit_test(test_unknown_host),
        cmocka_unit_test(test_no_http),       cmocka_unit_test(test_connect_timeout),
        cmocka_unit_test(test_tls),           cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_old_tls),       cmocka_unit_test(test_no_tls),
        cmocka_unit_test(test_bad_handshake), cmocka_unit_test(test_downgrade),
        cmocka_unit_test(test_sigpipe),       cmocka_unit_test(test_proxy),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
