/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of names, against a registry that pages well, badly, or without end.
 */
#include "peer.h"

#include "registry/state.h"
#include "registry/tags.h"

struct taken {
    char text[4096]; /* "a b c" */
    size_t count;
    int answer; /* to the listing */
    bool silent;
    uint32_t pages_max; /* 0: as usual */
};

static int take(const char *name, void *arg, img_error *err)
{
    struct taken *taken = arg;
    if (taken->silent) {
        taken->count++;
        return 0;
    }
    if (taken->count++)
        strcat(taken->text, " ");
    strcat(taken->text, name);
    return taken->answer ? img__fail(err, taken->answer, "enough") : 0;
}

/* One list of tags from a fresh client; options of listing but take and arg. */
static int list(const struct peer *peer, struct listing listing, struct taken *taken,
                img_error *error)
{
    img_error err;
    const img_client_options defaults = IMG_CLIENT_OPTIONS_INIT;
    auto_(registry) struct registry *registry = peer_client(peer, defaults);
    char text[128];
    img_reference reference;
    if (taken->pages_max)
        registry->pages_max = taken->pages_max;
    listing.take = take;
    listing.arg = taken;
    snprintf(text, sizeof(text), "%s/a/b", peer->host);
    assert_ok(img_reference_parse(text, &reference, &err));
    return img__registry_tags(registry, &reference, &listing, error);
}

#define PAGE(query, more, names)                                                                   \
    "{\"path\":\"/v2/a/b/tags/list\",\"query\":\"^" query "$\",\"status\":200,\"headers\":{" more  \
    "},\"body\":\"{\\\"tags\\\":" names "}\"}"
#define NEXT(target) "\"Link\":\"<" target ">; rel=next\""

static const struct {
    const char *what;
    const char *rules;
    const char *names; /* given to the caller, whatever the end */
    int code;
    const char *message; /* in it */
    int requests;
} rows[] = {
    {"one page", PAGE("", "", "[\\\"b\\\",\\\"a\\\"]"), "b a", 0, "", 1},
    {"null", PAGE("", "", "null"), "", 0, "", 1},
    {"none", PAGE("", "", "[]"), "", 0, "", 1},
    {"what is no tag",
     PAGE("", "", "[\\\"\\\",null,\\\"a\\\",\\\"sha256:abc\\\",\\\"a b\\\",\\\"a\\\",\\\"c\\\"]"),
     "a c", 0, "", 1},
    {"no strings", PAGE("", "", "[1]"), "", IMG_EFORMAT, "no string", 1},
    {"no list", PAGE("", "", "{}"), "", IMG_EFORMAT, "tags", 1},
    {"a link relative to the page",
     PAGE("", NEXT("?last=a"), "[\\\"a\\\"]") "," PAGE("last=a", "", "[\\\"b\\\"]"), "a b", 0, "",
     2},
    {"a link relative to the folder",
     PAGE("", NEXT("list?last=a"), "[\\\"a\\\"]") "," PAGE("last=a", "", "[\\\"b\\\"]"), "a b", 0,
     "", 2},
    {"an absolute link",
     PAGE("", NEXT("{base}/v2/a/b/tags/list?last=a"), "[\\\"a\\\"]") "," PAGE("last=a", "",
                                                                              "[\\\"b\\\"]"),
     "a b", 0, "", 2},
    {"links in several lines",
     PAGE("",
          "\"Link\":[\"<?x>; rel=first\",\"<?y>; rel=\\\"prev\\\", <?last=a>; rel=\\\"last "
          "next\\\"\"]",
          "[\\\"a\\\"]") "," PAGE("last=a", "", "[\\\"b\\\"]"),
     "a b", 0, "", 2},
    {"the same names again on the next page",
     PAGE("", NEXT("?last=a"), "[\\\"a\\\",\\\"b\\\"]") "," PAGE("last=a", "",
                                                                 "[\\\"b\\\",\\\"c\\\"]"),
     "a b c", 0, "", 2},
    {"an empty page in between",
     PAGE("", NEXT("?1"), "[\\\"a\\\"]") "," PAGE("1", NEXT("?2"), "[]") "," PAGE("2", "",
                                                                                  "[\\\"b\\\"]"),
     "a b", 0, "", 3},
    {"a page that names itself", PAGE("", NEXT("list"), "[\\\"a\\\"]"), "a", IMG_EFORMAT,
     "there before", 1},
    {"a circle",
     PAGE("", NEXT("?1"), "[\\\"a\\\"]") "," PAGE("1", NEXT("?2"), "[\\\"b\\\"]") "," PAGE(
         "2", NEXT("?1"), "[\\\"c\\\"]"),
     "a b c", IMG_EFORMAT, "no end", 3},
    {"new URLs with nothing new",
     PAGE("", NEXT("?1"), "[\\\"a\\\"]") "," PAGE("1", NEXT("?2"), "[\\\"a\\\"]"), "a", IMG_EFORMAT,
     "nothing new", 2},
    {"another port", PAGE("", NEXT("{cdn}/v2/a/b/tags/list?last=a"), "[\\\"a\\\"]"), "a",
     IMG_EREFUSED, "another server", 1},
    {"another host", PAGE("", NEXT("//localhost/v2/a/b/tags/list"), "[\\\"a\\\"]"), "a",
     IMG_EREFUSED, "another server", 1},
    {"no URL", PAGE("", NEXT("ftp://h/"), "[\\\"a\\\"]"), "a", IMG_EFORMAT, "next page", 1},
    {"an answer that is none", "{\"path\":\".*\",\"status\":200,\"body\":\"<html>\"}", "",
     IMG_EFORMAT, "HTML", 1},
    {"nothing of that name", "", "", IMG_ENOTFOUND, "NAME_UNKNOWN", 1},
};

static void pages(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char script[4096];
        struct peer peer;
        struct taken taken = {0};
        img_error err = {0};
        snprintf(script, sizeof(script), "{\"rules\":[%s]}", rows[i].rules);
        peer_fake(&peer, script);
        int code = list(&peer, (struct listing){0}, &taken, &err);
        if (code != rows[i].code || strcmp(taken.text, rows[i].names) != 0 ||
            !strstr(err.message, rows[i].message))
            fail_msg("%s: %d '%s', names '%s'", rows[i].what, code, err.message, taken.text);
        assert_count(&peer, "GET /v2/a/b/tags/list", "", rows[i].requests);
        assert_count(&peer, "n=", "", 0);
        assert_count(&peer, "", "", rows[i].requests);
        peer_stop(&peer);
    }
}

#define XS "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" /* 30 */

/* Each page is empty and leads to a new URL. */
static void empty_pages_end(void **state)
{
    (void)state;
    img_error err;
    struct peer peer;
    struct taken taken = {0};
    auto_(buf) struct buf script = BUF_INIT(65536);
    for (int i = 0; i < 30; i++)
        img__buf_printf(&script,
                        "%s{\"query\":\"^%.*s$\",\"status\":200,\"headers\":{" NEXT(
                            "?%.*s") "},"
                                     "\"body\":\"{\\\"tags\\\":[]}\"}",
                        i ? "," : "{\"rules\":[", i, XS, i + 1, XS);
    img__buf_puts(&script, "]}");
    peer_fake(&peer, img__buf_text(&script));
    assert_int_equal(list(&peer, (struct listing){0}, &taken, &err), IMG_EFORMAT);
    assert_count(&peer, "GET", "", 17);
    peer_stop(&peer);
}

/* A page of so many names, "t0" and so on, with so many blanks behind. */
static int list_large(size_t names, size_t blanks, struct taken *taken, img_error *err)
{
    struct peer peer;
    auto_(buf) struct buf script = BUF_INIT((size_t)64 << 20);
    img__buf_puts(&script, "{\"rules\":[{\"status\":200,\"body\":\"{\\\"tags\\\":[\\\"t\\\"");
    for (size_t i = 1; i < names; i++)
        img__buf_printf(&script, ",\\\"t%zx\\\"", i);
    img__buf_puts(&script, "]}");
    for (size_t i = 0; i < blanks; i++)
        img__buf_putc(&script, ' ');
    img__buf_puts(&script, "\"}]}");
    peer_fake(&peer, img__buf_text(&script));
    taken->silent = true;
    int code = list(&peer, (struct listing){0}, taken, err);
    peer_stop(&peer);
    return code;
}

static void large_pages(void **state)
{
    (void)state;
    img_error err;
    struct taken taken = {0};
    assert_ok(list_large(2, 16700000, &taken, &err));
    assert_int_equal(taken.count, 2);
    assert_int_equal(list_large(2, 16800000, &taken, &err), IMG_ELIMIT);
    taken.count = 0;
    assert_int_equal(list_large(1000001, 0, &taken, &err), IMG_ELIMIT);
    assert_non_null(strstr(err.message, "more than 1000000 names"));
    assert_int_equal(taken.count, 1000000);
}

static void is_limited(void **state)
{
    (void)state;
    img_error err;
    struct peer peer;
    struct taken taken = {0};
    peer_fake(&peer, "{\"rules\":[" PAGE("", NEXT("?1"), "[\\\"a\\\",\\\"b\\\",\\\"c\\\"]") "]}");
    assert_ok(list(&peer, (struct listing){.limit = 2}, &taken, &err));
    assert_string_equal(taken.text, "a b");
    assert_count(&peer, "GET", "", 1);
    taken = (struct taken){.answer = IMG_ECANCELED};
    assert_int_equal(list(&peer, (struct listing){0}, &taken, &err), IMG_ECANCELED);
    assert_string_equal(taken.text, "a");
    peer_stop(&peer);
}

static void pages_are_counted(void **state)
{
    (void)state;
    img_error err;
    struct peer peer;
    struct taken taken = {.pages_max = 2};
    peer_fake(&peer, "{\"rules\":[" PAGE("", NEXT("?1"), "[\\\"a\\\"]") "," PAGE(
                         "1", NEXT("?2"), "[\\\"b\\\"]") "]}");
    assert_int_equal(list(&peer, (struct listing){0}, &taken, &err), IMG_ELIMIT);
    assert_string_equal(taken.text, "a b");
    assert_count(&peer, "GET", "", 2);
    peer_stop(&peer);
}

static void size_is_sent_when_asked(void **state)
{
    (void)state;
    img_error err;
    struct peer peer;
    struct taken taken = {0};
    peer_fake(&peer, "{\"rules\":[" PAGE("n=5", "", "[\\\"a\\\"]") "]}");
    assert_ok(list(&peer, (struct listing){.page_size = 5}, &taken, &err));
    assert_string_equal(taken.text, "a");
    assert_count(&peer, "GET /v2/a/b/tags/list?n=5 200", "", 1);
    peer_stop(&peer);
}

static void a_full_page_without_link_is_the_end(void **state)
{
    (void)state;
    img_error err;
    struct peer peer;
    struct taken taken = {0};
    peer_fake(&peer, "{\"rules\":[" PAGE("n=2", "", "[\\\"a\\\",\\\"b\\\"]") "]}");
    assert_ok(list(&peer, (struct listing){.page_size = 2}, &taken, &err));
    assert_count(&peer, "GET", "", 1);
    peer_stop(&peer);
}

static void probes_when_asked(void **state)
{
    (void)state;
    img_error err;
    struct peer peer;
    struct taken taken = {0};
    peer_fake(&peer, "{\"rules\":[" PAGE("n=2", "", "[\\\"a\\\",\\\"b\\\"]") "," PAGE(
                         "last=b&n=2", "", "[\\\"c\\\",\\\"d\\\"]") "," PAGE("last=d&n=2", "",
                                                                             "[\\\"d\\\"]") "]}");
    assert_ok(list(&peer, (struct listing){.page_size = 2, .probe = true}, &taken, &err));
    assert_string_equal(taken.text, "a b c d");
    assert_count(&peer, "GET", "", 3);
    peer_stop(&peer);
}

static void is_authorised_on_each_page(void **state)
{
    (void)state;
    img_error err;
    struct peer peer;
    struct taken taken = {0};
    peer_fake(
        &peer,
        "{\"auth\":{\"scheme\":\"bearer\",\"users\":{},\"grant\":{\"\":{\"a/b\":[\"pull\"]}}},"
        "\"rules\":[{\"path\":\"/v2/a/b/tags/list\",\"query\":\"^$\",\"skip\":1,\"status\":200,"
        "\"headers\":{" NEXT("?last=a") "},\"body\":\"{\\\"tags\\\":[\\\"a\\\"]}\"}]}");
    /* The second page is the registry's own: it finds no such repository, but only with a token. */
    assert_int_equal(list(&peer, (struct listing){0}, &taken, &err), IMG_ENOTFOUND);
    assert_string_equal(taken.text, "a");
    assert_count(&peer, "GET /v2/a/b/tags/list?last=a 404", "Authorization=[Bearer", 1);
    assert_count(&peer, "GET /token?", "scope=repository%3Aa%2Fb%3Apull", 1);
    peer_stop(&peer);
}

/* The catalog, as somebody who may or may not. */
static int catalog(const char *script, struct taken *taken, struct peer *peer, img_error *error)
{
    const img_client_options defaults = IMG_CLIENT_OPTIONS_INIT;
    const struct listing listing = {.take = take, .arg = taken};
    peer_fake(peer, script);
    auto_(registry) struct registry *registry = peer_client(peer, defaults);
    return img__registry_catalog(registry, peer->host, &listing, error);
}

static void catalog_is_listed(void **state)
{
    (void)state;
    img_error err;
    struct peer peer;
    struct taken taken = {0};
    assert_ok(catalog(
        "{\"rules\":[{\"path\":\"/v2/_catalog\",\"query\":\"^$\",\"status\":200,\"headers\":{" NEXT(
            "/v2/_catalog?last=b") "},\"body\":\"{\\\"repositories\\\":[\\\"a\\\",\\\"b/c\\\"]}\"},"
                                   "{\"path\":\"/v2/_catalog\",\"status\":200,"
                                   "\"body\":\"{\\\"repositories\\\":[\\\"../"
                                   "d\\\",\\\"e\\\"]}\"}]}",
        &taken, &peer, &err));
    assert_string_equal(taken.text, "a b/c e");
    assert_count(&peer, "GET /v2/_catalog", "", 2);
    peer_stop(&peer);
}

static void catalog_has_its_scope(void **state)
{
    (void)state;
    img_error err;
    struct peer peer;
    struct taken taken = {0};
    assert_ok(catalog(
        "{\"auth\":{\"scheme\":\"bearer\",\"users\":{},\"grant\":{\"\":{\"catalog\":[\"*\"]}}}}",
        &taken, &peer, &err));
    assert_count(&peer, "GET /token?", "scope=registry%3Acatalog%3A%2A", 1);
    peer_stop(&peer);
}

static void catalog_may_not_be_offered(void **state)
{
    (void)state;
    static const struct {
        int status, code;
    } answers[] = {
        {404, IMG_EUNSUPPORTED}, {405, IMG_EUNSUPPORTED}, {401, IMG_EAUTH}, {403, IMG_EAUTH}};
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        char script[256];
        img_error err;
        struct peer peer;
        struct taken taken = {0};
        snprintf(
            script, sizeof(script),
            "{\"rules\":[{\"status\":%d,\"headers\":{\"WWW-Authenticate\":\"Basic realm=x\"}}]}",
            answers[i].status);
        assert_int_equal(catalog(script, &taken, &peer, &err), answers[i].code);
        assert_non_null(strstr(err.message, "does not offer its catalog"));
        peer_stop(&peer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages),
        cmocka_unit_test(empty_pages_end),
        cmocka_unit_test(large_pages),
        cmocka_unit_test(is_limited),
        cmocka_unit_test(pages_are_counted),
        cmocka_unit_test(size_is_sent_when_asked),
        cmocka_unit_test(a_full_page_without_link_is_the_end),
        cmocka_unit_test(probes_when_asked),
        cmocka_unit_test(is_authorised_on_each_page),
        cmocka_unit_test(catalog_is_listed),
        cmocka_unit_test(catalog_has_its_scope),
        cmocka_unit_test(catalog_may_not_be_offered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
