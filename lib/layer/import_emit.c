/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries of archives as a layer has them (layers.md C13-C15, C19, C27), and those of tar archives,
 * which come from the strict reader alone.
 */
#include "layer/import_emit.h"

#include <stdio.h>
#include <string.h>

#include "layer/entry_edit.h"
#include "layer/scan_internal.h"
#include "layer/tar_read.h"
#include "layer/tee.h"

static int fail_entry(const struct import *import, const struct entry *entry, const char *reason,
                      img_error *err)
{
    return img__fail(err, IMG_EFORMAT, "%s: entry '%.512s': %s", import->name, entry->path, reason);
}

static int add_prefix(const char *prefix, const char *path, char **out, img_error *err)
{
    if (asprintf(out, "%s%s%s", prefix, prefix[0] ? "/" : "", path) < 0) {
        *out = NULL;
        return img__fail_memory(err);
    }
    return 0;
}

static int add_xattr(struct entry *out, const struct entry_xattr *xattr, img_error *err)
{
    int rc = img__entry_add_xattr(out, xattr->name, xattr->value, xattr->len, err);
    if (rc)
        return rc;
    struct entry_xattr *added = &out->xattrs[out->xattr_count - 1];
    added->len = img__scan_xattr_value(added->name, added->value, added->len);
    if (added->len == 0) {
        free(added->name);
        free(added->value);
        out->xattr_count--;
    }
    return 0;
}

/* Fills out, which owns what it holds. */
static int make_entry(const struct import *import, const struct entry *entry, struct entry *out,
                      img_error *err)
{
    const char *prefix = import->options->prefix;
    *out = *entry;
    out->path = out->link = NULL;
    out->xattrs = NULL;
    out->xattr_count = 0;
    int rc = add_prefix(prefix, entry->path, &out->path, err);
    if (!rc && entry->link)
        rc = add_prefix(entry->type == ENTRY_HARDLINK ? prefix : "", entry->link, &out->link, err);
    for (size_t i = 0; i < entry->xattr_count && !rc; i++)
        if (img__entry_xattr_kept(entry->xattrs[i].name, import->options->keep) &&
            entry->xattrs[i].len)
            rc = add_xattr(out, &entry->xattrs[i], err);
    if (rc)
        return rc;
    img__entry_sort_xattrs(out);
    img__entry_edit(import->options, out);
    rc = img__entry_unmap(import->options, out->path, out, err);
    if (rc == 0)
        rc = img__entry_check(out, err);
    if (rc != IMG_EINVAL)
        return rc;
    if (err)
        err->code = IMG_EFORMAT;
    img__prefix(err, IMG_EFORMAT, "%s", import->name);
    return IMG_EFORMAT;
}

static enum ignore_verdict judge(const struct import *import, const char *path)
{
    struct ignore *ignore = import->options->ignore;
    return ignore ? img__ignore_judge(ignore, path) : IGNORE_TAKE;
}

static int check_link(struct import *import, const struct entry *entry, img_error *err)
{
    bool known = true;
    int rc = 0;
    if (entry->type == ENTRY_HARDLINK) {
        rc = img__path_set_add(&import->files, entry->link, &known, err);
        if (!rc && !known && judge(import, entry->link) != IGNORE_TAKE)
            return fail_entry(import, entry,
                              "a hard link to what is left out: leave it out too, or neither", err);
        if (!rc && !known)
            return fail_entry(import, entry, "a hard link to what is not before it in the archive",
                              err);
    }
    if (!rc && entry->type != ENTRY_DIRECTORY)
        rc = img__path_set_add(&import->files, entry->path, &known, err);
    return rc;
}

static bool is_whiteout(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strncmp(slash ? slash + 1 : path, ".wh.", 4) == 0;
}

/* A marker, not a file: nothing but its name counts, so nothing else of it goes in (C20). */
static int emit_whiteout(struct import *import, const struct entry *entry, img_error *err)
{
    if (entry->size > 0)
        return fail_entry(import, entry, "a whiteout, which removes a file, and has data", err);
    auto_(entry) struct entry out = {.type = ENTRY_FILE};
    auto_(source) struct source *empty = NULL;
    int rc = add_prefix(import->options->prefix, entry->path, &out.path, err);
    if (rc == 0)
        rc = img__entry_check(&out, err);
    if (rc == 0)
        rc = img__import_emit_held(&import->held, out.path, import->fn, import->arg, err);
    if (rc == 0)
        rc = img__source_memory("", 0, &empty, err);
    return rc ? rc : import->fn(&out, empty, import->arg, err);
}

static int check_twice(struct import *import, const struct entry *entry, img_error *err)
{
    bool known = false;
    int rc = import->copy ? img__path_set_add(&import->seen, entry->path, &known, err) : 0;
    return known ? fail_entry(import, entry, "is there twice", err) : rc;
}

int img__import_emit(struct import *import, const struct entry *entry, struct source *data,
                     img_error *err)
{
    int twice = check_twice(import, entry, err);
    if (twice || entry->path[0] == '\0')
        return twice;
    enum ignore_verdict verdict = judge(import, entry->path);
    if (verdict == IGNORE_LEAVE_OUT || (verdict == IGNORE_LOOK && entry->type != ENTRY_DIRECTORY))
        return 0;
    if (is_whiteout(entry->path))
        return emit_whiteout(import, entry, err);
    if (entry->type == ENTRY_CHARACTER && !entry->device_major && !entry->device_minor)
        return fail_entry(import, entry,
                          "the character device 0:0 means removal to overlay file systems", err);
    auto_(entry) struct entry out = {0};
    int rc = make_entry(import, entry, &out, err);
    if (rc == 0 && verdict == IGNORE_LOOK)
        return img__import_hold(&import->held, &out, err);
    if (!rc)
        rc = check_link(import, entry, err);
    if (!rc)
        rc = img__import_emit_held(&import->held, out.path, import->fn, import->arg, err);
    return rc ? rc : import->fn(&out, out.type == ENTRY_FILE ? data : NULL, import->arg, err);
}

/* ---- tar ---- */

/* The data of the reader's current entry. */
struct tar_data {
    struct source base;
    struct tar_reader *reader;
};

static ssize_t tar_data_read(struct source *source, void *data, size_t len, img_error *err)
{
    return img__tar_reader_data(((struct tar_data *)source)->reader, data, len, err);
}

static const struct source_ops tar_data_ops = {.read = tar_data_read};

int img__import_tar(struct import *import, struct source *source, img_error *err)
{
    auto_(tar_reader) struct tar_reader *reader = NULL;
    struct tee tee;
    if (import->copy) {
        img__tee_init(&tee, source, import->copy);
        source = &tee.source;
    }
    int rc = img__tar_reader_new(source, import->name, &reader, err);
    while (!rc) {
        const struct entry *entry;
        rc = img__tar_reader_next(reader, &entry, err);
        if (rc <= 0)
            return rc;
        struct tar_data data = {{&tar_data_ops}, reader};
        rc = img__import_emit(import, entry, &data.base, err);
    }
    return rc;
}
