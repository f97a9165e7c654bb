/* SPDX-License-Identifier: Apache-2.0
 *
 * The line from entries to a blob: tar writer, cut, blocks, blob. One pass; the memory does not
 * depend on the size of anything. What the blocks are written to is the blob's sink, which knows
 * about the blob's own digest (layers.md C20, H1).
 */
#include "layer/pack.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "layer/cut.h"
#include "layer/lazy.h"
#include "layer/tar_write.h"

/* What is read of a file at once, where it is not read straight into a block. */
#define CHUNK ((size_t)128 * 1024)

struct pack {
    struct blocks *blocks;
    struct cut cut;    /* between writer and blocks */
    struct lazy *lazy; /* if it is not NULL, it is there instead */
    char *chunk;       /* for what goes through lazy */
    struct tar_writer *writer;
    bool verbatim; /* the tar comes whole, from elsewhere */
    struct pack_result result;
};

static int open_lazy(struct pack *pack, const struct pack_options *options, img_error *err)
{
    if (options->layout == PACK_PLAIN)
        return 0;
    pack->chunk = malloc(CHUNK);
    if (!pack->chunk)
        return img__fail_memory(err);
    if (options->layout == PACK_ESTARGZ)
        return img__estargz_new(pack->blocks, &pack->lazy, err);
    return img__chunked_new(pack->blocks, options->level, &pack->lazy, err);
}

int img__pack_new(const struct pack_options *options, struct sink *blob, struct pack **out,
                  img_error *err)
{
    auto_(sink) struct sink *owned = blob;
    auto_(pack) struct pack *pack = calloc(1, sizeof(*pack));
    if (!pack)
        return img__fail_memory(err);
    pack->result.newest_mtime = INT64_MIN;
    struct blocks_options blocks = {
        .compression = options->compression,
        .level = options->level,
        .threads = options->threads,
        .index = options->layout != PACK_PLAIN,
    };
    int rc = img__blocks_new(&blocks, steal(owned), &pack->blocks, err);
    if (rc == 0)
        rc = open_lazy(pack, options, err);
    if (rc)
        return rc;
    img__cut_init(&pack->cut, pack->blocks, options->compression);
    struct sink *to = pack->lazy ? &pack->lazy->sink : &pack->cut.sink;
    rc = img__tar_writer_new(to, &pack->writer, err);
    if (rc)
        return rc;
    *out = steal(pack);
    return 0;
}

void img__pack_free(struct pack *pack)
{
    if (!pack)
        return;
    img__tar_writer_free(pack->writer);
    img__lazy_free(pack->lazy);
    img__blocks_free(pack->blocks);
    free(pack->chunk);
    free(pack);
}

void img__pack_sorted(struct pack *pack)
{
    img__tar_writer_sorted(pack->writer);
}

void img__pack_nanoseconds(struct pack *pack)
{
    img__tar_writer_nanoseconds(pack->writer);
    if (pack->lazy)
        pack->lazy->nanoseconds = true;
}

static int fail_size(const struct entry *entry, bool more, img_error *err)
{
    return img__fail(err, IMG_EFORMAT, "%s: has %s than the %" PRIu64 " bytes that were announced",
                     entry->path, more ? "more" : "fewer", entry->size);
}

static int expect_end(const struct entry *entry, struct source *data, img_error *err)
{
    char beyond;
    ssize_t n = img__source_read(data, &beyond, 1, err);
    return n > 0 ? fail_size(entry, true, err) : (int)n;
}

/* Where data may be read to: straight into the block, if nobody has to see them before. */
static int data_room(struct pack *pack, char **at, size_t *len, img_error *err)
{
    if (!pack->lazy)
        return img__cut_room(&pack->cut, at, len, err);
    *at = pack->chunk;
    *len = CHUNK;
    return 0;
}

static int data_there(struct pack *pack, const char *at, size_t len, img_error *err)
{
    if (pack->lazy)
        return img__tar_writer_data(pack->writer, at, len, err);
    int rc = img__cut_filled(&pack->cut, len, err);
    return rc ? rc : img__tar_writer_passed(pack->writer, len, err);
}

/* The source must have exactly as many bytes as the header said. */
static int pack_data(struct pack *pack, const struct entry *entry, struct source *data,
                     img_error *err)
{
    int rc = pack->lazy ? 0 : img__cut_data(&pack->cut, entry->size, err);
    for (uint64_t left = entry->size; !rc && left > 0;) {
        char *at;
        size_t len;
        rc = data_room(pack, &at, &len, err);
        if (rc)
            return rc;
        ssize_t n = img__source_read(data, at, len < left ? len : (size_t)left, err);
        if (n <= 0)
            return n ? (int)n : fail_size(entry, false, err);
        left -= (uint64_t)n;
        rc = data_there(pack, at, (size_t)n, err);
    }
    return rc ? rc : expect_end(entry, data, err);
}

static int pack_any(struct pack *pack, const struct entry *entry, struct source *data,
                    img_error *err)
{
    assert(data || entry->size == 0);
    int rc = 0;
    if (pack->lazy && pack->result.entries == 0)
        rc = img__lazy_begin(pack->lazy, err);
    img__cut_entry(&pack->cut, entry->path);
    if (rc == 0)
        rc = img__tar_writer_entry(pack->writer, entry, err);
    img__cut_entry(&pack->cut, NULL);
    if (rc == 0 && pack->lazy)
        rc = img__lazy_entry(pack->lazy, entry, err);
    if (rc)
        return rc;
    pack->result.entries++;
    return data ? pack_data(pack, entry, data, err) : 0;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void note_time(struct pack *pack, const struct entry *entry)
{
    bool whiteout = strncmp(base_name(entry->path), ".wh.", 4) == 0;
    if (!whiteout && entry->mtime > pack->result.newest_mtime)
        pack->result.newest_mtime = entry->mtime;
}

struct sink *img__pack_verbatim(struct pack *pack)
{
    assert(!pack->lazy && pack->result.entries == 0);
    pack->verbatim = true;
    return &pack->cut.sink;
}

void img__pack_note(struct pack *pack, const struct entry *entry)
{
    note_time(pack, entry);
    pack->result.entries++;
}

int img__pack_entry(struct pack *pack, const struct entry *entry, struct source *data,
                    img_error *err)
{
    bool skip = false;
    int rc = pack->lazy ? img__lazy_reserved(pack->lazy, entry, &skip, err) : 0;
    if (rc || skip)
        return rc;
    note_time(pack, entry);
    return pack_any(pack, entry, data, err);
}

int img__pack_parent(struct pack *pack, const struct entry *entry, img_error *err)
{
    bool skip;
    int rc = pack->lazy ? img__lazy_reserved(pack->lazy, entry, &skip, err) : 0;
    return rc ? rc : pack_any(pack, entry, NULL, err);
}

int img__pack_whiteout(struct pack *pack, const char *path, img_error *err)
{
    const char *base = base_name(path);
    auto_free char *marker = NULL;
    if (asprintf(&marker, "%.*s.wh.%s", (int)(base - path), path, base) < 0) {
        marker = NULL;
        return img__fail_memory(err);
    }
    if (!base[0] || strncmp(base, ".wh.", 4) == 0)
        return img__fail(err, IMG_EINVAL, "%s: can't be removed by a layer", base[0] ? path : "/");
    struct entry entry = {.type = ENTRY_FILE, .path = marker};
    return pack_any(pack, &entry, NULL, err);
}

int img__pack_opaque(struct pack *pack, const char *directory, img_error *err)
{
    auto_free char *marker = NULL;
    if (asprintf(&marker, "%s/.wh..wh..opq", directory) < 0) {
        marker = NULL;
        return img__fail_memory(err);
    }
    if (!*directory)
        return img__fail(err, IMG_EINVAL, "/: not every runtime takes an opaque root for one");
    struct entry entry = {.type = ENTRY_FILE, .path = marker};
    return pack_any(pack, &entry, NULL, err);
}

uint64_t img__pack_bytes(const struct pack *pack)
{
    return pack->lazy ? pack->lazy->tar_bytes : pack->cut.tar_bytes;
}

const struct strv *img__pack_annotations(const struct pack *pack)
{
    static const struct strv none = STRV_INIT;
    return pack->lazy ? &pack->lazy->annotations : &none;
}

int img__pack_end(struct pack *pack, struct pack_result *result, img_error *err)
{
    int rc = pack->lazy ? img__lazy_last(pack->lazy, err) : 0;
    if (rc == 0 && !pack->verbatim)
        rc = img__tar_writer_end(pack->writer, err);
    if (rc == 0 && pack->lazy)
        rc = img__lazy_end(pack->lazy, err);
    if (rc)
        return rc;
    rc = img__blocks_end(pack->blocks, &pack->result.diff_id, err);
    if (rc)
        return rc;
    pack->result.tar_bytes = img__pack_bytes(pack);
    *result = pack->result;
    return 0;
}
