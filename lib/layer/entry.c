/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries: what they own, what they may hold, and the one form of a path. Limits are those of the
 * kernels that unpack layers (layers.md C4, C9, C14, C24).
 */
#include "layer/entry.h"

#include <assert.h>
#include <string.h>

#define XATTR_NAME_LIMIT 255u /* XATTR_NAME_MAX of Linux */
#define DEVICE_MAJOR_LIMIT 0xfffu
#define DEVICE_MINOR_LIMIT 0xfffffu

void img__entry_clear(struct entry *entry)
{
    free(entry->path);
    free(entry->link);
    for (size_t i = 0; i < entry->xattr_count; i++) {
        free(entry->xattrs[i].name);
        free(entry->xattrs[i].value);
    }
    free(entry->xattrs);
    *entry = (struct entry){0};
}

static struct entry_xattr *find_xattr(const struct entry *entry, const char *name)
{
    for (size_t i = 0; i < entry->xattr_count; i++)
        if (strcmp(entry->xattrs[i].name, name) == 0)
            return &entry->xattrs[i];
    return NULL;
}

/* Room for one more. The capacity is the next power of two, so that it need not be kept. */
static struct entry_xattr *append_xattr(struct entry *entry)
{
    size_t count = entry->xattr_count;
    if ((count & (count - 1)) == 0) {
        size_t cap = count == 0 ? 1 : count * 2;
        struct entry_xattr *grown = realloc(entry->xattrs, cap * sizeof(*grown));
        if (!grown)
            return NULL;
        entry->xattrs = grown;
    }
    entry->xattrs[count] = (struct entry_xattr){0};
    return &entry->xattrs[count];
}

static const char *path_of(const struct entry *entry)
{
    return entry->path && entry->path[0] ? entry->path : "/";
}

int img__entry_add_xattr(struct entry *entry, const char *name, const void *value, size_t len,
                         img_error *err)
{
    size_t name_len = strlen(name);
    if (name_len == 0 || name_len > XATTR_NAME_LIMIT)
        return img__fail(err, IMG_EFORMAT,
                         "%s: the name of an extended attribute has %zu bytes, not 1 to %u",
                         path_of(entry), name_len, XATTR_NAME_LIMIT);
    if (strchr(name, '='))
        return img__fail(err, IMG_EFORMAT,
                         "%s: the extended attribute %s can't be in a layer: '=' ends a name there",
                         path_of(entry), name);
    if (len > ENTRY_XATTR_MAX)
        return img__fail(err, IMG_ELIMIT, "%s: the extended attribute %s is larger than %zu bytes",
                         path_of(entry), name, ENTRY_XATTR_MAX);

    struct entry_xattr *slot = find_xattr(entry, name);
    if (!slot && entry->xattr_count >= ENTRY_XATTRS_MAX)
        return img__fail(err, IMG_ELIMIT, "%s: more than %u extended attributes", path_of(entry),
                         ENTRY_XATTRS_MAX);

    auto_free char *copy = malloc(len + 1);
    auto_free char *key = slot ? NULL : strdup(name);
    if (!copy || (!slot && !key))
        return img__fail_memory(err);
    if (len)
        memcpy(copy, value, len);
    copy[len] = '\0';

    if (!slot) {
        slot = append_xattr(entry);
        if (!slot)
            return img__fail_memory(err);
        slot->name = steal(key);
        entry->xattr_count++;
    }
    free(slot->value);
    slot->value = steal(copy);
    slot->len = len;
    return 0;
}

static int compare_xattrs(const void *a, const void *b)
{
    return strcmp(((const struct entry_xattr *)a)->name, ((const struct entry_xattr *)b)->name);
}

void img__entry_sort_xattrs(struct entry *entry)
{
    if (entry->xattr_count > 1)
        qsort(entry->xattrs, entry->xattr_count, sizeof(*entry->xattrs), compare_xattrs);
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* These belong to the tools that store containers, or to the policy of a machine, not to the files.
 */
static bool is_internal(const char *name)
{
    static const char *const internal[] = {"user.overlay.", "user.containers.",
                                           "user.rootlesscontainers", "trusted.overlay.",
                                           "security.selinux"};
    for (size_t i = 0; i < sizeof(internal) / sizeof(internal[0]); i++)
        if (starts_with(name, internal[i]))
            return true;
    return false;
}

static bool is_in(const char *name, const char *space)
{
    return starts_with(name, space) && name[strlen(space)] && !is_internal(name);
}

bool img__entry_xattr_kept(const char *name, unsigned keep)
{
    /* '=' ends a key in a PAX header. */
    if (strchr(name, '='))
        return false;
    if (strcmp(name, "security.capability") == 0 || strcmp(name, "system.posix_acl_access") == 0 ||
        strcmp(name, "system.posix_acl_default") == 0)
        return true;
    if ((keep & ENTRY_KEEP_IMA) && strcmp(name, "security.ima") == 0)
        return true;
    if ((keep & ENTRY_KEEP_XATTRS) && (is_in(name, "trusted.") || is_in(name, "security.")))
        return true;
    return is_in(name, "user.");
}

bool img__entry_xattr_allowed(const char *name)
{
    return img__entry_xattr_kept(name, 0);
}

static int check_component(const char *text, const char *name, size_t len, img_error *err)
{
    if (len == 2 && name[0] == '.' && name[1] == '.')
        return img__fail(err, IMG_EINVAL, "%s: a path of an image can't have '..' in it", text);
    if (len > ENTRY_NAME_MAX)
        return img__fail(err, IMG_EINVAL,
                         "a name of %zu bytes is longer than the %u that Linux allows: %.80s...",
                         len, ENTRY_NAME_MAX, name);
    return 0;
}

static int check_path_len(size_t len, const char *text, img_error *err)
{
    if (len > ENTRY_PATH_MAX)
        return img__fail(err, IMG_EINVAL,
                         "a path of %zu bytes is longer than the %u that Linux allows: %.80s...",
                         len, ENTRY_PATH_MAX, text);
    return 0;
}

int img__entry_normal_path(const char *text, char **out, img_error *err)
{
    auto_free char *path = malloc(strlen(text) + 1);
    if (!path)
        return img__fail_memory(err);

    size_t len = 0;
    for (const char *at = text; *at;) {
        const char *end = strchrnul(at, '/');
        size_t part = (size_t)(end - at);
        if (part > 0 && !(part == 1 && at[0] == '.')) {
            int rc = check_component(text, at, part, err);
            if (rc)
                return rc;
            if (len > 0)
                path[len++] = '/';
            memcpy(path + len, at, part);
            len += part;
        }
        at = *end ? end + 1 : end;
    }
    path[len] = '\0';

    int rc = check_path_len(len, path, err);
    if (rc)
        return rc;
    *out = steal(path);
    return 0;
}

static int check_normal(const char *path, img_error *err)
{
    int rc = check_path_len(strlen(path), path, err);
    if (rc)
        return rc;
    for (const char *at = path; *at;) {
        const char *end = strchrnul(at, '/');
        size_t len = (size_t)(end - at);
        if (len == 0 || (len == 1 && at[0] == '.') || (*end && !end[1]))
            return img__fail(err, IMG_EINVAL, "%s: not a normal path of an image", path);
        rc = check_component(path, at, len, err);
        if (rc)
            return rc;
        at = *end ? end + 1 : end;
    }
    return 0;
}

static int check_link(const struct entry *entry, img_error *err)
{
    bool linked = entry->type == ENTRY_SYMLINK || entry->type == ENTRY_HARDLINK;
    if (!linked)
        return entry->link ? img__fail(err, IMG_EINVAL, "%s: has the target of a link and is none",
                                       path_of(entry))
                           : 0;

    size_t len = entry->link ? strlen(entry->link) : 0;
    if (len == 0)
        return img__fail(err, IMG_EINVAL, "%s: a link without a target", path_of(entry));
    if (len > ENTRY_LINK_MAX)
        return img__fail(err, IMG_EINVAL,
                         "%s: its target of %zu bytes is longer than the %u that Linux allows",
                         path_of(entry), len, ENTRY_LINK_MAX);
    return entry->type == ENTRY_HARDLINK ? check_normal(entry->link, err) : 0;
}

int img__entry_check(const struct entry *entry, img_error *err)
{
    assert(entry->path);
    assert(entry->mtime_ns < 1000000000u);
    assert(entry->type == ENTRY_FILE || entry->size == 0);

    int rc = check_normal(entry->path, err);
    if (rc)
        return rc;
    if (!entry->path[0] && entry->type != ENTRY_DIRECTORY)
        return img__fail(err, IMG_EINVAL, "/: the root of an image can only be a directory");
    if (entry->mode > 07777)
        return img__fail(err, IMG_EINVAL, "%s: its mode of %o is more than 07777", path_of(entry),
                         entry->mode);
    if (entry->uid > ENTRY_ID_MAX || entry->gid > ENTRY_ID_MAX)
        return img__fail(err, IMG_EINVAL,
                         "%s: its owner or group is 4294967295, which means none to Linux",
                         path_of(entry));
    if (entry->size > INT64_MAX)
        return img__fail(err, IMG_EINVAL, "%s: larger than a file can be", path_of(entry));
    if (entry->device_major > DEVICE_MAJOR_LIMIT || entry->device_minor > DEVICE_MINOR_LIMIT)
        return img__fail(err, IMG_EINVAL, "%s: there is no device %u:%u on Linux", path_of(entry),
                         entry->device_major, entry->device_minor);
    return check_link(entry, err);
}
