/* SPDX-License-Identifier: Apache-2.0
 *
 * Choosing by platform, through nested indexes down to a depth that is no accident.
 */
#include "ops/select.h"

#include <string.h>

#include "core/platform.h"

static int no_platform(const struct index *index, const img_platform *wanted, img_error *err)
{
    auto_(buf) struct buf list = BUF_INIT(512);
    char text[IMG_PLATFORM_TEXT_MAX];
    for (size_t i = 0; i < index->entry_count; i++) {
        const img_platform *platform = &index->entries[i].platform;
        if (!platform->os[0] || strcmp(platform->os, "unknown") == 0)
            continue;
        img__platform_format(platform, text);
        img__buf_printf(&list, "%s%s", list.len ? ", " : "", text);
    }
    if (list.failed == IMG_ENOMEM)
        return img__fail_memory(err);
    img__platform_format(wanted, text);
    return img__fail(err, IMG_ENOTFOUND, "the image is not there for %s, only for: %s", text,
                     list.len ? list.data : "no platform at all");
}

int img__select_check(const img_platform *want, const img_platform *have, img_error *err)
{
    char want_text[IMG_PLATFORM_TEXT_MAX], have_text[IMG_PLATFORM_TEXT_MAX];
    if (img__platform_match(want, have))
        return 0;
    img__platform_format(want, want_text);
    img__platform_format(have, have_text);
    return img__fail(err, IMG_ENOTFOUND, "the image is one for %s, not for %s", have_text,
                     want_text);
}

int img__select_entry(const struct index *index, const img_platform *platform, size_t *out,
                      img_error *err)
{
    size_t best = img__platform_select(platform, index->entries, index->entry_count);
    if (best == index->entry_count)
        return no_platform(index, platform, err);
    *out = best;
    return 0;
}

int img__select_entries(const struct index *index, const img_platform *platforms, size_t count,
                        bool **chosen, img_error *err)
{
    auto_free bool *list = calloc(index->entry_count + 1, sizeof(*list));
    if (!list)
        return img__fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        size_t best;
        int rc = img__select_entry(index, &platforms[i], &best, err);
        if (rc)
            return rc;
        list[best] = true;
    }
    *chosen = steal(list);
    return 0;
}

static int get(struct endpoint *place, struct endpoint *local, const img_descriptor *descriptor,
               struct document *out, img_error *err)
{
    bool has = false;
    int rc = 0;
    if (local && local->ops->get_document && local->ops->has_document)
        rc = local->ops->has_document(local, descriptor, &has, err);
    if (rc)
        return rc;
    return has ? local->ops->get_document(local, descriptor, out, err)
               : place->ops->get_document(place, descriptor, out, err);
}

/* One level down. */
static int descend(struct endpoint *place, struct endpoint *local, const img_platform *platform,
                   struct document *document, img_error *err)
{
    auto_(index) struct index index = INDEX_INIT;
    size_t best;
    int rc = img__index_parse(document, &index, err);
    if (rc == 0)
        rc = img__select_entry(&index, platform, &best, err);
    if (rc)
        return rc;
    auto_(document) struct document child = DOCUMENT_INIT;
    rc = get(place, local, &index.entries[best], &child, err);
    if (rc)
        return rc;
    child.descriptor.platform = index.entries[best].platform;
    img__document_free(document);
    *document = child;
    child = (struct document)DOCUMENT_INIT;
    return 0;
}

int img__select_manifest(struct endpoint *place, struct endpoint *local,
                         const img_platform *platform, struct document *document, img_error *err)
{
    for (unsigned depth = 0; depth <= INDEX_DEPTH_MAX; depth++) {
        if (!platform || img__media_kind(document->descriptor.media_type) != MEDIA_INDEX)
            return 0;
        int rc = descend(place, local, platform, document, err);
        if (rc)
            return rc;
    }
    return img__fail(err, IMG_ELIMIT, "indexes are nested more than %u deep", INDEX_DEPTH_MAX);
}
