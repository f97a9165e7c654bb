/* SPDX-License-Identifier: Apache-2.0
 *
 * A compressed layer of a docker-archive, read once: the digest of its bytes as they are, and
 * whether the tar within is the one that the config promises. Otherwise what is made of the archive
 * would be wrong in a way that is seen only where it is used.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#include "archive/reader_internal.h"
#include "core/verify.h"

struct packed {
    const char *path;
    struct source *source;
    struct sink *copy; /* takes what was read */
    char *chunk;       /* IMG_IO_CHUNK */
    img_error error;   /* why nothing more could be read */
    struct archive *archive;
};

static void img__auto_packed(struct packed *packed)
{
    if (packed->archive)
        archive_read_free(packed->archive);
    img__source_free(packed->source);
    img__sink_free(packed->copy);
    free(packed->chunk);
}

static ssize_t take(struct packed *packed, img_error *err)
{
    ssize_t got = img__source_read(packed->source, packed->chunk, IMG_IO_CHUNK, err);
    int rc = got > 0 ? img__sink_write(packed->copy, packed->chunk, (size_t)got, err) : 0;
    return rc ? rc : got;
}

static la_ssize_t on_read(struct archive *archive, void *arg, const void **data)
{
    struct packed *packed = arg;
    ssize_t got = take(packed, &packed->error);
    *data = packed->chunk;
    if (got >= 0)
        return got;
    archive_set_error(archive, EIO, "cannot read");
    return -1;
}

static int fail_packed(const struct packed *packed, img_error *err)
{
    const char *text = archive_error_string(packed->archive);
    if (packed->error.code) {
        if (err)
            *err = packed->error;
        return packed->error.code;
    }
    if (archive_errno(packed->archive) == ENOMEM)
        return img__fail_memory(err);
    return img__fail(err, IMG_EFORMAT, "'%.300s' can't be decompressed: %s", packed->path,
                     text ? text : "it is damaged");
}

/* *empty: there is nothing within. */
static int begin(struct packed *packed, enum docker_compression compression, bool *empty,
                 img_error *err)
{
    struct archive_entry *entry;
    struct archive *archive = packed->archive;
    int supported = compression == DOCKER_GZIP ? archive_read_support_filter_gzip(archive)
                                               : archive_read_support_filter_zstd(archive);
    if (supported != ARCHIVE_OK || archive_read_support_format_raw(archive) != ARCHIVE_OK)
        return img__fail(err, IMG_EUNSUPPORTED,
                         "'%.300s': this libarchive was not built for its compression",
                         packed->path);
    int status = archive_read_open(archive, packed, NULL, on_read, NULL);
    if (status == ARCHIVE_OK)
        status = archive_read_next_header(archive, &entry);
    *empty = status == ARCHIVE_EOF;
    if (status != ARCHIVE_OK && !*empty)
        return fail_packed(packed, err);
    if (archive_filter_count(archive) != 2) /* the filter, and what is read */
        return img__fail(err, IMG_EFORMAT, "'%.300s' is not compressed once", packed->path);
    return 0;
}

static int unpack(struct packed *packed, struct sink *tar, img_error *err)
{
    auto_free char *chunk = malloc(IMG_IO_CHUNK);
    if (!chunk)
        return img__fail_memory(err);
    for (;;) {
        la_ssize_t got = archive_read_data(packed->archive, chunk, IMG_IO_CHUNK);
        if (got <= 0)
            return got ? fail_packed(packed, err) : 0;
        int rc = img__sink_write(tar, chunk, (size_t)got, err);
        if (rc)
            return rc;
    }
}

static int hash_both(struct packed *packed, const struct docker_layer *layer, img_digest *diff_id,
                     img_error *err)
{
    auto_(sink) struct sink *tar = NULL;
    uint64_t tar_bytes;
    bool empty = false;
    ssize_t got;
    int rc = img__sink_digest(diff_id, &tar_bytes, NULL, &tar, err);
    if (rc == 0)
        rc = begin(packed, layer->compression, &empty, err);
    if (rc == 0 && !empty)
        rc = unpack(packed, tar, err);
    if (rc == 0)
        rc = img__sink_close(tar, err);
    if (rc)
        return rc;
    while ((got = take(packed, err)) > 0) /* what follows belongs to the blob, too */
        ;
    return got < 0 ? (int)got : img__sink_close(packed->copy, err);
}

int img__docker_layer_check(struct archive_reader *reader, const struct docker_layer *layer,
                            img_digest *digest, uint64_t *size_bytes, img_error *err)
{
    auto_(packed) struct packed packed = {
        .path = layer->path, .chunk = malloc(IMG_IO_CHUNK), .archive = archive_read_new()};
    img_digest diff_id;
    if (!packed.chunk || !packed.archive)
        return img__fail_memory(err);
    int rc = img__docker_layer_source(reader, layer, &packed.source, err);
    if (rc == 0)
        rc = img__sink_digest(digest, size_bytes, NULL, &packed.copy, err);
    if (rc == 0)
        rc = hash_both(&packed, layer, &diff_id, err);
    if (rc)
        return img__prefix(err, rc, "%s", reader->spool.name);
    if (img__digest_equal(&layer->diff_id, &diff_id))
        return 0;
    return img__fail(err, IMG_EDIGEST,
                     "%s: layer '%.300s' has the diffID %s, but the config says %s: the archive is "
                     "damaged, or was put together wrongly",
                     reader->spool.name, layer->path, diff_id.text, layer->diff_id.text);
}
