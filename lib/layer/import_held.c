/* SPDX-License-Identifier: Apache-2.0
 *
 * The directories that wait, in a hash table of lists.
 */
#include "layer/import_held.h"

#include <string.h>

#define FIRST_CAP ((size_t)64)

struct held_entry {
    struct held_entry *next;
    struct entry entry;
};

static void free_one(struct held_entry *one)
{
    img__entry_clear(&one->entry);
    free(one);
}

void img__import_held_free(struct import_held *held)
{
    for (size_t i = 0; i < held->cap; i++)
        while (held->slots[i]) {
            struct held_entry *one = held->slots[i];
            held->slots[i] = one->next;
            free_one(one);
        }
    free(held->slots);
    *held = (struct import_held){0};
}

/* Where the path is linked, or would be. */
static struct held_entry **find(const struct import_held *held, const char *path)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (const char *at = path; *at; at++)
        hash = (hash ^ (unsigned char)*at) * 0x100000001b3;
    struct held_entry **at = &held->slots[(hash ^ hash >> 32) & (held->cap - 1)];
    while (*at && strcmp((*at)->entry.path, path) != 0)
        at = &(*at)->next;
    return at;
}

static int grow(struct import_held *held, img_error *err)
{
    size_t cap = held->cap ? held->cap * 2 : FIRST_CAP;
    struct import_held grown = {calloc(cap, sizeof(*grown.slots)), cap, held->count};
    if (!grown.slots)
        return img__fail_memory(err);
    for (size_t i = 0; i < held->cap; i++)
        while (held->slots[i]) {
            struct held_entry *one = held->slots[i];
            held->slots[i] = one->next;
            struct held_entry **at = find(&grown, one->entry.path);
            one->next = NULL;
            *at = one;
        }
    free(held->slots);
    *held = grown;
    return 0;
}

int img__import_hold(struct import_held *held, struct entry *entry, img_error *err)
{
    int rc = held->count < held->cap ? 0 : grow(held, err);
    if (rc)
        return rc;
    struct held_entry **at = find(held, entry->path);
    if (*at)
        return 0;
    struct held_entry *one = calloc(1, sizeof(*one));
    if (!one)
        return img__fail_memory(err);
    one->entry = *entry;
    *entry = (struct entry){0};
    *at = one;
    held->count++;
    return 0;
}

static int emit_one(struct import_held *held, const char *path, scan_fn fn, void *arg,
                    img_error *err)
{
    struct held_entry **at = find(held, path), *one = *at;
    if (!one)
        return 0;
    *at = one->next;
    held->count--;
    int rc = fn(&one->entry, NULL, arg, err);
    free_one(one);
    return rc;
}

int img__import_emit_held(struct import_held *held, const char *path, scan_fn fn, void *arg,
                          img_error *err)
{
    int rc = 0;
    if (held->count == 0)
        return 0;
    auto_free char *above = strdup(path);
    if (!above)
        return img__fail_memory(err);
    for (char *slash = strchr(above, '/'); slash && rc == 0; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        rc = emit_one(held, above, fn, arg, err);
        *slash = '/';
    }
    return rc;
}
