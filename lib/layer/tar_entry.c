/* SPDX-License-Identifier: Apache-2.0
 *
 * An entry out of a header and what came before it: which of several names, numbers and sizes
 * counts, and which combinations do not make sense (layers.md R2-R4, R6, R10, R17-R20).
 */
#include <inttypes.h>
#include <string.h>

#include "layer/tar_parse.h"

static int bad(const char *reason, img_error *err)
{
    return img__fail(err, IMG_EFORMAT, "%s", reason);
}

static int take_type(const struct tar_header *header, const char *path, enum entry_type *out,
                     img_error *err)
{
    static const struct {
        char type;
        enum entry_type is;
    } rows[] = {
        {'\0', ENTRY_FILE},    {'0', ENTRY_FILE},      {'S', ENTRY_FILE},
        {'1', ENTRY_HARDLINK}, {'2', ENTRY_SYMLINK},   {'3', ENTRY_CHARACTER},
        {'4', ENTRY_BLOCK},    {'5', ENTRY_DIRECTORY}, {'6', ENTRY_FIFO},
    };
    size_t i = 0;
    while (i < sizeof(rows) / sizeof(rows[0]) && rows[i].type != header->type)
        i++;
    if (i == sizeof(rows) / sizeof(rows[0]))
        return img__fail(err, IMG_EFORMAT, "its type '%c' is none of a layer", header->type);
    *out = rows[i].is;
    /* How tar wrote directories before they had a type. */
    if ((header->type == '0' || header->type == '\0') && path[strlen(path) - 1] == '/')
        *out = ENTRY_DIRECTORY;
    return 0;
}

static int normal_path(const char *text, char **out, img_error *err)
{
    if (strlen(text) > TAR_LONG_LIMIT)
        return bad("its path is longer than Linux allows", err);
    int rc = img__entry_normal_path(text, out, err);
    if (rc != IMG_EINVAL)
        return rc;
    if (err)
        err->code = IMG_EFORMAT;
    return IMG_EFORMAT;
}

static int take_path(const struct tar_parts *parts, struct entry *entry, img_error *err)
{
    const struct tar_pax *pax = &parts->pax;
    const char *path = parts->header.name;
    if (parts->long_name)
        path = parts->long_name;
    if (img__tar_pax_has(pax, PAX_PATH))
        path = pax->texts[PAX_PATH];
    if (img__tar_pax_has(pax, PAX_SPARSE_NAME))
        path = pax->texts[PAX_SPARSE_NAME];

    if (parts->long_name && path != parts->long_name)
        return bad("has both a long name of GNU and a path of PAX", err);
    if (path[0] == '\0')
        return bad("an entry without a name", err);
    int rc = take_type(&parts->header, path, &entry->type, err);
    if (!rc)
        rc = normal_path(path, &entry->path, err);
    if (rc)
        return rc;
    if (entry->path[0] == '\0' && entry->type != ENTRY_DIRECTORY)
        return bad("the root is not a directory", err);
    return 0;
}

static int take_hard_link(struct entry *entry, const char *link, img_error *err)
{
    int rc = normal_path(link, &entry->link, err);
    if (rc)
        return rc;
    if (entry->link[0] == '\0')
        return bad("a hard link to the root", err);
    if (strlen(entry->link) > ENTRY_LINK_MAX)
        return bad("its target is longer than Linux allows", err);
    if (strcmp(entry->link, entry->path) == 0)
        return bad("a hard link to itself", err);
    return 0;
}

static int take_link(const struct tar_parts *parts, struct entry *entry, img_error *err)
{
    bool in_pax = img__tar_pax_has(&parts->pax, PAX_LINKPATH);
    if (parts->long_link && in_pax)
        return bad("has both a long target of GNU and a linkpath of PAX", err);
    if (entry->type != ENTRY_SYMLINK && entry->type != ENTRY_HARDLINK)
        return 0;

    const char *link = parts->long_link ? parts->long_link : parts->header.link;
    if (in_pax)
        link = parts->pax.texts[PAX_LINKPATH];
    if (link[0] == '\0')
        return bad("a link without a target", err);
    if (entry->type == ENTRY_HARDLINK)
        return take_hard_link(entry, link, err);
    if (strlen(link) > ENTRY_LINK_MAX)
        return bad("its target is longer than Linux allows", err);
    entry->link = strdup(link);
    return entry->link ? 0 : img__fail_memory(err);
}

static int take_id(const struct tar_pax *pax, enum tar_pax_key key, int64_t in_header,
                   uint32_t *out, img_error *err)
{
    int64_t id = img__tar_pax_has(pax, key) ? (int64_t)pax->numbers[key] : in_header;
    if (id < 0 || id > (int64_t)ENTRY_ID_MAX)
        return img__fail(err, IMG_EFORMAT, "its %s %" PRId64 " is not from 0 to %u",
                         key == PAX_UID ? "owner" : "group", id, ENTRY_ID_MAX);
    *out = (uint32_t)id;
    return 0;
}

static int take_metadata(const struct tar_parts *parts, struct entry *entry, img_error *err)
{
    const struct tar_header *header = &parts->header;
    const struct tar_pax *pax = &parts->pax;
    bool in_pax = img__tar_pax_has(pax, PAX_MTIME);
    int64_t major = header->device_major;
    int64_t minor = header->device_minor;

    if (major < 0 || major > UINT32_MAX || minor < 0 || minor > UINT32_MAX)
        return bad("its device number is out of range", err);
    entry->device_major = (uint32_t)major;
    entry->device_minor = (uint32_t)minor;
    entry->mode = header->mode;
    entry->mtime = in_pax ? pax->mtime : header->mtime;
    entry->mtime_ns = in_pax ? pax->mtime_ns : 0;
    img__entry_sort_xattrs(entry);
    int rc = take_id(pax, PAX_UID, header->uid, &entry->uid, err);
    return rc ? rc : take_id(pax, PAX_GID, header->gid, &entry->gid, err);
}

static int take_size(const struct tar_parts *parts, struct entry *entry, uint64_t *stored,
                     img_error *err)
{
    const struct tar_pax *pax = &parts->pax;
    bool old_sparse = parts->header.type == 'S';
    bool pax_sparse = img__tar_pax_sparse(pax);

    *stored = img__tar_pax_has(pax, PAX_SIZE) ? pax->numbers[PAX_SIZE] : parts->header.size;
    if (entry->type != ENTRY_FILE && *stored > 0)
        return bad("has data and is not a file", err);
    if (entry->type != ENTRY_FILE && pax_sparse)
        return bad("is sparse and is not a file", err);
    if (old_sparse && (pax->present || parts->header.format != TAR_GNU))
        return bad("is a sparse file of a kind that is not supported", err);
    entry->size = old_sparse || pax_sparse ? 0 : *stored;
    return 0;
}

int img__tar_entry_build(const struct tar_parts *parts, struct entry *entry, uint64_t *stored,
                         img_error *err)
{
    int rc = take_path(parts, entry, err);
    if (!rc)
        rc = take_link(parts, entry, err);
    if (!rc)
        rc = take_metadata(parts, entry, err);
    return rc ? rc : take_size(parts, entry, stored, err);
}
