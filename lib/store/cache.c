/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that builds keep to have less to do the next time: a folder of its own, in which each has
 * a name that its owner makes of what it is about, so that builds of different things never meet.
 * A file appears whole, by rename; two that write the same one leave one of the two. It is not
 * synced, since its owner notices damage and goes without.
 *
 * The time of a file is that of its last use. Those of long ago go, and the oldest if there are too
 * many or too large ones together, whenever one is written and when the collector runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <dirent.h>

#include "base/text.h"
#include "store/internal.h"

#define CACHE_FILES_MAX ((size_t)2048)
#define CACHE_BYTES_MAX ((uint64_t)1 << 30)
#define CACHE_SECONDS_MAX (90 * 86400)
#define CACHE_USED_SECONDS 3600 /* the time of last use is not kept more precisely */

int img__store_cache_folder(const img_store *store, bool create)
{
    if (create)
        mkdirat(store->dir_fd, STORE_CACHE, STORE_FOLDER_MODE);
    return openat(store->dir_fd, STORE_CACHE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* ---- reading ---- */

static void note_use(int folder, const char *name, const struct stat *st)
{
    if (llabs((long long)time(NULL) - st->st_mtime) > CACHE_USED_SECONDS)
        utimensat(folder, name, NULL, AT_SYMLINK_NOFOLLOW);
}

void img__store_cache_read(const img_store *store, const char *name, struct source **out)
{
    struct stat st;
    *out = NULL;
    auto_fd int folder = img__store_cache_folder(store, false);
    if (folder < 0)
        return;
    auto_fd int fd =
        openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return;
    note_use(folder, name, &st);
    img__source_fd(steal_fd(fd), name, out, NULL);
}

/* ---- writing ---- */

struct cache_sink {
    struct sink base;
    const img_store *store;
    int folder;
    struct fs_temporary temporary;
    char name[];
};

static int cache_sink_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    struct cache_sink *self = (struct cache_sink *)sink;

    return img__fs_write_all(self->temporary.fd, data, len, self->name, err);
}

static int cache_sink_close(struct sink *sink, img_error *err)
{
    struct cache_sink *self = (struct cache_sink *)sink;

    int r = img__fs_temporary_rename(&self->temporary, self->name, STORE_FILE_MODE, err);
    if (!r)
        img__store_cache_trim(self->store);
    return r;
}

static void cache_sink_free(struct sink *sink)
{
    struct cache_sink *self = (struct cache_sink *)sink;

    img__fs_temporary_drop(&self->temporary);
    if (self->folder >= 0)
        close(self->folder);
    free(self);
}

static const struct sink_ops cache_sink_ops = {
    .write = cache_sink_write,
    .close = cache_sink_close,
    .free = cache_sink_free,
};

int img__store_cache_write(const img_store *store, const char *name, struct sink **out,
                           img_error *err)
{
    struct cache_sink *self = calloc(1, sizeof(*self) + strlen(name) + 1);
    if (!self)
        return img__fail_memory(err);
    self->base.ops = &cache_sink_ops;
    self->store = store;
    self->temporary = (struct fs_temporary)FS_TEMPORARY_INIT;
    strcpy(self->name, name);
    auto_(sink) struct sink *owned = &self->base;
    self->folder = img__store_cache_folder(store, true);
    if (self->folder < 0)
        return img__fail_errno(err, "cannot open %s/" STORE_CACHE, store->path);
    int r = img__fs_temporary_open(self->folder, &self->temporary, err);
    if (r)
        return img__prefix(err, r, "%s/" STORE_CACHE, store->path);
    *out = steal(owned);
    return 0;
}

/* ---- forgetting ---- */

struct kept {
    struct timespec used;
    uint64_t size_bytes;
    char *name;
};

struct kept_list {
    struct kept *items;
    size_t count;
    size_t cap;
};

static void img__auto_kept_list(struct kept_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i].name);
    free(list->items);
}

static bool grow(struct kept_list *list)
{
    size_t cap = list->cap ? list->cap * 2 : 64;
    struct kept *grown = reallocarray(list->items, cap, sizeof(*grown));
    if (!grown)
        return false;
    list->items = grown;
    list->cap = cap;
    return true;
}

/* A file in the making is its owner's, or the collector's. */
static void add_kept(struct kept_list *list, int folder, const char *name)
{
    struct stat st;
    if (img__text_starts(name, IMG_FS_TEMPORARY) ||
        fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode) ||
        (list->count == list->cap && !grow(list)))
        return;
    char *copy = strdup(name);
    if (copy)
        list->items[list->count++] = (struct kept){st.st_mtim, (uint64_t)st.st_size, copy};
}

static void list_folder(int folder, struct kept_list *list)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir && fd >= 0)
        close(fd);
    for (const struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir))
        add_kept(list, folder, entry->d_name);
    if (dir)
        closedir(dir);
}

static int newest_first(const void *a, const void *b)
{
    const struct kept *first = a, *second = b;
    if (first->used.tv_sec != second->used.tv_sec)
        return first->used.tv_sec > second->used.tv_sec ? -1 : 1;
    if (first->used.tv_nsec != second->used.tv_nsec)
        return first->used.tv_nsec > second->used.tv_nsec ? -1 : 1;
    return strcmp(first->name, second->name);
}

/* The newest one stays, however large it is: it is what was just written. */
void img__store_cache_trim(const img_store *store)
{
    auto_(kept_list) struct kept_list list = {0};
    uint64_t bytes = 0;
    time_t now = time(NULL);
    auto_fd int folder = img__store_cache_folder(store, false);
    if (folder < 0)
        return;
    list_folder(folder, &list);
    if (list.count)
        qsort(list.items, list.count, sizeof(*list.items), newest_first);
    for (size_t i = 0; i < list.count; i++) {
        const struct kept *kept = &list.items[i];
        bytes += kept->size_bytes;
        if ((i > 0 && (i >= CACHE_FILES_MAX || bytes > CACHE_BYTES_MAX)) ||
            now - kept->used.tv_sec > CACHE_SECONDS_MAX)
            unlinkat(folder, kept->name, 0);
    }
}
