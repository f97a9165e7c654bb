/* SPDX-License-Identifier: Apache-2.0
 *
 * Servers that want our memory or our time: each ends soon, says why, and takes neither.
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

static int take(struct sink *sink, const void *data, size_t len, img_error *err)
{
    (void)sink;
    (void)data;
    (void)len;
    (void)err;
    return 0;
}

static const struct sink_ops ops = {.write = take};

static int fetch(const char *path, bool to_sink, img_error *err)
{
    struct http *http auto_(http) = client_with(1, 300, NULL);
    struct sink sink = {&ops};
    const struct http_request request = {
        .method = "GET", .url = server_at(&server, path), .sink = to_sink ? &sink : NULL};
    struct http_response *response = NULL;
    int rc = img__http_perform(http, &request, &response, err);
    if (rc < 0)
        return rc;
    rc = response->status;
    img__http_response_free(response);
    return rc;
}

static long memory_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void test_endless(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int code;
        const char *text;
    } rows[] = {
        {"/endless", IMG_ELIMIT, "headers"},
        {"/endless-line", IMG_ELIMIT, "headers"},
        {"/endless-interim", IMG_ELIMIT, "headers"},
        {"/endless-trailer", IMG_ELIMIT, "headers"},
        {"/endless-chunk-extension", IMG_ENETWORK, "moved"},
        {"/drip", IMG_ENETWORK, "no answer within 0.6 s"},
        {"/slow-interim", IMG_ENETWORK, "no answer within 0.6 s"},
        {"/slow-body", IMG_ENETWORK, "next to nothing moved for 0.6 s"},
        {"/large/200", IMG_ELIMIT, "larger than 65536 bytes"},
        {"/promise/65537", IMG_ELIMIT, "larger than 65536 bytes"},
    };
    long before = memory_kib();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        int64_t begun = now_ms();
        int rc = fetch(rows[i].path, false, &err);
        if (rc != rows[i].code || !strstr(err.message, rows[i].text) || now_ms() - begun > 10000)
            fail_msg("%s: %d, %s", rows[i].path, rc, rc < 0 ? err.message : "");
    }
    /* The sanitizers keep what was freed. */
    assert_true(memory_kib() - before < 64 * 1024);
}

/* Where one reads a length and the other chunks, two answers are seen in one. */
static void test_framing(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int code;
        const char *text;
    } rows[] = {
        {"HTTP/1.1 200 T\\nContent-Length: 3\\nTransfer-Encoding: chunked\\n\\n1\\nx\\n0\\n\\n",
         IMG_EFORMAT, "two ways"},
        {"HTTP/1.1 200 T\\nTransfer-Encoding: chunked\\nContent-Length: 3\\n\\n1\\nx\\n0\\n\\n",
         IMG_EFORMAT, "two ways"},
        {"HTTP/1.1 200 T\\nContent-Length: 3\\nContent-Length: 4\\n\\nabcd", IMG_EFORMAT,
         "two ways"},
        {"HTTP/1.1 200 T\\nContent-Length: 3, 4\\n\\nabcd", IMG_EFORMAT, "no number"},
        {"HTTP/1.1 200 T\\nContent-Length: 3\\nContent-Length: 3\\n\\nabc", 200, ""},
        {"HTTP/1.1 200 T\\nContent-Length: -3\\n\\nabc", IMG_ENETWORK, ""},
        {"HTTP/1.1 200 T\\nContent-Length: 99999999999999999999999\\n\\nabc", IMG_EFORMAT,
         "no number"},
        {"HTTP/1.1 200 T\\nContent-Length: x\\n\\nabc", IMG_ENETWORK, ""},
        {"HTTP/1.1 200 T\\nTransfer-Encoding: chunked\\n\\nzz\\nabc\\n", IMG_ENETWORK, "broke"},
        {"HTTP/1.1 200 T\\nTransfer-Encoding: chunked\\n\\n-1\\nabc\\n", IMG_ENETWORK, "broke"},
        {"HTTP/1.1 200 T\\nTransfer-Encoding: chunked\\n\\nFFFFFFFFFFFFFFFFFF\\nabc\\n",
         IMG_ENETWORK, "broke"},
        {"HTTP/1.1 200 T\\nTransfer-Encoding: chunked\\n\\n3\\nabcd\\n0\\n\\n", IMG_ENETWORK,
         "broke"},
        {"HTTP/1.1 200 T\\nTransfer-Encoding: chunked\\n\\n3\\nab", IMG_ENETWORK, "broke"},
        {"HTTP/1.1 200 T\\nTransfer-Encoding: chunked\\n\\n1\\nx\\n0\\nX-T: 1\\n\\n", 200, ""},
        {"HTTP/1.1 200 T\\nContent-Length: 5\\n\\nabc", IMG_ENETWORK, "complete"},
        {"HTTP/9.1 200 T\\n\\nabc", IMG_ENETWORK, ""},
        {"HTTP/1.1 abc\\n\\nabc", IMG_ENETWORK, ""},
        {"HTTP/1.1 99 T\\nContent-Length: 0\\n\\n", IMG_ENETWORK, ""},
        {"\\n\\n", IMG_ENETWORK, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char path[512] = "/raw?";
        img_error err;
        size_t len = strlen(path);
        for (const char *c = rows[i].bytes; *c; c++)
            len += (size_t)snprintf(path + len, sizeof(path) - len, *c == ' ' ? "%%20" : "%c", *c);
        for (int to_sink = 0; to_sink < 2; to_sink++) {
            int rc = fetch(path, to_sink, &err);
            if (rc != rows[i].code || (rc < 0 && !strstr(err.message, rows[i].text)))
                fail_msg("%s: %d, %s", rows[i].bytes, rc, rc < 0 ? err.message : "");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_endless),
        cmocka_unit_test(test_framing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
