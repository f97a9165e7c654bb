/* SPDX-License-Identifier: Apache-2.0
 *
 * How much memory a stack of layers may take: names can be made that take a thousand times the
 * bytes of their layer.
 */
#include "layer/view.h"

#include "streams.h"
#include "tarball.h"
#include "unit.h"

#define LIMIT ((uint64_t)1 << 20)
#define ENTRIES 400

/* Writes entry i of a layer. */
typedef void (*write_fn)(struct buf *tar, unsigned i);

static int apply(struct view *view, unsigned count, write_fn write, img_error *err)
{
    struct buf tar = TARBALL_INIT;
    for (unsigned i = 0; i < count; i++)
        write(&tar, i);
    tarball_end(&tar);
    struct source *source = pieces_new(tar.data, tar.len, 4096);
    int rc = img__view_apply(view, source, "layer x", err);
    img__source_free(source);
    img__buf_free(&tar);
    return rc;
}

static void number(char text[16], unsigned i)
{
    snprintf(text, 16, "%u", i);
}

static void plain(struct buf *tar, unsigned i)
{
    char name[16];
    number(name, i);
    tarball_add(tar, '0', name, "");
}

/* All parents are implied, each has a path of its own. */
static void deep(struct buf *tar, unsigned i)
{
    struct buf path = BUF_INIT(4096);
    img__buf_printf(&path, "%u", i);
    for (int depth = 0; depth < 200; depth++)
        img__buf_puts(&path, "/a");
    tarball_pax(tar, 'x', "path", path.data, NULL);
    tarball_add(tar, '0', "x", "");
    img__buf_free(&path);
}

static char *long_text(size_t len)
{
    char *text = malloc(len + 1);
    assert_non_null(text);
    for (size_t i = 0; i < len; i++)
        text[i] = i % 200 ? 'b' : '/';
    text[len] = '\0';
    return text;
}

static void attributed(struct buf *tar, unsigned i)
{
    char name[16], *value = long_text(8000);
    number(name, i);
    tarball_pax(tar, 'x', "SCHILY.xattr.user.a", value, NULL);
    tarball_add(tar, '5', name, "");
    free(value);
}

/* Copies of one long target. */
static void linked(struct buf *tar, unsigned i)
{
    char name[16], *target = long_text(4000);
    number(name, i);
    if (i == 0)
        tarball_pax(tar, 'x', "linkpath", target, NULL);
    tarball_link(tar, i ? '1' : '2', name, i ? "0" : "x");
    free(target);
}

/* A short name that leads to a long one. */
static void led(struct buf *tar, unsigned i)
{
    char name[16], *target = long_text(4000);
    if (i == 0)
        tarball_pax(tar, 'x', "linkpath", target, NULL);
    snprintf(name, sizeof(name), "l/%u", i);
    tarball_link(tar, i ? '0' : '2', i ? name : "l", i ? "" : "x");
    free(target);
}

static void memory_has_a_limit(void **state)
{
    static const write_fn rows[] = {deep, attributed, linked, led};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(view) struct view *view = NULL;
        img_error err = {0};
        assert_ok(img__view_new(&view, &err));
        img__view_limit(view, LIMIT);
        assert_ok(apply(view, 2, rows[i], &err));
        assert_fails(apply(view, ENTRIES, rows[i], &err), IMG_ELIMIT, "layer x");
        assert_non_null(strstr(err.message, "1 MiB"));
    }
}

static void layers_add_up(void **state)
{
    auto_(view) struct view *view = NULL;
    img_error err = {0};
    int rc = 0, layers = 0;
    (void)state;
    assert_ok(img__view_new(&view, &err));
    img__view_limit(view, LIMIT);
    while (!rc && layers < 1000) {
        rc = apply(view, ENTRIES, plain, &err);
        layers++;
    }
    assert_fails(rc, IMG_ELIMIT, "layer x");
    assert_in_range(layers, 4, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_has_a_limit),
        cmocka_unit_test(layers_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
