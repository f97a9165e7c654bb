/* SPDX-License-Identifier: Apache-2.0
 *
 * An index of images for several platforms. All that it lists is where it is to be before it is
 * there itself, and its name comes last.
 */
#include "ops/index.h"

#include <string.h>

#include "base/options.h"
#include "core/index_make.h"
#include "core/platform.h"
#include "core/setting.h"
#include "ops/client.h"
#include "ops/new_names.h"

_Static_assert(sizeof(img_index_options) ==
                   offsetof(img_index_options, on_log_arg) + sizeof(void *),
               "no tail padding: a new field could hide in it");

IMG_AUTO_POINTER(making, img_index, img_index_free)

static int begin(img_index *index, const img_index_options *options, img_error *err)
{
    index->options = (img_index_options)IMG_INDEX_OPTIONS_INIT;
    int rc = img__options_copy(&index->options, sizeof(index->options), options,
                               "img_index_options", err);
    if (rc)
        return rc;
    index->observer = (struct observer){index->options.on_event, index->options.on_event_arg,
                                        index->options.on_log, index->options.on_log_arg, 0};
    rc = img__lease_take(index->store, &index->lease, err);
    return rc ? rc : img__store_endpoint(index->store, NULL, &index->local, err);
}

int img_index_new(img_store *store, const img_index_options *options, img_index **out,
                  img_error *err)
{
    auto_(making) img_index *index = calloc(1, sizeof(*index));
    if (!index)
        return img__fail_memory(err);
    index->store = store;
    int rc = begin(index, options, err);
    if (rc == 0)
        *out = steal(index);
    return rc;
}

static void free_source(struct index_source *source)
{
    img__copy_place_free(&source->place);
    free(source->text);
    free(source);
}

void img_index_free(img_index *index)
{
    if (!index)
        return;
    for (size_t i = 0; i < index->member_count; i++) {
        img__json_free(index->members[i].json);
        img__strv_free(&index->members[i].annotations);
    }
    for (size_t i = 0; i < index->source_count; i++)
        free_source(index->sources[i]);
    free(index->members);
    free(index->sources);
    img__strv_free(&index->annotations);
    img__endpoint_free(index->local);
    img__lease_free(index->lease);
    free(index);
}

/* ---- annotations ---- */

/* A key that is there is replaced. */
static int put_pair(struct strv *list, const char *pair, img_error *err)
{
    size_t len = strcspn(pair, "=") + 1, at = 0;
    while (at < list->count && strncmp(list->items[at], pair, len) != 0)
        at++;
    if (at == list->count)
        return img__strv_add(list, pair, err);
    char *own = strdup(pair);
    if (!own)
        return img__fail_memory(err);
    free(list->items[at]);
    list->items[at] = own;
    return 0;
}

int img_index_annotate(img_index *index, const char *annotation, img_error *err)
{
    int rc = img__setting_check_pair("annotation", annotation, err);
    return rc ? rc : put_pair(&index->annotations, annotation, err);
}

/* The same, however it is spelt: not what would run there, too. */
static bool is_meant(const img_platform *wanted, const img_platform *own)
{
    return !wanted || (own->os[0] && img__platform_match(wanted, own) > 0 &&
                       img__platform_match(own, wanted) > 0);
}

int img_index_annotate_entry(img_index *index, const img_platform *platform, const char *annotation,
                             img_error *err)
{
    char text[IMG_PLATFORM_TEXT_MAX];
    bool found = false;
    int rc = img__setting_check_pair("annotation", annotation, err);
    for (size_t i = 0; rc == 0 && i < index->member_count; i++) {
        struct index_member *member = &index->members[i];
        if (!is_meant(platform, &member->descriptor.platform))
            continue;
        found = true;
        rc = put_pair(&member->annotations, annotation, err);
    }
    if (rc || found)
        return rc;
    if (!platform)
        return img__fail(err, IMG_ENOTFOUND, "the index has no images yet");
    img__platform_format(platform, text);
    return img__fail(err, IMG_ENOTFOUND, "the index has no image for %s", text);
}

/* ---- the end ---- */

static int make(const img_index *index, struct document *out, img_error *err)
{
    if (index->member_count == 0)
        return img__fail(err, IMG_EINVAL, "the index has no images");
    auto_free struct index_entry *entries = calloc(index->member_count, sizeof(*entries));
    if (!entries)
        return img__fail_memory(err);
    for (size_t i = 0; i < index->member_count; i++) {
        const struct index_member *member = &index->members[i];
        entries[i].descriptor = member->descriptor;
        entries[i].json = member->json;
        entries[i].annotations =
            member->annotations.count ? img__strv_list(&member->annotations) : NULL;
    }
    return img__index_make(entries, index->member_count, img__strv_list(&index->annotations), out,
                           err);
}

static int bring_all(img_index *index, struct endpoint *to, const img_reference *target,
                     img_error *err)
{
    for (size_t i = 0; i < index->member_count; i++) {
        int rc = img__index_bring(index, &index->members[i], to, target, err);
        if (rc)
            return img__prefix(err, rc, "%s", index->members[i].source->text);
    }
    return 0;
}

int img_index_commit(img_index *index, const char *const *names, img_descriptor *out,
                     img_error *err)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    auto_(strv) struct strv full = STRV_INIT;
    int rc = img__new_names(names, &full, err);
    if (rc == 0)
        rc = make(index, &document, err);
    if (rc == 0)
        rc = bring_all(index, index->local, NULL, err);
    if (rc == 0)
        rc = img__store_put_document(index->store, &document, err);
    if (rc == 0)
        rc = img__store_set_names(index->store, img__strv_list(&full), &document.descriptor, err);
    if (rc)
        return img__prefix(err, rc, "index");
    if (out)
        *out = document.descriptor;
    return 0;
}

static int push(img_index *index, const img_reference *target, const struct document *document,
                img_error *err)
{
    auto_(endpoint) struct endpoint *to = NULL;
    const img_client *client = index->options.client;
    if (!client)
        return img__fail(err, IMG_EINVAL, "a client is needed");
    int rc = img__registry_endpoint(client->registry, target, REGISTRY_PUSH, &to, err);
    if (rc == 0)
        rc = bring_all(index, to, target, err);
    return rc ? rc : to->ops->set_name(to, document, err);
}

int img_index_push(img_index *index, const char *reference, img_descriptor *out, img_error *err)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    auto_(strv) struct strv full = STRV_INIT;
    const char *const names[] = {reference, NULL};
    img_reference target;
    int rc = img_reference_parse(reference, &target, err);
    if (rc == 0)
        rc = img__new_names(names, &full, err);
    if (rc == 0)
        rc = make(index, &document, err);
    if (rc == 0)
        rc = push(index, &target, &document, err);
    if (rc)
        return img__prefix(err, rc, "push %s", reference);
    if (out)
        *out = document.descriptor;
    return 0;
}
