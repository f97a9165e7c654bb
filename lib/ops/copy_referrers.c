/* SPDX-License-Identifier: Apache-2.0
 *
 * Signatures, attestations and the like (registry.md M6, R1): each is a manifest that names its
 * subject, and may be a subject itself. Whatever was copied is asked for once, so those that refer
 * to each other in a circle, which only a list under a tag can claim, come to an end. They have no
 * names; a registry without an API for referrers has its list changed by whoever puts them.
 *
 * What is listed and not there is left out: lists under tags may be out of date.
 */
#include "ops/copy_referrers.h"

#define SUBJECTS_MAX ((size_t)10000)

struct found {
    img_descriptor *list;
    size_t count;
    size_t cap;
};

static void img__auto_found(struct found *found)
{
    free(found->list);
}

static int take(const img_descriptor *descriptor, void *arg, img_error *err)
{
    struct found *found = arg;
    if (found->count == SUBJECTS_MAX)
        return img__fail(err, IMG_ELIMIT, "more than %zu referrers", SUBJECTS_MAX);
    if (found->count == found->cap) {
        size_t cap = found->cap ? found->cap * 2 : 8;
        img_descriptor *grown = reallocarray(found->list, cap, sizeof(*grown));
        if (!grown)
            return img__fail_memory(err);
        found->list = grown;
        found->cap = cap;
    }
    found->list[found->count++] = *descriptor;
    return 0;
}

static int copy_one(const struct copy *copy, const img_descriptor *descriptor,
                    struct strv *subjects, img_error *err)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    struct endpoint *from = copy->from;
    struct copy own = *copy;
    img_descriptor top;
    img_error local;
    own.nameless = true;
    own.also_count = 0;
    own.platform_count = 0;
    own.documents = subjects;
    int rc = from->ops->get_document(from, descriptor, &document, &local);
    if (rc == IMG_ENOTFOUND) {
        img__log(copy->observer, IMG_LOG_WARNING, "%s is listed as a referrer and is not there",
                 descriptor->digest.text);
        return 0;
    }
    if (rc && err)
        *err = local;
    return rc ? rc : img__copy_document(&own, &document, &top, err);
}

static int copy_those_of(const struct copy *copy, const char *subject, struct strv *subjects,
                         img_error *err)
{
    auto_(found) struct found found = {NULL, 0, 0};
    img_digest digest;
    int rc = img_digest_parse(subject, &digest, err);
    if (rc == 0)
        rc = copy->from->ops->referrers(copy->from, &digest, take, &found, err);
    for (size_t i = 0; rc == 0 && i < found.count; i++) {
        const img_descriptor *one = &found.list[i];
        if (img__strv_has(subjects, one->digest.text))
            continue;
        rc = copy_one(copy, one, subjects, err);
        if (rc)
            return img__prefix(err, rc, "referrer %s", one->digest.text);
    }
    return rc;
}

int img__copy_referrers(const struct copy *copy, struct strv *subjects, img_error *err)
{
    for (size_t i = 0; i < subjects->count; i++) {
        if (subjects->count > SUBJECTS_MAX)
            return img__fail(err, IMG_ELIMIT, "more than %zu manifests and referrers",
                             SUBJECTS_MAX);
        int rc = copy_those_of(copy, img__strv_list(subjects)[i], subjects, err);
        if (rc)
            return rc;
    }
    return 0;
}
