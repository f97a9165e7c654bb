/* SPDX-License-Identifier: Apache-2.0
 *
 * The parser of WWW-Authenticate, by a table: lines as registries, proxies and fools send them.
 */
#include "unit.h"

#include "registry/challenge.h"

struct row {
    const char *lines[3];
    bool basic, bearer;
    const char *realm, *service, *scope, *error;
    const char *others; /* NULL is "" */
};

static const struct row rows[] = {
    {.lines = {"Basic realm=\"r\""}, .basic = true},
    {.lines = {"basic"}, .basic = true},
    {.lines = {"Bearer realm=\"https://auth/token\",service=\"reg\",scope=\"repository:a/b:pull,"
               "push repository:c:pull\",error=\"insufficient_scope\""},
     .bearer = true,
     .realm = "https://auth/token",
     .service = "reg",
     .scope = "repository:a/b:pull,push repository:c:pull",
     .error = "insufficient_scope"},
    {.lines = {"BEARER REALM=\"https://a/t\", Service=\"S\""},
     .bearer = true,
     .realm = "https://a/t",
     .service = "S"},
    {.lines = {"Negotiate, Bearer realm=\"https://a/t\", Basic realm=\"b\""},
     .basic = true,
     .bearer = true,
     .realm = "https://a/t",
     .others = "Negotiate"},
    {.lines = {"Negotiate abc+/==, Bearer realm=\"https://a/t\""},
     .bearer = true,
     .realm = "https://a/t",
     .others = "Negotiate"},
    {.lines = {"Negotiate", "NTLM", "Bearer realm=\"https://a/t\""},
     .bearer = true,
     .realm = "https://a/t",
     .others = "Negotiate, NTLM"},
    {.lines = {"Bearer realm = \"https://a/t\" ,\tservice\t=\t\"s\""},
     .bearer = true,
     .realm = "https://a/t",
     .service = "s"},
    {.lines = {"Bearer realm=https://a/t?x=1,service=s"},
     .bearer = true,
     .realm = "https://a/t?x=1",
     .service = "s"},
    {.lines = {"Bearer realm=\"a\\\"b\\\\c\""}, .bearer = true, .realm = "a\"b\\c"},
    {.lines = {"Bearer realm=\"one\",realm=\"two\""}, .bearer = true, .realm = "one"},
    {.lines = {"Bearer realm=\"one\"", "Bearer realm=\"two\",service=\"x\""},
     .bearer = true,
     .realm = "one"},
    {.lines = {"Bearer service=\"x\"", "Bearer realm=\"two\""}, .bearer = true, .realm = "two"},
    {.lines = {"Bearer scope=\"a,b=c, Basic realm=\",realm=\"r\""},
     .bearer = true,
     .realm = "r",
     .scope = "a,b=c, Basic realm="},
    {.lines = {", ,Bearer realm=\"r\",,service=\"s\",,"},
     .bearer = true,
     .realm = "r",
     .service = "s"},
    {.lines = {"Digest realm=\"d\", nonce=\"n\", Basic realm=\"b\""},
     .basic = true,
     .others = "Digest"},
    {.lines = {"realm=\"stray\", Basic"}, .basic = true},
    {.lines = {"Bearer realm=\"unterminated"}},
    {.lines = {"Bearer"}},
    {.lines = {"Bearerx realm=\"r\""}, .others = "Bearerx"},
    {.lines = {""}},
    {.lines = {"\x01\xff\"=,=;\\"}},
    {.lines = {"Bearer realm=\"r\" Basic realm=\"b\""},
     .basic = true,
     .bearer = true,
     .realm = "r"},
};

static void assert_text(const char *actual, const char *expected, const char *line)
{
    if ((actual == NULL) != (expected == NULL) || (actual && strcmp(actual, expected) != 0))
        fail_msg("'%s': '%s' instead of '%s'", line, actual ? actual : "(none)",
                 expected ? expected : "(none)");
}

static void parses(void **state)
{
    (void)state;
    img_error err;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];
        auto_(challenges) struct challenges got = {0};
        for (size_t j = 0; j < 3 && row->lines[j]; j++)
            assert_ok(img__challenges_add(&got, row->lines[j], strlen(row->lines[j]), &err));
        if (got.basic != row->basic || got.bearer != row->bearer)
            fail_msg("'%s': basic %d, bearer %d", row->lines[0], got.basic, got.bearer);
        assert_text(got.realm, row->realm, row->lines[0]);
        assert_text(got.service, row->service, row->lines[0]);
        assert_text(got.scope, row->scope, row->lines[0]);
        assert_text(got.error, row->error, row->lines[0]);
        assert_text(got.others, row->others ? row->others : "", row->lines[0]);
    }
}

/* Every beginning of every row, each in memory of just its size: nothing is read behind it. */
static void survives_cuts(void **state)
{
    (void)state;
    img_error err;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len = strlen(rows[i].lines[0]);
        for (size_t cut = 0; cut <= len; cut++) {
            auto_(challenges) struct challenges got = {0};
            char *text = malloc(cut ? cut : 1);
            assert_non_null(text);
            memcpy(text, rows[i].lines[0], cut);
            int result = img__challenges_add(&got, text, cut, &err);
            free(text);
            assert_int_equal(result, 0);
        }
    }
}

static void bounds_names(void **state)
{
    (void)state;
    img_error err;
    auto_(challenges) struct challenges got = {0};
    for (int i = 0; i < 100; i++)
        assert_ok(img__challenges_add(&got, "Scheme", 6, &err));
    assert_true(strlen(got.others) < sizeof(got.others));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses),
        cmocka_unit_test(survives_cuts),
        cmocka_unit_test(bounds_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
