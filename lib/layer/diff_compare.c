/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether two files are alike, as far as a layer can tell them apart (layers.md D2). What costs
 * least is looked at first. Data is taken for the same if size and time are, to the nanosecond: a
 * time of whole seconds may come from an archive that cut it, so then, and where times differ, the
 * data is read.
 */
#include <string.h>

#include "layer/diff_internal.h"

#define PART (SCAN_SCRATCH / 2)

static bool same_time(const struct statx *a, const struct statx *b)
{
    return a->stx_mtime.tv_sec == b->stx_mtime.tv_sec &&
           a->stx_mtime.tv_nsec == b->stx_mtime.tv_nsec;
}

/* Layers have whole seconds, unless asked for more, and none behind the epoch. */
static bool same_layer_time(const struct diff *diff, const struct statx *a, const struct statx *b)
{
    const struct scan_options *options = &diff->options->scan;
    int64_t x = a->stx_mtime.tv_sec, y = b->stx_mtime.tv_sec;
    if (options->has_epoch && x >= options->epoch && y >= options->epoch)
        return true;
    return options->keep & ENTRY_KEEP_NANOSECONDS ? same_time(a, b) : x == y;
}

static bool same_metadata(const struct diff *diff, const struct statx *a, const struct statx *b)
{
    if (a->stx_uid != b->stx_uid || a->stx_gid != b->stx_gid)
        return false;
    if (!S_ISLNK(a->stx_mode) && a->stx_mode != b->stx_mode)
        return false;
    return S_ISDIR(a->stx_mode) || diff->options->ignore_mtime || same_layer_time(diff, a, b);
}

static int same_links(struct diff *diff, const struct node *before, const struct node *after,
                      bool *same, img_error *err)
{
    struct entry a = {0}, b = {0};
    int rc = img__scan_read_link(&diff->below.scan, before, &a, err);
    if (rc == 0)
        rc = img__scan_read_link(&diff->scan, after, &b, err);
    *same = rc == 0 && strcmp(a.link, b.link) == 0;
    return rc;
}

/* The scratch of the scans is used by nothing else meanwhile. */
static int same_data(struct diff *diff, struct node *before, struct node *after, bool *same,
                     img_error *err)
{
    struct scan *old_scan = &diff->below.scan, *new_scan = &diff->scan;
    struct file_source a, b;
    img__scan_file(&a, before->fd, old_scan->place.data, &before->st);
    img__scan_file(&b, after->fd, new_scan->place.data, &after->st);
    *same = before->st.stx_size == after->st.stx_size;
    while (*same) {
        ssize_t n = img__source_read_full(&a.source, old_scan->scratch, PART, err);
        ssize_t m = n < 0 ? n : img__source_read_full(&b.source, new_scan->scratch, PART, err);
        int rc = m < 0 ? (int)m : img__diff_work(diff, (uint64_t)m, err);
        if (rc)
            return rc;
        *same = n == m && memcmp(old_scan->scratch, new_scan->scratch, (size_t)n) == 0;
        if (n == 0 || m == 0)
            break;
    }
    return 0;
}

static int same_files(struct diff *diff, struct node *before, struct node *after, bool *same,
                      img_error *err)
{
    struct overlay_signs signs = {0};
    *same = before->st.stx_size == after->st.stx_size;
    if (!*same || before->st.stx_size == 0)
        return 0;
    if (same_time(&before->st, &after->st) && before->st.stx_mtime.tv_nsec != 0)
        return 0;
    int rc = img__scan_open(&diff->below.scan, before, err);
    if (rc == 0)
        rc = img__scan_open(&diff->scan, after, err);
    if (rc == 0 && diff->below.overlay)
        rc = img__overlay_signs(&diff->below.scan, before, &signs, err);
    if (rc == 0)
        rc = img__overlay_check(&diff->below.scan, &signs, err);
    return rc ? rc : same_data(diff, before, after, same, err);
}

static int same_content(struct diff *diff, struct node *before, struct node *after, bool *same,
                        img_error *err)
{
    const struct statx *a = &before->st, *b = &after->st;
    switch (b->stx_mode & S_IFMT) {
    case S_IFREG:
        return same_files(diff, before, after, same, err);
    case S_IFLNK:
        return same_links(diff, before, after, same, err);
    case S_IFCHR:
    case S_IFBLK:
        *same = a->stx_rdev_major == b->stx_rdev_major && a->stx_rdev_minor == b->stx_rdev_minor;
        return 0;
    default:
        *same = true;
        return 0;
    }
}

static bool same_xattr_lists(const struct entry *a, const struct entry *b)
{
    if (a->xattr_count != b->xattr_count)
        return false;
    for (size_t i = 0; i < a->xattr_count; i++) {
        const struct entry_xattr *x = &a->xattrs[i], *y = &b->xattrs[i];
        if (strcmp(x->name, y->name) != 0 || x->len != y->len ||
            memcmp(x->value, y->value, x->len) != 0)
            return false;
    }
    return true;
}

/* Those that travel in a layer. */
static int same_xattrs(struct diff *diff, const struct node *before, const struct node *after,
                       bool *same, img_error *err)
{
    auto_(entry) struct entry a = {0};
    auto_(entry) struct entry b = {0};
    *same = true;
    if (S_ISLNK(after->st.stx_mode))
        return 0;
    int rc = img__scan_xattrs(&diff->below.scan, before, &a, err);
    if (rc == 0)
        rc = img__scan_xattrs(&diff->scan, after, &b, err);
    *same = rc == 0 && same_xattr_lists(&a, &b);
    return rc;
}

int img__diff_compare(struct diff *diff, struct node *before, struct node *after,
                      enum difference *out, img_error *err)
{
    bool same = true;
    *out = DIFFER_NOT;
    if (!S_ISDIR(after->st.stx_mode) &&
        img__scan_same_inode(img__scan_inode(&before->st), img__scan_inode(&after->st)))
        return 0;
    int rc = same_content(diff, before, after, &same, err);
    if (rc || !same) {
        *out = DIFFER_IN_CONTENT;
        return rc;
    }
    if (same_metadata(diff, &before->st, &after->st))
        rc = same_xattrs(diff, before, after, &same, err);
    else
        same = false;
    *out = same ? DIFFER_NOT : DIFFER_IN_METADATA;
    return rc;
}
