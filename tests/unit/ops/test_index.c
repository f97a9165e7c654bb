/* SPDX-License-Identifier: Apache-2.0
 *
 * Making indexes: what goes in, in which order and shape, what is refused, and that nothing is
 * there when it fails.
 */
#include "ops/fixture.h"

#include <libimg/index.h>

#include "core/index.h"

IMG_AUTO_POINTER(test_index, img_index, img_index_free)

static img_index *index_new(struct fixture *f)
{
    img_index *index = NULL;
    img_error err = {0};
    assert_ok(img_index_new(f->store, NULL, &index, &err));
    return index;
}

/* A manifest without layers, for a platform; type is its family's. */
static img_descriptor put_platform_image(struct fixture *f, const char *type,
                                         const char *architecture, const char *variant,
                                         const char *name)
{
    char config[512], manifest[1024];
    bool docker = strcmp(type, MEDIA_DOCKER_MANIFEST) == 0;
    snprintf(config, sizeof(config),
             "{\"architecture\":\"%s\",\"os\":\"linux\"%s%s%s,\"author\":\"%s\",\"rootfs\":{"
             "\"type\":\"layers\",\"diff_ids\":[]}}",
             architecture, *variant ? ",\"variant\":\"" : "", variant, *variant ? "\"" : "", name);
    img_descriptor blob =
        put_blob(f->store, docker ? MEDIA_DOCKER_CONFIG : MEDIA_OCI_CONFIG, config);
    snprintf(manifest, sizeof(manifest),
             "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{\"mediaType\":\"%s\","
             "\"digest\":\"%s\",\"size\":%llu},\"layers\":[]}",
             type, blob.media_type, blob.digest.text, (unsigned long long)blob.size_bytes);
    img_descriptor made = put_blob(f->store, type, manifest);
    set_name(f->store, name, &made);
    return made;
}

static void add_source(img_index *index, const char *source)
{
    img_error err = {0};
    assert_ok(img_index_add(index, source, NULL, &err));
}

static img_descriptor commit_as(img_index *index, const char *name)
{
    const char *const names[] = {name, NULL};
    img_descriptor out;
    img_error err = {0};
    assert_ok(img_index_commit(index, names, &out, &err));
    return out;
}

static char *bytes_of(struct fixture *f, const img_descriptor *descriptor)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    img_error err = {0};
    assert_ok(img__store_get_document(f->store, descriptor, 1 << 20, &document, &err));
    return steal(document.bytes);
}

static void test_bytes(void **state)
{
    struct fixture *f = *state;
    auto_(test_index) img_index *index = index_new(f);
    img_descriptor amd =
        put_platform_image(f, MEDIA_OCI_MANIFEST, "amd64", "", "docker.io/library/a:1");
    img_descriptor arm =
        put_platform_image(f, MEDIA_DOCKER_MANIFEST, "arm", "v7", "docker.io/library/b:1");
    char expected[2048];
    img_error err = {0};

    add_source(index, "a:1");
    add_source(index, arm.digest.text);
    assert_ok(img_index_annotate(index, "z=1", &err));
    assert_ok(img_index_annotate(index, "a=x", &err));
    assert_ok(img_index_annotate(index, "z=2", &err));
    img_platform platform;
    assert_ok(img_platform_parse("linux/arm/v7", &platform, &err));
    assert_ok(img_index_annotate_entry(index, &platform, "k=v", &err));
    img_descriptor made = commit_as(index, "all:1");
    auto_free char *text = bytes_of(f, &made);
    snprintf(expected, sizeof(expected),
             "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":["
             "{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":%llu,"
             "\"platform\":{\"architecture\":\"amd64\",\"os\":\"linux\"}},"
             "{\"mediaType\":\"" MEDIA_DOCKER_MANIFEST "\",\"digest\":\"%s\",\"size\":%llu,"
             "\"annotations\":{\"k\":\"v\"},"
             "\"platform\":{\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v7\"}}],"
             "\"annotations\":{\"a\":\"x\",\"z\":\"2\"}}",
             amd.digest.text, (unsigned long long)amd.size_bytes, arm.digest.text,
             (unsigned long long)arm.size_bytes);
    assert_string_equal(text, expected);
    assert_string_equal(made.media_type, MEDIA_OCI_INDEX);
    img_descriptor found;
    assert_ok(img_store_resolve(f->store, "all:1", &found, &err));
    assert_string_equal(found.digest.text, made.digest.text);
}

/* Of an image that is only a document so far no index is made. */
static void test_not_whole(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    const char *const names[] = {"all:1", NULL};
    img_descriptor image, layer = describe(MEDIA_OCI_LAYER, "nobody has brought it"), found;
    img_descriptor config =
        put_blob(f->store, MEDIA_OCI_CONFIG,
                 "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\","
                 "\"diff_ids\":[\"sha256:"
                 "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef\"]}}");
    char manifest[1024];
    int len = snprintf(manifest, sizeof(manifest),
                       "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
                       "\",\"config\":{\"mediaType\":\"" MEDIA_OCI_CONFIG
                       "\",\"digest\":\"%s\",\"size\":%llu},\"layers\":[{\"mediaType\":\"%s\","
                       "\"digest\":\"%s\",\"size\":%llu}]}",
                       config.digest.text, (unsigned long long)config.size_bytes, layer.media_type,
                       layer.digest.text, (unsigned long long)layer.size_bytes);
    assert_ok(img_store_put_document(f->store, NULL, manifest, (size_t)len, NULL, &image, &err));
    auto_(test_index) img_index *index = index_new(f);
    add_source(index, image.digest.text);
    assert_fails(img_index_commit(index, names, NULL, &err), IMG_ENOTFOUND, "does not have all");
    assert_fails(img_store_resolve(f->store, "all:1", &found, &err), IMG_ENOTFOUND, "no image");
}

/* Which items were begun, one bit for each. */
static int note_item(const img_event *event, void *arg)
{
    uint64_t *ids = arg;
    if (event->kind != IMG_EVENT_STARTED)
        return 0;
    assert_true(event->id < 64);
    assert_false(*ids & (uint64_t)1 << event->id);
    *ids |= (uint64_t)1 << event->id;
    return 0;
}

/* Of several images that come from elsewhere each item is one of its own. */
static void test_events(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    uint64_t ids = 0;
    img_index *index = NULL;
    img_index_options options = IMG_INDEX_OPTIONS_INIT;
    auto_free char *one = NULL, *two = NULL;
    options.on_event = note_item;
    options.on_event_arg = &ids;
    put_platform_image(f, MEDIA_OCI_MANIFEST, "amd64", "", "docker.io/library/a:1");
    put_platform_image(f, MEDIA_OCI_MANIFEST, "arm64", "", "docker.io/library/b:1");
    assert_true(asprintf(&one, "oci:%s:docker.io/library/a:1", img_store_path(f->store)) > 0);
    assert_true(asprintf(&two, "oci:%s:docker.io/library/b:1", img_store_path(f->store)) > 0);
    assert_ok(img_index_new(f->store, &options, &index, &err));
    auto_(test_index) img_index *owned = index;
    add_source(owned, one);
    add_source(index, two);
    ids = 0; /* a call of its own */
    commit_as(index, "all:1");
    assert_true(__builtin_popcountll(ids) >= 4);
}

static void test_docker(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    put_platform_image(f, MEDIA_DOCKER_MANIFEST, "amd64", "", "docker.io/library/a:1");
    put_platform_image(f, MEDIA_DOCKER_MANIFEST, "arm64", "", "docker.io/library/b:1");
    for (int annotated = 0; annotated < 2; annotated++) {
        auto_(test_index) img_index *index = index_new(f);
        add_source(index, "a:1");
        add_source(index, "b:1");
        if (annotated)
            assert_ok(img_index_annotate_entry(index, NULL, "k=v", &err));
        img_descriptor made = commit_as(index, "all:1");
        assert_string_equal(made.media_type, annotated ? MEDIA_OCI_INDEX : MEDIA_DOCKER_INDEX);
    }
}

/* An index with an attestation, and with what libimg does not know of an entry. */
static void put_attested(struct fixture *f, const img_descriptor *image, const char *more,
                         const char *name)
{
    auto_(buf) struct buf text = BUF_INIT(65536);
    img_descriptor proof =
        put_platform_image(f, MEDIA_OCI_MANIFEST, "unknown", "", "docker.io/library/proof:1");
    img__buf_printf(&text,
                    "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":["
                    "{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":%llu%s,"
                    "\"platform\":{\"architecture\":\"amd64\",\"os\":\"linux\"}},"
                    "{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":%llu,"
                    "\"annotations\":{\"vnd.docker.reference.digest\":\"%s\"},"
                    "\"platform\":{\"architecture\":\"unknown\",\"os\":\"unknown\"}}]}",
                    image->digest.text, (unsigned long long)image->size_bytes, more,
                    proof.digest.text, (unsigned long long)proof.size_bytes, image->digest.text);
    img_descriptor made = put_blob(f->store, MEDIA_OCI_INDEX, text.data);
    set_name(f->store, name, &made);
}

static void test_flattened(void **state)
{
    struct fixture *f = *state;
    auto_(test_index) img_index *index = index_new(f);
    img_descriptor amd =
        put_platform_image(f, MEDIA_OCI_MANIFEST, "amd64", "", "docker.io/library/a:1");
    put_platform_image(f, MEDIA_OCI_MANIFEST, "arm64", "", "docker.io/library/b:1");
    put_attested(f, &amd, ",\"x-own\":[1],\"annotations\":{\"old\":\"1\"}",
                 "docker.io/library/i:1");
    img_error err = {0};

    add_source(index, "i:1");
    add_source(index, "i:1");
    add_source(index, "a:1");
    add_source(index, "b:1");
    img_platform platform;
    assert_ok(img_platform_parse("amd64", &platform, &err));
    assert_ok(img_index_annotate_entry(index, &platform, "new=2", &err));
    img_descriptor made = commit_as(index, "all:1");
    auto_(document) struct document document = DOCUMENT_INIT;
    auto_(index) struct index parsed = INDEX_INIT;
    assert_ok(img__store_get_document(f->store, &made, 1 << 20, &document, &err));
    assert_ok(img__index_parse(&document, &parsed, &err));
    assert_int_equal(parsed.entry_count, 3);
    assert_string_equal(parsed.entries[0].digest.text, amd.digest.text);
    assert_string_equal(parsed.entries[1].platform.os, "unknown");
    assert_string_equal(parsed.entries[2].platform.architecture, "arm64");
    assert_non_null(strstr(document.bytes, "\"x-own\":[1],\"annotations\":{\"new\":\"2\",\"old\":"
                                           "\"1\"},\"platform\":{\"architecture\":\"amd64\""));
}

/* Of an index one platform, with what is attached to it. */
static void test_platform(void **state)
{
    struct fixture *f = *state;
    auto_(test_index) img_index *index = index_new(f);
    img_descriptor amd =
        put_platform_image(f, MEDIA_OCI_MANIFEST, "amd64", "", "docker.io/library/a:1");
    img_platform arm, s390, v2;
    img_error err = {0};
    put_attested(f, &amd, "", "docker.io/library/i:1");
    assert_ok(img_platform_parse("arm64", &arm, &err));
    assert_ok(img_platform_parse("s390x", &s390, &err));
    assert_ok(img_platform_parse("linux/amd64/v2", &v2, &err));

    assert_fails(img_index_add(index, "i:1", &arm, &err), IMG_ENOTFOUND, "only for: linux/amd64");
    assert_ok(img_index_add(index, "i:1", &v2, &err));
    assert_ok(img_index_add(index, "a:1", &s390, &err));
    img_descriptor made = commit_as(index, "all:1");
    auto_free char *text = bytes_of(f, &made);
    assert_non_null(strstr(text, "\"vnd.docker.reference.digest\""));
    assert_non_null(strstr(text, "\"architecture\":\"s390x\""));
}

static void test_refused(void **state)
{
    struct fixture *f = *state;
    auto_(test_index) img_index *index = index_new(f);
    const char *const names[] = {"all:1", NULL}, *const digests[] = {NULL, NULL};
    char pinned[160];
    img_error err = {0};
    img_platform arm;
    img_descriptor amd =
        put_platform_image(f, MEDIA_OCI_MANIFEST, "amd64", "", "docker.io/library/a:1");
    put_platform_image(f, MEDIA_OCI_MANIFEST, "amd64", "", "docker.io/library/twin:1");
    put_platform_image(f, MEDIA_OCI_MANIFEST, "arm64", "v8", "docker.io/library/v8:1");
    put_platform_image(f, MEDIA_OCI_MANIFEST, "arm64", "", "docker.io/library/plain:1");
    put_platform_image(f, MEDIA_OCI_MANIFEST, "", "", "docker.io/library/silent:1");
    assert_ok(img_platform_parse("arm64", &arm, &err));

    assert_fails(img_index_commit(index, names, NULL, &err), IMG_EINVAL, "has no images");
    assert_fails(img_index_annotate_entry(index, NULL, "k=v", &err), IMG_ENOTFOUND,
                 "no images yet");
    assert_fails(img_index_add(index, "nothing:1", NULL, &err), IMG_ENOTFOUND,
                 "add nothing:1: no image");
    assert_fails(img_index_add(index, "silent:1", NULL, &err), IMG_EFORMAT,
                 "\"architecture\" is missing");
    add_source(index, "a:1");
    assert_fails(img_index_add(index, "twin:1", NULL, &err), IMG_EINVAL,
                 "there is an image for linux/amd64 already, from a:1");
    add_source(index, "v8:1");
    assert_fails(img_index_add(index, "plain:1", NULL, &err), IMG_EINVAL, "from v8:1");
    assert_ok(img_index_annotate_entry(index, &arm, "k=v", &err));
    assert_fails(img_index_annotate(index, "no pair", &err), IMG_EINVAL, "annotation");
    snprintf(pinned, sizeof(pinned), "all@%s", amd.digest.text);
    assert_fails(img_index_commit(index, (const char *const[]){pinned, NULL}, NULL, &err),
                 IMG_EINVAL, "can't hold a digest");
    assert_fails(img_index_push(index, "all:1", NULL, &err), IMG_EINVAL, "a client is needed");
    img_descriptor found;
    assert_int_equal(img_store_resolve(f->store, "all:1", &found, NULL), IMG_ENOTFOUND);
    img_descriptor made;
    assert_ok(img_index_commit(index, digests, &made, &err));
    assert_ok(img_store_resolve(f->store, made.digest.text, &found, &err));
    assert_string_equal(found.media_type, MEDIA_OCI_INDEX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bytes, build_fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_not_whole, build_fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_events, build_fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_docker, build_fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_flattened, build_fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_platform, build_fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(test_refused, build_fixture_new, fixture_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
