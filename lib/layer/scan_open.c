/* SPDX-License-Identifier: Apache-2.0
 *
 * From a name in a directory to an open descriptor, without following links and without waiting for
 * anything. What was opened must be what was looked at; afterwards only the descriptor counts, so
 * nobody can put something else in its place (layers.md C25).
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "layer/scan_internal.h"

void img__scan_close(struct node *node)
{
    if (node->fd >= 0)
        close(steal_fd(node->fd));
}

static int fail_replaced(const struct scan *scan, img_error *err)
{
    return img__fail(err, IMG_EIO,
                     "%s: was replaced while it was read; try again when nothing changes the tree",
                     scan->place.data);
}

static int fail_open(const struct scan *scan, const struct node *node, img_error *err)
{
    if (errno == EACCES || errno == EPERM)
        return img__fail_errno(err,
                               "%s: this user may not read it (change its mode, or build as "
                               "its owner)",
                               scan->place.data);
    if (errno == ENOENT && !node->top)
        return img__fail_errno(err, "%s: vanished while the tree was read", scan->place.data);
    if ((errno == ELOOP || errno == ENOTDIR) && !node->top)
        return fail_replaced(scan, err);
    return img__fail_errno(err, "%s: cannot be opened", scan->place.data);
}

int img__scan_look(const struct scan *scan, struct node *node, img_error *err)
{
    int flags = AT_NO_AUTOMOUNT | (node->top ? 0 : AT_SYMLINK_NOFOLLOW);
    if (statx(node->dirfd, node->name, flags, STATX_BASIC_STATS, &node->st) != 0)
        return fail_open(scan, node, err);

    /* The stat of a directory that something is mounted on is that of the mount. */
    bool root = (node->st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
    node->looked = true;
    node->mount = !node->top && S_ISDIR(node->st.stx_mode) &&
                  (root || img__scan_inode(&node->st).dev != scan->dev);
    return 0;
}

static int flags_of(const struct node *node)
{
    int flags = O_CLOEXEC | O_NOCTTY | (node->top ? 0 : O_NOFOLLOW);
    if (S_ISREG(node->st.stx_mode))
        return flags | O_RDONLY | O_NONBLOCK;
    if (S_ISDIR(node->st.stx_mode) && !node->mount)
        return flags | O_RDONLY | O_DIRECTORY;
    return flags | O_PATH;
}

static int open_node(struct node *node)
{
    int flags = flags_of(node);
    int fd = -1;
    /* Reading should leave no trace, but only the owner may ask for that. */
    if (!(flags & O_PATH)) {
        fd = openat(node->dirfd, node->name, flags | O_NOATIME);
        if (fd >= 0 || errno != EPERM)
            return fd;
    }
    return openat(node->dirfd, node->name, flags);
}

/* What the listing of a directory says saves the look. False: it was not the whole story (a mount
 * on a file, another file meanwhile, no permission), which the way with the look will tell. */
static bool open_listed(const struct scan *scan, struct node *node)
{
    node->st.stx_mode = S_IFREG;
    auto_fd int fd = open_node(node);
    if (fd < 0 ||
        statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &node->st) != 0 ||
        !S_ISREG(node->st.stx_mode) || node->st.stx_ino != node->file ||
        img__scan_inode(&node->st).dev != scan->dev)
        return false;
    node->fd = steal_fd(fd);
    return true;
}

/* *again: something was put in its place meanwhile. */
static int open_once(struct scan *scan, struct node *node, bool *again, img_error *err)
{
    int rc = node->looked ? 0 : img__scan_look(scan, node, err);
    if (rc || S_ISLNK(node->st.stx_mode) || S_ISSOCK(node->st.stx_mode))
        return rc;
    node->fd = open_node(node);
    if (node->fd < 0) {
        *again = errno == ENOENT || errno == ELOOP || errno == ENOTDIR;
        return fail_open(scan, node, err);
    }

    struct statx st;
    if (statx(node->fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &st) != 0)
        return fail_open(scan, node, err);
    *again = !img__scan_same_inode(img__scan_inode(&st), img__scan_inode(&node->st)) ||
             (st.stx_mode & S_IFMT) != (node->st.stx_mode & S_IFMT);
    if (*again)
        return fail_replaced(scan, err);
    node->st = st;
    return 0;
}

/* Editors and compilers put a new file in the place of the old one. That may happen just now, but
 * not twice in a row. */
int img__scan_open(struct scan *scan, struct node *node, img_error *err)
{
    bool again = false;
    if (node->file && !node->looked && open_listed(scan, node))
        return 0;
    int rc = open_once(scan, node, &again, err);
    if (rc && again) {
        img__scan_close(node);
        node->looked = false;
        rc = open_once(scan, node, &again, err);
    }
    if (rc || node->fd < 0)
        return rc;
    if (node->top)
        scan->dev = img__scan_inode(&node->st).dev;
    return 0;
}
