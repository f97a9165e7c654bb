/* SPDX-License-Identifier: Apache-2.0
 *
 * Scopes: composing and merging lists of them (registry.md A8, A9). They come from challenges too,
 * so nothing is taken for granted; an item without a colon is kept as it is.
 */
#include "registry/scope.h"

#include <string.h>

/* A piece of some text. */
struct span {
    const char *at;
    size_t len;
};

static bool same(struct span a, struct span b)
{
    return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

/* Takes the next piece up to separator off text; false at the end. Empty pieces are skipped. */
static bool next_piece(struct span *text, char separator, struct span *piece)
{
    while (text->len && *text->at == separator) {
        text->at++;
        text->len--;
    }
    size_t len = 0;
    while (len < text->len && text->at[len] != separator)
        len++;
    *piece = (struct span){text->at, len};
    text->at += len;
    text->len -= len;
    return len > 0;
}

/* "repository:a/b" and "pull,push". */
static void split(struct span item, struct span *resource, struct span *actions)
{
    const char *colon = memrchr(item.at, ':', item.len);
    size_t len = colon ? (size_t)(colon - item.at) : item.len;
    *resource = (struct span){item.at, len};
    *actions =
        colon ? (struct span){colon + 1, item.len - len - 1} : (struct span){item.at + item.len, 0};
}

static bool list_has(struct span list, char separator, struct span wanted)
{
    struct span piece;
    while (next_piece(&list, separator, &piece)) {
        if (same(piece, wanted))
            return true;
    }
    return false;
}

/* Appends those of more that out, from start on, does not have. */
static void join_actions(struct buf *out, size_t start, struct span more)
{
    struct span piece;
    while (next_piece(&more, ',', &piece)) {
        struct span there = {img__buf_text(out) + start, out->len - start};
        if (list_has(there, ',', piece))
            continue;
        if (there.len)
            img__buf_putc(out, ',');
        img__buf_append(out, piece.at, piece.len);
    }
}

static bool has_resource(struct span list, struct span resource)
{
    struct span item;
    while (next_piece(&list, ' ', &item)) {
        struct span its, actions;
        split(item, &its, &actions);
        if (same(its, resource))
            return true;
    }
    return false;
}

/* All the actions on resource in list, appended to those in out from start on. */
static void gather(struct buf *out, size_t start, struct span list, struct span resource)
{
    struct span item;
    while (next_piece(&list, ' ', &item)) {
        struct span its, actions;
        split(item, &its, &actions);
        if (same(its, resource))
            join_actions(out, start, actions);
    }
}

static void merge_item(struct buf *out, struct span item, struct span first, struct span second)
{
    struct span resource, actions;
    split(item, &resource, &actions);
    struct span written = {img__buf_text(out), out->len};
    if (has_resource(written, resource))
        return;
    if (out->len)
        img__buf_putc(out, ' ');
    img__buf_append(out, resource.at, resource.len);
    if (resource.len == item.len)
        return;
    img__buf_putc(out, ':');
    size_t start = out->len;
    gather(out, start, first, resource);
    gather(out, start, second, resource);
}

void img__scope_merge(const char *first, const char *second, struct buf *out)
{
    struct span lists[2] = {{first, strlen(first)}, {second, strlen(second)}};
    for (size_t i = 0; i < 2; i++) {
        struct span rest = lists[i];
        struct span item;
        while (next_piece(&rest, ' ', &item))
            merge_item(out, item, lists[0], lists[1]);
    }
}

void img__scope_add_repository(struct buf *scope, const char *path, const char *actions)
{
    img__buf_printf(scope, "%srepository:%s:%s", scope->len ? " " : "", path, actions);
}
