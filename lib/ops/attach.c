/* SPDX-License-Identifier: Apache-2.0
 *
 * Attaching files to an image of a registry: the files are blobs of an artifact whose subject is
 * the image. A file is read twice, for its digest and to be sent; if it changes in between, the
 * registry refuses it.
 */
#include <libimg/repository.h>

#include <stdio.h>
#include <string.h>

#include "base/options.h"
#include "core/artifact.h"
#include "core/manifest.h"
#include "core/verify.h"
#include "ops/client.h"
#include "ops/select.h"

_Static_assert(sizeof(img_attach_options) == 2 * sizeof(size_t) + 5 * sizeof(void *), "no padding");

#define OCTETS "application/octet-stream"

/* The files as a place of blobs; the last one is what stands where there is nothing. */
struct files {
    struct endpoint base;
    const img_attachment *files;
    size_t count;
    img_descriptor *blobs;    /* count and one more */
    struct strv *annotations; /* for each */
};

static void files_free(struct files *files)
{
    for (size_t i = 0; files->annotations && i <= files->count; i++)
        img__strv_free(&files->annotations[i]);
    free(files->annotations);
    free(files->blobs);
}

static inline void img__auto_files(struct files *files)
{
    files_free(files);
}

static int open_source(struct endpoint *endpoint, const img_descriptor *descriptor,
                       struct source **out, img_error *err)
{
    const struct files *files = (struct files *)endpoint;
    for (size_t i = 0; i < files->count; i++) {
        if (img__digest_equal(&files->blobs[i].digest, &descriptor->digest))
            return img__source_file(files->files[i].path, out, err);
    }
    return img__source_memory(ARTIFACT_EMPTY_BYTES, strlen(ARTIFACT_EMPTY_BYTES), out, err);
}

static int add_title(struct strv *annotations, const char *path, img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT(8192);
    const char *slash = strrchr(path, '/');
    img__buf_printf(&text, "org.opencontainers.image.title=%s", slash ? slash + 1 : path);
    int rc = img__buf_check(&text, "the name of a file", err);
    return rc ? rc : img__strv_add(annotations, text.data, err);
}

static int read_file(const img_attachment *file, img_descriptor *blob, struct strv *annotations,
                     img_error *err)
{
    auto_(source) struct source *source = NULL;
    auto_(sink) struct sink *sink = NULL;
    const char *type = file->media_type ? file->media_type : OCTETS;
    if (!img__media_valid(type))
        return img__fail(err, IMG_EINVAL, "%s: '%s' is no media type", file->path, type);
    snprintf(blob->media_type, sizeof(blob->media_type), "%s", type);
    int rc = img__source_file(file->path, &source, err);
    if (rc == 0)
        rc = img__sink_digest(&blob->digest, &blob->size_bytes, NULL, &sink, err);
    if (rc == 0)
        rc = img__io_copy(source, sink, err);
    if (rc == 0)
        rc = img__sink_close(sink, err);
    return rc ? rc : add_title(annotations, file->path, err);
}

static int read_files(struct files *files, const img_attach_options *options, img_error *err)
{
    static const struct endpoint_ops ops = {.open_source = open_source};
    *files = (struct files){
        .base = {.ops = &ops}, .files = options->files, .count = options->file_count};
    files->blobs = calloc(files->count + 1, sizeof(*files->blobs));
    files->annotations = calloc(files->count + 1, sizeof(*files->annotations));
    if (!files->blobs || !files->annotations)
        return img__fail_memory(err);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < files->count; i++)
        rc = read_file(&files->files[i], &files->blobs[i], &files->annotations[i], err);
    img__artifact_empty(&files->blobs[files->count]);
    return rc;
}

static bool is_known(const struct files *files, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (img__digest_equal(&files->blobs[i].digest, &files->blobs[count].digest))
            return true;
    }
    return false;
}

static int send_files(struct files *files, struct endpoint *to, struct observer *observer,
                      img_error *err)
{
    auto_free struct blob_job *jobs = calloc(files->count + 1, sizeof(*jobs));
    size_t count = 0;
    if (!jobs)
        return img__fail_memory(err);
    for (size_t i = 0; i <= files->count; i++) {
        const char *what = i < files->count ? "file" : "config";
        if (!is_known(files, i))
            jobs[count++] = (struct blob_job){
                .descriptor = &files->blobs[i], .what = what, .local = &files->base};
    }
    return to->ops->send(to, jobs, count, observer, err);
}

static int find_subject(struct endpoint *place, const img_platform *platform, img_descriptor *out,
                        img_error *err)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    int rc = place->ops->resolve(place, &document, err);
    if (rc == 0)
        rc = img__select_manifest(place, NULL, platform, &document, err);
    if (rc)
        return rc;
    *out = document.descriptor;
    memset(&out->platform, 0, sizeof(out->platform));
    return 0;
}

static int make(const struct files *files, const char *type, const img_descriptor *subject,
                const img_attach_options *options, struct document *out, img_error *err)
{
    const struct artifact artifact = {
        .type = type,
        .layers = files->blobs,
        .layer_annotations = files->annotations,
        .layer_count = files->count ? files->count : 1,
        .subject = subject,
        .annotations = options->annotations,
    };
    return img__artifact_make(&artifact, out, err);
}

static int attach(struct endpoint *place, const char *type, const img_attach_options *options,
                  struct document *made, struct observer *observer, img_error *err)
{
    auto_(files) struct files files = {.count = 0};
    img_descriptor subject;
    int rc = read_files(&files, options, err);
    if (rc == 0)
        rc = find_subject(place, options->platform, &subject, err);
    if (rc == 0)
        rc = make(&files, type, &subject, options, made, err);
    if (rc == 0)
        rc = send_files(&files, place, observer, err);
    return rc ? rc : place->ops->put_document(place, made, err);
}

int img_attach(img_client *client, const char *reference, const char *artifact_type,
               const img_attach_options *options, img_descriptor *out, img_error *err)
{
    img_attach_options own = IMG_ATTACH_OPTIONS_INIT;
    auto_(endpoint) struct endpoint *place = NULL;
    auto_(document) struct document made = DOCUMENT_INIT;
    img_reference parsed;
    int rc = img__options_copy(&own, sizeof(own), options, "img_attach_options", err);
    if (rc)
        return rc;
    struct observer observer = {own.on_event, own.on_event_arg, client->options.on_log,
                                client->options.on_log_arg, 0};
    rc = img_reference_parse(reference, &parsed, err);
    if (rc == 0)
        rc = img__registry_endpoint(client->registry, &parsed, REGISTRY_PUSH, &place, err);
    if (rc == 0)
        rc = attach(place, artifact_type, &own, &made, &observer, err);
    if (rc)
        return img__prefix(err, rc, "attach to %s", reference);
    if (out)
        *out = made.descriptor;
    return 0;
}
