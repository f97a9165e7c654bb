/* SPDX-License-Identifier: Apache-2.0
 *
 * Owner, mode and times, in the order in which none undoes another (layers.md A15): chown clears
 * setuid bits and capabilities. Owners are mapped (A19). Where they are not set, nobody else's
 * setuid bits are either.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "layer/apply_internal.h"

#define SET_IDS ((mode_t)06000)

static int map_owner(const struct apply *apply, const struct entry *entry, struct meta *out,
                     img_error *err)
{
    const struct id_map *map = apply->options.id_map;
    if (!img__id_map_to_host(map, false, entry->uid, &out->uid))
        return img__fail(err, IMG_EINVAL, "its owner %u has no id on this machine: map it",
                         entry->uid);
    if (!img__id_map_to_host(map, true, entry->gid, &out->gid))
        return img__fail(err, IMG_EINVAL, "its group %u has no id on this machine: map it",
                         entry->gid);
    return 0;
}

/* What is made belongs to the caller. */
static int forgo_owner(struct apply *apply, const struct entry *entry, struct meta *out,
                       img_error *err)
{
    out->uid = apply->uid;
    out->gid = apply->gid;
    if (entry->uid == apply->uid && entry->gid == apply->gid)
        return 0;
    int rc = img__apply_unset(apply, "owner", err);
    if (rc || !(out->mode & SET_IDS))
        return rc;
    out->mode &= ~SET_IDS;
    return img__apply_unset(apply, "mode", err);
}

int img__apply_plan(struct apply *apply, const struct entry *entry, struct meta *out,
                    img_error *err)
{
    *out = (struct meta){.owners = apply->options.owners, .mode = (mode_t)entry->mode};
    out->times[0].tv_nsec = UTIME_OMIT;
    out->times[1].tv_sec = entry->mtime;
    out->times[1].tv_nsec = (long)entry->mtime_ns;
    if (entry->type == ENTRY_SYMLINK)
        out->mode &= 0777;
    return out->owners ? map_owner(apply, entry, out, err) : forgo_owner(apply, entry, out, err);
}

static int fail_owner(const struct meta *meta, img_error *err)
{
    if (errno == EINVAL)
        return img__fail_errno(err, "can't give it to %u:%u, which this user namespace lacks",
                               meta->uid, meta->gid);
    return img__fail_errno(err, "can't give it to %u:%u", meta->uid, meta->gid);
}

/* Whether an owner is to be set. What it is now depends on the file system and on the directory. */
static bool lacks_owner(const struct stat *stat, const struct meta *meta)
{
    return meta->owners && (stat->st_uid != meta->uid || stat->st_gid != meta->gid);
}

static int fail_look(img_error *err)
{
    return img__fail_errno(err, "can't look at what was made");
}

/* All but the attributes and the time. */
static int set_looks(int fd, const struct meta *meta, img_error *err)
{
    struct stat stat;
    if (fstat(fd, &stat) != 0)
        return fail_look(err);
    if (lacks_owner(&stat, meta) && fchown(fd, meta->uid, meta->gid) != 0)
        return fail_owner(meta, err);
    if ((stat.st_mode & 07777) != meta->mode && fchmod(fd, meta->mode) != 0)
        return img__fail_errno(err, "can't set its mode");
    return 0;
}

static int set_time(int fd, const struct meta *meta, img_error *err)
{
    return futimens(fd, meta->times) == 0 ? 0 : img__fail_errno(err, "can't set its time");
}

int img__apply_meta_fd(int fd, const struct meta *meta, img_error *err)
{
    int rc = set_looks(fd, meta, err);
    return rc ? rc : set_time(fd, meta, err);
}

static int set_attributes(struct apply *apply, int fd, img_error *err)
{
    const struct xattr_target target = {fd, NULL, ENTRY_FILE};
    int rc = img__apply_xattrs(apply, &target, DIR_NONE, err);
    return rc ? rc : img__apply_note_owner(apply, fd, err);
}

int img__apply_meta_file(struct apply *apply, int fd, const struct meta *meta, img_error *err)
{
    /* Who has no privileges can't set an attribute of a file that may not be written any more; who
     * sets an owner takes capabilities away. */
    int rc = meta->owners ? 0 : set_attributes(apply, fd, err);
    if (!rc)
        rc = set_looks(fd, meta, err);
    if (!rc && meta->owners)
        rc = set_attributes(apply, fd, err);
    return rc ? rc : set_time(fd, meta, err);
}

static int set_symlink_owner(const struct place *place, const struct meta *meta, img_error *err)
{
    struct stat stat;
    if (!meta->owners)
        return 0;
    if (fstatat(place->fd, place->name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
        return fail_look(err);
    if (lacks_owner(&stat, meta) &&
        fchownat(place->fd, place->name, meta->uid, meta->gid, AT_SYMLINK_NOFOLLOW) != 0)
        return fail_owner(meta, err);
    return 0;
}

/* A pipe or a device, not opened but held: whoever may write to its directory could put something
 * else in its place, to get the bits that were meant for it. */
static int set_node_looks(const struct place *place, const struct meta *meta, img_error *err)
{
    char proc[64];
    struct stat stat;
    auto_fd int fd = openat(place->fd, place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &stat) != 0)
        return fail_look(err);
    if (S_ISREG(stat.st_mode) || S_ISDIR(stat.st_mode) || S_ISLNK(stat.st_mode))
        return img__fail(err, IMG_EIO, "somebody else put something in its place");
    if (lacks_owner(&stat, meta) && fchownat(fd, "", meta->uid, meta->gid, AT_EMPTY_PATH) != 0)
        return fail_owner(meta, err);
    snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
    if ((stat.st_mode & 07777) != meta->mode && chmod(proc, meta->mode) != 0)
        return img__fail_errno(err, "can't set its mode");
    return 0;
}

int img__apply_meta_other(struct apply *apply, const struct place *place, const struct meta *meta,
                          img_error *err)
{
    const enum entry_type type = apply->entry->type;
    const struct xattr_target target = {place->fd, place, type};
    int rc = type == ENTRY_SYMLINK ? set_symlink_owner(place, meta, err)
                                   : set_node_looks(place, meta, err);
    if (!rc)
        rc = img__apply_xattrs(apply, &target, DIR_NONE, err);
    if (rc)
        return rc;
    if (utimensat(place->fd, place->name, meta->times, AT_SYMLINK_NOFOLLOW) != 0)
        return img__fail_errno(err, "can't set its time");
    return 0;
}

int img__apply_meta_directory(struct apply *apply, const struct place *place, uint32_t dir,
                              img_error *err)
{
    uint16_t flags = apply->dirs.items[dir].flags;
    bool may_have_old = !(flags & DIR_MADE) || (flags & DIR_XATTRS);
    bool has_new = apply->entry->xattr_count > 0 || img__apply_notes_owner(apply);
    if (!may_have_old && !has_new)
        return 0;
    auto_fd int fd = openat(place->fd, place->name[0] ? place->name : ".",
                            O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return img__fail_errno(err, "can't open the directory");
    int rc = may_have_old ? img__apply_clear_xattrs(apply, fd, err) : 0;
    if (rc)
        return rc;
    apply->dirs.items[dir].flags &= (uint16_t)~DIR_XATTRS;
    if (!has_new)
        return 0;
    const struct xattr_target target = {fd, NULL, ENTRY_DIRECTORY};
    apply->dirs.items[dir].flags |= DIR_XATTRS;
    rc = img__apply_xattrs(apply, &target, dir, err);
    return rc ? rc : img__apply_note_owner(apply, fd, err);
}
