/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of referrers: read by the API and under tags, and kept where the registry does not.
 */
#include "peer.h"

#include "core/artifact.h"
#include "registry/delete.h"
#include "registry/referrers.h"
#include "registry/state.h"

#define SUBJECT_HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define TAG "sha256-" SUBJECT_HEX

static const img_digest subject = {"sha256:" SUBJECT_HEX};

struct scene {
    struct peer peer;
    struct registry *registry;
    struct endpoint *endpoint;
    char found[2048]; /* "TYPE K=V@TAG " each */
};

static struct repository *repository(struct scene *scene)
{
    return (struct repository *)scene->endpoint;
}

static void open_scene(struct scene *scene, const char *script)
{
    const img_client_options defaults = IMG_CLIENT_OPTIONS_INIT;
    *scene = (struct scene){0};
    peer_fake(&scene->peer, script);
    scene->registry = peer_client(&scene->peer, defaults);
    scene->registry->window_ms = 10;
    scene->endpoint = peer_endpoint(scene->registry, &scene->peer, "a/b", REGISTRY_PUSH);
}

static void close_scene(struct scene *scene)
{
    img__endpoint_free(scene->endpoint);
    img__registry_free(scene->registry);
    peer_stop(&scene->peer);
}

static int take(const struct referrer *referrer, const char *tag, void *arg, img_error *err)
{
    struct scene *scene = arg;
    size_t len = strlen(scene->found);
    (void)err;
    snprintf(scene->found + len, sizeof(scene->found) - len, "%s%s%s%s%s ", referrer->artifact_type,
             referrer->annotations.count ? " " : "",
             referrer->annotations.count ? referrer->annotations.items[0] : "", tag ? "@" : "",
             tag ? tag + strcspn(tag, ".") : "");
    return 0;
}

static int list(struct scene *scene, const char *artifact_type, img_error *err)
{
    const struct referrers_query query = {&subject, artifact_type, take, scene};
    scene->found[0] = '\0';
    return img__referrers_list(repository(scene), &query, err);
}

/* Pushes an artifact of a type. */
static int push(struct scene *scene, const char *type, struct document *out, img_error *error)
{
    img_error err;
    img_descriptor empty, to = {MEDIA_OCI_MANIFEST, subject, 7, {"", "", "", ""}};
    struct strv none = STRV_INIT;
    const char *const annotations[] = {"k=v", NULL};
    img__artifact_empty(&empty);
    const struct artifact artifact = {type, &empty, &none, 1, &to, annotations};
    assert_ok(img__artifact_make(&artifact, out, &err));
    return scene->endpoint->ops->put_document(scene->endpoint, out, error);
}

static void push_ok(struct scene *scene, const char *type)
{
    img_error err;
    auto_(document) struct document document = DOCUMENT_INIT;
    assert_ok(push(scene, type, &document, &err));
}

#define assert_found(scene, type, expected)                                                        \
    do {                                                                                           \
        img_error err_found;                                                                       \
        if (list((scene), (type), &err_found) != 0)                                                \
            fail_msg("%s", err_found.message);                                                     \
        assert_string_equal((scene)->found, (expected));                                           \
    } while (0)

/* Is what was found one of two orders? */
static void assert_both(struct scene *scene, const char *one, const char *other)
{
    img_error err;
    assert_ok(list(scene, NULL, &err));
    if (strcmp(scene->found, one) != 0)
        assert_string_equal(scene->found, other);
}

static void by_the_api(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, "{\"referrers\":true,\"page\":1}");
    push_ok(&scene, "a/one");
    push_ok(&scene, "a/two");
    /* The registry said that it keeps the list: nothing but the manifests was put. */
    assert_count(&scene.peer, "PUT ", "", 2);
    assert_count(&scene.peer, "GET ", "", 0);
    assert_both(&scene, "a/one k=v a/two k=v ", "a/two k=v a/one k=v ");
    assert_count(&scene.peer, "GET /v2/a/b/referrers/sha256:" SUBJECT_HEX, "", 2);
    assert_count(&scene.peer, "GET ", "", 2);
    /* It does not filter, so we do. */
    assert_found(&scene, "a/two", "a/two k=v ");
    assert_count(&scene.peer, "artifactType=a%2Ftwo", "", 1);
    close_scene(&scene);
}

static void filtered_by_the_registry(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, "{\"referrers\":true,\"filters\":true}");
    push_ok(&scene, "a/one");
    push_ok(&scene, "a/two");
    assert_found(&scene, "a/one", "a/one k=v ");
    close_scene(&scene);
    /* Who says so is believed, also where entries do not tell their type. */
    open_scene(&scene,
               "{\"rules\":[{\"path\":\".*/referrers/.*\",\"status\":200,\"headers\":"
               "{\"OCI-Filters-Applied\":\"other, ArtifactType\"},\"body\":\"{\\\"manifests\\\":["
               "{\\\"mediaType\\\":\\\"x/y\\\",\\\"digest\\\":\\\"sha256:" SUBJECT_HEX
               "\\\",\\\"size\\\":1},{\\\"digest\\\":\\\"bad\\\"}]}\"}]}");
    assert_found(&scene, "a/one", " ");
    close_scene(&scene);
}

static void under_the_tag(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, "");
    push_ok(&scene, "a/one");
    assert_found(&scene, NULL, "a/one k=v@ ");
    assert_found(&scene, "a/two", "");
    /* That there is no API is asked for once. */
    assert_count(&scene.peer, "/referrers/", "", 1);
    close_scene(&scene);
    open_scene(&scene, "");
    assert_found(&scene, NULL, "");
    assert_count(&scene.peer, "GET /v2/a/b/manifests/" TAG " 404", "", 1);
    close_scene(&scene);
}

static void refusals_are_no_empty_lists(void **state)
{
    (void)state;
    static const struct {
        int status, code, fallbacks;
    } rows[] = {{401, IMG_EAUTH, 0},     {403, IMG_EAUTH, 0}, {500, IMG_EREFUSED, 0},
                {400, IMG_EREFUSED, 0},  {404, 0, 1},         {405, 0, 1},
                {429, IMG_ERATELIMIT, 0}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char script[256];
        struct scene scene;
        img_error err;
        snprintf(
            script, sizeof(script),
            "{\"rules\":[{\"path\":\".*/referrers/.*\",\"status\":%d,\"body\":\"{}\",\"headers\":"
            "{\"WWW-Authenticate\":\"Basic realm=x\",\"Retry-After\":\"0\"}}]}",
            rows[i].status);
        open_scene(&scene, script);
        int code = list(&scene, NULL, &err);
        if (code != rows[i].code)
            fail_msg("%d: %d %s", rows[i].status, code, err.message);
        assert_count(&scene.peer, "/manifests/" TAG, "", rows[i].fallbacks);
        close_scene(&scene);
    }
}

static void what_is_no_list(void **state)
{
    (void)state;
    struct scene scene;
    img_error err;
    open_scene(&scene,
               "{\"rules\":[{\"path\":\".*/referrers/.*\",\"status\":200,\"body\":\"{}\"}]}");
    assert_int_equal(list(&scene, NULL, &err), IMG_EFORMAT);
    close_scene(&scene);
    open_scene(&scene, "{\"rules\":[{\"method\":\"GET\",\"path\":\".*/" TAG
                       "\",\"status\":200,\"body\":\"{\\\"schemaVersion\\\":2,\\\"config\\\":{},"
                       "\\\"layers\\\":[]}\"}]}");
    assert_int_equal(list(&scene, NULL, &err), IMG_EFORMAT);
    assert_non_null(strstr(err.message, "not an index"));
    /* Nor is it overwritten. */
    auto_(document) struct document document = DOCUMENT_INIT;
    assert_int_equal(push(&scene, "a/one", &document, &err), IMG_EFORMAT);
    assert_non_null(strstr(err.message, "is there, but not the list"));
    assert_count(&scene.peer, "PUT ", TAG, 0);
    close_scene(&scene);
}

static void list_is_kept(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene, "");
    push_ok(&scene, "a/one");
    push_ok(&scene, "a/two");
    assert_count(&scene.peer, "PUT ", TAG, 2);
    /* The first time there was no list to match. */
    assert_count(&scene.peer, "PUT ", "If-Match=[\"sha256:", 1);
    assert_found(&scene, NULL, "a/one k=v@ a/two k=v@ ");
    /* Once more changes nothing. */
    push_ok(&scene, "a/two");
    assert_count(&scene.peer, "PUT ", TAG, 2);
    close_scene(&scene);
}

/* Somebody who had read before us overwrites the list after us. */
static void overwritten_is_merged_again(void **state)
{
    (void)state;
    struct scene scene;
    open_scene(&scene,
               "{\"rules\":[{\"method\":\"GET\",\"path\":\".*/" TAG
               "\",\"skip\":2,\"times\":2,\"status\":200,\"headers\":{\"ETag\":\"\\\"other\\\"\"},"
               "\"body\":\"{\\\"schemaVersion\\\":2,\\\"mediaType\\\":\\\"" MEDIA_OCI_INDEX
               "\\\",\\\"manifests\\\":[{\\\"mediaType\\\":\\\"x/"
               "y\\\",\\\"digest\\\":\\\"sha256:" SUBJECT_HEX
               "\\\",\\\"size\\\":1,\\\"artifactType\\\":\\\"a/other\\\"}]}\"}]}");
    push_ok(&scene, "a/one");
    assert_count(&scene.peer, "PUT ", TAG, 2);
    assert_count(&scene.peer, "PUT ", "If-Match=[\"other\"]", 1);
    assert_found(&scene, NULL, "a/other@ a/one k=v@ ");
    close_scene(&scene);
}

static void precondition_may_fail(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "\"status\":412", "\"status\":409",
        "\"status\":400,\"body\":\"{\\\"errors\\\":[{\\\"code\\\":\\\"DIGEST_INVALID\\\"}]}\""};
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        char script[512];
        struct scene scene;
        snprintf(script, sizeof(script),
                 "{\"rules\":[{\"method\":\"PUT\",\"path\":\".*/" TAG "\",\"times\":2,%s}]}",
                 answers[i]);
        open_scene(&scene, script);
        push_ok(&scene, "a/one");
        assert_count(&scene.peer, "PUT ", TAG, 3);
        assert_found(&scene, NULL, "a/one k=v@ ");
        close_scene(&scene);
    }
}

static void deleted_leaves_the_list(void **state)
{
    (void)state;
    struct scene scene;
    img_error err;
    auto_(document) struct document one = DOCUMENT_INIT;
    open_scene(&scene, "");
    assert_ok(push(&scene, "a/one", &one, &err));
    push_ok(&scene, "a/two");
    repository(&scene)->reference.digest = one.descriptor.digest;
    assert_ok(img__manifest_delete(repository(&scene), &err));
    /* No list that was before is deleted. */
    assert_count(&scene.peer, "DELETE ", "", 1);
    assert_count(&scene.peer, "DELETE ", one.descriptor.digest.text, 1);
    assert_found(&scene, NULL, "a/two k=v@ ");
    close_scene(&scene);
    /* Where there is the API, the registry does that. */
    auto_(document) struct document again = DOCUMENT_INIT;
    open_scene(&scene, "{\"referrers\":true}");
    assert_ok(push(&scene, "a/one", &again, &err));
    repository(&scene)->reference.digest = again.descriptor.digest;
    assert_ok(img__manifest_delete(repository(&scene), &err));
    assert_count(&scene.peer, TAG, "", 0);
    close_scene(&scene);
}

static void cosign_tags(void **state)
{
    (void)state;
    struct scene scene;
    img_error err;
    open_scene(&scene, "{\"rules\":[{\"path\":\".*/" TAG
                       "[.]att\",\"status\":200,\"body\":\"{\\\"schemaVersion\\\":2,\\\"config\\\":"
                       "{\\\"mediaType\\\":\\\"a/c\\\"},\\\"layers\\\":[]}\"}]}");
    const struct referrers_query query = {&subject, NULL, take, &scene};
    assert_ok(img__referrers_list_cosign(repository(&scene), &query, &err));
    assert_string_equal(scene.found, "a/c@.att ");
    assert_count(&scene.peer, "GET ", "", 3);
    /* They are no referrers unless asked for. */
    assert_found(&scene, NULL, "");
    close_scene(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_the_api),
        cmocka_unit_test(filtered_by_the_registry),
        cmocka_unit_test(under_the_tag),
        cmocka_unit_test(refusals_are_no_empty_lists),
        cmocka_unit_test(what_is_no_list),
        cmocka_unit_test(list_is_kept),
        cmocka_unit_test(overwritten_is_merged_again),
        cmocka_unit_test(precondition_may_fail),
        cmocka_unit_test(deleted_leaves_the_list),
        cmocka_unit_test(cosign_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
