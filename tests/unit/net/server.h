/* SPDX-License-Identifier: Apache-2.0
 *
 * Starts server.py, which lies beside this file, and speaks to it. Proxies and certificates of the
 * environment are taken away, so that a test sees what it sets.
 */
#ifndef TESTS_UNIT_NET_SERVER_H
#define TESTS_UNIT_NET_SERVER_H

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "net/http.h"
#include "net/url.h"

struct server {
    pid_t pid;
    int input; /* closing it ends the server */
    int port;
    char url[64];
};

static inline void server_clean_environment(void)
{
    static const char *const names[] = {"http_proxy",    "HTTP_PROXY",     "https_proxy",
                                        "HTTPS_PROXY",   "all_proxy",      "ALL_PROXY",
                                        "no_proxy",      "NO_PROXY",       "SSL_CERT_DIR",
                                        "SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUEST_METHOD"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unsetenv(names[i]);
}

static inline const char *server_script(const char *name, char *path, size_t size)
{
    const char *tests = getenv("LIBIMG_TESTS");
    snprintf(path, size, "%s/unit/net/%s", tests ? tests : "tests", name);
    return path;
}

/* A script that prints its port, and ends with its input. The first argument that is NULL is the
 * end of them; with any it is for https. */
static inline void server_start_script(struct server *server, const char *name, const char *one,
                                       const char *two, const char *three)
{
    int input[2], output[2];
    char script[1024], text[16] = "";
    server_clean_environment();
    server_script(name, script, sizeof(script));
    assert_int_equal(pipe2(input, O_CLOEXEC), 0);
    assert_int_equal(pipe2(output, O_CLOEXEC), 0);
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid == 0) {
        dup2(input[0], 0);
        dup2(output[1], 1);
        execl("/usr/bin/python3", "python3", script, one, two, three, (char *)NULL);
        _exit(127);
    }
    close(input[0]);
    close(output[1]);
    server->input = input[1];
    for (size_t len = 0; len < sizeof(text) - 1 && !strchr(text, '\n'); len++)
        assert_int_equal(read(output[0], text + len, 1), 1);
    close(output[0]);
    server->port = atoi(text);
    snprintf(server->url, sizeof(server->url), "%s://127.0.0.1:%d", one ? "https" : "http",
             server->port);
}

/* certificate NULL: plain HTTP. mode: NULL, or what server.py knows. */
static inline void server_start(struct server *server, const char *certificate, const char *key,
                                const char *mode)
{
    server_start_script(server, "server.py", certificate, key, mode);
}

static inline void server_stop(struct server *server)
{
    int status;
    close(server->input);
    waitpid(server->pid, &status, 0);
}

/* "http://127.0.0.1:PORT" and the path. The text is good until the fourth call from now. */
static inline const char *server_at(const struct server *server, const char *path)
{
    static char texts[4][640];
    static unsigned next;
    char *text = texts[next++ % 4];
    snprintf(text, sizeof(texts[0]), "%s%s", server->url, path);
    return text;
}

static inline struct http *client_with(uint32_t tries, uint32_t stall_timeout_ms,
                                       struct observer *observer)
{
    const struct http_options options = {.user_agent = "unit/1",
                                         .connect_timeout_ms = 10000,
                                         .stall_timeout_ms = stall_timeout_ms,
                                         .tries = tries,
                                         .connections = 6,
                                         .observer = observer};
    struct http *http = NULL;
    img_error err;
    assert_ok(img__http_new(&options, &http, &err));
    return http;
}

static inline struct http *client_new(uint32_t tries)
{
    return client_with(tries, 10000, NULL);
}

static inline struct http_response *get(struct http *http, const char *url)
{
    const struct http_request request = {.method = "GET", .url = url};
    struct http_response *response = NULL;
    img_error err;
    assert_ok(img__http_perform(http, &request, &response, &err));
    return response;
}

static inline int get_fails(struct http *http, const char *url, img_error *err)
{
    const struct http_request request = {.method = "GET", .url = url};
    struct http_response *response = NULL;
    int rc = img__http_perform(http, &request, &response, err);
    if (rc == 0)
        img__http_response_free(response);
    return rc;
}

static inline bool response_has(const struct http_response *response, const char *text)
{
    return strstr(img__buf_text(&response->body), text) != NULL;
}

static inline int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
