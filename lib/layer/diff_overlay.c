/* SPDX-License-Identifier: Apache-2.0
 *
 * The signs that overlayfs leaves in its upper directory: whiteouts, opaque directories, and
 * attributes by which a part of something is left below (layers.md D5; the kernel's
 * Documentation/filesystems/overlayfs). They stand in trusted.overlay., or in user.overlay. if it
 * was mounted with "userxattr". Those of an overlay within the overlay have one "overlay." more,
 * and mean nothing here. None of them travels in a layer (C14).
 */
#include <string.h>

#include "layer/diff_internal.h"

/* The name behind the prefix of the overlay, or NULL. */
static const char *sign_of(const char *attribute, bool *by_user)
{
    static const char *const prefixes[] = {"trusted.overlay.", "user.overlay."};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t len = strlen(prefixes[i]);
        if (strncmp(attribute, prefixes[i], len) == 0) {
            *by_user |= i == 1;
            return attribute + len;
        }
    }
    return NULL;
}

/* "U-1": all names but that in the index are here. */
static bool has_all_names(const char *value, size_t len)
{
    return len == 3 && memcmp(value, "U-1", 3) == 0;
}

static int see(const char *attribute, void *value, size_t len, void *arg, img_error *err)
{
    struct overlay_signs *signs = arg;
    const char *sign = sign_of(attribute, &signs->by_user);
    char first = len > 0 ? *(const char *)value : '\0';
    (void)err;
    if (!sign)
        return 0;
    if (strcmp(sign, "opaque") == 0) {
        signs->opaque |= first == 'y';
        signs->marks_files |= first == 'x';
    }
    signs->whiteout |= strcmp(sign, "whiteout") == 0;
    signs->redirect |= strcmp(sign, "redirect") == 0;
    signs->metacopy |= strcmp(sign, "metacopy") == 0;
    signs->linked_below |= strcmp(sign, "nlink") == 0 && !has_all_names(value, len);
    return 0;
}

static bool wanted(const char *attribute, const void *arg)
{
    bool by_user = false;
    (void)arg;
    return sign_of(attribute, &by_user) != NULL;
}

int img__overlay_signs(struct scan *scan, const struct node *node, struct overlay_signs *signs,
                       img_error *err)
{
    *signs = (struct overlay_signs){0};
    return img__scan_each_xattr(scan, node, wanted, see, signs, err);
}

int img__overlay_check(const struct scan *scan, const struct overlay_signs *signs, img_error *err)
{
    const char *what = NULL;
    if (signs->redirect)
        what = "is a directory that was renamed, whose content is in a lower one (redirect_dir)";
    else if (signs->metacopy)
        what = "has only its metadata here, its data is in a lower directory (metacopy)";
    else if (signs->linked_below)
        what = "has hard links that are only in a lower directory (index)";
    if (!what)
        return 0;
    return img__fail(err, IMG_EUNSUPPORTED,
                     "%s: %s; compare the lower directory with the mounted overlay instead, or "
                     "mount with redirect_dir=off,metacopy=off,index=off",
                     scan->place.data, what);
}

int img__overlay_is_whiteout(struct scan *scan, const struct node *node, bool marked, bool *is,
                             img_error *err)
{
    const struct statx *st = &node->st;
    *is = S_ISCHR(st->stx_mode) && !st->stx_rdev_major && !st->stx_rdev_minor;
    if (*is || !marked || !S_ISREG(st->stx_mode) || st->stx_size > 0)
        return 0;
    struct overlay_signs signs;
    int rc = img__overlay_signs(scan, node, &signs, err);
    *is = rc == 0 && signs.whiteout;
    return rc;
}
