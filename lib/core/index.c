/* SPDX-License-Identifier: Apache-2.0
 *
 * Indexes, OCI's and Docker's alike. Entries of unknown types are kept: they are somebody's
 * (layers.md M8).
 */
#include "core/index.h"

#include <string.h>

void img__index_free(struct index *index)
{
    free(index->entries);
    img__json_free(index->json);
    memset(index, 0, sizeof(*index));
}

int img__index_parse(const struct document *document, struct index *out, img_error *err)
{
    auto_(index) struct index parsed = INDEX_INIT;
    char what[64];
    int rc = img__document_parse(document, MEDIA_INDEX, what, sizeof(what), &parsed.json, err);
    if (!rc)
        rc = img__descriptor_parse_list(parsed.json, what, "manifests", INDEX_ENTRIES_MAX,
                                        &parsed.entries, &parsed.entry_count, err);
    if (rc)
        return rc;
    *out = parsed;
    parsed = (struct index)INDEX_INIT;
    return 0;
}
