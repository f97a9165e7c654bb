/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents: making them, and which kind a header and a body amount to.
 */
#include "unit.h"

#include "core/document.h"

#define OI MEDIA_OCI_INDEX
#define OM MEDIA_OCI_MANIFEST
#define DI MEDIA_DOCKER_INDEX
#define DM MEDIA_DOCKER_MANIFEST
#define S1 "application/vnd.docker.distribution.manifest.v1+prettyjws"
#define BODY(type) "{\"schemaVersion\":2,\"mediaType\":\"" type "\"}"

static void test_sniff(void **state)
{
    static const struct {
        const char *header, *body, *type;
    } rows[] = {
        {OM, BODY(OM), OM},
        {OM "; charset=utf-8", BODY(OM), OM},
        {"APPLICATION/vnd.oci.image.manifest.V1+json", BODY(OM), OM},
        {OI, "{\"manifests\":[]}", OI},
        {OM, "{\"layers\":[],\"config\":{}}", OM},
        {DI, BODY(DI), DI},
        {DM, BODY(DM), DM},
        {NULL, BODY(DM), DM},
        {"", BODY(DI), DI},
        {"text/plain", BODY(OI), OI},
        {"text/plain; charset=utf-8", BODY(OM), OM},
        {"Application/JSON", BODY(DM), DM},
        {"application/octet-stream", "{\"manifests\":[]}", OI},
        {"application/json", "{\"config\":{},\"layers\":[]}", OM},
        {NULL, "{\"config\":{},\"layers\":[],\"mediaType\":null}", OM},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char type[MEDIA_TYPE_MAX] = "";
        img_error err;
        assert_ok(img__document_sniff("x", rows[i].header, rows[i].body, strlen(rows[i].body), type,
                                      &err));
        assert_string_equal(type, rows[i].type);
    }
}

static void test_sniff_refuses(void **state)
{
    static const struct {
        const char *header, *body;
        int code;
        const char *message;
    } rows[] = {
        {OM, BODY(DM), IMG_EFORMAT, "x was sent as '" OM "', but its \"mediaType\" is '" DM "'"},
        {OM, BODY(OI), IMG_EFORMAT, "x was sent as"},
        {OI, BODY("a/b"), IMG_EFORMAT, "x was sent as"},
        {OM, "<html>", IMG_EFORMAT, "x is HTML, not JSON"},
        {"text/html", "<html>", IMG_EFORMAT, "login page"},
        {"text/html", BODY(OM), IMG_EUNSUPPORTED, "x has the type 'text/html', which is neither"},
        {NULL, BODY("application/vnd.oci.artifact.manifest.v1+json"), IMG_EUNSUPPORTED,
         "which is neither a manifest nor an index"},
        {MEDIA_OCI_CONFIG, "{}", IMG_EUNSUPPORTED, "neither a manifest nor an index"},
        {NULL, "{\"manifests\":[],\"layers\":[]}", IMG_EFORMAT, "x is ambiguous"},
        {NULL, "{\"manifests\":[],\"config\":{}}", IMG_EFORMAT, "x is ambiguous"},
        {NULL, "{}", IMG_EFORMAT, "x is neither a manifest nor an index"},
        {NULL, "{\"config\":{},\"rootfs\":{}}", IMG_EFORMAT, "x is neither a manifest nor"},
        {NULL, "{\"layers\":[]}", IMG_EFORMAT, "x is neither a manifest nor"},
        {NULL, "[]", IMG_EFORMAT, "x is not a JSON object"},
        {NULL, "{\"mediaType\":7}", IMG_EFORMAT, "x: \"mediaType\" is an integer"},
        {S1, "{\"schemaVersion\":1,\"fsLayers\":[]}", IMG_EUNSUPPORTED,
         "x is an image of the old schema 1, which libimg does not read: push it again with a "
         "current docker or `skopeo copy --format oci`"},
        {"application/json", "{\"schemaVersion\":1,\"fsLayers\":[]}", IMG_EUNSUPPORTED, "schema 1"},
        {OM, "{\"schemaVersion\":1,\"fsLayers\":[]}", IMG_EUNSUPPORTED, "schema 1"},
        {NULL, BODY(S1), IMG_EUNSUPPORTED, "schema 1"},
        {S1, BODY(OM), IMG_EUNSUPPORTED, "schema 1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char type[MEDIA_TYPE_MAX] = "untouched";
        img_error err;
        assert_fails(img__document_sniff("x", rows[i].header, rows[i].body, strlen(rows[i].body),
                                         type, &err),
                     rows[i].code, rows[i].message);
        assert_string_equal(type, "untouched");
    }
}

static void test_make(void **state)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    auto_(document) struct document written = DOCUMENT_INIT;
    auto_(json) struct json *json = img__json_object();
    img_error err;
    (void)state;

    assert_ok(img__document_make(OM, strdup("{}"), 2, &document, &err));
    assert_string_equal(document.descriptor.media_type, OM);
    assert_string_equal(document.descriptor.digest.text,
                        "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    assert_int_equal(document.descriptor.size_bytes, 2);
    assert_int_equal(document.len, 2);

    assert_ok(img__document_from_json(OI, json, &written, &err));
    assert_string_equal(written.bytes, "{}");
    assert_string_equal(written.descriptor.digest.text, document.descriptor.digest.text);
    img__document_free(&written);
    assert_null(written.bytes);
    assert_string_equal(written.descriptor.digest.text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sniff),
        cmocka_unit_test(test_sniff_refuses),
        cmocka_unit_test(test_make),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
