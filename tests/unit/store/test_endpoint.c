/* SPDX-License-Identifier: Apache-2.0
 *
 * An image of the store as an endpoint.
 */
#include "fixture.h"

static void by_name(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    auto_(endpoint) struct endpoint *endpoint = NULL;
    auto_(document) struct document document = DOCUMENT_INIT;
    img_descriptor a = put_image(f->store, "a"), absent = describe(MEDIA_OCI_MANIFEST, "{}");
    bool has = false;

    assert_ok(img__store_endpoint(f->store, APP ":1", &endpoint, &err));
    assert_fails(endpoint->ops->resolve(endpoint, &document, &err), IMG_ENOTFOUND, APP ":1");
    assert_ok(endpoint->ops->has_document(endpoint, &a, &has, &err));
    assert_true(has);
    assert_ok(endpoint->ops->has_document(endpoint, &absent, &has, &err));
    assert_false(has);

    assert_ok(endpoint->ops->get_document(endpoint, &a, &document, &err));
    assert_ok(endpoint->ops->set_name(endpoint, &document, &err));
    img__document_free(&document);
    assert_ok(endpoint->ops->resolve(endpoint, &document, &err));
    assert_string_equal(document.descriptor.digest.text, a.digest.text);
    assert_int_equal(document.len, a.size_bytes);
    assert_null(endpoint->ops->fetch);
    assert_null(endpoint->ops->send);
}

static void moves_blobs(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    auto_free char *path = img__store_join(f->parent, "second");
    img_store *second = open_store(path);
    auto_(endpoint) struct endpoint *from = NULL;
    auto_(endpoint) struct endpoint *to = NULL;
    auto_(document) struct document document = DOCUMENT_INIT;
    img_descriptor blob = put_blob(f->store, MEDIA_OCI_LAYER, "layer");
    img_descriptor image = put_image(f->store, "a");

    assert_ok(img__store_endpoint(f->store, NULL, &from, &err));
    assert_ok(img__store_endpoint(second, NULL, &to, &err));
    for (int i = 0; i < 2; i++) {
        auto_(source) struct source *source = NULL;
        auto_(sink) struct sink *sink = NULL;
        assert_ok(to->ops->open_sink(to, &blob, &sink, &err));
        assert_true((sink == NULL) == (i == 1));
        if (i == 1)
            continue;
        assert_ok(from->ops->open_source(from, &blob, &source, &err));
        assert_ok(img__io_copy(source, sink, &err));
        assert_ok(img__sink_close(sink, &err));
    }
    assert_true(img__store_has(second, &blob));
    assert_ok(from->ops->get_document(from, &image, &document, &err));
    assert_ok(to->ops->put_document(to, &document, &err));
    assert_true(img__store_has(second, &image));
    img_store_free(second);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_new, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(by_name),
        CASE(moves_blobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
