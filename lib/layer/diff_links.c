/* SPDX-License-Identifier: Apache-2.0
 *
 * Hard links of two trees. The names of a file are the same in both trees if all of them lead to
 * one inode here and one there, and no other name of the new tree does. If they are not, all of its
 * names are written anew, since a layer can only link to what is in it (layers.md C17, D3). That a
 * name is gone from the group is no change: a whiteout says that.
 */
#include "layer/diff_internal.h"

#define FIRST_CAP ((size_t)64)

static struct link_pair *find_slot(struct link_pair *slots, size_t cap, struct inode inode)
{
    uint64_t mixed = (inode.ino ^ inode.dev << 40) * 0x9e3779b97f4a7c15;
    size_t at = (size_t)(mixed >> 20) & (cap - 1);
    while (slots[at].used && !img__scan_same_inode(slots[at].inode, inode))
        at = (at + 1) & (cap - 1);
    return &slots[at];
}

static int grow(struct link_pairs *pairs, img_error *err)
{
    size_t cap = pairs->cap ? pairs->cap * 2 : FIRST_CAP;
    struct link_pair *slots = calloc(cap, sizeof(*slots));
    if (!slots)
        return img__fail_memory(err);
    for (size_t i = 0; i < pairs->cap; i++)
        if (pairs->slots[i].used)
            *find_slot(slots, cap, pairs->slots[i].inode) = pairs->slots[i];
    free(pairs->slots);
    pairs->slots = slots;
    pairs->cap = cap;
    return 0;
}

/* A name of inode has other in the other tree; NULL: nothing. */
static int add(struct link_pairs *pairs, struct inode inode, const struct inode *other,
               img_error *err)
{
    if (pairs->count >= pairs->cap / 4 * 3) {
        int rc = grow(pairs, err);
        if (rc)
            return rc;
    }
    struct link_pair *slot = find_slot(pairs->slots, pairs->cap, inode);
    if (!slot->used) {
        *slot = (struct link_pair){.inode = inode, .used = true};
        pairs->count++;
    }
    if (!other || (slot->paired && !img__scan_same_inode(slot->other, *other)))
        slot->broken = true;
    if (other && !slot->paired) {
        slot->other = *other;
        slot->paired = true;
    }
    return 0;
}

int img__link_groups_add(struct link_groups *groups, const struct statx *before,
                         const struct statx *after, img_error *err)
{
    struct inode new_inode = img__scan_inode(after);
    if (!before)
        return add(&groups->after, new_inode, NULL, err);
    struct inode old_inode = img__scan_inode(before);
    int rc = add(&groups->after, new_inode, &old_inode, err);
    return rc ? rc : add(&groups->before, old_inode, &new_inode, err);
}

static const struct link_pair *find(const struct link_pairs *pairs, struct inode inode)
{
    if (pairs->cap == 0)
        return NULL;
    const struct link_pair *slot = find_slot(pairs->slots, pairs->cap, inode);
    return slot->used ? slot : NULL;
}

bool img__link_groups_differ(const struct link_groups *groups, const struct statx *after)
{
    const struct link_pair *pair = find(&groups->after, img__scan_inode(after));
    if (!pair || pair->broken || !pair->paired)
        return true;
    const struct link_pair *back = find(&groups->before, pair->other);
    return !back || back->broken;
}

void img__link_groups_free(struct link_groups *groups)
{
    free(groups->before.slots);
    free(groups->after.slots);
    *groups = (struct link_groups){0};
}
