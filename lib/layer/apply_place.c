/* SPDX-License-Identifier: Apache-2.0
 *
 * Where an entry goes: its parent, links followed inside the root (layers.md A10), and made where
 * it is missing (A12, A17). The directories that were last used stay open, since layers are sorted;
 * whoever removes a directory or a link calls img__apply_forget_parents().
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "layer/apply_internal.h"

void img__apply_key(char what, uint32_t parent, const char *name, struct place_key *out)
{
    size_t len = strnlen(name, ENTRY_NAME_MAX);
    out->bytes[0] = '\0';
    out->bytes[1] = what;
    memcpy(out->bytes + 2, &parent, sizeof(parent));
    memcpy(out->bytes + 2 + sizeof(parent), name, len);
    out->len = 2 + sizeof(parent) + len;
}

bool img__apply_brought(const struct apply *apply, uint32_t parent, const char *name)
{
    struct place_key key;
    if (apply->fresh)
        return true;
    img__apply_key('p', parent, name, &key);
    return img__path_set_has_bytes(&apply->brought, key.bytes, key.len);
}

int img__apply_bring(struct apply *apply, uint32_t parent, const char *name, img_error *err)
{
    struct place_key key;
    bool known;
    img__dirs_bring(&apply->dirs, parent, apply->layer);
    if (apply->fresh)
        return 0;
    img__apply_key('p', parent, name, &key);
    return img__path_set_add_bytes(&apply->brought, key.bytes, key.len, &known, err);
}

/* ---- the directories that are open ---- */

void img__apply_forget_parents(struct apply *apply)
{
    for (unsigned i = 0; i < PARENTS_KEPT; i++)
        apply->parents[i].unnamed = true;
}

static struct parent *find_parent(struct apply *apply, const char *path, size_t len)
{
    for (unsigned i = 0; i < PARENTS_KEPT; i++) {
        struct parent *parent = &apply->parents[i];
        if (parent->fd >= 0 && !parent->unnamed && parent->path.len == len &&
            (len == 0 || memcmp(parent->path.data, path, len) == 0))
            return parent;
    }
    return NULL;
}

/* The slot that was not used for the longest time. */
static struct parent *free_parent(struct apply *apply)
{
    struct parent *oldest = &apply->parents[0];
    for (unsigned i = 0; i < PARENTS_KEPT; i++) {
        struct parent *parent = &apply->parents[i];
        if (parent->fd < 0)
            return parent;
        if (parent->used < oldest->used)
            oldest = parent;
    }
    img__handle_drop(steal(oldest->handle));
    oldest->fd = -1;
    return oldest;
}

/* The directory at a real path that exists. Where there was nothing before the layer, it was made
 * under that very name, or the layer spells it in two ways. */
static int reach(struct apply *apply, const char *real, size_t len, uint32_t *out, img_error *err)
{
    int rc = img__dirs_reach(&apply->dirs, real, len, out, err);
    if (!rc && apply->fresh && *out != DIR_ROOT && !(apply->dirs.items[*out].flags & DIR_MADE))
        return img__fail(err, IMG_EFORMAT, "%s", APPLY_SPELLED);
    return rc;
}

static int keep_parent(struct apply *apply, const char *path, size_t len, struct root_way *way,
                       struct parent **out, img_error *err)
{
    uint32_t dir;
    int rc = reach(apply, img__buf_text(&way->real), way->real.len, &dir, err);
    if (!rc)
        rc = img__apply_know(apply, dir, way->fd, err);
    if (rc)
        return rc;
    struct parent *parent = free_parent(apply);
    img__buf_clear(&parent->path);
    img__buf_append(&parent->path, path, len);
    rc = img__buf_check(&parent->path, "a path", err);
    if (rc)
        return rc;
    parent->handle = img__handle_new(way->fd);
    if (!parent->handle)
        return img__fail_memory(err);
    parent->fd = steal_fd(way->fd);
    parent->dir = dir;
    parent->linked = way->real.len != len || (len && memcmp(way->real.data, path, len) != 0);
    parent->unnamed = false;
    *out = parent;
    return 0;
}

/* ---- directories that are missing ---- */

int img__apply_know(struct apply *apply, uint32_t dir, int fd, img_error *err)
{
    struct dir *record = &apply->dirs.items[dir];
    struct stat stat;
    if (record->flags & DIR_KNOWN)
        return 0;
    if (fstat(fd, &stat) != 0)
        return img__fail_errno(err, "can't look at its directory");
    record->flags |= DIR_KNOWN;
    record->mtime = stat.st_mtim.tv_sec;
    record->mtime_ns = (uint32_t)stat.st_mtim.tv_nsec;
    return 0;
}

void img__apply_make_implied(struct apply *apply, uint32_t dir)
{
    struct dir *record = &apply->dirs.items[dir];
    record->flags = (uint16_t)(DIR_KNOWN | DIR_SET | (record->flags & (DIR_MADE | DIR_XATTRS)));
    record->uid = apply->implied_uid;
    record->gid = apply->implied_gid;
    record->mode = 0755;
    record->mtime = 0;
    record->mtime_ns = 0;
    record->listed = 0;
}

/* What is there is not a directory: one of the layers below is replaced. */
static int replace_file(struct apply *apply, uint32_t parent, int fd, const char *name,
                        img_error *err)
{
    if (img__apply_brought(apply, parent, name) && !apply->options.allow_duplicates)
        return img__fail(err, IMG_EFORMAT,
                         "it lies beneath '%.255s', which the layer has as no directory", name);
    img__apply_warn(apply, "'%.255s', which was no directory, is replaced by one", name);
    if (unlinkat(fd, name, 0) != 0)
        return img__fail_errno(err, "can't replace '%.255s'", name);
    img__apply_forget_parents(apply);
    return 0;
}

static int make_directory(struct apply *apply, uint32_t parent, int fd, const char *name,
                          img_error *err)
{
    int made = mkdirat(fd, name, 0700);
    if (made != 0 && errno == EEXIST) {
        int rc = replace_file(apply, parent, fd, name, err);
        if (rc)
            return rc;
        made = mkdirat(fd, name, 0700);
    }
    return made == 0 ? 0 : img__fail_errno(err, "can't make the directory '%.255s'", name);
}

/* One more directory on the way, in which the way is afterwards. */
static int make_next(struct apply *apply, struct root_way *way, uint32_t *dir, const char *name,
                     img_error *err)
{
    uint32_t child;
    size_t len = strlen(name);
    int rc = img__apply_count(apply, err);
    if (!rc)
        rc = img__apply_know(apply, *dir, way->fd, err);
    if (!rc)
        rc = make_directory(apply, *dir, way->fd, name, err);
    if (rc)
        return rc;
    child = img__dirs_find(&apply->dirs, *dir, name, len);
    if (child == DIR_NONE)
        rc = img__dirs_add(&apply->dirs, *dir, name, len, &child, err);
    if (rc)
        return rc;
    apply->dirs.items[child].flags = DIR_MADE;
    apply->dirs.items[child].emptied = apply->layer;
    img__apply_make_implied(apply, child);
    int fd = openat(way->fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return img__fail_errno(err, "can't open the directory '%.255s'", name);
    close(way->fd);
    way->fd = fd;
    *dir = child;
    return 0;
}

static int make_missing(struct apply *apply, struct root_way *way, img_error *err)
{
    uint32_t dir;
    int rc = reach(apply, img__buf_text(&way->real), way->there, &dir, err);
    size_t at = way->there;
    while (!rc && at < way->real.len) {
        char name[ENTRY_NAME_MAX + 1];
        at += way->real.data[at] == '/';
        size_t len = (size_t)(strchrnul(way->real.data + at, '/') - (way->real.data + at));
        if (len > ENTRY_NAME_MAX)
            return img__fail(err, IMG_EFORMAT, "a name on the way is too long");
        memcpy(name, way->real.data + at, len);
        name[len] = '\0';
        at += len;
        rc = make_next(apply, way, &dir, name, err);
    }
    way->missing = false;
    return rc;
}

/* ---- the way ---- */

/* A whiteout names what the layers below have. A link that this layer brought says nothing of that,
 * unless it is as it was. */
static bool may_follow(const char *real, const char *link, void *arg)
{
    struct apply *apply = arg;
    struct place_key key;
    uint32_t dir;
    if (img__dirs_reach(&apply->dirs, real, strlen(real), &dir, NULL))
        return false;
    img__apply_key('l', dir, link, &key);
    return !img__apply_brought(apply, dir, link) ||
           img__path_set_has_bytes(&apply->brought, key.bytes, key.len);
}

static int open_parent(struct apply *apply, const char *path, size_t len, enum place_mode mode,
                       struct parent **out, img_error *err)
{
    auto_(root_way) struct root_way way = {.fd = -1};
    const struct root_follow follow = {may_follow, apply};
    int rc =
        img__root_resolve(apply->root, path, len, mode == PLACE_LOOK ? &follow : NULL, &way, err);
    if (rc == IMG_EFORMAT && mode == PLACE_LOOK)
        return 0; /* a loop hides nothing */
    if (!rc && way.missing && mode != PLACE_MAKE)
        return 0;
    if (!rc && way.missing)
        rc = make_missing(apply, &way, err);
    if (!rc)
        rc = keep_parent(apply, path, len, &way, out, err);
    if (!rc && mode == PLACE_LOOK && (*out)->linked)
        (*out)->unnamed = true; /* for entries the path may lead elsewhere */
    return rc;
}

int img__apply_place(struct apply *apply, const char *path, enum place_mode mode, struct place *out,
                     img_error *err)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    struct parent *parent = find_parent(apply, path, len);
    *out = (struct place){.fd = -1, .name = slash ? slash + 1 : path, .birth = 0600};
    if (parent && parent->linked && mode == PLACE_LOOK)
        parent = NULL;
    int rc = parent ? 0 : open_parent(apply, path, len, mode, &parent, err);
    if (rc || !parent)
        return rc;
    parent->used = ++apply->used;
    out->parent = parent;
    out->fd = parent->fd;
    return 0;
}
