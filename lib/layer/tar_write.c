/* SPDX-License-Identifier: Apache-2.0
 *
 * The stream of a canonical tar: headers, data, padding, two zero blocks and not a byte more (C26).
 *
 * No path comes twice (C4). Where entries come sorted, as from a scan, each is compared with the
 * one before: that needs no memory and proves the order too. Where they come in any order, as from
 * an archive, fingerprints of all paths are kept.
 */
#include "layer/tar_write.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/path_set.h"
#include "layer/tar_header.h"

struct tar_writer {
    struct sink *sink;
    struct buf header;
    struct buf last; /* the path before, if sorted */
    struct path_set seen;
    uint64_t left; /* of the data of the current entry */
    unsigned padding;
    bool sorted;
    bool nanoseconds;
    bool begun;
};

int img__tar_writer_new(struct sink *sink, struct tar_writer **out, img_error *err)
{
    struct tar_writer *writer = malloc(sizeof(*writer));
    if (!writer)
        return img__fail_memory(err);
    *writer = (struct tar_writer){
        .sink = sink,
        .header = BUF_INIT(TAR_HEADER_MAX),
        .last = BUF_INIT(ENTRY_PATH_MAX + 1),
    };
    *out = writer;
    return 0;
}

void img__tar_writer_free(struct tar_writer *writer)
{
    if (!writer)
        return;
    img__buf_free(&writer->header);
    img__buf_free(&writer->last);
    img__path_set_free(&writer->seen);
    free(writer);
}

void img__tar_writer_sorted(struct tar_writer *writer)
{
    assert(!writer->begun);
    writer->sorted = true;
}

void img__tar_writer_nanoseconds(struct tar_writer *writer)
{
    writer->nanoseconds = true;
}

/* In a directory the opaque marker comes first, then whiteouts, then all others. */
static int rank(const char *name)
{
    if (strncmp(name, ".wh.", 4) != 0)
        return 2;
    return strncmp(name, ".wh..wh..opq", 12) == 0 && (!name[12] || name[12] == '/') ? 0 : 1;
}

int img__tar_order(const char *a, const char *b)
{
    size_t at = 0, component = 0;
    for (; a[at] && a[at] == b[at]; at++)
        if (a[at] == '/')
            component = at + 1;
    if (a[at] == b[at])
        return 0;

    int by_rank = rank(a + component) - rank(b + component);
    if (by_rank)
        return by_rank;
    /* The end of a path and then the end of a component come before any other byte. */
    if (!a[at] || !b[at])
        return a[at] ? 1 : -1;
    if (a[at] == '/' || b[at] == '/')
        return a[at] == '/' ? -1 : 1;
    return (unsigned char)a[at] < (unsigned char)b[at] ? -1 : 1;
}

static int check_order(struct tar_writer *writer, const char *path, img_error *err)
{
    int order = writer->begun ? img__tar_order(writer->last.data, path) : -1;
    if (order == 0)
        return img__fail(err, IMG_EFORMAT, "%s: is in the layer twice", path);
    if (order > 0)
        return img__fail(err, IMG_EFORMAT, "%s: comes after %s, out of order", path,
                         writer->last.data);
    img__buf_clear(&writer->last);
    img__buf_puts(&writer->last, path);
    return img__buf_check(&writer->last, "a path", err);
}

static int check_new(struct tar_writer *writer, const char *path, img_error *err)
{
    if (writer->sorted)
        return check_order(writer, path, err);

    bool known;
    int rc = img__path_set_add(&writer->seen, path, &known, err);
    if (rc)
        return rc;
    return known ? img__fail(err, IMG_EFORMAT, "%s: is in the layer twice", path) : 0;
}

int img__tar_writer_entry(struct tar_writer *writer, const struct entry *entry, img_error *err)
{
    assert(writer->left == 0);
    int rc = img__entry_check(entry, err);
    if (rc)
        return rc;
    if (!entry->path[0])
        return img__fail(err, IMG_EINVAL, "/: the root itself has no place in a layer");
    rc = check_new(writer, entry->path, err);
    if (rc)
        return rc;
    struct entry shown = *entry;
    if (!writer->nanoseconds)
        shown.mtime_ns = 0;
    rc = img__tar_header(&shown, &writer->header, err);
    if (rc)
        return rc;

    writer->begun = true;
    writer->left = entry->size;
    writer->padding = img__tar_padding(entry->size);
    return img__sink_write(writer->sink, writer->header.data, writer->header.len, err);
}

int img__tar_writer_data(struct tar_writer *writer, const void *data, size_t len, img_error *err)
{
    if (len == 0)
        return 0;
    int rc = img__sink_write(writer->sink, data, len, err);
    return rc ? rc : img__tar_writer_passed(writer, len, err);
}

int img__tar_writer_passed(struct tar_writer *writer, size_t len, img_error *err)
{
    static const char zeros[TAR_BLOCK];

    assert(len <= writer->left);
    writer->left -= len;
    if (len == 0 || writer->left > 0 || writer->padding == 0)
        return 0;
    return img__sink_write(writer->sink, zeros, writer->padding, err);
}

int img__tar_writer_end(struct tar_writer *writer, img_error *err)
{
    static const char zeros[2 * TAR_BLOCK];

    assert(writer->left == 0);
    return img__sink_write(writer->sink, zeros, sizeof(zeros), err);
}
