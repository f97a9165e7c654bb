/* SPDX-License-Identifier: Apache-2.0
 *
 * Scopes: merging lists of them, as services and challenges write them.
 */
#include "unit.h"

#include "registry/scope.h"

static void merges(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second, *expected;
    } rows[] = {
        {"", "", ""},
        {"", "repository:a:pull", "repository:a:pull"},
        {"repository:a:pull", "", "repository:a:pull"},
        {"repository:a:pull", "repository:a:pull", "repository:a:pull"},
        {"repository:a:pull", "repository:a:pull,push", "repository:a:pull,push"},
        {"repository:a:push", "repository:a:pull", "repository:a:push,pull"},
        {"repository:b:pull", "repository:a:pull", "repository:b:pull repository:a:pull"},
        {"  repository:b:pull  repository:a:push ", "repository:a:pull",
         "repository:b:pull repository:a:push,pull"},
        {"repository:h:5000/a:pull", "repository:h:5000/a:push", "repository:h:5000/a:pull,push"},
        {"registry:catalog:*", "repository:a:pull", "registry:catalog:* repository:a:pull"},
        {"plain", "plain repository:a:pull", "plain repository:a:pull"},
        {"repository(plugin):a:pull", "repository:a:pull",
         "repository(plugin):a:pull repository:a:pull"},
        {"repository:a:", "repository:a:pull", "repository:a:pull"},
        {"repository:a:,,pull,", "repository:a:pull,pull", "repository:a:pull"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(buf) struct buf out = BUF_INIT(SCOPE_MAX);
        img__scope_merge(rows[i].first, rows[i].second, &out);
        assert_string_equal(img__buf_text(&out), rows[i].expected);
        /* What was merged holds all of it: merging again changes nothing. */
        auto_(buf) struct buf again = BUF_INIT(SCOPE_MAX);
        img__scope_merge(img__buf_text(&out), rows[i].second, &again);
        assert_string_equal(img__buf_text(&again), rows[i].expected);
    }
}

static void is_bounded(void **state)
{
    (void)state;
    auto_(buf) struct buf out = BUF_INIT(16);
    img__scope_merge("repository:abc:pull", "repository:d:push", &out);
    assert_int_equal(out.failed, IMG_ELIMIT);
}

static void composes(void **state)
{
    (void)state;
    auto_(buf) struct buf out = BUF_INIT(SCOPE_MAX);
    img__scope_add_repository(&out, "a/b", "pull,push");
    img__scope_add_repository(&out, "c", "pull");
    assert_string_equal(img__buf_text(&out), "repository:a/b:pull,push repository:c:pull");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges),
        cmocka_unit_test(is_bounded),
        cmocka_unit_test(composes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
