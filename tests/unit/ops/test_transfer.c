/* SPDX-License-Identifier: Apache-2.0
 *
 * The client, and what of pull, push, login and logout is refused before any registry is asked.
 */
#include "store/fixture.h"

#include <libimg/client.h>
#include <libimg/version.h>

IMG_AUTO_POINTER(test_client, img_client, img_client_free)

static img_client *client_new(const struct fixture *f)
{
    auto_free char *auth = img__store_join(f->parent, "auth.json");
    img_client_options options = IMG_CLIENT_OPTIONS_INIT;
    img_client *client = NULL;
    img_error err = {0};
    options.auth_file = auth;
    assert_ok(img_client_new(&options, &client, &err));
    return client;
}

static void client_options(void **state)
{
    (void)state;
    static const struct {
        uint32_t jobs, tries;
        uint64_t manifest_limit_bytes, config_limit_bytes;
        const char *text;
    } rows[] = {
        {65, 0, 0, 0, "65 jobs are too many"},
        {0, 101, 0, 0, "101 tries are too many"},
        {0, 0, ((uint64_t)16 << 20) + 1, 0, "16 MiB"},
        {0, 0, 0, ((uint64_t)32 << 20) + 1, "32 MiB"},
        {64, 100, (uint64_t)16 << 20, (uint64_t)32 << 20, NULL},
        {0, 0, 0, 0, NULL},
    };
    img_error err = {0};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_client_options options = IMG_CLIENT_OPTIONS_INIT;
        auto_(test_client) img_client *client = NULL;
        options.jobs = rows[i].jobs;
        options.tries = rows[i].tries;
        options.manifest_limit_bytes = rows[i].manifest_limit_bytes;
        options.config_limit_bytes = rows[i].config_limit_bytes;
        if (rows[i].text) {
            assert_fails(img_client_new(&options, &client, &err), IMG_EINVAL, rows[i].text);
            assert_null(client);
        } else {
            assert_ok(img_client_new(&options, &client, &err));
        }
    }
    auto_(test_client) img_client *client = NULL;
    assert_ok(img_client_new(NULL, &client, &err));
    img_client_free(NULL);
}

static void option_sizes(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_client *none = NULL;
    img_client_options client_options = {0};
    assert_fails(img_client_new(&client_options, &none, &err), IMG_EINVAL, "img_client_options");
    assert_null(none);
    auto_(test_client) img_client *client = client_new(f);
    img_pull_options pull = {0};
    assert_fails(img_pull(client, f->store, "localhost:1/a", &pull, NULL, &err), IMG_EINVAL,
                 "img_pull_options.size is not set");
    img_push_options push = {0};
    assert_fails(img_push(client, f->store, "localhost:1/a", NULL, &push, NULL, &err), IMG_EINVAL,
                 "img_push_options.size is not set");
    struct newer {
        img_pull_options known;
        void *unknown;
    } newer = {IMG_PULL_OPTIONS_INIT, &newer};
    newer.known.size = sizeof(newer);
    assert_fails(img_pull(client, f->store, "localhost:1/a", &newer.known, NULL, &err), IMG_EINVAL,
                 "does not know");
}

static void references(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor out = {"untouched", {""}, 0, {"", "", "", ""}};
    auto_(test_client) img_client *client = client_new(f);
    img_descriptor image = put_image(f->store, "app");
    set_name(f->store, APP ":1", &image);
    assert_fails(img_pull(client, f->store, "UPPER", NULL, &out, &err), IMG_EINVAL, "UPPER");
    assert_fails(img_push(client, f->store, "UPPER", NULL, NULL, &out, &err), IMG_EINVAL, "UPPER");
    assert_fails(img_push(client, f->store, "app:1", "localhost:1/UPPER", NULL, &out, &err),
                 IMG_EINVAL, "push app:1: ");
    assert_fails(img_push(client, f->store, "app:2", "localhost:1/a", NULL, &out, &err),
                 IMG_ENOTFOUND, "push app:2: no image");
    assert_fails(img_push(client, f->store, "app:1",
                          "localhost:1/a@sha256:"
                          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                          NULL, &out, &err),
                 IMG_EINVAL, "not the one of the destination");
    assert_string_equal(out.media_type, "untouched");
}

/* Nobody listens on port 1. */
static void no_registry(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_client_options options = IMG_CLIENT_OPTIONS_INIT;
    auto_(test_client) img_client *client = NULL;
    options.tries = 1;
    options.plain_http = (const char *const[]){"127.0.0.1:1", NULL};
    assert_ok(img_client_new(&options, &client, &err));
    img_descriptor image = put_image(f->store, "app");
    set_name(f->store, APP ":1", &image);
    assert_fails(img_pull(client, f->store, "127.0.0.1:1/a:b", NULL, NULL, &err), IMG_ENETWORK,
                 "pull 127.0.0.1:1/a:b: ");
    assert_fails(img_push(client, f->store, "app:1", "127.0.0.1:1/a", NULL, NULL, &err),
                 IMG_ENETWORK, "push 127.0.0.1:1/a: ");
    assert_unknown(f->store, "127.0.0.1:1/a:b");
    img_gc_result result;
    assert_ok(img_store_gc(f->store, &result, &err));
    assert_int_equal(result.busy, 0); /* the leases are given back */
}

static void credentials(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    auto_(test_client) img_client *client = client_new(f);
    char large[4200];
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    static const char *const host = "localhost:1";
    assert_fails(img_login(client, host, "", "p", &err), IMG_EINVAL,
                 "login localhost:1: the user name must have 1 to 255 bytes");
    assert_fails(img_login(client, host, large, "p", &err), IMG_EINVAL, "user name");
    assert_fails(img_login(client, host, "u", "", &err), IMG_EINVAL, "password");
    assert_fails(img_login(client, host, "u", large, &err), IMG_EINVAL, "1 to 4095 bytes");
    assert_null(strstr(err.message, "xxx"));
    assert_fails(img_login(client, host, "u:v", "p", &err), IMG_EINVAL, "colon");
    assert_fails(img_login(client, "-bad-", "u", "p", &err), IMG_EINVAL, "-bad-");
    assert_fails(img_logout(client, "-bad-", &err), IMG_EINVAL, "'-bad-': ");
    assert_fails(img_logout(client, host, &err), IMG_ENOTFOUND, "localhost:1");
    assert_false(file_exists(f->parent, "auth.json"));

    write_file(f->parent, "auth.json", "{\"auths\":{\"localhost:1\":{\"auth\":\"YTpi\"}}}");
    assert_ok(img_logout(client, host, &err));
    auto_free char *text = read_file(f->parent, "auth.json");
    assert_null(strstr(text, "localhost"));
}

static void versions(void **state)
{
    (void)state;
    img_version_detail row;
    size_t count = 0;
    assert_int_equal(img_version_number(), LIBIMG_VERSION_NUMBER);
    assert_string_equal(img_version_string(), LIBIMG_VERSION_STRING);
    for (; img_version_details(count, &row) == 0; count++)
        assert_true(*row.name && *row.version);
    assert_int_equal(count, 9);
    assert_int_equal(img_version_details(SIZE_MAX, &row), IMG_ENOTFOUND);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_new, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(client_options),
        CASE(option_sizes),
        CASE(references),
        CASE(no_registry),
        CASE(credentials),
        cmocka_unit_test(versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
