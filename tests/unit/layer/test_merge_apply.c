/* SPDX-License-Identifier: Apache-2.0
 *
 * Random stacks, put into one directory layer by layer and into another as the tar that they come
 * to: two ways with nothing in common but the tar reader, and the same tree (layers.md D10,
 * A1-A14).
 */
#include "applied.h"
#include "layer/merge.h"
#include "layer/tar_read.h"
#include "random_stack.h"

/* Or why there is none. */
static char *tree_of(const struct stack *stack)
{
    img_error err = {0};
    struct world world;
    world_open(&world);
    struct apply_options options = OPTIONS_INIT(&world);
    options.owners = options.devices = geteuid() == 0;
    struct apply *apply = apply_new(&world, &options, false);
    struct buf out = BUF_INIT((size_t)1 << 20);
    int rc = 0;
    for (uint32_t i = 0; i < stack->count && rc == 0; i++)
        rc = apply_tar(apply, &stack->tars[i], &err);
    if (rc == 0)
        rc = img__apply_end(apply, false, &err);
    img__apply_free(apply);
    if (rc == 0) {
        char root[80];
        snprintf(root, sizeof(root), "%s/root", world.path);
        describe_tree(root, NULL, false, &out);
        for (char *at = out.data; (at = strstr(at, world.path));)
            memset(at, '.', strlen(world.path));
    } else {
        img__buf_printf(&out, "%s\n", err.message);
    }
    world_close(&world);
    return img__buf_steal(&out);
}

static void merge(const struct stack *stack, struct buf *out)
{
    img_error err;
    auto_(view) struct view *view = stack_view(stack);
    auto_(sink) struct sink *sink = NULL;
    auto_(merge) struct merge *merge = NULL;
    assert_ok(img__sink_buf(out, "the tar", &sink, &err));
    assert_ok(img__merge_new(view, sink, &merge, &err));
    for (uint32_t i = 0; i < stack->count; i++) {
        auto_(source) struct source *tar =
            pieces_new(stack->tars[i].data, stack->tars[i].len, 4096);
        assert_ok(img__merge_layer(merge, i + 1, tar, "layer x", 0, &err));
    }
    assert_ok(img__merge_end(merge, &err));
}

static void show(const struct stack *stack)
{
    for (uint32_t i = 0; i < stack->count; i++) {
        auto_(source) struct source *source =
            pieces_new(stack->tars[i].data, stack->tars[i].len, 4096);
        auto_(tar_reader) struct tar_reader *reader = NULL;
        const struct entry *entry;
        print_error("layer %u:\n", i + 1);
        if (img__tar_reader_new(source, "layer", &reader, NULL))
            return;
        while (img__tar_reader_next(reader, &entry, NULL) == 1)
            print_error("  %c %s%s%s\n", "fdlhcbp"[entry->type], entry -> path,
                        entry -> link ? " -> " : "", entry->link ? entry->link : "");
    }
}

static void assert_same_tree(const struct stack *stack)
{
    auto_stack merged = {0};
    merge(stack, stack_push(&merged));
    auto_free char *expected = tree_of(stack);
    auto_free char *found = tree_of(&merged);
    /* The first line is the root, which has no place in the tar. */
    if (strcmp(strchr(expected, '\n'), strchr(found, '\n')) == 0)
        return;
    show(stack);
    fail_msg("layer by layer:\n%s\nat once:\n%s", expected, found);
}

static void same_tree(void **state)
{
    uint64_t random = 1;
    (void)state;
    for (int round = 0; round < 400; round++) {
        auto_stack stack = {0};
        stack_random(&stack, &random);
        assert_same_tree(&stack);
    }
}

/* What it took more of them to find: an opaque directory that is hidden in turn, and has nothing of
 * its own any more (A5). */
static void opaque_in_opaque(void **state)
{
    (void)state;
    auto_stack stack = {0};
    struct buf *lower = stack_push(&stack);
    size_t at = tarball_add(lower, '5', "a", "");
    tarball_octal(lower->data + at + 100, 8, 0710);
    tarball_sum(lower, at);
    struct buf *upper = stack_push(&stack);
    tarball_add(upper, '0', "a/.wh..wh..opq", "");
    tarball_add(upper, '0', "a/b", "b");
    tarball_add(upper, '0', ".wh..wh..opq", "");
    assert_same_tree(&stack);
    auto_(view) struct view *view = stack_view(&stack);
    assert_int_equal(img__view_find(view, "a")->mode, 0755);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_tree),
        cmocka_unit_test(opaque_in_opaque),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
