/* SPDX-License-Identifier: Apache-2.0
 *
 * There and back with a real docker-registry: without and with TLS, for everybody, by htpasswd and
 * by tokens that a token server signs.
 */
#include "peer.h"

static img_client_options options = IMG_CLIENT_OPTIONS_INIT;

#define GOOD "{\"auth\":\"dTpzM2NyZXQ=\"}"  /* u:s3cret */
#define WRONG "{\"auth\":\"dTp3cm9uZw==\"}" /* u:wrong */

static void write_auth(const struct peer *peer, const char *entry)
{
    char text[512];
    snprintf(text, sizeof(text), "{\"auths\":{\"%s\":%s}}", peer->host, entry);
    peer_write(peer->auth_file, text);
}

static void push_all(struct registry *registry, const struct peer *peer, const char *name,
                     const char *mount_from, int kind)
{
    img_error err;
    struct memory memory;
    struct blob_job jobs[PEER_BLOBS_MAX];
    struct events events;
    auto_(document) struct document manifest = DOCUMENT_INIT;
    struct endpoint *endpoint = peer_endpoint(registry, peer, name, REGISTRY_PUSH);
    memory_init(&memory);
    events_init(&events);
    for (unsigned i = 0; i < 7; i++)
        memory_add(&memory, i * i * i * 10007, i);
    size_t count = memory_jobs(&memory, mount_from, jobs);
    memory_manifest(&memory, &manifest);
    assert_ok(endpoint->ops->send(endpoint, jobs, count, &events.observer, &err));
    assert_int_equal(events.kinds[kind], 7);
    assert_ok(endpoint->ops->set_name(endpoint, &manifest, &err));
    events_assert_ended(&events);
    img__endpoint_free(endpoint);
    memory_clear(&memory);
}

static void pull_all(struct registry *registry, const struct peer *peer, const char *name)
{
    img_error err;
    struct memory memory;
    struct blob_job jobs[PEER_BLOBS_MAX];
    struct events events;
    bool has = false;
    auto_(document) struct document expected = DOCUMENT_INIT;
    auto_(document) struct document manifest = DOCUMENT_INIT;
    struct endpoint *endpoint = peer_endpoint(registry, peer, name, REGISTRY_PULL);
    memory_init(&memory);
    events_init(&events);
    for (unsigned i = 0; i < 7; i++)
        memory_add(&memory, i * i * i * 10007, i);
    memory_manifest(&memory, &expected);
    assert_ok(endpoint->ops->resolve(endpoint, &manifest, &err));
    assert_string_equal(manifest.descriptor.digest.text, expected.descriptor.digest.text);
    assert_string_equal(manifest.descriptor.media_type, MEDIA_OCI_MANIFEST);
    assert_ok(endpoint->ops->has_document(endpoint, &manifest.descriptor, &has, &err));
    assert_true(has);
    assert_ok(endpoint->ops->fetch(endpoint, jobs, memory_jobs(&memory, NULL, jobs),
                                   &events.observer, &err));
    memory_assert_arrived(&memory);
    events_assert_ended(&events);
    img__endpoint_free(endpoint);
    memory_clear(&memory);
}

static void there_and_back(const struct peer *peer)
{
    struct registry *registry = peer_client(peer, options);
    push_all(registry, peer, "one/app:1", NULL, IMG_EVENT_DONE);
    push_all(registry, peer, "one/app:2", NULL, IMG_EVENT_EXISTS);
    push_all(registry, peer, "two/app:1", "one/app", IMG_EVENT_MOUNTED);
    pull_all(registry, peer, "one/app:2");
    pull_all(registry, peer, "two/app:1");
    img__registry_free(registry);
}

static void refused(const struct peer *peer, int code, const char *text)
{
    img_error err;
    auto_(document) struct document got = DOCUMENT_INIT;
    struct registry *registry = peer_client(peer, options);
    struct endpoint *endpoint = peer_endpoint(registry, peer, "one/app:1", REGISTRY_PULL);
    assert_fails(endpoint->ops->resolve(endpoint, &got, &err), code, text);
    img__endpoint_free(endpoint);
    img__registry_free(registry);
}

static void anonymous(void **state)
{
    (void)state;
    struct peer peer;
    peer_prepare(&peer);
    peer_start(&peer, "real_registry.py", NULL);
    there_and_back(&peer);
    img_error err;
    auto_(document) struct document got = DOCUMENT_INIT;
    struct registry *registry = peer_client(&peer, options);
    struct endpoint *endpoint = peer_endpoint(registry, &peer, "one/app:none", REGISTRY_PULL);
    assert_fails(endpoint->ops->resolve(endpoint, &got, &err), IMG_ENOTFOUND,
                 "/v2/one/app/manifests/none: 404 MANIFEST_UNKNOWN");
    img__endpoint_free(endpoint);
    img__registry_free(registry);
    peer_stop(&peer);
}

static void with_password(void **state)
{
    (void)state;
    static const char *const modes[][4] = {
        {"--htpasswd", "u:s3cret", NULL},
        {"--htpasswd", "u:s3cret", "--tls", NULL},
        {"--token", "u:s3cret", NULL},
        {"--token", "u:s3cret", "--tls", NULL},
    };
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        struct peer peer;
        peer_prepare(&peer);
        peer_start(&peer, "real_registry.py", modes[i]);
        refused(&peer, IMG_EAUTH, "no credential");
        write_auth(&peer, WRONG);
        refused(&peer, IMG_EAUTH, "user \"u\" of ");
        write_auth(&peer, GOOD);
        there_and_back(&peer);
        peer_stop(&peer);
    }
}

static void anonymous_tokens(void **state)
{
    (void)state;
    struct peer peer;
    static const char *const arguments[] = {"--token", "u:s3cret", "--anonymous", "pull", NULL};
    peer_prepare(&peer);
    peer_start(&peer, "real_registry.py", arguments);
    write_auth(&peer, GOOD);
    there_and_back(&peer);
    assert_int_equal(unlink(peer.auth_file), 0);
    struct registry *registry = peer_client(&peer, options);
    pull_all(registry, &peer, "one/app:1");
    img__registry_free(registry);
    peer_stop(&peer);
}

/* A certificate that nobody vouches for is no reason to go on without TLS. */
static void unknown_authority(void **state)
{
    (void)state;
    struct peer peer;
    static const char *const arguments[] = {"--tls", NULL};
    peer_prepare(&peer);
    peer_start(&peer, "real_registry.py", arguments);
    strcpy(peer.ca_file, "-");
    refused(&peer, IMG_ETLS, peer.host);
    peer_stop(&peer);
}

static void plain_http_on_request(void **state)
{
    (void)state;
    struct peer peer;
    peer_prepare(&peer);
    peer_start(&peer, "real_registry.py", NULL);
    const char *const hosts[] = {peer.host, NULL};
    options.plain_http = hosts;
    there_and_back(&peer);
    options.plain_http = NULL;
    peer_stop(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(anonymous),
        cmocka_unit_test(with_password),
        cmocka_unit_test(anonymous_tokens),
        cmocka_unit_test(unknown_authority),
        cmocka_unit_test(plain_http_on_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
