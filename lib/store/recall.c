/* SPDX-License-Identifier: Apache-2.0
 *
 * What earlier pushes and pulls saw in registries: which image a name stood for. It decides which
 * question a push begins with, and no more, since others write to a registry, too: an image that
 * was never there is sent without asking for it first, one that was is asked for by its name.
 *
 * A line is "DOMAIN/PATH TAG DIGEST", the newest last; for a name without a tag TAG is "-". A file
 * that is damaged or gone costs a few requests, so nothing here fails.
 */
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "store/internal.h"

#define RECALL_BYTES_MAX ((size_t)256 * 1024)
#define LINE_BYTES_MAX 1024

struct line {
    char text[LINE_BYTES_MAX];
    size_t place_len; /* "DOMAIN/PATH " */
    size_t name_len;  /* "DOMAIN/PATH TAG " */
    size_t len;       /* with the newline */
};

static void make_line(const img_reference *name, const img_digest *digest, struct line *out)
{
    int place = snprintf(out->text, sizeof(out->text), "%s/%s ", name->domain, name->path);
    int tag = snprintf(out->text + place, sizeof(out->text) - (size_t)place, "%s ",
                       name->tag[0] ? name->tag : "-");
    int rest = snprintf(out->text + place + tag, sizeof(out->text) - (size_t)(place + tag), "%s\n",
                        digest->text);
    out->place_len = (size_t)place;
    out->name_len = (size_t)(place + tag);
    out->len = (size_t)(place + tag + rest);
}

static void read_lines(const img_store *store, struct buf *out)
{
    if (img__fs_read(store->dir_fd, STORE_RECALL, out, NULL) != 0)
        img__buf_clear(out);
}

/* The line after the one at *at; its length is *len. */
static const char *next_line(const struct buf *lines, size_t *at, size_t *len)
{
    if (*at >= lines->len)
        return NULL;
    const char *start = lines->data + *at;
    const char *end = memchr(start, '\n', lines->len - *at);
    *len = end ? (size_t)(end - start) + 1 : lines->len - *at;
    *at += *len;
    return start;
}

static bool begins(const char *text, size_t len, const char *with, size_t with_len)
{
    return len >= with_len && memcmp(text, with, with_len) == 0;
}

enum store_recall img__store_recall(const img_store *store, const img_reference *name,
                                    const img_digest *digest)
{
    auto_(buf) struct buf lines = BUF_INIT(RECALL_BYTES_MAX);
    enum store_recall found = STORE_RECALL_NOTHING;
    struct line wanted;
    const char *line;
    size_t at = 0, len;
    make_line(name, digest, &wanted);
    size_t digest_len = wanted.len - wanted.name_len;
    read_lines(store, &lines);
    while ((line = next_line(&lines, &at, &len))) {
        if (len == wanted.len && memcmp(line, wanted.text, len) == 0)
            return STORE_RECALL_NAME;
        if (begins(line, len, wanted.text, wanted.place_len) && len > digest_len &&
            memcmp(line + len - digest_len, wanted.text + wanted.name_len, digest_len) == 0)
            found = STORE_RECALL_REPOSITORY;
    }
    return found;
}

/* All lines but those of the name, and of the oldest as many as it takes to have room. */
static void keep_others(const struct buf *lines, const struct line *fresh, struct buf *out)
{
    const char *line;
    size_t at = 0, len;
    size_t first =
        lines->len + fresh->len > RECALL_BYTES_MAX ? lines->len + fresh->len - RECALL_BYTES_MAX : 0;
    while ((line = next_line(lines, &at, &len)))
        if (at - len >= first && line[len - 1] == '\n' &&
            !begins(line, len, fresh->text, fresh->name_len))
            img__buf_append(out, line, len);
}

void img__store_remember(const img_store *store, const img_reference *name,
                         const img_digest *digest)
{
    auto_(buf) struct buf lines = BUF_INIT(RECALL_BYTES_MAX), kept = BUF_INIT(RECALL_BYTES_MAX);
    auto_fd int lock = -1;
    struct line fresh;
    if (img__store_recall(store, name, digest) == STORE_RECALL_NAME ||
        img__store_lock(store, STORE_LOCK, LOCK_EX, &lock, NULL) != 0)
        return;
    make_line(name, digest, &fresh);
    read_lines(store, &lines);
    keep_others(&lines, &fresh, &kept);
    img__buf_append(&kept, fresh.text, fresh.len);
    if (!kept.failed)
        img__fs_replace(store->dir_fd, STORE_RECALL, kept.data, kept.len, STORE_FILE_MODE, NULL);
}
