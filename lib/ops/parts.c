/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk over an image that need not be whole: documents are read as long as they are there, and
 * the rest is only named. The list is made before anyone is told, so that whoever is told may bring
 * what is missing.
 */
#include "ops/parts.h"

#include "core/digest.h"
#include "core/manifest.h"
#include "ops/seen.h"
#include "ops/select.h"

/* What is read rather than looked at, as when it is pulled. */
#define SMALL_BYTES ((uint64_t)256 * 1024)
#define DOCUMENT_BYTES_MAX ((uint64_t)16 << 20)

struct walk {
    img_store *store;
    const img_platform *platform;
    struct parts *out;
    void *documents, *blobs; /* those that were met; see ops/seen.h */
    uint64_t document_bytes;
    size_t document_count, blob_count;
};

static void img__auto_walk(struct walk *walk)
{
    img__seen_free(walk->documents);
    img__seen_free(walk->blobs);
}

void img__parts_free(struct parts *parts)
{
    free(parts->items);
    *parts = (struct parts)PARTS_INIT;
}

static int add(struct parts *parts, const img_descriptor *descriptor, int32_t kind, bool present,
               img_error *err)
{
    if (parts->count == parts->cap) {
        size_t cap = parts->cap ? parts->cap * 2 : 16;
        struct image_part *grown = reallocarray(parts->items, cap, sizeof(*grown));
        if (!grown)
            return img__fail_memory(err);
        parts->items = grown;
        parts->cap = cap;
    }
    parts->items[parts->count++] = (struct image_part){*descriptor, kind, present};
    return 0;
}

static int add_blob(struct walk *walk, const img_descriptor *blob, int32_t kind, img_error *err)
{
    bool known;
    int rc = img__seen_add(&walk->blobs, blob, &known, err);
    if (rc || known)
        return rc;
    if (walk->blob_count++ >= SEEN_BLOBS_MAX)
        return img__fail(err, IMG_ELIMIT, "the image reaches more than %zu blobs", SEEN_BLOBS_MAX);
    if (blob->size_bytes <= SMALL_BYTES)
        rc = img__store_mend(walk->store, blob, err);
    return rc ? rc : add(walk->out, blob, kind, img__store_has(walk->store, blob), err);
}

static int walk_manifest(struct walk *walk, const struct document *document, img_error *err)
{
    auto_(manifest) struct manifest manifest = MANIFEST_INIT;
    int rc = img__manifest_parse(document, &manifest, err);
    for (size_t i = 0; rc == 0 && i < manifest.layer_count; i++)
        rc = add_blob(walk, &manifest.layers[i], IMG_PART_LAYER, err);
    return rc ? rc : add_blob(walk, &manifest.config, IMG_PART_CONFIG, err);
}

static int visit(struct walk *walk, const img_descriptor *descriptor, unsigned depth,
                 img_error *err);

static bool is_document(const img_descriptor *descriptor)
{
    enum media_kind kind = img__media_kind(descriptor->media_type);
    return kind == MEDIA_INDEX || kind == MEDIA_MANIFEST;
}

/* What is neither is left out, as when it is copied, unless it was chosen. */
static int walk_index(struct walk *walk, const struct document *document, unsigned depth,
                      img_error *err)
{
    auto_(index) struct index index = INDEX_INIT;
    auto_free bool *chosen = NULL;
    int rc = img__index_parse(document, &index, err);
    if (rc == 0 && walk->platform)
        rc = img__select_entries(&index, walk->platform, 1, &chosen, err);
    for (size_t i = 0; rc == 0 && i < index.entry_count; i++)
        if (chosen ? chosen[i] : is_document(&index.entries[i]))
            rc = visit(walk, &index.entries[i], depth + 1, err);
    return rc;
}

/* *found: it is there, and may be walked. */
static int open_document(struct walk *walk, const img_descriptor *descriptor,
                         struct document *document, bool *found, img_error *err)
{
    *found = false;
    if (walk->document_count++ >= SEEN_DOCUMENTS_MAX)
        return img__fail(err, IMG_ELIMIT, "the image reaches more than %zu manifests",
                         SEEN_DOCUMENTS_MAX);
    int rc = img__store_mend(walk->store, descriptor, err);
    if (rc || !img__store_has(walk->store, descriptor))
        return rc;
    if (descriptor->size_bytes > SEEN_DOCUMENT_BYTES_MAX - walk->document_bytes)
        return img__fail(err, IMG_ELIMIT, "the manifests of the image are larger than %zu bytes",
                         SEEN_DOCUMENT_BYTES_MAX);
    walk->document_bytes += descriptor->size_bytes;
    *found = true;
    return img__store_get_document(walk->store, descriptor, DOCUMENT_BYTES_MAX, document, err);
}

static int visit(struct walk *walk, const img_descriptor *descriptor, unsigned depth,
                 img_error *err)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    bool index = img__media_kind(descriptor->media_type) == MEDIA_INDEX;
    bool known, found = false;
    if (depth > INDEX_DEPTH_MAX)
        return img__fail(err, IMG_ELIMIT, "indexes are nested more than %u deep", INDEX_DEPTH_MAX);
    if (!is_document(descriptor))
        return img__fail(err, IMG_EUNSUPPORTED, "%s is a '%.100s', which is no image",
                         descriptor->digest.text, descriptor->media_type);
    int rc = img__seen_add(&walk->documents, descriptor, &known, err);
    if (rc || known)
        return rc;
    rc = open_document(walk, descriptor, &document, &found, err);
    if (rc == 0 && found)
        rc = index ? walk_index(walk, &document, depth, err) : walk_manifest(walk, &document, err);
    return rc ? rc
              : add(walk->out, descriptor, index ? IMG_PART_INDEX : IMG_PART_MANIFEST, found, err);
}

int img__parts_find(img_store *store, const img_descriptor *target, const img_platform *platform,
                    struct parts *out, img_error *err)
{
    auto_(walk) struct walk walk = {.store = store, .platform = platform, .out = out};
    img_digest checked;
    int rc = img_digest_parse(target->digest.text, &checked, err);
    return rc ? rc : visit(&walk, target, 0, err);
}

int img__parts_check(const struct parts *parts, img_error *err)
{
    char name[80];
    size_t missing = 0;
    for (size_t i = parts->count; i > 0; i--) {
        if (parts->items[i - 1].present)
            continue;
        missing++;
        img__descriptor_name(&parts->items[i - 1].descriptor, name, sizeof(name));
    }
    return missing
               ? img__fail(err, IMG_ENOTFOUND,
                           "the store does not have all of it: %s is missing (%zu of %zu parts)",
                           name, missing, parts->count)
               : 0;
}

int img_store_parts(img_store *store, const img_descriptor *target, const img_platform *platform,
                    img_part_fn fn, void *arg, img_error *err)
{
    auto_(parts) struct parts parts = PARTS_INIT;
    int rc = img__parts_find(store, target, platform, &parts, err);
    for (size_t i = 0; rc == 0 && i < parts.count; i++) {
        const struct image_part *part = &parts.items[i];
        if (fn(&part->descriptor, part->kind, part->present, arg))
            rc = img__fail(err, IMG_ECANCELED, "the list was ended by its caller");
    }
    return rc;
}
