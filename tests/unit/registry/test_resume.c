/* SPDX-License-Identifier: Apache-2.0
 *
 * Downloads that break: which requests follow, and that what has arrived is not asked for again.
 */
#include "broken.h"

/* One blob; text is to be found in so many of the requests for it. */
struct row {
    const char *rules;
    int code;
    int gets;
    struct {
        const char *text;
        int count;
    } found[3];
};

static void try_row(const struct row *row, uint32_t tries)
{
    img_error err;
    struct scene scene;
    open_scene(&scene, row->rules, 1);
    use(&scene, REGISTRY_PULL, tries);
    int result = pull(&scene, &err);
    if (result != row->code)
        fail_msg("%s: %d, %s", row->rules, result, result ? err.message : "");
    if (result == 0) {
        memory_assert_arrived(&scene.memory);
        assert_int_equal(scene.events.kinds[IMG_EVENT_DONE], 1);
        events_assert_ended(&scene.events);
    }
    if (row->gets != peer_count(&scene.peer, "GET ", "/blobs/"))
        print_message("%s\n", row->rules);
    assert_count(&scene.peer, "GET ", "/blobs/", row->gets);
    for (size_t i = 0; i < 3 && row->found[i].text; i++)
        assert_count(&scene.peer, "GET ", row->found[i].text, row->found[i].count);
    close_scene(&scene);
}

#define TRY_ROWS(rows, tries)                                                                      \
    for (size_t row_at = 0; row_at < sizeof(rows) / sizeof((rows)[0]); row_at++)                   \
    try_row(&(rows)[row_at], tries)

static void goes_on_where_it_broke(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{" BLOB ",\"truncate\":100000,\"times\":1}",
         0,
         2,
         {{"Range=[bytes=100000-] If-Range=[\"sha256:", 1}}},
        {"{" BLOB ",\"truncate\":100000,\"times\":2}",
         0,
         3,
         {{"Range=[bytes=100000-]", 1}, {"Range=[bytes=200000-]", 1}}},
        {"{" BLOB ",\"truncate\":100000,\"reset\":true,\"times\":1}", 0, 2, {{"", 2}}},
        {"{" BLOB ",\"hold\":100000,\"times\":1}", 0, 2, {{"Range=[bytes=100000-]", 1}}},
        /* A weak validator is none. */
        {"{" BLOB ",\"truncate\":100000,\"times\":1,\"set\":{\"ETag\":\"W/\\\"x\\\"\"}}",
         0,
         2,
         {{"Range=[bytes=100000-]", 1}, {"If-Range", 0}}},
        {"{" BLOB ",\"truncate\":100000,\"times\":1,\"set\":{\"ETag\":null}}",
         0,
         2,
         {{"Range=[bytes=100000-]", 1}, {"If-Range", 0}}},
        /* All but the end of the connection was there. */
        {"{" BLOB ",\"truncate\":300000,\"times\":1}", 0, 1, {{"", 1}}},
    };
    TRY_ROWS(rows, TRIES);
}

static void without_ranges(void **state)
{
    (void)state;
    static const struct row rows[] = {
        /* All of it comes once more, and what is there is passed over. */
        {"{" BLOB ",\"truncate\":100000,\"times\":1},{" BLOB ",\"ranges\":false}",
         0,
         2,
         {{"Range=", 1}}},
        /* Another object, as it seems: the digest has the last word. */
        {"{" BLOB ",\"truncate\":100000,\"times\":1,\"set\":{\"ETag\":\"\\\"one\\\"\"}}",
         0,
         2,
         {{"If-Range=[\"one\"]", 1}, {" 200 ", 2}}},
        {"{" BLOB ",\"truncate\":100000,\"times\":1},{" BLOB
         ",\"times\":1,\"set\":{\"Content-Range\":\"bytes 0-199999/300000\"}}",
         0,
         3,
         {{"Range=[bytes=100000-]", 1}, {"Range=", 1}}},
        {"{" BLOB ",\"truncate\":100000,\"times\":1},{" BLOB
         ",\"times\":1,\"set\":{\"Content-Range\":\"bytes 100000-299999/300001\"}}",
         0,
         3,
         {{"Range=", 1}}},
        {"{" BLOB ",\"truncate\":100000,\"times\":1},{" BLOB
         ",\"times\":1,\"set\":{\"Content-Range\":null}}",
         0,
         3,
         {{"Range=", 1}}},
        {"{" BLOB ",\"truncate\":100000,\"times\":1},{" BLOB ",\"times\":1,\"status\":416}",
         0,
         3,
         {{"Range=", 1}, {" 416 ", 1}}},
    };
    TRY_ROWS(rows, TRIES);
}

/* What came first was not of this blob. */
static void wrong_pieces(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{" BLOB ",\"times\":1,\"status\":200,\"body\":\"junk\",\"truncate\":4,"
         "\"headers\":{\"Content-Length\":\"300000\"}}",
         0,
         3,
         {{"Range=[bytes=4-]", 1}}},
        {"{" BLOB ",\"times\":2,\"status\":200,\"body\":\"junk\",\"truncate\":4,"
         "\"headers\":{\"Content-Length\":\"300000\"}},{" BLOB ",\"corrupt\":true}",
         IMG_EDIGEST,
         4,
         {{"", 4}}},
        /* What came in one piece from the only place is not asked for again. */
        {"{" BLOB ",\"corrupt\":true}", IMG_EDIGEST, 1, {{"Range=", 0}}},
        {"{" BLOB ",\"set\":{\"Content-Length\":\"300001\"}}", IMG_EDIGEST, 1, {{"Range=", 0}}},
        {"{" BLOB ",\"status\":204}", IMG_EREFUSED, 1, {{"", 1}}},
        {"{" BLOB ",\"status\":206,\"body\":\"x\"}", IMG_EDIGEST, 1, {{"", 1}}},
    };
    TRY_ROWS(rows, TRIES);
}

static void gives_up(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{" BLOB ",\"truncate\":100}", IMG_ENETWORK, TRIES, {{"Range=[bytes=300-]", 1}}},
        {"{" BLOB ",\"truncate\":100000,\"ranges\":false}", IMG_ENETWORK, 2, {{"Range=", 1}}},
        {"{" BLOB ",\"truncate\":100000,\"times\":1},{" BLOB ",\"status\":404}",
         IMG_ENOTFOUND,
         2,
         {{"Range=", 1}}},
    };
    TRY_ROWS(rows, TRIES);
    static const struct row once = {
        "{" BLOB ",\"truncate\":100000,\"times\":1}", IMG_ENETWORK, 1, {{"Range=", 0}}};
    try_row(&once, 1);
}

static void signed_urls(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{" BLOB ",\"signed\":1},{" CDN ",\"truncate\":100000,\"times\":1}",
         0,
         2,
         {{"/cdn/s1/a/", 1}, {"/cdn/s2/a/", 1}, {" 206 Accept-Encoding", 0}}},
        /* The registry hands out what has expired, once. */
        {"{" BLOB ",\"signed\":1,\"stale\":true,\"times\":2},{" BLOB ",\"signed\":1},{" CDN
         ",\"truncate\":100000,\"times\":1}",
         0,
         3,
         {{"/cdn/s1/a/", 2}, {" 403 ", 1}, {"/cdn/s2/a/", 1}}},
        {"{" BLOB ",\"signed\":0}", IMG_EAUTH, 2, {{" 403 ", 2}}},
    };
    TRY_ROWS(rows, TRIES);
}

static void packed_on_the_way(void **state)
{
    (void)state;
    static const struct row rows[] = {
        /* Called so, but not so: it was the blob that was packed. */
        {"{" BLOB ",\"set\":{\"Content-Encoding\":\"gzip\"}}", 0, 1, {{"Accept-Encoding", 0}}},
        {"{" BLOB ",\"encode\":true}", 0, 2, {{"Accept-Encoding=[gzip]", 1}}},
        {"{" BLOB ",\"encode\":true,\"truncate\":1000000,\"set\":{\"Content-Length\":null,"
         "\"Connection\":\"close\"}}",
         0,
         2,
         {{"Accept-Encoding=[gzip]", 1}}},
        {"{" BLOB ",\"encode\":true,\"corrupt\":true}",
         IMG_EDIGEST,
         2,
         {{"Accept-Encoding=[gzip]", 1}}},
    };
    TRY_ROWS(rows, TRIES);
}

/* An image whose manifest has the bytes of a blob needs no request for it; the sink verifies them
 * as others. */
static void data_at_hand(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "", 2);
    scene.jobs[0].data = scene.memory.blobs[0].bytes;
    assert_ok(pull(&scene, &err));
    memory_assert_arrived(&scene.memory);
    assert_count(&scene.peer, "GET ", "/blobs/", 1);
    scene.jobs[0].data = scene.memory.blobs[1].bytes;
    assert_fails(pull(&scene, &err), IMG_EDIGEST, "digest");
    close_scene(&scene);
}

/* Without TLS nobody is asked whom a manifest names. */
static void foreign_urls(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    char url[128];
    open_scene(&scene, "{" BLOB ",\"status\":404}", 1);
    snprintf(url, sizeof(url), "http://%s/elsewhere", scene.peer.host);
    const char *const urls[] = {url, "ftp://a/b", NULL};
    scene.jobs[0].urls = urls;
    assert_fails(pull(&scene, &err), IMG_ENOTFOUND, "404");
    assert_count(&scene.peer, "/elsewhere", "", 0);
    close_scene(&scene);
}

/* A place that takes one at a time gets them in their order. */
static void one_by_one(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "", 6);
    scene.memory.base.serial = true;
    scene.events.observer.on_event = events_take;
    assert_ok(pull(&scene, &err));
    memory_assert_arrived(&scene.memory);
    char line[8192];
    size_t next = 0;
    FILE *record = fopen(scene.peer.record, "r");
    assert_non_null(record);
    while (fgets(line, sizeof(line), record))
        if (strncmp(line, "GET ", 4) == 0)
            assert_non_null(strstr(line, scene.jobs[next++].descriptor->digest.text));
    fclose(record);
    assert_int_equal(next, 6);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_on_where_it_broke),
        cmocka_unit_test(without_ranges),
        cmocka_unit_test(wrong_pieces),
        cmocka_unit_test(gives_up),
        cmocka_unit_test(signed_urls),
        cmocka_unit_test(packed_on_the_way),
        cmocka_unit_test(data_at_hand),
        cmocka_unit_test(foreign_urls),
        cmocka_unit_test(one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
