/* SPDX-License-Identifier: Apache-2.0
 *
 * index.json and manifest.json, which say what the blobs of an archive are.
 *
 * index.json names an image twice: as containerd and docker read it, by the full reference, and as
 * image-spec has it, by what the caller said. manifest.json has full references, too: docker takes
 * "app:1" and docker.io/library/app:1 for the same, podman the first for localhost/app:1. It has no
 * digests, which docker refuses there.
 */
#include <string.h>

#include "archive/layout.h"
#include "archive/writer_internal.h"
#include "core/descriptor.h"
#include "core/manifest.h"
#include "core/reference.h"

/* ---- index.json ---- */

static bool append_entry(struct archive_writer *writer, const img_descriptor *descriptor,
                         const char *const *annotations)
{
    return img__json_append(writer->entries, img__descriptor_json(descriptor, annotations));
}

static int note_name(struct archive_writer *writer, const img_descriptor *descriptor,
                     const char *name, img_error *err)
{
    auto_(strv) struct strv annotations = STRV_INIT;
    char full[IMG_REFERENCE_TEXT_MAX], text[IMG_REFERENCE_TEXT_MAX + 64];
    img_reference reference;
    /* In a layout a name may be a tag alone, which means no repository. */
    bool whole = writer->format == ARCHIVE_DOCKER || strpbrk(name, ":/@");
    int rc = 0;
    if (whole && img_reference_parse(name, &reference, NULL) == 0) {
        img__reference_store_name(&reference, full);
        snprintf(text, sizeof(text), ANNOTATION_CONTAINERD "=%s", full);
        rc = img__strv_add(&annotations, text, err);
    }
    auto_free char *own = NULL;
    if (rc == 0 && asprintf(&own, ANNOTATION_NAME "=%s", name) < 0) {
        own = NULL;
        rc = img__fail_memory(err);
    }
    if (rc == 0)
        rc = img__strv_add(&annotations, own, err);
    if (rc)
        return rc;
    return append_entry(writer, descriptor, img__strv_list(&annotations)) ? 0
                                                                          : img__fail_memory(err);
}

static int note_entries(struct archive_writer *writer, const img_descriptor *descriptor,
                        const struct strv *names, img_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < names->count; i++)
        rc = note_name(writer, descriptor, names->items[i], err);
    if (rc == 0 && names->count == 0 && !append_entry(writer, descriptor, NULL))
        return img__fail_memory(err);
    return rc;
}

/* ---- manifest.json ---- */

static int check_blob(const struct archive_writer *writer, const img_descriptor *blob,
                      enum media_kind kind, const char *manifest, img_error *err)
{
    bool compressed = kind == MEDIA_LAYER && img__media_kind(blob->media_type) == kind;
    if (img__media_kind(blob->media_type) != kind ||
        (compressed && img__media_compression(blob->media_type) == MEDIA_OTHER))
        return img__fail(err, IMG_EUNSUPPORTED,
                         "%s has a blob of type '%.100s', which docker can't load: use the format "
                         "oci-archive",
                         manifest, blob->media_type);
    if (!img__archive_writer_has(writer, &blob->digest))
        return img__fail(err, IMG_EFAIL, "%s needs %s, which was not written", manifest,
                         blob->digest.text);
    return 0;
}

static struct json *path_json(const img_descriptor *blob)
{
    char path[LAYOUT_PATH_SIZE];
    img__layout_path(&blob->digest, path);
    return img__json_string(path);
}

static struct json *tags_json(const struct strv *names)
{
    auto_(json) struct json *list = img__json_array();
    char full[IMG_REFERENCE_TEXT_MAX];
    img_reference reference;
    for (size_t i = 0; list && i < names->count; i++) {
        if (img_reference_parse(names->items[i], &reference, NULL) != 0 || !*reference.tag ||
            *reference.digest.text)
            continue;
        img_reference_format(&reference, full);
        if (!img__json_append(list, img__json_string(full)))
            return NULL;
    }
    return steal(list);
}

static struct json *layers_json(const struct manifest *manifest)
{
    auto_(json) struct json *list = img__json_array();
    for (size_t i = 0; list && i < manifest->layer_count; i++)
        if (!img__json_append(list, path_json(&manifest->layers[i])))
            return NULL;
    return steal(list);
}

static int note_item(struct archive_writer *writer, const struct document *document,
                     const struct strv *names, img_error *err)
{
    auto_(manifest) struct manifest manifest = MANIFEST_INIT;
    char what[64];
    img__descriptor_name(&document->descriptor, what, sizeof(what));
    int rc = img__manifest_parse(document, &manifest, err);
    if (rc == 0)
        rc = check_blob(writer, &manifest.config, MEDIA_CONFIG, what, err);
    for (size_t i = 0; rc == 0 && i < manifest.layer_count; i++)
        rc = check_blob(writer, &manifest.layers[i], MEDIA_LAYER, what, err);
    if (rc)
        return rc;
    auto_(json) struct json *item = img__json_object();
    bool ok = item && img__json_set(item, "Config", path_json(&manifest.config)) &&
              img__json_set(item, "RepoTags", tags_json(names)) &&
              img__json_set(item, "Layers", layers_json(&manifest)) &&
              img__json_append(writer->items, steal(item));
    return ok ? 0 : img__fail_memory(err);
}

/* A name with a digest must not stand for anything else. */
static int check_names(const img_descriptor *descriptor, const struct strv *names, img_error *err)
{
    img_reference reference;
    for (size_t i = 0; i < names->count; i++)
        if (img_reference_parse(names->items[i], &reference, NULL) == 0 && *reference.digest.text &&
            strcmp(reference.digest.text, descriptor->digest.text) != 0)
            return img__fail(err, IMG_EINVAL,
                             "%s cannot be the name of an image with the digest %s",
                             names->items[i], descriptor->digest.text);
    return 0;
}

int img__archive_writer_note(struct archive_writer *writer, const struct document *document,
                             const struct strv *names, img_error *err)
{
    int rc = check_names(&document->descriptor, names, err);
    if (rc == 0 && writer->format == ARCHIVE_DOCKER)
        rc = note_item(writer, document, names, err);
    return rc ? rc : note_entries(writer, &document->descriptor, names, err);
}

/* ---- both ---- */

static int put_json(struct archive_writer *writer, const char *path, const struct json *json,
                    img_error *err)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    int rc = img__document_from_json("application/json", json, &document, err);
    return rc ? rc : img__tar_out_file(writer->tar, path, document.bytes, document.len, err);
}

int img__archive_writer_tables(struct archive_writer *writer, img_error *err)
{
    auto_(json) struct json *index = img__json_object();
    bool ok = index && img__json_set(index, "schemaVersion", img__json_size(2)) &&
              img__json_set(index, "mediaType", img__json_string(MEDIA_OCI_INDEX)) &&
              img__json_set(index, "manifests", steal(writer->entries));
    int rc = ok ? put_json(writer, LAYOUT_INDEX, index, err) : img__fail_memory(err);
    if (rc == 0 && writer->format == ARCHIVE_DOCKER)
        rc = put_json(writer, DOCKER_MANIFEST, writer->items, err);
    return rc;
}
