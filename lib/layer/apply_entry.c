/* SPDX-License-Identifier: Apache-2.0
 *
 * One entry: what is in its place is taken away (layers.md A11-A13), then it is made anew, never
 * written through. A directory stays if one is there, and its children with it. All of this layer's
 * that would be replaced is an error: two entries of one path mean different things to different
 * readers.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "layer/apply_internal.h"

/* ---- what is in its place ---- */

static int fail_twice(img_error *err)
{
    return img__fail(err, IMG_EFORMAT, "%s", APPLY_TWICE);
}

/* 1: a directory, which stays. */
static int replace_directory(struct apply *apply, const struct place *place, img_error *err)
{
    uint32_t parent = place->parent->dir;
    uint32_t dir = img__dirs_find(&apply->dirs, parent, place->name, strlen(place->name));
    const struct dir *record = dir == DIR_NONE ? NULL : &apply->dirs.items[dir];
    bool directory = apply->entry->type == ENTRY_DIRECTORY;
    bool duplicates = apply->options.allow_duplicates;
    if (directory && record && record->listed == apply->layer && !duplicates)
        return img__fail(err, IMG_EFORMAT, "it is there twice");
    if (apply->fresh && !record)
        return img__fail(err, IMG_EFORMAT, "%s", APPLY_SPELLED);
    if (directory)
        return 1;
    if (record && record->brought == apply->layer && !duplicates)
        return img__fail(err, IMG_EFORMAT,
                         "the layer has a directory of that name, or entries beneath it");
    img__apply_forget_parents(apply);
    return img__root_remove_tree(place->fd, place->name, err);
}

static int replace_other(struct apply *apply, const struct place *place, bool is_link,
                         img_error *err)
{
    if (img__apply_brought(apply, place->parent->dir, place->name) &&
        !apply->options.allow_duplicates)
        return fail_twice(err);
    if (is_link)
        img__apply_forget_parents(apply);
    if (unlinkat(place->fd, place->name, 0) != 0 && errno != ENOENT)
        return img__fail_errno(err, "can't replace what is there");
    return 0;
}

/* A link that is put again as it is below: whiteouts of this layer may go through it. */
static int keep_same_link(struct apply *apply, const struct place *place, img_error *err)
{
    char target[ENTRY_LINK_MAX + 2];
    struct place_key key;
    bool known;
    ssize_t len = readlinkat(place->fd, place->name, target, sizeof(target));
    if (apply->fresh || apply->entry->type != ENTRY_SYMLINK || len < 0 ||
        (size_t)len != strlen(apply->entry->link) ||
        memcmp(target, apply->entry->link, (size_t)len) != 0)
        return 0;
    img__apply_key('l', place->parent->dir, place->name, &key);
    return img__path_set_add_bytes(&apply->brought, key.bytes, key.len, &known, err);
}

/* Takes away what is in the place of the current entry. 1: a directory, which stays for one. */
static int make_room(struct apply *apply, const struct place *place, img_error *err)
{
    struct stat stat;
    if (fstatat(place->fd, place->name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : img__fail_errno(err, "can't look at what is there");
    int rc = apply->fresh ? 0 : img__apply_check_spelling(apply, place, &stat, err);
    if (rc)
        return rc;
    if (S_ISDIR(stat.st_mode))
        return replace_directory(apply, place, err);
    bool is_link = S_ISLNK(stat.st_mode);
    rc = is_link ? keep_same_link(apply, place, err) : 0;
    return rc ? rc : replace_other(apply, place, is_link, err);
}

/* ---- each type ---- */

static int make_file(const struct place *place, const struct entry *entry)
{
    (void)entry;
    return openat(place->fd, place->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  place->birth);
}

static int make_directory(const struct place *place, const struct entry *entry)
{
    (void)entry;
    return mkdirat(place->fd, place->name, 0700);
}

static int make_symlink(const struct place *place, const struct entry *entry)
{
    return symlinkat(entry->link, place->fd, place->name);
}

static int make_node(const struct place *place, const struct entry *entry)
{
    mode_t type = entry->type == ENTRY_FIFO    ? S_IFIFO
                  : entry->type == ENTRY_BLOCK ? S_IFBLK
                                               : S_IFCHR;
    return mknodat(place->fd, place->name, type | 0600,
                   makedev(entry->device_major, entry->device_minor));
}

/* Makes the current entry at place by make(), which gives -1 with errno, or another number. 1:
 * there is a directory, which stays. */
static int put(struct apply *apply, const struct place *place,
               int (*make)(const struct place *place, const struct entry *entry), int *out,
               img_error *err)
{
    *out = make(place, apply->entry);
    if (*out < 0 && errno == EEXIST) {
        int rc = make_room(apply, place, err);
        if (rc)
            return rc;
        *out = make(place, apply->entry);
    }
    if (*out < 0)
        return img__fail_errno(err, "can't make it");
    return img__apply_bring(apply, place->parent->dir, place->name, err);
}

/* What is in the way of a file that another thread makes can only be an entry of this layer. */
static int batch_file(struct apply *apply, const struct place *place, const struct meta *meta,
                      img_error *err)
{
    uint32_t parent = place->parent->dir;
    if (!apply->fresh && img__apply_brought(apply, parent, place->name))
        return fail_twice(err);
    int rc = img__apply_bring(apply, parent, place->name, err);
    return rc ? rc : img__apply_batch(apply, place, meta, err);
}

/* Nobody else sees what is not complete: a file is made for its owner alone, unless its directory
 * is as long as the apply lasts. Nor do attributes go to what may not be written. */
static mode_t birth_of(const struct apply *apply, const struct place *place)
{
    bool guarded = apply->dirs.items[place->parent->dir].flags & DIR_MADE;
    bool plain = apply->entry->xattr_count == 0 && !img__apply_notes_owner(apply);
    return guarded && plain ? (mode_t)apply->entry->mode & 0777 : 0600;
}

static int apply_file(struct apply *apply, struct place *place, img_error *err)
{
    const struct entry *entry = apply->entry;
    struct meta meta;
    int made;
    place->birth = birth_of(apply, place);
    if (entry->size > apply->file_max)
        return img__fail(err, IMG_EIO,
                         "its %" PRIu64 " bytes are more than this process may write to one file "
                         "(RLIMIT_FSIZE)",
                         entry->size);
    int rc = img__apply_plan(apply, entry, &meta, err);
    if (!rc && img__apply_can_batch(apply, place))
        return batch_file(apply, place, &meta, err);
    if (!rc)
        rc = put(apply, place, make_file, &made, err);
    if (rc)
        return rc;
    auto_fd int fd = made;
    rc = img__apply_content(apply, fd, err);
    return rc ? rc : img__apply_meta_file(apply, fd, &meta, err);
}

static int apply_other(struct apply *apply, const struct place *place,
                       int (*make)(const struct place *place, const struct entry *entry),
                       img_error *err)
{
    struct meta meta;
    int made;
    int rc = img__apply_plan(apply, apply->entry, &meta, err);
    if (!rc)
        rc = put(apply, place, make, &made, err);
    return rc ? rc : img__apply_meta_other(apply, place, &meta, err);
}

/* Of an existing or new directory. It is made to look like that at the end. */
static int set_directory(struct apply *apply, const struct place *place, uint32_t dir,
                         img_error *err)
{
    struct meta meta;
    int rc = img__apply_plan(apply, apply->entry, &meta, err);
    if (!rc)
        rc = img__apply_meta_directory(apply, place, dir, err);
    if (rc)
        return rc;
    struct dir *record = &apply->dirs.items[dir];
    record->flags |= DIR_KNOWN | DIR_SET;
    record->mode = (uint16_t)meta.mode;
    record->uid = meta.uid;
    record->gid = meta.gid;
    record->mtime = meta.times[1].tv_sec;
    record->mtime_ns = (uint32_t)meta.times[1].tv_nsec;
    record->listed = apply->layer;
    img__dirs_bring(&apply->dirs, dir, apply->layer);
    return 0;
}

static int apply_directory(struct apply *apply, const struct place *place, img_error *err)
{
    uint32_t parent = place->parent->dir;
    size_t len = strlen(place->name);
    int made = make_directory(place, apply->entry);
    int there = 0;
    if (made != 0 && errno == EEXIST) {
        there = make_room(apply, place, err);
        if (there < 0)
            return there;
        made = there ? 0 : make_directory(place, apply->entry);
    }
    if (made != 0)
        return img__fail_errno(err, "can't make it");
    uint32_t dir = img__dirs_find(&apply->dirs, parent, place->name, len);
    int rc = dir == DIR_NONE ? img__dirs_add(&apply->dirs, parent, place->name, len, &dir, err) : 0;
    if (rc)
        return rc;
    if (!there) {
        apply->dirs.items[dir].flags = DIR_MADE;
        apply->dirs.items[dir].emptied = apply->layer;
    }
    return set_directory(apply, place, dir, err);
}

static int apply_root(struct apply *apply, img_error *err)
{
    struct place place;
    if (apply->dirs.items[DIR_ROOT].listed == apply->layer && !apply->options.allow_duplicates)
        return img__fail(err, IMG_EFORMAT, "it is there twice");
    int rc = img__apply_place(apply, "", PLACE_LOOK, &place, err);
    return rc ? rc : set_directory(apply, &place, DIR_ROOT, err);
}

/* ---- devices ---- */

static int skip_device(struct apply *apply, const struct place *place, img_error *err)
{
    struct place_key key;
    bool known;
    int rc = img__apply_settle(apply, err);
    if (!rc)
        rc = make_room(apply, place, err);
    if (rc)
        return rc;
    img__apply_warn(apply, "the device is not made");
    img__apply_key('s', place->parent->dir, place->name, &key);
    rc = img__path_set_add_bytes(&apply->skipped, key.bytes, key.len, &known, err);
    if (!rc)
        rc = img__apply_bring(apply, place->parent->dir, place->name, err);
    return rc ? rc : img__apply_unset(apply, "device", err);
}

static int apply_device(struct apply *apply, const struct place *place, img_error *err)
{
    const struct entry *entry = apply->entry;
    if (entry->type == ENTRY_CHARACTER && entry->device_major == 0 && entry->device_minor == 0)
        return img__fail(err, IMG_EFORMAT,
                         "a device 0:0, which means to overlayfs that something is removed");
    return apply->options.devices ? apply_other(apply, place, make_node, err)
                                  : skip_device(apply, place, err);
}

/* ---- hard links (A14) ---- */

static bool is_same(const struct place *a, const struct place *b)
{
    return a->parent->dir == b->parent->dir && strcmp(a->name, b->name) == 0;
}

static int link_to(struct apply *apply, const struct place *target, const struct place *place,
                   img_error *err)
{
    int rc = linkat(target->fd, target->name, place->fd, place->name, 0);
    if (rc != 0 && errno == EEXIST) {
        rc = make_room(apply, place, err);
        if (rc)
            return rc;
        rc = linkat(target->fd, target->name, place->fd, place->name, 0);
    }
    if (rc != 0 && errno == EXDEV)
        return img__fail_errno(err, "a hard link to '%.512s', which is on another file system",
                               apply->entry->link);
    if (rc != 0)
        return img__fail_errno(err, "can't link it to '%.512s'", apply->entry->link);
    return img__apply_bring(apply, place->parent->dir, place->name, err);
}

/* A link to itself below by another way is there already. */
static int link_to_itself(struct apply *apply, const struct place *place, img_error *err)
{
    if (img__apply_brought(apply, place->parent->dir, place->name) &&
        !apply->options.allow_duplicates)
        return fail_twice(err);
    return img__apply_bring(apply, place->parent->dir, place->name, err);
}

static int fail_target(const struct apply *apply, img_error *err)
{
    return img__fail(err, IMG_EFORMAT, "a hard link to '%.512s', which is not there before it",
                     apply->entry->link);
}

static bool was_skipped(const struct apply *apply, const struct place *target)
{
    struct place_key key;
    img__apply_key('s', target->parent->dir, target->name, &key);
    return img__path_set_has_bytes(&apply->skipped, key.bytes, key.len);
}

static int apply_hard_link(struct apply *apply, const struct entry *entry, img_error *err)
{
    struct place target, place;
    struct stat stat;
    int rc = img__apply_settle(apply, err);
    if (!rc)
        rc = img__apply_place(apply, entry->link, PLACE_LINK, &target, err);
    if (rc)
        return rc;
    if (target.fd < 0)
        return fail_target(apply, err);
    bool there = fstatat(target.fd, target.name, &stat, AT_SYMLINK_NOFOLLOW) == 0;
    if (!there && !was_skipped(apply, &target))
        return fail_target(apply, err);
    if (there && S_ISDIR(stat.st_mode))
        return img__fail(err, IMG_EFORMAT, "a hard link to the directory '%.512s'", entry->link);
    rc = img__apply_place(apply, entry->path, PLACE_MAKE, &place, err);
    if (rc)
        return rc;
    if (!there)
        return skip_device(apply, &place, err);
    return is_same(&target, &place) ? link_to_itself(apply, &place, err)
                                    : link_to(apply, &target, &place, err);
}

/* ---- all ---- */

int img__apply_entry(struct apply *apply, const struct entry *entry, img_error *err)
{
    struct place place;
    if (entry->path[0] == '\0')
        return apply_root(apply, err);
    if (entry->type == ENTRY_HARDLINK)
        return apply_hard_link(apply, entry, err);
    int rc = img__apply_place(apply, entry->path, PLACE_MAKE, &place, err);
    if (rc)
        return rc;
    switch (entry->type) {
    case ENTRY_FILE:
        return apply_file(apply, &place, err);
    case ENTRY_DIRECTORY:
        return apply_directory(apply, &place, err);
    case ENTRY_SYMLINK:
        return apply_other(apply, &place, make_symlink, err);
    case ENTRY_FIFO:
        return apply_other(apply, &place, make_node, err);
    default:
        return apply_device(apply, &place, err);
    }
}
