/* SPDX-License-Identifier: Apache-2.0
 *
 * What the headers of an answer to GET of a blob are taken for.
 */
#include "unit.h"

#include "registry/download.h"
#include "registry/range.h"

static void content_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        struct range range;
    } rows[] = {
        {"bytes 0-9/10", true, {0, 9, 10}},
        {"Bytes 5-5/10", true, {5, 5, 10}},
        {"bytes 0-18446744073709551612/18446744073709551613",
         true,
         {0, UINT64_MAX - 3, UINT64_MAX - 2}},
        {"", false, {0}},
        {"bytes", false, {0}},
        {"bytes 0-9", false, {0}},
        {"bytes 0-9/*", false, {0}},
        {"bytes */10", false, {0}},
        {"bytes 9-0/10", false, {0}},
        {"bytes 0-10/10", false, {0}},
        {"bytes -1-9/10", false, {0}},
        {"bytes 0-9/10 ", false, {0}},
        {"bytes 0 -9/10", false, {0}},
        {"bytes=0-9/10", false, {0}},
        {"bytes 0-9/10,20-29/30", false, {0}},
        {"bytes 0-9/99999999999999999999", false, {0}},
        {"bytes 00000000000000000000000000000-9/10", false, {0}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct range range = {0};
        if (img__range_parse(rows[i].text, &range) != rows[i].ok)
            fail_msg("'%s'", rows[i].text);
        if (rows[i].ok)
            assert_memory_equal(&range, &rows[i].range, sizeof(range));
    }
}

static struct http_response answer(int status, const char *headers)
{
    struct http_response response = {.status = status, .url = "http://a/v2/b"};
    response.headers = (struct buf)BUF_INIT(4096);
    img__buf_puts(&response.headers, headers);
    return response;
}

static void validators(void **state)
{
    (void)state;
    static const struct {
        const char *header, *etag;
    } rows[] = {
        {"ETag: \"a\"\n", "\"a\""}, {"etag:  \"\" \n", "\"\""}, {"ETag: W/\"a\"\n", ""},
        {"ETag: a\n", ""},          {"ETag: \"a\n", ""},        {"ETag: \"a\", \"b\"\n", ""},
        {"ETag: \"a b\"\n", ""},    {"X: \"a\"\n", ""},         {"ETag: \"0123456789\"\n", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char etag[12] = "before";
        struct http_response response = answer(200, rows[i].header);
        img__range_etag(&response, etag, sizeof(etag));
        assert_string_equal(etag, rows[i].etag);
        img__buf_free(&response.headers);
    }
}

/* Of a blob of 100 bytes of which 40 are there. */
static void verdicts(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *headers;
        bool ranged, decode;
        enum verdict verdict;
        uint64_t skip;
    } rows[] = {
        {200, "Content-Length: 100\n", false, false, VERDICT_TAKE, 40},
        {200, "", false, false, VERDICT_TAKE, 40},
        {200, "Content-Length: 100\n", true, false, VERDICT_TAKE, 40},
        {200, "Content-Length: 99\n", false, false, VERDICT_LIES, 0},
        {200, "Content-Length: 60\n", true, false, VERDICT_LIES, 0},
        {200, "Content-Length: 60\nContent-Encoding: gzip\n", false, false, VERDICT_PACKED, 0},
        {200, "Content-Length: 60\nContent-Encoding: identity\n", false, false, VERDICT_LIES, 0},
        {200, "Content-Length: 60\nContent-Encoding: gzip\n", false, true, VERDICT_TAKE, 40},
        {206, "Content-Range: bytes 40-99/100\nContent-Length: 60\n", true, false, VERDICT_TAKE, 0},
        {206, "Content-Range: bytes 40-49/100\n", true, false, VERDICT_TAKE, 0},
        {206, "Content-Range: bytes 40-99/100\nContent-Length: 59\n", true, false, VERDICT_RANGE,
         0},
        {206, "Content-Range: bytes 39-99/100\n", true, false, VERDICT_RANGE, 0},
        {206, "Content-Range: bytes 40-99/101\n", true, false, VERDICT_RANGE, 0},
        {206, "Content-Range: bytes 40-99/*\n", true, false, VERDICT_RANGE, 0},
        {206, "", true, false, VERDICT_RANGE, 0},
        /* Nobody asked: all of it is fine. */
        {206, "Content-Range: bytes 0-99/100\n", false, false, VERDICT_TAKE, 40},
        {206, "Content-Range: bytes 0-98/100\n", false, false, VERDICT_LIES, 0},
        {206, "Content-Range: bytes 40-99/100\n", false, false, VERDICT_LIES, 0},
        {204, "", false, false, VERDICT_LIES, 0},
        {404, "", true, false, VERDICT_NONE, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_descriptor descriptor = {.size_bytes = 100};
        const struct blob_job job = {.descriptor = &descriptor};
        struct download download = {
            .job = &job, .have_bytes = 40, .ranged = rows[i].ranged, .decode = rows[i].decode};
        struct http_response response = answer(rows[i].status, rows[i].headers);
        img_error err;
        int result = img__download_on_headers(&response, &download, &err);
        bool taken = rows[i].verdict == VERDICT_TAKE || rows[i].verdict == VERDICT_NONE;
        if (download.verdict != rows[i].verdict || download.skip_bytes != rows[i].skip ||
            (result == 0) != taken)
            fail_msg("%d %s: %d", rows[i].status, rows[i].headers, download.verdict);
        img__buf_free(&response.headers);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_ranges),
        cmocka_unit_test(validators),
        cmocka_unit_test(verdicts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
