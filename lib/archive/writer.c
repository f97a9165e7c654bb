/* SPDX-License-Identifier: Apache-2.0
 *
 * Archives are written as one stream: the layout's declaration, blobs and documents as they come,
 * the tables last. Sizes are known from descriptors, so nothing is kept anywhere before it is
 * written, and a pipe does as well as a file.
 *
 * A docker-archive is what docker itself saves since version 25: an image layout with a
 * manifest.json beside it, whose paths lead to the blobs. Layers stay as they are, compressed:
 * every docker since 1.10 asks their first bytes what they are (gzip; zstd since 23), as do podman,
 * skopeo and containerd, and what they would be uncompressed can't be told before they are read. So
 * the digest of the manifest lives on in the archive for all who read the layout: containerd,
 * docker with its image store, and libimg. What docker before 1.10 read, "repositories" with a
 * directory a layer, is not written.
 */
#include <search.h>
#include <string.h>

#include "archive/layout.h"
#include "archive/writer_internal.h"
#include "core/descriptor.h"
#include "core/verify.h"

static const char layout_text[] = "{\"imageLayoutVersion\":\"1.0.0\"}";

/* ---- what is in the tar ---- */

static int compare_digests(const void *a, const void *b)
{
    return strcmp(((const img_digest *)a)->text, ((const img_digest *)b)->text);
}

bool img__archive_writer_has(const struct archive_writer *writer, const img_digest *digest)
{
    return tfind(digest, &writer->written, compare_digests);
}

static int remember(struct archive_writer *writer, const img_digest *digest, img_error *err)
{
    img_digest *own = malloc(sizeof(*own));
    if (!own)
        return img__fail_memory(err);
    *own = *digest;
    if (tsearch(own, &writer->written, compare_digests))
        return 0;
    free(own);
    return img__fail_memory(err);
}

static int put_directory(struct archive_writer *writer, const char *path, img_error *err)
{
    if (img__strv_has(&writer->directories, path))
        return 0;
    int rc = img__tar_out_directory(writer->tar, path, err);
    return rc ? rc : img__strv_add(&writer->directories, path, err);
}

/* All that comes before the data of a blob. */
static int begin_blob(struct archive_writer *writer, const img_descriptor *blob, img_error *err)
{
    char path[LAYOUT_PATH_SIZE];
    img__layout_path(&blob->digest, path);
    auto_free char *directory = strndup(path, (size_t)(strrchr(path, '/') - path));
    if (!directory)
        return img__fail_memory(err);
    int rc = writer->begun ? 0
                           : img__tar_out_file(writer->tar, LAYOUT_FILE, layout_text,
                                               sizeof(layout_text) - 1, err);
    writer->begun = rc == 0;
    if (rc == 0)
        rc = put_directory(writer, LAYOUT_BLOBS, err);
    if (rc == 0)
        rc = put_directory(writer, directory, err);
    return rc ? rc : img__tar_out_begin(writer->tar, path, blob->size_bytes, err);
}

/* ---- a blob ---- */

/* Its header waits for its first byte: so one that fails before leaves a pipe as it is. */
struct blob_sink {
    struct sink base;
    struct archive_writer *writer;
    img_descriptor descriptor;
    bool begun;
    bool ended;
};

static int begin(struct blob_sink *self, img_error *err)
{
    if (self->begun)
        return 0;
    int rc = begin_blob(self->writer, &self->descriptor, err);
    self->begun = rc == 0;
    return rc;
}

static int blob_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    struct blob_sink *self = (struct blob_sink *)sink;
    int rc = begin(self, err);
    return rc ? rc : img__tar_out_data(self->writer->tar, data, len, err);
}

static int blob_close(struct sink *sink, img_error *err)
{
    struct blob_sink *self = (struct blob_sink *)sink;
    int rc = begin(self, err);
    if (rc == 0)
        rc = remember(self->writer, &self->descriptor.digest, err);
    if (rc == 0)
        rc = img__tar_out_end(self->writer->tar, err);
    self->ended = rc == 0;
    return rc;
}

static void blob_free(struct sink *sink)
{
    struct blob_sink *self = (struct blob_sink *)sink;
    if (self->begun && !self->ended)
        img__tar_out_undo(self->writer->tar);
    self->writer->busy = false;
    free(self);
}

static const struct sink_ops blob_ops = {
    .write = blob_write, .close = blob_close, .free = blob_free};

static int open_blob(struct archive_writer *writer, const img_descriptor *descriptor,
                     struct sink **out, img_error *err)
{
    char name[64];
    if (writer->busy)
        return img__fail(err, IMG_EFAIL, "an archive takes one blob at a time");
    struct blob_sink *self = calloc(1, sizeof(*self));
    if (!self)
        return img__fail_memory(err);
    *self = (struct blob_sink){.base = {&blob_ops}, .writer = writer, .descriptor = *descriptor};
    writer->busy = true;
    img__descriptor_name(descriptor, name, sizeof(name));
    return img__sink_verify(&descriptor->digest, descriptor->size_bytes, name, &self->base, out,
                            err);
}

/* ---- the endpoint ---- */

struct writer_endpoint {
    struct endpoint base;
    struct archive_writer *writer;
    struct archive_writer *owned; /* the same, if it is complete with this image; else NULL */
    struct strv names;
};

static struct writer_endpoint *self_of(struct endpoint *endpoint)
{
    return (struct writer_endpoint *)endpoint;
}

static int fail_reading(img_error *err)
{
    return img__fail(err, IMG_EUNSUPPORTED, "an archive that is being written can't be read");
}

static int endpoint_resolve(struct endpoint *endpoint, struct document *out, img_error *err)
{
    (void)endpoint;
    (void)out;
    return fail_reading(err);
}

static int endpoint_get_document(struct endpoint *endpoint, const img_descriptor *descriptor,
                                 struct document *out, img_error *err)
{
    (void)endpoint;
    (void)descriptor;
    (void)out;
    return fail_reading(err);
}

/* Never: so its blobs are looked at one by one. The top of a walk is asked for first, and one that
 * can't be written is refused before anything else is. */
static int endpoint_has_document(struct endpoint *endpoint, const img_descriptor *descriptor,
                                 bool *has, img_error *err)
{
    *has = false;
    if (self_of(endpoint)->writer->format != ARCHIVE_DOCKER ||
        img__media_kind(descriptor->media_type) != MEDIA_INDEX)
        return 0;
    return img__fail(err, IMG_EUNSUPPORTED,
                     "a docker-archive holds an image for one platform, and this one is for "
                     "several: choose a platform, or the format oci-archive");
}

static int endpoint_open_sink(struct endpoint *endpoint, const img_descriptor *descriptor,
                              struct sink **out, img_error *err)
{
    struct archive_writer *writer = self_of(endpoint)->writer;
    if (!img__archive_writer_has(writer, &descriptor->digest))
        return open_blob(writer, descriptor, out, err);
    *out = NULL;
    return 0;
}

static int endpoint_put_document(struct endpoint *endpoint, const struct document *document,
                                 img_error *err)
{
    auto_(sink) struct sink *sink = NULL;
    int rc = endpoint_open_sink(endpoint, &document->descriptor, &sink, err);
    if (rc || !sink)
        return rc;
    rc = img__sink_write(sink, document->bytes, document->len, err);
    return rc ? rc : img__sink_close(sink, err);
}

static int endpoint_set_name(struct endpoint *endpoint, const struct document *document,
                             img_error *err)
{
    struct writer_endpoint *self = self_of(endpoint);
    bool refused;
    int rc = endpoint_has_document(endpoint, &document->descriptor, &refused, err);
    if (rc == 0)
        rc = endpoint_put_document(endpoint, document, err);
    if (rc == 0)
        rc = img__archive_writer_note(self->writer, document, &self->names, err);
    if (rc || !self->owned)
        return rc;
    return img__archive_writer_commit(self->writer, err);
}

static void endpoint_free(struct endpoint *endpoint)
{
    struct writer_endpoint *self = self_of(endpoint);
    img__strv_free(&self->names);
    img__archive_writer_free(self->owned);
    free(self);
}

static const struct endpoint_ops endpoint_ops = {
    .resolve = endpoint_resolve,
    .get_document = endpoint_get_document,
    .has_document = endpoint_has_document,
    .put_document = endpoint_put_document,
    .set_name = endpoint_set_name,
    .open_sink = endpoint_open_sink,
    .free = endpoint_free,
};

int img__archive_writer_endpoint(struct archive_writer *writer, const char *const *names,
                                 struct endpoint **out, img_error *err)
{
    struct writer_endpoint *self = calloc(1, sizeof(*self));
    if (!self)
        return img__fail_memory(err);
    self->base = (struct endpoint){.ops = &endpoint_ops, .serial = true};
    self->writer = writer;
    auto_(endpoint) struct endpoint *endpoint = &self->base;
    int rc = img__strv_add_list(&self->names, names, err);
    if (rc == 0)
        *out = steal(endpoint);
    return rc;
}

/* ---- the writer ---- */

int img__archive_writer_open(const struct archive_file *file, enum archive_format format,
                             struct archive_writer **out, img_error *err)
{
    auto_(archive_writer) struct archive_writer *writer = calloc(1, sizeof(*writer));
    if (!writer)
        return img__fail_memory(err);
    writer->format = format;
    writer->entries = img__json_array();
    writer->items = img__json_array();
    if (!writer->entries || !writer->items)
        return img__fail_memory(err);
    int rc = img__tar_out_open(file, &writer->tar, err);
    if (rc == 0)
        *out = steal(writer);
    return rc;
}

void img__archive_writer_free(struct archive_writer *writer)
{
    if (!writer)
        return;
    img__tar_out_free(writer->tar);
    img__json_free(writer->entries);
    img__json_free(writer->items);
    img__strv_free(&writer->directories);
    tdestroy(writer->written, free);
    free(writer);
}

int img__archive_writer_commit(struct archive_writer *writer, img_error *err)
{
    int rc = img__archive_writer_tables(writer, err);
    return rc ? rc : img__tar_out_commit(writer->tar, err);
}

int img__archive_writer(const char *path, enum archive_format format, const char *name,
                        struct endpoint **out, img_error *err)
{
    const struct archive_file file = {.path = strcmp(path, "-") == 0 ? NULL : path,
                                      .fd = STDOUT_FILENO};
    const char *const names[] = {name, NULL};
    auto_(archive_writer) struct archive_writer *writer = NULL;
    int rc = img__archive_writer_open(&file, format, &writer, err);
    if (rc == 0)
        rc = img__archive_writer_endpoint(writer, names, out, err);
    if (rc == 0)
        self_of(*out)->owned = steal(writer);
    return rc;
}
