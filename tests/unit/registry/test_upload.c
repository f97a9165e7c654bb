/* SPDX-License-Identifier: Apache-2.0
 *
 * Uploads against fake registries of many kinds: that the blob arrives, by which requests, and that
 * nothing is sent twice that need not be.
 */
#include "peer.h"

#include <inttypes.h>
#include <time.h>

#include "registry/placed.h"
#include "registry/repository.h"
#include "registry/upload_ways.h"
#include "registry/window.h"

#define MIB ((uint64_t)1 << 20)

static const struct upload_limits no_limits;

static void ways_in_their_order(void **state)
{
    (void)state;
    struct upload_ways ways = {0};
    assert_int_equal(img__upload_choose(&ways, &no_limits, 100), UPLOAD_WHOLE);
    assert_int_equal(img__upload_choose(&ways, &no_limits, UPLOAD_LARGE), UPLOAD_STREAM);
    img__upload_rule_out(&ways, UPLOAD_WHOLE, false, 5 * MIB);
    assert_int_equal(img__upload_choose(&ways, &no_limits, 5 * MIB), UPLOAD_STREAM);
    assert_int_equal(img__upload_choose(&ways, &no_limits, 5 * MIB - 1), UPLOAD_WHOLE);
    img__upload_rule_out(&ways, UPLOAD_WHOLE, true, 5 * MIB);
    assert_int_equal(img__upload_choose(&ways, &no_limits, 100), UPLOAD_STREAM);
    assert_int_equal(img__upload_choose(&ways, &no_limits, 0), UPLOAD_WHOLE);
    img__upload_rule_out(&ways, UPLOAD_STREAM, true, 0);
    assert_int_equal(img__upload_choose(&ways, &no_limits, 100), UPLOAD_PIECES);
    img__upload_rule_out(&ways, UPLOAD_PIECES, true, 0);
    assert_int_equal(img__upload_choose(&ways, &no_limits, 100), UPLOAD_NONE);

    /* One that knows no pieces gets what is large whole, if it wants no stream either. */
    ways = (struct upload_ways){.no_stream = true, .no_pieces = true};
    assert_int_equal(img__upload_choose(&ways, &no_limits, UPLOAD_LARGE), UPLOAD_WHOLE);
    /* What is too large for a body is so for a stream. */
    ways = (struct upload_ways){0};
    assert_true(img__upload_shrink(&ways, 10 * MIB));
    assert_int_equal(img__upload_choose(&ways, &no_limits, 10 * MIB), UPLOAD_PIECES);
    assert_int_equal(img__upload_choose(&ways, &no_limits, 10 * MIB - 1), UPLOAD_WHOLE);
    ways.no_pieces = true;
    assert_int_equal(img__upload_choose(&ways, &no_limits, 10 * MIB), UPLOAD_NONE);
    struct upload_limits limits = {.max_bytes = MIB};
    assert_int_equal(img__upload_choose(&(struct upload_ways){0}, &limits, MIB + 1), UPLOAD_PIECES);
}

/* What goes to a registry that forgets gets smaller until it comes through, and no smaller than it
 * takes. */
static void forgetful(void **state)
{
    struct upload_ways ways = {0}, origin = {0};
    const struct upload_limits limits = {.min_bytes = 5 * MIB};
    (void)state;
    assert_false(img__upload_forgot(&ways, 40 * MIB)); /* that may be chance */
    assert_int_equal(img__upload_choose(&ways, &no_limits, 60 * MIB), UPLOAD_WHOLE);
    assert_true(img__upload_forgot(&ways, 1));
    assert_int_equal(img__upload_choose(&ways, &no_limits, 60 * MIB), UPLOAD_PIECES);
    assert_int_equal(img__upload_choose(&ways, &no_limits, 10 * MIB), UPLOAD_WHOLE);
    assert_int_equal(img__upload_piece(&ways, &no_limits, 60 * MIB), UPLOAD_PIECE);
    assert_true(img__upload_forgot(&ways, 8 * MIB));
    assert_int_equal(img__upload_piece(&ways, &no_limits, 60 * MIB), 2 * MIB);
    assert_int_equal(img__upload_piece(&ways, &limits, 60 * MIB), UPLOAD_PIECE);
    assert_false(img__upload_forgot(&ways, 20 * MIB));
    assert_int_equal(img__upload_piece(&ways, &no_limits, 60 * MIB), 2 * MIB);
    assert_true(img__upload_forgot(&ways, 1));
    assert_int_equal(img__upload_piece(&ways, &no_limits, 60 * MIB), UPLOAD_MORSEL);
    assert_false(img__upload_forgot(&ways, 1));
    img__upload_learn(&origin, &ways);
    assert_int_equal(img__upload_piece(&origin, &no_limits, 60 * MIB), UPLOAD_MORSEL);
    ways.no_pieces = true;
    assert_int_equal(img__upload_choose(&ways, &no_limits, 60 * MIB), UPLOAD_WHOLE);
}

static void sizes_of_pieces(void **state)
{
    (void)state;
    static const struct {
        uint64_t piece, refused, min, max, rest, expected;
    } rows[] = {
        {0, 0, 0, 0, 100 * MIB, UPLOAD_PIECE},
        {0, 0, 0, 0, 5, 5},
        {3 * MIB, 0, 0, 0, 100 * MIB, 3 * MIB},
        {0, 0, 20 * MIB, 0, 100 * MIB, 20 * MIB},
        {0, 0, 0, 2 * MIB, 100 * MIB, 2 * MIB},
        {0, 0, 0, 1, 100 * MIB, 64 * 1024},
        {0, 0, INT64_MAX, 0, 100 * MIB, 100 * MIB},
        {0, 0, UINT64_MAX, 0, 100 * MIB, 100 * MIB},
        {0, 0, 20 * MIB, 10 * MIB, 100 * MIB, 10 * MIB},
        {0, 6 * MIB, 0, 0, 100 * MIB, 3 * MIB},
        {0, 6 * MIB, 20 * MIB, 0, 100 * MIB, 3 * MIB},
        {0, MIB + 1, 0, 0, 100 * MIB, MIB},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct upload_ways ways = {.piece_bytes = rows[i].piece, .refused_bytes = rows[i].refused};
        struct upload_limits limits = {rows[i].min, rows[i].max};
        assert_int_equal(img__upload_piece(&ways, &limits, rows[i].rest), rows[i].expected);
    }
    struct upload_ways ways = {0};
    assert_true(img__upload_shrink(&ways, 1000 * MIB));
    assert_int_equal(ways.piece_bytes, UPLOAD_LARGE);
    assert_true(img__upload_shrink(&ways, 6 * MIB));
    assert_int_equal(ways.piece_bytes, 3 * MIB);
    assert_int_equal(ways.refused_bytes, 6 * MIB);
    assert_true(img__upload_shrink(&ways, MIB + 2));
    assert_int_equal(ways.piece_bytes, MIB);
    assert_false(img__upload_shrink(&ways, MIB));
}

static void what_headers_say(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool told;
        uint64_t bytes;
    } ranges[] = {
        {"0-99", true, 100},
        {"0-0", true, 0},
        {"bytes=0-9", true, 10},
        {"bytes 0-9", true, 10},
        {"", false, 0},
        {"0-", false, 0},
        {"1-9", false, 0},
        {"0-9x", false, 0},
        {"0--1", false, 0},
        {"-9", false, 0},
        {"0-9223372036854775807", false, 0},
        {"0-99999999999999999999999999999999999999999999999999", false, 0},
    };
    static const struct {
        const char *text;
        uint64_t bytes;
    } limits[] = {
        {"5242880", 5242880},
        {"", 0},
        {"5 MB", 0},
        {"-1", 0},
        {"9223372036854775807", INT64_MAX},
        {"9223372036854775808", UINT64_MAX},
        {"99999999999999999999999999999999999", UINT64_MAX},
    };
    uint64_t bytes;
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        bool told = img__upload_progress(ranges[i].text, strlen(ranges[i].text), &bytes);
        if (told != ranges[i].told || (told && bytes != ranges[i].bytes))
            fail_msg("%s: %d", ranges[i].text, told);
    }
    assert_false(img__upload_progress(NULL, 0, &bytes));
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        assert_int_equal(img__upload_limit(limits[i].text, strlen(limits[i].text)),
                         limits[i].bytes);
    assert_int_equal(img__upload_limit(NULL, 0), 0);
}

static void windows(void **state)
{
    (void)state;
    img_error err;
    char got[16] = "";
    struct source *inner;
    struct window *window;
    assert_ok(img__source_memory("0123456789", 10, &inner, &err));
    assert_ok(img__window_new(inner, &window, &err));
    struct source *source = &window->base;
    assert_int_equal(img__source_read(source, got, 5, &err), 0);
    img__window_set(window, 3, 4);
    assert_int_equal(img__source_read_full(source, got, 10, &err), 4);
    assert_memory_equal(got, "3456", 4);
    assert_ok(img__source_rewind(source, &err));
    assert_int_equal(img__source_read_full(source, got, 2, &err), 2);
    assert_memory_equal(got, "34", 2);
    assert_ok(img__source_seek(source, 3, &err));
    assert_int_equal(img__source_read_full(source, got, 10, &err), 1);
    assert_memory_equal(got, "6", 1);
    img__window_set(window, 7, 3);
    assert_int_equal(img__source_read_full(source, got, 10, &err), 3);
    assert_memory_equal(got, "789", 3);
    img__window_free(window);
}

/* A pipe: what follows is read on, but nothing is read twice. */
static void windows_over_a_stream(void **state)
{
    (void)state;
    img_error err;
    char got[16] = "";
    int ends[2];
    struct source *inner;
    struct window *window;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "0123456789", 10), 10);
    close(ends[1]);
    assert_ok(img__source_fd(ends[0], "a pipe", &inner, &err));
    assert_ok(img__window_new(inner, &window, &err));
    img__window_set(window, 0, 4);
    assert_int_equal(img__source_read_full(&window->base, got, 4, &err), 4);
    img__window_set(window, 4, 3);
    assert_int_equal(img__source_read_full(&window->base, got, 3, &err), 3);
    assert_memory_equal(got, "456", 3);
    img__window_set(window, 4, 3);
    assert_true(img__source_read(&window->base, got, 3, &err) < 0);
    assert_non_null(strstr(err.message, "a pipe"));
    img__window_free(window);
}

static void places_seen(void **state)
{
    (void)state;
    img_error err;
    struct placed placed = {0};
    img_digest first, digest;
    assert_ok(img__digest_of("x", 1, &first, &err));
    assert_null(img__placed_find(&placed, &first));
    img__placed_add(&placed, &first, "a");
    img__placed_add(&placed, &first, "b");
    assert_string_equal(img__placed_find(&placed, &first), "b");
    for (int i = 0; i < PLACED_MAX; i++) {
        assert_ok(img__digest_of(&i, sizeof(i), &digest, &err));
        img__placed_add(&placed, &digest, "c");
    }
    assert_null(img__placed_find(&placed, &first));
    assert_string_equal(img__placed_find(&placed, &digest), "c");
    img__placed_free(&placed);
}

struct scene {
    struct peer peer;
    struct registry *registry;
    struct endpoint *endpoint;
    struct memory memory;
    struct blob_job jobs[PEER_BLOBS_MAX];
    struct events events;
};

static void open_scene(struct scene *scene, const char *script)
{
    img_client_options options = IMG_CLIENT_OPTIONS_INIT;
    options.jobs = 1;
    options.tries = 4;
    peer_fake(&scene->peer, script);
    scene->registry = peer_client(&scene->peer, options);
    scene->endpoint = peer_endpoint(scene->registry, &scene->peer, "a:1", REGISTRY_PUSH);
    memory_init(&scene->memory);
    events_init(&scene->events);
}

static void close_scene(struct scene *scene)
{
    img__endpoint_free(scene->endpoint);
    img__registry_free(scene->registry);
    memory_clear(&scene->memory);
    peer_stop(&scene->peer);
}

/* One blob more than before, which no other has; the older ones are not sent again. */
static int push_one(struct scene *scene, uint64_t size, img_error *err)
{
    size_t i = scene->memory.count;
    memory_add(&scene->memory, size, (unsigned)i + 1);
    memory_jobs(&scene->memory, NULL, scene->jobs);
    events_init(&scene->events);
    return scene->endpoint->ops->send(scene->endpoint, &scene->jobs[i], 1, &scene->events.observer,
                                      err);
}

struct expected {
    const char *line, *other;
    int count;
};

/* Kinds of registries, a blob of 5 MiB, and the requests that it takes. Besides those named here
 * there must be none but a HEAD. */
static void registries(void **state)
{
    (void)state;
    static const struct {
        const char *name, *script;
        struct expected expected[9]; /* ended by one without a line */
    } rows[] = {
        {"usual", "", {{"POST ", " 202", 1}, {"PUT ", " 201", 1}}},
        {"a PUT is cut",
         "{'rules':[{'method':'PUT','stop':1000000,'times':1}]}",
         {{"POST ", " 202", 1},
          {"PUT ", " 0 ", 1},
          {"GET ", " 204", 1},
          {"PATCH ", " 202 Content-Type=[application/octet-stream] Content-Length=[4242880]", 1},
          {"PUT ", " 201 Content-Type=[application/octet-stream] Content-Length=[0]", 1}}},
        {"bodies of PUT are refused, a PATCH is cut twice",
         "{'uploads':{'put':false},'rules':[{'method':'PATCH','stop':2000000,'times':2}]}",
         {{"PUT ", " 405", 1},
          {"POST ", " 202", 2},
          {"PATCH ", " 0 ", 2},
          {"GET ", " 204", 2},
          {"PATCH ", " 202 Content-Type=[application/octet-stream] Content-Length=[1242880]", 1},
          {"PUT ", " 201 Content-Type=[application/octet-stream] Content-Length=[0]", 1}}},
        {"bodies above 2 MiB are too large",
         "{'uploads':{'max':2097152}}",
         {{"POST ", " 202", 1},
          {"PUT ", " 413", 1},
          {"PATCH ", " 413", 1},
          {"PATCH ", " 202", 3},
          {"PATCH ", "Content-Range=[0-1310719]", 1},
          {"PATCH ", "Content-Range=[2621440-3932159]", 1},
          {"PUT ", " 201", 1}}},
        {"and it says so",
         "{'uploads':{'max':2097152,'max_header':'2097152'}}",
         {{"POST ", " 202", 1},
          {"PATCH ", " 202", 2},
          {"PATCH ", "Content-Range=[2097152-4194303]", 1},
          {"PUT ", " 201", 1},
          {"PUT ", "Content-Range=[4194304-5242879]", 1}}},
        {"an absurd minimum means whole",
         "{'uploads':{'min_header':'9223372036854775807'}}",
         {{"POST ", " 202", 1}, {"PUT ", " 201", 1}}},
        {"pieces only, of 2 MiB at most, and no body of PUT (as GHCR)",
         "{'uploads':{'put':false,'stream':false,'pieces':2097152}}",
         {{"POST ", " 202", 3},
          {"PUT ", " 405", 1},
          {"PATCH ", " 400", 1},
          {"PATCH ", " 416", 2},
          {"GET ", " 204", 2},
          {"PATCH ", " 202", 4},
          {"PATCH ", "Content-Range=[0-1310719]", 1},
          {"PUT ", " 201 Content-Type=[application/octet-stream] Content-Length=[0]", 1}}},
        {"no pieces; PUT is broken (as GAR)",
         "{'uploads':{'pieces':false},'rules':[{'method':'PUT','times':2,'status':500}]}",
         {{"PUT ", " 500", 2},
          {"GET ", " 204", 2},
          {"POST ", " 202", 1},
          {"PATCH ", " 202", 1},
          {"PUT ", " 201", 1}}},
        {"Range stays where the first piece ended (as ECR)",
         "{'uploads':{'max':2097152,'max_header':'2097152','range':'first','patched':201,"
         "'cut':'dropped'},'rules':[{'method':'PATCH','skip':1,'times':1,'stop':1000000}]}",
         {{"POST ", " 202", 1},
          {"PATCH ", " 201", 2},
          {"PATCH ", " 0 ", 1},
          {"GET ", " 204", 1},
          {"PATCH ", "Content-Range=[2097152-4194303]", 2},
          {"PUT ", " 201", 1}}},
        {"a cut loses the session (as docker-registry 2.8)",
         "{'uploads':{'old':'fatal'},'rules':[{'method':'PUT','stop':1000000,'times':1}]}",
         {{"PUT ", " 0 ", 1},
          {"GET ", " 404", 1},
          {"POST ", " 202", 2},
          {"PATCH ", " 202", 1},
          {"PUT ", " 201", 1}}},
        {"after a cut no Location is good (as distribution 3)",
         "{'uploads':{'old':'refused'},'rules':[{'method':'PUT','stop':1000000,'times':1}]}",
         {{"PUT ", " 0 ", 1},
          {"GET ", " 416", 1},
          {"POST ", " 202", 2},
          {"PATCH ", " 202", 1},
          {"PUT ", " 201", 1}}},
        {"a session can't be asked",
         "{'uploads':{'status':false},'rules':[{'method':'PUT','stop':1000000,'times':1}]}",
         {{"PUT ", " 0 ", 1},
          {"GET ", " 405", 1},
          {"POST ", " 202", 2},
          {"PATCH ", " 202", 1},
          {"PUT ", " 201", 1}}},
        {"a session is gone",
         "{'rules':[{'method':'PUT','status':404,'times':1}]}",
         {{"PUT ", " 404", 1}, {"POST ", " 202", 2}, {"PUT ", " 201", 1}, {"HEAD ", " 404", 2}}},
        {"nothing had arrived before the cut: 0-0",
         "{'uploads':{'cut':'dropped'},'rules':[{'method':'PUT','stop':1000000,'times':1}]}",
         {{"PUT ", " 0 ", 1},
          {"GET ", " 204", 1},
          {"POST ", " 202", 1},
          {"PATCH ", " Content-Length=[5242880]", 1},
          {"PUT ", " 201", 1}}},
        {"the answer to the last PUT is lost",
         "{'uploads':{'put':false},'rules':[{'method':'PUT','skip':1,'stop':0,'times':1}]}",
         {{"PUT ", " 405", 1},
          {"POST ", " 202", 2},
          {"PATCH ", " 202", 1},
          {"PUT ", " 0 ", 1},
          {"PUT ", " 201", 1}}},
        {"the rate is limited, for no time at all",
         "{'rules':[{'method':'PUT','status':429,'times':1,'headers':{'Retry-After':'0'}}]}",
         {{"PUT ", " 429", 1}, {"GET ", " 204", 1}, {"POST ", " 202", 1}, {"PUT ", " 201", 1}}},
        {"what arrived was not what was sent",
         "{'rules':[{'method':'PUT','status':400,'times':1,"
         "'body':'{\\'errors\\':[{\\'code\\':\\'DIGEST_INVALID\\'}]}'}]}",
         {{"PUT ", " 400", 1}, {"POST ", " 202", 2}, {"PUT ", " 201", 1}}},
        {"absolute", "{'uploads':{'location':'absolute'}}", {{"POST ", "", 1}, {"PUT ", "", 1}}},
        {"relative", "{'uploads':{'location':'relative'}}", {{"POST ", "", 1}, {"PUT ", "", 1}}},
        {"//host", "{'uploads':{'location':'scheme'}}", {{"POST ", "", 1}, {"PUT ", "", 1}}},
        {"another origin", "{'uploads':{'location':'other'}}", {{"POST ", "", 1}, {"PUT ", "", 1}}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        struct scene scene;
        char script[512];
        snprintf(script, sizeof(script), "%s", rows[i].script);
        for (char *quote = script; (quote = strchr(quote, '\''));)
            *quote = '"';
        print_message("%s\n", rows[i].name);
        open_scene(&scene, script);
        assert_ok(push_one(&scene, 5 * MIB, &err));
        events_assert_ended(&scene.events);
        assert_int_equal(scene.events.kinds[IMG_EVENT_DONE], 1);
        for (const struct expected *e = rows[i].expected; e->line; e++)
            assert_count(&scene.peer, e->line, e->other, e->count);
        close_scene(&scene);
    }
}

/* The total of what a client with a second blob does: the first has taught it. */
static void learned(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        struct expected expected[5];
    } rows[] = {
        {"{\"uploads\":{\"put\":false}}",
         {{"PUT ", " 405", 1}, {"PATCH ", " 202", 2}, {"POST ", "", 3}}},
        {"{\"uploads\":{\"put\":false,\"stream\":false}}",
         {{"PUT ", " 405", 1}, {"PATCH ", " 400", 1}, {"PATCH ", " 202", 2}, {"POST ", "", 4}}},
        {"{\"uploads\":{\"max\":2097152}}",
         {{"PUT ", " 413", 1}, {"PATCH ", " 413", 1}, {"PATCH ", " 202", 6}, {"POST ", "", 2}}},
        {"{\"rules\":[{\"method\":\"PUT\",\"times\":2,\"status\":502}]}",
         {{"PUT ", " 502", 2}, {"PATCH ", " 202", 2}, {"POST ", "", 2}}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        struct scene scene;
        open_scene(&scene, rows[i].script);
        assert_ok(push_one(&scene, 5 * MIB, &err));
        assert_ok(push_one(&scene, 5 * MIB, &err));
        for (const struct expected *e = rows[i].expected; e->line; e++)
            assert_count(&scene.peer, e->line, e->other, e->count);
        close_scene(&scene);
    }
}

/* What no registry should do, and what is told of it. */
static void hopeless(void **state)
{
    (void)state;
    static const struct {
        const char *script, *text;
        struct expected expected;
        int code;
    } rows[] = {
        {"{\"rules\":[{\"method\":\"PUT\",\"status\":404}]}",
         "404",
         {"POST ", "", 3},
         IMG_ENOTFOUND},
        {"{\"uploads\":{\"cut\":\"dropped\"},\"rules\":[{\"method\":\"PATCH\",\"stop\":100000},"
         "{\"method\":\"PUT\",\"stop\":100000}]}",
         "PATCH http",
         {"POST ", "", 1},
         IMG_ENETWORK},
        {"{\"uploads\":{\"max\":1000}}", "413 SIZE_INVALID", {"POST ", "", 1}, IMG_EREFUSED},
        {"{\"uploads\":{\"put\":false,\"stream\":false,\"pieces\":false}}",
         "400 UNSUPPORTED",
         {"POST ", "", 3},
         IMG_EREFUSED},
        {"{\"rules\":[{\"method\":\"PUT\",\"status\":403}]}", "403", {"PUT ", "", 1}, IMG_EAUTH},
        {"{\"rules\":[{\"method\":\"PUT\",\"status\":507}]}", "507", {"PUT ", "", 1}, IMG_EREFUSED},
        {"{\"rules\":[{\"method\":\"PUT\",\"status\":400,\"body\":"
         "\"{\\\"errors\\\":[{\\\"code\\\":\\\"DIGEST_INVALID\\\"}]}\"}]}",
         "400 DIGEST_INVALID",
         {"PUT ", "", 2},
         IMG_EREFUSED},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        struct scene scene;
        open_scene(&scene, rows[i].script);
        int result = push_one(&scene, 5 * MIB, &err);
        if (result != rows[i].code || !strstr(err.message, rows[i].text))
            fail_msg("%s: %d, %s", rows[i].script, result, result ? err.message : "");
        assert_count(&scene.peer, rows[i].expected.line, rows[i].expected.other,
                     rows[i].expected.count);
        close_scene(&scene);
    }
}

/* Every request breaks after 700,000 bytes, and each goes on where the one before ended. */
static void cut_again_and_again(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "{\"rules\":[{\"method\":\"PATCH\",\"stop\":700000,\"times\":7},"
                       "{\"method\":\"PUT\",\"stop\":700000,\"times\":1}]}");
    assert_ok(push_one(&scene, 5 * MIB + 1000000, &err));
    assert_count(&scene.peer, "POST ", "", 1);
    assert_count(&scene.peer, "PATCH ", " 0 ", 7);
    assert_count(&scene.peer, "GET ", " 204", 8);
    assert_count(&scene.peer, "PATCH ", "Content-Length=[642880]", 1);
    assert_count(&scene.peer, "PUT ", " 201", 1);
    close_scene(&scene);
}

/* 64 MiB and more go in a PATCH from the start. */
static void large(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "");
    assert_ok(push_one(&scene, UPLOAD_LARGE, &err));
    assert_count(&scene.peer, "PATCH ", "Content-Length=[67108864]", 1);
    assert_count(&scene.peer, "PATCH ", "Content-Range", 0);
    assert_count(&scene.peer, "PUT ", "Content-Length=[0]", 1);
    close_scene(&scene);
}

static void at_once(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    /* Not with the first request of all, which may only bring a 401 back. */
    open_scene(&scene, "{\"uploads\":{\"single\":true}}");
    for (int i = 0; i < 4; i++)
        assert_ok(push_one(&scene, 1000, &err));
    assert_ok(push_one(&scene, 200000, &err));
    assert_ok(push_one(&scene, 2 * MIB, &err));
    assert_count(&scene.peer, "POST ", " 201", 4);
    assert_count(&scene.peer, "POST ", "?digest=sha256%3A", 4);
    assert_count(&scene.peer, "PUT ", " 201", 2);
    close_scene(&scene);

    /* The first one that tries shows that it is not so; the others don't. */
    open_scene(&scene, "");
    for (int i = 0; i < 3; i++)
        assert_ok(push_one(&scene, 1000, &err));
    assert_count(&scene.peer, "POST ", "?digest=sha256%3A", 1);
    assert_count(&scene.peer, "POST ", " 202", 3);
    assert_count(&scene.peer, "PUT ", " 201", 3);
    close_scene(&scene);

    open_scene(&scene, "{\"rules\":[{\"method\":\"POST\",\"query\":\"digest=\",\"status\":405}]}");
    for (int i = 0; i < 3; i++)
        assert_ok(push_one(&scene, 1000, &err));
    assert_count(&scene.peer, "POST ", "?digest=sha256%3A", 1);
    assert_count(&scene.peer, "PUT ", " 201", 3);
    close_scene(&scene);
}

static void use(struct scene *scene, const char *name)
{
    img__endpoint_free(scene->endpoint);
    scene->endpoint = peer_endpoint(scene->registry, &scene->peer, name, REGISTRY_PUSH);
    events_init(&scene->events);
}

static int push_again(struct scene *scene, size_t count, img_error *err)
{
    return scene->endpoint->ops->send(scene->endpoint, scene->jobs, count, &scene->events.observer,
                                      err);
}

/* What went to one repository is mounted into the next one of the same client. */
static void second_repository(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "");
    assert_ok(push_one(&scene, 100000, &err));
    assert_ok(push_one(&scene, 200000, &err));
    use(&scene, "b:1");
    assert_ok(push_again(&scene, 2, &err));
    assert_int_equal(scene.events.kinds[IMG_EVENT_MOUNTED], 2);
    assert_string_equal(scene.events.from, "a");
    assert_count(&scene.peer, "POST /v2/b/blobs/uploads/?mount=", "&from=a 201", 2);
    assert_count(&scene.peer, "PUT ", "", 2);
    use(&scene, "b:1");
    assert_ok(push_again(&scene, 2, &err));
    assert_int_equal(scene.events.kinds[IMG_EVENT_EXISTS], 2);
    assert_count(&scene.peer, "HEAD /v2/b/blobs/", " 200", 2);
    assert_count(&scene.peer, "POST ", "", 4);
    close_scene(&scene);
}

/* As from another process: what this client knows of the registry is forgotten. */
static void forget(struct scene *scene, const char *name)
{
    img_client_options options = IMG_CLIENT_OPTIONS_INIT;
    img__endpoint_free(scene->endpoint);
    img__registry_free(scene->registry);
    scene->registry = peer_client(&scene->peer, options);
    scene->endpoint = peer_endpoint(scene->registry, &scene->peer, name, REGISTRY_PUSH);
    events_init(&scene->events);
}

static void mounts_from_anywhere(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "{\"uploads\":{\"mounts\":\"anonymous\"}}");
    assert_ok(push_one(&scene, 2 * MIB, &err));
    forget(&scene, "b:1");
    assert_ok(push_again(&scene, 1, &err));
    assert_int_equal(scene.events.kinds[IMG_EVENT_EXISTS], 1);
    assert_count(&scene.peer, "HEAD /v2/b/", " 404", 1);
    assert_count(&scene.peer, "POST /v2/b/blobs/uploads/?mount=sha256%3A", " 201", 1);
    assert_count(&scene.peer, "from=", "", 0);
    assert_count(&scene.peer, "PUT ", "", 1);
    close_scene(&scene);

    open_scene(&scene, "{\"rules\":[{\"method\":\"POST\",\"query\":\"mount=\",\"status\":405}]}");
    for (int i = 0; i < 3; i++)
        assert_ok(push_one(&scene, 2 * MIB, &err));
    assert_count(&scene.peer, "POST ", "mount=", 1);
    assert_count(&scene.peer, "PUT ", " 201", 3);
    close_scene(&scene);
}

/* What is there already is found by the POST that would begin its upload. */
static void mounts_from_itself(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "{\"rules\":[{\"method\":\"POST\",\"query\":\"from=\",\"status\":405}]}",
        "{\"rules\":[{\"method\":\"POST\",\"query\":\"from=\",\"status\":201}]}"};
    img_error err;
    struct scene scene;
    open_scene(&scene, "");
    for (int i = 0; i < 4; i++)
        assert_ok(push_one(&scene, i < 3 ? 100000 : 2 * MIB, &err));
    forget(&scene, "a:1");
    assert_ok(push_again(&scene, 4, &err));
    assert_int_equal(scene.events.kinds[IMG_EVENT_EXISTS], 4);
    assert_count(&scene.peer, "POST /v2/a/blobs/uploads/?mount=", "&from=a 202", 3);
    assert_count(&scene.peer, "POST /v2/a/blobs/uploads/?mount=", "&from=a 201", 3);
    assert_count(&scene.peer, "HEAD ", " 200", 1);
    assert_count(&scene.peer, "PUT ", "", 4);
    close_scene(&scene);
    for (size_t i = 0; i < 2; i++) {
        open_scene(&scene, scripts[i]);
        for (int k = 0; k < 3; k++)
            assert_ok(push_one(&scene, 100000, &err));
        assert_int_equal(scene.events.kinds[IMG_EVENT_DONE], 1);
        assert_count(&scene.peer, "POST ", "from=", 1);
        assert_count(&scene.peer, "PUT ", " 201", 3);
        close_scene(&scene);
    }
}

static void other_algorithm(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    struct hash *hash;
    open_scene(&scene, "");
    memory_add(&scene.memory, 100000, 1);
    assert_ok(img__hash_new("sha512", &hash, &err));
    assert_ok(img__hash_update(hash, scene.memory.blobs[0].bytes, 100000, &err));
    assert_ok(img__hash_final(hash, &scene.memory.blobs[0].descriptor.digest, &err));
    img__hash_free(hash);
    memory_jobs(&scene.memory, NULL, scene.jobs);
    assert_ok(push_again(&scene, 1, &err));
    assert_count(&scene.peer, "POST ", "digest-algorithm=sha512", 1);
    assert_count(&scene.peer, "PUT ", "digest=sha512%3A", 1);
    close_scene(&scene);
}

/* Five layers and a config that are not there, with tokens: 401, token, six times POST and PUT. */
static void requests_of_a_push(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "{\"auth\":{\"scheme\":\"bearer\","
                       "\"grant\":{\"\":{\"*\":[\"pull\",\"push\"]}}}}");
    for (unsigned i = 0; i < 6; i++)
        memory_add(&scene.memory, 10000, i);
    memory_jobs(&scene.memory, NULL, scene.jobs);
    assert_ok(push_again(&scene, 6, &err));
    assert_count(&scene.peer, "", "", 14);
    assert_count(&scene.peer, " 401", "", 1);
    assert_count(&scene.peer, "GET /token", "", 1);
    close_scene(&scene);
}

/* The pause that a registry asks for is kept, by a request with a body too. */
static void pauses(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    struct timespec begun, ended;
    open_scene(&scene, "{\"rules\":[{\"method\":\"PUT\",\"status\":503,\"times\":1,"
                       "\"headers\":{\"Retry-After\":\"1\"}}]}");
    clock_gettime(CLOCK_MONOTONIC, &begun);
    assert_ok(push_one(&scene, 1000, &err));
    clock_gettime(CLOCK_MONOTONIC, &ended);
    assert_true((ended.tv_sec - begun.tv_sec) * 1000 + (ended.tv_nsec - begun.tv_nsec) / 1000000 >=
                1000);
    assert_count(&scene.peer, "PUT ", " 503", 1);
    assert_count(&scene.peer, "PUT ", " 201", 1);
    assert_count(&scene.peer, "POST ", "", 2);
    close_scene(&scene);
}

/* Another host takes the blobs, and asks who we are: it gets what is known for it. */
static void elsewhere(void **state)
{
    (void)state;
    img_error err;
    struct peer other;
    struct scene scene;
    char text[512];
    peer_fake(&other, "{\"auth\":{\"scheme\":\"basic\",\"users\":{\"eve\":\"hers\"}}}");
    snprintf(text, sizeof(text),
             "curl -sf -o /dev/null -u eve:hers -X POST http://%s/v2/up/blobs/uploads/",
             other.host);
    assert_int_equal(system(text), 0);
    snprintf(
        text, sizeof(text),
        "{\"auth\":{\"scheme\":\"basic\",\"users\":{\"bob\":\"secret\"}},\"rules\":[{\"method\":"
        "\"POST\",\"set\":{\"Location\":\"http://%s/v2/up/blobs/uploads/session-1?at=0\"}}]}",
        other.host);
    open_scene(&scene, text);
    snprintf(
        text, sizeof(text),
        "{\"auths\":{\"%s\":{\"auth\":\"Ym9iOnNlY3JldA==\"},\"%s\":{\"auth\":\"ZXZlOmhlcnM=\"}}}",
        scene.peer.host, other.host);
    peer_write(scene.peer.auth_file, text);
    assert_ok(push_one(&scene, 100000, &err));
    /* One that was not the other host's own affair yet, and one that was. */
    assert_count(&other, "PUT /v2/up/blobs/uploads/session-1", " 401", 2);
    assert_count(&other, "PUT /v2/up/blobs/uploads/session-1", " 201", 1);
    assert_count(&other, "Authorization=[Basic ZXZlOmhlcnM=]", " 201", 1);
    assert_count(&other, "Ym9iOnNlY3JldA==", "", 0);
    assert_count(&scene.peer, "PUT ", "", 0);
    assert_count(&scene.peer, "ZXZlOmhlcnM=", "", 0);
    close_scene(&scene);
    peer_stop(&other);
}

static void one_document(struct scene *scene, struct document *out)
{
    img_error err;
    assert_ok(push_one(scene, 100, &err));
    assert_ok(push_one(scene, 100, &err));
    memory_manifest(&scene->memory, out);
}

/* Twelve tags: in two requests, or each by itself after one that was in vain. */
static void many_tags(void **state)
{
    (void)state;
    static const char *const tags[] = {"1", "2", "3", "4",  "5",  "6",
                                       "7", "8", "9", "10", "11", "12"};
    static const struct {
        const char *script;
        struct expected expected[4];
    } rows[] = {
        {"{\"uploads\":{\"tags\":true}}",
         {{"PUT /v2/a/manifests/sha256:", " 201", 4},
          {"PUT /v2/a/manifests/", "?tag=1&tag=2&tag=3&tag=4&", 2},
          {"PUT /v2/a/manifests/", "", 4}}},
        {"", {{"PUT /v2/a/manifests/", "?tag=", 1}, {"PUT /v2/a/manifests/", "", 25}}},
        {"{\"rules\":[{\"method\":\"PUT\",\"query\":\"tag=\",\"status\":414}]}",
         {{"PUT /v2/a/manifests/", " 414", 1}, {"PUT /v2/a/manifests/", "", 25}}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        struct scene scene;
        bool is;
        auto_(document) struct document document = DOCUMENT_INIT;
        open_scene(&scene, rows[i].script);
        one_document(&scene, &document);
        struct repository *repository = (struct repository *)scene.endpoint;
        assert_ok(img__manifest_put_tags(repository, &document, tags, 12, &err));
        assert_ok(img__manifest_put_tags(repository, &document, tags, 12, &err));
        for (const struct expected *e = rows[i].expected; e->line; e++)
            assert_count(&scene.peer, e->line, e->other, e->count);
        for (size_t k = 0; k < 12; k++) {
            assert_ok(img__manifest_is_tagged(repository, &document.descriptor.digest, tags[k], &is,
                                              &err));
            assert_true(is);
        }
        close_scene(&scene);
    }
}

/* A tag that can't be moved is no failure where it stands for the same manifest. */
static void fixed_tags(void **state)
{
    (void)state;
    static const char *const refusals[] = {
        "\"status\":412", "\"status\":409",
        "\"status\":400,\"body\":\"{\\\"errors\\\":[{\\\"code\\\":\\\"TAG_INVALID\\\"}]}\"",
        "\"status\":403,\"body\":\"the tag is IMMUTABLE\""};
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        img_error err;
        struct scene scene;
        char script[512];
        auto_(document) struct document first = DOCUMENT_INIT;
        auto_(document) struct document second = DOCUMENT_INIT;
        snprintf(script, sizeof(script),
                 "{\"rules\":[{\"method\":\"PUT\",\"path\":\".*/manifests/1\",\"skip\":1,%s}]}",
                 refusals[i]);
        open_scene(&scene, script);
        one_document(&scene, &first);
        const struct endpoint_ops *ops = scene.endpoint->ops;
        assert_ok(ops->set_name(scene.endpoint, &first, &err));
        assert_ok(ops->set_name(scene.endpoint, &first, &err));
        assert_count(&scene.peer, "HEAD /v2/a/manifests/1 200", "", 1);
        assert_ok(push_one(&scene, 100, &err));
        memory_manifest(&scene.memory, &second);
        int result = ops->set_name(scene.endpoint, &second, &err);
        assert_int_not_equal(result, 0);
        assert_non_null(strstr(err.message, "does not let the tag 1 be moved"));
        assert_count(&scene.peer, "PUT /v2/a/manifests/1", "", 3);
        close_scene(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forgetful),
        cmocka_unit_test(ways_in_their_order),
        cmocka_unit_test(sizes_of_pieces),
        cmocka_unit_test(what_headers_say),
        cmocka_unit_test(windows),
        cmocka_unit_test(windows_over_a_stream),
        cmocka_unit_test(places_seen),
        cmocka_unit_test(registries),
        cmocka_unit_test(learned),
        cmocka_unit_test(hopeless),
        cmocka_unit_test(cut_again_and_again),
        cmocka_unit_test(large),
        cmocka_unit_test(at_once),
        cmocka_unit_test(second_repository),
        cmocka_unit_test(mounts_from_anywhere),
        cmocka_unit_test(mounts_from_itself),
        cmocka_unit_test(other_algorithm),
        cmocka_unit_test(requests_of_a_push),
        cmocka_unit_test(pauses),
        cmocka_unit_test(elsewhere),
        cmocka_unit_test(many_tags),
        cmocka_unit_test(fixed_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
