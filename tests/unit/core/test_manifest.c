/* SPDX-License-Identifier: Apache-2.0
 *
 * Manifests and indexes: both families are read alike, what is ambiguous or wrong is refused by
 * name, what is written is canonical.
 */
#include "unit.h"

#include "core/index.h"
#include "core/manifest.h"

#define OM MEDIA_OCI_MANIFEST
#define OI MEDIA_OCI_INDEX
#define DIGEST "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define DESC(type) "{\"mediaType\":\"" type "\",\"digest\":\"" DIGEST "\",\"size\":2}"
#define CONFIG DESC("application/vnd.oci.image.config.v1+json")
#define V2 "{\"schemaVersion\":2,"

static void make(const char *type, const char *text, struct document *out)
{
    img_error err;
    assert_ok(img__document_make(type, strdup(text), strlen(text), out, &err));
}

static int parse_manifest(const char *type, const char *text, struct manifest *out, img_error *err)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    make(type, text, &document);
    return img__manifest_parse(&document, out, err);
}

static int parse_index(const char *type, const char *text, struct index *out, img_error *err)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    make(type, text, &document);
    return img__index_parse(&document, out, err);
}

static void test_manifest(void **state)
{
    static const char text[] =
        V2 "\"mediaType\":\"" OM "\",\"config\":" CONFIG
           ",\"layers\":[" DESC("application/vnd.oci.image.layer.v1.tar+gzip") "," DESC(
               "application/x-unknown") "],\"unknown\":{\"b\":1,\"a\":2},"
                                        "\"annotations\":{\"z\":\"1\",\"a=b\":\"c\",\"a\":\"\"},"
                                        "\"subject\":" DESC(OM) "}";
    auto_(manifest) struct manifest m = MANIFEST_INIT;
    img_error err;
    (void)state;
    assert_ok(parse_manifest(OM, text, &m, &err));
    assert_string_equal(m.config.media_type, MEDIA_OCI_CONFIG);
    assert_string_equal(m.config.digest.text, DIGEST);
    assert_int_equal(m.layer_count, 2);
    assert_string_equal(m.layers[0].media_type, MEDIA_OCI_LAYER_GZIP);
    assert_string_equal(m.layers[1].media_type, "application/x-unknown");
    assert_int_equal(m.annotations.count, 3);
    assert_string_equal(m.annotations.items[0], "a=");
    assert_string_equal(m.annotations.items[1], "a=b=c");
    assert_string_equal(m.annotations.items[2], "z=1");

    auto_(buf) struct buf out = BUF_INIT(1 << 16);
    img__json_write(m.json, &out);
    assert_string_equal(img__buf_text(&out), text);
    img__manifest_free(&m);
    assert_null(m.layers);
}

static void test_manifest_docker(void **state)
{
    static const char text[] = V2 "\"mediaType\":\"" MEDIA_DOCKER_MANIFEST "\",\"config\":" DESC(
        MEDIA_DOCKER_CONFIG) ","
                             "\"layers\":[" DESC(
                                 "application/vnd.docker.image.rootfs.diff.tar.gzip") "]}";
    auto_(manifest) struct manifest m = MANIFEST_INIT;
    img_error err;
    (void)state;
    assert_ok(parse_manifest(MEDIA_DOCKER_MANIFEST, text, &m, &err));
    assert_string_equal(m.config.media_type, MEDIA_DOCKER_CONFIG);
    assert_int_equal(img__media_kind(m.layers[0].media_type), MEDIA_LAYER);
}

static void test_manifest_least(void **state)
{
    auto_(manifest) struct manifest m = MANIFEST_INIT;
    img_error err;
    (void)state;
    assert_ok(parse_manifest(OM, V2 "\"config\":" CONFIG ",\"layers\":[],\"annotations\":null}", &m,
                             &err));
    assert_int_equal(m.layer_count, 0);
    assert_int_equal(m.annotations.count, 0);
}

static void test_manifest_refuses(void **state)
{
    static const struct {
        const char *type, *text;
        int code;
        const char *message;
    } rows[] = {
        {OI, "{}", IMG_EUNSUPPORTED, "which is not that of a manifest"},
        {"a/b", "{}", IMG_EUNSUPPORTED, "blob sha256:44136fa355b3 has the type 'a/b'"},
        {"application/vnd.docker.distribution.manifest.v1+prettyjws", "{}", IMG_EUNSUPPORTED,
         "push it again with a current docker or `skopeo copy --format oci`"},
        {OM, "{\"schemaVersion\":1,\"fsLayers\":[]}", IMG_EUNSUPPORTED, "old schema 1"},
        {OM, "[]", IMG_EFORMAT, "is not a JSON object"},
        {OM, "<p>", IMG_EFORMAT, "is HTML, not JSON"},
        {OM, "{}", IMG_EFORMAT, "manifest sha256:44136fa355b3: \"schemaVersion\" is missing"},
        {OM, "{\"schemaVersion\":\"2\"}", IMG_EFORMAT, "\"schemaVersion\" is a string"},
        {OM, "{\"schemaVersion\":3}", IMG_EFORMAT, "\"schemaVersion\" is 3, not 2"},
        {OM, "{\"schemaVersion\":1,\"layers\":[]}", IMG_EFORMAT, "\"schemaVersion\" is 1, not 2"},
        {OM, V2 "\"mediaType\":\"" OI "\"}", IMG_EFORMAT, "but its \"mediaType\" is '" OI "'"},
        {OM, V2 "\"mediaType\":\"" MEDIA_DOCKER_MANIFEST "\"}", IMG_EFORMAT, "was sent as"},
        {OM, V2 "\"mediaType\":1}", IMG_EFORMAT, "\"mediaType\" is an integer"},
        {OM, V2 "\"config\":" CONFIG ",\"layers\":[],\"manifests\":[]}", IMG_EFORMAT,
         "is ambiguous: a manifest has no \"manifests\""},
        {OM, V2 "\"config\":" CONFIG ",\"layers\":[],\"fsLayers\":[]}", IMG_EFORMAT,
         "is ambiguous: a manifest has no \"fsLayers\""},
        {OM, V2 "\"config\":" CONFIG ",\"config\":" CONFIG ",\"layers\":[]}", IMG_EFORMAT,
         "has the key \"config\" twice"},
        {OM, V2 "\"config\":" CONFIG ",\"Layers\":[]}", IMG_EFORMAT,
         "the key \"Layers\" must be spelled \"layers\""},
        {OM, V2 "\"layers\":[]}", IMG_EFORMAT, "\"config\" is missing"},
        {OM, V2 "\"config\":[],\"layers\":[]}", IMG_EFORMAT, "\"config\" is an array"},
        {OM, V2 "\"config\":{},\"layers\":[]}", IMG_EFORMAT, ": config: \"mediaType\" is missing"},
        {OM, V2 "\"config\":" CONFIG "}", IMG_EFORMAT, "\"layers\" is missing"},
        {OM, V2 "\"config\":" CONFIG ",\"layers\":{}}", IMG_EFORMAT, "\"layers\" is an object"},
        {OM, V2 "\"config\":" CONFIG ",\"layers\":[" CONFIG ",1]}", IMG_EFORMAT,
         ": layers[1] is not an object"},
        {OM, V2 "\"config\":" CONFIG ",\"layers\":[],\"annotations\":{\"a\":1}}", IMG_EFORMAT,
         "\"annotations\"[a] is an integer, not a string"},
        {OM, V2 "\"config\":" CONFIG ",\"layers\":[],\"annotations\":[]}", IMG_EFORMAT,
         "\"annotations\" is an array"},
        {OM, V2 "\"config\":" CONFIG ",\"layers\":[],\"subject\":{}}", IMG_EFORMAT,
         ": subject: \"mediaType\" is missing"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct manifest m = MANIFEST_INIT;
        img_error err;
        assert_fails(parse_manifest(rows[i].type, rows[i].text, &m, &err), rows[i].code,
                     rows[i].message);
        assert_null(m.json);
    }
}

/* start, then count times item with commas between, then end. */
static char *many(const char *start, const char *item, size_t count, const char *end)
{
    struct buf text = BUF_INIT(1 << 24);
    img__buf_puts(&text, start);
    for (size_t i = 0; i < count; i++) {
        img__buf_puts(&text, i ? "," : "");
        img__buf_puts(&text, item);
    }
    img__buf_puts(&text, end);
    return img__buf_steal(&text);
}

static void test_limits(void **state)
{
    auto_free char *most =
        many(V2 "\"config\":" CONFIG ",\"layers\":[", CONFIG, MANIFEST_LAYERS_MAX, "]}");
    auto_free char *layers =
        many(V2 "\"config\":" CONFIG ",\"layers\":[", CONFIG, MANIFEST_LAYERS_MAX + 1, "]}");
    auto_free char *entries = many(V2 "\"manifests\":[", CONFIG, INDEX_ENTRIES_MAX + 1, "]}");
    auto_(manifest) struct manifest m = MANIFEST_INIT;
    auto_(index) struct index x = INDEX_INIT;
    img_error err;
    (void)state;
    assert_ok(parse_manifest(OM, most, &m, &err));
    img__manifest_free(&m);
    assert_fails(parse_manifest(OM, layers, &m, &err), IMG_ELIMIT,
                 "\"layers\" has 1025 entries, more than 1024");
    assert_fails(parse_index(OI, entries, &x, &err), IMG_ELIMIT,
                 "\"manifests\" has 10001 entries, more than 10000");
}

static void test_index(void **state)
{
    static const char text[] =
        V2 "\"mediaType\":\"" MEDIA_DOCKER_INDEX "\",\"manifests\":[{\"mediaType\":"
           "\"" MEDIA_DOCKER_MANIFEST "\",\"size\":7,\"digest\":\"" DIGEST "\",\"platform\":{"
           "\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v7\"}},"
           "{\"mediaType\":\"application/x\",\"size\":8,\"digest\":\"" DIGEST "\"}]}";
    auto_(index) struct index x = INDEX_INIT;
    img_error err;
    (void)state;
    assert_ok(parse_index(MEDIA_DOCKER_INDEX, text, &x, &err));
    assert_int_equal(x.entry_count, 2);
    assert_int_equal(x.entries[0].size_bytes, 7);
    assert_string_equal(x.entries[0].platform.architecture, "arm");
    assert_string_equal(x.entries[0].platform.variant, "v7");
    assert_string_equal(x.entries[1].media_type, "application/x");
    assert_string_equal(x.entries[1].platform.os, "");
    img__index_free(&x);
    assert_ok(parse_index(OI, V2 "\"manifests\":[]}", &x, &err));
    assert_int_equal(x.entry_count, 0);
}

static void test_index_refuses(void **state)
{
    static const struct {
        const char *type, *text;
        int code;
        const char *message;
    } rows[] = {
        {OM, "{}", IMG_EUNSUPPORTED, "which is not that of an index"},
        {OI, V2 "\"manifests\":[],\"layers\":[]}", IMG_EFORMAT,
         "is ambiguous: an index has no \"layers\""},
        {OI, V2 "\"manifests\":[],\"config\":{}}", IMG_EFORMAT,
         "is ambiguous: an index has no \"config\""},
        {OI, V2 "\"mediaType\":\"" OM "\",\"manifests\":[]}", IMG_EFORMAT, "was sent as"},
        {OI, V2 "\"x\":[]}", IMG_EFORMAT, "\"manifests\" is missing"},
        {OI, V2 "\"Manifests\":[]}", IMG_EFORMAT, "must be spelled \"manifests\""},
        {OI, V2 "\"manifests\":[{}]}", IMG_EFORMAT, ": manifests[0]: \"mediaType\" is missing"},
        {OI, "{\"schemaVersion\":2.0,\"manifests\":[]}", IMG_EFORMAT,
         "\"schemaVersion\" is a fraction"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct index x = INDEX_INIT;
        img_error err;
        assert_fails(parse_index(rows[i].type, rows[i].text, &x, &err), rows[i].code,
                     rows[i].message);
        assert_null(x.json);
    }
}

static void test_make(void **state)
{
    const img_descriptor config = {MEDIA_DOCKER_CONFIG, {DIGEST}, 2, {"", "", "", ""}};
    const img_descriptor layers[] = {
        {MEDIA_OCI_LAYER_ZSTD, {DIGEST}, 3, {"linux", "amd64", "", ""}},
        {"application/vnd.docker.image.rootfs.diff.tar.gzip", {DIGEST}, 4, {"", "", "", ""}},
        {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
         {DIGEST},
         5,
         {"", "", "", ""}},
    };
    static const char *const annotations[] = {"org.b=1", "org.a=x=<y>/", "org.b=2", NULL};
    static const char *const none[] = {NULL};
    auto_(document) struct document d = DOCUMENT_INIT;
    auto_(document) struct document plain = DOCUMENT_INIT;
    auto_(manifest) struct manifest m = MANIFEST_INIT;
    img_error err;
    (void)state;

    assert_ok(img__manifest_make(&config, layers, NULL, 3, annotations, &d, &err));
    assert_string_equal(
        d.bytes,
        "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
        "\"config\":{\"mediaType\":\"application/"
        "vnd.oci.image.config.v1+json\",\"digest\":\"" DIGEST
        "\",\"size\":2},\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+zstd\","
        "\"digest\":\"" DIGEST "\",\"size\":3},{\"mediaType\":"
        "\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"" DIGEST "\",\"size\":4},"
        "{\"mediaType\":\"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip\","
        "\"digest\":\"" DIGEST "\",\"size\":5}],\"annotations\":{\"org.a\":\"x=<y>/\","
        "\"org.b\":\"2\"}}");
    assert_ok(img__manifest_parse(&d, &m, &err));
    assert_int_equal(m.layer_count, 3);

    assert_ok(img__manifest_make(&config, NULL, NULL, 0, none, &plain, &err));
    assert_string_equal(plain.bytes,
                        "{\"schemaVersion\":2,\"mediaType\":"
                        "\"application/vnd.oci.image.manifest.v1+json\",\"config\":{\"mediaType\":"
                        "\"application/vnd.oci.image.config.v1+json\",\"digest\":\"" DIGEST
                        "\",\"size\":2},\"layers\":[]}");
    assert_string_equal(plain.descriptor.media_type, OM);
}

/* Those of a layer are written in its descriptor and read from there again. */
static void test_layer_annotations(void **state)
{
    const img_descriptor config = {MEDIA_OCI_CONFIG, {DIGEST}, 2, {"", "", "", ""}};
    const img_descriptor layers[] = {{MEDIA_OCI_LAYER_GZIP, {DIGEST}, 3, {"", "", "", ""}},
                                     {MEDIA_OCI_LAYER_ZSTD, {DIGEST}, 4, {"", "", "", ""}}};
    auto_(strv) struct strv first = STRV_INIT, second = STRV_INIT;
    auto_(document) struct document d = DOCUMENT_INIT;
    auto_(manifest) struct manifest m = MANIFEST_INIT;
    img_error err;
    (void)state;

    assert_ok(img__strv_add(&first, "a.b=1", &err));
    assert_ok(img__strv_add(&first, "c=x:2", &err));
    const struct strv lists[] = {first, second};
    assert_ok(img__manifest_make(&config, layers, lists, 2, NULL, &d, &err));
    assert_non_null(strstr(d.bytes, "\"size\":3,\"annotations\":{\"a.b\":\"1\",\"c\":\"x:2\"}},"));
    assert_non_null(strstr(d.bytes, "\"size\":4}]}"));

    assert_ok(img__manifest_parse(&d, &m, &err));
    auto_(strv) struct strv read = STRV_INIT, none = STRV_INIT;
    assert_ok(img__manifest_layer_annotations(&m, 0, &read, &err));
    assert_int_equal(read.count, 2);
    assert_string_equal(read.items[0], "a.b=1");
    assert_string_equal(read.items[1], "c=x:2");
    assert_ok(img__manifest_layer_annotations(&m, 1, &none, &err));
    assert_int_equal(none.count, 0);
}

static void test_layer_annotations_refused(void **state)
{
    static const char text[] =
        V2 "\"mediaType\":\"" OM "\",\"config\":" CONFIG
           ",\"layers\":[{\"mediaType\":\"" MEDIA_OCI_LAYER_GZIP "\",\"digest\":\"" DIGEST
           "\",\"size\":2,\"annotations\":{\"a\":\"b\",\"c\":1}}]}";
    auto_(manifest) struct manifest m = MANIFEST_INIT;
    struct strv read = STRV_INIT;
    img_error err;
    (void)state;
    assert_ok(parse_manifest(OM, text, &m, &err));
    assert_fails(img__manifest_layer_annotations(&m, 0, &read, &err), IMG_EFORMAT, "annotations");
    assert_null(read.items);
}

static void test_make_refuses(void **state)
{
    const img_descriptor config = {MEDIA_OCI_CONFIG, {DIGEST}, 2, {"", "", "", ""}};
    static const char *const wrong[][2] = {
        {"key", "annotation 'key' has no '='"},
        {"=v", "annotation has an empty key"},
        {"k=\xff", "annotation: the text is not UTF-8"},
    };
    auto_free img_descriptor *layers = calloc(MANIFEST_LAYERS_MAX + 1, sizeof(*layers));
    struct document d = DOCUMENT_INIT;
    img_error err;
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *const annotations[] = {"a=b", wrong[i][0], NULL};
        assert_fails(img__manifest_make(&config, NULL, NULL, 0, annotations, &d, &err), IMG_EINVAL,
                     wrong[i][1]);
    }
    assert_fails(img__manifest_make(&config, layers, NULL, MANIFEST_LAYERS_MAX + 1, NULL, &d, &err),
                 IMG_ELIMIT, "1025 layers");
    assert_null(d.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manifest),
        cmocka_unit_test(test_manifest_docker),
        cmocka_unit_test(test_manifest_least),
        cmocka_unit_test(test_manifest_refuses),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_index),
        cmocka_unit_test(test_index_refuses),
        cmocka_unit_test(test_make),
        cmocka_unit_test(test_make_refuses),
        cmocka_unit_test(test_layer_annotations),
        cmocka_unit_test(test_layer_annotations_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
