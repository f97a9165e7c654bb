/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines such as
 *
 *     {"path":"var/mail","what":"owner","uid":0,"gid":8}
 *     {"path":"bin/su","what":"mode","mode":"4755"}
 *     {"path":"dev/null","what":"device","kind":"character","major":1,"minor":3,"mode":"666",
 *      "uid":0,"gid":0,"mtime":"1700000000"}
 *     {"path":"dev/null2","what":"link","target":"dev/null"}
 *     {"path":"bin/ping","what":"xattr","name":"security.capability","value":"AQAAAgAgAAA="}
 *
 * A path that is not UTF-8 stands in "path_base64" instead, a target in "target_base64"; values of
 * attributes are base64. They are gathered in a buffer and go to a temporary file beside the one
 * that is named.
 */
#include "ops/unpack_record.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/fs.h"
#include "base/text.h"
#include "core/json.h"

#define BUFFER_BYTES ((size_t)64 * 1024)
#define LINE_MAX_BYTES ((size_t)256 * 1024) /* of an attribute of 64 KiB and a path, with room */
#define RECORD_MODE 0644
#define XATTR "xattr "

struct unpack_record {
    char *path;
    const char *name; /* the last component of path */
    int parent_fd;
    struct fs_temporary temporary;
    struct buf lines;
};

void img__unpack_record_free(struct unpack_record *record)
{
    if (!record)
        return;
    img__fs_temporary_drop(&record->temporary);
    if (record->parent_fd >= 0)
        close(record->parent_fd);
    img__buf_free(&record->lines);
    free(record->path);
    free(record);
}

static int open_parent(struct unpack_record *record, img_error *err)
{
    const char *slash = strrchr(record->path, '/');
    record->name = slash ? slash + 1 : record->path;
    auto_free char *parent =
        slash ? strndup(record->path, (size_t)(slash - record->path) + 1) : strdup(".");
    if (!parent)
        return img__fail_memory(err);
    if (!*record->name)
        return img__fail(err, IMG_EINVAL, "the record '%s' is no name of a file", record->path);
    record->parent_fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return record->parent_fd < 0 ? img__fail_errno(err, "cannot open directory %s", parent) : 0;
}

int img__unpack_record_new(const char *path, struct unpack_record **out, img_error *err)
{
    *out = NULL;
    if (!path)
        return 0;
    auto_(unpack_record) struct unpack_record *record = calloc(1, sizeof(*record));
    if (!record)
        return img__fail_memory(err);
    record->parent_fd = -1;
    record->temporary = (struct fs_temporary)FS_TEMPORARY_INIT;
    record->lines = (struct buf)BUF_INIT(BUFFER_BYTES + LINE_MAX_BYTES);
    record->path = strdup(path);
    if (!record->path)
        return img__fail_memory(err);
    int rc = open_parent(record, err);
    if (rc == 0)
        rc = img__fs_temporary_open(record->parent_fd, &record->temporary, err);
    if (rc)
        return img__prefix(err, rc, "record %s", path);
    *out = steal(record);
    return 0;
}

/* ---- a line ---- */

static bool set_base64(struct json *line, const char *key, const void *data, size_t len)
{
    auto_free char *text = img__base64_encode(data, len);
    return text && img__json_set(line, key, img__json_string(text));
}

static bool is_utf8(const char *text)
{
    for (size_t len; *text; text += len) {
        len = img__text_utf8(text);
        if (len == 0)
            return false;
    }
    return true;
}

static bool set_path(struct json *line, const char *key, const char *key_base64, const char *path)
{
    return is_utf8(path) ? img__json_set(line, key, img__json_string(path))
                         : set_base64(line, key_base64, path, strlen(path));
}

static bool set_owner(struct json *line, const struct entry *entry)
{
    return img__json_set(line, "uid", img__json_size(entry->uid)) &&
           img__json_set(line, "gid", img__json_size(entry->gid));
}

static bool set_mode(struct json *line, const struct entry *entry)
{
    char text[16];
    snprintf(text, sizeof(text), "%o", entry->mode);
    return img__json_set(line, "mode", img__json_string(text));
}

/* Seconds as PAX writes them: entry->mtime is the floor, also before 1970. */
static bool set_mtime(struct json *line, const struct entry *entry)
{
    char text[48];
    int64_t seconds = entry->mtime;
    uint32_t ns = entry->mtime_ns;
    bool before = seconds < 0 && ns;
    if (before) {
        seconds++;
        ns = 1000000000u - ns;
    }
    snprintf(text, sizeof(text), "%s%" PRId64 ".%09u", before && seconds == 0 ? "-" : "", seconds,
             ns);
    if (ns == 0)
        *strchr(text, '.') = '\0';
    return img__json_set(line, "mtime", img__json_string(text));
}

static bool set_device(struct json *line, const struct entry *entry)
{
    const char *kind = entry->type == ENTRY_BLOCK ? "block" : "character";
    return img__json_set(line, "kind", img__json_string(kind)) &&
           img__json_set(line, "major", img__json_size(entry->device_major)) &&
           img__json_set(line, "minor", img__json_size(entry->device_minor)) &&
           set_mode(line, entry) && set_owner(line, entry) && set_mtime(line, entry);
}

static bool set_xattr(struct json *line, const struct entry *entry, const char *name)
{
    if (!img__json_set(line, "name", img__json_string(name)))
        return false;
    for (size_t i = 0; i < entry->xattr_count; i++)
        if (strcmp(entry->xattrs[i].name, name) == 0)
            return set_base64(line, "value", entry->xattrs[i].value, entry->xattrs[i].len);
    return true;
}

static bool fill(struct json *line, const struct entry *entry, const char *what)
{
    bool xattr = img__text_starts(what, XATTR);
    /* One more name of a device that was not made. */
    if (entry->type == ENTRY_HARDLINK && strcmp(what, "device") == 0)
        what = "link";
    if (!set_path(line, "path", "path_base64", entry->path) ||
        !img__json_set(line, "what", img__json_string(xattr ? "xattr" : what)))
        return false;
    if (xattr)
        return set_xattr(line, entry, what + strlen(XATTR));
    if (strcmp(what, "owner") == 0)
        return set_owner(line, entry);
    if (strcmp(what, "mode") == 0)
        return set_mode(line, entry);
    if (strcmp(what, "device") == 0)
        return set_device(line, entry);
    if (strcmp(what, "link") == 0)
        return set_path(line, "target", "target_base64", entry->link);
    return true;
}

/* ---- all of them ---- */

static int flush(struct unpack_record *record, img_error *err)
{
    int rc = img__fs_write_all(record->temporary.fd, img__buf_text(&record->lines),
                               record->lines.len, record->path, err);
    img__buf_clear(&record->lines);
    return rc;
}

int img__unpack_record_add(struct unpack_record *record, const struct entry *entry,
                           const char *what, img_error *err)
{
    if (!record)
        return 0;
    auto_(json) struct json *line = img__json_object();
    if (!line || !fill(line, entry, what))
        return img__fail_memory(err);
    img__json_write(line, &record->lines);
    img__buf_putc(&record->lines, '\n');
    int rc = img__buf_check(&record->lines, record->path, err);
    return rc || record->lines.len < BUFFER_BYTES ? rc : flush(record, err);
}

int img__unpack_record_end(struct unpack_record *record, img_error *err)
{
    if (!record)
        return 0;
    int rc = flush(record, err);
    if (rc == 0 && fsync(record->temporary.fd) != 0)
        rc = img__fail_errno(err, "cannot write");
    return rc ? img__prefix(err, rc, "record %s", record->path) : 0;
}

int img__unpack_record_commit(struct unpack_record *record, img_error *err)
{
    if (!record)
        return 0;
    int rc = img__fs_temporary_commit(&record->temporary, record->name, RECORD_MODE, err);
    return rc ? img__prefix(err, rc, "record %s", record->path) : 0;
}
