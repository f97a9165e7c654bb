/* SPDX-License-Identifier: Apache-2.0
 *
 * Deleting: what is named and nothing else, with whatever right the registry wants for it; and
 * looking at what a name stands for.
 */
#include "peer.h"

#include "registry/delete.h"
#include "registry/repository.h"

struct scene {
    struct peer peer;
    struct registry *registry;
    struct repository *repository;
};

static void open_scene(struct scene *scene, const char *script, const char *name)
{
    const img_client_options defaults = IMG_CLIENT_OPTIONS_INIT;
    peer_fake(&scene->peer, script);
    scene->registry = peer_client(&scene->peer, defaults);
    scene->repository =
        (struct repository *)peer_endpoint(scene->registry, &scene->peer, name, REGISTRY_PUSH);
}

static void close_scene(struct scene *scene)
{
    img__endpoint_free(&scene->repository->base);
    img__registry_free(scene->registry);
    peer_stop(&scene->peer);
}

/* A manifest under the tag of the reference; its blobs do not matter here. */
static void put(struct scene *scene, struct document *out)
{
    img_error err;
    struct memory memory;
    memory_init(&memory);
    memory_add(&memory, 10, 1);
    memory_add(&memory, 11, 2);
    memory_manifest(&memory, out);
    assert_ok(img__manifest_put(scene->repository, out, true, &err));
    memory_clear(&memory);
}

static void a_tag_alone(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    auto_(document) struct document document = DOCUMENT_INIT;
    auto_(document) struct document still = DOCUMENT_INIT;
    open_scene(&scene, "", "a/b:one");
    put(&scene, &document);
    strcpy(scene.repository->reference.tag, "two");
    assert_ok(img__manifest_put(scene.repository, &document, true, &err));
    int before = peer_count(&scene.peer, "", "");
    assert_ok(img__tag_delete(scene.repository, &err));
    assert_count(&scene.peer, "", "", before + 1);
    assert_count(&scene.peer, "DELETE /v2/a/b/manifests/two 202", "", 1);
    strcpy(scene.repository->reference.tag, "one");
    assert_ok(img__manifest_get(scene.repository, NULL, &still, &err));
    close_scene(&scene);
}

static void answers(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        int code;
    } rows[] = {
        {"\"status\":200", 0},
        {"\"status\":202", 0},
        {"\"status\":204", 0},
        {"\"status\":404", IMG_ENOTFOUND},
        {"\"status\":405", IMG_EUNSUPPORTED},
        {"\"status\":400,\"body\":\"{\\\"errors\\\":[{\\\"code\\\":\\\"UNSUPPORTED\\\"}]}\"",
         IMG_EUNSUPPORTED},
        {"\"status\":400,\"body\":\"{\\\"errors\\\":[{\\\"code\\\":\\\"DIGEST_INVALID\\\"}]}\"",
         IMG_EUNSUPPORTED},
        {"\"status\":400,\"body\":\"{\\\"errors\\\":[{\\\"code\\\":\\\"NAME_INVALID\\\"}]}\"",
         IMG_EREFUSED},
        {"\"status\":403", IMG_EAUTH},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char script[256];
        img_error err;
        struct scene scene;
        snprintf(script, sizeof(script), "{\"rules\":[{\"method\":\"DELETE\",%s}]}",
                 rows[i].answer);
        open_scene(&scene, script, "a/b:one");
        int code = img__tag_delete(scene.repository, &err);
        if (code != rows[i].code)
            fail_msg("%s: %d %s", rows[i].answer, code, err.message);
        /* Whatever comes of it, the manifest is not deleted instead, or looked up. */
        assert_count(&scene.peer, "", "", 1);
        close_scene(&scene);
    }
}

static void a_manifest_by_its_digest(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    bool has = true;
    auto_(document) struct document document = DOCUMENT_INIT;
    open_scene(&scene, "{\"untag\":false}", "a/b:one");
    put(&scene, &document);
    assert_int_equal(img__tag_delete(scene.repository, &err), IMG_EUNSUPPORTED);
    scene.repository->reference.digest = document.descriptor.digest;
    assert_ok(img__manifest_delete(scene.repository, &err));
    assert_ok(img__manifest_has(scene.repository, &document.descriptor, &has, &err));
    assert_false(has);
    assert_int_equal(img__manifest_delete(scene.repository, &err), IMG_ENOTFOUND);
    assert_count(&scene.peer, "DELETE ", document.descriptor.digest.text, 1);
    close_scene(&scene);
}

static void a_blob(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "{\"rules\":[{\"method\":\"DELETE\",\"times\":1,\"status\":202}]}", "a/b");
    assert_ok(
        img_digest_parse("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                         &scene.repository->reference.digest, &err));
    assert_ok(img__blob_delete(scene.repository, &err));
    assert_count(&scene.peer, "DELETE /v2/a/b/blobs/sha256:e3b0", "", 1);
    assert_count(&scene.peer, "", "", 1);
    close_scene(&scene);
}

#define BEARER(grant)                                                                              \
    "\"auth\":{\"scheme\":\"bearer\",\"users\":{},\"grant\":{\"\":{\"*\":" grant "}}}"

static void rights(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        const char *asked[4]; /* scopes, in this order */
        int code;
    } rows[] = {
        /* The right that docker-registry knows. */
        {"{" BEARER(
             "[\"delete\"]") ",\"rules\":[{\"method\":\"DELETE\",\"skip\":1,\"status\":202}]}",
         {"%3Adelete"},
         0},
        /* A token service that refuses to hear of it, as Quay's. */
        {"{" BEARER("[]") ",\"rules\":[{\"path\":\"/token\",\"query\":\"delete\",\"status\":400,"
                          "\"body\":\"{}\"},{\"method\":\"DELETE\",\"skip\":1,\"status\":202}]}",
         {"%3Adelete", "%3A%2A"},
         0},
        /* One that gives a token, with which the registry is not content. */
        {"{" BEARER("[]") ",\"rules\":[{\"method\":\"DELETE\",\"skip\":4,\"status\":202}]}",
         {"%3Adelete", "%3A%2A", "%3Apull%2Cpush"},
         0},
        {"{" BEARER("[]") "}", {"%3Adelete", "%3A%2A", "%3Apull%2Cpush"}, IMG_EAUTH},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        struct scene scene;
        open_scene(&scene, rows[i].script, "a/b:one");
        int code = img__tag_delete(scene.repository, &err);
        if (code != rows[i].code)
            fail_msg("%zu: %d %s", i, code, err.message);
        for (size_t k = 0; rows[i].asked[k]; k++)
            assert_true(peer_count(&scene.peer, "GET /token", rows[i].asked[k]) >= 1);
        close_scene(&scene);
    }
}

/* HEAD as registries answer it. */
static void peeks(void **state)
{
    (void)state;
    static const struct {
        const char *rules;
        int heads, gets;
    } rows[] = {
        {"", 1, 0},
        {"{\"method\":\"HEAD\",\"set\":{\"Docker-Content-Digest\":null}}", 1, 1},
        {"{\"method\":\"HEAD\",\"set\":{\"Content-Type\":\"text/plain\"}}", 1, 1},
        {"{\"method\":\"HEAD\",\"set\":{\"Content-Length\":\"0\"}}", 1, 0},
        {"{\"method\":\"HEAD\",\"status\":405}", 1, 1},
        {"{\"method\":\"HEAD\",\"status\":404}", 1, 1},
        {"{\"method\":\"HEAD\",\"status\":403}", 1, 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char script[256];
        img_error err;
        struct scene scene;
        img_descriptor found;
        auto_(document) struct document document = DOCUMENT_INIT;
        snprintf(script, sizeof(script), "{\"rules\":[%s]}", rows[i].rules);
        open_scene(&scene, script, "a/b:one");
        put(&scene, &document);
        assert_ok(img__manifest_peek(scene.repository, &found, &err));
        assert_string_equal(found.digest.text, document.descriptor.digest.text);
        assert_string_equal(found.media_type, MEDIA_OCI_MANIFEST);
        assert_count(&scene.peer, "HEAD ", "", rows[i].heads);
        assert_count(&scene.peer, "GET ", "", rows[i].gets);
        close_scene(&scene);
    }
}

static void peeks_at_nothing(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    img_descriptor found;
    open_scene(&scene, "", "a/b:one");
    assert_int_equal(img__manifest_peek(scene.repository, &found, &err), IMG_ENOTFOUND);
    assert_string_equal(err.registry_code, "MANIFEST_UNKNOWN");
    close_scene(&scene);
}

/* Who was refused does not delete as nobody, even where that would do, nor after nobody could read;
 * and a wrong password is tried once. */
static void never_as_nobody(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    char text[256];
    auto_(document) struct document got = DOCUMENT_INIT;
    open_scene(&scene,
               "{\"auth\":{\"scheme\":\"bearer\",\"users\":{\"u\":\"s3cret\"},"
               "\"grant\":{\"\":{\"*\":[\"pull\",\"push\",\"delete\",\"*\"]}}}}",
               "a/b:one");
    snprintf(text, sizeof(text), "{\"auths\":{\"%s\":{\"auth\":\"dTp3cm9uZw==\"}}}",
             scene.peer.host);
    peer_write(scene.peer.auth_file, text);
    img__endpoint_free(&scene.repository->base);
    scene.repository =
        (struct repository *)peer_endpoint(scene.registry, &scene.peer, "a/b:one", REGISTRY_PULL);
    assert_fails(img__tag_delete(scene.repository, &err), IMG_EAUTH, "user \"u\" of auths[");
    assert_count(&scene.peer, "/token", "", 1);
    assert_count(&scene.peer, "DELETE ", "", 1);
    assert_count(&scene.peer, "DELETE ", " 401 ", 1);
    assert_fails(img__manifest_get(scene.repository, NULL, &got, &err), IMG_ENOTFOUND,
                 "without a credential, since");
    assert_fails(img__tag_delete(scene.repository, &err), IMG_EAUTH, "user \"u\" of auths[");
    assert_count(&scene.peer, "DELETE ", "", 1);
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tag_alone),
        cmocka_unit_test(answers),
        cmocka_unit_test(a_manifest_by_its_digest),
        cmocka_unit_test(a_blob),
        cmocka_unit_test(rights),
        cmocka_unit_test(never_as_nobody),
        cmocka_unit_test(peeks),
        cmocka_unit_test(peeks_at_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
