/* SPDX-License-Identifier: Apache-2.0
 *
 * Descriptors: what each key must be, embedded data, the form that is written.
 */
#include "unit.h"

#include "core/descriptor.h"
#include "core/media.h"

#define EMPTY "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" /* {} */
#define START "{\"mediaType\":\"a/b\",\"digest\":\"" EMPTY "\","

static int parse(const char *text, img_descriptor *out, img_error *err)
{
    auto_(json) struct json *json = NULL;
    int rc = img__json_parse("test", text, strlen(text), &json, err);
    if (rc)
        return rc;
    return img__descriptor_parse(json, "manifest X: layers[3]", out, err);
}

static void test_refuses(void **state)
{
    static const struct {
        const char *text;
        int code;
        const char *message;
    } rows[] = {
        {"[]", IMG_EFORMAT, "manifest X: layers[3] is not an object"},
        {"{}", IMG_EFORMAT, "manifest X: layers[3]: \"mediaType\" is missing"},
        {"{\"mediaType\":1}", IMG_EFORMAT, "\"mediaType\" is an integer, not a string"},
        {"{\"mediaType\":\"\"}", IMG_EFORMAT, "which is no media type"},
        {"{\"mediaType\":\"a/b\\r\\nX: y\"}", IMG_EFORMAT, "which is no media type"},
        {"{\"mediaType\":\"a/b\"}", IMG_EFORMAT, "\"digest\" is missing"},
        {"{\"mediaType\":\"a/b\",\"digest\":\"sha256:12\"}", IMG_EFORMAT,
         "manifest X: layers[3]: \"digest\" is 'sha256:12', which is not a digest"},
        {"{\"mediaType\":\"a/b\",\"digest\":\"../../etc/passwd\"}", IMG_EFORMAT,
         "which is not a digest"},
        {"{\"mediaType\":\"a/b\",\"digest\":\"md5:44136fa355b3678a1146ad16f7e8649e\"}",
         IMG_EUNSUPPORTED, "manifest X: layers[3]: md5:"},
        {START "\"x\":1}", IMG_EFORMAT, "\"size\" is missing"},
        {START "\"size\":-1}", IMG_EFORMAT, "manifest X: layers[3]: \"size\" is negative"},
        {START "\"size\":1.5}", IMG_EFORMAT, "\"size\" is a fraction"},
        {START "\"size\":\"1\"}", IMG_EFORMAT, "\"size\" is a string, not a number"},
        {START "\"size\":9007199254740992}", IMG_EFORMAT, "\"size\" is larger than 2^53-1"},
        {START "\"Size\":1}", IMG_EFORMAT, "the key \"Size\" must be spelled \"size\""},
        {START "\"size\":1,\"platform\":[]}", IMG_EFORMAT, "\"platform\" is an array"},
        {START "\"size\":1,\"platform\":{\"os\":1}}", IMG_EFORMAT,
         "layers[3]: platform: \"os\" is an integer"},
        {START "\"size\":1,\"platform\":{\"OS\":\"linux\"}}", IMG_EFORMAT,
         "must be spelled \"os\""},
        {START "\"size\":1,\"platform\":{\"os\":\"0123456789012345678901234567890123\"}}",
         IMG_EFORMAT, "\"os\" is longer than 31 bytes"},
        {START "\"size\":2,\"data\":\"e30\"}", IMG_EFORMAT, "\"data\" is not base64"},
        {START "\"size\":2,\"data\":\"e3-=\"}", IMG_EFORMAT, "\"data\" is not base64"},
        {START "\"size\":2,\"data\":\"e31=\"}", IMG_EFORMAT, "\"data\" is not base64"},
        {START "\"size\":2,\"data\":\"e30=e30=\"}", IMG_EFORMAT, "\"data\" is not base64"},
        {START "\"size\":2,\"data\":\"====\"}", IMG_EFORMAT, "\"data\" is not base64"},
        {START "\"size\":2,\"data\":1}", IMG_EFORMAT, "\"data\" is an integer"},
        {START "\"size\":3,\"data\":\"e30=\"}", IMG_EDIGEST, "\"data\" has 2 bytes, not 3"},
        {START "\"size\":2,\"data\":\"e30K\"}", IMG_EDIGEST, "\"data\" has 3 bytes, not 2"},
        {START "\"size\":2,\"data\":\"W10=\"}", IMG_EDIGEST, "\"data\" has the digest sha256:4f53"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_descriptor out = {.size_bytes = 99};
        img_error err;
        assert_fails(parse(rows[i].text, &out, &err), rows[i].code, rows[i].message);
        assert_int_equal(out.size_bytes, 99);
    }
}

static void test_reads(void **state)
{
    img_descriptor out;
    img_error err;
    (void)state;
    assert_ok(parse(START "\"size\":2,\"data\":\"e30=\",\"unknown\":[],\"annotations\":{},"
                          "\"platform\":{\"os\":\"windows\",\"architecture\":\"amd64\",\"variant\":"
                          "\"v2\",\"os.version\":\"10.0.1\",\"os.features\":[\"win32k\"]}}",
                    &out, &err));
    assert_string_equal(out.media_type, "a/b");
    assert_string_equal(out.digest.text, EMPTY);
    assert_int_equal(out.size_bytes, 2);
    assert_string_equal(out.platform.os, "windows");
    assert_string_equal(out.platform.architecture, "amd64");
    assert_string_equal(out.platform.variant, "v2");
    assert_string_equal(out.platform.os_version, "10.0.1");

    assert_ok(parse(START "\"size\":0,\"platform\":null,\"data\":null}", &out, &err));
    assert_string_equal(out.platform.os, "");
}

/* More than one of the pieces in which data is decoded. */
static void test_long_data(void **state)
{
    static const char digest[] = /* of 4500 bytes 0 */
        "sha256:01061ebf87db809151544920c6f2a870ea272d4de35c5566a186c3cf6d2ea47b";
    char text[7000], zeros[6001];
    img_descriptor out;
    img_error err;
    (void)state;
    memset(zeros, 'A', sizeof(zeros) - 1);
    zeros[sizeof(zeros) - 1] = '\0';
    snprintf(text, sizeof(text),
             "{\"mediaType\":\"a/b\",\"size\":4500,\"digest\":\"%s\",\"data\":\"%s\"}", digest,
             zeros);
    assert_ok(parse(text, &out, &err));
}

static void assert_json(struct json *owned, const char *expected)
{
    auto_(json) struct json *json = owned;
    auto_(buf) struct buf text = BUF_INIT(4096);
    assert_non_null(json);
    img__json_write(json, &text);
    assert_string_equal(img__buf_text(&text), expected);
}

static void test_writes(void **state)
{
    img_descriptor d = {MEDIA_OCI_MANIFEST, {EMPTY}, 2, {"", "", "", ""}};
    static const char *const annotations[] = {"a=b=c", "k=", NULL};
    static const char *const none[] = {NULL};
    static const char *const broken[] = {"a=\xff", NULL};
    (void)state;
    assert_json(img__descriptor_json(&d, NULL),
                "{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"" EMPTY "\",\"size\":2}");
    assert_json(img__descriptor_json(&d, none),
                "{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"" EMPTY "\",\"size\":2}");
    d.platform = (img_platform){"linux", "arm64", "v8", ""};
    assert_json(img__descriptor_json(&d, annotations),
                "{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"" EMPTY
                "\",\"size\":2,\"annotations\":{\"a\":\"b=c\",\"k\":\"\"},\"platform\":{"
                "\"architecture\":\"arm64\",\"os\":\"linux\",\"variant\":\"v8\"}}");
    assert_null(img__descriptor_json(&d, broken));
}

static void test_names(void **state)
{
    static const struct {
        const char *type, *name;
    } rows[] = {
        {MEDIA_OCI_LAYER_GZIP, "layer sha256:44136fa355b3"},
        {MEDIA_DOCKER_INDEX, "index sha256:44136fa355b3"},
        {MEDIA_OCI_MANIFEST, "manifest sha256:44136fa355b3"},
        {MEDIA_OCI_CONFIG, "config sha256:44136fa355b3"},
        {"a/b", "blob sha256:44136fa355b3"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_descriptor d = {"", {EMPTY}, 2, {"", "", "", ""}};
        char name[64];
        strcpy(d.media_type, rows[i].type);
        img__descriptor_name(&d, name, sizeof(name));
        assert_string_equal(name, rows[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses),   cmocka_unit_test(test_reads),
        cmocka_unit_test(test_long_data), cmocka_unit_test(test_writes),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
