/* SPDX-License-Identifier: Apache-2.0
 *
 * Extended attributes (layers.md A18). Those of overlayfs and of this machine's SELinux policy are
 * none of a layer's business. What a file system or a kernel does not allow is told once for each
 * name; what goes wrong otherwise is an error.
 *
 * Default access lists of directories would change all that is made in them, so both kinds of
 * lists wait for the end.
 */
#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/text.h"
#include "layer/apply_internal.h"

#define WARNED_MAX ((size_t)64)
#define LATE_BYTES_MAX ((size_t)64 << 20)
#define NAMES_SIZE ((size_t)65536) /* XATTR_LIST_MAX */

static bool is_foreign(const char *name)
{
    return img__text_starts(name, "trusted.overlay.") || img__text_starts(name, "user.overlay.") ||
           strcmp(name, "security.selinux") == 0;
}

static bool is_access_list(const char *name)
{
    return strcmp(name, "system.posix_acl_access") == 0 ||
           strcmp(name, "system.posix_acl_default") == 0;
}

static int warn_once(struct apply *apply, const char *name, const char *reason, img_error *err)
{
    if (apply->warned.count >= WARNED_MAX || img__strv_has(&apply->warned, name))
        return 0;
    img__apply_warn(apply, "the extended attribute %s is not set: %s", name, reason);
    return img__strv_add(&apply->warned, name, err);
}

static int skip(struct apply *apply, const char *name, const char *reason, img_error *err)
{
    auto_(buf) struct buf what = BUF_INIT(512);
    int rc = warn_once(apply, name, reason, err);
    if (rc || !apply->entry)
        return rc;
    img__buf_printf(&what, "xattr %s", name);
    return img__apply_unset(apply, img__buf_text(&what), err);
}

/* A name that Linux would follow only beneath our own descriptor. */
static int set_by_name(const struct place *place, const struct entry_xattr *xattr)
{
    auto_(buf) struct buf path = BUF_INIT(512);
    img__buf_printf(&path, "/proc/self/fd/%d/%s", place->fd, place->name);
    if (path.failed) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int rc = lsetxattr(path.data, xattr->name, xattr->value, xattr->len, 0);
    if (rc != 0 && (errno == ENOENT || errno == ENOTDIR))
        errno = ENOTSUP; /* no /proc here */
    return rc;
}

/* errno says why it was not set. */
static int forgive(struct apply *apply, const char *name, img_error *err)
{
    bool guarded = img__text_starts(name, "trusted.") || img__text_starts(name, "security.");
    if (errno == ENOTSUP)
        return skip(apply, name, "it can't be had here", err);
    if (errno == EPERM && guarded)
        return skip(apply, name, "it takes more privileges", err);
    return img__fail_errno(err, "can't set its extended attribute %s", name);
}

static int keep_late(struct apply *apply, const struct entry_xattr *xattr, uint32_t dir,
                     img_error *err)
{
    size_t bytes = sizeof(struct late_xattr) + strlen(xattr->name) + xattr->len;
    if (bytes > LATE_BYTES_MAX - apply->late_bytes)
        return img__fail(err, IMG_ELIMIT, "the access lists of directories take more than %zu MiB",
                         LATE_BYTES_MAX >> 20);
    if (apply->late_count == apply->late_cap) {
        size_t cap = apply->late_cap ? apply->late_cap * 2 : 16;
        struct late_xattr *late = reallocarray(apply->late, cap, sizeof(*late));
        if (!late)
            return img__fail_memory(err);
        apply->late = late;
        apply->late_cap = cap;
    }
    auto_free char *name = strdup(xattr->name);
    auto_free char *value = malloc(xattr->len + 1);
    if (!name || !value)
        return img__fail_memory(err);
    memcpy(value, xattr->value, xattr->len);
    apply->late[apply->late_count] = (struct late_xattr){
        dir, apply->layer, apply->late_count, steal(name), steal(value), xattr->len};
    apply->late_count++;
    apply->late_bytes += bytes;
    return 0;
}

static int set_one(struct apply *apply, const struct xattr_target *target,
                   const struct entry_xattr *xattr, img_error *err)
{
    bool plain = target->type == ENTRY_FILE || target->type == ENTRY_DIRECTORY;
    if (is_foreign(xattr->name))
        return skip(apply, xattr->name, "it belongs to this machine", err);
    if (!plain && img__text_starts(xattr->name, "user."))
        return skip(apply, xattr->name, "Linux has it on files and directories alone", err);
    int rc = target->place ? set_by_name(target->place, xattr)
                           : fsetxattr(target->fd, xattr->name, xattr->value, xattr->len, 0);
    return rc == 0 ? 0 : forgive(apply, xattr->name, err);
}

int img__apply_xattrs(struct apply *apply, const struct xattr_target *target, uint32_t dir,
                      img_error *err)
{
    const struct entry *entry = apply->entry;
    int rc = 0;
    for (size_t i = 0; i < entry->xattr_count && !rc; i++) {
        const struct entry_xattr *xattr = &entry->xattrs[i];
        if (dir != DIR_NONE && is_access_list(xattr->name))
            rc = keep_late(apply, xattr, dir, err);
        else
            rc = set_one(apply, target, xattr, err);
    }
    return rc;
}

int img__apply_late_xattr(struct apply *apply, int fd, const struct late_xattr *late,
                          img_error *err)
{
    if (fsetxattr(fd, late->name, late->value, late->len, 0) == 0)
        return 0;
    return forgive(apply, late->name, err);
}

int img__apply_clear_xattrs(struct apply *apply, int fd, img_error *err)
{
    (void)apply;
    ssize_t len = flistxattr(fd, NULL, 0);
    if (len == 0 || (len < 0 && errno == ENOTSUP))
        return 0;
    auto_free char *names = malloc(NAMES_SIZE);
    if (!names)
        return img__fail_memory(err);
    len = flistxattr(fd, names, NAMES_SIZE);
    if (len < 0)
        return img__fail_errno(err, "can't list the extended attributes that it had");
    for (const char *name = names; name < names + len; name += strlen(name) + 1) {
        if (is_foreign(name) || fremovexattr(fd, name) == 0 || errno == ENODATA)
            continue;
        /* What the machine guards, the layers did not bring. */
        if (errno != ENOTSUP && errno != EPERM && errno != EACCES)
            return img__fail_errno(err, "can't remove the extended attribute %s", name);
    }
    return 0;
}
