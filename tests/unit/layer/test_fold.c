/* SPDX-License-Identifier: Apache-2.0
 *
 * C30: names that differ in case alone.
 */
#include "layer/fold.h"

#include <locale.h>

#include "unit.h"

static bool collide(const char *a, const char *b)
{
    img_error err;
    bool first, second;
    auto_(fold) struct fold *fold = NULL;
    assert_ok(img__fold_new(&fold, &err));
    assert_ok(img__fold_add(fold, a, &first, &err));
    assert_ok(img__fold_add(fold, b, &second, &err));
    assert_false(first);
    return second;
}

static void ascii(void **state)
{
    (void)state;
    assert_true(collide("Makefile", "makefile"));
    assert_true(collide("a/B/c", "A/b/C"));
    assert_false(collide("a/b", "ab"));
    assert_false(collide("a", "b"));
    assert_false(collide("a[", "a{"));
    assert_false(collide("x@", "x`"));
}

static void unicode(void **state)
{
    (void)state;
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!utf8)
        skip();
    freelocale(utf8);
    assert_true(collide("ÄRGER", "ärger"));
    assert_true(collide("Σοφός", "σοφόσ")); /* two lower letters of one */
    assert_true(collide("ДОМ", "дом"));
    assert_false(collide("straße", "STRASSE"));     /* one letter, and two */
    assert_false(collide("\xc3\xa9", "e\xcc\x81")); /* another form */
    assert_false(collide("\xe9", "\xc9"));          /* no UTF-8 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ascii), cmocka_unit_test(unicode)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
