/* SPDX-License-Identifier: Apache-2.0
 *
 * Owners that can't be set, as an attribute that anybody may set: "user.rootlesscontainers", which
 * umoci and PRoot read and write. Its value is a message of protobuf, with the user and the group
 * in the fields 1 and 2, each left out if it is 0 (https://rootlesscontaine.rs).
 */
#include <errno.h>
#include <sys/xattr.h>

#include "layer/apply_internal.h"

#define NAME "user.rootlesscontainers"

static size_t put_field(uint8_t *out, uint8_t number, uint32_t value)
{
    size_t len = 0;
    if (value == 0)
        return 0;
    out[len++] = (uint8_t)(number << 3); /* a varint follows */
    for (; value >= 0x80; value >>= 7)
        out[len++] = (uint8_t)(value | 0x80);
    out[len++] = (uint8_t)value;
    return len;
}

bool img__apply_notes_owner(const struct apply *apply)
{
    const struct entry *entry = apply->entry;
    return !apply->options.owners && apply->options.note_owners && (entry->uid || entry->gid);
}

int img__apply_note_owner(struct apply *apply, int fd, img_error *err)
{
    const struct entry *entry = apply->entry;
    uint8_t value[12];
    if (!img__apply_notes_owner(apply))
        return 0;
    size_t len = put_field(value, 1, entry->uid);
    len += put_field(value + len, 2, entry->gid);
    /* Not every file system has attributes. */
    if (fsetxattr(fd, NAME, value, len, 0) == 0 || errno == ENOTSUP)
        return 0;
    return img__fail_errno(err, "can't set its extended attribute " NAME);
}
