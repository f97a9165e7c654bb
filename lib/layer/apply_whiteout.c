/* SPDX-License-Identifier: Apache-2.0
 *
 * Whiteouts and opaque markers (layers.md A1-A9): they hide what the layers below brought, never
 * what their own did, wherever they stand. A directory that holds something of this layer is
 * pruned: all else goes. It is read once for a whole layer, since nothing from below comes back to
 * it; so the work is in proportion to what there is (X20).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/text.h"
#include "layer/apply_internal.h"

#define PASSES_MAX 8u

/* A directory that is still to be pruned. */
struct pruned {
    uint32_t dir;
    bool hidden; /* itself; it stays for what this layer has in it */
};

struct prune {
    struct apply *apply;
    struct pruned *items;
    size_t count;
    size_t cap;
    struct buf path;
};

static void img__auto_prune(struct prune *prune)
{
    free(prune->items);
    img__buf_free(&prune->path);
}

static int push(struct prune *prune, uint32_t dir, bool hidden, img_error *err)
{
    if (prune->count == prune->cap) {
        size_t cap = prune->cap ? prune->cap * 2 : 64;
        struct pruned *items = reallocarray(prune->items, cap, sizeof(*items));
        if (!items)
            return img__fail_memory(err);
        prune->items = items;
        prune->cap = cap;
    }
    prune->items[prune->count++] = (struct pruned){dir, hidden};
    return 0;
}

/* Whether a child went is in *gone. */
static int prune_child(struct prune *prune, uint32_t dir, int fd, const char *name, bool *gone,
                       img_error *err)
{
    struct apply *apply = prune->apply;
    uint32_t child = img__dirs_find(&apply->dirs, dir, name, strlen(name));
    const struct dir *record = child == DIR_NONE ? NULL : &apply->dirs.items[child];
    struct stat stat;
    if (img__apply_brought(apply, dir, name))
        return 0;
    if (record && record->brought == apply->layer &&
        fstatat(fd, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(stat.st_mode)) {
        if (record->emptied == apply->layer && record->listed == apply->layer)
            return 0;
        return push(prune, child, true, err);
    }
    *gone = true;
    return img__root_remove_tree(fd, name, err);
}

static int prune_pass(struct prune *prune, uint32_t dir, DIR *listing, bool *gone, img_error *err)
{
    const struct dirent *entry;
    int rc = 0;
    *gone = false;
    rewinddir(listing);
    while (!rc && (errno = 0, entry = readdir(listing)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            rc = prune_child(prune, dir, dirfd(listing), entry->d_name, gone, err);
    return !rc && errno ? img__fail_errno(err, "can't list a directory") : rc;
}

static void close_listing(DIR **listing)
{
    if (*listing)
        closedir(*listing);
}

/* Until nothing goes any more: what a directory gives while things go from it may be incomplete. */
static int prune_children(struct prune *prune, uint32_t dir, int fd /* taken over */,
                          img_error *err)
{
    auto_fd int owned = fd;
    __attribute__((cleanup(close_listing))) DIR *listing = fdopendir(fd);
    if (!listing)
        return img__fail_errno(err, "can't list a directory");
    steal_fd(owned);
    const size_t first = prune->count;
    bool gone = true;
    int rc = 0;
    for (unsigned pass = 0; gone && !rc && pass < PASSES_MAX; pass++) {
        prune->count = first;
        rc = prune_pass(prune, dir, listing, &gone, err);
    }
    prune->apply->dirs.items[dir].emptied = prune->apply->layer;
    return rc;
}

static int prune_directory(struct prune *prune, const struct pruned *item, img_error *err)
{
    struct apply *apply = prune->apply;
    int rc = img__dirs_path(&apply->dirs, item->dir, &prune->path, err);
    if (rc)
        return rc;
    auto_fd int fd = img__root_open_directory(apply->root, img__buf_text(&prune->path),
                                              prune->path.len, O_RDONLY);
    if (fd < 0)
        return img__fail_errno(err, "can't open the directory '%.512s'",
                               img__buf_text(&prune->path));
    const struct dir *record = &apply->dirs.items[item->dir];
    bool emptied = record->emptied == apply->layer;
    if (item->hidden && record->listed != apply->layer) {
        rc = img__apply_clear_xattrs(apply, fd, err);
        img__apply_make_implied(apply, item->dir);
    } else {
        rc = img__apply_know(apply, item->dir, fd, err);
    }
    return rc || emptied ? rc : prune_children(prune, item->dir, steal_fd(fd), err);
}

/* hidden: the directory is, too, and else only what is in it. */
static int prune_from(struct apply *apply, uint32_t dir, bool hidden, img_error *err)
{
    auto_(prune) struct prune prune = {.apply = apply, .path = BUF_INIT(ENTRY_PATH_MAX)};
    int rc = push(&prune, dir, hidden, err);
    img__apply_forget_parents(apply);
    while (!rc && prune.count > 0) {
        struct pruned item = prune.items[--prune.count];
        rc = prune_directory(&prune, &item, err);
    }
    return rc;
}

static int hide(struct apply *apply, const struct place *place, const char *name, img_error *err)
{
    uint32_t parent = place->parent->dir;
    uint32_t dir = img__dirs_find(&apply->dirs, parent, name, strlen(name));
    struct stat stat;
    if (img__apply_brought(apply, parent, name) ||
        img__dirs_is_emptied(&apply->dirs, parent, apply->layer))
        return 0;
    if (fstatat(place->fd, name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT || errno == ENAMETOOLONG
                   ? 0
                   : img__fail_errno(err, "can't look at '%.255s'", name);
    const struct place hidden = {place->parent, place->fd, name, 0};
    int rc = img__apply_check_spelling(apply, &hidden, &stat, err);
    if (rc)
        return rc;
    bool directory = S_ISDIR(stat.st_mode);
    if (directory && dir != DIR_NONE && apply->dirs.items[dir].brought == apply->layer)
        return prune_from(apply, dir, true, err);
    if (directory || S_ISLNK(stat.st_mode))
        img__apply_forget_parents(apply);
    return img__root_remove_tree(place->fd, name, err);
}

static int check(struct apply *apply, const struct entry *entry, const char *hidden, img_error *err)
{
    if (hidden[0] == '\0' || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0)
        return img__fail(err, IMG_EFORMAT, "a whiteout of no name that there can be");
    if (entry->size)
        return img__fail(err, IMG_EFORMAT, "a whiteout with data");
    if (entry->type != ENTRY_FILE)
        img__apply_warn(apply, "a whiteout that is no plain file");
    return 0;
}

int img__apply_whiteout(struct apply *apply, const struct entry *entry, img_error *err)
{
    struct place place;
    const char *slash = strrchr(entry->path, '/');
    const char *name = slash ? slash + 1 : entry->path;
    const char *hidden = name + strlen(WHITEOUT);
    bool opaque = strcmp(name, OPAQUE) == 0;
    int rc = check(apply, entry, hidden, err);
    if (rc)
        return rc;
    if (!opaque && img__text_starts(name, WHITEOUT_META)) {
        img__apply_warn(apply, "a file of aufs is ignored");
        return 0;
    }
    if (apply->fresh)
        return 0;
    rc = img__apply_place(apply, entry->path, PLACE_LOOK, &place, err);
    if (rc || place.fd < 0)
        return rc;
    if (!opaque)
        return hide(apply, &place, hidden, err);
    if (img__dirs_is_emptied(&apply->dirs, place.parent->dir, apply->layer))
        return 0;
    return prune_from(apply, place.parent->dir, false, err);
}
