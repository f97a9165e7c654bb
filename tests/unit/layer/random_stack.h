/* SPDX-License-Identifier: Apache-2.0
 *
 * Random stacks of layers over a few paths, so that they get in each other's way: directories,
 * links, hard links, whiteouts, opaque directories. The same everywhere.
 */
#ifndef TESTS_RANDOM_STACK_H
#define TESTS_RANDOM_STACK_H

#include "layer/view.h"
#include "streams.h"
#include "tarball.h"
#include "unit.h"

#define STACK_LAYERS_MAX 5

struct stack {
    struct buf tars[STACK_LAYERS_MAX];
    uint32_t count;
};

static inline void img__auto_stack(struct stack *stack)
{
    for (size_t i = 0; i < STACK_LAYERS_MAX; i++)
        img__buf_free(&stack->tars[i]);
}

#define auto_stack auto_(stack) struct stack

static inline struct buf *stack_push(struct stack *stack)
{
    struct buf *tar = &stack->tars[stack->count++];
    img__buf_free(tar);
    *tar = (struct buf)TARBALL_INIT;
    return tar;
}

/* NULL if the view refuses it. */
static inline struct view *stack_view(const struct stack *stack)
{
    struct view *view = NULL;
    img_error err;
    assert_ok(img__view_new(&view, &err));
    img__view_keep_xattrs(view);
    for (uint32_t i = 0; i < stack->count; i++) {
        auto_(source) struct source *tar =
            pieces_new(stack->tars[i].data, stack->tars[i].len, 4096);
        if (img__view_apply(view, tar, "layer", &err)) {
            img__view_free(view);
            return NULL;
        }
    }
    return view;
}

static inline const char *random_path(uint64_t *random)
{
    static const char *const paths[] = {"a",   "b",   "l",     "a/a",   "a/b", "a/l",     "b/a",
                                        "b/c", "l/a", "l/l/b", "a/b/c", "c",   "b/a/l/b", "a/l/c"};
    return paths[next_random(random) % 14];
}

static inline void add_random_link(struct buf *tar, uint64_t *random)
{
    static const char *const targets[] = {"a", "/b", "../a", "b/a", "no", "l", "/", "a/b/.."};
    const char *target = targets[next_random(random) % 8];
    tarball_link(tar, '2', random_path(random), target);
}

static inline void add_random_whiteout(struct buf *tar, uint64_t *random)
{
    static const char *const hidden[] = {".wh.a",   "a/.wh.b",        "b/.wh.a",      ".wh.l",
                                         "l/.wh.a", "a/.wh..wh..opq", ".wh..wh..opq", "l/.wh.l"};
    tarball_add(tar, '0', hidden[next_random(random) % 8], "");
}

static inline void add_random_file(struct buf *tar, uint64_t *random)
{
    char data[16];
    snprintf(data, sizeof(data), "%u", next_random(random));
    const char *path = random_path(random);
    tarball_add(tar, '0', path, next_random(random) % 5 ? data : "");
}

static inline void add_random(struct buf *tar, uint64_t *random)
{
    const char *path = random_path(random);
    unsigned mode = next_random(random) % 01000;
    size_t at = tar->len;
    switch (next_random(random) % 8) {
    case 0:
    case 1:
        tarball_add(tar, '5', path, "");
        mode |= 0700;
        break;
    case 2:
        add_random_link(tar, random);
        return;
    case 3:
    case 4:
        tarball_link(tar, '1', path, random_path(random));
        return;
    default:
        add_random_file(tar, random);
    }
    tarball_octal(tar->data + at + 100, 8, mode);
    tarball_octal(tar->data + at + 136, 12, next_random(random) % 100000);
    tarball_sum(tar, at);
}

/* A layer on top, entry by entry, without those that the view refuses. */
static inline void stack_push_random(struct stack *stack, uint64_t *random)
{
    struct buf *tar = stack_push(stack);
    const unsigned entries = 1 + next_random(random) % 8;
    for (unsigned i = 0; i < entries; i++) {
        size_t len = tar->len;
        if (next_random(random) % 8 == 0)
            add_random_whiteout(tar, random);
        else
            add_random(tar, random);
        auto_(view) struct view *view = stack_view(stack);
        if (!view)
            tar->len = len;
    }
}

static inline void stack_random(struct stack *stack, uint64_t *random)
{
    for (uint32_t layers = 1 + next_random(random) % STACK_LAYERS_MAX; layers > 0; layers--)
        stack_push_random(stack, random);
}

#endif
