/* SPDX-License-Identifier: Apache-2.0
 *
 * Choosing by platform, through nested indexes down to a depth that is no accident.
 */
#include "ops/select.h"

#include <string.h>

#include "core/index.h"
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
    img__platform_format(wanted, text);
    return img__fail(err, IMG_ENOTFOUND, "the image is not there for %s, only for: %s", text,
                     list.len ? list.data : "no platform at all");
}

int img__select_child(struct endpoint *place, const img_platform *platform,
                      const struct document *document, struct document *out, img_error *err)
{
    auto_(index) struct index index = {0};
    int rc = img__index_parse(document, &index, err);
    if (rc)
        return rc;
    size_t best = img__platform_select(platform, index.entries, index.entry_count);
    if (best == index.entry_count)
        return no_platform(&index, platform, err);
    rc = place->ops->get_document(place, &index.entries[best], out, err);
    if (rc == 0)
        out->descriptor.platform = index.entries[best].platform;
    return rc;
}

int img__select_manifest(struct endpoint *place, const img_platform *platform,
                         struct document *document, img_error *err)
{
    for (unsigned depth = 0; depth <= INDEX_DEPTH_MAX; depth++) {
        if (!platform || img__media_kind(document->descriptor.media_type) != MEDIA_INDEX)
            return 0;
        struct document child = DOCUMENT_INIT;
        int rc = img__select_child(place, platform, document, &child, err);
        if (rc)
            return rc;
        img__document_free(document);
        *document = child;
    }
    return img__fail(err, IMG_ELIMIT, "indexes are nested more than %u deep", INDEX_DEPTH_MAX);
}
