/* SPDX-License-Identifier: Apache-2.0
 *
 * Warnings: the header, and what reaches the log.
 */
#include "peer.h"

#include "registry/tags.h"
#include "registry/warning.h"

static const struct {
    const char *value;
    const char *expected; /* texts, each ended by "|" */
} rows[] = {
    {"299 - \"old\"", "old|"},
    {"  299   -   \"a, b\"  ", "a, b|"},
    {"299 - \"a\\\"b\\\\c\\d\"", "a\"b\\cd|"},
    {"299 - \"a\", 299 - \"b\",299 - \"c\"", "a|b|c|"},
    {"299 - \"a\" \"Wed, 21 Oct 2015 07:28:00 GMT\", 299 - \"b\"", "a|b|"},
    {"110 - \"stale\", 299 - \"b\"", "b|"},
    {"299 proxy \"a\"", ""},
    {"299 - \"\"", ""},
    {"299 - \"open", ""},
    {"299 - \"open\\\"", ""},
    {"299 - \"open\\", ""},
    {"299 - a", ""},
    {"299 -", ""},
    {"299", ""},
    {"2990 - \"a\"", ""},
    {"", ""},
    {",,,", ""},
    {"\"", ""},
};

static void reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(buf) struct buf all = BUF_INIT(1024);
        auto_(buf) struct buf text = BUF_INIT(WARNING_BYTES_MAX + 1);
        size_t at = 0, len = strlen(rows[i].value);
        while (img__warning_next(rows[i].value, len, &at, &text))
            img__buf_printf(&all, "%s|", img__buf_text(&text));
        assert_int_equal(at, len);
        assert_string_equal(img__buf_text(&all), rows[i].expected);
    }
}

static void is_cut(void **state)
{
    (void)state;
    auto_(buf) struct buf value = BUF_INIT(20000);
    auto_(buf) struct buf text = BUF_INIT(WARNING_BYTES_MAX + 1);
    size_t at = 0;
    img__buf_puts(&value, "299 - \"");
    for (int i = 0; i < 10000; i++)
        img__buf_putc(&value, 'x');
    img__buf_puts(&value, "\"");
    assert_true(img__warning_next(value.data, value.len, &at, &text));
    assert_int_equal(text.len, WARNING_BYTES_MAX);
    assert_int_equal(text.failed, 0);
}

struct log {
    char text[8192];
    int warnings;
};

static void on_log(int level, const char *line, void *arg)
{
    struct log *log = arg;
    if (level != IMG_LOG_WARNING)
        return;
    log->warnings++;
    strcat(log->text, line);
    strcat(log->text, "\n");
}

static int take(const char *name, void *arg, img_error *err)
{
    (void)name;
    (void)arg;
    (void)err;
    return 0;
}

static int list(struct registry *registry, const char *repository)
{
    img_error err;
    img_reference reference;
    const struct listing listing = {.take = take};
    assert_ok(img_reference_parse(repository, &reference, &err));
    return img__registry_tags(registry, &reference, &listing, &err);
}

/* On answers good and bad, once per text; controls do nothing to a terminal. */
static void reach_the_log_once(void **state)
{
    (void)state;
    struct peer peer;
    struct log log = {0};
    char name[128];
    img_client_options options = IMG_CLIENT_OPTIONS_INIT;
    options.on_log = on_log;
    options.on_log_arg = &log;
    peer_fake(&peer,
              "{\"rules\":[{\"path\":\"/v2/a/.*\",\"status\":200,\"body\":\"{\\\"tags\\\":[]}\","
              "\"headers\":{\"Warning\":[\"299 - \\\"first\\\\\\\\\\\"one\\\"\",\"299 - "
              "\\\"\\u009b2J\\\"\"]}},"
              "{\"path\":\"/v2/b/.*\",\"status\":404,\"headers\":{\"Warning\":\"299 - "
              "\\\"second\\\", 299\"}},"
              "{\"path\":\"/v2/c/.*\",\"status\":307,\"headers\":{\"Location\":\"{cdn}/x\"}},"
              "{\"path\":\"/x\",\"status\":200,\"headers\":{\"Warning\":\"299 - \\\"third\\\"\"},"
              "\"body\":\"{}\"}]}");
    struct registry *registry = peer_client(&peer, options);
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof(name), "%s/a", peer.host);
        assert_int_equal(list(registry, name), 0);
        snprintf(name, sizeof(name), "%s/b", peer.host);
        assert_int_equal(list(registry, name), IMG_ENOTFOUND);
        snprintf(name, sizeof(name), "%s/c", peer.host);
        assert_int_equal(list(registry, name), 0);
    }
    assert_int_equal(log.warnings, 3);
    snprintf(name, sizeof(name), "%s warns: first\\\"one\n", peer.host);
    assert_non_null(strstr(log.text, "warns: first"));
    assert_non_null(strstr(log.text, "\\x9b2J\n"));
    snprintf(name, sizeof(name), "%s warns: second\n", peer.host);
    assert_non_null(strstr(log.text, name));
    assert_null(strstr(log.text, "third"));
    img__registry_free(registry);
    peer_stop(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(is_cut),
        cmocka_unit_test(reach_the_log_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
