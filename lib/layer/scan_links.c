/* SPDX-License-Identifier: Apache-2.0
 *
 * Hard links: an open hash table from (device, inode) to the first path, for files that have other
 * names (layers.md C17). A path is dropped when its last name was seen, so that a tree of nothing
 * but links costs little more than its table.
 */
#include <string.h>

#include "layer/scan_internal.h"

#define FIRST_CAP ((size_t)64)

static struct link_slot *find_slot(struct link_slot *slots, size_t cap, struct inode inode)
{
    uint64_t mixed = (inode.ino ^ inode.dev << 40) * 0x9e3779b97f4a7c15;
    size_t at = (size_t)(mixed >> 20) & (cap - 1);
    while (slots[at].used && !img__scan_same_inode(slots[at].inode, inode))
        at = (at + 1) & (cap - 1);
    return &slots[at];
}

static int grow(struct link_map *map, img_error *err)
{
    size_t cap = map->cap ? map->cap * 2 : FIRST_CAP;
    struct link_slot *slots = calloc(cap, sizeof(*slots));
    if (!slots)
        return img__fail_memory(err);
    for (size_t i = 0; i < map->cap; i++)
        if (map->slots[i].used)
            *find_slot(slots, cap, map->slots[i].inode) = map->slots[i];
    free(map->slots);
    map->slots = slots;
    map->cap = cap;
    return 0;
}

int img__scan_link(struct link_map *map, const struct statx *st, const char *path,
                   const char **first, img_error *err)
{
    *first = NULL;
    if (map->count >= map->cap / 4 * 3) {
        int rc = grow(map, err);
        if (rc)
            return rc;
    }
    struct inode inode = img__scan_inode(st);
    struct link_slot *slot = find_slot(map->slots, map->cap, inode);
    if (slot->used) {
        *first = slot->path;
        if (slot->left > 0 && --slot->left == 0) {
            free(map->retired);
            map->retired = steal(slot->path);
        }
        return 0;
    }
    char *copy = strdup(path);
    if (!copy)
        return img__fail_memory(err);
    *slot =
        (struct link_slot){.inode = inode, .left = st->stx_nlink - 1, .path = copy, .used = true};
    map->count++;
    return 0;
}

void img__scan_links_free(struct link_map *map)
{
    for (size_t i = 0; i < map->cap; i++)
        free(map->slots[i].path);
    free(map->slots);
    free(map->retired);
    *map = (struct link_map){0};
}
