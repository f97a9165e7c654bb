/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP/2: nginx speaks it well, h2.py badly, and what fails over it is asked for over HTTP/1.1.
 */
#include "certificates.h"

#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>

static int setup(void **state)
{
    (void)state;
    certificates_begin();
    make_certificate("ok", 2, "IP:127.0.0.1");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    certificates_end();
    return 0;
}

static struct http_response *perform(struct http *http, const struct http_request *request)
{
    struct http_response *response = NULL;
    img_error err;
    assert_ok(img__http_perform(http, request, &response, &err));
    return response;
}

static void start_broken(struct server *server, const char *mode)
{
    server_start_script(server, "h2.py", file("ok.pem"), file("ok.key"), mode);
}

static void check_fallback(const char *mode, const char *method)
{
    struct server server;
    char expected[64];
    struct source *body auto_(source) = NULL;
    img_error err;
    bool sends = strcmp(method, "GET") != 0;
    start_broken(&server, mode);
    const struct http_options options = {.ca_file = file("ok.pem"), .tries = 1};
    struct http *http auto_(http) = NULL;
    assert_ok(img__http_new(&options, &http, &err));
    assert_ok(img__source_memory("payload", 7, &body, &err));
    const struct http_request request = {.method = method,
                                         .url = server_at(&server, "/"),
                                         .body = sends ? body : NULL,
                                         .body_size = sends ? 7 : 0};
    struct http_response *response auto_(http_response) = perform(http, &request);
    /* curl itself repeats a stream that was refused, five times */
    snprintf(expected, sizeof(expected), " over HTTP/2, 1 over HTTP/1.1, body %d", sends ? 7 : 0);
    if (!response_has(response, expected) || response_has(response, "0 over HTTP/2"))
        fail_msg("%s: %s", mode, img__buf_text(&response->body));
    server_stop(&server);
}

/* That costs no try. */
static void test_fallback(void **state)
{
    (void)state;
    static const char *const modes[] = {"reset 1",  "reset 2",  "reset 7",   "goaway 0", "goaway 1",
                                        "goaway 2", "goaway 7", "goaway 11", "garbage"};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        check_fallback(modes[i], "GET");
        check_fallback(modes[i], "PUT");
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

/* Not once a sink has bytes: the caller goes on from there. */
static void test_cut(void **state)
{
    (void)state;
    static const struct sink_ops ops = {.write = take};
    struct sink sink = {&ops};
    struct server server;
    start_broken(&server, "cut");
    struct http *http auto_(http) = tls_client(file("ok.pem"));
    struct http_request request = {.method = "GET", .url = server_at(&server, "/"), .sink = &sink};
    struct http_response *response = NULL;
    img_error err;
    assert_true(img__http_perform(http, &request, &response, &err) == IMG_ENETWORK);
    request.bulk = true;
    request.sink = NULL;
    struct http_response *count auto_(http_response) = perform(http, &request);
    assert_true(response_has(count, "1 over HTTP/2, 1 over HTTP/1.1"));
    server_stop(&server);
}

/* An origin that fails again and again is not asked over HTTP/2 any more. */
static void test_given_up(void **state)
{
    (void)state;
    struct server server;
    start_broken(&server, "reset 1");
    struct http *http auto_(http) = tls_client(file("ok.pem"));
    for (int i = 0; i < 6; i++)
        img__http_response_free(get(http, server_at(&server, "/")));
    struct http_response *count auto_(http_response) = get(http, server_at(&server, "/"));
    assert_true(response_has(count, "3 over HTTP/2, 7 over HTTP/1.1"));
    server_stop(&server);
}

/* What is large has a connection to itself. */
static void test_bulk(void **state)
{
    (void)state;
    struct server server;
    size_t size = 2 * 1024 * 1024;
    char *data auto_free = calloc(1, size);
    struct source *body auto_(source) = NULL;
    img_error err;
    start_broken(&server, "fine");
    struct http *http auto_(http) = tls_client(file("ok.pem"));
    struct http_response *small auto_(http_response) = get(http, server_at(&server, "/"));
    assert_string_equal(img__buf_text(&small->body), "HTTP/2");
    assert_ok(img__source_memory(data, size, &body, &err));
    struct http_request request = {
        .method = "PUT", .url = server_at(&server, "/"), .body = body, .body_size = size};
    struct http_response *large auto_(http_response) = perform(http, &request);
    assert_true(response_has(large, "1 over HTTP/2, 1 over HTTP/1.1, body 2097152"));
    request = (struct http_request){.method = "GET", .url = server_at(&server, "/"), .bulk = true};
    struct http_response *asked auto_(http_response) = perform(http, &request);
    assert_true(response_has(asked, "1 over HTTP/2, 2 over HTTP/1.1"));
    struct http_response *again auto_(http_response) = get(http, server_at(&server, "/"));
    assert_string_equal(img__buf_text(&again->body), "HTTP/2");
    server_stop(&server);
}

/* ---- nginx ---- */

struct nginx {
    pid_t pid;
    int port;
};

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

static void nginx_run(struct nginx *nginx)
{
    nginx->pid = fork();
    assert_true(nginx->pid >= 0);
    if (nginx->pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(null, 1);
        dup2(null, 2);
        execl("/usr/sbin/nginx", "nginx", "-c", file("nginx.conf"), (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 500 && !is_listening(nginx->port); i++)
        usleep(20000);
}

static void nginx_start(struct nginx *nginx, const struct server *behind)
{
    nginx->port = free_port();
    FILE *config = fopen(file("nginx.conf"), "we");
    assert_non_null(config);
    fprintf(config,
            "daemon off; master_process off; pid %s/pid; error_log %s/error.log;\n"
            "events { worker_connections 256; }\n"
            "http { access_log %s/access.log; client_body_temp_path %s/body;\n"
            "log_format kind '$server_protocol $connection'; access_log %s/kinds kind;\n"
            "proxy_temp_path %s/proxy; fastcgi_temp_path %s/f; uwsgi_temp_path %s/u;\n"
            "scgi_temp_path %s/s; client_max_body_size 0;\n"
            "server { listen 127.0.0.1:%d ssl http2; ssl_certificate %s; ssl_certificate_key %s;\n"
            "location / { proxy_pass %s; proxy_http_version 1.1; } } }\n",
            directory, directory, directory, directory, directory, directory, directory, directory,
            directory, nginx->port, file("ok.pem"), file("ok.key"), behind->url);
    fclose(config);
    nginx_run(nginx);
}

static void nginx_stop(struct nginx *nginx)
{
    int status;
    kill(nginx->pid, SIGKILL);
    waitpid(nginx->pid, &status, 0);
}

struct crowd {
    unsigned ok;
    uint64_t bytes;
};

static void on_done(int code, const struct http_response *response, const img_error *err, void *arg)
{
    struct crowd *crowd = arg;
    if (code < 0)
        fail_msg("%s", err->message);
    crowd->ok += response->status / 100 == 2;
    crowd->bytes += response->body.len;
}

/* How many lines of the log of nginx hold text. */
static unsigned kinds(const char *text)
{
    FILE *log = fopen(file("kinds"), "re");
    char line[128];
    unsigned count = 0;
    assert_non_null(log);
    while (fgets(line, sizeof(line), log))
        count += strstr(line, text) != NULL;
    fclose(log);
    return count;
}

static unsigned connections(void)
{
    char line[128];
    unsigned count = 0;
    FILE *log;
    shell("awk '$1 ~ /^HTTP.2/ {print $2}' %s | sort -u >%s", file("kinds"), file("used"));
    log = fopen(file("used"), "re");
    while (fgets(line, sizeof(line), log))
        count++;
    fclose(log);
    return count;
}

/* Many at once over few connections, also while a body goes up. */
static void test_multiplexed(void **state)
{
    (void)state;
    struct server behind;
    struct nginx nginx;
    struct crowd crowd = {0};
    char url[64];
    size_t size = 1024 * 1024;
    char *data auto_free = calloc(1, size);
    struct source *body auto_(source) = NULL;
    img_error err;
    server_start(&behind, NULL, NULL, NULL);
    nginx_start(&nginx, &behind);
    const struct http_options options = {.ca_file = file("ok.pem"), .tries = 3, .connections = 6};
    struct http *http auto_(http) = NULL;
    assert_ok(img__http_new(&options, &http, &err));
    assert_ok(img__source_memory(data, size, &body, &err));
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/bytes/40960", nginx.port);
    struct http_request request = {.method = "GET", .url = url, .body_limit = 1 << 20};
    for (int i = 0; i < 40; i++)
        assert_ok(img__http_start(http, &request, on_done, &crowd, &err));
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/sum", nginx.port);
    request = (struct http_request){.method = "PUT", .url = url, .body = body, .body_size = size};
    assert_ok(img__http_start(http, &request, on_done, &crowd, &err));
    assert_ok(img__http_run(http, &err));
    assert_int_equal(crowd.ok, 41);
    assert_true(crowd.bytes >= 40 * 40960);
    for (int i = 0; i < 100 && kinds("HTTP/2") < 41; i++) /* it writes when it has answered */
        usleep(20000);
    assert_int_equal(kinds("HTTP/2"), 41);
    assert_in_range(connections(), 1, 2);
    nginx_stop(&nginx);
    server_stop(&behind);
}

/* A stream that says IMG__EAGAIN every other time. */
struct halting {
    struct sink sink;
    struct source source;
    bool ready;
    uint64_t moved, size;
};

static int halting_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    struct halting *halting = (struct halting *)((char *)sink - offsetof(struct halting, sink));
    (void)data;
    (void)err;
    halting->ready = !halting->ready;
    if (halting->ready)
        return IMG__EAGAIN;
    halting->moved += len;
    return 0;
}

static ssize_t halting_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct halting *halting = (struct halting *)((char *)source - offsetof(struct halting, source));
    (void)err;
    halting->ready = !halting->ready;
    if (halting->ready)
        return IMG__EAGAIN;
    uint64_t left = halting->size - halting->moved;
    len = left < len ? (size_t)left : len;
    len = len < 20000 ? len : 20000;
    memset(data, 1, len);
    halting->moved += len;
    return (ssize_t)len;
}

/* Held up over HTTP/2 as well, up and down, beside others in the same connection. */
static void test_held_up(void **state)
{
    (void)state;
    static const struct sink_ops sink_ops = {.write = halting_write};
    static const struct source_ops source_ops = {.read = halting_read};
    struct halting down = {.sink = {&sink_ops}};
    struct halting up = {.source = {&source_ops}, .size = 100000};
    struct server behind;
    struct nginx nginx;
    struct crowd crowd = {0};
    char url[64];
    img_error err;
    server_start(&behind, NULL, NULL, NULL);
    nginx_start(&nginx, &behind);
    struct http *http auto_(http) = tls_client(file("ok.pem"));
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/bytes/163840", nginx.port);
    struct http_request request = {.method = "GET", .url = url, .sink = &down.sink};
    assert_ok(img__http_start(http, &request, on_done, &crowd, &err));
    request.sink = NULL;
    request.body_limit = 1 << 20;
    assert_ok(img__http_start(http, &request, on_done, &crowd, &err));
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/sum", nginx.port);
    request = (struct http_request){
        .method = "PUT", .url = url, .body = &up.source, .body_size = up.size};
    assert_ok(img__http_start(http, &request, on_done, &crowd, &err));
    assert_ok(img__http_run(http, &err));
    assert_int_equal(crowd.ok, 3);
    assert_int_equal(down.moved, 163840);
    assert_int_equal(up.moved, 100000);
    assert_int_equal(kinds("HTTP/1"), 0);
    nginx_stop(&nginx);
    server_stop(&behind);
}

/* A server that is started anew says GOAWAY or nothing: both are nothing to tell of. */
static void test_restart(void **state)
{
    (void)state;
    struct server behind;
    struct nginx nginx;
    char url[64];
    server_start(&behind, NULL, NULL, NULL);
    nginx_start(&nginx, &behind);
    struct http *http auto_(http) = tls_client(file("ok.pem"));
    snprintf(url, sizeof(url), "https://127.0.0.1:%d/echo", nginx.port);
    img__http_response_free(get(http, url));
    nginx_stop(&nginx);
    nginx_run(&nginx);
    struct http_response *after auto_(http_response) = get(http, url);
    assert_int_equal(after->status, 200);
    nginx_stop(&nginx);
    server_stop(&behind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fallback),    cmocka_unit_test(test_cut),
        cmocka_unit_test(test_given_up),    cmocka_unit_test(test_bulk),
        cmocka_unit_test(test_multiplexed), cmocka_unit_test(test_restart),
        cmocka_unit_test(test_held_up),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
