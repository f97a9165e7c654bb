/* SPDX-License-Identifier: Apache-2.0
 *
 * Which credential is found and what is told of that, without a registry: the places in their order
 * by the environment, the callback, and what stays hidden.
 */
#include "unit.h"

#include <unistd.h>

#include <libimg/reference.h>

#include "registry/registry.h"

#define SIZE_OF(array) (sizeof(array) / sizeof((array)[0]))

struct told {
    char text[4096];
    const char *stop; /* at this topic */
};

static int tell(const char *topic, const char *text, void *arg)
{
    struct told *told = arg;
    if (strncmp(topic, "credential.", strlen("credential.")) != 0)
        return 0;
    size_t used = strlen(told->text);
    snprintf(told->text + used, sizeof(told->text) - used, "%s: %s\n", topic, text);
    return told->stop && strcmp(told->stop, topic) == 0;
}

static int give(const char *host, img_credential *out, void *arg)
{
    const char *user = arg;
    assert_string_equal(host, "r.example");
    if (!*user)
        return IMG_ENOTFOUND;
    strcpy(out->username, user);
    strcpy(out->password, "s3cret");
    return 0;
}

static int explain(const img_client_options *given, struct told *told, img_error *err)
{
    img_client_options options = *given;
    struct registry *registry;
    img_reference reference;
    options.jobs = options.tries = 1;
    options.manifest_limit_bytes = 1024;
    assert_int_equal(img_reference_parse("r.example/team/app:1", &reference, err), 0);
    assert_int_equal(img__registry_new(&options, &registry, err), 0);
    int result = img__registry_explain(registry, &reference, tell, told, err);
    img__registry_free(registry);
    return result;
}

static void set_up(const char *environment)
{
    setenv("HOME", "/nonexistent", 1);
    setenv("XDG_RUNTIME_DIR", "/nonexistent/run", 1);
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("DOCKER_CONFIG");
    unsetenv("REGISTRY_AUTH_FILE");
    setenv("DOCKER_AUTH_CONFIG", environment, 1);
}

#define NOWHERE                                                                                    \
    "credential.skipped: /nonexistent/run/containers/auth.json: it is not there\n"                 \
    "credential.skipped: /nonexistent/.config/containers/auth.json: it is not there\n"             \
    "credential.skipped: /nonexistent/.docker/config.json: it is not there\n"                      \
    "credential.skipped: /nonexistent/.dockercfg: it is not there\n"                               \
    "credential.none: there is none: access is anonymous\n"

static void explains(void **state)
{
    (void)state;
    static const struct {
        const char *environment, *told;
    } rows[] = {
        {"", "credential.host: r.example\n" NOWHERE},
        {"{\"auths\":{\"r.example/team\":{\"auth\":\"dTpzM2NyZXQ=\"}}}",
         "credential.host: r.example\ncredential.file: $DOCKER_AUTH_CONFIG\n"
         "credential.key: auths[\"r.example/team\"]\ncredential.kind: password\n"
         "credential.user: u\n"},
        {"{\"auths\":{\"r.example\":{\"identitytoken\":\"s3cret\"}}}",
         "credential.host: r.example\ncredential.file: $DOCKER_AUTH_CONFIG\n"
         "credential.key: auths[\"r.example\"]\ncredential.kind: identity token\n"},
        {"{\"auths\":{\"r.example/teams\":{\"auth\":\"dTpzM2NyZXQ=\"}}}",
         "credential.host: r.example\n"
         "credential.skipped: $DOCKER_AUTH_CONFIG: it has no entry for this host\n" NOWHERE},
        {"{\"credsStore\":\"libimg-not-there\"}",
         "credential.host: r.example\n"
         "credential.skipped: $DOCKER_AUTH_CONFIG: docker-credential-libimg-not-there is not in "
         "$PATH\n" NOWHERE},
    };
    const img_client_options options = IMG_CLIENT_OPTIONS_INIT;
    img_error err;
    for (size_t i = 0; i < SIZE_OF(rows); i++) {
        struct told told = {.text = ""};
        set_up(rows[i].environment);
        assert_ok(explain(&options, &told, &err));
        assert_string_equal(told.text, rows[i].told);
        assert_null(strstr(told.text, "s3cret"));
    }
}

static void callbacks(void **state)
{
    (void)state;
    img_client_options options = IMG_CLIENT_OPTIONS_INIT;
    img_error err;
    struct told told = {.text = ""}, none = {.text = ""}, stopped = {.stop = "credential.host"};
    char user[] = "u", nobody[] = "";
    set_up("");
    options.on_credential = give;
    options.on_credential_arg = user;
    assert_ok(explain(&options, &told, &err));
    assert_string_equal(told.text, "credential.host: r.example\n"
                                   "credential.callback: the credential callback\n"
                                   "credential.kind: password\ncredential.user: u\n");
    options.on_credential_arg = nobody;
    assert_ok(explain(&options, &none, &err));
    assert_string_equal(none.text,
                        "credential.host: r.example\n"
                        "credential.skipped: the credential callback: it has none\n" NOWHERE);
    assert_int_equal(explain(&options, &stopped, &err), IMG_ECANCELED);
    stopped = (struct told){.stop = "credential.skipped"};
    assert_int_equal(explain(&options, &stopped, &err), IMG_ECANCELED);
}

/* A file that is named is the only one, whatever the environment has. */
static void only_file(void **state)
{
    (void)state;
    img_client_options options = IMG_CLIENT_OPTIONS_INIT;
    img_error err;
    struct told told = {.text = ""};
    set_up("{\"auths\":{\"r.example\":{\"auth\":\"dTpzM2NyZXQ=\"}}}");
    options.auth_file = "/nonexistent/named";
    assert_ok(explain(&options, &told, &err));
    assert_string_equal(told.text, "credential.host: r.example\n"
                                   "credential.skipped: /nonexistent/named: it is not there\n"
                                   "credential.none: there is none: access is anonymous\n");
}

/* What is broken ends the search, rather than being passed by in silence. */
static void broken(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"auths\":{\"r.example\":{\"auth\":\"s3cret\"}}}",
        "{\"auths\":{\"r.example/team\":7}}",
        "{\"credHelpers\":{\"r.example\":\"../x\"}}",
        "{\"credsStore\":7}",
        "s3cret",
    };
    const img_client_options options = IMG_CLIENT_OPTIONS_INIT;
    img_error err;
    for (size_t i = 0; i < SIZE_OF(texts); i++) {
        struct told told = {.text = ""};
        set_up(texts[i]);
        assert_fails(explain(&options, &told, &err), IMG_EFORMAT, "$DOCKER_AUTH_CONFIG");
        assert_null(strstr(err.message, "s3cret"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explains),
        cmocka_unit_test(callbacks),
        cmocka_unit_test(only_file),
        cmocka_unit_test(broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
