/* SPDX-License-Identifier: Apache-2.0
 *
 * The config.json of bundles: what comes from the image, word for word. That the rest is what runc
 * has is judged by runc itself, in tests/integration/bundle.sh.
 */
#include "unit.h"

#include "core/json.h"
#include "core/runtime_config.h"

static const struct runtime_options plain = {0};

/* Converts a config with this "config" object; os may be NULL. */
static int convert(const char *top, const char *config, const struct user *user,
                   const struct runtime_options *options, struct buf *out, img_error *err)
{
    auto_(config) struct config parsed = CONFIG_INIT;
    auto_free char *text = NULL;
    assert_true(asprintf(&text,
                         "{\"architecture\":\"arm64\",%s\"rootfs\":{\"type\":\"layers\","
                         "\"diff_ids\":[]},\"config\":{%s}}",
                         top, config) > 0);
    assert_int_equal(img__config_parse("the config", text, strlen(text), &parsed, err), 0);
    img__buf_clear(out);
    return img__runtime_config_write(&parsed, user, options, out, err);
}

/* A member of the document, as JSON text. */
static void assert_member(const struct buf *document, const char *outer, const char *key,
                          const char *expected)
{
    auto_(json) struct json *json = NULL;
    auto_(buf) struct buf text = BUF_INIT(1 << 20);
    img_error err;
    assert_ok(img__json_parse("config.json", document->data, document->len, &json, &err));
    const struct json *value = outer ? img__json_get(json, outer) : json;
    value = img__json_get(value, key);
    if (!expected) {
        assert_null(value);
        return;
    }
    assert_non_null(value);
    if (img__json_kind(value) == JSON_STRING) {
        assert_string_equal(img__json_text(value), expected);
        return;
    }
    img__json_write(value, &text);
    assert_string_equal(text.data, expected);
}

static void test_process(void **state)
{
    static const struct {
        const char *config, *key, *expected;
    } rows[] = {
        {"\"Cmd\":[\"a\"]", "args", "[\"a\"]"},
        {"\"Entrypoint\":[\"a\",\"b c\"]", "args", "[\"a\",\"b c\"]"},
        {"\"Entrypoint\":[\"a\"],\"Cmd\":[\"\",\"c\"]", "args", "[\"a\",\"\",\"c\"]"},
        {"\"Cmd\":[\"a\"]", "cwd", "/"},
        {"\"Cmd\":[\"a\"],\"WorkingDir\":\"/srv/a b\"", "cwd", "/srv/a b"},
        {"\"Cmd\":[\"a\"],\"WorkingDir\":\"srv\"", "cwd", "/srv"},
        {"\"Cmd\":[\"a\"]", "env",
         "[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"]"},
        {"\"Cmd\":[\"a\"],\"Env\":[\"Z=1\",\"PATH=/x\",\"A=\",\"Z=2\"]", "env",
         "[\"Z=1\",\"PATH=/x\",\"A=\",\"Z=2\"]"},
        {"\"Cmd\":[\"a\"],\"Env\":[\"PATHS=/x\",\"path=/y\"]", "env",
         "[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\"PATHS=/x\","
         "\"path=/y\"]"},
        {"\"Cmd\":[\"a\"]", "terminal", "false"},
        {"\"Cmd\":[\"a\"]", "user", "{\"uid\":0,\"gid\":0}"},
        {"\"Cmd\":[\"a\"]", "noNewPrivileges", "true"},
    };
    struct user user = USER_INIT;
    auto_(buf) struct buf out = BUF_INIT(1 << 20);
    img_error err;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_ok(convert("\"os\":\"linux\",", rows[i].config, &user, &plain, &out, &err));
        assert_member(&out, "process", rows[i].key, rows[i].expected);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *top, *config;
        int code;
        const char *text;
    } rows[] = {
        {"\"os\":\"linux\",", "", IMG_EINVAL, "neither an entrypoint nor a cmd"},
        {"\"os\":\"linux\",", "\"Cmd\":[],\"Entrypoint\":null", IMG_EINVAL, "neither"},
        {"\"os\":\"windows\",", "\"Cmd\":[\"a\"]", IMG_EUNSUPPORTED, "the image is for windows"},
        {"\"os\":\"linux\",", "\"Cmd\":[\"a\"],\"Env\":[\"A=1\",\"B\"]", IMG_EFORMAT,
         "env has 'B', which is not K=V"},
        {"\"os\":\"linux\",", "\"Cmd\":[\"a\"],\"Env\":[\"=B\"]", IMG_EFORMAT, "not K=V"},
        {"\"os\":\"linux\",", "\"Cmd\":[\"a\"],\"Volumes\":{\"/a\":{},\"b\":{}}", IMG_EFORMAT,
         "volume 'b' is not an absolute path below /"},
        {"\"os\":\"linux\",", "\"Cmd\":[\"a\"],\"Volumes\":{\"//\":{}}", IMG_EFORMAT,
         "volume '//'"},
    };
    struct user user = USER_INIT;
    auto_(buf) struct buf out = BUF_INIT(1 << 20);
    img_error err;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_fails(convert(rows[i].top, rows[i].config, &user, &plain, &out, &err), rows[i].code,
                     rows[i].text);
}

static void test_user(void **state)
{
    uint32_t groups[] = {3456, 4294967294u};
    char home[] = "/data", bytes[] = "/\xff";
    struct user user = {1234, 2345, groups, 2, home};
    auto_(buf) struct buf out = BUF_INIT(1 << 20);
    img_error err;
    (void)state;
    assert_ok(convert("\"os\":\"linux\",", "\"Cmd\":[\"a\"],\"Env\":[\"PATH=/\"]", &user, &plain,
                      &out, &err));
    assert_member(&out, "process", "user",
                  "{\"uid\":1234,\"gid\":2345,\"additionalGids\":[3456,4294967294]}");
    assert_member(&out, "process", "env", "[\"PATH=/\",\"HOME=/data\"]");
    assert_ok(convert("\"os\":\"linux\",", "\"Cmd\":[\"a\"],\"Env\":[\"HOME=\",\"PATH=\"]", &user,
                      &plain, &out, &err));
    assert_member(&out, "process", "env", "[\"HOME=\",\"PATH=\"]");
    user.home = bytes;
    assert_fails(convert("\"os\":\"linux\",", "\"Cmd\":[\"a\"]", &user, &plain, &out, &err),
                 IMG_EFORMAT, "is not UTF-8");
}

static void test_annotations(void **state)
{
    static const struct {
        const char *top, *config, *expected;
    } rows[] = {
        {"\"os\":\"linux\",", "",
         "{\"org.opencontainers.image.architecture\":\"arm64\","
         "\"org.opencontainers.image.os\":\"linux\"}"},
        {"\"os\":\"linux\",\"os.version\":\"6.1\",\"variant\":\"v8\",\"author\":\"me\","
         "\"os.features\":[\"a\",\"b\"],\"created\":\"2024-01-01T00:00:00.5Z\",",
         ",\"StopSignal\":\"SIGRTMIN+3\",\"ExposedPorts\":{\"80/tcp\":{},\"8080\":{},"
         "\"53/udp\":{}}",
         "{\"org.opencontainers.image.architecture\":\"arm64\","
         "\"org.opencontainers.image.author\":\"me\","
         "\"org.opencontainers.image.created\":\"2024-01-01T00:00:00.5Z\","
         "\"org.opencontainers.image.exposedPorts\":\"53/udp,80/tcp,8080\","
         "\"org.opencontainers.image.os\":\"linux\","
         "\"org.opencontainers.image.os.features\":\"a,b\","
         "\"org.opencontainers.image.os.version\":\"6.1\","
         "\"org.opencontainers.image.stopSignal\":\"SIGRTMIN+3\","
         "\"org.opencontainers.image.variant\":\"v8\"}"},
        {"\"os\":\"linux\",\"author\":\"me\",",
         ",\"Labels\":{\"z\":\"\",\"org.opencontainers.image.author\":\"you\",\"\":\"x\","
         "\"a\":\"b\",\"org.opencontainers.image.os\":\"\"}",
         "{\"a\":\"b\",\"org.opencontainers.image.architecture\":\"arm64\","
         "\"org.opencontainers.image.author\":\"you\",\"org.opencontainers.image.os\":\"\","
         "\"z\":\"\"}"},
    };
    struct user user = USER_INIT;
    auto_(buf) struct buf out = BUF_INIT(1 << 20);
    img_error err;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_free char *config = NULL;
        assert_true(asprintf(&config, "\"Cmd\":[\"a\"]%s", rows[i].config) > 0);
        assert_ok(convert(rows[i].top, config, &user, &plain, &out, &err));
        assert_member(&out, NULL, "annotations", rows[i].expected);
    }
}

/* Outer ones first, whatever the image's order, and each with its own directory's owner. */
static void test_volumes(void **state)
{
    static const struct runtime_volume volumes[] = {
        {true, 1, 2, 01777}, {false, 0, 0, 0}, {true, 4294967294u, 4294967294u, 0100700}};
    struct runtime_options options = {.volumes = volumes};
    struct user user = USER_INIT;
    auto_(buf) struct buf out = BUF_INIT(1 << 20);
    img_error err;
    (void)state;
    assert_ok(convert("\"os\":\"linux\",",
                      "\"Cmd\":[\"a\"],\"Volumes\":{\"/v/in\":{},\"/v\":{},\"/u,v\":{}}", &user,
                      &options, &out, &err));
    static const char *const expected =
        "{\"destination\":\"/u,v\",\"type\":\"tmpfs\",\"source\":\"none\",\"options\":[\"rw\","
        "\"nosuid\",\"nodev\",\"noexec\",\"relatime\",\"mode=0700\",\"uid=4294967294\","
        "\"gid=4294967294\"]},"
        "{\"destination\":\"/v\",\"type\":\"tmpfs\",\"source\":\"none\",\"options\":[\"rw\","
        "\"nosuid\",\"nodev\",\"noexec\",\"relatime\"]},"
        "{\"destination\":\"/v/in\",\"type\":\"tmpfs\",\"source\":\"none\",\"options\":[\"rw\","
        "\"nosuid\",\"nodev\",\"noexec\",\"relatime\",\"mode=1777\",\"uid=1\",\"gid=2\"]}]";
    if (!strstr(out.data, expected))
        fail_msg("'%s' is not in '%s'", expected, out.data);
}

static void test_cmd_and_terminal(void **state)
{
    static const char *const cmd[] = {"sh", "-c", "a b", NULL}, *const none[] = {NULL};
    static const char *const bytes[] = {"\xff", NULL};
    struct runtime_options options = {.cmd = cmd, .terminal = true};
    struct user user = USER_INIT;
    auto_(buf) struct buf out = BUF_INIT(1 << 20);
    img_error err;
    (void)state;
    assert_ok(convert("\"os\":\"linux\",", "\"Cmd\":[\"a\"]", &user, &options, &out, &err));
    assert_member(&out, "process", "args", "[\"sh\",\"-c\",\"a b\"]");
    assert_member(&out, "process", "terminal", "true");
    assert_member(&out, "process", "env",
                  "[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\","
                  "\"TERM=xterm\"]");
    assert_ok(convert("\"os\":\"linux\",", "\"Entrypoint\":[\"a\"],\"Cmd\":[\"b\"]", &user,
                      &options, &out, &err));
    assert_member(&out, "process", "args", "[\"a\",\"sh\",\"-c\",\"a b\"]");
    options.cmd = none;
    assert_ok(convert("\"os\":\"linux\",", "\"Entrypoint\":[\"a\"],\"Cmd\":[\"b\"]", &user,
                      &options, &out, &err));
    assert_member(&out, "process", "args", "[\"a\"]");
    assert_fails(convert("\"os\":\"linux\",", "\"Cmd\":[\"a\"]", &user, &options, &out, &err),
                 IMG_EINVAL, "say what is to run");
    options.cmd = bytes;
    assert_fails(convert("\"os\":\"linux\",", "\"Cmd\":[\"a\"]", &user, &options, &out, &err),
                 IMG_EINVAL, "not UTF-8");
}

static void test_rootless(void **state)
{
    static const struct runtime_mapping uids[] = {{0, 1000, 1}, {1, 100000, 65536}};
    struct runtime_options options = {
        .rootless = true, .uids = uids, .uid_count = 2, .gids = uids, .gid_count = 1};
    struct user user = USER_INIT;
    auto_(buf) struct buf out = BUF_INIT(1 << 20);
    img_error err;
    (void)state;
    assert_ok(convert("\"os\":\"linux\",", "\"Cmd\":[\"a\"]", &user, &options, &out, &err));
    assert_member(&out, "linux", "uidMappings",
                  "[{\"containerID\":0,\"hostID\":1000,\"size\":1},"
                  "{\"containerID\":1,\"hostID\":100000,\"size\":65536}]");
    assert_member(&out, "linux", "gidMappings", "[{\"containerID\":0,\"hostID\":1000,\"size\":1}]");
    assert_member(&out, "linux", "resources", NULL);
    assert_member(&out, "linux", "namespaces",
                  "[{\"type\":\"pid\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"mount\"},"
                  "{\"type\":\"user\"}]");
}

/* Root, with owners that are others outside. */
static void test_mapped(void **state)
{
    static const struct runtime_mapping ids[] = {{0, 100000, 65536}};
    struct runtime_options options = {
        .uids = ids, .uid_count = 1, .gids = ids, .gid_count = 1, .hostname = "h"};
    struct user user = USER_INIT;
    auto_(buf) struct buf out = BUF_INIT(1 << 20);
    img_error err;
    (void)state;
    assert_ok(convert("\"os\":\"linux\",", "\"Cmd\":[\"a\"]", &user, &options, &out, &err));
    assert_member(&out, "linux", "gidMappings",
                  "[{\"containerID\":0,\"hostID\":100000,\"size\":65536}]");
    assert_member(&out, "linux", "resources",
                  "{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}");
    assert_member(&out, "linux", "namespaces",
                  "[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":"
                  "\"uts\"},{\"type\":\"mount\"},{\"type\":\"user\"}]");
    assert_member(&out, NULL, "hostname", "h");
    options.hostname = "a\nb";
    assert_fails(convert("\"os\":\"linux\",", "\"Cmd\":[\"a\"]", &user, &options, &out, &err),
                 IMG_EINVAL, "hostname");
}

static void test_limit(void **state)
{
    struct user user = USER_INIT;
    auto_(buf) struct buf out = BUF_INIT(100);
    img_error err;
    (void)state;
    assert_fails(convert("\"os\":\"linux\",", "\"Cmd\":[\"a\"]", &user, &plain, &out, &err),
                 IMG_ELIMIT, "config.json is larger than 100 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_process),  cmocka_unit_test(test_refused),
        cmocka_unit_test(test_user),     cmocka_unit_test(test_annotations),
        cmocka_unit_test(test_volumes),  cmocka_unit_test(test_cmd_and_terminal),
        cmocka_unit_test(test_rootless), cmocka_unit_test(test_mapped),
        cmocka_unit_test(test_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
