/* SPDX-License-Identifier: Apache-2.0
 *
 * What was seen in registries is told apart by repository and name, the newest counts, and neither
 * damage nor size makes it fail.
 */
#include "fixture.h"

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define FILE_NAME ".libimg-recall"

static const img_digest first = {"sha256:" HEX_A}, second = {"sha256:" HEX_B};

static enum store_recall ask(const struct fixture *f, const char *text, const img_digest *digest)
{
    img_reference name;
    img_error err = {0};
    assert_ok(img_reference_parse(text, &name, &err));
    return img__store_recall(f->store, &name, digest);
}

static void tell(const struct fixture *f, const char *text, const img_digest *digest)
{
    img_reference name;
    img_error err = {0};
    assert_ok(img_reference_parse(text, &name, &err));
    img__store_remember(f->store, &name, digest);
}

static void names(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, "h.io/a:1", &first), STORE_RECALL_NOTHING);
    tell(f, "h.io/a:1", &first);
    assert_int_equal(ask(f, "h.io/a:1", &first), STORE_RECALL_NAME);
    assert_int_equal(ask(f, "h.io/a:2", &first), STORE_RECALL_REPOSITORY);
    assert_int_equal(ask(f, "h.io/a:1", &second), STORE_RECALL_NOTHING);
    assert_int_equal(ask(f, "h.io/a/b:1", &first), STORE_RECALL_NOTHING);
    assert_int_equal(ask(f, "h.io/b:1", &first), STORE_RECALL_NOTHING);
    tell(f, "h.io/a:1", &second);
    assert_int_equal(ask(f, "h.io/a:1", &first), STORE_RECALL_NOTHING);
    assert_int_equal(ask(f, "h.io/a:1", &second), STORE_RECALL_NAME);
    tell(f, "h.io/a@sha256:" HEX_A, &first);
    assert_int_equal(ask(f, "h.io/a:1", &second), STORE_RECALL_NAME);
    assert_int_equal(ask(f, "h.io/a@sha256:" HEX_A, &first), STORE_RECALL_NAME);
    assert_no_temporaries(f);
}

static void the_oldest_is_forgotten(void **state)
{
    struct fixture *f = *state;
    auto_(buf) struct buf lines = BUF_INIT((size_t)256 * 1024);
    struct stat st;
    auto_free char *path = img__store_join(f->path, FILE_NAME);
    for (int i = 0; lines.len + 200 < lines.max; i++)
        img__buf_printf(&lines, "registry.example.com/p %d sha256:" HEX_A "\n", i);
    write_file(f->path, FILE_NAME, img__buf_text(&lines));
    assert_int_equal(ask(f, "registry.example.com/p:0", &first), STORE_RECALL_NAME);
    tell(f, "registry.example.com/p:new", &second);
    tell(f, "registry.example.com/p:newer", &second);
    tell(f, "registry.example.com/p:newest", &second);
    assert_int_equal(ask(f, "registry.example.com/p:0", &first), STORE_RECALL_REPOSITORY);
    assert_int_equal(ask(f, "registry.example.com/p:new", &second), STORE_RECALL_NAME);
    assert_int_equal(ask(f, "registry.example.com/p:newest", &second), STORE_RECALL_NAME);
    assert_int_equal(stat(path, &st), 0);
    assert_true((size_t)st.st_size <= lines.max);
}

static void damage(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {"", "\n", "h.io/a 1 ", "h.io/a 1 sha256", "\xff\n\n \n"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        write_file(f->path, FILE_NAME, texts[i]);
        assert_int_equal(ask(f, "h.io/a:1", &first), STORE_RECALL_NOTHING);
        tell(f, "h.io/a:1", &first);
        assert_int_equal(ask(f, "h.io/a:1", &first), STORE_RECALL_NAME);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(the_oldest_is_forgotten, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(damage, fixture_new, fixture_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
