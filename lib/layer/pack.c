/* SPDX-License-Identifier: Apache-2.0
 *
 * The line from entries to a blob: tar writer, blocks, blob. One pass; the memory does not depend
 * on the size of anything. What the blocks are written to is the blob's sink, which knows about the
 * blob's own digest (layers.md C20, H1).
 */
#include "layer/pack.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "layer/blocks.h"
#include "layer/lazy.h"
#include "layer/tar_write.h"

/* What is read of a file at once. */
#define CHUNK ((size_t)128 * 1024)

/* Where the tar goes. It is a part of its pack and never closed or freed as a sink. */
struct tap {
    struct sink sink;
    struct blocks *blocks;
    uint64_t bytes;
};

struct pack {
    struct tap tap;
    struct lazy *lazy; /* between writer and blocks; NULL: the tap is */
    struct tar_writer *writer;
    char *chunk;
    struct pack_result result;
};

static int tap_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    struct tap *tap = (struct tap *)sink;
    tap->bytes += len;
    return img__blocks_write(tap->blocks, data, len, err);
}

static const struct sink_ops tap_ops = {.write = tap_write};

static int open_lazy(struct pack *pack, const struct pack_options *options, img_error *err)
{
    switch (options->layout) {
    case PACK_ESTARGZ:
        return img__estargz_new(pack->tap.blocks, &pack->lazy, err);
    case PACK_CHUNKED:
        return img__chunked_new(pack->tap.blocks, options->level, &pack->lazy, err);
    default:
        return 0;
    }
}

int img__pack_new(const struct pack_options *options, struct sink *blob, struct pack **out,
                  img_error *err)
{
    auto_(sink) struct sink *owned = blob;
    auto_(pack) struct pack *pack = calloc(1, sizeof(*pack));
    if (!pack)
        return img__fail_memory(err);
    pack->tap.sink.ops = &tap_ops;
    pack->result.newest_mtime = INT64_MIN;
    pack->chunk = malloc(CHUNK);
    if (!pack->chunk)
        return img__fail_memory(err);

    struct blocks_options blocks = {
        .compression = options->compression,
        .level = options->level,
        .threads = options->threads,
        .index = options->layout != PACK_PLAIN,
    };
    int rc = img__blocks_new(&blocks, steal(owned), &pack->tap.blocks, err);
    if (rc == 0)
        rc = open_lazy(pack, options, err);
    if (rc)
        return rc;
    struct sink *to = pack->lazy ? &pack->lazy->sink : &pack->tap.sink;
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
    img__blocks_free(pack->tap.blocks);
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

/* The source must have exactly as many bytes as the header said. */
static int pack_data(struct pack *pack, const struct entry *entry, struct source *data,
                     img_error *err)
{
    uint64_t left = entry->size;
    for (;;) {
        ssize_t n = img__source_read(data, pack->chunk, CHUNK, err);
        if (n < 0)
            return (int)n;
        if ((uint64_t)n > left || (n == 0 && left > 0))
            return img__fail(err, IMG_EFORMAT,
                             "%s: has %s than the %" PRIu64 " bytes that were announced",
                             entry->path, n ? "more" : "fewer", entry->size);
        if (n == 0)
            return 0;
        int rc = img__tar_writer_data(pack->writer, pack->chunk, (size_t)n, err);
        if (rc)
            return rc;
        left -= (uint64_t)n;
    }
}

static int pack_any(struct pack *pack, const struct entry *entry, struct source *data,
                    img_error *err)
{
    assert(data || entry->size == 0);
    int rc = 0;
    if (pack->lazy && pack->result.entries == 0)
        rc = img__lazy_begin(pack->lazy, err);
    if (rc == 0)
        rc = img__tar_writer_entry(pack->writer, entry, err);
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

int img__pack_entry(struct pack *pack, const struct entry *entry, struct source *data,
                    img_error *err)
{
    bool skip = false;
    int rc = pack->lazy ? img__lazy_reserved(pack->lazy, entry, &skip, err) : 0;
    if (rc || skip)
        return rc;
    bool whiteout = strncmp(base_name(entry->path), ".wh.", 4) == 0;
    if (!whiteout && entry->mtime > pack->result.newest_mtime)
        pack->result.newest_mtime = entry->mtime;
    return pack_any(pack, entry, data, err);
}

int img__pack_parent(struct pack *pack, const struct entry *entry, img_error *err)
{
    return pack_any(pack, entry, NULL, err);
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
    return pack->lazy ? pack->lazy->tar_bytes : pack->tap.bytes;
}

const struct strv *img__pack_annotations(const struct pack *pack)
{
    static const struct strv none = STRV_INIT;
    return pack->lazy ? &pack->lazy->annotations : &none;
}

int img__pack_end(struct pack *pack, struct pack_result *result, img_error *err)
{
    int rc = pack->lazy ? img__lazy_last(pack->lazy, err) : 0;
    if (rc == 0)
        rc = img__tar_writer_end(pack->writer, err);
    if (rc == 0 && pack->lazy)
        rc = img__lazy_end(pack->lazy, err);
    if (rc)
        return rc;
    rc = img__blocks_end(pack->tap.blocks, &pack->result.diff_id, err);
    if (rc)
        return rc;
    pack->result.tar_bytes = img__pack_bytes(pack);
    *result = pack->result;
    return 0;
}
