/* SPDX-License-Identifier: Apache-2.0
 *
 * The names that wait, in the order of the archive.
 */
#include "layer/import_late.h"

#include <string.h>

void img__late_links_free(struct late_links *links)
{
    for (size_t i = 0; i < links->count; i++)
        img__entry_clear(&links->items[i].entry);
    free(links->items);
    *links = (struct late_links){0};
}

static bool same(const struct file_id *a, const struct file_id *b)
{
    return a->dev == b->dev && a->ino == b->ino;
}

bool img__late_links_has(const struct late_links *links, const struct file_id *id)
{
    for (size_t i = 0; i < links->count; i++)
        if (same(&links->items[i].id, id))
            return true;
    return false;
}

int img__late_links_add(struct late_links *links, const struct file_id *id, struct entry *entry,
                        img_error *err)
{
    if (links->count == links->cap) {
        size_t cap = links->cap ? links->cap * 2 : 16;
        struct late_link *grown = reallocarray(links->items, cap, sizeof(*grown));
        if (!grown)
            return img__fail_memory(err);
        links->items = grown;
        links->cap = cap;
    }
    links->items[links->count++] = (struct late_link){*id, *entry};
    *entry = (struct entry){0};
    return 0;
}

static int emit_link(struct import *import, struct entry *waiting, const char *path, img_error *err)
{
    auto_(entry) struct entry entry = *waiting;
    free(entry.link);
    entry.type = ENTRY_HARDLINK;
    entry.size = 0;
    entry.link = strdup(path);
    return entry.link ? img__import_emit(import, &entry, NULL, err) : img__fail_memory(err);
}

int img__late_links_emit(struct late_links *links, struct import *import, const struct file_id *id,
                         const char *path, img_error *err)
{
    size_t kept = 0;
    int rc = 0;
    for (size_t i = 0; i < links->count; i++) {
        if (rc || !same(&links->items[i].id, id))
            links->items[kept++] = links->items[i];
        else
            rc = emit_link(import, &links->items[i].entry, path, err);
    }
    links->count = kept;
    return rc;
}

int img__late_links_end(struct late_links *links, struct import *import, img_error *err)
{
    while (links->count > 0) {
        struct file_id id = links->items[0].id;
        auto_(entry) struct entry entry = links->items[0].entry;
        links->count--;
        memmove(links->items, links->items + 1, links->count * sizeof(*links->items));

        auto_(source) struct source *empty = NULL;
        free(steal(entry.link));
        entry.type = ENTRY_FILE;
        int rc = img__source_memory("", 0, &empty, err);
        if (!rc)
            rc = img__import_emit(import, &entry, empty, err);
        if (!rc)
            rc = img__late_links_emit(links, import, &id, entry.path, err);
        if (rc)
            return rc;
    }
    return 0;
}
