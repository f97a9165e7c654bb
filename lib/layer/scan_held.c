/* SPDX-License-Identifier: Apache-2.0
 *
 * Directories that are left out, unless something beneath them is taken: then they come before it,
 * as they are (layers.md C5). They wait on a stack, since the walk is depth first: what is not
 * above the place that it has come to is done with.
 */
#include <string.h>

#include "layer/scan_internal.h"

static void drop_last(struct scan_held *held)
{
    img__entry_clear(&held->entries[--held->count]);
}

void img__scan_held_free(struct scan_held *held)
{
    while (held->count > 0)
        drop_last(held);
    free(held->entries);
    *held = (struct scan_held){0};
}

static bool is_above(const char *directory, const char *path)
{
    size_t len = strlen(directory);
    return strncmp(directory, path, len) == 0 && path[len] == '/';
}

static void drop_others(struct scan_held *held, const char *path)
{
    while (held->count > 0 && !is_above(held->entries[held->count - 1].path, path))
        drop_last(held);
}

static int append(struct scan_held *held, struct entry *entry, img_error *err)
{
    if (held->count == held->cap) {
        size_t cap = held->cap ? held->cap * 2 : 8;
        struct entry *grown = reallocarray(held->entries, cap, sizeof(*grown));
        if (!grown)
            return img__fail_memory(err);
        held->entries = grown;
        held->cap = cap;
    }
    held->entries[held->count++] = *entry;
    *entry = (struct entry){0};
    return 0;
}

int img__scan_hold(struct scan *scan, const struct node *node, img_error *err)
{
    auto_(entry) struct entry entry = {0};
    int rc = img__scan_entry(scan, node, &entry, err);
    entry.path = entry.link = NULL;
    if (rc)
        return rc;
    entry.path = strdup(scan->path.data);
    if (!entry.path)
        return img__fail_memory(err);
    drop_others(&scan->held, entry.path);
    return append(&scan->held, &entry, err);
}

int img__scan_emit_held(struct scan *scan, img_error *err)
{
    struct scan_held *held = &scan->held;
    int rc = 0;
    drop_others(held, scan->path.data);
    for (size_t i = 0; i < held->count && rc == 0; i++)
        rc = img__scan_give_held(scan, &held->entries[i], err);
    while (held->count > 0)
        drop_last(held);
    return rc;
}
