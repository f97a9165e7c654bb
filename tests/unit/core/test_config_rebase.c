/* SPDX-License-Identifier: Apache-2.0
 *
 * Configs upon another base: what the image keeps, what it takes over, and that a hostile one, with
 * as many variables and labels as fit into it, holds nobody up.
 */
#include "unit.h"

#include "core/config.h"

#define MANY 100000 /* minutes, if each were compared with all */

static struct config parse_with(const char *members)
{
    auto_(buf) struct buf text = BUF_INIT((size_t)32 << 20);
    struct config config = CONFIG_INIT;
    img_error err;
    img__buf_printf(&text, "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{");
    img__buf_puts(&text, members);
    img__buf_puts(&text, "},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}");
    assert_ok(img__buf_check(&text, "a config", &err));
    assert_ok(img__config_parse("config", text.data, text.len, &config, &err));
    return config;
}

static void assert_members(const struct config *config, const char *expected)
{
    auto_(buf) struct buf text = BUF_INIT(4096);
    img__json_write(img__json_get(config->json, "config"), &text);
    assert_string_equal(img__buf_text(&text), expected);
}

static void assert_kept(const struct strv *kept, const char *expected)
{
    auto_(buf) struct buf text = BUF_INIT(4096);
    for (size_t i = 0; i < kept->count; i++)
        img__buf_printf(&text, "%s;", kept->items[i]);
    assert_string_equal(img__buf_text(&text), expected);
}

/* The image, the old and the new base, what comes out, and what is kept against the new base. */
static const char *const rows[][5] = {
    {"\"Env\":[\"A=1\",\"B=own\",\"C=1\"]", "\"Env\":[\"A=1\",\"B=1\",\"C=1\"]",
     "\"Env\":[\"D=2\",\"A=2\",\"B=2\"]", "{\"Env\":[\"D=2\",\"A=2\",\"B=own\"]}", "env B;"},
    /* What the image took away stays away, what it added stays. */
    {"\"Env\":[\"OWN=1\"]", "\"Env\":[\"A=1\"]", "\"Env\":[\"A=1\"]", "{\"Env\":[\"OWN=1\"]}", ""},
    {"\"Env\":[\"OWN=1\"]", "\"Env\":[\"A=1\"]", "\"Env\":[\"A=2\"]", "{\"Env\":[\"OWN=1\"]}",
     "env A;"},
    /* Of a name that comes twice the first counts; one may have no value, or no name. */
    {"\"Env\":[\"A=1\",\"A=3\",\"B\",\"=x\"]", "\"Env\":[\"A=1\",\"B\"]", "\"Env\":[\"A=2\"]",
     "{\"Env\":[\"A=2\",\"=x\"]}", ""},
    {"\"Labels\":{\"b\":\"own\",\"a\":\"1\",\"gone\":\"1\"}",
     "\"Labels\":{\"a\":\"1\",\"b\":\"1\",\"gone\":\"1\"}", "\"Labels\":{\"b\":\"2\",\"a\":\"2\"}",
     "{\"Labels\":{\"a\":\"2\",\"b\":\"own\"}}", "label b;"},
    {"\"User\":\"1\",\"X\":[1]", "\"User\":\"1\"", "\"User\":\"2\",\"Y\":null",
     "{\"User\":\"2\",\"X\":[1]}", ""},
};

static void test_merge(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(config) struct config image = parse_with(rows[i][0]);
        auto_(config) struct config old = parse_with(rows[i][1]);
        auto_(config) struct config new = parse_with(rows[i][2]);
        auto_(strv) struct strv kept = STRV_INIT;
        img_error err;
        assert_ok(img__config_rebase(&image, &old, &new, &kept, &err));
        assert_members(&image, rows[i][3]);
        assert_kept(&kept, rows[i][4]);
    }
}

static struct config parse_many(const char *value)
{
    auto_(buf) struct buf text = BUF_INIT((size_t)16 << 20);
    img__buf_puts(&text, "\"Env\":[");
    for (int i = 0; i < MANY; i++)
        img__buf_printf(&text, "%s\"v%d=%s\"", i ? "," : "", i, value);
    img__buf_puts(&text, "],\"Labels\":{");
    for (int i = 0; i < MANY; i++)
        img__buf_printf(&text, "%s\"l%d\":\"%s\"", i ? "," : "", i, value);
    img__buf_puts(&text, "}");
    return parse_with(img__buf_text(&text));
}

static void test_many(void **state)
{
    (void)state;
    auto_(config) struct config image = parse_many("own"), old = parse_many("old");
    auto_(config) struct config new = parse_many("new");
    auto_(strv) struct strv kept = STRV_INIT;
    img_error err;
    assert_ok(img__config_rebase(&image, &old, &new, &kept, &err));
    assert_int_equal(kept.count, 2 * MANY);
    const struct json *config = img__json_get(image.json, "config");
    assert_int_equal(img__json_count(img__json_get(config, "Env")), MANY);
    assert_string_equal(img__json_text(img__json_at(img__json_get(config, "Env"), MANY - 1)),
                        "v99999=own");
    assert_int_equal(img__json_count(img__json_get(config, "Labels")), MANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
