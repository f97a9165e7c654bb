/* SPDX-License-Identifier: Apache-2.0
 *
 * Places: which there are, in which order, with what settings; and that what is allowed for one
 * host is not allowed for others.
 */
#include "folder.h"

#include "registry/places.h"

static struct registry *client;

static int make_client(void **state)
{
    img_client_options options = IMG_CLIENT_OPTIONS_INIT;
    static const char *const insecure[] = {"I.example:443", NULL};
    static const char *const plain[] = {"p.example", NULL};
    static char conf[128], hosts[128], certs[128];
    img_error err;
    if (make_folder(state))
        return -1;
    snprintf(conf, sizeof(conf), "%s/registries.conf", folder);
    snprintf(hosts, sizeof(hosts), "%s/hosts", folder);
    snprintf(certs, sizeof(certs), "%s/certs", folder);
    put_file("registries.conf", "");
    put_file("hosts/x", "");
    put_file("certs/x", "");
    options.jobs = options.tries = 1;
    options.manifest_limit_bytes = 1024;
    options.insecure = insecure;
    options.plain_http = plain;
    options.registries_conf = conf;
    options.hosts_dir = hosts;
    options.certs_dir = certs;
    options.on_log = on_warning;
    return img__registry_new(&options, &client, &err);
}

static int free_client(void **state)
{
    img__registry_free(client);
    return remove_folder(state);
}

static struct repository *open_repository(const char *name, enum registry_access access)
{
    struct endpoint *endpoint = NULL;
    img_reference reference;
    img_error err;
    assert_ok(img_reference_parse(name, &reference, &err));
    assert_ok(img__registry_endpoint(client, &reference, access, &endpoint, &err));
    return (struct repository *)endpoint;
}

static void close_repository(struct repository *repository)
{
    img__endpoint_free(&repository->base);
}

/* The hosts of a walk, with blanks between. */
static const char *walk(struct repository *repository, bool by_tag)
{
    static char text[1024];
    uint64_t tried = 0;
    text[0] = '\0';
    for (struct place *place; (place = img__place_next(repository, by_tag, &tried));)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", *text ? " " : "",
                 place->access->host->name);
    return text;
}

static const char conf[] = "[[registry]]\nprefix = \"a.example\"\nlocation = \"b.example/base\"\n"
                           "[[registry.mirror]]\nlocation = \"m1.example\"\n"
                           "[[registry.mirror]]\nlocation = \"m2.example/x\"\n"
                           "pull-from-mirror = \"digest-only\"\ninsecure = true\n"
                           "[[registry.mirror]]\nlocation = \"m3.example\"\n"
                           "pull-from-mirror = \"tag-only\"\n";

static void test_order(void **state)
{
    (void)state;
    put_file("registries.conf", conf);
    struct repository *r = open_repository("a.example/app:1", REGISTRY_PULL);
    assert_string_equal(walk(r, true), "m1.example m3.example b.example");
    assert_string_equal(walk(r, false), "m1.example m2.example m3.example b.example");
    close_repository(r);
    r = open_repository(
        "a.example/app@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f"
        "61caaff8a",
        REGISTRY_PULL);
    assert_string_equal(walk(r, false), "m1.example m2.example b.example");
    close_repository(r);
}

/* A walk that is under way neither misses a place nor meets one twice. */
static void test_health(void **state)
{
    uint64_t tried = 0;
    (void)state;
    put_file("registries.conf", conf);
    struct repository *r = open_repository("a.example/app:1", REGISTRY_PULL);
    struct place *first = img__place_next(r, false, &tried);
    img__place_failed(first, false);
    assert_string_equal(walk(r, false), "m1.example m2.example m3.example b.example");
    img__place_failed(first, true);
    assert_string_equal(img__place_next(r, false, &tried)->access->host->name, "m2.example");
    assert_string_equal(walk(r, false), "m2.example m3.example b.example m1.example");
    struct repository *other = open_repository("a.example/other:1", REGISTRY_PULL);
    assert_string_equal(walk(other, true), "m3.example b.example m1.example");
    close_repository(other);
    first->access->host->failed_ms -= 60001;
    assert_string_equal(walk(r, false), "m1.example m2.example m3.example b.example");
    struct place *origin = &r->places[r->place_count - 1];
    assert_false(origin->mirror);
    img__place_failed(origin, true);
    assert_string_equal(walk(r, true), "m1.example m3.example b.example");
    close_repository(r);
}

static void test_accounts_and_paths(void **state)
{
    struct buf path = BUF_INIT(1024);
    img_error err;
    (void)state;
    put_file("registries.conf", conf);
    struct repository *r = open_repository("a.example/team/app:1", REGISTRY_PULL);
    const struct place *mirror = &r->places[1], *origin = &r->places[3];
    assert_ok(img__place_path(mirror, "blobs", "sha256:0", &path, &err));
    assert_string_equal(path.data, "/v2/x/team/app/blobs/sha256:0");
    assert_string_equal(mirror->access->scope, "repository:x/team/app:pull");
    assert_string_equal(r->access.scope, "repository:base/team/app:pull");
    assert_ptr_equal(origin->access, &r->access);
    for (size_t i = 0; i < 3; i++) {
        assert_true(r->places[i].mirror);
        assert_ptr_not_equal(r->places[i].access->account, r->access.account);
        assert_string_equal(r->places[i].access->repository, r->places[i].path);
    }
    assert_true(mirror->access->host->tls.insecure);
    assert_false(origin->access->host->tls.insecure);
    close_repository(r);
    img__buf_free(&path);
}

static void test_pushes_stay(void **state)
{
    (void)state;
    put_file("registries.conf", conf);
    struct repository *r = open_repository("a.example/app:1", REGISTRY_PUSH);
    assert_string_equal(walk(r, true), "a.example");
    assert_string_equal(r->access.host->address, "a.example");
    assert_string_equal(r->reference.path, "app");
    close_repository(r);
    put_file("hosts/h.example/hosts.toml", "server = \"https://elsewhere.example\"\n"
                                           "[host.\"https://m.example\"]\n");
    r = open_repository("h.example/app:1", REGISTRY_PUSH);
    assert_string_equal(walk(r, false), "h.example");
    close_repository(r);
}

static void test_hosts_toml(void **state)
{
    struct buf path = BUF_INIT(1024);
    img_error err;
    (void)state;
    put_file("hosts/docker.io/hosts.toml", "server = \"https://registry-1.docker.io\"\n"
                                           "[host.\"http://m.example:5000/hub\"]\n"
                                           "capabilities = [\"pull\"]\n"
                                           "[host.\"https://n.example\"]\n");
    struct repository *r = open_repository("debian", REGISTRY_PULL);
    assert_string_equal(walk(r, true), "n.example docker.io");
    assert_string_equal(walk(r, false), "m.example:5000 n.example docker.io");
    assert_ok(img__place_path(&r->places[0], "manifests", "latest", &path, &err));
    assert_non_null(strstr(path.data, "/hub/v2/library/debian/manifests/latest?ns=docker.io"));
    assert_int_equal(r->places[0].access->host->scheme, HOST_HTTP);
    assert_string_equal(r->places[0].access->ns, "docker.io");
    img__buf_clear(&path);
    assert_ok(img__place_path(&r->places[2], "manifests", "latest", &path, &err));
    assert_string_equal(path.data, "/v2/library/debian/manifests/latest");
    assert_string_equal(r->access.host->address, "registry-1.docker.io");
    close_repository(r);
    img__buf_free(&path);
}

static void test_settings_are_of_one_host(void **state)
{
    struct host *i, *p, *other;
    const struct http_tls *tls;
    const struct strv *headers;
    img_error err;
    (void)state;
    assert_ok(img__registry_host(client, "i.example", &i, &err));
    assert_ok(img__registry_host(client, "p.example", &p, &err));
    assert_ok(img__registry_host(client, "other.example", &other, &err));
    assert_true(i->tls.insecure && i->scheme == HOST_HTTPS);
    assert_true(!p->tls.insecure && p->scheme == HOST_HTTP);
    assert_true(!other->tls.insecure && other->scheme == HOST_HTTPS);
    /* What they name, a token service say, has its own settings. */
    assert_ok(
        img__registry_settings_for(client, i, "https://i.example/token", &tls, &headers, &err));
    assert_true(tls->insecure && headers == &i->headers);
    assert_ok(img__registry_settings_for(client, i, "https://i.example:8443/token", &tls, &headers,
                                         &err));
    assert_true(!tls->insecure && !headers);
    assert_ok(
        img__registry_settings_for(client, other, "https://i.example/token", &tls, &headers, &err));
    assert_true(tls->insecure && !headers);
}

static void test_blocked(void **state)
{
    struct endpoint *endpoint = NULL;
    struct host *host;
    img_reference reference;
    img_error err;
    (void)state;
    put_file("registries.conf", "[[registry]]\nlocation = \"a.example/team\"\nblocked = true\n");
    assert_ok(img_reference_parse("a.example/team/app", &reference, &err));
    assert_fails(img__registry_endpoint(client, &reference, REGISTRY_PULL, &endpoint, &err),
                 IMG_EREFUSED, "a.example/team is blocked by ");
    assert_fails(img__registry_endpoint(client, &reference, REGISTRY_PUSH, &endpoint, &err),
                 IMG_EREFUSED, "registries.conf:1");
    assert_null(endpoint);
    assert_ok(img__registry_host(client, "a.example", &host, &err));
    close_repository(open_repository("a.example/teams/app", REGISTRY_PULL));
}

#define client_test(test) cmocka_unit_test_setup_teardown(test, make_client, free_client)

int main(void)
{
    const struct CMUnitTest tests[] = {
        client_test(test_order),
        client_test(test_health),
        client_test(test_accounts_and_paths),
        client_test(test_pushes_stay),
        client_test(test_hosts_toml),
        client_test(test_settings_are_of_one_host),
        client_test(test_blocked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
