/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of an edit is a copy from where the image was, with what is new beside: documents from
 * memory, layers from the store, those of another base from where that is. So blobs first and the
 * name last is the copy's doing.
 */
#include <string.h>

#include "core/digest.h"
#include "core/reference.h"
#include "ops/client.h"
#include "ops/copy_job.h"
#include "ops/edit.h"
#include "ops/select.h"

struct ending {
    img_edit *edit;
    struct copy_place to;
    struct copy_extra *extras;
    struct copy copy;
    struct supply supply;
    bool in_place; /* the name stays the same */
};

static void img__auto_ending(struct ending *ending)
{
    free(ending->extras);
    img__copy_place_free(&ending->to);
}

/* ---- where it goes ---- */

static int fail_nameless(img_error *err)
{
    return img__fail(err, IMG_EINVAL,
                     "it is named by its digest, which can't stand for anything else: say what the "
                     "result is to be called");
}

/* Under the name that it has there. */
static int open_same_layout(struct ending *ending, img_error *err)
{
    const struct copy_place *from = &ending->edit->from;
    img_store *store = from->store ? from->store : ending->edit->options.store;
    struct copy_place *to = &ending->to;
    to->where.kind = from->where.kind;
    int rc = img__store_label(store, from->name, &to->name, err);
    if (rc)
        return rc;
    if (strchr(to->name, '@') || img_digest_parse(to->name, &(img_digest){""}, NULL) == 0)
        return fail_nameless(err);
    return img__store_endpoint(store, to->name, &to->endpoint, err);
}

static int open_same(struct ending *ending, img_error *err)
{
    const struct copy_place *from = &ending->edit->from;
    ending->in_place = true;
    switch (from->where.kind) {
    case TRANSPORT_REGISTRY:
        return img__copy_place_to(ending->edit->source, ending->edit->client, NULL, from, false,
                                  &ending->to, err);
    case TRANSPORT_STORE:
    case TRANSPORT_OCI:
        return from->reference.digest.text[0] ? fail_nameless(err) : open_same_layout(ending, err);
    default:
        return img__fail(
            err, IMG_EINVAL,
            "an archive is not changed where it is: name another place for the result");
    }
}

static int open_destination(struct ending *ending, const char *destination, bool preview,
                            img_error *err)
{
    img_edit *edit = ending->edit;
    int rc = img__copy_place_to(destination, edit->client, edit->options.store, &edit->from,
                                preview, &ending->to, err);
    if (rc == 0 && ending->to.reference.digest.text[0])
        return img__fail(err, IMG_EINVAL, "%s: the name of a new image can't hold a digest",
                         destination);
    return rc;
}

/* ---- what goes there ---- */

static int relate(const struct ending *ending, const struct copy_place *place,
                  const char **mount_from, bool *same, img_error *err)
{
    *mount_from = NULL;
    *same = false;
    if (place->where.kind != TRANSPORT_REGISTRY || ending->to.where.kind != TRANSPORT_REGISTRY)
        return 0;
    return img__registry_join(place->endpoint, ending->to.endpoint, mount_from, same, err);
}

static void add_held(struct ending *ending, const struct document *old, const struct document *made)
{
    if (old && img__digest_equal(&old->descriptor.digest, &made->descriptor.digest))
        return;
    ending->extras[ending->copy.extra_count++] = (struct copy_extra){
        .digest = made->descriptor.digest,
        .place = ending->edit->held,
    };
}

/* Those of the store and of bases; of each place it is asked once what it has to do with the
 * target. */
static int add_blobs(struct ending *ending, img_error *err)
{
    const img_edit *edit = ending->edit;
    const struct copy_place *last = NULL;
    const char *mount_from = NULL;
    bool same = false;
    for (size_t i = 0; i < edit->blob_count; i++) {
        const struct edit_blob *blob = &edit->blobs[i];
        int rc = 0;
        if (blob->place && blob->place != last)
            rc = relate(ending, blob->place, &mount_from, &same, err);
        if (rc)
            return rc;
        last = blob->place;
        ending->extras[ending->copy.extra_count++] = (struct copy_extra){
            .digest = blob->digest,
            .place = blob->place ? blob->place->endpoint : edit->store_place,
            .mount_from = blob->place ? mount_from : NULL,
            .here = blob->place && same,
        };
    }
    return 0;
}

static int add_extras(struct ending *ending, img_error *err)
{
    const img_edit *edit = ending->edit;
    size_t count = edit->blob_count + 2 * edit->image_count + 1;
    ending->extras = calloc(count, sizeof(*ending->extras));
    if (!ending->extras)
        return img__fail_memory(err);
    ending->copy.extras = ending->extras;
    int rc = add_blobs(ending, err);
    for (size_t i = 0; rc == 0 && i < edit->image_count; i++) {
        const struct edit_image *image = &edit->images[i];
        add_held(ending, &image->config_document, &image->new_config_document);
        add_held(ending, &image->document, &image->new_document);
    }
    if (rc == 0 && edit->index.json)
        add_held(ending, &edit->top, &edit->new_top);
    return rc;
}

static int prepare(struct ending *ending, const char *destination, bool preview, img_error *err)
{
    img_edit *edit = ending->edit;
    int rc =
        destination ? open_destination(ending, destination, preview, err) : open_same(ending, err);
    if (rc == 0)
        rc = add_extras(ending, err);
    if (rc)
        return rc;
    ending->copy.from = edit->from.endpoint;
    ending->copy.to = ending->to.endpoint;
    ending->copy.nameless = ending->in_place && edit->from.reference.digest.text[0];
    ending->copy.config_limit_bytes = img__edit_config_limit(edit);
    ending->copy.observer = &edit->observer;
    ending->copy.supply = img__client_supply(edit->client, &ending->supply);
    return relate(ending, &edit->from, &ending->copy.mount_from, &ending->copy.same_repository,
                  err);
}

/* A docker archive has no indexes: of one, what docker save would take. */
static int choose(struct ending *ending, struct document *document, img_error *err)
{
    auto_(index) struct index index = INDEX_INIT;
    img_platform host;
    size_t best;
    if (ending->to.where.kind != TRANSPORT_DOCKER_ARCHIVE || !ending->edit->index.json)
        return 0;
    img_platform_host(&host);
    int rc = img__index_parse(document, &index, err);
    if (rc == 0)
        rc = img__select_entry(&index, &host, &best, err);
    if (rc)
        return rc;
    const struct copy_extra *extra = img__copy_extra(&ending->copy, &index.entries[best].digest);
    struct endpoint *place = extra ? extra->place : ending->copy.from;
    img__document_free(document);
    return place->ops->get_document(place, &index.entries[best], document, err);
}

/* ---- the two ends ---- */

static int begin(struct ending *ending, const char *destination, bool preview,
                 struct document *document, img_error *err)
{
    int rc = img__edit_make(ending->edit, err);
    if (rc == 0)
        rc = prepare(ending, destination, preview, err);
    if (rc == 0)
        rc = img__document_copy(&ending->edit->new_top, document, err);
    return rc ? rc : choose(ending, document, err);
}

int img_edit_changed(img_edit *edit, uint32_t *out, img_error *err)
{
    int rc = img__edit_make(edit, err);
    if (rc)
        return img__prefix(err, rc, "edit %s", edit->source);
    *out = img__edit_is_changed(edit);
    return 0;
}

int img_edit_preview(img_edit *edit, const char *destination, img_copy_plan *out, img_error *err)
{
    auto_(ending) struct ending ending = {.edit = edit};
    auto_(document) struct document document = DOCUMENT_INIT;
    struct copy_look look = {0};
    int rc = begin(&ending, destination, true, &document, err);
    if (rc == 0)
        rc = img__copy_look_document(&ending.copy, &document, &look, err);
    if (rc)
        return img__prefix(err, rc, "edit %s", edit->source);
    img__copy_take_look(&look, out);
    return 0;
}

int img_edit_commit(img_edit *edit, const char *destination, img_descriptor *out, img_error *err)
{
    auto_(ending) struct ending ending = {.edit = edit};
    auto_(document) struct document document = DOCUMENT_INIT;
    img_descriptor top;
    int rc = begin(&ending, destination, false, &document, err);
    if (rc == 0 && ending.in_place && !edit->moved && !img__edit_is_changed(edit))
        top = document.descriptor;
    else if (rc == 0)
        rc = img__copy_document(&ending.copy, &document, &top, err);
    if (rc)
        return img__prefix(err, rc, "edit %s", edit->source);
    edit->moved |= ending.in_place && img__edit_is_changed(edit);
    if (out)
        *out = top;
    return 0;
}
