/* SPDX-License-Identifier: Apache-2.0
 *
 * A registry and its mirror: what the one does not give, or not all of, comes from the other.
 */
#include "broken.h"

struct pair {
    struct scene scene; /* its peer is the registry */
    struct peer mirror;
};

/* The client's registry has a mirror from now on. */
static void set_mirror(struct pair *pair)
{
    char path[128], text[512];
    img_client_options options = IMG_CLIENT_OPTIONS_INIT;
    struct scene *scene = &pair->scene;
    snprintf(path, sizeof(path), "%s/registries.conf", scene->peer.dir);
    snprintf(text, sizeof(text),
             "[[registry]]\nlocation = \"%s\"\n[[registry.mirror]]\nlocation = \"%s\"\n",
             scene->peer.host, pair->mirror.host);
    peer_write(path, text);
    options.registries_conf = path;
    options.tries = 2;
    options.stall_timeout_ms = 1000;
    img__endpoint_free(scene->endpoint);
    img__registry_free(scene->registry);
    scene->registry = peer_client(&scene->peer, options);
    scene->endpoint = peer_endpoint(scene->registry, &scene->peer, "a:1", REGISTRY_PULL);
    events_init(&scene->events);
}

/* Both have one blob, and a manifest called a:1, before the rules count. */
static void open_pair(struct pair *pair, const char *registry_rules, const char *mirror_rules)
{
    img_error err;
    char script[1024];
    auto_(document) struct document manifest = DOCUMENT_INIT;
    open_scene(&pair->scene, registry_rules, 1);
    struct scene *scene = &pair->scene;
    snprintf(script, sizeof(script), "{\"rules\":[%s]}", mirror_rules);
    peer_fake(&pair->mirror, script);
    memory_manifest(&scene->memory, &manifest);
    struct peer *const peers[] = {&scene->peer, &pair->mirror};
    for (size_t i = 0; i < 2; i++) {
        struct endpoint *endpoint = peer_endpoint(scene->registry, peers[i], "a:1", REGISTRY_PUSH);
        assert_ok(endpoint->ops->send(endpoint, scene->jobs, 1, NULL, &err));
        assert_ok(endpoint->ops->set_name(endpoint, &manifest, &err));
        img__endpoint_free(endpoint);
    }
    set_mirror(pair);
}

static void close_pair(struct pair *pair)
{
    peer_stop(&pair->mirror);
    close_scene(&pair->scene);
}

static void blobs(void **state)
{
    (void)state;
    static const struct {
        const char *mirror;
        int mirror_gets, registry_gets;
        const char *found; /* in what the registry is asked */
    } rows[] = {
        {"{}", 1, 0, ""},
        {"{" BLOB ",\"status\":404}", 1, 1, ""},
        {"{" BLOB ",\"status\":401}", 1, 1, ""},
        {"{" BLOB ",\"corrupt\":true}", 1, 1, ""},
        {"{" BLOB ",\"set\":{\"Content-Length\":\"1\"}}", 1, 1, ""},
        /* What the mirror gave is kept. */
        {"{" BLOB ",\"truncate\":100000,\"times\":1},{" BLOB ",\"status\":404}", 2, 1,
         "Range=[bytes=100000-]"},
        {"{" BLOB ",\"hold\":100000}", 1, 1, "Range=[bytes=100000-]"},
        {"{" BLOB ",\"truncate\":100}", 2, 1, "Range=[bytes=200-]"},
        /* But not if it was wrong. */
        {"{" BLOB ",\"status\":200,\"body\":\"junk\",\"headers\":{\"Content-Length\":\"300000\"},"
         "\"truncate\":4,\"times\":1},{" BLOB ",\"status\":404}",
         2, 2, "Range=[bytes=4-]"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        struct pair pair;
        open_pair(&pair, "", rows[i].mirror);
        int result = pull(&pair.scene, &err);
        if (result)
            fail_msg("%s: %s", rows[i].mirror, err.message);
        memory_assert_arrived(&pair.scene.memory);
        assert_count(&pair.mirror, "GET ", "/blobs/", rows[i].mirror_gets);
        assert_count(&pair.scene.peer, "GET ", "/blobs/", rows[i].registry_gets);
        if (*rows[i].found)
            assert_count(&pair.scene.peer, "GET ", rows[i].found, 1);
        else
            assert_count(&pair.scene.peer, "GET ", "Range=", 0);
        close_pair(&pair);
    }
}

static void manifests(void **state)
{
    (void)state;
    static const struct {
        const char *mirror;
        int registry_gets;
    } rows[] = {
        {"{}", 0},
        {"{\"path\":\".*/manifests/.*\",\"method\":\"GET\",\"status\":404}", 1},
        {"{\"path\":\".*/manifests/.*\",\"method\":\"GET\",\"status\":401}", 1},
        {"{\"path\":\".*/manifests/.*\",\"method\":\"GET\",\"status\":500}", 1},
        {"{\"path\":\".*/manifests/.*\",\"method\":\"GET\",\"corrupt\":true}", 1},
        {"{\"path\":\".*/manifests/.*\",\"method\":\"GET\",\"hold\":3}", 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        struct pair pair;
        auto_(document) struct document got = DOCUMENT_INIT;
        open_pair(&pair, "", rows[i].mirror);
        struct endpoint *endpoint = pair.scene.endpoint;
        int result = endpoint->ops->resolve(endpoint, &got, &err);
        if (result)
            fail_msg("%s: %s", rows[i].mirror, err.message);
        assert_count(&pair.scene.peer, "GET ", "/manifests/1 ", rows[i].registry_gets);
        close_pair(&pair);
    }
}

/* If neither has it, the registry's own word counts. */
static void both_fail(void **state)
{
    (void)state;
    img_error err;
    struct pair pair;
    auto_(document) struct document got = DOCUMENT_INIT;
    open_pair(&pair, "{" BLOB ",\"status\":403},{\"method\":\"GET\",\"status\":403}",
              "{\"method\":\"GET\",\"status\":404}");
    struct endpoint *endpoint = pair.scene.endpoint;
    assert_fails(pull(&pair.scene, &err), IMG_EAUTH, pair.scene.peer.host);
    assert_fails(endpoint->ops->resolve(endpoint, &got, &err), IMG_EAUTH, pair.scene.peer.host);
    close_pair(&pair);
}

#define HEAD "\"method\":\"HEAD\",\"path\":\".*/manifests/.*\""

/* Answers to the question whether a tag stands for the same still; no is always safe. */
static void still_the_same(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        bool same;
        const char *found;
    } rows[] = {
        {"{}", true, " 304 "},
        {"{" HEAD ",\"head_body\":true,\"status\":200,\"body\":\"{}\"}", false, " 200 "},
        {"{" HEAD ",\"status\":200}", false, " 200 "},
        {"{" HEAD ",\"status\":200,\"headers\":{\"Docker-Content-Digest\":\"sha256:"
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}}",
         false, " 200 "},
        {"{" HEAD ",\"status\":405}", false, " 405 "},
        {"{" HEAD ",\"status\":403}", false, " 403 "},
        {"{" HEAD ",\"status\":404}", false, " 404 "},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        struct pair pair;
        bool same = !rows[i].same;
        auto_(document) struct document manifest = DOCUMENT_INIT;
        auto_(document) struct document got = DOCUMENT_INIT;
        open_pair(&pair, "", rows[i].rule);
        struct endpoint *endpoint = pair.scene.endpoint;
        memory_manifest(&pair.scene.memory, &manifest);
        assert_ok(endpoint->ops->is_still(endpoint, &manifest.descriptor, &same, &err));
        assert_int_equal(same, rows[i].same);
        assert_count(&pair.mirror, "HEAD /v2/a/manifests/1", "If-None-Match=[\"sha256:", 1);
        assert_count(&pair.mirror, "HEAD /v2/a/manifests/1", rows[i].found, 1);
        /* And the connection is good for the next question. */
        assert_ok(endpoint->ops->resolve(endpoint, &got, &err));
        assert_true(peer_count(&pair.mirror, "GET /v2/a/manifests/1", " 200 "));
        close_pair(&pair);
    }
}

/* Who does not let us look may still give, and take. */
static void heads_that_say_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        bool has;
    } rows[] = {
        {"\"set\":{\"Content-Length\":null}", true},
        {"\"set\":{\"Content-Length\":\"0\"}", true},
        {"\"set\":{\"Docker-Content-Digest\":null}", true},
        {"\"set\":{\"Content-Length\":null,\"Transfer-Encoding\":\"chunked\"}", true},
        {"\"head_body\":true", true},
        {"\"status\":403", false},
        {"\"status\":404", false},
        {"\"status\":405", false},
        {"\"status\":501", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        struct scene scene;
        char rules[256];
        bool has = !rows[i].has;
        auto_(document) struct document manifest = DOCUMENT_INIT;
        auto_(document) struct document got = DOCUMENT_INIT;
        snprintf(rules, sizeof(rules), "{" HEAD ",%s}", rows[i].rule);
        open_scene(&scene, rules, 1);
        memory_manifest(&scene.memory, &manifest);
        use(&scene, REGISTRY_PUSH, 1);
        struct endpoint *endpoint = scene.endpoint;
        assert_ok(endpoint->ops->set_name(endpoint, &manifest, &err));
        assert_ok(endpoint->ops->has_document(endpoint, &manifest.descriptor, &has, &err));
        if (has != rows[i].has)
            fail_msg("%s", rows[i].rule);
        assert_ok(endpoint->ops->get_document(endpoint, &manifest.descriptor, &got, &err));
        /* One line, whatever a proxy makes of several. */
        assert_true(peer_count(&scene.peer, "GET /v2/a/manifests/",
                               "Accept=[application/vnd.oci.image.index.v1+json, application/"));
        close_scene(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blobs),
        cmocka_unit_test(manifests),
        cmocka_unit_test(both_fail),
        cmocka_unit_test(still_the_same),
        cmocka_unit_test(heads_that_say_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
