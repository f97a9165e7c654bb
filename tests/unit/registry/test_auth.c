/* SPDX-License-Identifier: Apache-2.0
 *
 * Authentication over the wire, against a fake registry with a token service: who is sent what,
 * how often, and what a refusal says.
 */
#include "peer.h"

#include <sys/stat.h>

static img_client_options options = IMG_CLIENT_OPTIONS_INIT;

struct scene {
    struct peer peer;
    struct registry *registry;
    struct endpoint *endpoint;
    struct memory memory;
    struct blob_job jobs[PEER_BLOBS_MAX];
    size_t count;
    struct events events;
    char log[4096];
};

static void take_log(int level, const char *line, void *arg)
{
    struct scene *scene = arg;
    size_t used = strlen(scene->log);
    if (level == IMG_LOG_WARNING)
        snprintf(scene->log + used, sizeof(scene->log) - used, "%s\n", line);
    assert_null(strstr(line, "s3cret"));
    assert_null(strstr(line, "token-"));
}

/* auth: entry of the auth file for the peer, NULL for no file. */
static void open_scene(struct scene *scene, const char *script, const char *auth, const char *name,
                       enum registry_access access)
{
    peer_fake(&scene->peer, script);
    if (auth) {
        char text[512];
        snprintf(text, sizeof(text), "{\"auths\":{\"%s\":%s}}", scene->peer.host, auth);
        peer_write(scene->peer.auth_file, text);
    }
    scene->log[0] = '\0';
    options.on_log = take_log;
    options.on_log_arg = scene;
    scene->registry = peer_client(&scene->peer, options);
    scene->endpoint = peer_endpoint(scene->registry, &scene->peer, name, access);
    memory_init(&scene->memory);
    events_init(&scene->events);
    for (unsigned i = 0; i < 6; i++)
        memory_add(&scene->memory, 1000 + i, i);
    scene->count = memory_jobs(&scene->memory, NULL, scene->jobs);
}

static void use(struct scene *scene, const char *name, enum registry_access access)
{
    img__endpoint_free(scene->endpoint);
    scene->endpoint = peer_endpoint(scene->registry, &scene->peer, name, access);
    events_init(&scene->events);
}

static int push(struct scene *scene, img_error *err)
{
    return scene->endpoint->ops->send(scene->endpoint, scene->jobs, scene->count,
                                      &scene->events.observer, err);
}

static int pull(struct scene *scene, img_error *err)
{
    return scene->endpoint->ops->fetch(scene->endpoint, scene->jobs, scene->count,
                                       &scene->events.observer, err);
}

static int resolve(struct scene *scene, img_error *err)
{
    auto_(document) struct document got = DOCUMENT_INIT;
    return scene->endpoint->ops->resolve(scene->endpoint, &got, err);
}

static void close_scene(struct scene *scene)
{
    img__endpoint_free(scene->endpoint);
    img__registry_free(scene->registry);
    memory_clear(&scene->memory);
    peer_stop(&scene->peer);
}

#define USERS "\"users\":{\"u\":\"s3cret\"}"
#define BEARER "\"scheme\":\"bearer\"," USERS
#define BASIC "\"scheme\":\"basic\"," USERS
#define GOOD "{\"auth\":\"dTpzM2NyZXQ=\"}"  /* u:s3cret */
#define WRONG "{\"auth\":\"dTp3cm9uZw==\"}" /* u:wrong */

/* Many 401s at once make one request for a token, and later calls bring it at once. */
static void single_flight(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "{\"auth\":{" BEARER "}}", GOOD, "a:1", REGISTRY_PUSH);
    assert_ok(push(&scene, &err));
    assert_count(&scene.peer,
                 "GET /token?service=fake&scope=repository%3Aa%3Apull%2Cpush"
                 "&account=u&client_id=libimg 200",
                 "Authorization=[Basic dTpzM2NyZXQ=]", 1);
    assert_count(&scene.peer, "GET /token", "", 1);
    assert_true(peer_count(&scene.peer, " 401", "") <= 4);
    use(&scene, "a:1", REGISTRY_PUSH);
    assert_ok(push(&scene, &err));
    assert_count(&scene.peer, "GET /token", "", 1);
    use(&scene, "a:1", REGISTRY_PULL);
    assert_ok(pull(&scene, &err));
    /* A pull never asks for push. */
    assert_count(&scene.peer, "GET /token?service=fake&scope=repository%3Aa%3Apull&", "", 1);
    assert_count(&scene.peer, "GET /v2/", " 401", 0);
    close_scene(&scene);
}

static void anonymous_token(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "{\"auth\":{" BEARER ",\"grant\":{\"\":{\"a\":[\"pull\"]}}}}", NULL, "a:1",
               REGISTRY_PULL);
    assert_fails(resolve(&scene, &err), IMG_ENOTFOUND, "404 MANIFEST_UNKNOWN");
    assert_count(&scene.peer, "GET /token", "Authorization", 0);
    assert_count(&scene.peer, "GET /token", "account", 0);
    use(&scene, "private:1", REGISTRY_PULL);
    assert_fails(resolve(&scene, &err), IMG_EAUTH, "no credential for 127.0.0.1");
    assert_non_null(strstr(err.message, "auth.json"));
    assert_int_equal(err.http_status, 401);
    assert_string_equal(err.registry_code, "UNAUTHORIZED");
    close_scene(&scene);
}

static void basic(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "{\"auth\":{" BASIC "}}", GOOD, "a:1", REGISTRY_PUSH);
    assert_ok(push(&scene, &err));
    assert_true(peer_count(&scene.peer, " 401", "") <= 4);
    assert_ok(pull(&scene, &err));
    assert_count(&scene.peer, "GET ", " 401", 0);
    close_scene(&scene);
}

/* Who was refused, and by whom, is told, the secret is not. Nothing is written as nobody. */
static void wrong_password(void **state)
{
    (void)state;
    static const struct {
        const char *script, *refused_by;
        enum registry_access access;
    } rows[] = {
        {"{\"auth\":{" BASIC "}}", "/v2/", REGISTRY_PULL},
        {"{\"auth\":{" BASIC "}}", "/v2/", REGISTRY_PUSH},
        {"{\"auth\":{" BEARER ",\"grant\":{\"\":{\"*\":[\"pull\",\"push\"]}}}}", "/token",
         REGISTRY_PUSH},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        struct scene scene;
        open_scene(&scene, rows[i].script, WRONG, "a:1", rows[i].access);
        assert_fails(resolve(&scene, &err), IMG_EAUTH, "user \"u\" of auths[\"");
        assert_non_null(strstr(err.message, scene.peer.auth_file));
        assert_non_null(strstr(err.message, scene.peer.host));
        assert_non_null(strstr(err.message, rows[i].refused_by));
        assert_null(strstr(err.message, "wrong"));
        assert_null(strstr(err.message, "dTp3"));
        assert_int_equal(err.http_status, 401);
        assert_int_equal(peer_count(&scene.peer, "", ""), 2);
        assert_string_equal(scene.log, "");
        close_scene(&scene);
    }
}

/* What anybody may read is read, with a warning; else both refusals are told, in one line. */
static void wrong_password_reads(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "{\"auth\":{" BEARER ",\"grant\":{\"\":{\"a\":[\"pull\"]}}}}", GOOD, "a:1",
               REGISTRY_PUSH);
    assert_ok(push(&scene, &err));
    char text[256];
    snprintf(text, sizeof(text), "{\"auths\":{\"%s\":" WRONG "}}", scene.peer.host);
    peer_write(scene.peer.auth_file, text);
    use(&scene, "a:1", REGISTRY_PULL);
    assert_fails(resolve(&scene, &err), IMG_ENOTFOUND, "404 MANIFEST_UNKNOWN");
    assert_non_null(strstr(err.message, "without a credential, since GET http"));
    assert_non_null(strstr(err.message, "user \"u\" of auths["));
    assert_string_equal(scene.log, "");
    assert_ok(pull(&scene, &err));
    memory_assert_arrived(&scene.memory);
    const char *warning = strstr(scene.log, "going on without a credential");
    assert_non_null(warning);
    assert_null(strstr(warning + 1, "going on"));
    assert_non_null(strstr(scene.log, "user \"u\" of auths["));

    use(&scene, "private:1", REGISTRY_PULL);
    assert_fails(resolve(&scene, &err), IMG_EAUTH, "401 UNAUTHORIZED");
    assert_non_null(strstr(err.message, "/v2/private/manifests/1"));
    assert_non_null(strstr(err.message, "/token: 401"));
    assert_non_null(strstr(err.message, "user \"u\" of auths["));
    assert_null(strchr(err.message, '\n'));
    close_scene(&scene);
}

/* Tokens that the registry stops to like in the middle are replaced, also in front of a PUT. */
static void dying_tokens(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    options.jobs = 1; /* else the others use a new one up */
    open_scene(&scene, "{\"auth\":{" BEARER ",\"uses\":3}}", GOOD, "a:1", REGISTRY_PUSH);
    options.jobs = 0;
    assert_ok(push(&scene, &err));
    assert_ok(pull(&scene, &err));
    memory_assert_arrived(&scene.memory);
    assert_true(peer_count(&scene.peer, "GET /token", " 200") >= 6);
    close_scene(&scene);
}

static void useless_tokens(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "{\"auth\":{" BEARER ",\"uses\":0}}", GOOD, "a:1", REGISTRY_PULL);
    assert_fails(resolve(&scene, &err), IMG_EAUTH, "401 UNAUTHORIZED");
    assert_true(peer_count(&scene.peer, "GET /v2/", "") <= 3);
    close_scene(&scene);
}

/* A registry that challenges for more than was asked gets it asked, once. */
static void larger_scope(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(
        &scene,
        "{\"auth\":{" BEARER "},\"rules\":[{\"path\":\"/v2/a/manifests/1\",\"times\":2,"
        "\"status\":401,\"headers\":{\"WWW-Authenticate\":\"Bearer realm=\\\"{base}/token\\\""
        ",scope=\\\"repository:up/a:pull\\\",error=\\\"insufficient_scope\\\"\"}}]}",
        GOOD, "a:1", REGISTRY_PULL);
    assert_fails(resolve(&scene, &err), IMG_ENOTFOUND, "MANIFEST_UNKNOWN");
    assert_count(&scene.peer,
                 "GET /token?scope=repository%3Aup%2Fa%3Apull&scope=repository%3Aa%3Apull&", "", 1);
    assert_count(&scene.peer, "GET /v2/a/manifests/1", "", 3);
    close_scene(&scene);
}

static void mount_scopes(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene,
               "{\"auth\":{" BEARER ",\"grant\":{\"u\":{\"base\":[\"pull\",\"push\"],"
               "\"app\":[\"pull\",\"push\"]}}}}",
               GOOD, "base:1", REGISTRY_PUSH);
    assert_ok(push(&scene, &err));
    use(&scene, "app:1", REGISTRY_PUSH);
    scene.count = memory_jobs(&scene.memory, "base", scene.jobs);
    assert_ok(push(&scene, &err));
    assert_int_equal(scene.events.kinds[IMG_EVENT_MOUNTED], 6);
    assert_count(&scene.peer,
                 "GET /token?service=fake&scope=repository%3Aapp%3Apull%2Cpush"
                 "&scope=repository%3Abase%3Apull&",
                 "", 1);
    close_scene(&scene);
}

/* A source that may not be read is no reason not to push. */
static void mount_denied(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "{\"auth\":{" BEARER ",\"grant\":{\"u\":{\"app\":[\"pull\",\"push\"]}}}}",
               GOOD, "app:1", REGISTRY_PUSH);
    scene.count = memory_jobs(&scene.memory, "secret", scene.jobs);
    assert_ok(push(&scene, &err));
    assert_int_equal(scene.events.kinds[IMG_EVENT_DONE], 6);
    close_scene(&scene);
}

/* A refresh token goes by POST, or, if there is no such thing, the password by GET. */
static void refresh_tokens(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "{\"auth\":{" BEARER ",\"refresh\":{\"r3fresh\":\"u\"}}}",
        "{\"auth\":{" BEARER ",\"post\":false}}",
        "{\"auth\":{" BEARER ",\"refresh\":{}}}",
    };
    static const int codes[] = {IMG_ENOTFOUND, IMG_ENOTFOUND, IMG_EAUTH};
    static const char *const texts[] = {"MANIFEST_UNKNOWN", "MANIFEST_UNKNOWN", "invalid_grant"};
    for (size_t i = 0; i < 3; i++) {
        img_error err;
        struct scene scene;
        open_scene(&scene, scripts[i], "{\"auth\":\"dTpzM2NyZXQ=\",\"identitytoken\":\"r3fresh\"}",
                   "a:1", REGISTRY_PULL);
        assert_fails(resolve(&scene, &err), codes[i], texts[i]);
        assert_null(strstr(err.message, "r3fresh"));
        assert_count(&scene.peer, "POST /token ",
                     "Content-Type=[application/x-www-form-urlencoded]", 1);
        /* The password, or, since this only reads, nobody. */
        assert_count(&scene.peer, "GET /token",
                     i == 2 ? "client_id=libimg 200 Accept" : "account=u", i == 0 ? 0 : 1);
        assert_count(&scene.peer, "GET /token", "", i == 0 ? 0 : 1);
        close_scene(&scene);
    }
}

static void registry_token(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "{\"auth\":{" BEARER "}}", "{\"registrytoken\":\"s3cret\"}", "a:1",
               REGISTRY_PULL);
    assert_fails(resolve(&scene, &err), IMG_EAUTH, "the token of ");
    assert_count(&scene.peer, "GET /v2/", "Authorization=[Bearer s3cret]", 1);
    assert_count(&scene.peer, "", "", 2);
    close_scene(&scene);
}

/* No token service, but Basic is offered as well. */
static void basic_instead(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene,
               "{\"auth\":{" BASIC ",\"challenge\":"
               "\"Bearer realm=\\\"{base}/nothing\\\", Basic realm=\\\"x\\\"\"}}",
               GOOD, "a:1", REGISTRY_PUSH);
    assert_ok(push(&scene, &err));
    assert_count(&scene.peer, "GET /nothing", " 404", 1);
    close_scene(&scene);
}

static void bad_services(void **state)
{
    (void)state;
    static const struct {
        const char *answer, *text;
        int code;
    } rows[] = {
        {"\"status\":200,\"body\":\"<html>\"", "HTML", IMG_EFORMAT},
        {"\"status\":200,\"body\":\"{}\"", "no token", IMG_EFORMAT},
        {"\"status\":200,\"body\":\"{\\\"token\\\":\\\"a\\\\r\\\\nb\\\"}\"", "malformed",
         IMG_EFORMAT},
        {"\"status\":403", "asking for a token", IMG_EAUTH},
        {"\"status\":500", "500", IMG_EREFUSED},
        {"\"status\":404", "404", IMG_ENOTFOUND},
        {"\"stop\":0", "asking for a token", IMG_ENETWORK},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        struct scene scene;
        char script[512];
        snprintf(script, sizeof(script),
                 "{\"auth\":{" BEARER "},\"rules\":[{\"path\":\"/token\",%s}]}", rows[i].answer);
        open_scene(&scene, script, GOOD, "a:1", REGISTRY_PUSH);
        int result = push(&scene, &err);
        if (result != rows[i].code || !strstr(err.message, rows[i].text))
            fail_msg("%s: %d, %s", rows[i].answer, result, err.message);
        close_scene(&scene);
    }
}

/* The token stays with the registry when an upload goes elsewhere. */
static void foreign_location(void **state)
{
    (void)state;
    img_error err;
    struct peer other;
    struct scene scene;
    char script[512];
    peer_fake(&other, "{\"rules\":[{\"method\":\"PUT\",\"status\":201}]}");
    snprintf(script, sizeof(script),
             "{\"auth\":{" BEARER "},\"rules\":[{\"method\":\"POST\",\"skip\":6,\"status\":202,"
             "\"headers\":{\"Location\":\"http://%s/up?sig=1\"}},"
             "{\"method\":\"POST\",\"set\":{\"Location\":\"http://%s/up?sig=1\"}}]}",
             other.host, other.host);
    open_scene(&scene, script, GOOD, "a:1", REGISTRY_PUSH);
    assert_ok(push(&scene, &err));
    assert_count(&other, "PUT /up?sig=1&digest=sha256%3A", " 201", 6);
    assert_count(&other, "", "Authorization", 0);
    assert_count(&scene.peer, "PUT ", "", 0);
    close_scene(&scene);
    peer_stop(&other);
}

/* Whoever answers behind a redirect does not choose where the password goes. */
static void foreign_challenge(void **state)
{
    (void)state;
    img_error err;
    struct peer other;
    struct scene scene;
    char script[512];
    peer_fake(&other, "{\"rules\":[{\"path\":\"/away\",\"status\":401,\"headers\":"
                      "{\"WWW-Authenticate\":\"Bearer realm=\\\"{base}/token\\\"\"}}]}");
    snprintf(script, sizeof(script),
             "{\"auth\":{" BEARER "},\"rules\":[{\"path\":\"/v2/a/manifests/1\","
             "\"status\":307,\"headers\":{\"Location\":\"http://%s/away?sig=s3cret\"}}]}",
             other.host);
    open_scene(&scene, script, GOOD, "a:1", REGISTRY_PULL);
    assert_fails(resolve(&scene, &err), IMG_EAUTH, "(redirected to http://127.0.0.1:");
    assert_null(strstr(err.message, "s3cret"));
    assert_count(&other, "", "Authorization", 0);
    assert_count(&other, "/token", "", 0);
    close_scene(&scene);
    peer_stop(&other);
}

/* A refresh token does not follow a redirect to somebody else. */
static void redirected_refresh(void **state)
{
    (void)state;
    img_error err;
    struct peer other;
    struct scene scene;
    char script[512];
    peer_fake(&other, "{}");
    snprintf(script, sizeof(script),
             "{\"auth\":{" BEARER "},\"rules\":[{\"path\":\"/token\","
             "\"status\":307,\"headers\":{\"Location\":\"http://%s/token\"}}]}",
             other.host);
    open_scene(&scene, script, "{\"identitytoken\":\"r3fresh\"}", "a:1", REGISTRY_PULL);
    assert_fails(resolve(&scene, &err), IMG_EAUTH, "asking for a token");
    assert_non_null(strstr(err.message, "has the credential sent on to 127.0.0.1"));
    assert_count(&other, "", "", 0);
    close_scene(&scene);
    peer_stop(&other);
}

/* A password follows no redirect to somebody else either, and its owner is told where it goes if
 * that is not the registry's own site. */
static void redirected_basic(void **state)
{
    (void)state;
    img_error err;
    struct peer other;
    struct scene scene;
    char script[512];
    peer_fake(&other, "{\"auth\":{" BEARER "}}");
    snprintf(script, sizeof(script),
             "{\"auth\":{" BEARER "},\"rules\":[{\"path\":\"/token\","
             "\"status\":307,\"headers\":{\"Location\":\"http://%s/token\"}}]}",
             other.host);
    open_scene(&scene, script, GOOD, "a:1", REGISTRY_PUSH);
    assert_fails(resolve(&scene, &err), IMG_EAUTH, "401");
    assert_count(&scene.peer, "GET /token", "Authorization=[Basic ", 1);
    assert_count(&other, "GET /token", "", 1);
    assert_count(&other, "", "Authorization", 0);
    close_scene(&scene);
    peer_stop(&other);
}

static void foreign_realm(void **state)
{
    (void)state;
    img_error err;
    struct peer other;
    struct scene scene;
    char script[512];
    peer_fake(&other, "{\"auth\":{" BEARER "}}");
    const char *port = strchr(other.host, ':');
    snprintf(script, sizeof(script),
             "{\"auth\":{" BEARER ",\"realm\":\"http://localhost%s/token\"}}", port);
    open_scene(&scene, script, GOOD, "a:1", REGISTRY_PUSH);
    assert_fails(resolve(&scene, &err), IMG_EAUTH, "401");
    assert_count(&other, "GET /token", "Authorization=[Basic ", 1);
    const char *warning =
        strstr(scene.log, "has the credential sent to its token service at localhost");
    assert_non_null(warning);
    assert_null(strstr(strchr(warning, '\n'), "token service"));
    close_scene(&scene);
    /* Nobody in particular has nothing to lose. */
    open_scene(&scene, script, NULL, "a:1", REGISTRY_PUSH);
    assert_fails(resolve(&scene, &err), IMG_EAUTH, "401");
    assert_string_equal(scene.log, "");
    close_scene(&scene);
    peer_stop(&other);
}

/* Realms that are refused before anything is sent; the message names them. */
static void bad_realms(void **state)
{
    (void)state;
    static const char *const realms[] = {"http://u:p@127.0.0.1/token", "ftp://127.0.0.1/token",
                                         "/token", "http://169.254.169.254/token"};
    for (size_t i = 0; i < sizeof(realms) / sizeof(realms[0]); i++) {
        img_error err;
        struct scene scene;
        char script[512];
        snprintf(script, sizeof(script), "{\"auth\":{" BEARER ",\"realm\":\"%s\"}}", realms[i]);
        open_scene(&scene, script, GOOD, "a:1", REGISTRY_PULL);
        int result = resolve(&scene, &err);
        assert_true(result == IMG_EAUTH || result == IMG_EFORMAT);
        assert_non_null(strstr(err.message, "token service"));
        assert_count(&scene.peer, "", "", 1);
        close_scene(&scene);
    }
}

/* Several jobs at once, whose tokens run out under each other: each request is sent again at most
 * once for that, with all of its body. */
static void dying_tokens_of_many(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "{\"auth\":{" BEARER ",\"uses\":9}}", GOOD, "a:1", REGISTRY_PUSH);
    assert_ok(push(&scene, &err));
    assert_ok(pull(&scene, &err));
    memory_assert_arrived(&scene.memory);
    close_scene(&scene);
}

static int callback_code;
static int give_credential(const char *registry, img_credential *out, void *arg)
{
    const struct scene *scene = arg;
    assert_string_equal(registry, scene->peer.host);
    strcpy(out->username, "u");
    strcpy(out->password, "s3cret");
    return callback_code;
}

static void callback(void **state)
{
    (void)state;
    static const struct {
        int code, expected;
        const char *auth, *text;
    } rows[] = {
        {0, IMG_ENOTFOUND, NULL, "MANIFEST_UNKNOWN"},
        {0, IMG_ENOTFOUND, WRONG, "MANIFEST_UNKNOWN"},
        {IMG_ENOTFOUND, IMG_ENOTFOUND, GOOD, "MANIFEST_UNKNOWN"},
        {IMG_ENOTFOUND, IMG_EAUTH, NULL, "no credential"},
        {IMG_ENOTFOUND, IMG_EAUTH, WRONG, "auth.json"},
        {1, IMG_EAUTH, GOOD, "callback"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        struct scene scene;
        options.on_credential = give_credential;
        options.on_credential_arg = &scene;
        callback_code = rows[i].code;
        open_scene(&scene, "{\"auth\":{" BASIC "}}", rows[i].auth, "a:1", REGISTRY_PULL);
        assert_fails(resolve(&scene, &err), rows[i].expected, rows[i].text);
        options.on_credential = NULL;
        close_scene(&scene);
    }
}

static void helper_warning(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "{\"auth\":{" BEARER ",\"grant\":{\"\":{\"*\":[\"pull\"]}}}}", "{}", "a:1",
               REGISTRY_PULL);
    peer_write(scene.peer.auth_file, "{\"auths\":{},\"credsStore\":\"not-there\"}");
    assert_fails(resolve(&scene, &err), IMG_ENOTFOUND, "MANIFEST_UNKNOWN");
    use(&scene, "b:1", REGISTRY_PULL);
    assert_fails(resolve(&scene, &err), IMG_ENOTFOUND, "MANIFEST_UNKNOWN");
    const char *warning = strstr(scene.log, "docker-credential-not-there (credsStore in ");
    assert_non_null(warning);
    assert_null(strstr(warning + 1, "docker-credential"));
    close_scene(&scene);
}

/* A helper as a script beside the auth file: counts its runs, has what is in the file "secret". */
static void make_helper(const struct scene *scene)
{
    char path[128], value[256];
    snprintf(path, sizeof(path), "%s/docker-credential-x", scene->peer.dir);
    peer_write(path, "#!/bin/sh\necho run >>$PEER/runs\ncat $PEER/secret\n");
    assert_int_equal(chmod(path, 0755), 0);
    snprintf(value, sizeof(value), "%s:/usr/bin:/bin", scene->peer.dir);
    setenv("PATH", value, 1);
    setenv("PEER", scene->peer.dir, 1);
    peer_write(scene->peer.auth_file, "{\"credsStore\":\"x\"}");
}

static void helper_has(const struct scene *scene, const char *user, const char *secret)
{
    char path[128], text[256];
    snprintf(path, sizeof(path), "%s/secret", scene->peer.dir);
    snprintf(text, sizeof(text), "{\"Username\":\"%s\",\"Secret\":\"%s\"}", user, secret);
    peer_write(path, text);
}

static int helper_runs(const struct scene *scene)
{
    struct peer runs;
    snprintf(runs.record, sizeof(runs.record), "%s/runs", scene->peer.dir);
    return peer_count(&runs, "run", "");
}

/* What a helper said is good for all repositories of a host, until it is refused. */
static void helper(void **state)
{
    (void)state;
    static const char *const scripts[] = {"{\"auth\":{" BASIC "}}", "{\"auth\":{" BEARER "}}"};
    char *path = strdup(getenv("PATH"));
    for (size_t i = 0; i < 2; i++) {
        img_error err;
        struct scene scene;
        open_scene(&scene, scripts[i], NULL, "a:1", REGISTRY_PUSH);
        make_helper(&scene);
        helper_has(&scene, "u", "s3cret");
        assert_ok(push(&scene, &err));
        use(&scene, "b:1", REGISTRY_PULL);
        assert_fails(resolve(&scene, &err), IMG_ENOTFOUND, "MANIFEST_UNKNOWN");
        assert_int_equal(helper_runs(&scene), 1);
        close_scene(&scene);
    }
    setenv("PATH", path, 1);
    free(path);
}

/* A credential that was good for an hour: the helper has the next one. */
static void helper_renews(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "{\"auth\":{" BASIC "}}",
        "{\"auth\":{" BEARER "}}",
        "{\"auth\":{" BEARER ",\"refresh\":{\"s3cret\":\"u\"}}}",
    };
    char *path = strdup(getenv("PATH"));
    for (size_t i = 0; i < 3; i++) {
        const char *user = i == 2 ? "<token>" : "u";
        img_error err;
        struct scene scene;
        open_scene(&scene, scripts[i], NULL, "a:1", REGISTRY_PUSH);
        make_helper(&scene);
        helper_has(&scene, user, "old");
        /* Asked twice, since it says the same. */
        assert_fails(resolve(&scene, &err), IMG_EAUTH, "docker-credential-x (credsStore in ");
        assert_int_equal(helper_runs(&scene), 2);
        use(&scene, "b:1", REGISTRY_PUSH);
        helper_has(&scene, user, "older");
        assert_int_equal(resolve(&scene, &err), IMG_EAUTH);
        assert_null(strstr(err.message, "older"));
        int runs = helper_runs(&scene);
        helper_has(&scene, user, "s3cret");
        use(&scene, "c:1", REGISTRY_PUSH);
        assert_fails(resolve(&scene, &err), IMG_ENOTFOUND, "MANIFEST_UNKNOWN");
        assert_int_equal(helper_runs(&scene), runs + 1);
        close_scene(&scene);
    }
    setenv("PATH", path, 1);
    free(path);
}

/* The file says that a helper has it, so going on as nobody would be wrong. */
static void helper_gone(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    char text[256];
    open_scene(&scene, "{\"auth\":{" BASIC "}}", NULL, "a:1", REGISTRY_PULL);
    snprintf(text, sizeof(text), "{\"auths\":{\"%s\":{}},\"credsStore\":\"not-there\"}",
             scene.peer.host);
    peer_write(scene.peer.auth_file, text);
    assert_fails(resolve(&scene, &err), IMG_EAUTH, "docker-credential-not-there (credsStore in ");
    assert_non_null(strstr(err.message, scene.peer.auth_file));
    assert_count(&scene.peer, "", "", 1);
    close_scene(&scene);
}

/* A service without GET takes the password by POST. */
static void password_by_post(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "{\"auth\":{" BEARER ",\"get\":false}}", GOOD, "a:1", REGISTRY_PUSH);
    assert_ok(push(&scene, &err));
    assert_count(&scene.peer, "GET /token", " 405", 1);
    assert_count(&scene.peer, "POST /token 200", "x-www-form-urlencoded", 1);
    assert_count(&scene.peer, "POST /token", "Authorization", 0);
    close_scene(&scene);
    /* One without either is tried once each way. */
    open_scene(&scene, "{\"auth\":{" BEARER ",\"get\":false,\"post\":false}}",
               "{\"auth\":\"dTpzM2NyZXQ=\",\"identitytoken\":\"r3fresh\"}", "a:1", REGISTRY_PUSH);
    assert_fails(resolve(&scene, &err), IMG_EREFUSED, "/token: 405 UNSUPPORTED");
    assert_count(&scene.peer, "/token", "", 2);
    close_scene(&scene);
}

/* A refresh token that is good once: the next one is known to all repositories of the host. */
static void rotated_tokens(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "{\"auth\":{" BEARER ",\"rotate\":true,\"refresh\":{\"r3fresh\":\"u\"}}}",
               "{\"identitytoken\":\"r3fresh\"}", "a:1", REGISTRY_PULL);
    static const char *const names[] = {"a:1", "b:1", "c:1", "a:1"};
    for (size_t i = 0; i < 4; i++) {
        use(&scene, names[i], i == 3 ? REGISTRY_PUSH : REGISTRY_PULL);
        assert_fails(resolve(&scene, &err), IMG_ENOTFOUND, "MANIFEST_UNKNOWN");
    }
    assert_count(&scene.peer, "POST /token 200", "", 4);
    /* However often. */
    for (unsigned i = 0; i < 70; i++) {
        char name[32];
        snprintf(name, sizeof(name), "r%u:1", i);
        use(&scene, name, REGISTRY_PULL);
        assert_fails(resolve(&scene, &err), IMG_ENOTFOUND, "MANIFEST_UNKNOWN");
    }
    assert_count(&scene.peer, "POST /token 200", "", 74);
    assert_count(&scene.peer, "/token", "", 74);
    close_scene(&scene);
}

/* Those who tell less than a minute mean a minute: large uploads do not ask anew for ever. */
static void token_for_upload(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "{\"auth\":{" BEARER ",\"expires_in\":20}}", GOOD, "a:1", REGISTRY_PUSH);
    memory_clear(&scene.memory);
    memory_init(&scene.memory);
    for (unsigned i = 0; i < 3; i++)
        memory_add(&scene.memory, (size_t)2 << 20, i);
    scene.count = memory_jobs(&scene.memory, NULL, scene.jobs);
    assert_ok(push(&scene, &err));
    assert_count(&scene.peer, "/token", "", 1);
    close_scene(&scene);
}

/* A token service that reads one scope alone: what was challenged comes first. */
static void first_scope(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene,
               "{\"auth\":{" BEARER ",\"first_scope\":true},\"rules\":[{\"method\":\"GET\","
               "\"path\":\"/v2/a/manifests/1\",\"skip\":1,\"times\":1,\"status\":401,\"headers\":{"
               "\"WWW-Authenticate\":\"Bearer realm=\\\"{base}/token\\\",service=\\\"fake\\\","
               "scope=\\\"repository:up:pull repository:a:pull\\\"\"}}]}",
               GOOD, "a:1", REGISTRY_PULL);
    assert_fails(resolve(&scene, &err), IMG_EAUTH, "401");
    assert_count(&scene.peer, "scope=repository%3Aup%3Apull&scope=repository%3Aa%3Apull", " 200",
                 1);
    assert_count(&scene.peer, "GET /v2/a/manifests/1", "", 3);
    close_scene(&scene);
}

static void broken_file(void **state)
{
    (void)state;
    img_error err;
    struct scene scene;
    open_scene(&scene, "{\"auth\":{" BASIC "}}", "{\"auth\":\"!\"}", "a:1", REGISTRY_PULL);
    assert_fails(resolve(&scene, &err), IMG_EFORMAT, "auths[");
    close_scene(&scene);
}

static void login(void **state)
{
    (void)state;
    static const char *const scripts[] = {"{\"auth\":{" BASIC "}}", "{\"auth\":{" BEARER "}}"};
    const img_credential good = {"u", "s3cret"}, wrong = {"u", "wrong"};
    for (size_t i = 0; i < 2; i++) {
        img_error err;
        struct scene scene;
        open_scene(&scene, scripts[i], NULL, "a:1", REGISTRY_PULL);
        const char *host = scene.peer.host;
        assert_ok(img__registry_try_credential(scene.registry, host, &good, &err));
        /* What was learned from the right password does not help the wrong one. */
        assert_fails(img__registry_try_credential(scene.registry, host, &wrong, &err), IMG_EAUTH,
                     "user \"u\" of this login");
        assert_fails(resolve(&scene, &err), IMG_EAUTH, "no credential");
        assert_ok(img__registry_store_credential(scene.registry, host, &good, &err));
        use(&scene, "a:1", REGISTRY_PULL);
        assert_fails(resolve(&scene, &err), IMG_ENOTFOUND, "MANIFEST_UNKNOWN");
        assert_ok(img__registry_erase_credential(scene.registry, host, &err));
        assert_int_equal(img__registry_erase_credential(scene.registry, host, &err), IMG_ENOTFOUND);
        use(&scene, "a:1", REGISTRY_PULL);
        assert_fails(resolve(&scene, &err), IMG_EAUTH, "no credential");
        close_scene(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_flight),
        cmocka_unit_test(anonymous_token),
        cmocka_unit_test(basic),
        cmocka_unit_test(wrong_password),
        cmocka_unit_test(wrong_password_reads),
        cmocka_unit_test(dying_tokens),
        cmocka_unit_test(useless_tokens),
        cmocka_unit_test(larger_scope),
        cmocka_unit_test(mount_scopes),
        cmocka_unit_test(mount_denied),
        cmocka_unit_test(refresh_tokens),
        cmocka_unit_test(registry_token),
        cmocka_unit_test(basic_instead),
        cmocka_unit_test(bad_services),
        cmocka_unit_test(foreign_location),
        cmocka_unit_test(foreign_challenge),
        cmocka_unit_test(redirected_refresh),
        cmocka_unit_test(redirected_basic),
        cmocka_unit_test(foreign_realm),
        cmocka_unit_test(bad_realms),
        cmocka_unit_test(dying_tokens_of_many),
        cmocka_unit_test(callback),
        cmocka_unit_test(helper_warning),
        cmocka_unit_test(helper),
        cmocka_unit_test(helper_renews),
        cmocka_unit_test(helper_gone),
        cmocka_unit_test(password_by_post),
        cmocka_unit_test(rotated_tokens),
        cmocka_unit_test(token_for_upload),
        cmocka_unit_test(first_scope),
        cmocka_unit_test(broken_file),
        cmocka_unit_test(login),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
