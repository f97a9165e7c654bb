/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON: what is refused and how it is called, that values and order survive, canonical writing.
 */
#include "unit.h"

#include <locale.h>

#include "core/json.h"

static int parse(const char *text, struct json **out, img_error *err)
{
    return img__json_parse("doc", text, strlen(text), out, err);
}

static struct json *must_parse(const char *text)
{
    struct json *json = NULL;
    img_error err;
    assert_ok(parse(text, &json, &err));
    return json;
}

static void assert_written(const struct json *json, const char *expected)
{
    auto_(buf) struct buf out = BUF_INIT(1 << 20);
    img__json_write(json, &out);
    assert_int_equal(out.failed, 0);
    assert_string_equal(img__buf_text(&out), expected);
}

static void test_refuses(void **state)
{
    static const struct {
        const char *text, *message;
        size_t len; /* 0: strlen */
    } rows[] = {
        {"", "doc is empty, not JSON", 0},
        {" \r\n\t", "doc is empty, not JSON", 0},
        {"<!DOCTYPE html><html>",
         "doc is HTML, not JSON: is this really a registry, or a login page "
         "or proxy in between?",
         0},
        {" \n<html>", "doc is HTML", 0},
        {"\xef\xbb\xbf<html>", "doc is HTML", 0},
        {"\xef\xbb\xbf{}", "byte order mark", 0},
        {"{\"digest\":1,\"digest\":2}", "doc has the key \"digest\" twice", 0},
        {"{\"x\":[{\"a long key, longer than twenty bytes\":1,\"y\":2,"
         "\"a long key, longer than twenty bytes\" : 2}]}",
         "the key \"a long key, longer than twenty bytes\" twice", 0},
        {"{\"a\\\"b\":1,\"a\\\"b\":2}", "the key \"a\\\"b\" twice", 0},
        {"{\"di\\u0067est\":1,\"digest\":2}", "the key \"digest\" twice", 0},
        {"{\"\":1,\"\":2}", "the key \"\" twice", 0},
        {"{} {}", "doc is not valid JSON: line 1", 0},
        {"{}x", "doc is not valid JSON", 0},
        {"{}\0", "doc is not valid JSON", 3},
        {"{\"a\":\"\xff\"}", "doc is not valid JSON", 0},
        {"{\"a\":\"\xc0\x80\"}", "doc is not valid JSON", 0},
        {"{\"a\":\"\xed\xa0\x80\"}", "doc is not valid JSON", 0},
        {"{\"a\":\"\\ud800\"}", "doc is not valid JSON", 0},
        {"{\"a\":\"x\\u0000y\"}", "doc is not valid JSON", 0},
        {"{\"a\\u0000b\":1}", "doc is not valid JSON", 0},
        {"{\"a\":\"x\0y\"}", "doc is not valid JSON", 11},
        {"{\"a\":\"x\ny\"}", "doc is not valid JSON", 0},
        {"{\"a\":", "ends too early, after 5 bytes", 0},
        {"{\"a\":\"b", "doc is not valid JSON", 0},
        {"{\"a\":\"b\\", "doc is not valid JSON", 0},
        {"{'a':1}", "doc is not valid JSON", 0},
        {"{\"a\":1,}", "doc is not valid JSON", 0},
        {"{\"a\":NaN}", "doc is not valid JSON", 0},
        {"{\"a\":01}", "doc is not valid JSON", 0},
        {"{\"a\":99999999999999999999}", "too big integer", 0},
        {"{\"a\":1e999}", "doc is not valid JSON", 0},
        {"\"text\"", "doc is not valid JSON", 0},
        {"null", "doc is not valid JSON", 0},
        {"}", "doc is not valid JSON", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct json *json = NULL;
        img_error err;
        size_t len = rows[i].len ? rows[i].len : strlen(rows[i].text);
        assert_fails(img__json_parse("doc", rows[i].text, len, &json, &err), IMG_EFORMAT,
                     rows[i].message);
        assert_null(json);
    }
}

static void repeat(struct buf *buf, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++)
        img__buf_puts(buf, text);
}

static void test_limits(void **state)
{
    auto_(buf) struct buf text = BUF_INIT(1 << 24);
    struct json *json = NULL;
    img_error err;
    (void)state;

    repeat(&text, "[", 64);
    img__buf_puts(&text, "\"[[[{{{\\\"[[\"");
    repeat(&text, "]", 64);
    assert_ok(parse(text.data, &json, &err));
    img__json_free(json);

    json = NULL;
    img__buf_clear(&text);
    repeat(&text, "[", 65);
    repeat(&text, "]", 65);
    assert_fails(parse(text.data, &json, &err), IMG_ELIMIT, "doc is nested more than 64 levels");
    img__buf_clear(&text);
    repeat(&text, "{\"a\":", 100000);
    assert_fails(parse(text.data, &json, &err), IMG_ELIMIT, "more than 64 levels");

    img__buf_clear(&text);
    img__buf_puts(&text, "[{}");
    repeat(&text, ",{}", JSON_CONTAINERS_MAX);
    img__buf_puts(&text, "]");
    assert_fails(parse(text.data, &json, &err), IMG_ELIMIT, "objects and arrays");

    img__buf_clear(&text);
    img__buf_puts(&text, "[1");
    repeat(&text, ",1", JSON_VALUES_MAX + 1);
    img__buf_puts(&text, "]");
    assert_fails(parse(text.data, &json, &err), IMG_ELIMIT, "doc has more than 2000000 values");
    assert_null(json);
}

static void test_survives(void **state)
{
    /* Order, nested unknown values, large integers, text that need not be escaped. */
    static const char text[] =
        "{\"z\":1,\"a\":{\"y\":[null,true,false,-9223372036854775808],\"b\":\"</script>&\\u0001\\n"
        "\\\"\\\\\xc3\xa4\"},\"m\":9007199254740993,\"\":1.5}";
    auto_(json) struct json *json = must_parse(text);
    (void)state;
    assert_written(json, text);

    auto_(json) struct json *escaped =
        must_parse(" { \"a\" : \"\\u003c\\/\\u00e4\" , \"b\":[ ] }\n");
    assert_written(escaped, "{\"a\":\"</\xc3\xa4\",\"b\":[]}");
}

static void test_locale(void **state)
{
    /* Whatever the locale's decimal point is; where there is no such locale this is test_survives.
     */
    char *old = strdup(setlocale(LC_ALL, NULL));
    (void)state;
    if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "de_DE"))
        setlocale(LC_ALL, "C.UTF-8");
    auto_(json) struct json *json = must_parse("{\"a\":0.5}");
    assert_written(json, "{\"a\":0.5}");
    setlocale(LC_ALL, old);
    free(old);
}

static void test_write_limit(void **state)
{
    auto_(json) struct json *json = must_parse("{\"a\":\"0123456789\"}");
    auto_(buf) struct buf out = BUF_INIT(8);
    (void)state;
    img__json_write(json, &out);
    assert_int_equal(out.failed, IMG_ELIMIT);
}

static void test_reading(void **state)
{
    auto_(json) struct json *json =
        must_parse("{\"b\":[1,\"x\"],\"n\":null,\"a\":true,\"t\":\"\"}");
    const struct json *value;
    const char *key;
    char keys[8] = "";
    int64_t number = 0;
    (void)state;

    for (void *at = NULL; img__json_next(json, &at, &key, &value);)
        strcat(keys, key);
    assert_string_equal(keys, "bnat");
    void *none = NULL;
    assert_false(img__json_next(img__json_get(json, "b"), &none, &key, &value));
    assert_false(img__json_next(NULL, &none, &key, &value));

    assert_int_equal(img__json_count(json), 4);
    assert_int_equal(img__json_count(img__json_get(json, "b")), 2);
    assert_int_equal(img__json_count(NULL), 0);
    assert_null(img__json_get(json, "n"));
    assert_null(img__json_get(json, "absent"));
    assert_null(img__json_get(img__json_get(json, "t"), "x"));
    assert_null(img__json_at(img__json_get(json, "b"), 2));
    assert_string_equal(img__json_text(img__json_at(img__json_get(json, "b"), 1)), "x");
    assert_null(img__json_text(json));
    assert_true(img__json_integer(img__json_at(img__json_get(json, "b"), 0), &number));
    assert_int_equal(number, 1);
    assert_false(img__json_integer(img__json_get(json, "t"), &number));
    assert_true(img__json_true(img__json_get(json, "a")));
    assert_false(img__json_true(json));
    assert_int_equal(img__json_kind(NULL), JSON_NULL);
    assert_int_equal(img__json_kind(img__json_get(json, "a")), JSON_BOOL);
    assert_int_equal(img__json_kind(img__json_get(json, "b")), JSON_ARRAY);
}

static void test_members(void **state)
{
    auto_(json) struct json *json = must_parse(
        "{\"neg\":-1,\"real\":1.0,\"exp\":1e3,\"big\":9007199254740992,\"max\":9007199254740991,"
        "\"zero\":0,\"text\":\"x\",\"null\":null,\"list\":[]}");
    const struct json *value = NULL;
    const char *text = "default";
    uint64_t size = 7;
    img_error err;
    (void)state;

    assert_fails(img__json_get_size(json, "doc", "neg", true, &size, &err), IMG_EFORMAT,
                 "doc: \"neg\" is negative");
    assert_fails(img__json_get_size(json, "doc", "real", true, &size, &err), IMG_EFORMAT,
                 "doc: \"real\" is a fraction");
    assert_fails(img__json_get_size(json, "doc", "exp", true, &size, &err), IMG_EFORMAT,
                 "doc: \"exp\" is a fraction");
    assert_fails(img__json_get_size(json, "doc", "big", true, &size, &err), IMG_EFORMAT,
                 "doc: \"big\" is larger than 2^53-1");
    assert_fails(img__json_get_size(json, "doc", "text", true, &size, &err), IMG_EFORMAT,
                 "doc: \"text\" is a string, not a number");
    assert_fails(img__json_get_size(json, "doc", "null", true, &size, &err), IMG_EFORMAT,
                 "doc: \"null\" is missing");
    assert_ok(img__json_get_size(json, "doc", "absent", false, &size, &err));
    assert_int_equal(size, 7);
    assert_ok(img__json_get_size(json, "doc", "max", true, &size, &err));
    assert_true(size == 9007199254740991);
    assert_ok(img__json_get_size(json, "doc", "zero", true, &size, &err));
    assert_int_equal(size, 0);

    assert_fails(img__json_get_text(json, "doc", "zero", false, &text, &err), IMG_EFORMAT,
                 "doc: \"zero\" is an integer, not a string");
    assert_ok(img__json_get_text(json, "doc", "null", false, &text, &err));
    assert_string_equal(text, "default");
    assert_ok(img__json_get_text(json, "doc", "text", true, &text, &err));
    assert_string_equal(text, "x");
    assert_fails(img__json_get_kind(json, "doc", "text", JSON_ARRAY, true, &value, &err),
                 IMG_EFORMAT, "doc: \"text\" is a string, not an array");
    assert_ok(img__json_get_kind(json, "doc", "list", JSON_ARRAY, true, &value, &err));
    assert_non_null(value);
    assert_int_equal(img__json_get_size(json, "doc", "neg", true, &size, NULL), IMG_EFORMAT);
}

static void test_case(void **state)
{
    static const char *const known[] = {"layers", "mediaType", "rootfs", "kind", NULL};
    static const struct {
        const char *text, *message; /* NULL: fine */
    } rows[] = {
        {"{\"layers\":1,\"mediaType\":2,\"layer\":3,\"layersx\":4,\"\":5}", NULL},
        {"{\"Layers\":1}", "doc: the key \"Layers\" must be spelled \"layers\""},
        {"{\"layers\":1,\"LAYERS\":2}", "the key \"LAYERS\""},
        {"{\"mediatype\":1}", "must be spelled \"mediaType\""},
        {"{\"RootFS\":1}", "must be spelled \"rootfs\""},
        {"{\"layer\xc5\xbf\":1}", "must be spelled \"layers\""},
        {"{\"\xe2\x84\xaaind\":1}", "must be spelled \"kind\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(json) struct json *json = must_parse(rows[i].text);
        img_error err;
        if (rows[i].message)
            assert_fails(img__json_check_case(json, "doc", known, &err), IMG_EFORMAT,
                         rows[i].message);
        else
            assert_ok(img__json_check_case(json, "doc", known, &err));
    }
}

static void test_making(void **state)
{
    auto_(json) struct json *object = img__json_object();
    struct json *list = img__json_array();
    (void)state;

    assert_true(img__json_append(list, img__json_string("a/b")));
    assert_true(img__json_append(list, img__json_size(INT64_MAX)));
    assert_true(img__json_append(list, img__json_bool(false)));
    assert_true(img__json_set(object, "list", list));
    assert_true(img__json_set(object, "a", img__json_string("")));
    assert_false(img__json_set(object, "none", img__json_string("\xff")));
    assert_false(img__json_set(object, "none", NULL));
    assert_false(img__json_set(object, "\xff", img__json_bool(true)));
    assert_false(img__json_set(NULL, "a", img__json_bool(true)));
    assert_false(img__json_append(NULL, img__json_bool(true)));
    assert_written(object, "{\"list\":[\"a/b\",9223372036854775807,false],\"a\":\"\"}");

    assert_null(img__json_open(object, "list", JSON_OBJECT));
    assert_non_null(img__json_open(object, "list", JSON_ARRAY));
    assert_true(img__json_set(img__json_open(object, "o", JSON_OBJECT), "k", img__json_size(1)));
    assert_true(img__json_set(img__json_open(object, "o", JSON_OBJECT), "j", img__json_size(2)));
    img__json_unset(object, "list");
    img__json_unset(object, "absent");
    assert_written(object, "{\"a\":\"\",\"o\":{\"k\":1,\"j\":2}}");
}

static void test_sort(void **state)
{
    auto_(json) struct json *json =
        must_parse("{\"b\":1,\"\xc3\xa4\":2,\"a\":{\"z\":1,\"y\":2},\"B\":3,\"\":4,\"aa\":5}");
    (void)state;
    assert_true(img__json_sort(json));
    assert_written(json,
                   "{\"\":4,\"B\":3,\"a\":{\"z\":1,\"y\":2},\"aa\":5,\"b\":1,\"\xc3\xa4\":2}");
}

static void test_place(void **state)
{
    static const char *const order[] = {"a", "b", "c", "d", NULL};
    static const struct {
        const char *from, *keys, *to;
    } rows[] = {
        {"{}", "db", "{\"b\":0,\"d\":0}"},
        {"{}", "bd", "{\"b\":0,\"d\":0}"},
        {"{\"x\":1,\"d\":2,\"y\":3}", "ca", "{\"x\":1,\"a\":0,\"c\":0,\"d\":2,\"y\":3}"},
        {"{\"x\":1,\"d\":2,\"y\":3}", "ac", "{\"x\":1,\"a\":0,\"c\":0,\"d\":2,\"y\":3}"},
        {"{\"x\":1,\"a\":2,\"y\":3}", "db", "{\"x\":1,\"a\":2,\"y\":3,\"b\":0,\"d\":0}"},
        {"{\"d\":1,\"a\":2}", "bc", "{\"b\":0,\"c\":0,\"d\":1,\"a\":2}"},
        {"{\"d\":1,\"a\":2}", "cb", "{\"b\":0,\"c\":0,\"d\":1,\"a\":2}"},
        {"{\"d\":1,\"a\":2}", "ad", "{\"d\":0,\"a\":0}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(json) struct json *json = must_parse(rows[i].from);
        for (const char *k = rows[i].keys; *k; k++)
            assert_true(img__json_place(json, (const char[]){*k, '\0'}, img__json_size(0), order));
        assert_written(json, rows[i].to);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses),     cmocka_unit_test(test_limits),
        cmocka_unit_test(test_survives),    cmocka_unit_test(test_locale),
        cmocka_unit_test(test_write_limit), cmocka_unit_test(test_reading),
        cmocka_unit_test(test_members),     cmocka_unit_test(test_case),
        cmocka_unit_test(test_making),      cmocka_unit_test(test_sort),
        cmocka_unit_test(test_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
