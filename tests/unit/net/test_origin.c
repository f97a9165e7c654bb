/* SPDX-License-Identifier: Apache-2.0
 *
 * What is remembered of an origin: without a network, at times that the test makes up.
 */
#include "unit.h"

#include "net/origin.h"

static struct origin *take(struct origins *origins, const char *url)
{
    struct origin *origin = NULL;
    img_error err;
    assert_ok(img__origin_take(origins, url, &origin, &err));
    return origin;
}

static void test_which(void **state)
{
    (void)state;
    struct origins origins = {0};
    img_error err;
    struct origin *origin = take(&origins, "https://a.example/v2/?q"), *none = NULL;
    assert_string_equal(origin->key, "https://a.example:443");
    assert_ptr_equal(take(&origins, "HTTPS://A.example:443/other"), origin);
    assert_ptr_not_equal(take(&origins, "http://a.example/"), origin);
    assert_ptr_not_equal(take(&origins, "https://a.example:444/"), origin);
    assert_ptr_not_equal(take(&origins, "https://b.a.example/"), origin);
    assert_int_equal(origin->users, 2);
    assert_fails(img__origin_take(&origins, "ftp://a/", &none, &err), IMG_EFORMAT, "http");
    img__origins_free(&origins);
}

/* A server that redirects to ever new names fills no memory; who is in use is not forgotten. */
static void test_forgotten(void **state)
{
    (void)state;
    struct origins origins = {0};
    struct origin *kept = take(&origins, "https://kept.example/");
    kept->pause_end_ms = 77;
    for (int i = 0; i < 1000; i++) {
        char url[64];
        snprintf(url, sizeof(url), "https://h%d.example/", i);
        img__origin_give(take(&origins, url));
    }
    assert_true(origins.count <= 65);
    assert_int_equal(take(&origins, "https://kept.example/")->pause_end_ms, 77);
    img__origin_give(NULL);
    img__origins_free(&origins);
}

static void test_room(void **state)
{
    (void)state;
    struct origins origins = {0};
    struct origin *origin = take(&origins, "https://a.example/");
    origin->active = 5;
    assert_true(img__origin_has_room(origin, 6, false, 0));
    origin->active = 6;
    assert_false(img__origin_has_room(origin, 6, false, 0));
    assert_true(img__origin_has_room(origin, 6, true, 0));
    origin->active = 7;
    assert_false(img__origin_has_room(origin, 6, true, 0));
    origin->active = 0;
    img__origin_pause(origin, 500);
    img__origin_pause(origin, 400);
    assert_false(img__origin_has_room(origin, 6, true, 499));
    assert_true(img__origin_has_room(origin, 6, false, 500));
    img__origins_free(&origins);
}

static void test_too_many(void **state)
{
    (void)state;
    struct origins origins = {0};
    struct origin *origin = take(&origins, "https://a.example/");
    assert_int_equal(img__origin_limit(origin, 6, 1000), 6);
    img__origin_too_many(origin, 6, 500, 1000);
    assert_int_equal(img__origin_limit(origin, 6, 1000), 3);
    /* those of the same time count once */
    img__origin_too_many(origin, 6, 600, 1010);
    img__origin_too_many(origin, 6, 1000, 1020);
    assert_int_equal(img__origin_limit(origin, 6, 1020), 3);
    img__origin_too_many(origin, 6, 1500, 2000);
    assert_int_equal(img__origin_limit(origin, 6, 2000), 1);
    img__origin_too_many(origin, 6, 2500, 3000);
    assert_int_equal(img__origin_limit(origin, 6, 3000), 1);
    /* one more every 10 s, up to what it was */
    assert_int_equal(img__origin_limit(origin, 6, 12999), 1);
    assert_int_equal(img__origin_limit(origin, 6, 13000), 2);
    assert_int_equal(img__origin_limit(origin, 6, 43000), 5);
    assert_int_equal(img__origin_limit(origin, 6, 1000000), 6);
    /* of the hundred streams of HTTP/2 a half is no answer */
    img__origin_too_many(origin, 100, 2000000, 2000001);
    assert_int_equal(img__origin_limit(origin, 100, 2000001), 4);
    origin->active = 40;
    origin->limit = 0;
    img__origin_too_many(origin, 100, 3000000, 3000001);
    assert_int_equal(img__origin_limit(origin, 100, 3000001), 20);
    img__origins_free(&origins);
}

static void test_tries(void **state)
{
    (void)state;
    struct origins origins = {0};
    struct origin *origin = take(&origins, "https://a.example/");
    unsigned retries = 0;
    for (; img__origin_can_retry(origin); retries++)
        img__origin_count_retry(origin);
    assert_int_equal(retries, 10);
    for (int i = 0; i < 4; i++)
        img__origin_count_request(origin);
    assert_false(img__origin_can_retry(origin));
    img__origin_count_request(origin);
    assert_true(img__origin_can_retry(origin));
    for (int i = 0; i < 100000; i++)
        img__origin_count_request(origin);
    for (retries = 0; img__origin_can_retry(origin); retries++)
        img__origin_count_retry(origin);
    assert_int_equal(retries, 50);
    img__origin_count_retry(origin);
    assert_int_equal(origin->credit, 0);
    img__origins_free(&origins);
}

static void test_http2(void **state)
{
    (void)state;
    struct origins origins = {0};
    struct origin *origin = take(&origins, "https://a.example/");
    img__origin_http2_failed(origin);
    img__origin_http2_failed(origin);
    img__origin_http2_worked(origin);
    assert_true(origin->knows_http2);
    img__origin_http2_failed(origin);
    img__origin_http2_failed(origin);
    assert_false(origin->http1_only);
    img__origin_http2_failed(origin);
    assert_true(origin->http1_only);
    img__origins_free(&origins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which), cmocka_unit_test(test_forgotten),
        cmocka_unit_test(test_room),  cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_tries), cmocka_unit_test(test_http2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
