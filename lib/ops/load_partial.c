/* SPDX-License-Identifier: Apache-2.0
 *
 * Indexes whose images are not all in the archive: docker with its new image store saves an image
 * for several platforms with its whole index, but only those platforms that it has. The index is
 * kept then, so that the digest is, and what is there of it.
 */
#include <string.h>

#include "core/index.h"
#include "core/manifest.h"
#include "ops/load.h"

/* Is all of a manifest there? */
static int is_whole(struct endpoint *from, const img_descriptor *entry, bool *whole, img_error *err)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    auto_(manifest) struct manifest manifest = MANIFEST_INIT;
    int rc = from->ops->has_document(from, entry, whole, err);
    if (rc || !*whole || img__media_kind(entry->media_type) != MEDIA_MANIFEST)
        return rc;
    rc = from->ops->get_document(from, entry, &document, err);
    if (rc == 0)
        rc = img__manifest_parse(&document, &manifest, err);
    if (rc == 0)
        rc = from->ops->has_document(from, &manifest.config, whole, err);
    for (size_t i = 0; rc == 0 && *whole && i < manifest.layer_count; i++)
        rc = from->ops->has_document(from, &manifest.layers[i], whole, err);
    return rc;
}

static bool has_platform(const img_descriptor *entry)
{
    return *entry->platform.os && strcmp(entry->platform.os, "unknown") != 0;
}

static int look(struct endpoint *from, const struct index *index, img_platform **out, size_t *count,
                img_error *err)
{
    bool missing = false;
    auto_free img_platform *found = calloc(index->entry_count + 1, sizeof(*found));
    if (!found)
        return img__fail_memory(err);
    *count = 0;
    for (size_t i = 0; i < index->entry_count; i++) {
        bool whole = false;
        int rc = is_whole(from, &index->entries[i], &whole, err);
        if (rc)
            return rc;
        missing = missing || !whole;
        if (whole && has_platform(&index->entries[i]))
            found[(*count)++] = index->entries[i].platform;
    }
    if (!missing)
        *count = 0;
    *out = *count ? steal(found) : NULL;
    return 0;
}

int img__load_partial(struct endpoint *from, img_platform **out, size_t *count, img_error *err)
{
    auto_(document) struct document top = DOCUMENT_INIT;
    auto_(index) struct index index = INDEX_INIT;
    *out = NULL;
    *count = 0;
    int rc = from->ops->resolve(from, &top, err);
    if (rc || img__media_kind(top.descriptor.media_type) != MEDIA_INDEX)
        return rc;
    rc = img__index_parse(&top, &index, err);
    return rc ? rc : look(from, &index, out, count, err);
}
