/* SPDX-License-Identifier: Apache-2.0
 *
 * Images of a store: what they say, and what is no image.
 */
#include "ops/fixture.h"

#include "core/index.h"

#define DIFF_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DIFF_B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define EMPTY_TYPE "application/vnd.oci.empty.v1+json"

static img_descriptor put_config(struct fixture *f, const char *architecture, const char *diff_ids)
{
    char text[1024];
    snprintf(text, sizeof(text),
             "{\"created\":\"2024-01-02T03:04:05Z\",\"author\":\"me\",\"architecture\":\"%s\","
             "\"os\":\"linux\",\"config\":{\"User\":\"u\",\"ExposedPorts\":{\"80/tcp\":{}},"
             "\"Env\":[\"A=1\",\"B=\"],\"Entrypoint\":[\"/e\",\"x y\"],\"Volumes\":{\"/v\":{}},"
             "\"Labels\":{\"k\":\"v\"}},"
             "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s]}}",
             architecture, diff_ids);
    return put_blob(f->store, MEDIA_OCI_CONFIG, text);
}

static img_descriptor put_manifest(struct fixture *f, const img_descriptor *config,
                                   const img_descriptor *layers, size_t count)
{
    auto_(buf) struct buf text = BUF_INIT(65536);
    img__buf_puts(&text,
                  "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"config\":");
    json_descriptor(&text, config);
    img__buf_puts(&text, ",\"layers\":[");
    for (size_t i = 0; i < count; i++) {
        img__buf_puts(&text, i ? "," : "");
        json_descriptor(&text, &layers[i]);
    }
    img__buf_puts(&text, "],\"annotations\":{\"b\":\"2\",\"a\":\"1\"}}");
    return put_blob(f->store, MEDIA_OCI_MANIFEST, text.data);
}

/* Two layers, named NAME. */
static img_descriptor put_two_layers(struct fixture *f, const char *architecture, const char *name)
{
    img_descriptor layers[] = {put_blob(f->store, MEDIA_OCI_LAYER, "one"),
                               put_blob(f->store, MEDIA_OCI_LAYER, "two")};
    img_descriptor config = put_config(f, architecture, "\"" DIFF_A "\",\"" DIFF_B "\"");
    img_descriptor manifest = put_manifest(f, &config, layers, 2);
    if (name)
        set_name(f->store, name, &manifest);
    return manifest;
}

static int try_open(struct fixture *f, const char *name, const char *architecture, img_error *err)
{
    img_platform platform = {"linux", "", "", ""};
    img_image *image = NULL;
    snprintf(platform.architecture, sizeof(platform.architecture), "%s", architecture);
    int rc = img_image_open(f->store, name, &platform, &image, err);
    img_image_free(image);
    return rc;
}

static void assert_list(const img_image *image, const char *name, const char *expected)
{
    auto_(buf) struct buf text = BUF_INIT(4096);
    const char *const *list = img_image_list(image, name);
    assert_non_null(list);
    for (; *list; list++)
        img__buf_printf(&text, "[%s]", *list);
    assert_string_equal(img__buf_text(&text), expected);
}

static void getters(void **state)
{
    struct fixture *f = *state;
    img_descriptor manifest = put_two_layers(f, "amd64", APP ":1");
    auto_(test_image) img_image *image = open_image(f, "app:1");
    size_t len = 0;
    assert_string_equal(img_image_target(image)->digest.text, manifest.digest.text);
    assert_string_equal(img_image_manifest(image)->digest.text, manifest.digest.text);
    assert_int_equal(strlen(img_image_manifest_bytes(image, &len)), manifest.size_bytes);
    assert_int_equal(len, manifest.size_bytes);
    assert_ptr_equal(img_image_target_bytes(image, &len), img_image_manifest_bytes(image, NULL));
    assert_int_equal(len, manifest.size_bytes);
    assert_int_equal(strlen(img_image_config_bytes(image, &len)),
                     img_image_config(image)->size_bytes);
    assert_int_equal(len, img_image_config(image)->size_bytes);
    assert_string_equal(img_image_config(image)->media_type, MEDIA_OCI_CONFIG);
    assert_int_equal(img_image_layer_count(image), 2);
    assert_int_equal(img_image_layer(image, 1)->size_bytes, 3);
    assert_null(img_image_layer(image, 2));
    assert_string_equal(img_image_diff_id(image, 0)->text, DIFF_A);
    assert_string_equal(img_image_diff_id(image, 1)->text, DIFF_B);
    assert_null(img_image_diff_id(image, 2));
    assert_string_equal(img_image_platform(image)->architecture, "amd64");
    img_image_free(NULL);
}

static void fields_and_lists(void **state)
{
    struct fixture *f = *state;
    put_two_layers(f, "amd64", APP ":1");
    auto_(test_image) img_image *image = open_image(f, "app:1");
    assert_string_equal(img_image_field(image, "created"), "2024-01-02T03:04:05Z");
    assert_string_equal(img_image_field(image, "author"), "me");
    assert_string_equal(img_image_field(image, "user"), "u");
    assert_string_equal(img_image_field(image, "workdir"), "");
    assert_string_equal(img_image_field(image, "stop-signal"), "");
    assert_null(img_image_field(image, "User"));
    assert_null(img_image_field(image, ""));
    assert_list(image, "entrypoint", "[/e][x y]");
    assert_list(image, "cmd", "");
    assert_list(image, "env", "[A=1][B=]");
    assert_list(image, "label", "[k=v]");
    assert_list(image, "expose", "[80/tcp]");
    assert_list(image, "volume", "[/v]");
    assert_list(image, "annotation", "[a=1][b=2]");
    assert_null(img_image_list(image, "Env"));
}

static void missing(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor manifest = put_two_layers(f, "amd64", APP ":1");
    struct blob_path blob;
    assert_fails(try_open(f, "app:2", "amd64", &err), IMG_ENOTFOUND, "library/app:2");
    assert_fails(try_open(f, "A/B", "amd64", &err), IMG_EINVAL, "A/B");
    assert_ok(img__store_blob_path(&manifest.digest, &blob, &err));
    auto_free char *path = img__store_join(f->path, blob.text);
    assert_int_equal(unlink(path), 0);
    assert_fails(try_open(f, "app:1", "amd64", &err), IMG_ENOTFOUND, manifest.digest.text);
}

static void diff_ids(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    static const char *const lists[] = {"", "\"" DIFF_A "\"",
                                        "\"" DIFF_A "\",\"" DIFF_A "\",\"" DIFF_A "\""};
    img_descriptor layers[] = {put_blob(f->store, MEDIA_OCI_LAYER, "one"),
                               put_blob(f->store, MEDIA_OCI_LAYER, "two")};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        char text[64];
        img_descriptor config = put_config(f, "amd64", lists[i]);
        img_descriptor manifest = put_manifest(f, &config, layers, 2);
        set_name(f->store, APP ":1", &manifest);
        snprintf(text, sizeof(text), "has 2 layers, but its config lists %d diffIDs",
                 (int[]){0, 1, 3}[i]);
        assert_fails(try_open(f, "app:1", "amd64", &err), IMG_EFORMAT, text);
    }
}

static void no_image(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor layer = put_blob(f->store, MEDIA_OCI_LAYER, "one");
    img_descriptor empty = put_blob(f->store, EMPTY_TYPE, "{}");
    img_descriptor artifact = put_manifest(f, &empty, &layer, 1);
    set_name(f->store, APP ":artifact", &artifact);
    assert_fails(try_open(f, "app:artifact", "amd64", &err), IMG_EUNSUPPORTED,
                 "an artifact with a config of type " EMPTY_TYPE);
    set_name(f->store, APP ":blob", &layer);
    assert_fails(try_open(f, "app:blob", "amd64", &err), IMG_EUNSUPPORTED, MEDIA_OCI_LAYER);
    img_descriptor text = put_blob(f->store, MEDIA_OCI_MANIFEST, "<html>");
    set_name(f->store, APP ":html", &text);
    assert_fails(try_open(f, "app:html", "amd64", &err), IMG_EFORMAT, "HTML");
    img_descriptor not_config = put_blob(f->store, MEDIA_OCI_CONFIG, "[]");
    img_descriptor manifest = put_manifest(f, &not_config, &layer, 1);
    set_name(f->store, APP ":array", &manifest);
    assert_fails(try_open(f, "app:array", "amd64", &err), IMG_EFORMAT, "not a JSON object");
}

static img_descriptor put_platforms(struct fixture *f, const img_descriptor *entries,
                                    const char *const *architectures, size_t count)
{
    auto_(buf) struct buf text = BUF_INIT(65536);
    img__buf_puts(&text, "{\"schemaVersion\":2,\"manifests\":[");
    for (size_t i = 0; i < count; i++) {
        img__buf_printf(&text, "%s{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%llu",
                        i ? "," : "", entries[i].media_type, entries[i].digest.text,
                        (unsigned long long)entries[i].size_bytes);
        if (architectures[i])
            img__buf_printf(&text, ",\"platform\":{\"os\":\"%s\",\"architecture\":\"%s\"}",
                            strcmp(architectures[i], "unknown") == 0 ? "unknown" : "linux",
                            architectures[i]);
        img__buf_putc(&text, '}');
    }
    img__buf_puts(&text, "]}");
    return put_blob(f->store, MEDIA_OCI_INDEX, text.data);
}

static void indexes(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    static const char *const architectures[] = {"unknown", "amd64", "arm64"};
    img_descriptor entries[] = {put_two_layers(f, "riscv64", NULL),
                                put_two_layers(f, "amd64", NULL), put_two_layers(f, "arm64", NULL)};
    img_descriptor index = put_platforms(f, entries, architectures, 3);
    set_name(f->store, APP ":1", &index);
    img_platform platform = {"linux", "arm64", "v8", ""};
    auto_(test_image) img_image *image = NULL;
    assert_ok(img_image_open(f->store, "app:1", &platform, &image, &err));
    assert_string_equal(img_image_target(image)->digest.text, index.digest.text);
    assert_non_null(strstr(img_image_target_bytes(image, NULL), "manifests"));
    assert_string_equal(img_image_manifest(image)->digest.text, entries[2].digest.text);
    assert_non_null(strstr(img_image_manifest_bytes(image, NULL), "layers"));
    assert_string_equal(img_image_platform(image)->architecture, "arm64");
    assert_fails(try_open(f, "app:1", "s390x", &err), IMG_ENOTFOUND,
                 "not there for linux/s390x, only for: linux/amd64, linux/arm64");

    auto_(test_image) img_image *unnamed = NULL;
    assert_ok(img_image_open_descriptor(f->store, &index, &platform, &unnamed, &err));
    assert_string_equal(img_image_manifest(unnamed)->digest.text, entries[2].digest.text);

    /* One that does not say what it is for serves if no other does; indexes nest. */
    static const char *const nested[] = {NULL, "arm64"};
    img_descriptor both[] = {index, entries[1]};
    img_descriptor outer = put_platforms(f, both, nested, 2);
    set_name(f->store, APP ":2", &outer);
    auto_(test_image) img_image *amd64 = open_image(f, "app:2");
    assert_string_equal(img_image_manifest(amd64)->digest.text, entries[1].digest.text);
    assert_string_equal(img_image_target(amd64)->digest.text, outer.digest.text);

    img_descriptor none = put_platforms(f, NULL, NULL, 0);
    set_name(f->store, APP ":3", &none);
    assert_fails(try_open(f, "app:3", "amd64", &err), IMG_ENOTFOUND, "no platform at all");
}

static void host(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_platform own;
    img_platform_host(&own);
    const char *const architectures[] = {"mips", own.architecture};
    img_descriptor entries[] = {put_two_layers(f, "mips", NULL),
                                put_two_layers(f, own.architecture, NULL)};
    img_descriptor index = put_platforms(f, entries, architectures, 2);
    set_name(f->store, APP ":1", &index);
    auto_(test_image) img_image *image = NULL;
    assert_ok(img_image_open(f->store, "app:1", NULL, &image, &err));
    assert_string_equal(img_image_manifest(image)->digest.text, entries[1].digest.text);
}

static void depth(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    static const char *const any[] = {"amd64"};
    img_descriptor at = put_two_layers(f, "amd64", NULL);
    for (unsigned i = 0; i < INDEX_DEPTH_MAX; i++)
        at = put_platforms(f, &at, any, 1);
    set_name(f->store, APP ":1", &at);
    assert_ok(try_open(f, "app:1", "amd64", &err));
    at = put_platforms(f, &at, any, 1);
    set_name(f->store, APP ":1", &at);
    assert_fails(try_open(f, "app:1", "amd64", &err), IMG_ELIMIT, "nested more than 8 deep");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_new, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(getters),  CASE(fields_and_lists), CASE(missing), CASE(diff_ids),
        CASE(no_image), CASE(indexes),          CASE(host),    CASE(depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
