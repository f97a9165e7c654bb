/* SPDX-License-Identifier: Apache-2.0
 *
 * A table of contents: a list of items in an arena that only grows. An item with its names, its
 * attributes and room for its chunks is one piece of memory, since the number of chunks follows
 * from the size that the tar header promises.
 */
#include "layer/toc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

#define SLAB ((size_t)256 * 1024)
#define TIME_FIRST INT64_C(-62167219200) /* the year 0 */
#define TIME_LAST INT64_C(253402300799)  /* the end of the year 9999 */

struct slab {
    struct slab *next;
    size_t len;
    size_t cap;
    _Alignas(16) char data[];
};

struct toc {
    struct slab *slabs; /* the one that is being filled comes first */
    uint64_t bytes;     /* of all of them */
    struct toc_item *first;
    struct toc_item *last;
};

int img__toc_new(struct toc **out, img_error *err)
{
    *out = calloc(1, sizeof(**out));
    return *out ? 0 : img__fail_memory(err);
}

void img__toc_free(struct toc *toc)
{
    if (!toc)
        return;
    while (toc->slabs) {
        struct slab *slab = toc->slabs;
        toc->slabs = slab->next;
        free(slab);
    }
    free(toc);
}

/* Zeroed memory, aligned for anything. */
static void *take(struct toc *toc, uint64_t size, img_error *err)
{
    size_t len = (size_t)(size + 15) & ~(size_t)15;
    struct slab *slab = toc->slabs;
    if (!slab || slab->cap - slab->len < len) {
        size_t cap = len > SLAB ? len : SLAB;
        if (size > TOC_BYTES_MAX || toc->bytes + cap > TOC_BYTES_MAX) {
            img__fail(err, IMG_ELIMIT,
                      "the table of contents takes more than %" PRIu64
                      " MiB of memory: use another compression, or more layers",
                      TOC_BYTES_MAX >> 20);
            return NULL;
        }
        slab = calloc(1, sizeof(*slab) + cap);
        if (!slab) {
            img__fail_memory(err);
            return NULL;
        }
        slab->cap = cap;
        slab->next = toc->slabs;
        toc->slabs = slab;
        toc->bytes += cap;
    }
    void *memory = slab->data + slab->len;
    slab->len += len;
    return memory;
}

static int check_text(const struct entry *entry, const char *text, img_error *err)
{
    for (const char *at = text; *at;) {
        size_t len = img__text_utf8(at);
        if (len == 0)
            return img__fail(err, IMG_EINVAL,
                             "%s: a name that is not UTF-8 can't be in a table of contents; use "
                             "gzip or zstd for this layer",
                             entry->path);
        at += len;
    }
    return 0;
}

static int check(const struct entry *entry, img_error *err)
{
    int rc = check_text(entry, entry->path, err);
    if (rc == 0 && entry->link)
        rc = check_text(entry, entry->link, err);
    for (size_t i = 0; rc == 0 && i < entry->xattr_count; i++)
        rc = check_text(entry, entry->xattrs[i].name, err);
    if (rc == 0 && (entry->mtime < TIME_FIRST || entry->mtime > TIME_LAST))
        rc = img__fail(err, IMG_EINVAL,
                       "%s: a time outside of the years 0 to 9999 can't be in a table of contents",
                       entry->path);
    return rc;
}

static uint64_t chunks_of(const struct entry *entry)
{
    return entry->size / TOC_CHUNK + (entry->size % TOC_CHUNK != 0);
}

/* What the text and the attributes take behind the item. */
static size_t extra_bytes(const struct entry *entry)
{
    size_t len = entry->xattr_count * sizeof(struct entry_xattr);
    len += strlen(entry->path) + 2 + (entry->link ? strlen(entry->link) + 1 : 0);
    for (size_t i = 0; i < entry->xattr_count; i++)
        len += strlen(entry->xattrs[i].name) + 1 + entry->xattrs[i].len + 1;
    return len;
}

static char *place(char **at, const char *bytes, size_t len)
{
    char *to = *at;
    if (len)
        memcpy(to, bytes, len);
    *at += len + 1;
    return to;
}

/* Attributes without a value are not in the tar, and so not here. */
static void place_xattrs(char **at, const struct entry *entry, struct entry *copy)
{
    copy->xattrs = entry->xattr_count ? (struct entry_xattr *)(void *)*at : NULL;
    copy->xattr_count = 0;
    *at += entry->xattr_count * sizeof(*copy->xattrs);
    for (size_t i = 0; i < entry->xattr_count; i++) {
        const struct entry_xattr *xattr = &entry->xattrs[i];
        if (xattr->len == 0)
            continue;
        struct entry_xattr *to = &copy->xattrs[copy->xattr_count++];
        to->name = place(at, xattr->name, strlen(xattr->name));
        to->value = place(at, xattr->value, xattr->len);
        to->len = xattr->len;
    }
}

int img__toc_add(struct toc *toc, const struct entry *entry, struct toc_item **out, img_error *err)
{
    int rc = check(entry, err);
    if (rc)
        return rc;
    uint64_t chunks = chunks_of(entry);
    uint64_t head = sizeof(struct toc_item) + chunks * sizeof(struct toc_chunk);
    struct toc_item *item = take(toc, head + extra_bytes(entry), err);
    if (!item)
        return err ? err->code : IMG_ENOMEM;

    char *at = (char *)item + head;
    item->chunk_count = chunks;
    item->entry = *entry;
    place_xattrs(&at, entry, &item->entry);
    size_t len = strlen(entry->path);
    item->entry.path = place(&at, entry->path, len);
    if (entry->type == ENTRY_DIRECTORY) {
        item->entry.path[len] = '/';
        at++;
    }
    if (entry->link)
        item->entry.link = place(&at, entry->link, strlen(entry->link));

    *(toc->last ? &toc->last->next : &toc->first) = item;
    toc->last = item;
    *out = item;
    return 0;
}

const struct toc_item *img__toc_first(const struct toc *toc)
{
    return toc->first;
}

const char *img__toc_type(const struct toc_item *item)
{
    static const char *const words[] = {
        [ENTRY_FILE] = "reg",          [ENTRY_DIRECTORY] = "dir",  [ENTRY_SYMLINK] = "symlink",
        [ENTRY_HARDLINK] = "hardlink", [ENTRY_CHARACTER] = "char", [ENTRY_BLOCK] = "block",
        [ENTRY_FIFO] = "fifo",
    };
    return words[item->entry.type];
}

void img__toc_time(const struct toc_item *item, char text[TOC_TIME_SIZE])
{
    time_t when = (time_t)item->entry.mtime;
    struct tm tm;
    gmtime_r(&when, &tm);
    int len = snprintf(text, TOC_TIME_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900,
                       tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    if (item->entry.mtime_ns) {
        len +=
            snprintf(text + len, TOC_TIME_SIZE - (size_t)len, ".%09" PRIu32, item->entry.mtime_ns);
        while (text[len - 1] == '0')
            len--;
    }
    snprintf(text + len, TOC_TIME_SIZE - (size_t)len, "Z");
}

void img__toc_put_xattrs(struct json_stream *json, const struct toc_item *item)
{
    const struct entry *entry = &item->entry;
    if (entry->xattr_count == 0)
        return;
    img__json_stream_open(json, "xattrs", '{');
    for (size_t i = 0; i < entry->xattr_count; i++)
        img__json_stream_bytes(json, entry->xattrs[i].name, entry->xattrs[i].value,
                               entry->xattrs[i].len);
    img__json_stream_close(json, '}');
}

uint64_t img__toc_chunk_size(const struct toc_item *item, uint64_t index)
{
    uint64_t left = item->entry.size - index * TOC_CHUNK;
    return left < TOC_CHUNK ? left : TOC_CHUNK;
}
