/* SPDX-License-Identifier: Apache-2.0
 *
 * "USER[:GROUP]", as docker's COPY --chown has it: a number that stands alone is the group too; a
 * user by name brings its own group along; names are those of /etc/passwd and /etc/group in the
 * layers below.
 */
#include "ops/add_owner.h"

#include <string.h>

#include "base/text.h"
#include "core/user.h"
#include "layer/tar_read.h"
#include "ops/layer_source.h"

#define USERS_FILE_MAX ((size_t)16 << 20)

/* ---- a file below ---- */

static int copy_data(struct tar_reader *reader, struct buf *out, img_error *err)
{
    char piece[8192];
    for (;;) {
        ssize_t got = img__tar_reader_data(reader, piece, sizeof(piece), err);
        if (got <= 0)
            return (int)got;
        img__buf_append(out, piece, (size_t)got);
    }
}

/* The data of one entry of a layer; all of the layer is read, since its digest is that of all. */
static int read_origin(const img_build *build, const struct origin *origin, struct buf *out,
                       img_error *err)
{
    const img_descriptor *layer = &build->layers[origin->layer - 1];
    auto_(source) struct source *tar = NULL;
    auto_(tar_reader) struct tar_reader *reader = NULL;
    char name[64];
    img__descriptor_name(layer, name, sizeof(name));
    int rc = img__layer_open(build->store, layer, &build->config.diff_ids[origin->layer - 1], 1,
                             &tar, err);
    if (rc == 0)
        rc = img__tar_reader_new(tar, name, &reader, err);
    for (uint32_t ordinal = 0; rc == 0; ordinal++) {
        const struct entry *entry;
        rc = img__tar_reader_next(reader, &entry, err);
        if (rc <= 0)
            return rc;
        rc = ordinal == origin->ordinal ? copy_data(reader, out, err) : 0;
    }
    return rc;
}

/* What is not there is empty. */
static int read_below(const struct layering *layering, const char *path, struct buf *out,
                      img_error *err)
{
    struct origin origin;
    auto_free char *real = NULL;
    int rc = img__view_resolve(layering->view, path, true, &real, err);
    if (rc)
        return rc;
    const struct entry *entry = img__view_find_origin(layering->view, real, &origin);
    if (!entry || entry->type != ENTRY_FILE || origin.layer == 0)
        return 0;
    rc = read_origin(layering->build, &origin, out, err);
    return rc ? rc : img__buf_check(out, path, err);
}

static int find_names(const struct layering *layering, const char *text, struct user *user,
                      img_error *err)
{
    auto_(buf) struct buf passwd = BUF_INIT(USERS_FILE_MAX), group = BUF_INIT(USERS_FILE_MAX);
    if (!layering->view)
        return img__fail(err, IMG_EINVAL,
                         "there is nothing below yet that knows names of users "
                         "or groups: use numbers");
    int rc = read_below(layering, "etc/passwd", &passwd, err);
    if (rc == 0)
        rc = read_below(layering, "etc/group", &group, err);
    struct user_files files = {passwd.data, passwd.len, group.data, group.len};
    return rc ? rc : img__user_find(text, &files, user, err);
}

static int find_owner(const struct layering *layering, const char *text, struct user *user,
                      img_error *err)
{
    size_t len = strcspn(text, ":");
    auto_free char *name = strndup(text, len);
    if (!name)
        return img__fail_memory(err);
    const char *group = text[len] ? text + len + 1 : name;
    uint64_t uid, gid;
    if (img__text_number(name, ENTRY_ID_MAX, &uid) && img__text_number(group, ENTRY_ID_MAX, &gid)) {
        user->uid = (uint32_t)uid;
        user->gid = (uint32_t)gid;
        return 0;
    }
    return find_names(layering, text, user, err);
}

int img__add_owner(const struct layering *layering, struct add_options *options, img_error *err)
{
    const char *text = options->given.chown;
    struct scan_options *scan = &options->scan;
    auto_(user) struct user user = USER_INIT;
    if (!text)
        return 0;
    int rc = find_owner(layering, text, &user, err);
    if (rc)
        return img__prefix(err, rc, "owner %.100s", text);
    scan->uid = scan->set_uid ? scan->uid : user.uid;
    scan->gid = scan->set_gid ? scan->gid : user.gid;
    scan->set_uid = scan->set_gid = true;
    return 0;
}
