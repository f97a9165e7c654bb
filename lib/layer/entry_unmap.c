/* SPDX-License-Identifier: Apache-2.0
 *
 * A tree that was made without root has the ids of a user namespace, as they are outside of it:
 * back to those of the image (layers.md C28). An id that no range has is an error, since any other
 * would be somebody else.
 */
#include "layer/entry_edit.h"

#include <string.h>

#include "layer/id_map.h"

/* linux/posix_acl_xattr.h: a version, then (tag, permissions, id) of 8 bytes each. */
#define ACL_HEADER 4u
#define ACL_ENTRY 8u
#define ACL_USER 0x02u
#define ACL_GROUP 0x08u

static int unmap(const struct id_map *map, bool is_gid, const char *place, uint32_t *id,
                 img_error *err)
{
    if (img__id_map_from_host(map, is_gid, *id, id))
        return 0;
    return img__fail(err, IMG_EINVAL, "%s: its %s %u is in no range of the %s map", place,
                     is_gid ? "group" : "owner", *id, is_gid ? "gid" : "uid");
}

static uint32_t get32(const unsigned char *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put32(unsigned char *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> 8 * i);
}

/* Access lists name users and groups, too. */
static int unmap_acl(const struct id_map *map, const char *place, struct entry_xattr *xattr,
                     img_error *err)
{
    unsigned char *value = (unsigned char *)xattr->value;
    for (size_t at = ACL_HEADER; at + ACL_ENTRY <= xattr->len; at += ACL_ENTRY) {
        unsigned tag = value[at] | (unsigned)value[at + 1] << 8;
        uint32_t id = get32(value + at + 4);
        if (tag != ACL_USER && tag != ACL_GROUP)
            continue;
        int rc = unmap(map, tag == ACL_GROUP, place, &id, err);
        if (rc)
            return rc;
        put32(value + at + 4, id);
    }
    return 0;
}

int img__entry_unmap(const struct scan_options *options, const char *place, struct entry *entry,
                     img_error *err)
{
    const struct id_map *map = options->id_map;
    if (!map)
        return 0;
    int rc = options->set_uid ? 0 : unmap(map, false, place, &entry->uid, err);
    if (rc == 0 && !options->set_gid)
        rc = unmap(map, true, place, &entry->gid, err);
    for (size_t i = 0; rc == 0 && i < entry->xattr_count; i++)
        if (strncmp(entry->xattrs[i].name, "system.posix_acl_", 17) == 0)
            rc = unmap_acl(map, place, &entry->xattrs[i], err);
    return rc;
}
