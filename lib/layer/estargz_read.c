/* SPDX-License-Identifier: Apache-2.0
 *
 * From the end of a blob to its table of contents. The footer is compared byte by byte, since it
 * has one form only (and an older one, of stargz); the table goes through the strict readers of
 * gzip, tar and JSON, bounded at each step. What its entries say is for estargz_entry.c.
 */
#include "layer/estargz_read.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/path_set.h"
#include "core/json.h"
#include "layer/decompress.h"
#include "layer/estargz.h"
#include "layer/estargz_entry.h"
#include "layer/tar_read.h"

#define OFFSET_DIGITS 16u

static const char tail[] = "\x01\0\0\xff\xff\0\0\0\0\0\0\0\0";
#define TAIL (sizeof(tail) - 1)

static int fail_footer(const char *name, img_error *err)
{
    return img__fail(err, IMG_EFORMAT, "%s is no eStargz: it does not end in the footer of one",
                     name);
}

static bool hex_number(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < OFFSET_DIGITS; i++) {
        const char *at = text[i] ? strchr("0123456789abcdef", text[i]) : NULL;
        if (!at)
            return false;
        value = value << 4 | (uint64_t)(at - "0123456789abcdef");
    }
    *out = value;
    return true;
}

/* Is the footer head, text and tail? text is then what is between. */
static const char *match(const char *end, size_t len, const char *head, size_t head_len,
                         const char *magic)
{
    size_t text_len = (strcmp(magic, "STARGZ") == 0 ? OFFSET_DIGITS : 0) + strlen(magic);
    size_t size = head_len + text_len + TAIL;
    if (len < size)
        return NULL;
    const char *at = end + len - size;
    const char *text = at + head_len;
    bool same = memcmp(at, head, head_len) == 0 &&
                memcmp(text + text_len - strlen(magic), magic, strlen(magic)) == 0 &&
                memcmp(text + text_len, tail, TAIL) == 0;
    return same ? text : NULL;
}

int img__estargz_footer(const char *name, const void *end, uint64_t blob_size, uint64_t *toc_begin,
                        uint64_t *toc_end, img_error *err)
{
    static const char head[] = "\x1f\x8b\x08\x04\0\0\0\0\0\xff\x1a\0SG\x16\0";
    static const char old_head[] = "\x1f\x8b\x08\x04\0\0\0\0\0\xff\x16\0";
    static const char elsewhere_head[] = "\x1f\x8b\x08\x04\0\0\0\0\0\xff\x15\0SG\x11\0";
    size_t len = blob_size < ESTARGZ_FOOTER_BYTES ? (size_t)blob_size : ESTARGZ_FOOTER_BYTES;
    size_t head_len = sizeof(head) - 1;
    const char *text = match(end, len, head, head_len, "STARGZ");
    if (!text) {
        head_len = sizeof(old_head) - 1;
        text = match(end, len, old_head, head_len, "STARGZ");
    }
    if (!text && match(end, len, elsewhere_head, sizeof(elsewhere_head) - 1, "STARGZEXTERNALTOC"))
        return img__fail(err, IMG_EUNSUPPORTED,
                         "%s is an eStargz whose table of contents is in another image", name);
    uint64_t begin;
    if (!text || !hex_number(text, &begin))
        return fail_footer(name, err);
    *toc_end = blob_size - (head_len + OFFSET_DIGITS + strlen("STARGZ") + TAIL);
    *toc_begin = begin;
    if (begin >= *toc_end)
        return img__fail(err, IMG_EFORMAT,
                         "%s: the footer says that the table of contents is at byte %" PRIu64
                         ", behind the end",
                         name, begin);
    return 0;
}

/* ---- the table ---- */

static int read_file(const char *name, struct tar_reader *reader, struct buf *json, img_error *err)
{
    const struct entry *entry;
    int rc = img__tar_reader_next(reader, &entry, err);
    if (rc < 0)
        return rc;
    if (rc == 0 || entry->type != ENTRY_FILE || strcmp(entry->path, ESTARGZ_TOC) != 0)
        return img__fail(err, IMG_EFORMAT, "%s: the table of contents is not %s but %s", name,
                         ESTARGZ_TOC, rc ? entry->path : "nothing");
    for (;;) {
        char *room = img__buf_reserve(json, IMG_IO_CHUNK);
        if (!room)
            return img__buf_check(json, "the table of contents", err);
        ssize_t got = img__tar_reader_data(reader, room, IMG_IO_CHUNK, err);
        if (got < 0)
            return (int)got;
        room[got] = '\0';
        json->len += (size_t)got;
        if (got == 0)
            break;
    }
    rc = img__tar_reader_next(reader, &entry, err);
    return rc <= 0 ? rc
                   : img__fail(err, IMG_EFORMAT, "%s: %s follows the table of contents", name,
                               entry->path);
}

static int read_json(const char *name, const void *member, size_t len, struct buf *json,
                     img_error *err)
{
    auto_(source) struct source *packed = NULL;
    auto_(source) struct source *plain = NULL;
    auto_(tar_reader) struct tar_reader *reader = NULL;
    int rc = img__source_memory(member, len, &packed, err);
    if (rc == 0)
        rc = img__source_decompress(COMPRESSION_GZIP, name, steal(packed), &plain, err);
    if (rc == 0)
        rc = img__tar_reader_new(plain, name, &reader, err);
    return rc ? rc : read_file(name, reader, json, err);
}

static int check_new(struct path_set *seen, const struct estargz_file *file, const char *what,
                     img_error *err)
{
    bool known;
    int rc = img__path_set_add(seen, file->entry.path, &known, err);
    if (rc || !known)
        return rc;
    return img__fail(err, IMG_EFORMAT, "%s: %s is there twice", what, file->entry.path);
}

static int add_entry(const struct json *json, const char *what, struct path_set *seen,
                     struct estargz_toc *toc, img_error *err)
{
    struct estargz_file *last = toc->count ? &toc->files[toc->count - 1] : NULL;
    if (img__estargz_is_chunk(json))
        return img__estargz_entry_chunk(json, what, toc->toc_offset, last, err);
    int rc = last ? img__estargz_entry_end(last, what, err) : 0;
    if (rc)
        return rc;
    /* It is counted first: half an entry is freed like a whole one. */
    struct estargz_file *file = &toc->files[toc->count++];
    rc = img__estargz_entry_parse(json, what, toc->toc_offset, file, err);
    return rc ? rc : check_new(seen, file, what, err);
}

static int add_entries(const char *name, const struct json *list, struct estargz_toc *toc,
                       img_error *err)
{
    struct path_set seen = {0};
    char what[256];
    int rc = 0;
    size_t count = img__json_count(list);
    toc->files = calloc(count + 1, sizeof(*toc->files));
    if (!toc->files)
        return img__fail_memory(err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        snprintf(what, sizeof(what), "%s: entry %zu of the table of contents", name, i);
        rc = add_entry(img__json_at(list, i), what, &seen, toc, err);
    }
    if (rc == 0 && toc->count)
        rc = img__estargz_entry_end(&toc->files[toc->count - 1], name, err);
    img__path_set_free(&seen);
    return rc;
}

static int parse_json(const char *name, const struct buf *text, struct estargz_toc *toc,
                      img_error *err)
{
    auto_(json) struct json *json = NULL;
    const struct json *list = NULL;
    uint64_t version = 0;
    int rc = img__digest_of(text->data, text->len, &toc->digest, err);
    if (rc == 0)
        rc = img__json_parse(name, text->data, text->len, &json, err);
    if (rc == 0)
        rc = img__json_get_size(json, name, "version", true, &version, err);
    if (rc == 0 && version != 1)
        rc = img__fail(err, IMG_EUNSUPPORTED, "%s: the table of contents is of version %" PRIu64,
                       name, version);
    if (rc == 0)
        rc = img__json_get_kind(json, name, "entries", JSON_ARRAY, true, &list, err);
    return rc ? rc : add_entries(name, list, toc, err);
}

int img__estargz_parse(const char *name, const void *member, size_t len, uint64_t toc_offset,
                       struct estargz_toc *out, img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT(ESTARGZ_TOC_MAX);
    auto_(estargz_toc) struct estargz_toc toc = {.toc_offset = toc_offset};
    int rc = read_json(name, member, len, &text, err);
    if (rc == 0)
        rc = parse_json(name, &text, &toc, err);
    if (rc)
        return rc;
    *out = toc;
    toc = (struct estargz_toc){0};
    return 0;
}

void img__estargz_toc_free(struct estargz_toc *toc)
{
    for (size_t i = 0; i < toc->count; i++) {
        img__entry_clear(&toc->files[i].entry);
        free(toc->files[i].chunks);
    }
    free(toc->files);
    *toc = (struct estargz_toc){0};
}

/* ---- the blob ---- */

static int read_at(int fd, const char *name, void *data, size_t len, uint64_t offset,
                   img_error *err)
{
    char *at = data;
    while (len > 0) {
        ssize_t n = pread(fd, at, len, (off_t)offset);
        if (n < 0)
            return img__fail_errno(err, "%s", name);
        if (n == 0)
            return img__fail(err, IMG_EIO, "%s: became shorter while it was read", name);
        at += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return 0;
}

int img__estargz_open(int fd, const char *name, struct estargz_toc *out, img_error *err)
{
    char end[ESTARGZ_FOOTER_BYTES];
    off_t size = lseek(fd, 0, SEEK_END);
    if (size < 0)
        return img__fail_errno(err, "%s", name);
    uint64_t bytes = (uint64_t)size, toc_begin, toc_end;
    size_t len = bytes < sizeof(end) ? (size_t)bytes : sizeof(end);
    int rc = read_at(fd, name, end, len, bytes - len, err);
    if (rc == 0)
        rc = img__estargz_footer(name, end, bytes, &toc_begin, &toc_end, err);
    if (rc)
        return rc;
    if (toc_end - toc_begin > ESTARGZ_MEMBER_MAX)
        return img__fail(err, IMG_ELIMIT, "%s: the table of contents is larger than %zu bytes",
                         name, ESTARGZ_MEMBER_MAX);
    size_t member_len = (size_t)(toc_end - toc_begin);
    auto_free char *member = malloc(member_len);
    if (!member)
        return img__fail_memory(err);
    rc = read_at(fd, name, member, member_len, toc_begin, err);
    return rc ? rc : img__estargz_parse(name, member, member_len, toc_begin, out, err);
}
