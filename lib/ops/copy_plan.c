/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk from the top of an image down. Whatever is reached twice is looked into once and moves
 * once; a document comes behind all that it reaches, so that the target never has one that reaches
 * what it lacks (registry.md U1).
 *
 * A document that a registry has already ends the walk there: it was only accepted with all that
 * it reaches. One that a store has is read there, and its blobs are looked at one by one.
 *
 * A registry that can mount all of a manifest from another repository is not asked first whether it
 * has it: the answer would cost what it saves.
 */
#include "ops/copy_plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/descriptor_data.h"
#include "core/digest.h"
#include "core/manifest.h"
#include "ops/seen.h"
#include "ops/select.h"

void img__plan_free(struct plan *plan)
{
    for (size_t i = 0; i < plan->document_count; i++)
        img__document_free(&plan->documents[i].document);
    free(plan->documents);
    for (size_t i = 0; i < plan->blob_count; i++) {
        free(plan->blobs[i].data);
        img__strv_free(&plan->blobs[i].urls);
    }
    free(plan->blobs);
    img__copy_seen_free(&plan->own);
}

void img__copy_seen_free(struct copy_seen *seen)
{
    img__seen_free(seen->documents);
    img__seen_free(seen->blobs);
    *seen = (struct copy_seen){NULL, NULL};
}

const struct copy_extra *img__copy_extra(const struct copy *copy, const img_digest *digest)
{
    for (size_t i = 0; i < copy->extra_count; i++)
        if (img__digest_equal(&copy->extras[i].digest, digest))
            return &copy->extras[i];
    return NULL;
}

static int see_document(struct plan *plan, const img_descriptor *descriptor, bool *known,
                        img_error *err)
{
    int rc = img__seen_add(&plan->seen->documents, descriptor, known, err);
    if (rc || *known)
        return rc;
    if (plan->seen_count >= SEEN_DOCUMENTS_MAX)
        return img__fail(err, IMG_ELIMIT, "the image reaches more than %zu manifests",
                         SEEN_DOCUMENTS_MAX);
    plan->seen_count++;
    return 0;
}

/* Takes document over, and leaves it empty, unless it fails. */
static int add_document(struct plan *plan, struct document *document, bool exists, img_error *err)
{
    if (plan->document_count == plan->document_cap) {
        size_t cap = plan->document_cap ? plan->document_cap * 2 : 4;
        struct plan_document *grown = reallocarray(plan->documents, cap, sizeof(*grown));
        if (!grown)
            return img__fail_memory(err);
        plan->documents = grown;
        plan->document_cap = cap;
    }
    plan->documents[plan->document_count++] = (struct plan_document){*document, exists};
    *document = (struct document)DOCUMENT_INIT;
    return 0;
}

/* *slot is NULL if the blob is there already. */
static int add_blob(struct plan *plan, const img_descriptor *descriptor, struct plan_blob **slot,
                    img_error *err)
{
    bool known;
    *slot = NULL;
    int rc = img__seen_add(&plan->seen->blobs, descriptor, &known, err);
    if (rc || known)
        return rc;
    if (plan->blob_count >= SEEN_BLOBS_MAX)
        return img__fail(err, IMG_ELIMIT, "the image reaches more than %zu blobs", SEEN_BLOBS_MAX);
    if (plan->blob_count == plan->blob_cap) {
        size_t cap = plan->blob_cap ? plan->blob_cap * 2 : 16;
        struct plan_blob *grown = reallocarray(plan->blobs, cap, sizeof(*grown));
        if (!grown)
            return img__fail_memory(err);
        plan->blobs = grown;
        plan->blob_cap = cap;
    }
    *slot = &plan->blobs[plan->blob_count++];
    **slot = (struct plan_blob){.descriptor = *descriptor};
    return 0;
}

/* What a descriptor says besides, for who fetches it. */
static int add_extras(const struct plan *plan, struct plan_blob *blob, const struct json *json,
                      img_error *err)
{
    if (!plan->copy->from->ops->fetch)
        return 0;
    int rc = img__descriptor_data(json, &blob->data, err);
    return rc ? rc : img__descriptor_urls(json, &blob->urls, err);
}

/* Has the target this blob? there: it has a document that reaches it. */
static bool is_there(const struct plan *plan, const img_descriptor *blob, bool there)
{
    const struct copy *copy = plan->copy;
    const struct copy_extra *extra = img__copy_extra(copy, &blob->digest);
    return extra ? extra->here : there || copy->same_repository;
}

static int add_config(struct plan *plan, const struct document *document,
                      const struct manifest *manifest, bool exists, img_error *err)
{
    struct plan_blob *slot;
    const img_descriptor *config = &manifest->config;
    uint64_t limit = plan->copy->config_limit_bytes;
    if (config->size_bytes > limit)
        return img__fail(err, IMG_ELIMIT,
                         "%s: its config has %" PRIu64 " bytes, more than the limit of %" PRIu64,
                         document->descriptor.digest.text, config->size_bytes, limit);
    int rc = add_blob(plan, config, &slot, err);
    if (rc || !slot)
        return rc;
    snprintf(slot->what, sizeof(slot->what), "config");
    slot->exists = is_there(plan, config, exists);
    return add_extras(plan, slot, img__json_get(manifest->json, "config"), err);
}

/* A layer that others distribute, and say where, is not put into a registry (registry.md L12). */
static int stays_away(const struct plan *plan, const img_descriptor *layer, const struct json *json,
                      bool *away, img_error *err)
{
    auto_(strv) struct strv urls = {0};
    *away = false;
    if (!plan->copy->to->ops->send || !img__media_is_foreign(layer->media_type))
        return 0;
    int rc = img__descriptor_urls(json, &urls, err);
    *away = rc == 0 && urls.count > 0;
    if (*away)
        img__log(plan->copy->observer, IMG_LOG_INFO,
                 "the layer %s is not sent: others distribute it, at %s", layer->digest.text,
                 img__strv_list(&urls)[0]);
    return rc;
}

static int add_layer(struct plan *plan, const struct manifest *manifest, size_t number,
                     const struct json *json, bool exists, img_error *err)
{
    const img_descriptor *layer = &manifest->layers[number];
    struct plan_blob *slot;
    bool away;
    int rc = stays_away(plan, layer, json, &away, err);
    if (rc || away)
        return rc;
    rc = add_blob(plan, layer, &slot, err);
    if (rc || !slot)
        return rc;
    snprintf(slot->what, sizeof(slot->what), "layer %zu/%zu", number + 1, manifest->layer_count);
    slot->layer = true;
    slot->exists = is_there(plan, layer, exists);
    return add_extras(plan, slot, json, err);
}

static int visit_manifest(struct plan *plan, const struct document *document, bool exists,
                          img_error *err)
{
    bool there = exists && plan->copy->to->ops->send;
    auto_(manifest) struct manifest manifest = MANIFEST_INIT;
    int rc = img__manifest_parse(document, &manifest, err);
    const struct json *layers = img__json_get(manifest.json, "layers");
    for (size_t i = 0; rc == 0 && i < manifest.layer_count; i++)
        rc = add_layer(plan, &manifest, i, img__json_at(layers, i), there, err);
    return rc ? rc : add_config(plan, document, &manifest, there, err);
}

/* Has the target this document? */
static int ask(const struct plan *plan, const img_descriptor *descriptor, bool top, bool *has,
               img_error *err)
{
    const struct copy *copy = plan->copy;
    bool mounts = copy->mount_from && copy->from->ops->fetch;
    *has = false;
    if (img__copy_extra(copy, &descriptor->digest)) /* new, most likely */
        return 0;
    *has = copy->same_repository;
    if (*has || copy->fresh ||
        (top && mounts && img__media_kind(descriptor->media_type) == MEDIA_MANIFEST))
        return 0;
    return copy->to->ops->has_document(copy->to, descriptor, has, err);
}

static int visit(struct plan *plan, struct document *document, bool exists, unsigned depth,
                 img_error *err);

static int visit_child(struct plan *plan, const img_descriptor *child, unsigned depth,
                       img_error *err)
{
    struct endpoint *to = plan->copy->to;
    enum media_kind kind = img__media_kind(child->media_type);
    /* What was chosen by its platform is refused rather than left out. */
    if (kind != MEDIA_INDEX && kind != MEDIA_MANIFEST && !plan->copy->platform_count) {
        img__log(plan->copy->observer, IMG_LOG_WARNING,
                 "%s in the index is a %s, which libimg does not know: it is left out",
                 child->digest.text, child->media_type);
        return 0;
    }
    bool known, has = false;
    int rc = see_document(plan, child, &known, err);
    if (rc == 0 && !known)
        rc = ask(plan, child, false, &has, err);
    if (rc || known || (has && to->ops->send && !plan->whole))
        return rc;
    auto_(document) struct document document = DOCUMENT_INIT;
    const struct copy_extra *extra = img__copy_extra(plan->copy, &child->digest);
    struct endpoint *place = has && !plan->whole ? to : extra ? extra->place : plan->copy->from;
    rc = place->ops->get_document(place, child, &document, err);
    return rc ? rc : visit(plan, &document, has, depth, err);
}

/* All entries, or those for the platforms. */
static int visit_index(struct plan *plan, const struct document *document, unsigned depth,
                       img_error *err)
{
    const struct copy *copy = plan->copy;
    auto_(index) struct index index = INDEX_INIT;
    auto_free bool *chosen = NULL;
    int rc = img__index_parse(document, &index, err);
    if (rc == 0 && copy->keep_index && copy->platform_count)
        rc = img__select_entries(&index, copy->platforms, copy->platform_count, &chosen, err);
    for (size_t i = 0; rc == 0 && i < index.entry_count; i++)
        if (!chosen || chosen[i])
            rc = visit_child(plan, &index.entries[i], depth + 1, err);
    return rc;
}

/* Takes document over, unless it fails. */
static int visit(struct plan *plan, struct document *document, bool exists, unsigned depth,
                 img_error *err)
{
    int rc;
    if (depth > INDEX_DEPTH_MAX)
        return img__fail(err, IMG_ELIMIT, "indexes are nested more than %u deep", INDEX_DEPTH_MAX);
    if (document->len > SEEN_DOCUMENT_BYTES_MAX - plan->document_bytes)
        return img__fail(err, IMG_ELIMIT, "the manifests of the image are larger than %zu bytes",
                         SEEN_DOCUMENT_BYTES_MAX);
    plan->document_bytes += document->len;
    switch (img__media_kind(document->descriptor.media_type)) {
    case MEDIA_INDEX:
        rc = visit_index(plan, document, depth, err);
        break;
    case MEDIA_MANIFEST:
        rc = visit_manifest(plan, document, exists, err);
        break;
    default:
        return img__fail(err, IMG_EUNSUPPORTED, "%s is a %s, which is no image",
                         document->descriptor.digest.text, document->descriptor.media_type);
    }
    return rc ? rc : add_document(plan, document, exists, err);
}

int img__plan_make(const struct copy *copy, struct document *top, struct plan *plan, img_error *err)
{
    struct endpoint *to = copy->to;
    bool known, has = false;
    plan->copy = copy;
    plan->seen = copy->seen ? copy->seen : &plan->own;
    int rc = see_document(plan, &top->descriptor, &known, err);
    if (rc == 0)
        rc = ask(plan, &top->descriptor, true, &has, err);
    if (rc)
        return rc;
    /* Of an image that a registry has, only the name is missing. */
    return has && to->ops->send && !plan->whole ? add_document(plan, top, true, err)
                                                : visit(plan, top, has, 0, err);
}
