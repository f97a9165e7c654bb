/* SPDX-License-Identifier: Apache-2.0
 *
 * Extended attributes of a file as a layer has them: the list that travels, capabilities without
 * the user namespace they were made in, no access list that only repeats the mode (layers.md
 * C14-C16).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "layer/scan_internal.h"

/* The kernel gives neither more names nor a longer value (XATTR_LIST_MAX, XATTR_SIZE_MAX). */
#define HALF (SCAN_SCRATCH / 2)

/* Younger than the headers; the same number on all machines but alpha. */
#ifndef SYS_listxattrat
#ifdef __alpha__
#define SYS_listxattrat 575
#else
#define SYS_listxattrat 465
#endif
#endif

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

/* What is open for reading has its attributes at the descriptor. An O_PATH descriptor has none, but
 * its name in /proc leads to the inode itself; and beneath that of a directory what is not open at
 * all can be named, without following it if it is a link. */
struct handle {
    int fd; /* -1: use path */
    bool no_follow;
    char path[32 + ENTRY_NAME_MAX];
};

static void set_handle(struct handle *handle, const struct node *node)
{
    bool readable = S_ISREG(node->st.stx_mode) || (S_ISDIR(node->st.stx_mode) && !node->mount);
    *handle = (struct handle){.fd = readable ? node->fd : -1, .no_follow = node->fd < 0};
    if (node->fd < 0)
        snprintf(handle->path, sizeof(handle->path), "/proc/self/fd/%d/%s", node->dirfd,
                 node->name);
    else if (!readable)
        snprintf(handle->path, sizeof(handle->path), "/proc/self/fd/%d", node->fd);
}

/* Since Linux 6.13 a name in a directory will do, which takes half the time. */
static ssize_t list_at(struct scan *scan, const struct node *node, char *names, size_t len)
{
    if (scan->no_listxattrat) {
        errno = ENOSYS;
        return -1;
    }
    long n = syscall(SYS_listxattrat, node->dirfd, node->name, AT_SYMLINK_NOFOLLOW, names, len);
    /* A sandbox may say that it is not permitted. */
    scan->no_listxattrat = n < 0 && (errno == ENOSYS || errno == EPERM);
    return (ssize_t)n;
}

static ssize_t list_into(struct scan *scan, const struct node *node, const struct handle *handle,
                         char *names, size_t len)
{
    if (handle->fd >= 0)
        return flistxattr(handle->fd, names, len);
    if (!handle->no_follow)
        return listxattr(handle->path, names, len);
    ssize_t n = list_at(scan, node, names, len);
    return scan->no_listxattrat ? llistxattr(handle->path, names, len) : n;
}

/* Most files have none, and the kernel allocates and clears as much as it is offered. */
static ssize_t list_names(struct scan *scan, const struct node *node, const struct handle *handle)
{
    ssize_t len = list_into(scan, node, handle, NULL, 0);
    return len > 0 ? list_into(scan, node, handle, scan->scratch, HALF) : len;
}

static ssize_t get_value(const struct handle *handle, const char *name, char *value)
{
    if (handle->fd >= 0)
        return fgetxattr(handle->fd, name, value, HALF);
    return handle->no_follow ? lgetxattr(handle->path, name, value, HALF)
                             : getxattr(handle->path, name, value, HALF);
}

/* Of what is there and open, or has a name. */
static ssize_t list_node(struct scan *scan, struct node *node, struct handle *handle,
                         img_error *err)
{
    set_handle(handle, node);
    ssize_t len = list_names(scan, node, handle);
    /* /proc may not be mounted. */
    if (len < 0 && errno == ENOENT && node->fd < 0) {
        int rc = img__scan_open(scan, node, err);
        if (rc)
            return rc;
        set_handle(handle, node);
        len = list_names(scan, node, handle);
    }
    /* A file system without attributes has none. */
    if (len < 0 && (errno == ENOTSUP || (handle->fd < 0 && errno == ENOENT)))
        return 0;
    if (len < 0)
        return img__fail_errno(err, "%s: cannot list its extended attributes", scan->place.data);
    return len;
}

int img__scan_each_xattr(struct scan *scan, const struct node *node, xattr_wanted_fn wanted,
                         xattr_fn fn, void *arg, img_error *err)
{
    struct handle handle;
    struct node own = *node;
    char *value = scan->scratch + HALF;
    ssize_t len = list_node(scan, &own, &handle, err);
    int rc = len < 0 ? (int)len : 0;
    const char *end = scan->scratch + len;
    for (const char *name = scan->scratch; rc == 0 && name < end; name += strlen(name) + 1) {
        if (!wanted(name, arg))
            continue;
        ssize_t got = get_value(&handle, name, value);
        if (got >= 0)
            rc = fn(name, value, (size_t)got, arg, err);
        else if (errno != ENODATA)
            rc = img__fail_errno(err, "%s: cannot read its extended attribute %s", scan->place.data,
                                 name);
    }
    if (node->fd < 0)
        img__scan_close(&own);
    return rc;
}

struct travelling {
    const struct scan *scan;
    struct entry *entry;
};

static bool travels(const char *name, const void *arg)
{
    const struct travelling *to = arg;
    return img__entry_xattr_kept(name, to->scan->options->keep);
}

static int add(const char *name, void *value, size_t len, void *arg, img_error *err)
{
    struct travelling *to = arg;
    size_t kept = img__scan_xattr_value(name, value, len);
    return kept ? img__entry_add_xattr(to->entry, name, value, kept, err) : 0;
}

int img__scan_xattrs(struct scan *scan, const struct node *node, struct entry *entry,
                     img_error *err)
{
    struct travelling to = {scan, entry};
    int rc = img__scan_each_xattr(scan, node, travels, add, &to, err);
    img__entry_sort_xattrs(entry);
    return rc;
}
