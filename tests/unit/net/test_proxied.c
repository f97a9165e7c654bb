/* SPDX-License-Identifier: Apache-2.0
 *
 * Through proxies: tinyproxy with a password, and one that speaks SOCKS5. The servers behind are on
 * this machine, so they are called by a number that is no dotted address, or by a made-up name.
 */
#include "certificates.h"

#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>

static struct server plain, tls, socks;
static pid_t tinyproxy;
static int tinyproxy_port;

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd auto_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

static bool is_listening(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd auto_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

static void start_tinyproxy(void)
{
    tinyproxy_port = free_port();
    FILE *config = fopen(file("tinyproxy.conf"), "we");
    assert_non_null(config);
    fprintf(config,
            "Port %d\nListen 127.0.0.1\nTimeout 60\nAllow 127.0.0.1\nMaxClients 50\n"
            "BasicAuth user s3cret\nLogFile \"%s\"\nLogLevel Connect\n",
            tinyproxy_port, file("tinyproxy.log"));
    fclose(config);
    tinyproxy = fork();
    assert_true(tinyproxy >= 0);
    if (tinyproxy == 0) {
        int null = open("/dev/null", O_WRONLY);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(null, 1);
        dup2(null, 2);
        execl("/usr/bin/tinyproxy", "tinyproxy", "-d", "-c", file("tinyproxy.conf"), (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 500 && !is_listening(tinyproxy_port); i++)
        usleep(20000);
}

static int setup(void **state)
{
    (void)state;
    certificates_begin();
    make_certificate("ok", 2, "IP:127.0.0.1,DNS:img.invalid");
    server_start(&plain, NULL, NULL, NULL);
    start_tls(&tls, "ok", NULL);
    server_start_script(&socks, "socks.py", NULL, NULL, NULL);
    start_tinyproxy();
    return 0;
}

static int teardown(void **state)
{
    int status;
    (void)state;
    kill(tinyproxy, SIGKILL);
    waitpid(tinyproxy, &status, 0);
    server_stop(&plain);
    server_stop(&tls);
    server_stop(&socks);
    certificates_end();
    return 0;
}

static void set_proxy(const char *variable, const char *scheme, const char *user, int port)
{
    char value[128];
    snprintf(value, sizeof(value), "%s://%s127.0.0.1:%d", scheme, user, port);
    server_clean_environment();
    setenv(variable, value, 1);
}

/* 127.0.0.1 as a number, which is not taken for loopback before it was looked at. */
static const char *numbered(const struct server *server, const char *path)
{
    static char url[512];
    snprintf(url, sizeof(url), "%s://2130706433:%d%s", server == &tls ? "https" : "http",
             server->port, path);
    return url;
}

static unsigned lines_of_proxy(const char *text)
{
    FILE *log = fopen(file("tinyproxy.log"), "re");
    char line[1024];
    unsigned count = 0;
    assert_non_null(log);
    while (fgets(line, sizeof(line), log))
        count += strstr(line, text) != NULL;
    fclose(log);
    return count;
}

static void test_connect(void **state)
{
    (void)state;
    struct http *http auto_(http) = tls_client(file("ok.pem"));
    set_proxy("HTTPS_PROXY", "http", "user:s3cret@", tinyproxy_port);
    unsigned before = lines_of_proxy("CONNECT 127.0.0.1");
    const struct http_request request = {
        .method = "GET", .url = numbered(&tls, "/echo"), .authorization = "Bearer token"};
    struct http_response *response auto_(http_response) = NULL;
    img_error err;
    assert_ok(img__http_perform(http, &request, &response, &err));
    assert_int_equal(response->status, 200);
    assert_true(response_has(response, "Authorization: Bearer token\n"));
    assert_false(response_has(response, "Proxy-"));
    assert_int_equal(lines_of_proxy("CONNECT 127.0.0.1"), before + 1);
    server_clean_environment();
}

static void test_plain(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(1);
    set_proxy("HTTP_PROXY", "http", "user:s3cret@", tinyproxy_port);
    struct http_response *response auto_(http_response) = get(http, numbered(&plain, "/echo"));
    assert_int_equal(response->status, 200);
    assert_false(response_has(response, "Proxy-"));
    assert_false(response_has(response, "s3cret"));
    server_clean_environment();
}

/* Who is asked directly after a redirect is not sent what is for the proxy. */
static void test_redirect_past_the_proxy(void **state)
{
    (void)state;
    struct http *http auto_(http) = client_new(1);
    char path[256];
    set_proxy("http_proxy", "http", "user:s3cret@", tinyproxy_port);
    snprintf(path, sizeof(path), "/redirect/307?%s/echo", plain.url);
    unsigned before = lines_of_proxy("Request (file descriptor");
    struct http_response *response auto_(http_response) = get(http, numbered(&plain, path));
    assert_string_equal(response->url, server_at(&plain, "/echo"));
    assert_false(response_has(response, "Proxy-"));
    assert_int_equal(lines_of_proxy("Request (file descriptor"), before + 1);
    server_clean_environment();
}

static void test_wrong_password(void **state)
{
    (void)state;
    static const char *const users[] = {"", "user:wr0ng@"};
    struct http *http auto_(http) = tls_client(file("ok.pem"));
    for (size_t i = 0; i < 2; i++) {
        img_error err;
        set_proxy("https_proxy", "http", users[i], tinyproxy_port);
        assert_fails(get_fails(http, numbered(&tls, "/echo"), &err), IMG_ENETWORK,
                     "the proxy answered 40");
        assert_null(strstr(err.message, "wr0ng"));
        assert_null(strstr(err.message, "attempts"));
    }
    server_clean_environment();
}

/* The proxy looks names up, which need not be known here. */
static void test_socks(void **state)
{
    (void)state;
    char url[128];
    img_error err;
    struct http *http auto_(http) = tls_client(file("ok.pem"));
    set_proxy("ALL_PROXY", "socks5h", "user:s3cret@", socks.port);
    snprintf(url, sizeof(url), "http://img.invalid:%d/echo", plain.port);
    struct http_response *response auto_(http_response) = get(http, url);
    assert_int_equal(response->status, 200);
    snprintf(url, sizeof(url), "https://img.invalid:%d/echo", tls.port);
    struct http_response *safe auto_(http_response) = get(http, url);
    assert_int_equal(safe->status, 200);
    set_proxy("ALL_PROXY", "socks5h", "user:wr0ng@", socks.port);
    assert_true(get_fails(http, "http://other.invalid/", &err) == IMG_ENETWORK);
    assert_null(strstr(err.message, "wr0ng"));
    server_clean_environment();
}

/* Another proxy, or none, is another way: no connection serves both. */
static void test_decided_anew(void **state)
{
    (void)state;
    struct http *http auto_(http) = tls_client(file("ok.pem"));
    img_error err;
    set_proxy("https_proxy", "http", "user:s3cret@", tinyproxy_port);
    struct http_response *through auto_(http_response) = get(http, numbered(&tls, "/echo"));
    assert_int_equal(through->status, 200);
    unsigned before = lines_of_proxy("CONNECT");
    setenv("NO_PROXY", "2130706433", 1);
    struct http_response *past auto_(http_response) = get(http, numbered(&tls, "/echo"));
    assert_int_equal(past->status, 200);
    assert_int_equal(lines_of_proxy("CONNECT"), before);
    set_proxy("https_proxy", "http", "user:wr0ng@", tinyproxy_port);
    assert_fails(get_fails(http, numbered(&tls, "/echo"), &err), IMG_ENETWORK,
                 "the proxy answered");
    server_clean_environment();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connect),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_redirect_past_the_proxy),
        cmocka_unit_test(test_wrong_password),
        cmocka_unit_test(test_socks),
        cmocka_unit_test(test_decided_anew),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
