/* SPDX-License-Identifier: Apache-2.0
 *
 * Extended attributes of a file as a layer has them: the list that travels, capabilities without
 * the user namespace they were made in, no access list that only repeats the mode (layers.md
 * C14-C16).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "layer/scan_internal.h"

/* The kernel gives neither more names nor a longer value (XATTR_LIST_MAX, XATTR_SIZE_MAX). */
#define HALF (SCAN_SCRATCH / 2)

/* linux/capability.h: little endian; a version in the top byte, then two sets of two words, and in
 * version 3 the uid that is root in the namespace. */
#define CAPABILITY_V2_SIZE 20u
#define CAPABILITY_V3_SIZE 24u

/* linux/posix_acl_xattr.h: a version, then (tag, permissions, id) of 8 bytes each. */
#define ACL_HEADER 4u
#define ACL_ENTRY 8u
#define ACL_USER_OBJ 0x01
#define ACL_GROUP_OBJ 0x04
#define ACL_OTHER 0x20

static size_t capability_v2(unsigned char *value, size_t len)
{
    if (len != CAPABILITY_V3_SIZE || value[3] != 3)
        return len;
    value[3] = 2;
    return CAPABILITY_V2_SIZE;
}

static bool acl_is_mode(const unsigned char *value, size_t len)
{
    if (len != ACL_HEADER + 3 * ACL_ENTRY)
        return false;
    for (size_t at = ACL_HEADER; at < len; at += ACL_ENTRY) {
        unsigned tag = value[at] | (unsigned)value[at + 1] << 8;
        if (tag != ACL_USER_OBJ && tag != ACL_GROUP_OBJ && tag != ACL_OTHER)
            return false;
    }
    return true;
}

size_t img__scan_xattr_value(const char *name, void *value, size_t len)
{
    if (strcmp(name, "security.capability") == 0)
        return capability_v2(value, len);
    if (strcmp(name, "system.posix_acl_access") == 0 && acl_is_mode(value, len))
        return 0;
    return len;
}

/* An O_PATH descriptor has no attributes, but its name in /proc leads to the inode itself. */
struct handle {
    int fd;
    const char *proc; /* NULL: use fd */
};

static ssize_t list_names(const struct handle *handle, char *names)
{
    ssize_t n =
        handle->proc ? listxattr(handle->proc, names, HALF) : flistxattr(handle->fd, names, HALF);
    /* A file system without attributes has none; /proc may not be mounted. */
    if (n < 0 && (errno == ENOTSUP || (handle->proc && errno == ENOENT)))
        return 0;
    return n;
}

static ssize_t get_value(const struct handle *handle, const char *name, char *value)
{
    return handle->proc ? getxattr(handle->proc, name, value, HALF)
                        : fgetxattr(handle->fd, name, value, HALF);
}

static int add(struct scan *scan, const struct handle *handle, const char *name,
               struct entry *entry, img_error *err)
{
    char *value = scan->scratch + HALF;
    ssize_t got = get_value(handle, name, value);
    if (got < 0 && errno == ENODATA)
        return 0;
    if (got < 0)
        return img__fail_errno(err, "%s: cannot read its extended attribute %s", scan->place.data,
                               name);
    size_t len = img__scan_xattr_value(name, value, (size_t)got);
    return len ? img__entry_add_xattr(entry, name, value, len, err) : 0;
}

int img__scan_xattrs(struct scan *scan, int fd, bool path_only, struct entry *entry, img_error *err)
{
    char proc[40];
    struct handle handle = {fd, NULL};
    if (path_only) {
        snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
        handle.proc = proc;
    }
    ssize_t len = list_names(&handle, scan->scratch);
    if (len < 0)
        return img__fail_errno(err, "%s: cannot list its extended attributes", scan->place.data);

    const char *end = scan->scratch + len;
    for (const char *name = scan->scratch; name < end; name += strlen(name) + 1) {
        int rc = img__entry_xattr_allowed(name) ? add(scan, &handle, name, entry, err) : 0;
        if (rc)
            return rc;
    }
    img__entry_sort_xattrs(entry);
    return 0;
}
