/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs that the caller brings. The bytes go through the two sinks of the store, one for what is
 * promised and one for what is not known. A failure sticks: what a callback does after one, and
 * what it returns, can't make wrong bytes count.
 */
#include "ops/blob_writer.h"

#include <errno.h>
#include <unistd.h>

#include "core/verify.h"

/* Where bytes go that are there already, behind the check. */
static int nowhere_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    (void)sink, (void)data, (void)len, (void)err;
    return 0;
}

static int nowhere_close(struct sink *sink, img_error *err)
{
    (void)sink, (void)err;
    return 0;
}

static void nowhere_free(struct sink *sink)
{
    (void)sink;
}

static const struct sink_ops nowhere_ops = {nowhere_write, nowhere_close, nowhere_free};

static int open_promised(img_store *store, img_blob_writer *writer, img_error *err)
{
    const img_descriptor *blob = &writer->blob;
    char name[80];
    int rc = img__store_mend(store, blob, err);
    if (rc == 0)
        rc = img__store_accept(store, blob, &writer->sink, err);
    if (rc || writer->sink)
        return rc;
    img__descriptor_name(blob, name, sizeof(name));
    writer->nowhere.ops = &nowhere_ops;
    return img__sink_verify(&blob->digest, blob->size_bytes, name, &writer->nowhere, &writer->sink,
                            err);
}

int img_blob_writer_new(img_store *store, const img_descriptor *promised, img_blob_writer **out,
                        img_error *err)
{
    img_blob_writer *writer = calloc(1, sizeof(*writer));
    if (!writer)
        return img__fail_memory(err);
    int rc = img__lease_take(store, &writer->lease, err);
    if (promised)
        writer->blob = *promised;
    if (rc == 0 && promised)
        rc = open_promised(store, writer, err);
    else if (rc == 0)
        rc = img__store_ingest(store, &writer->blob.digest, &writer->blob.size_bytes, &writer->sink,
                               err);
    if (rc)
        img_blob_writer_free(writer);
    else
        *out = writer;
    return rc;
}

void img_blob_writer_free(img_blob_writer *writer)
{
    if (!writer || writer->lent)
        return;
    img__sink_free(writer->sink);
    img__lease_free(writer->lease);
    free(writer);
}

/* The first failure is the one that is told, again and again. */
static int fail_again(img_blob_writer *writer, int rc, img_error *err)
{
    if (!writer->failed)
        writer->failed = rc;
    if (err)
        *err = writer->failure;
    return writer->failed;
}

static int fail_committed(img_error *err)
{
    return img__fail(err, IMG_EINVAL, "the blob is in the store already");
}

int img_blob_writer_write(img_blob_writer *writer, const void *data, size_t len, img_error *err)
{
    int rc = writer->failed;
    if (writer->committed)
        return fail_committed(err);
    if (rc == 0 && len)
        rc = img__sink_write(writer->sink, data, len, &writer->failure);
    if (rc == 0)
        writer->written_bytes += len;
    if (rc == 0 && writer->item)
        rc = img__item_progress(writer->item, writer->written_bytes, &writer->failure);
    return rc ? fail_again(writer, rc, err) : 0;
}

/* What came is not all that there is: it must not be taken for a blob of its own. */
static int fail_read(img_blob_writer *writer, int fd, img_error *err)
{
    int rc = writer->failed;
    if (rc == 0)
        rc = img__fail_errno(&writer->failure, "cannot read the blob from descriptor %d", fd);
    return fail_again(writer, rc, err);
}

int img_blob_writer_write_fd(img_blob_writer *writer, int fd, img_error *err)
{
    auto_free char *chunk = malloc(IMG_IO_CHUNK);
    if (writer->committed)
        return fail_committed(err);
    if (!chunk)
        return fail_again(writer, img__fail_memory(&writer->failure), err);
    for (;;) {
        ssize_t got = read(fd, chunk, IMG_IO_CHUNK);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_read(writer, fd, err);
        int rc = img_blob_writer_write(writer, chunk, (size_t)got, err);
        if (rc || got == 0)
            return rc;
    }
}

int img_blob_writer_commit(img_blob_writer *writer, img_descriptor *out, img_error *err)
{
    if (writer->lent || writer->committed)
        return img__fail(err, IMG_EINVAL, "a blob is committed once, by whom it belongs to");
    int rc = writer->failed;
    if (rc == 0)
        rc = img__sink_close(writer->sink, &writer->failure);
    if (rc)
        return fail_again(writer, rc, err);
    writer->committed = true;
    if (out)
        *out = writer->blob;
    return 0;
}
