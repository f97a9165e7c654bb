/* SPDX-License-Identifier: Apache-2.0
 *
 * A stack of layers as one tar: order, links, metadata; and for random stacks that the tar is a
 * strict one, has the data that the layers have, and amounts to what the stack does (layers.md
 * D10).
 */
#include "layer/merge.h"

#include <libimg/values.h>

#include "layer/tar_read.h"
#include "random_stack.h"

#define auto_buf auto_(buf) struct buf

/* Layers that need not be read are not. */
static int merge_with(const struct stack *stack, struct view *view, struct buf *out, img_error *err)
{
    auto_(sink) struct sink *sink = NULL;
    auto_(merge) struct merge *merge = NULL;
    int rc = img__sink_buf(out, "the tar", &sink, err);
    if (rc == 0)
        rc = img__merge_new(view, sink, &merge, err);
    for (uint32_t i = 0; i < stack->count && rc == 0; i++) {
        auto_(source) struct source *tar = NULL;
        if (img__merge_needs(merge, i + 1))
            tar = pieces_new(stack->tars[i].data, stack->tars[i].len, 4096);
        rc = img__merge_layer(merge, i + 1, tar, "layer x", 0, err);
    }
    return rc ? rc : img__merge_end(merge, err);
}

static void merge(const struct stack *stack, struct buf *out)
{
    img_error err;
    auto_(view) struct view *view = stack_view(stack);
    assert_non_null(view);
    assert_ok(merge_with(stack, view, out, &err));
    assert_int_equal(out->len % 512, 0);
    /* Again, and the same. */
    auto_buf second = TARBALL_INIT;
    assert_ok(merge_with(stack, view, &second, &err));
    assert_int_equal(second.len, out->len);
    assert_memory_equal(second.data, out->data, out->len);
}

/* "d etc\nf etc/x data\nh h>etc/x\n" */
static char *list(const struct buf *tar)
{
    struct buf out = TARBALL_INIT;
    img_error err;
    auto_(source) struct source *source = pieces_new(tar->data, tar->len, 4096);
    auto_(tar_reader) struct tar_reader *reader = NULL;
    const struct entry *entry;
    int rc;
    assert_ok(img__tar_reader_new(source, "merged", &reader, &err));
    while ((rc = img__tar_reader_next(reader, &entry, &err)) == 1) {
        char data[64];
        ssize_t got = img__tar_reader_data(reader, data, sizeof(data), &err);
        assert_true(got >= 0);
        img__buf_printf(&out, "%c %s%s%s%s%.*s\n", "fdlhcbp"[entry->type], entry -> path,
                        entry -> link ? ">" : "", entry->link ? entry->link : "", got ? " " : "",
                        (int)got, data);
    }
    assert_int_equal(rc, 0);
    return img__buf_steal(&out);
}

static void assert_merged(const struct stack *stack, const char *expected)
{
    auto_buf tar = TARBALL_INIT;
    merge(stack, &tar);
    auto_free char *text = list(&tar);
    assert_string_equal(text, expected);
}

/* ---- what comes when ---- */

static void nothing(void **state)
{
    (void)state;
    auto_stack stack = {0};
    assert_merged(&stack, "");
    tarball_add(stack_push(&stack), '5', "./", "");
    assert_merged(&stack, "");
}

/* D10: the first name of a file goes, and its data stays under the others. */
static void links_have_data(void **state)
{
    (void)state;
    auto_stack stack = {0};
    tarball_add(stack_push(&stack), '0', "first", "data");
    struct buf *middle = stack_push(&stack);
    tarball_link(middle, '1', "z/second", "first");
    tarball_link(middle, '1', "b", "z/second");
    tarball_add(stack_push(&stack), '0', ".wh.first", "");
    assert_merged(&stack, "f b data\nd z\nh z/second>b\n");
}

static void data_comes_layer_by_layer(void **state)
{
    (void)state;
    auto_stack stack = {0};
    struct buf *lower = stack_push(&stack);
    tarball_add(lower, '5', "empty", "");
    tarball_add(lower, '0', "z", "1");
    tarball_add(lower, '0', "usr/lib/a", "2");
    tarball_link(lower, '2', "lib", "usr/lib");
    tarball_add(lower, '0', "gone/x", "3");
    struct buf *upper = stack_push(&stack);
    tarball_add(upper, '0', "usr/lib/b", "4");
    tarball_add(upper, '0', "lib/c", "5"); /* A10 */
    tarball_add(upper, '0', "z", "6");
    tarball_add(upper, '0', "gone/.wh.x", "");
    tarball_add(upper, '5', "usr", "");
    assert_merged(&stack, "d empty\nd usr\nd usr/lib\nf usr/lib/a 2\nl lib>usr/lib\n"
                          "f usr/lib/b 4\nf usr/lib/c 5\nf z 6\nd gone\n");
}

/* What has no data has all of its metadata all the same, and so have links to it. */
static void other_types(void **state)
{
    (void)state;
    auto_stack stack = {0};
    struct buf *tar = stack_push(&stack);
    size_t at = tarball_link(tar, '3', "dev", "");
    tarball_octal(tar->data + at + 329, 8, 5);
    tarball_octal(tar->data + at + 337, 8, 1);
    tarball_sum(tar, at);
    tarball_link(tar, '6', "pipe", "");
    tarball_link(tar, '2', "s", "nowhere");
    tarball_link(tar, '1', "s2", "s");
    tarball_link(tar, '1', "dev2", "dev");
    assert_merged(&stack, "c dev\nh dev2>dev\np pipe\nl s>nowhere\nh s2>s\n");
}

static void metadata(void **state)
{
    (void)state;
    auto_stack stack = {0};
    struct buf *lower = stack_push(&stack);
    tarball_pax(lower, 'x', "SCHILY.xattr.user.a", "1", "mtime", "5.25", NULL);
    tarball_add(lower, '0', "d/f", "data");
    struct buf *upper = stack_push(&stack);
    tarball_pax(upper, 'x', "SCHILY.xattr.user.d", "2", NULL);
    size_t at = tarball_add(upper, '5', "d", "");
    tarball_octal(upper->data + at + 100, 8, 01700);
    tarball_sum(upper, at);
    auto_buf tar = TARBALL_INIT;
    merge(&stack, &tar);

    img_error err;
    auto_(source) struct source *source = pieces_new(tar.data, tar.len, 4096);
    auto_(tar_reader) struct tar_reader *reader = NULL;
    const struct entry *entry;
    assert_ok(img__tar_reader_new(source, "merged", &reader, &err));
    assert_int_equal(img__tar_reader_next(reader, &entry, &err), 1);
    assert_string_equal(entry->path, "d");
    assert_int_equal(entry->mode, 01700);
    assert_int_equal(entry->xattr_count, 1);
    assert_string_equal(entry->xattrs[0].name, "user.d");
    assert_int_equal(img__tar_reader_next(reader, &entry, &err), 1);
    assert_string_equal(entry->path, "d/f");
    assert_int_equal(entry->uid, 1);
    assert_int_equal(entry->mtime, 5);
    assert_int_equal(entry->mtime_ns, 250000000);
    assert_string_equal(entry->xattrs[0].value, "1");
    assert_int_equal(img__tar_reader_next(reader, &entry, &err), 0);
}

/* ---- what is refused ---- */

static void device_zero(void **state)
{
    (void)state;
    img_error err;
    auto_stack stack = {0};
    tarball_link(stack_push(&stack), '3', "c", "");
    auto_buf tar = TARBALL_INIT;
    auto_(view) struct view *view = stack_view(&stack);
    assert_fails(merge_with(&stack, view, &tar, &err), IMG_EFORMAT, "0:0");
}

/* Layers that changed between the passes: no byte of one goes for another. */
static void other_layers(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        img_error err;
        auto_stack stack = {0};
        auto_buf tar = TARBALL_INIT;
        tarball_add(stack_push(&stack), '0', "x", "data");
        auto_(view) struct view *view = stack_view(&stack);
        stack.count = 0;
        struct buf *other = stack_push(&stack);
        if (i == 0)
            tarball_add(other, '0', "x", "more data");
        else if (i == 1)
            tarball_add(other, '0', "x", "dat");
        else if (i == 2)
            tarball_add(other, '5', "x", "");
        else
            tarball_end(other);
        assert_fails(merge_with(&stack, view, &tar, &err), IMG_EDIGEST, "layer x: ");
    }
}

/* ---- random stacks ---- */

/* The data of an entry of a layer. */
static void data_of(const struct stack *stack, const struct origin *origin, struct buf *out)
{
    const struct buf *tar = &stack->tars[origin->layer - 1];
    img_error err;
    auto_(source) struct source *source = pieces_new(tar->data, tar->len, 4096);
    auto_(tar_reader) struct tar_reader *reader = NULL;
    const struct entry *entry;
    char data[64];
    assert_ok(img__tar_reader_new(source, "layer", &reader, &err));
    for (uint32_t i = 0; i <= origin->ordinal; i++)
        assert_int_equal(img__tar_reader_next(reader, &entry, &err), 1);
    ssize_t got = img__tar_reader_data(reader, data, sizeof(data), &err);
    assert_true(got >= 0);
    img__buf_append(out, data, (size_t)got);
}

struct compared {
    const struct stack *stack;  /* that was merged */
    const struct stack *merged; /* one layer */
    struct view *view;          /* of that */
    /* For each file of the stack, the one of the other. */
    struct origin pairs[64][2];
    size_t pair_count;
    size_t count;
};

/* Two names are one file in both, or in neither. */
static void check_pair(struct compared *c, const struct origin *origin, const struct origin *other)
{
    for (size_t i = 0; i < c->pair_count; i++) {
        bool same = memcmp(&c->pairs[i][0], origin, sizeof(*origin)) == 0;
        assert_int_equal(same, memcmp(&c->pairs[i][1], other, sizeof(*other)) == 0);
    }
    assert_true(c->pair_count < 64);
    c->pairs[c->pair_count][0] = *origin;
    c->pairs[c->pair_count++][1] = *other;
}

static int compare_entry(const struct entry *entry, const struct origin *origin, void *arg)
{
    struct compared *c = arg;
    struct origin other_origin;
    const struct entry *other = img__view_find_origin(c->view, entry->path, &other_origin);
    if (!other)
        fail_msg("%s is not there", entry->path);
    assert_int_equal(entry->type, other->type);
    assert_int_equal(entry->mode, other->mode);
    assert_int_equal(entry->uid, other->uid);
    assert_int_equal(entry->mtime, other->mtime);
    assert_int_equal(entry->size, other->size);
    if (entry->link)
        assert_string_equal(entry->link, other->link);
    c->count++;
    if (entry->type == ENTRY_DIRECTORY)
        return 0;
    check_pair(c, origin, &other_origin);
    auto_buf expected = TARBALL_INIT;
    auto_buf data = TARBALL_INIT;
    data_of(c->stack, origin, &expected);
    data_of(c->merged, &other_origin, &data);
    assert_string_equal(img__buf_text(&expected), img__buf_text(&data));
    return 0;
}

static int count_entry(const struct entry *entry, const struct origin *origin, void *arg)
{
    (void)entry, (void)origin;
    ++*(size_t *)arg;
    return 0;
}

/* Parents come first, which a view would not mind. */
static void assert_parents_first(const struct buf *tar)
{
    auto_free char *text = list(tar);
    for (char *line = text; *line; line = strchr(line, '\n') + 1) {
        size_t len = strcspn(line + 2, " >\n");
        auto_free char *path = strndup(line + 2, len);
        char *slash = path ? strrchr(path, '/') : NULL;
        if (!slash)
            continue;
        *slash = '\0';
        auto_free char *parent = NULL;
        assert_true(asprintf(&parent, "d %s\n", path) > 0);
        char *at = strstr(text, parent);
        assert_true(at && at < line);
    }
}

static void random_stacks(void **state)
{
    uint64_t random = 1;
    size_t files = 0;
    (void)state;
    for (int round = 0; round < 400; round++) {
        auto_stack stack = {0};
        stack_random(&stack, &random);
        auto_stack merged = {0};
        merge(&stack, stack_push(&merged));
        assert_parents_first(&merged.tars[0]);
        auto_(view) struct view *view = stack_view(&stack);
        auto_(view) struct view *second = stack_view(&merged);
        assert_non_null(second);
        struct compared compared = {&stack, &merged, second, {{{0}}}, 0, 0};
        size_t count = 0;
        assert_int_equal(img__view_each(view, compare_entry, &compared), 0);
        assert_int_equal(img__view_each(second, count_entry, &count), 0);
        assert_int_equal(count, compared.count);
        files += count;
    }
    assert_true(files > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing),      cmocka_unit_test(links_have_data),
        cmocka_unit_test(metadata),     cmocka_unit_test(data_comes_layer_by_layer),
        cmocka_unit_test(other_types),  cmocka_unit_test(device_zero),
        cmocka_unit_test(other_layers), cmocka_unit_test(random_stacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
