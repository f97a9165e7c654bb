/* SPDX-License-Identifier: Apache-2.0
 *
 * Pull and push over the wire, against a fake registry that is scripted per test: which requests
 * are made, and what becomes of answers that break, lie or refuse.
 */
#include "peer.h"

#include <time.h>

static const img_client_options defaults = IMG_CLIENT_OPTIONS_INIT;

/* A client with an endpoint, local blobs, and eyes. */
struct scene {
    struct peer peer;
    struct registry *registry;
    struct endpoint *endpoint;
    struct memory memory;
    struct blob_job jobs[PEER_BLOBS_MAX];
    size_t count;
    struct events events;
};

static void open_scene(struct scene *scene, const char *script, const char *name,
                       enum registry_access access)
{
    peer_fake(&scene->peer, script);
    scene->registry = peer_client(&scene->peer, defaults);
    scene->endpoint = peer_endpoint(scene->registry, &scene->peer, name, access);
    memory_init(&scene->memory);
    events_init(&scene->events);
}

static void add_blobs(struct scene *scene, size_t count, size_t size, const char *mount_from)
{
    for (size_t i = 0; i < count; i++)
        memory_add(&scene->memory, size + i, (unsigned)i);
    scene->count = memory_jobs(&scene->memory, mount_from, scene->jobs);
}

static int push_blobs(struct scene *scene, img_error *err)
{
    return scene->endpoint->ops->send(scene->endpoint, scene->jobs, scene->count,
                                      &scene->events.observer, err);
}

static int pull_blobs(struct scene *scene, img_error *err)
{
    return scene->endpoint->ops->fetch(scene->endpoint, scene->jobs, scene->count,
                                       &scene->events.observer, err);
}

static void close_scene(struct scene *scene)
{
    img__endpoint_free(scene->endpoint);
    img__registry_free(scene->registry);
    memory_clear(&scene->memory);
    peer_stop(&scene->peer);
}

static void use(struct scene *scene, const char *name, enum registry_access access)
{
    img__endpoint_free(scene->endpoint);
    scene->endpoint = peer_endpoint(scene->registry, &scene->peer, name, access);
    events_init(&scene->events);
}

static void there_and_back(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    auto_(document) struct document sent = DOCUMENT_INIT;
    auto_(document) struct document got = DOCUMENT_INIT;
    auto_(document) struct document again = DOCUMENT_INIT;
    bool has = true;
    open_scene(&scene, "", "a/b:1", REGISTRY_PUSH);
    add_blobs(&scene, 6, 100000, NULL);
    memory_add(&scene.memory, 0, 99); /* an empty blob is a blob too */
    scene.count = memory_jobs(&scene.memory, NULL, scene.jobs);
    memory_manifest(&scene.memory, &sent);
    assert_ok(scene.endpoint->ops->has_document(scene.endpoint, &sent.descriptor, &has, &err));
    assert_false(has);
    assert_ok(push_blobs(&scene, &err));
    events_assert_ended(&scene.events);
    assert_int_equal(scene.events.kinds[IMG_EVENT_DONE], 7);
    assert_ok(scene.endpoint->ops->set_name(scene.endpoint, &sent, &err));
    assert_ok(scene.endpoint->ops->has_document(scene.endpoint, &sent.descriptor, &has, &err));
    assert_true(has);
    assert_count(&scene.peer, "POST /v2/a/b/blobs/uploads/", " 202 Content-Length=[0]", 7);
    assert_count(&scene.peer, "PUT /v2/a/b/blobs/uploads/session-",
                 "&_state=x%2By&digest=sha256%3A", 7);
    assert_count(&scene.peer, "PUT /v2/a/b/manifests/1 201",
                 "Content-Type=[application/vnd.oci.image.manifest.v1+json]", 1);
    assert_count(&scene.peer, "PUT /v2/a/b/manifests/", "", 1);
    assert_count(&scene.peer, " 401", "", 0);

    use(&scene, "a/b:1", REGISTRY_PUSH);
    assert_ok(push_blobs(&scene, &err));
    assert_int_equal(scene.events.kinds[IMG_EVENT_EXISTS], 7);
    assert_count(&scene.peer, "POST ", "", 7);

    use(&scene, "a/b:1", REGISTRY_PULL);
    assert_ok(scene.endpoint->ops->resolve(scene.endpoint, &got, &err));
    assert_string_equal(got.descriptor.digest.text, sent.descriptor.digest.text);
    assert_string_equal(got.bytes, sent.bytes);
    assert_ok(scene.endpoint->ops->get_document(scene.endpoint, &got.descriptor, &again, &err));
    assert_string_equal(again.descriptor.media_type, sent.descriptor.media_type);
    scene.memory.blobs[2].there = true;
    assert_ok(pull_blobs(&scene, &err));
    assert_int_equal(scene.events.kinds[IMG_EVENT_DONE], 6);
    assert_int_equal(scene.events.kinds[IMG_EVENT_CACHED], 1);
    events_assert_ended(&scene.events);
    assert_count(&scene.peer, "GET /v2/a/b/blobs/", "", 6);
    scene.memory.blobs[2].there = false;
    assert_ok(pull_blobs(&scene, &err));
    memory_assert_arrived(&scene.memory);
    close_scene(&scene);
}

static void by_digest(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    char name[256];
    auto_(document) struct document sent = DOCUMENT_INIT;
    auto_(document) struct document got = DOCUMENT_INIT;
    open_scene(&scene, "", "a:1", REGISTRY_PUSH);
    add_blobs(&scene, 2, 10, NULL);
    memory_manifest(&scene.memory, &sent);
    assert_ok(scene.endpoint->ops->put_document(scene.endpoint, &sent, &err));
    assert_count(&scene.peer, "PUT /v2/a/manifests/sha256:", " 201", 1);
    snprintf(name, sizeof(name), "a@%s", sent.descriptor.digest.text);
    use(&scene, name, REGISTRY_PUSH);
    assert_ok(scene.endpoint->ops->set_name(scene.endpoint, &sent, &err));
    assert_count(&scene.peer, "PUT /v2/a/manifests/sha256:", " 201", 2);
    assert_ok(scene.endpoint->ops->resolve(scene.endpoint, &got, &err));
    assert_string_equal(got.descriptor.digest.text, sent.descriptor.digest.text);
    name[strlen(name) - 1] ^= 1;
    use(&scene, name, REGISTRY_PUSH);
    assert_fails(scene.endpoint->ops->set_name(scene.endpoint, &sent, &err), IMG_EINVAL,
                 "can't be given the name");
    close_scene(&scene);
}

/* Answers to GET of a manifest that was pushed as a:1, and what they are taken for. */
static void hostile_manifests(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *name, *text;
        int code;
    } rows[] = {
        {"\"corrupt\":true", "a:1", "digest", IMG_EDIGEST},
        {"\"set\":{\"Docker-Content-Digest\":null}", "a:1", NULL, 0},
        {"\"set\":{\"Docker-Content-Digest\":\"junk\"}", "a:1", NULL, 0},
        {"\"set\":{\"Docker-Content-Digest\":\"sha512:"
         "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715"
         "dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e\"}",
         "a:1", "sha512:cf83", IMG_EDIGEST},
        {"\"set\":{\"Content-Type\":\"text/plain\"}", "a:1", NULL, 0},
        {"\"set\":{\"Content-Type\":null}", "a:1", NULL, 0},
        {"\"set\":{\"Content-Type\":\"application/vnd.oci.image.index.v1+json\"}", "a:1",
         "mediaType", IMG_EFORMAT},
        {"\"status\":200,\"body\":\"<html>Welcome</html>\"", "a:1", "HTML", IMG_EFORMAT},
        {"\"status\":200,\"body\":\"{}\"", "a:1", "neither", IMG_EFORMAT},
        {"\"status\":200,\"body\":\"\"", "a:1", "/v2/a/manifests/1", IMG_EFORMAT},
        {"\"status\":404,\"body\":\"<html>lost</html>\"", "a:1", "HTML page", IMG_ENOTFOUND},
        {"\"status\":404,\"body\":\"{\\\"errors\\\":[{\\\"code\\\":\\\"NAME_UNKNOWN\\\"}]}\"",
         "a:1", "404 NAME_UNKNOWN", IMG_ENOTFOUND},
        {"\"status\":403,\"body\":\"{\\\"errors\\\":[{\\\"code\\\":\\\"DENIED\\\",\\\"message\\\":"
         "\\\"requested access is denied\\\"}]}\"",
         "a:1", "403 DENIED: requested access is denied (127.0.0.1:", IMG_EAUTH},
        {"\"status\":429,\"headers\":{\"Retry-After\":\"0\"}", "a:1", "try again in 0 s",
         IMG_ERATELIMIT},
        {"\"status\":418", "a:1", "418", IMG_EREFUSED},
        {"\"status\":500,\"body\":\"boom\\u001b[1m\"", "a:1", "500: boom\\x1b[1m", IMG_EREFUSED},
        {"\"status\":401", "a:1", "none at all", IMG_EAUTH},
        {"\"status\":401,\"headers\":{\"WWW-Authenticate\":\"Negotiate\"}", "a:1", "(Negotiate)",
         IMG_EAUTH},
        {"\"truncate\":10", "a:1", "", IMG_ENETWORK},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        struct scene scene;
        char script[2048];
        auto_(document) struct document sent = DOCUMENT_INIT;
        auto_(document) struct document got = DOCUMENT_INIT;
        snprintf(script, sizeof(script),
                 "{\"rules\":[{\"method\":\"GET\",\"path\":\".*/manifests/.*\",%s}]}",
                 rows[i].rule);
        open_scene(&scene, script, "a:1", REGISTRY_PUSH);
        add_blobs(&scene, 2, 10, NULL);
        memory_manifest(&scene.memory, &sent);
        assert_ok(scene.endpoint->ops->set_name(scene.endpoint, &sent, &err));
        use(&scene, rows[i].name, REGISTRY_PULL);
        int result = scene.endpoint->ops->resolve(scene.endpoint, &got, &err);
        if (result != rows[i].code || (result && !strstr(err.message, rows[i].text)))
            fail_msg("%s: %d, %s", rows[i].rule, result, result ? err.message : "");
        close_scene(&scene);
    }
}

static void manifest_limits(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    auto_(document) struct document got = DOCUMENT_INIT;
    open_scene(&scene,
               "{\"rules\":[{\"path\":\".*/manifests/1\",\"status\":200,\"body\":\"{}\","
               "\"headers\":{\"Content-Length\":\"4194305\"}}]}",
               "a:1", REGISTRY_PULL);
    img_descriptor large = {.size_bytes = ((uint64_t)4 << 20) + 1};
    snprintf(large.digest.text, sizeof(large.digest.text), "sha256:%064d", 0);
    assert_fails(scene.endpoint->ops->get_document(scene.endpoint, &large, &got, &err), IMG_ELIMIT,
                 "limit");
    assert_count(&scene.peer, "GET ", "", 0);
    assert_int_not_equal(scene.endpoint->ops->resolve(scene.endpoint, &got, &err), 0);
    close_scene(&scene);
}

/* Answers to GET of one of three blobs, each of which must not arrive. */
static void hostile_blobs(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *text;
        int code;
    } rows[] = {
        {"\"corrupt\":true", "layer: ", IMG_EDIGEST},
        {"\"status\":200,\"body\":\"short\"", "layer: ", IMG_EDIGEST},
        {"\"status\":404", "layer: GET http://127.0.0.1", IMG_ENOTFOUND},
        {"\"status\":200,\"body\":\"\"", "layer: ", IMG_EDIGEST},
        {"\"truncate\":70000,\"ranges\":false", "layer: ", IMG_ENETWORK},
        {"\"set\":{\"Content-Length\":\"10\"}", "layer: ", IMG_EDIGEST},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        struct scene scene;
        char script[1024];
        snprintf(script, sizeof(script),
                 "{\"rules\":[{\"method\":\"GET\",\"path\":\".*/blobs/.*[0-7]\",%s}]}",
                 rows[i].rule);
        open_scene(&scene, script, "a:1", REGISTRY_PUSH);
        add_blobs(&scene, 8, 100000, NULL);
        assert_ok(push_blobs(&scene, &err));
        use(&scene, "a:1", REGISTRY_PULL);
        int result = pull_blobs(&scene, &err);
        if (result != rows[i].code || !strstr(err.message, rows[i].text))
            fail_msg("%s: %d, %s", rows[i].rule, result, err.message);
        close_scene(&scene);
    }
}

static void broken_download(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene,
               "{\"rules\":[{\"method\":\"GET\",\"path\":\".*/blobs/.*\",\"truncate\":70000,"
               "\"times\":1}]}",
               "a:1", REGISTRY_PUSH);
    add_blobs(&scene, 2, 100000, NULL);
    assert_ok(push_blobs(&scene, &err));
    use(&scene, "a:1", REGISTRY_PULL);
    assert_ok(pull_blobs(&scene, &err));
    memory_assert_arrived(&scene.memory);
    assert_count(&scene.peer, "GET /v2/a/blobs/", "", 3);
    assert_int_equal(scene.events.kinds[IMG_EVENT_DONE], 2);
    close_scene(&scene);
}

static void empty_object(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "", "a:1", REGISTRY_PULL);
    memory_add(&scene.memory, 2, 1);
    memcpy(scene.memory.blobs[0].bytes, "{}", 3);
    assert_ok(img__digest_of("{}", 2, &scene.memory.blobs[0].descriptor.digest, &err));
    scene.count = memory_jobs(&scene.memory, NULL, scene.jobs);
    assert_ok(pull_blobs(&scene, &err));
    memory_assert_arrived(&scene.memory);
    assert_count(&scene.peer, "", "", 0);
    close_scene(&scene);
}

static void mounts(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "", "base:1", REGISTRY_PUSH);
    add_blobs(&scene, 3, 1000, NULL);
    assert_ok(push_blobs(&scene, &err));
    use(&scene, "app:1", REGISTRY_PUSH);
    memory_add(&scene.memory, 77, 77);
    scene.count = memory_jobs(&scene.memory, "base", scene.jobs);
    assert_ok(push_blobs(&scene, &err));
    assert_int_equal(scene.events.kinds[IMG_EVENT_MOUNTED], 3);
    assert_int_equal(scene.events.kinds[IMG_EVENT_DONE], 1);
    assert_string_equal(scene.events.from, "base");
    /* The session of the mount that was none is the one that is used. */
    assert_count(&scene.peer, "POST /v2/app/blobs/uploads/?mount=sha256%3A", "&from=base", 4);
    assert_count(&scene.peer, "POST /v2/app/", "", 4);
    assert_count(&scene.peer, "PUT /v2/app/", " 201", 1);
    close_scene(&scene);
}

static void refused_mounts(void **state)
{
    (void)state;
    static const int statuses[] = {400, 401, 403, 404, 405};
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        img_error err;
        struct scene scene;
        char script[256];
        snprintf(script, sizeof(script),
                 "{\"rules\":[{\"method\":\"POST\",\"query\":\"mount\",\"status\":%d}]}",
                 statuses[i]);
        open_scene(&scene, script, "app:1", REGISTRY_PUSH);
        img__registry_free(scene.registry);
        img_client_options options = defaults;
        const char *const plain[] = {scene.peer.host, NULL};
        options.jobs = 1;
        options.plain_http = plain; /* or a first answer of 400 looks like a TLS server's */
        scene.registry = peer_client(&scene.peer, options);
        use(&scene, "app:1", REGISTRY_PUSH);
        add_blobs(&scene, 3, 1000, "base");
        assert_ok(push_blobs(&scene, &err));
        assert_int_equal(scene.events.kinds[IMG_EVENT_DONE], 3);
        assert_count(&scene.peer, "POST ", "from=base", 1);
        assert_count(&scene.peer, "POST ", "mount=", 2); /* and one from the repository itself */
        close_scene(&scene);
    }
}

/* Answers to the steps of an upload. */
static void hostile_uploads(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *text;
        int code;
    } rows[] = {
        {"\"method\":\"POST\",\"status\":202", "Location", IMG_EREFUSED},
        {"\"method\":\"POST\",\"status\":201", "201", IMG_EREFUSED},
        {"\"method\":\"POST\",\"status\":202,\"headers\":{\"Location\":\"ftp://x/\"}", "Location",
         IMG_EFORMAT},
        {"\"method\":\"POST\",\"status\":403,\"body\":\"{\\\"errors\\\":[{\\\"code\\\":"
         "\\\"DENIED\\\"}]}\"",
         "403 DENIED", IMG_EAUTH},
        {"\"method\":\"PUT\",\"status\":400", "layer: PUT http", IMG_EREFUSED},
        {"\"method\":\"PUT\",\"status\":201,\"headers\":{\"Docker-Content-Digest\":\"sha256:"
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}",
         "e3b0c442", IMG_EDIGEST},
        {"\"method\":\"PUT\",\"status\":202", "HEAD http", IMG_ENOTFOUND},
        {"\"method\":\"PUT\",\"stop\":10", "PUT", IMG_ENETWORK},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        struct scene scene;
        char script[1024];
        snprintf(script, sizeof(script), "{\"rules\":[{%s}]}", rows[i].rule);
        open_scene(&scene, script, "a:1", REGISTRY_PUSH);
        add_blobs(&scene, 3, 1000, NULL);
        int result = push_blobs(&scene, &err);
        if (result != rows[i].code || !strstr(err.message, rows[i].text))
            fail_msg("%s: %d, %s", rows[i].rule, result, err.message);
        close_scene(&scene);
    }
}

static void new_sessions(void **state)
{
    (void)state;
    static const char *const rules[] = {
        "\"stop\":50000,\"times\":1", "\"status\":404,\"times\":1", "\"status\":416,\"times\":1",
        "\"status\":503,\"times\":1",
        ("\"status\":400,\"times\":1,\"body\":"
         "\"{\\\"errors\\\":[{\\\"code\\\":\\\"DIGEST_INVALID\\\"}]}\"")};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        img_error err;
        struct scene scene;
        char script[256];
        snprintf(script, sizeof(script), "{\"rules\":[{\"method\":\"PUT\",%s}]}", rules[i]);
        open_scene(&scene, script, "a:1", REGISTRY_PUSH);
        add_blobs(&scene, 1, 300000, NULL);
        assert_ok(push_blobs(&scene, &err));
        assert_count(&scene.peer, "POST ", " 202", 2);
        assert_count(&scene.peer, "PUT ", " 201", 1);
        close_scene(&scene);
    }
}

static void failed_sessions_are_deleted(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "{\"rules\":[{\"method\":\"PUT\",\"status\":400}]}", "a:1", REGISTRY_PUSH);
    add_blobs(&scene, 1, 1000, NULL);
    assert_int_equal(push_blobs(&scene, &err), IMG_EREFUSED);
    assert_count(&scene.peer, "DELETE /v2/a/blobs/uploads/session-1", " 204", 1);
    close_scene(&scene);
}

static void lying_put(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    auto_(document) struct document sent = DOCUMENT_INIT;
    open_scene(&scene,
               "{\"rules\":[{\"method\":\"PUT\",\"path\":\".*/manifests/1\",\"status\":201,"
               "\"headers\":{\"Docker-Content-Digest\":\"sha256:"
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}},"
               "{\"method\":\"PUT\",\"path\":\".*/manifests/2\",\"status\":202}]}",
               "a:1", REGISTRY_PUSH);
    add_blobs(&scene, 2, 10, NULL);
    memory_manifest(&scene.memory, &sent);
    assert_fails(scene.endpoint->ops->set_name(scene.endpoint, &sent, &err), IMG_EDIGEST,
                 "e3b0c442");
    use(&scene, "a:2", REGISTRY_PUSH);
    assert_fails(scene.endpoint->ops->set_name(scene.endpoint, &sent, &err), IMG_EREFUSED, "202");
    close_scene(&scene);
}

/* docker-registry reads what another client is just writing anew, and finds the digest wrong. */
static void muddled_put(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    auto_(document) struct document sent = DOCUMENT_INIT;
    open_scene(
        &scene,
        "{\"rules\":[{\"method\":\"PUT\",\"path\":\".*/manifests/1\",\"status\":400,\"times\":2,"
        "\"body\":\"{\\\"errors\\\":[{\\\"code\\\":\\\"DIGEST_INVALID\\\"}]}\"},"
        "{\"method\":\"PUT\",\"path\":\".*/manifests/2\",\"status\":400,"
        "\"body\":\"{\\\"errors\\\":[{\\\"code\\\":\\\"DIGEST_INVALID\\\"}]}\"}]}",
        "a:1", REGISTRY_PUSH);
    add_blobs(&scene, 2, 10, NULL);
    memory_manifest(&scene.memory, &sent);
    assert_ok(push_blobs(&scene, &err));
    assert_ok(scene.endpoint->ops->set_name(scene.endpoint, &sent, &err));
    assert_count(&scene.peer, "PUT /v2/a/manifests/1", " 400", 2);
    assert_count(&scene.peer, "PUT /v2/a/manifests/1", " 201", 1);
    use(&scene, "a:2", REGISTRY_PUSH);
    assert_fails(scene.endpoint->ops->set_name(scene.endpoint, &sent, &err), IMG_EREFUSED,
                 "DIGEST_INVALID");
    assert_count(&scene.peer, "PUT /v2/a/manifests/2", " 400", 4);
    close_scene(&scene);
}

static void cancels(void **state)
{
    (void)state;
    static const int kinds[] = {IMG_EVENT_STARTED, IMG_EVENT_PROGRESS, IMG_EVENT_DONE};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        img_error err;
        struct scene scene;
        open_scene(&scene, "", "a:1", REGISTRY_PUSH);
        add_blobs(&scene, 8, 500000, NULL);
        scene.events.cancel_at = kinds[i];
        assert_int_equal(push_blobs(&scene, &err), IMG_ECANCELED);
        events_init(&scene.events);
        assert_ok(push_blobs(&scene, &err));
        events_init(&scene.events);
        scene.events.cancel_at = kinds[i];
        assert_int_equal(pull_blobs(&scene, &err), IMG_ECANCELED);
        close_scene(&scene);
    }
}

/* The second look at an item that has not moved cancels. */
static int take_idle(const img_event *event, void *arg)
{
    int *left = arg;
    return event->kind == IMG_EVENT_PROGRESS && --*left == 0;
}

/* Whoever is asked, and does not answer: the callback is heard long before the stall is noticed. */
static void cancels_while_nothing_moves(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        enum registry_access access;
    } rows[] = {
        {"\"method\":\"GET\",\"path\":\"/v2/.*\",\"delay\":4", REGISTRY_PULL},
        {"\"method\":\"HEAD\",\"delay\":4", REGISTRY_PUSH},
        {"\"method\":\"POST\",\"delay\":4", REGISTRY_PUSH},
        {"\"method\":\"PUT\",\"delay\":4", REGISTRY_PUSH},
        {"\"path\":\"/token\",\"delay\":4", REGISTRY_PUSH},
        {"\"path\":\"/token\",\"delay\":4", REGISTRY_PULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        struct scene scene;
        char script[256];
        int left = 3;
        struct timespec begun, ended;
        snprintf(script, sizeof(script),
                 "{\"rules\":[{%s}],\"auth\":{\"scheme\":\"bearer\","
                 "\"grant\":{\"\":{\"*\":[\"pull\",\"push\"]}}}}",
                 rows[i].rule);
        open_scene(&scene, script, "a:1", rows[i].access);
        add_blobs(&scene, 1, 2000000, NULL);
        scene.events.observer = (struct observer){.on_event = take_idle, .on_event_arg = &left};
        clock_gettime(CLOCK_MONOTONIC, &begun);
        int result =
            rows[i].access == REGISTRY_PUSH ? push_blobs(&scene, &err) : pull_blobs(&scene, &err);
        clock_gettime(CLOCK_MONOTONIC, &ended);
        if (result != IMG_ECANCELED)
            fail_msg("%s: %d, %s", rows[i].rule, result, result ? err.message : "");
        assert_true(ended.tv_sec - begun.tv_sec < 3);
        close_scene(&scene);
    }
}

static void nobody_listens(void **state)
{
    (void)state;
    img_error err;
    struct peer peer;
    auto_(document) struct document got = DOCUMENT_INIT;
    peer_prepare(&peer);
    strcpy(peer.host, "127.0.0.1:1");
    strcpy(peer.ca_file, "-");
    img_client_options options = defaults;
    options.tries = 1;
    struct registry *registry = peer_client(&peer, options);
    struct endpoint *endpoint = peer_endpoint(registry, &peer, "a:1", REGISTRY_PULL);
    assert_fails(endpoint->ops->resolve(endpoint, &got, &err), IMG_ENETWORK, "127.0.0.1:1");
    img__endpoint_free(endpoint);
    img__registry_free(registry);
    peer_stop(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),    cmocka_unit_test(by_digest),
        cmocka_unit_test(hostile_manifests), cmocka_unit_test(manifest_limits),
        cmocka_unit_test(hostile_blobs),     cmocka_unit_test(broken_download),
        cmocka_unit_test(empty_object),      cmocka_unit_test(mounts),
        cmocka_unit_test(refused_mounts),    cmocka_unit_test(hostile_uploads),
        cmocka_unit_test(new_sessions),      cmocka_unit_test(failed_sessions_are_deleted),
        cmocka_unit_test(lying_put),         cmocka_unit_test(muddled_put),
        cmocka_unit_test(cancels),           cmocka_unit_test(cancels_while_nothing_moves),
        cmocka_unit_test(nobody_listens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
