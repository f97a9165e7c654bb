/* SPDX-License-Identifier: Apache-2.0
 *
 * An image layout in an archive (image-spec, image-layout.md), as podman, buildx, skopeo, docker
 * since 25 and libimg write it. Its blobs may be anywhere in the file.
 *
 * Several entries of index.json for one digest are one image with several names.
 */
#include <inttypes.h>
#include <string.h>

#include "archive/reader_internal.h"
#include "base/text.h"
#include "core/index.h"
#include "core/verify.h"

/* ---- index.json ---- */

static int check_version(const struct archive_reader *reader, img_error *err)
{
    auto_free char *what = NULL;
    auto_(json) struct json *json = NULL;
    const char *version = NULL;
    int rc = img__archive_load_json(reader, LAYOUT_FILE, &what, &json, err);
    if (rc == 0)
        rc = img__json_get_text(json, what, "imageLayoutVersion", true, &version, err);
    if (rc || img__text_starts(version, "1."))
        return rc;
    return img__fail(err, IMG_EUNSUPPORTED, "%s: the version of the layout is '%.100s', not 1.0.0",
                     what, version);
}

static int load_index(const struct archive_reader *reader, struct index *out, img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT(TABLE_BYTES_MAX);
    auto_(document) struct document document = DOCUMENT_INIT;
    int rc = img__archive_load(reader, LAYOUT_INDEX, TABLE_BYTES_MAX, &text, err);
    if (rc)
        return rc;
    size_t len = text.len;
    char *bytes = img__buf_steal(&text);
    if (!bytes)
        return img__fail_memory(err);
    rc = img__document_make(MEDIA_OCI_INDEX, bytes, len, &document, err);
    if (rc == 0)
        rc = img__index_parse(&document, out, err);
    return rc ? img__prefix(err, rc, "%s: " LAYOUT_INDEX, reader->spool.name) : 0;
}

static int find_image(struct archive_reader *reader, const img_descriptor *entry,
                      struct archived **out, img_error *err)
{
    for (size_t i = 0; i < reader->count; i++)
        if (strcmp(reader->images[i].descriptor.digest.text, entry->digest.text) == 0) {
            *out = &reader->images[i];
            return 0;
        }
    int rc = img__archive_add(reader, out, err);
    if (rc == 0)
        (*out)->descriptor = *entry;
    return rc;
}

static int add_name(struct strv *names, const char *name, img_error *err)
{
    return !name || !*name || img__strv_has(names, name) ? 0 : img__strv_add(names, name, err);
}

/* The name of image-spec may be a tag alone, which names nothing by itself; but it is what the
 * image is asked for by. */
static int take_entry(struct archive_reader *reader, const struct index *index, size_t at,
                      img_error *err)
{
    const struct json *entry = img__json_at(img__json_get(index->json, "manifests"), at);
    const struct json *annotations = img__json_get(entry, "annotations");
    const char *name = img__json_text(img__json_get(annotations, ANNOTATION_NAME));
    const char *full = img__json_text(img__json_get(annotations, ANNOTATION_CONTAINERD));
    struct archived *image;
    int rc = find_image(reader, &index->entries[at], &image, err);
    if (rc == 0)
        rc = add_name(&image->aliases, name, err);
    if (rc == 0)
        rc = add_name(&image->names, full && *full ? full : name, err);
    return rc;
}

int img__archive_read_layout(struct archive_reader *reader, img_error *err)
{
    auto_(index) struct index index = INDEX_INIT;
    int rc = check_version(reader, err);
    if (rc == 0)
        rc = load_index(reader, &index, err);
    for (size_t i = 0; rc == 0 && i < index.entry_count; i++)
        rc = take_entry(reader, &index, i, err);
    return rc;
}

/* ---- the endpoint ---- */

static struct reader_endpoint *self_of(struct endpoint *endpoint)
{
    return (struct reader_endpoint *)endpoint;
}

static int open_source(struct endpoint *endpoint, const img_descriptor *descriptor,
                       struct source **out, img_error *err)
{
    const struct archive_reader *reader = self_of(endpoint)->reader;
    struct source *source = NULL;
    char path[LAYOUT_PATH_SIZE];
    uint64_t size;
    img__layout_path(&descriptor->digest, path);
    int rc = img__archive_source(reader, path, &source, &size, err);
    return rc ? rc
              : img__source_verify_else(": the archive is damaged", &descriptor->digest,
                                        descriptor->size_bytes, path, source, out, err);
}

static int get_document(struct endpoint *endpoint, const img_descriptor *descriptor,
                        struct document *out, img_error *err)
{
    auto_(source) struct source *source = NULL;
    auto_(buf) struct buf text = BUF_INIT(DOCUMENT_BYTES_MAX);
    auto_(sink) struct sink *sink = NULL;
    int rc = open_source(endpoint, descriptor, &source, err);
    if (rc == 0 && descriptor->size_bytes > DOCUMENT_BYTES_MAX)
        rc = img__fail(err, IMG_ELIMIT, "%s has %" PRIu64 " bytes, more than the limit of %zu",
                       descriptor->digest.text, descriptor->size_bytes, DOCUMENT_BYTES_MAX);
    if (rc == 0)
        rc = img__sink_buf(&text, descriptor->digest.text, &sink, err);
    if (rc == 0)
        rc = img__io_copy(source, sink, err);
    if (rc)
        return rc;
    size_t len = text.len;
    char *bytes = img__buf_steal(&text);
    if (!bytes)
        return img__fail_memory(err);
    *out = (struct document){.descriptor = *descriptor, .bytes = bytes, .len = len};
    return 0;
}

static int resolve(struct endpoint *endpoint, struct document *out, img_error *err)
{
    struct reader_endpoint *self = self_of(endpoint);
    return get_document(endpoint, &self->reader->images[self->index].descriptor, out, err);
}

static int has_document(struct endpoint *endpoint, const img_descriptor *descriptor, bool *has,
                        img_error *err)
{
    char path[LAYOUT_PATH_SIZE];
    (void)err;
    img__layout_path(&descriptor->digest, path);
    *has = img__members_has(&self_of(endpoint)->reader->members, path);
    return 0;
}

static void endpoint_free(struct endpoint *endpoint)
{
    img__archive_reader_free(self_of(endpoint)->owned);
    free(endpoint);
}

static const struct endpoint_ops layout_ops = {
    .resolve = resolve,
    .get_document = get_document,
    .has_document = has_document,
    .open_source = open_source,
    .free = endpoint_free,
};

int img__archive_layout_endpoint(struct archive_reader *reader, size_t index, struct endpoint **out,
                                 img_error *err)
{
    struct reader_endpoint *self = calloc(1, sizeof(*self));
    if (!self)
        return img__fail_memory(err);
    *self =
        (struct reader_endpoint){.base = {.ops = &layout_ops}, .reader = reader, .index = index};
    *out = &self->base;
    return 0;
}
