/* SPDX-License-Identifier: Apache-2.0
 *
 * What an entry of the table says, brought into the form of those of a tar and held to the same
 * rules; chunks follow each other without a gap, lie in front of the table and have a digest.
 */
#include "layer/estargz_entry.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "base/text.h"

#define MODE_MAX 0177777u /* some writers leave the kind in */

static const char *const type_words[] = {
    [ENTRY_FILE] = "reg",          [ENTRY_DIRECTORY] = "dir",  [ENTRY_SYMLINK] = "symlink",
    [ENTRY_HARDLINK] = "hardlink", [ENTRY_CHARACTER] = "char", [ENTRY_BLOCK] = "block",
    [ENTRY_FIFO] = "fifo",
};

bool img__estargz_is_chunk(const struct json *json)
{
    const char *type =
        img__json_kind(json) == JSON_OBJECT ? img__json_text(img__json_get(json, "type")) : NULL;
    return type && strcmp(type, "chunk") == 0;
}

static int get_number(const struct json *json, const char *what, const char *key, uint64_t max,
                      uint64_t *out, img_error *err)
{
    *out = 0;
    int rc = img__json_get_size(json, what, key, false, out, err);
    if (rc || *out <= max)
        return rc;
    return img__fail(err, IMG_EFORMAT, "%s: \"%s\" is too large", what, key);
}

static int get_number32(const struct json *json, const char *what, const char *key, uint32_t max,
                        uint32_t *out, img_error *err)
{
    uint64_t value;
    int rc = get_number(json, what, key, max, &value, err);
    *out = (uint32_t)value;
    return rc;
}

static int parse_type(const struct json *json, const char *what, struct entry *entry,
                      img_error *err)
{
    const char *word = NULL;
    int rc = img__json_get_text(json, what, "type", true, &word, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < sizeof(type_words) / sizeof(type_words[0]); i++)
        if (strcmp(word, type_words[i]) == 0) {
            entry->type = (enum entry_type)i;
            return 0;
        }
    return img__fail(err, IMG_EFORMAT, "%s: there is no type '%.20s'", what, word);
}

static int parse_path(const char *what, const char *text, char **out, img_error *err)
{
    int rc = img__entry_normal_path(text, out, err);
    if (rc == IMG_EINVAL)
        return img__fail(err, IMG_EFORMAT, "%s: '%.200s' is no path in an image", what, text);
    return rc;
}

static int parse_names(const struct json *json, const char *what, struct entry *entry,
                       img_error *err)
{
    const char *name = NULL, *link = NULL;
    int rc = img__json_get_text(json, what, "name", true, &name, err);
    if (rc == 0)
        rc = parse_path(what, name, &entry->path, err);
    if (rc == 0)
        rc = img__json_get_text(json, what, "linkName", false, &link, err);
    if (rc || !link)
        return rc;
    if (entry->type == ENTRY_HARDLINK)
        return parse_path(what, link, &entry->link, err);
    entry->link = strdup(link);
    return entry->link ? 0 : img__fail_memory(err);
}

/* Digits of a time, count of them at *at. */
static bool take_digits(const char **at, int count, int *out)
{
    *out = 0;
    for (; count > 0; count--, (*at)++) {
        if (!img__is_digit(**at))
            return false;
        *out = *out * 10 + (**at - '0');
    }
    return true;
}

static bool take(const char **at, char c)
{
    return **at == c && (*at)++;
}

static bool take_fraction(const char **at, uint32_t *ns)
{
    uint32_t scale = 100000000;
    if (!take(at, '.'))
        return true;
    if (!img__is_digit(**at))
        return false;
    for (; img__is_digit(**at); (*at)++, scale /= 10) {
        if (scale == 0)
            return false;
        *ns += scale * (uint32_t)(**at - '0');
    }
    return true;
}

/* "2006-01-02T15:04:05[.9]Z", a day that there is. */
static bool parse_time(const char *text, struct entry *entry)
{
    const char *at = text;
    struct tm tm = {0}, again;
    bool ok =
        take_digits(&at, 4, &tm.tm_year) && take(&at, '-') && take_digits(&at, 2, &tm.tm_mon) &&
        take(&at, '-') && take_digits(&at, 2, &tm.tm_mday) && take(&at, 'T') &&
        take_digits(&at, 2, &tm.tm_hour) && take(&at, ':') && take_digits(&at, 2, &tm.tm_min) &&
        take(&at, ':') && take_digits(&at, 2, &tm.tm_sec) && take_fraction(&at, &entry->mtime_ns) &&
        take(&at, 'Z') && !*at;
    if (!ok)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    again = tm;
    entry->mtime = timegm(&again);
    return again.tm_mday == tm.tm_mday && again.tm_mon == tm.tm_mon &&
           again.tm_hour == tm.tm_hour && again.tm_min == tm.tm_min && again.tm_sec == tm.tm_sec;
}

static int parse_numbers(const struct json *json, const char *what, struct entry *entry,
                         img_error *err)
{
    const char *when = NULL;
    int rc = get_number32(json, what, "mode", MODE_MAX, &entry->mode, err);
    entry->mode &= 07777;
    if (rc == 0)
        rc = get_number32(json, what, "uid", ENTRY_ID_MAX, &entry->uid, err);
    if (rc == 0)
        rc = get_number32(json, what, "gid", ENTRY_ID_MAX, &entry->gid, err);
    if (rc == 0)
        rc = get_number32(json, what, "devMajor", UINT32_MAX, &entry->device_major, err);
    if (rc == 0)
        rc = get_number32(json, what, "devMinor", UINT32_MAX, &entry->device_minor, err);
    if (rc == 0)
        rc = get_number(json, what, "size", INT64_MAX, &entry->size, err);
    if (rc == 0)
        rc = img__json_get_text(json, what, "modtime", false, &when, err);
    if (rc == 0 && when && *when && !parse_time(when, entry))
        rc = img__fail(err, IMG_EFORMAT, "%s: '%.40s' is no time in UTC", what, when);
    if (rc == 0 && entry->size > 0 && entry->type != ENTRY_FILE)
        rc = img__fail(err, IMG_EFORMAT, "%s: has a size and is no file", what);
    return rc;
}

static int parse_xattrs(const struct json *json, const char *what, struct entry *entry,
                        img_error *err)
{
    const struct json *map = NULL, *value;
    const char *key;
    int rc = img__json_get_kind(json, what, "xattrs", JSON_OBJECT, false, &map, err);
    if (rc == 0)
        rc = img__json_check_values(json, what, "xattrs", JSON_STRING, err);
    for (void *at = NULL; rc == 0 && img__json_next(map, &at, &key, &value);) {
        auto_free char *bytes = NULL;
        size_t len = 0;
        rc = img__base64_decode(img__json_text(value), &bytes, &len);
        if (rc == IMG_EFORMAT)
            rc = img__fail(err, IMG_EFORMAT, "%s: the attribute %s is not base64", what, key);
        else if (rc)
            rc = img__fail_memory(err);
        else
            rc = img__entry_add_xattr(entry, key, bytes, len, err);
    }
    img__entry_sort_xattrs(entry);
    return rc;
}

static int check_entry(const struct entry *entry, const char *what, img_error *err)
{
    img_error found;
    int rc = img__entry_check(entry, &found);
    return rc ? img__fail(err, rc == IMG_EINVAL ? IMG_EFORMAT : rc, "%s: %s", what, found.message)
              : 0;
}

/* Where the file has come to with its chunks. */
static uint64_t reached(const struct estargz_file *file)
{
    if (file->chunk_count == 0)
        return 0;
    const struct estargz_chunk *last = &file->chunks[file->chunk_count - 1];
    return last->begin + last->size;
}

static int parse_chunk_digest(const struct json *json, const char *what,
                              struct estargz_chunk *chunk, img_error *err)
{
    const char *text = NULL;
    int rc = img__json_get_text(json, what, "chunkDigest", true, &text, err);
    if (rc == 0 && img_digest_parse(text, &chunk->digest, NULL) != 0)
        rc = img__fail(err, IMG_EFORMAT, "%s: '%.80s' is no digest", what, text);
    return rc;
}

static int check_chunk(const struct estargz_file *file, const struct estargz_chunk *chunk,
                       const char *what, uint64_t toc_offset, img_error *err)
{
    if (chunk->offset == 0 || chunk->offset >= toc_offset)
        return img__fail(err, IMG_EFORMAT, "%s: the data can't be where \"offset\" says", what);
    if (chunk->begin != reached(file) || chunk->size == 0 ||
        chunk->size > file->entry.size - chunk->begin)
        return img__fail(err, IMG_EFORMAT, "%s: the chunk is not the next part of the file", what);
    return 0;
}

/* Room for one more; the capacity is the next power of two. */
static struct estargz_chunk *append_chunk(struct estargz_file *file)
{
    size_t count = file->chunk_count;
    if ((count & (count - 1)) == 0) {
        struct estargz_chunk *grown =
            reallocarray(file->chunks, count ? count * 2 : 1, sizeof(*grown));
        if (!grown)
            return NULL;
        file->chunks = grown;
    }
    return &file->chunks[file->chunk_count];
}

int img__estargz_entry_chunk(const struct json *json, const char *what, uint64_t toc_offset,
                             struct estargz_file *file, img_error *err)
{
    struct estargz_chunk chunk = {0};
    if (!file || file->entry.size == 0 || reached(file) == file->entry.size)
        return img__fail(err, IMG_EFORMAT, "%s: a chunk that is part of no file", what);
    int rc = get_number(json, what, "offset", INT64_MAX, &chunk.offset, err);
    if (rc == 0)
        rc = get_number(json, what, "innerOffset", INT64_MAX, &chunk.inner, err);
    if (rc == 0)
        rc = get_number(json, what, "chunkOffset", file->entry.size - 1, &chunk.begin, err);
    if (rc == 0)
        rc = get_number(json, what, "chunkSize", INT64_MAX, &chunk.size, err);
    if (rc == 0 && chunk.size == 0)
        chunk.size = file->entry.size - chunk.begin;
    if (rc == 0)
        rc = check_chunk(file, &chunk, what, toc_offset, err);
    if (rc == 0)
        rc = parse_chunk_digest(json, what, &chunk, err);
    if (rc)
        return rc;
    struct estargz_chunk *slot = append_chunk(file);
    if (!slot)
        return img__fail_memory(err);
    *slot = chunk;
    file->chunk_count++;
    return 0;
}

int img__estargz_entry_parse(const struct json *json, const char *what, uint64_t toc_offset,
                             struct estargz_file *file, img_error *err)
{
    struct entry *entry = &file->entry;
    if (img__json_kind(json) != JSON_OBJECT)
        return img__fail(err, IMG_EFORMAT, "%s is no object", what);
    int rc = parse_type(json, what, entry, err);
    if (rc == 0)
        rc = parse_names(json, what, entry, err);
    if (rc == 0)
        rc = parse_numbers(json, what, entry, err);
    if (rc == 0)
        rc = parse_xattrs(json, what, entry, err);
    if (rc == 0)
        rc = check_entry(entry, what, err);
    if (rc == 0 && entry->size > 0)
        rc = img__estargz_entry_chunk(json, what, toc_offset, file, err);
    return rc;
}

int img__estargz_entry_end(const struct estargz_file *file, const char *what, img_error *err)
{
    if (file->entry.type != ENTRY_FILE || reached(file) == file->entry.size)
        return 0;
    return img__fail(err, IMG_EFORMAT, "%s: the chunks of %s end too early", what,
                     file->entry.path);
}
