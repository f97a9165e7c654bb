/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk: documents are collected from the top down (an index before its children), then all
 * blobs that they name move at once, then the documents from the bottom up, so that the target
 * never has a document that reaches what it lacks (registry.md U1). Whatever is reached twice moves
 * once.
 *
 * A document that a registry has already ends the walk there: it was only accepted with all that
 * it reaches.
 */
#include "ops/copy.h"

#include <stdio.h>
#include <string.h>

#include "core/digest.h"
#include "core/index.h"
#include "core/manifest.h"
#include "ops/select.h"

/* What a hostile index may make us hold. */
#define DOCUMENTS_MAX (INDEX_ENTRIES_MAX + 1u)
#define DOCUMENTS_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define BLOBS_MAX ((size_t)16 * 1024)

#define WHAT_SIZE 56

struct blob {
    img_descriptor descriptor;
    char what[WHAT_SIZE];
};

struct walk {
    const struct copy *copy;
    struct document *documents; /* the top one first */
    size_t document_count;
    size_t document_bytes;
    struct blob *blobs;
    size_t blob_count;
    size_t blob_cap;
    bool top_exists; /* the target has the whole image and lacks at most the name */
};

static void walk_free(struct walk *walk)
{
    for (size_t i = 0; i < walk->document_count; i++)
        img__document_free(&walk->documents[i]);
    free(walk->documents);
    free(walk->blobs);
}

static inline void img__auto_walk(struct walk *walk)
{
    walk_free(walk);
}

/* Takes document over, and leaves it empty, unless it fails. */
static int add_document(struct walk *walk, struct document *document, img_error *err)
{
    if (walk->document_count >= DOCUMENTS_MAX)
        return img__fail(err, IMG_ELIMIT, "the image reaches more than %u manifests",
                         DOCUMENTS_MAX);
    if (document->len > DOCUMENTS_BYTES_MAX - walk->document_bytes)
        return img__fail(err, IMG_ELIMIT, "the manifests of the image are larger than %zu bytes",
                         DOCUMENTS_BYTES_MAX);
    struct document *grown =
        reallocarray(walk->documents, walk->document_count + 1, sizeof(*grown));
    if (!grown)
        return img__fail_memory(err);
    walk->documents = grown;
    walk->documents[walk->document_count++] = *document;
    walk->document_bytes += document->len;
    *document = (struct document)DOCUMENT_INIT;
    return 0;
}

static bool is_index(const struct document *document)
{
    return img__media_kind(document->descriptor.media_type) == MEDIA_INDEX;
}

static bool has_document(const struct walk *walk, const img_digest *digest)
{
    for (size_t i = 0; i < walk->document_count; i++)
        if (img__digest_equal(&walk->documents[i].descriptor.digest, digest))
            return true;
    return false;
}

static int add_blob(struct walk *walk, const img_descriptor *descriptor, const char *what,
                    img_error *err)
{
    for (size_t i = 0; i < walk->blob_count; i++)
        if (img__digest_equal(&walk->blobs[i].descriptor.digest, &descriptor->digest))
            return 0;
    if (walk->blob_count >= BLOBS_MAX)
        return img__fail(err, IMG_ELIMIT, "the image reaches more than %zu blobs", BLOBS_MAX);
    if (walk->blob_count == walk->blob_cap) {
        size_t cap = walk->blob_cap ? walk->blob_cap * 2 : 16;
        struct blob *grown = reallocarray(walk->blobs, cap, sizeof(*grown));
        if (!grown)
            return img__fail_memory(err);
        walk->blobs = grown;
        walk->blob_cap = cap;
    }
    struct blob *blob = &walk->blobs[walk->blob_count++];
    blob->descriptor = *descriptor;
    snprintf(blob->what, sizeof(blob->what), "%s", what);
    return 0;
}

static int visit_manifest(struct walk *walk, const struct document *document, img_error *err)
{
    auto_(manifest) struct manifest manifest = {0};
    int rc = img__manifest_parse(document, &manifest, err);
    for (size_t i = 0; rc == 0 && i < manifest.layer_count; i++) {
        char what[WHAT_SIZE];
        snprintf(what, sizeof(what), "layer %zu/%zu", i + 1, manifest.layer_count);
        rc = add_blob(walk, &manifest.layers[i], what, err);
    }
    if (rc == 0 && manifest.config.size_bytes > walk->copy->config_limit_bytes)
        rc = img__fail(
            err, IMG_ELIMIT, "%s: its config has %llu bytes, more than the limit of %llu",
            document->descriptor.digest.text, (unsigned long long)manifest.config.size_bytes,
            (unsigned long long)walk->copy->config_limit_bytes);
    return rc ? rc : add_blob(walk, &manifest.config, "config", err);
}

static int visit(struct walk *walk, struct document *document, unsigned depth, img_error *err);

/* A child of an index: fetched and visited. A remote target that has it has all that it reaches; a
 * local one saves fetching it, but its blobs are looked at one by one. */
static int visit_child(struct walk *walk, const img_descriptor *child, unsigned depth,
                       img_error *err)
{
    struct endpoint *from = walk->copy->from, *to = walk->copy->to;
    enum media_kind kind = img__media_kind(child->media_type);
    if (kind != MEDIA_INDEX && kind != MEDIA_MANIFEST) {
        img__log(walk->copy->observer, IMG_LOG_WARNING,
                 "%s in the index is a %s, which libimg does not know: it is left out",
                 child->digest.text, child->media_type);
        return 0;
    }
    if (has_document(walk, &child->digest))
        return 0;
    bool has = false;
    int rc = to->ops->has_document(to, child, &has, err);
    if (rc || (has && to->ops->send))
        return rc;
    auto_(document) struct document document = DOCUMENT_INIT;
    struct endpoint *place = has ? to : from;
    rc = place->ops->get_document(place, child, &document, err);
    return rc ? rc : visit(walk, &document, depth, err);
}

static int visit_index(struct walk *walk, size_t at, unsigned depth, img_error *err)
{
    auto_(index) struct index index = {0};
    int rc = img__index_parse(&walk->documents[at], &index, err);
    for (size_t i = 0; rc == 0 && i < index.entry_count; i++)
        rc = visit_child(walk, &index.entries[i], depth + 1, err);
    return rc;
}

/* Takes document over, unless it fails. */
static int visit(struct walk *walk, struct document *document, unsigned depth, img_error *err)
{
    if (depth > INDEX_DEPTH_MAX)
        return img__fail(err, IMG_ELIMIT, "indexes are nested more than %u deep", INDEX_DEPTH_MAX);
    enum media_kind kind = img__media_kind(document->descriptor.media_type);
    size_t at = walk->document_count;
    int rc = add_document(walk, document, err);
    if (rc)
        return rc;
    switch (kind) {
    case MEDIA_INDEX:
        return visit_index(walk, at, depth, err);
    case MEDIA_MANIFEST:
        return visit_manifest(walk, &walk->documents[at], err);
    default:
        return img__fail(err, IMG_EUNSUPPORTED, "%s is a %s, which is no image",
                         walk->documents[at].descriptor.digest.text,
                         walk->documents[at].descriptor.media_type);
    }
}

/* Between two local places. */
static int move_blob(const struct blob_job *job, struct endpoint *to, struct observer *observer,
                     img_error *err)
{
    struct item item;
    const img_descriptor *descriptor = job->descriptor;
    int rc = img__item_start(&item, observer, job->what, descriptor->digest.text,
                             descriptor->size_bytes, err);
    if (rc)
        return rc;
    auto_(sink) struct sink *sink = NULL;
    rc = to->ops->open_sink(to, descriptor, &sink, err);
    if (rc)
        return rc;
    if (!sink)
        return img__item_end(&item, IMG_EVENT_CACHED, NULL, err);
    auto_(source) struct source *source = NULL;
    rc = job->local->ops->open_source(job->local, descriptor, &source, err);
    if (rc == 0)
        rc = img__io_copy(source, sink, err);
    if (rc == 0)
        rc = img__sink_close(sink, err);
    return rc ? rc : img__item_end(&item, IMG_EVENT_DONE, NULL, err);
}

/* Whichever side is remote moves all of them at once. */
static int move_jobs(const struct copy *copy, const struct blob_job *jobs, size_t count,
                     img_error *err)
{
    struct endpoint *from = copy->from, *to = copy->to;
    if (from->ops->fetch && to->ops->send)
        return img__fail(
            err, IMG_EUNSUPPORTED,
            "copying from registry to registry needs a store in between: pull, then push");
    if (from->ops->fetch)
        return from->ops->fetch(from, jobs, count, copy->observer, err);
    if (to->ops->send)
        return to->ops->send(to, jobs, count, copy->observer, err);
    for (size_t i = 0; i < count; i++) {
        int rc = move_blob(&jobs[i], to, copy->observer, err);
        if (rc)
            return rc;
    }
    return 0;
}

static int move_blobs(const struct walk *walk, img_error *err)
{
    const struct copy *copy = walk->copy;
    if (walk->blob_count == 0)
        return 0;
    auto_free struct blob_job *jobs = calloc(walk->blob_count, sizeof(*jobs));
    if (!jobs)
        return img__fail_memory(err);
    for (size_t i = 0; i < walk->blob_count; i++) {
        jobs[i].descriptor = &walk->blobs[i].descriptor;
        jobs[i].what = walk->blobs[i].what;
        jobs[i].local = copy->from->ops->fetch ? copy->to : copy->from;
        jobs[i].mount_from = copy->mount_from;
    }
    return move_jobs(copy, jobs, walk->blob_count, err);
}

/* A document moves: an item of its own for the observer. */
static int put(const struct walk *walk, const struct document *document, bool top, img_error *err)
{
    struct endpoint *to = walk->copy->to;
    struct item item;
    int rc = img__item_start(&item, walk->copy->observer, is_index(document) ? "index" : "manifest",
                             document->descriptor.digest.text, document->len, err);
    if (rc)
        return rc;
    rc = top ? to->ops->set_name(to, document, err) : to->ops->put_document(to, document, err);
    int kind = top && walk->top_exists ? IMG_EVENT_EXISTS : IMG_EVENT_DONE;
    return rc ? rc : img__item_end(&item, kind, NULL, err);
}

/* From the bottom up: children stand behind their parents. */
static int put_documents(const struct walk *walk, img_error *err)
{
    for (size_t i = walk->document_count; i-- > 0;) {
        int rc = put(walk, &walk->documents[i], i == 0, err);
        if (rc)
            return rc;
    }
    return 0;
}

/* The way down to the manifest of one platform: the indexes on it are kept, their other entries are
 * not looked at. Takes document over, unless it fails. */
static int collect_platform(struct walk *walk, struct document *document, img_error *err)
{
    unsigned depth = 0;
    for (; depth <= INDEX_DEPTH_MAX && is_index(document); depth++) {
        auto_(document) struct document child = DOCUMENT_INIT;
        int rc = img__select_child(walk->copy->from, walk->copy->platform, document, &child, err);
        if (rc == 0)
            rc = add_document(walk, document, err);
        if (rc)
            return rc;
        *document = child;
        child = (struct document)DOCUMENT_INIT;
    }
    return visit(walk, document, depth, err);
}

/* Collects what has to move; of an image that a remote target has, only the name. */
static int collect(struct walk *walk, struct document *top, img_error *err)
{
    struct endpoint *to = walk->copy->to;
    bool has = false;
    int rc = to->ops->has_document(to, &top->descriptor, &has, err);
    if (rc)
        return rc;
    walk->top_exists = has && to->ops->send;
    if (walk->copy->platform && is_index(top))
        return collect_platform(walk, top, err);
    return walk->top_exists ? add_document(walk, top, err) : visit(walk, top, 0, err);
}

int img__copy(const struct copy *copy, img_descriptor *top, img_error *err)
{
    auto_(walk) struct walk walk = {.copy = copy};
    auto_(document) struct document document = DOCUMENT_INIT;
    int rc = copy->from->ops->resolve(copy->from, &document, err);
    if (rc == 0 && !copy->keep_index)
        rc = img__select_manifest(copy->from, copy->platform, &document, err);
    if (rc)
        return rc;
    img_descriptor named = document.descriptor;
    rc = collect(&walk, &document, err);
    if (rc == 0)
        rc = move_blobs(&walk, err);
    if (rc == 0)
        rc = put_documents(&walk, err);
    if (rc)
        return rc;
    *top = named;
    return 0;
}
