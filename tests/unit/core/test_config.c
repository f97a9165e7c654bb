/* SPDX-License-Identifier: Apache-2.0
 *
 * Configs: reading what Docker and OCI tools write, refusing what is wrong, authoring with bytes
 * that depend on what was set and not on when.
 */
#include "unit.h"

#include "core/config.h"
#include "core/manifest.h"

#define ID1 "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
#define ID2 "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define ROOTFS "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}"
#define HEAD "{\"architecture\":\"amd64\",\"os\":\"linux\","
#define TIME "2024-01-31T12:00:00Z"

/* As an older Docker wrote them: another order of keys, much that is unknown. */
static const char docker[] =
    "{\"architecture\":\"amd64\",\"config\":{\"Hostname\":\"\",\"AttachStdin\":false,"
    "\"ExposedPorts\":{\"80/tcp\":{}},\"Env\":[\"PATH=/usr/bin:/bin\",\"A=1\",\"ODD\"],\"Cmd\":["
    "\"nginx\",\"-g\"],\"ArgsEscaped\":true,\"Image\":\"sha256:12\",\"Volumes\":{\"/b\":{},\"/a\":"
    "{}},\"WorkingDir\":\"/w\",\"Entrypoint\":[\"/entry.sh\"],\"OnBuild\":null,\"Labels\":{"
    "\"m\":\"<x>\"},\"StopSignal\":\"SIGQUIT\"},\"container\":\"aa\",\"created\":"
    "\"2023-01-01T00:00:00.5Z\",\"docker_version\":\"20.10\",\"history\":[{\"created\":\"x\","
    "\"created_by\":\"ADD\"},{\"created_by\":\"CMD\",\"empty_layer\":true}],\"os\":\"linux\","
    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" ID1 "\"]},\"variant\":\"v2\","
    "\"x-number\":9007199254740993}";

static int parse(const char *text, struct config *out, img_error *err)
{
    return img__config_parse("config X", text, strlen(text), out, err);
}

static struct config must_parse(const char *text)
{
    struct config config = CONFIG_INIT;
    img_error err;
    assert_ok(parse(text, &config, &err));
    return config;
}

static struct config must_make(void)
{
    static const img_platform platform = {"linux", "amd64", "", ""};
    struct config config = CONFIG_INIT;
    img_error err;
    assert_ok(img__config_new(&platform, &config, &err));
    return config;
}

static void assert_bytes(const struct config *config, const char *expected)
{
    auto_(buf) struct buf out = BUF_INIT(1 << 20);
    img__json_write(config->json, &out);
    assert_string_equal(img__buf_text(&out), expected);
}

/* The list, joined with '|'. */
static void assert_list(const struct config *config, const char *list, const char *expected)
{
    auto_(strv) struct strv items = STRV_INIT;
    char joined[512] = "";
    img_error err;
    assert_ok(img__config_list(config, list, &items, &err));
    for (size_t i = 0; i < items.count; i++) {
        strcat(joined, i ? "|" : "");
        strcat(joined, items.items[i]);
    }
    assert_string_equal(joined, expected);
}

static void test_reads(void **state)
{
    auto_(config) struct config c = must_parse(docker);
    auto_(strv) struct strv items = STRV_INIT;
    img_error err;
    (void)state;
    assert_bytes(&c, docker);
    assert_string_equal(c.platform.os, "linux");
    assert_string_equal(c.platform.architecture, "amd64");
    assert_string_equal(c.platform.variant, "v2");
    assert_int_equal(c.diff_id_count, 1);
    assert_string_equal(c.diff_ids[0].text, ID1);
    assert_string_equal(img__config_field(&c, "created"), "2023-01-01T00:00:00.5Z");
    assert_string_equal(img__config_field(&c, "author"), "");
    assert_string_equal(img__config_field(&c, "user"), "");
    assert_string_equal(img__config_field(&c, "workdir"), "/w");
    assert_string_equal(img__config_field(&c, "stop-signal"), "SIGQUIT");
    assert_null(img__config_field(&c, "entrypoint"));
    assert_list(&c, "entrypoint", "/entry.sh");
    assert_list(&c, "cmd", "nginx|-g");
    assert_list(&c, "env", "PATH=/usr/bin:/bin|A=1|ODD");
    assert_list(&c, "label", "m=<x>");
    assert_list(&c, "expose", "80/tcp");
    assert_list(&c, "volume", "/b|/a");
    assert_ok(img__strv_add(&items, "old", &err));
    assert_fails(img__config_list(&c, "annotation", &items, &err), IMG_EINVAL, "annotation");
    assert_int_equal(items.count, 1);
    assert_ok(img__config_list(&c, "expose", &items, &err));
    assert_int_equal(items.count, 1);
    assert_string_equal(items.items[0], "80/tcp");
}

static void test_reads_least(void **state)
{
    auto_(config) struct config c =
        must_parse(HEAD ROOTFS ",\"config\":null,\"history\":null,\"created\":null}");
    (void)state;
    assert_string_equal(img__config_field(&c, "created"), "");
    assert_string_equal(img__config_field(&c, "user"), "");
    assert_list(&c, "env", "");
    assert_int_equal(c.diff_id_count, 0);
}

static void test_refuses(void **state)
{
    static const struct {
        const char *text;
        int code;
        const char *message;
    } rows[] = {
        {"[]", IMG_EFORMAT, "config X is not a JSON object"},
        {"{" ROOTFS "}", IMG_EFORMAT, "config X: \"architecture\" is missing"},
        {"{\"architecture\":\"a\"," ROOTFS "}", IMG_EFORMAT, "config X: \"os\" is missing"},
        {"{\"architecture\":1," ROOTFS "}", IMG_EFORMAT, "\"architecture\" is an integer"},
        {HEAD "\"os\":\"x\"}", IMG_EFORMAT, "config X has the key \"os\" twice"},
        {HEAD "\"x\":1}", IMG_EFORMAT, "config X: \"rootfs\" is missing"},
        {HEAD "\"RootFS\":{}," ROOTFS "}", IMG_EFORMAT,
         "the key \"RootFS\" must be spelled \"rootfs\""},
        {HEAD "\"rootfs\":{}}", IMG_EFORMAT, "config X: rootfs: \"type\" is missing"},
        {HEAD "\"rootfs\":{\"type\":\"layers+base\",\"diff_ids\":[]}}", IMG_EFORMAT,
         "rootfs: \"type\" is 'layers+base', not 'layers'"},
        {HEAD "\"rootfs\":{\"type\":\"layers\"}}", IMG_EFORMAT, "\"diff_ids\" is missing"},
        {HEAD "\"rootfs\":{\"type\":\"layers\",\"Diff_IDs\":[]}}", IMG_EFORMAT,
         "must be spelled \"diff_ids\""},
        {HEAD "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[1]}}", IMG_EFORMAT,
         "rootfs: \"diff_ids\"[0] is an integer, not a string"},
        {HEAD "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" ID1 "\",\"x\"]}}", IMG_EFORMAT,
         "\"diff_ids\"[1] is 'x', which is not a digest"},
        {HEAD "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"md5:"
              "44136fa355b3678a1146ad16f7e8649e\"]}}",
         IMG_EUNSUPPORTED, "unsupported digest algorithm"},
        {HEAD ROOTFS ",\"config\":[]}", IMG_EFORMAT, "\"config\" is an array"},
        {HEAD ROOTFS ",\"config\":{\"env\":[]}}", IMG_EFORMAT, "must be spelled \"Env\""},
        {HEAD ROOTFS ",\"config\":{\"Env\":\"A=1\"}}", IMG_EFORMAT,
         "config X: config: \"Env\" is a string, not an array"},
        {HEAD ROOTFS ",\"config\":{\"Env\":[\"A=1\",null]}}", IMG_EFORMAT,
         "\"Env\"[1] is null, not a string"},
        {HEAD ROOTFS ",\"config\":{\"Labels\":{\"a\":{}}}}", IMG_EFORMAT,
         "\"Labels\"[a] is an object, not a string"},
        {HEAD ROOTFS ",\"config\":{\"User\":0}}", IMG_EFORMAT, "\"User\" is an integer"},
        {HEAD ROOTFS ",\"history\":{}}", IMG_EFORMAT, "\"history\" is an object, not an array"},
        {HEAD ROOTFS ",\"history\":[1]}", IMG_EFORMAT, "\"history\"[0] is an integer"},
        {HEAD ROOTFS ",\"history\":[{},{\"empty_layer\":1}]}", IMG_EFORMAT,
         "config X: history[1]: \"empty_layer\" is an integer, not a boolean"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct config c = CONFIG_INIT;
        img_error err;
        assert_fails(parse(rows[i].text, &c, &err), rows[i].code, rows[i].message);
        assert_null(c.json);
    }
}

static void edit(struct config *c, char what, const char *name, const char *value)
{
    img_error err;
    if (what == 's')
        assert_ok(img__config_set(c, name, value, &err));
    else
        assert_ok(img__config_put(c, name, value, &err));
}

static void test_new(void **state)
{
    static const img_platform arm = {"linux", "arm", "v7", "1.2"};
    auto_(config) struct config c = must_make();
    auto_(config) struct config other = CONFIG_INIT;
    img_error err;
    (void)state;
    assert_bytes(&c, "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{}," ROOTFS
                     ",\"history\":[]}");
    assert_ok(img__config_new(&arm, &other, &err));
    assert_bytes(&other, "{\"architecture\":\"arm\",\"variant\":\"v7\",\"os\":\"linux\","
                         "\"os.version\":\"1.2\",\"config\":{}," ROOTFS ",\"history\":[]}");
    assert_string_equal(other.platform.variant, "v7");
    static const img_platform none = {"linux", "", "", ""};
    img__config_free(&other);
    assert_fails(img__config_new(&none, &other, &err), IMG_EINVAL, "architecture");
}

/* The same settings in many orders: one result. */
static void test_order(void **state)
{
    static const struct {
        char what;
        const char *name, *value;
    } steps[] = {
        {'s', "created", TIME},       {'s', "author", "me"},        {'s', "user", "1000:1000"},
        {'s', "workdir", "/w"},       {'s', "stop-signal", "term"}, {'p', "env", "A=1"},
        {'p', "label", "b=2"},        {'p', "label", "a=1=<>/"},    {'p', "expose", "80"},
        {'p', "expose", "53-54/UDP"}, {'p', "volume", "/z"},        {'p', "volume", "/d"},
    };
    static const char *const argv[] = {"/bin/sh", "", NULL};
    const size_t count = sizeof(steps) / sizeof(steps[0]);
    (void)state;
    for (size_t shift = 0; shift < count; shift++) {
        for (int back = 0; back < 2; back++) {
            auto_(config) struct config c = must_make();
            img_error err;
            if (shift % 2)
                assert_ok(img__config_set_argv(&c, "cmd", argv, &err));
            for (size_t i = 0; i < count; i++) {
                size_t at = (shift + (back ? count - i : i)) % count;
                edit(&c, steps[at].what, steps[at].name, steps[at].value);
            }
            assert_ok(img__config_set_argv(&c, "entrypoint", argv, &err));
            if (shift % 2 == 0)
                assert_ok(img__config_set_argv(&c, "cmd", argv, &err));
            assert_bytes(
                &c, "{\"created\":\"" TIME
                    "\",\"author\":\"me\",\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{"
                    "\"User\":\"1000:1000\",\"ExposedPorts\":{\"53/udp\":{},\"54/udp\":{},"
                    "\"80/tcp\":{}},\"Env\":[\"A=1\"],\"Entrypoint\":[\"/bin/sh\",\"\"],\"Cmd\":["
                    "\"/bin/sh\",\"\"],\"Volumes\":{\"/d\":{},\"/z\":{}},\"WorkingDir\":\"/w\","
                    "\"Labels\":{\"a\":\"1=<>/\",\"b\":\"2\"},\"StopSignal\":\"SIGTERM\"}," ROOTFS
                    ",\"history\":[]}");
        }
    }
}

static void test_edit_base(void **state)
{
    auto_(config) struct config c = must_parse(docker);
    img_error err;
    (void)state;
    edit(&c, 's', "author", "me");
    edit(&c, 's', "user", "u");
    edit(&c, 's', "stop-signal", "");
    edit(&c, 's', "created", TIME);
    edit(&c, 'p', "env", "A=2");
    edit(&c, 'p', "env", "ODD=");
    edit(&c, 'p', "env", "NEW=x=y");
    edit(&c, 'p', "label", "a=");
    assert_ok(img__config_add_layer(&c, &(img_digest){ID2}, TIME, "COPY \xff \xc3\xa4", &err));
    assert_int_equal(c.diff_id_count, 2);
    assert_string_equal(c.diff_ids[1].text, ID2);
    assert_bytes(
        &c,
        "{\"author\":\"me\",\"architecture\":\"amd64\",\"config\":{\"Hostname\":\"\","
        "\"AttachStdin\":false,\"User\":\"u\",\"ExposedPorts\":{\"80/tcp\":{}},\"Env\":[\"PATH="
        "/usr/bin:/bin\",\"A=2\",\"ODD=\",\"NEW=x=y\"],\"Cmd\":[\"nginx\",\"-g\"],"
        "\"ArgsEscaped\":true,\"Image\":\"sha256:12\",\"Volumes\":{\"/b\":{},\"/a\":{}},"
        "\"WorkingDir\":\"/w\",\"Entrypoint\":[\"/entry.sh\"],\"OnBuild\":null,\"Labels\":{"
        "\"a\":\"\",\"m\":\"<x>\"}},\"container\":\"aa\",\"created\":\"" TIME
        "\",\"docker_version\":\"20.10\",\"history\":[{\"created\":\"x\",\"created_by\":\"ADD\"},"
        "{\"created_by\":\"CMD\",\"empty_layer\":true},{\"created\":\"" TIME
        "\",\"created_by\":\"COPY ? \xc3\xa4\"}],\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\","
        "\"diff_ids\":[\"" ID1 "\",\"" ID2
        "\"]},\"variant\":\"v2\",\"x-number\":9007199254740993}");
}

static void test_entrypoint(void **state)
{
    static const char *const a[] = {"a", NULL};
    static const char *const none[] = {NULL};
    static const struct {
        const char *const *cmd_before, *const *entrypoint, *const *cmd_after;
        const char *expected_entrypoint, *expected_cmd;
    } rows[] = {
        {NULL, NULL, NULL, "/entry.sh", "nginx|-g"},
        {NULL, a, NULL, "a", ""},
        {a, a, NULL, "a", "a"},
        {NULL, a, a, "a", "a"},
        {a, NULL, NULL, "/entry.sh", "a"},
        {none, NULL, NULL, "/entry.sh", ""},
        {NULL, none, NULL, "", ""},
        {a, none, NULL, "", "a"},
        {none, a, NULL, "a", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(config) struct config c = must_parse(docker);
        img_error err;
        if (rows[i].cmd_before)
            assert_ok(img__config_set_argv(&c, "cmd", rows[i].cmd_before, &err));
        if (rows[i].entrypoint)
            assert_ok(img__config_set_argv(&c, "entrypoint", rows[i].entrypoint, &err));
        if (rows[i].cmd_after)
            assert_ok(img__config_set_argv(&c, "cmd", rows[i].cmd_after, &err));
        assert_list(&c, "entrypoint", rows[i].expected_entrypoint);
        assert_list(&c, "cmd", rows[i].expected_cmd);
    }
}

static void test_history(void **state)
{
    static const struct {
        const char *history, *expected;
    } rows[] = {
        {"null", "[F,F,N]"},
        {"[]", "[F,F,N]"},
        {"[{\"a\":1}]", "[{\"a\":1},F,N]"},
        {"[{\"empty_layer\":true},{\"empty_layer\":false},{}]",
         "[{\"empty_layer\":true},{\"empty_layer\":false},{},N]"},
        {"[{},{},{\"b\":1},{\"empty_layer\":true},{\"empty_layer\":false}]",
         "[{},{},{\"b\":1,\"empty_layer\":true},{\"empty_layer\":true},{\"empty_layer\":true},N]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(buf) struct buf text = BUF_INIT(4096);
        auto_(buf) struct buf expected = BUF_INIT(4096);
        img_error err;
        img__buf_printf(&text,
                        HEAD "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\",\"%s\"]},"
                             "\"history\":%s}",
                        ID1, ID2, rows[i].history);
        img__buf_printf(&expected,
                        HEAD "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\",\"%s\",\"%s\"]},"
                             "\"history\":",
                        ID1, ID2, ID1);
        for (const char *at = rows[i].expected; *at; at++) {
            if (*at == 'F')
                img__buf_puts(&expected, "{\"comment\":\"a layer of the base, whose history does "
                                         "not tell of it\"}");
            else if (*at == 'N')
                img__buf_puts(&expected, "{\"created\":\"" TIME "\",\"created_by\":\"x\"}");
            else
                img__buf_putc(&expected, *at);
        }
        img__buf_puts(&expected, "}");
        auto_(config) struct config c = must_parse(text.data);
        assert_ok(img__config_add_layer(&c, &(img_digest){ID1}, TIME, "x", &err));
        assert_bytes(&c, expected.data);
    }
}

static void test_no_config(void **state)
{
    static const char *const none[] = {NULL};
    auto_(config) struct config c = must_parse(HEAD ROOTFS "}");
    img_error err;
    (void)state;
    edit(&c, 's', "user", "");
    assert_ok(img__config_set_argv(&c, "cmd", none, &err));
    assert_bytes(&c, HEAD ROOTFS "}");
    edit(&c, 'p', "volume", "/v");
    edit(&c, 's', "user", "u");
    assert_bytes(&c, HEAD "\"config\":{\"User\":\"u\",\"Volumes\":{\"/v\":{}}}," ROOTFS "}");
}

static void test_layer_limit(void **state)
{
    auto_(config) struct config c = must_make();
    img_error err;
    (void)state;
    assert_fails(img__config_add_layer(&c, &(img_digest){ID1}, "today", "x", &err), IMG_EINVAL,
                 "created 'today' is not a time");
    for (size_t i = 0; i < MANIFEST_LAYERS_MAX; i++)
        assert_ok(img__config_add_layer(&c, &(img_digest){ID1}, TIME, "x", &err));
    assert_fails(img__config_add_layer(&c, &(img_digest){ID1}, TIME, "x", &err), IMG_ELIMIT,
                 "1024 layers");
}

static void test_wrong_values(void **state)
{
    static const struct {
        char what;
        const char *name, *value, *message;
    } rows[] = {
        {'s', "entrypoint", "x", "an image has no setting 'entrypoint'"},
        {'s', "created", "2024-02-30T00:00:00Z", "is not a time like"},
        {'s', "workdir", "w", "workdir 'w' is not an absolute path: begin it with '/'"},
        {'s', "workdir", "/a\nb", "control character"},
        {'s', "user", "a\x01", "control character"},
        {'s', "author", "\xff", "author: the text is not UTF-8"},
        {'s', "stop-signal", "SIGFOO", "stop-signal 'SIGFOO' is not a signal"},
        {'p', "annotation", "a=b", "an image has no set 'annotation'"},
        {'p', "env", "A", "env 'A' has no '='"},
        {'p', "env", "=secret", "env has an empty key"},
        {'p', "env", "A=\xff", "env: the text is not UTF-8"},
        {'p', "label", "l", "label 'l' has no '='"},
        {'p', "label", "=", "label has an empty key"},
        {'p', "expose", "0", "expose '0' is not a port"},
        {'p', "volume", "v", "volume 'v' is not an absolute path"},
        {'p', "volume", "//", "the root can't be a volume"},
    };
    static const char *const broken[] = {"a", "\xff", NULL};
    auto_(config) struct config c = must_make();
    img_error err;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int (*edits)(struct config * config, const char *name, const char *value,
                     img_error *error) = rows[i].what == 's' ? img__config_set : img__config_put;
        assert_fails(edits(&c, rows[i].name, rows[i].value, &err), IMG_EINVAL, rows[i].message);
        assert_null(strstr(err.message, "secret"));
    }
    assert_fails(img__config_set_argv(&c, "cmd", broken, &err), IMG_EINVAL, "cmd: the text is not");
    assert_fails(img__config_set_argv(&c, "env", broken, &err), IMG_EINVAL, "no command 'env'");
    assert_bytes(&c, "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{}," ROOTFS
                     ",\"history\":[]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),        cmocka_unit_test(test_reads_least),
        cmocka_unit_test(test_refuses),      cmocka_unit_test(test_new),
        cmocka_unit_test(test_order),        cmocka_unit_test(test_edit_base),
        cmocka_unit_test(test_entrypoint),   cmocka_unit_test(test_history),
        cmocka_unit_test(test_no_config),    cmocka_unit_test(test_layer_limit),
        cmocka_unit_test(test_wrong_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
