/* SPDX-License-Identifier: Apache-2.0
 *
 * Parts of blobs: they are gone on with, locked while somebody does, never trusted, and do not stay
 * for ever. Blobs that are damaged make room.
 */
#include "fixture.h"

#include <sys/time.h>
#include <time.h>

#define TEXT "some bytes of a layer"
#define HALF 10

/* One try: writes bytes from have_bytes on, or as far as it is told, and lets go. */
static uint64_t bring(img_store *store, const img_descriptor *descriptor, const char *text,
                      size_t until, int code)
{
    img_error err = {0};
    uint64_t have = 0;
    auto_(sink) struct sink *sink = NULL;
    assert_ok(img__store_accept_part(store, descriptor, &sink, &have, &err));
    assert_non_null(sink);
    assert_true(have <= until);
    if (until > have)
        assert_ok(img__sink_write(sink, text + have, until - have, &err));
    if (until == strlen(text))
        assert_int_equal(img__sink_close(sink, &err), code);
    return have;
}

static void gone_on_with(void **state)
{
    struct fixture *f = *state;
    img_descriptor descriptor = describe(MEDIA_OCI_LAYER, TEXT);
    assert_int_equal(bring(f->store, &descriptor, TEXT, HALF, 0), 0);
    assert_false(img__store_has(f->store, &descriptor));
    assert_int_equal(count_files(f->path, ".", STORE_PART), 1);
    assert_int_equal(bring(f->store, &descriptor, TEXT, HALF + 1, 0), HALF);
    assert_int_equal(bring(f->store, &descriptor, TEXT, strlen(TEXT), 0), HALF + 1);
    assert_true(img__store_has(f->store, &descriptor));
    assert_int_equal(count_files(f->path, ".", STORE_PART), 0);
    assert_int_equal(count_files(f->path, "blobs/sha256", ""), 1);
    assert_no_temporaries(f);
}

static void nothing_is_no_part(void **state)
{
    struct fixture *f = *state;
    img_descriptor descriptor = describe(MEDIA_OCI_LAYER, TEXT);
    assert_int_equal(bring(f->store, &descriptor, TEXT, 0, 0), 0);
    assert_int_equal(count_files(f->path, ".", STORE_PART), 0);
}

static void wrong_ones_are_dropped(void **state)
{
    struct fixture *f = *state;
    img_descriptor descriptor = describe(MEDIA_OCI_LAYER, TEXT);
    bring(f->store, &descriptor, "SOME bytes of a layer", HALF, 0);
    assert_int_equal(bring(f->store, &descriptor, TEXT, strlen(TEXT), IMG_EDIGEST), HALF);
    assert_int_equal(count_files(f->path, ".", STORE_PART), 0);
    assert_false(img__store_has(f->store, &descriptor));
    assert_int_equal(bring(f->store, &descriptor, TEXT, strlen(TEXT), 0), 0);
    assert_true(img__store_has(f->store, &descriptor));
}

/* A file that is too long is none of ours. */
static void long_ones_begin_anew(void **state)
{
    struct fixture *f = *state;
    char name[160];
    img_descriptor descriptor = describe(MEDIA_OCI_LAYER, TEXT);
    snprintf(name, sizeof(name), STORE_PART "sha256-%s", img__digest_hex(&descriptor.digest));
    write_file(f->path, name, TEXT TEXT);
    assert_int_equal(bring(f->store, &descriptor, TEXT, strlen(TEXT), 0), 0);
    assert_true(img__store_has(f->store, &descriptor));
}

/* All of it was there when a process died. */
static void whole_ones_need_only_be_closed(void **state)
{
    struct fixture *f = *state;
    char name[160];
    img_descriptor descriptor = describe(MEDIA_OCI_LAYER, TEXT);
    snprintf(name, sizeof(name), STORE_PART "sha256-%s", img__digest_hex(&descriptor.digest));
    write_file(f->path, name, TEXT);
    assert_int_equal(bring(f->store, &descriptor, TEXT, strlen(TEXT), 0), strlen(TEXT));
    assert_true(img__store_has(f->store, &descriptor));
}

static void one_at_a_time(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    uint64_t have = 0;
    struct sink *other = NULL;
    img_store *second = open_store(f->path);
    img_descriptor descriptor = describe(MEDIA_OCI_LAYER, TEXT);
    {
        auto_(sink) struct sink *sink = NULL;
        assert_ok(img__store_accept_part(f->store, &descriptor, &sink, &have, &err));
        assert_int_equal(img__store_accept_part(second, &descriptor, &other, &have, &err),
                         IMG__EAGAIN);
        assert_null(other);
        assert_ok(img__sink_write(sink, TEXT, HALF, &err));
    }
    /* The first gave up: the second goes on. */
    assert_ok(img__store_accept_part(second, &descriptor, &other, &have, &err));
    assert_int_equal(have, HALF);
    assert_ok(img__sink_write(other, &TEXT[HALF], strlen(TEXT) - HALF, &err));
    assert_ok(img__sink_close(other, &err));
    img__sink_free(other);
    assert_ok(img__store_accept_part(f->store, &descriptor, &other, &have, &err));
    assert_null(other);
    img_store_free(second);
}

static void age(const struct fixture *f, const img_descriptor *descriptor, time_t seconds)
{
    char name[160];
    snprintf(name, sizeof(name), STORE_PART "sha256-%s", img__digest_hex(&descriptor->digest));
    auto_free char *path = img__store_join(f->path, name);
    struct timeval times[2] = {{.tv_sec = time(NULL) - seconds}, {.tv_sec = time(NULL) - seconds}};
    assert_int_equal(utimes(path, times), 0);
}

static void collected_after_a_day(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor young = describe(MEDIA_OCI_LAYER, TEXT);
    img_descriptor old = describe(MEDIA_OCI_LAYER, "bytes of another layer");
    bring(f->store, &young, TEXT, HALF, 0);
    bring(f->store, &old, "bytes of another layer", HALF, 0);
    age(f, &young, 86000);
    age(f, &old, 86500);
    write_file(f->path, STORE_PART "something", "else");
    assert_ok(img_store_gc(f->store, NULL, &err));
    assert_int_equal(count_files(f->path, ".", STORE_PART), 2);
    assert_int_equal(bring(f->store, &young, TEXT, HALF, 0), HALF);
    /* The whole came by another way. */
    put_blob(f->store, MEDIA_OCI_LAYER, TEXT);
    set_name(f->store, APP ":1", &young);
    assert_ok(img_store_gc(f->store, NULL, &err));
    assert_int_equal(count_files(f->path, ".", STORE_PART "sha256"), 0);
}

static void damaged_ones_make_room(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    uint64_t have = 0;
    bool has = true;
    auto_(endpoint) struct endpoint *endpoint = NULL;
    auto_(sink) struct sink *sink = NULL;
    img_descriptor descriptor = put_blob(f->store, MEDIA_OCI_MANIFEST, TEXT);
    struct blob_path path;
    assert_ok(img__store_blob_path(&descriptor.digest, &path, &err));
    assert_ok(img__store_mend(f->store, &descriptor, &err));
    assert_true(img__store_has(f->store, &descriptor));
    write_file(f->path, path.text, "SOME bytes of a layer");
    assert_true(img__store_has(f->store, &descriptor));
    assert_ok(img__store_endpoint(f->store, NULL, &endpoint, &err));
    assert_ok(endpoint->ops->has_document(endpoint, &descriptor, &has, &err));
    assert_false(has);
    assert_ok(endpoint->ops->open_partial(endpoint, &descriptor, &sink, &have, &err));
    assert_non_null(sink);
}

/* A large one is read only if it is asked for. */
static void large_ones_are_read_on_demand(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    uint64_t have = 0;
    auto_(endpoint) struct endpoint *endpoint = NULL;
    auto_(sink) struct sink *sink = NULL;
    auto_free char *text = malloc(300001);
    assert_non_null(text);
    memset(text, 'a', 300000);
    text[300000] = '\0';
    img_descriptor descriptor = put_blob(f->store, MEDIA_OCI_LAYER, text);
    struct blob_path path;
    assert_ok(img__store_blob_path(&descriptor.digest, &path, &err));
    text[150000] = 'b';
    write_file(f->path, path.text, text);
    assert_ok(img__store_endpoint(f->store, NULL, &endpoint, &err));
    assert_ok(endpoint->ops->open_partial(endpoint, &descriptor, &sink, &have, &err));
    assert_null(sink);
    img__store_endpoint_verify(endpoint);
    assert_ok(endpoint->ops->open_partial(endpoint, &descriptor, &sink, &have, &err));
    assert_non_null(sink);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, fixture_new, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(gone_on_with),
        WITH_STORE(nothing_is_no_part),
        WITH_STORE(wrong_ones_are_dropped),
        WITH_STORE(long_ones_begin_anew),
        WITH_STORE(whole_ones_need_only_be_closed),
        WITH_STORE(one_at_a_time),
        WITH_STORE(collected_after_a_day),
        WITH_STORE(damaged_ones_make_room),
        WITH_STORE(large_ones_are_read_on_demand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
