/* SPDX-License-Identifier: Apache-2.0
 *
 * The Link header: the rows of RFC 8288 that registries and proxies make use of, and hostile ones.
 */
#include "unit.h"

#include <string.h>

#include "registry/link.h"

static const struct {
    const char *value;
    const char *expected; /* NULL: no next */
} rows[] = {
    {"</v2/a/tags/list?last=b&n=2>; rel=\"next\"", "/v2/a/tags/list?last=b&n=2"},
    {"<x>; rel=next", "x"},
    {"<x>;rel=next", "x"},
    {"<x> ; rel = next", "x"},
    {" \t<x>;\trel=\"next\" ", "x"},
    {"<x>; REL=\"NEXT\"", "x"},
    {"<>; rel=next", ""},
    {"<?last=b>; rel=next", "?last=b"},
    {"<//h/a>; rel=next", "//h/a"},
    /* Others before, behind and in the same list. */
    {"<first>; rel=\"first\", <x>; rel=\"next\"", "x"},
    {"<first>; rel=first,<x>;rel=next,<y>;rel=next", "x"},
    {"<x>; rel=\"last next\"", "x"},
    {"<x>; rel=\"next\tlast\"", "x"},
    {"<x>; rel=\"  next  \"", "x"},
    {", ,<x>; rel=next,", "x"},
    {"<x>; rel=\"nextish\"", NULL},
    {"<x>; rel=\"prenext\"", NULL},
    {"<x>; rel=prev", NULL},
    {"<x>; rel=\"\"", NULL},
    {"<x>; rel", NULL},
    {"<x>", NULL},
    /* The first rel of a link counts. */
    {"<x>; rel=prev; rel=next", NULL},
    {"<x>; rel=next; rel=prev", "x"},
    /* What quotes hide. */
    {"<a>; title=\"x>, <b>; rel=next\"; rel=first, <x>; rel=next", "x"},
    {"<a>; title=\"\\\", <b>; rel=next\"; rel=first, <x>; rel=next", "x"},
    {"<a,b;c>; rel=next", "a,b;c"},
    {"<x>; title=\"a;b\"; rel=next", "x"},
    {"<x>; title=a; rel=\"next\"; type=\"text/html\"", "x"},
    {"<x>; ; rel=next", "x"},
    /* Of another resource. */
    {"<x>; rel=next; anchor=\"/other\"", NULL},
    {"<x>; anchor=\"/other\"; rel=next, <y>; rel=next", "y"},
    {"<x>; anchor=\"\"; rel=next", "x"},
    /* Malformed. */
    {"", NULL},
    {"x; rel=next", NULL},
    {"<x; rel=next", NULL},
    {"<x>; rel=\"next", NULL},
    {"<x>; rel=\"next\\", NULL},
    {"<x>; title=\"a", NULL},
    {"<x> rel=next", NULL},
    {"<x>; rel=next junk", NULL},
    {"<x>; rel=next, junk", "x"},
    {"<x>; rel=prev junk, <y>; rel=next", NULL},
    {";,;,", NULL},
    {"<", NULL},
    {"<x>;", NULL},
    {"<x>;=next", NULL},
};

static void finds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(buf) struct buf out = BUF_INIT(256);
        bool found = img__link_find(rows[i].value, strlen(rows[i].value), "next", &out);
        if (found != (rows[i].expected != NULL))
            fail_msg("'%s': found %d", rows[i].value, found);
        assert_string_equal(img__buf_text(&out), found ? rows[i].expected : "");
    }
}

/* Any beginning of a value, in memory of its own so that a sanitizer sees what is read behind. */
static void reads_no_further(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t len = 0; len <= strlen(rows[i].value); len++) {
            auto_(buf) struct buf out = BUF_INIT(256);
            auto_free char *copy = malloc(len ? len : 1);
            memcpy(copy, rows[i].value, len);
            if (!img__link_find(copy, len, "next", &out))
                assert_int_equal(out.len, 0);
        }
    }
}

static void is_bounded(void **state)
{
    (void)state;
    auto_(buf) struct buf out = BUF_INIT(4);
    assert_true(img__link_find("<12345>; rel=next", 17, "next", &out));
    assert_int_equal(out.failed, IMG_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds),
        cmocka_unit_test(reads_no_further),
        cmocka_unit_test(is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
