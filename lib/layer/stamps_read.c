/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads a list of stamps, with as much memory as its buffer has. Lengths are checked before they
 * are used; whether the rest is what was written, the digest at the end says.
 */
#include <string.h>

#include "base/buf.h"
#include "layer/stamps_format.h"

#define BUFFER ((size_t)64 * 1024)

struct stamp_reader {
    struct source *source;
    struct hash *hash;
    struct buf path;
    size_t pos;
    size_t len;
    size_t hashed; /* of data, up to pos at most */
    bool ended;
    char data[BUFFER];
};

static int fail_damaged(img_error *err)
{
    return img__fail(err, IMG_EFORMAT, "the list of stamps is damaged");
}

void img__stamp_of(const struct statx *st, struct stamp *out)
{
    *out = (struct stamp){
        .ino = st->stx_ino,
        .size = st->stx_size,
        .mtime = st->stx_mtime.tv_sec,
        .ctime = st->stx_ctime.tv_sec,
        .mtime_ns = st->stx_mtime.tv_nsec,
        .ctime_ns = st->stx_ctime.tv_nsec,
        .mode = st->stx_mode,
        .uid = st->stx_uid,
        .gid = st->stx_gid,
        .nlink = st->stx_nlink,
        .rdev_major = st->stx_rdev_major,
        .rdev_minor = st->stx_rdev_minor,
    };
}

static int hash_read(struct stamp_reader *reader, img_error *err)
{
    int rc = img__hash_update(reader->hash, reader->data + reader->hashed,
                              reader->pos - reader->hashed, err);
    reader->hashed = reader->pos;
    return rc;
}

/* The next len bytes, at *at. */
static int take(struct stamp_reader *reader, size_t len, const char **at, img_error *err)
{
    if (reader->len - reader->pos < len) {
        int rc = hash_read(reader, err);
        if (rc)
            return rc;
        memmove(reader->data, reader->data + reader->pos, reader->len - reader->pos);
        reader->len -= reader->pos;
        reader->pos = reader->hashed = 0;
        ssize_t got = img__source_read_full(reader->source, reader->data + reader->len,
                                            BUFFER - reader->len, err);
        if (got < 0)
            return (int)got;
        reader->len += (size_t)got;
    }
    if (reader->len - reader->pos < len)
        return fail_damaged(err);
    *at = reader->data + reader->pos;
    reader->pos += len;
    return 0;
}

static int read_head(struct stamp_reader *reader, uint64_t device, img_error *err)
{
    struct stamps_head head;
    const char *at;
    int rc = take(reader, sizeof(head), &at, err);
    if (rc)
        return rc;
    memcpy(&head, at, sizeof(head));
    if (memcmp(head.magic, STAMPS_MAGIC, sizeof(head.magic)) != 0 || head.order != STAMPS_ORDER ||
        head.row_bytes != sizeof(struct stamp_row))
        return fail_damaged(err);
    if (head.device != device)
        return img__fail(err, IMG_EFORMAT, "the list of stamps is of another file system");
    return 0;
}

int img__stamp_reader_new(struct source *source, uint64_t device, struct stamp_reader **out,
                          img_error *err)
{
    auto_(source) struct source *owned = source;
    auto_(stamp_reader) struct stamp_reader *reader = malloc(sizeof(*reader));
    if (!reader)
        return img__fail_memory(err);
    memset(reader, 0, offsetof(struct stamp_reader, data));
    reader->source = steal(owned);
    reader->path = (struct buf)BUF_INIT(ENTRY_PATH_MAX);
    int rc = img__hash_new(IMG_DIGEST_CANONICAL, &reader->hash, err);
    if (rc == 0)
        rc = read_head(reader, device, err);
    if (rc)
        return rc;
    *out = steal(reader);
    return 0;
}

void img__stamp_reader_free(struct stamp_reader *reader)
{
    if (!reader)
        return;
    img__source_free(reader->source);
    img__hash_free(reader->hash);
    img__buf_free(&reader->path);
    free(reader);
}

/* The end: what was read must have this digest, and nothing follows. */
static int check_end(struct stamp_reader *reader, img_error *err)
{
    unsigned char digest[IMG_SHA256_BYTES];
    const char *at;
    char beyond;
    int rc = hash_read(reader, err);
    if (rc == 0)
        rc = img__hash_final_raw(reader->hash, digest, err);
    if (rc == 0)
        rc = take(reader, sizeof(digest), &at, err);
    if (rc)
        return rc;
    if (memcmp(at, digest, sizeof(digest)) != 0 || reader->pos != reader->len)
        return fail_damaged(err);
    ssize_t more = img__source_read(reader->source, &beyond, 1, err);
    return more > 0 ? fail_damaged(err) : (int)more;
}

static int read_path(struct stamp_reader *reader, const struct stamp_row *row, img_error *err)
{
    const char *at;
    int rc =
        row->shared <= reader->path.len ? take(reader, row->more, &at, err) : fail_damaged(err);
    if (rc)
        return rc;
    if (memchr(at, '\0', row->more))
        return fail_damaged(err);
    reader->path.len = row->shared;
    img__buf_append(&reader->path, at, row->more);
    return img__buf_check(&reader->path, "a path in the list of stamps", err);
}

static int read_row(struct stamp_reader *reader, struct stamped *out, img_error *err)
{
    struct stamp_row row;
    const char *at;
    int rc = take(reader, sizeof(row), &at, err);
    if (rc)
        return rc;
    memcpy(&row, at, sizeof(row));
    if (row.shared == STAMPS_END)
        return check_end(reader, err);
    rc = row.type > ENTRY_FIFO ? fail_damaged(err) : read_path(reader, &row, err);
    if (rc)
        return rc;
    out->path = img__buf_text(&reader->path);
    out->stamp = row.stamp;
    out->type = (enum entry_type)row.type;
    memcpy(out->digest, row.digest, sizeof(out->digest));
    return 1;
}

int img__stamp_reader_next(struct stamp_reader *reader, struct stamped *out, img_error *err)
{
    int rc = reader->ended ? fail_damaged(err) : read_row(reader, out, err);
    reader->ended |= rc != 1;
    return rc;
}
