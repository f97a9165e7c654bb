/* SPDX-License-Identifier: Apache-2.0
 *
 * A hash table of directories by parent and name, under a random key. A hostile layer may have
 * millions of them: BYTES_MAX is the limit.
 */
#include "layer/apply_dirs.h"

#include <string.h>
#include <sys/random.h>

#include "base/path_set.h"
#include "layer/entry.h"

#define BYTES_MAX ((size_t)128 << 20)
#define FIRST_CAP 256u

int img__dirs_init(struct dirs *dirs, img_error *err)
{
    uint32_t root;
    if (getrandom(dirs->key, sizeof(dirs->key), 0) != (ssize_t)sizeof(dirs->key))
        return img__fail_errno(err, "no random numbers");
    return img__dirs_add(dirs, DIR_NONE, "", 0, &root, err);
}

void img__dirs_free(struct dirs *dirs)
{
    free(dirs->items);
    free(dirs->buckets);
    free(dirs->names);
    *dirs = (struct dirs){0};
}

static uint32_t *bucket_of(const struct dirs *dirs, uint32_t parent, const char *name, size_t len)
{
    char key[sizeof(parent) + ENTRY_NAME_MAX];
    memcpy(key, &parent, sizeof(parent));
    memcpy(key + sizeof(parent), name, len);
    struct fingerprint hash = img__fingerprint(dirs->key, key, sizeof(parent) + len);
    return &dirs->buckets[(uint32_t)hash.low & (dirs->bucket_count - 1)];
}

uint32_t img__dirs_find(const struct dirs *dirs, uint32_t parent, const char *name, size_t len)
{
    if (len > ENTRY_NAME_MAX)
        return DIR_NONE;
    uint32_t at = *bucket_of(dirs, parent, name, len);
    for (; at != DIR_NONE; at = dirs->items[at].next) {
        const char *other = img__dirs_name(dirs, at);
        if (dirs->items[at].parent == parent && strncmp(other, name, len) == 0 &&
            other[len] == '\0')
            break;
    }
    return at;
}

static void link_item(struct dirs *dirs, uint32_t at)
{
    struct dir *dir = &dirs->items[at];
    const char *name = img__dirs_name(dirs, at);
    uint32_t *bucket = bucket_of(dirs, dir->parent, name, strlen(name));
    dir->next = *bucket;
    *bucket = at;
}

static int grow_items(struct dirs *dirs, img_error *err)
{
    uint32_t cap = dirs->cap ? dirs->cap * 2 : FIRST_CAP;
    if (cap * (sizeof(*dirs->items) + sizeof(uint32_t)) > BYTES_MAX)
        return img__fail(err, IMG_ELIMIT, "the image has more than %u directories", dirs->cap);
    struct dir *items = reallocarray(dirs->items, cap, sizeof(*items));
    if (!items)
        return img__fail_memory(err);
    dirs->items = items;
    uint32_t *buckets = malloc(cap * sizeof(*buckets));
    if (!buckets)
        return img__fail_memory(err);
    memset(buckets, 0xff, cap * sizeof(*buckets));
    free(dirs->buckets);
    dirs->buckets = buckets;
    dirs->bucket_count = dirs->cap = cap;
    for (uint32_t i = 0; i < dirs->count; i++)
        link_item(dirs, i);
    return 0;
}

static int grow_names(struct dirs *dirs, img_error *err)
{
    size_t cap = dirs->names_cap ? dirs->names_cap * 2 : FIRST_CAP * 16;
    if (cap > BYTES_MAX)
        return img__fail(err, IMG_ELIMIT,
                         "the names of the image's directories take more than %zu MiB",
                         BYTES_MAX >> 20);
    char *names = realloc(dirs->names, cap);
    if (!names)
        return img__fail_memory(err);
    dirs->names = names;
    dirs->names_cap = cap;
    return 0;
}

int img__dirs_add(struct dirs *dirs, uint32_t parent, const char *name, size_t len, uint32_t *out,
                  img_error *err)
{
    int rc = dirs->count < dirs->cap ? 0 : grow_items(dirs, err);
    if (!rc && dirs->names_cap - dirs->names_len <= len)
        rc = grow_names(dirs, err);
    if (rc)
        return rc;
    memcpy(dirs->names + dirs->names_len, name, len);
    dirs->names[dirs->names_len + len] = '\0';
    dirs->items[dirs->count] = (struct dir){.parent = parent, .name = (uint32_t)dirs->names_len};
    dirs->names_len += len + 1;
    link_item(dirs, dirs->count);
    *out = dirs->count++;
    return 0;
}

int img__dirs_reach(struct dirs *dirs, const char *real, size_t len, uint32_t *out, img_error *err)
{
    uint32_t at = DIR_ROOT;
    for (size_t pos = 0; pos < len;) {
        const char *name = real + pos;
        const char *slash = memchr(name, '/', len - pos);
        size_t part = slash ? (size_t)(slash - name) : len - pos;
        uint32_t child = img__dirs_find(dirs, at, name, part);
        int rc = child == DIR_NONE ? img__dirs_add(dirs, at, name, part, &child, err) : 0;
        if (rc)
            return rc;
        at = child;
        pos += part + 1;
    }
    *out = at;
    return 0;
}

int img__dirs_path(const struct dirs *dirs, uint32_t dir, struct buf *out, img_error *err)
{
    size_t len = 0;
    for (uint32_t at = dir; at != DIR_ROOT; at = dirs->items[at].parent)
        len += strlen(img__dirs_name(dirs, at)) + 1;
    len -= len > 0;
    img__buf_clear(out);
    char *room = img__buf_reserve(out, len);
    if (!room)
        return img__buf_check(out, "the path of a directory", err);
    room[len] = '\0';
    out->len = len;
    for (uint32_t at = dir; at != DIR_ROOT; at = dirs->items[at].parent) {
        const char *name = img__dirs_name(dirs, at);
        size_t part = strlen(name);
        len -= part;
        memcpy(room + len, name, part);
        if (len > 0)
            room[--len] = '/';
    }
    return 0;
}

void img__dirs_bring(struct dirs *dirs, uint32_t dir, uint32_t layer)
{
    while (dir != DIR_NONE && dirs->items[dir].brought != layer) {
        dirs->items[dir].brought = layer;
        dir = dirs->items[dir].parent;
    }
}

bool img__dirs_is_emptied(const struct dirs *dirs, uint32_t dir, uint32_t layer)
{
    while (dir != DIR_NONE && dirs->items[dir].emptied != layer)
        dir = dirs->items[dir].parent;
    return dir != DIR_NONE;
}
