/* SPDX-License-Identifier: Apache-2.0
 *
 * An index with fewer platforms. The entries that stay, and all else that the index says, keep
 * their order and what is in them, also what is unknown here. BuildKit attaches attestations to a
 * manifest as entries without a platform that tell its digest: these go where it goes.
 */
#include <string.h>

#include "core/json.h"
#include "ops/select.h"

#define ATTACHED_KEY "vnd.docker.reference.digest"

static bool is_chosen_digest(const struct index *index, const bool *chosen, const char *text)
{
    for (size_t i = 0; i < index->entry_count; i++)
        if (chosen[i] && strcmp(index->entries[i].digest.text, text) == 0)
            return true;
    return false;
}

const char *img__index_attached_to(const struct json *entry)
{
    const struct json *annotations = img__json_get(entry, "annotations");
    bool object = img__json_kind(annotations) == JSON_OBJECT;
    return object ? img__json_text(img__json_get(annotations, ATTACHED_KEY)) : NULL;
}

static bool is_attached(const struct index *index, const bool *chosen, const struct json *entry)
{
    const char *to = img__index_attached_to(entry);
    return to && is_chosen_digest(index, chosen, to);
}

/* From behind, so that places before stay the same. */
static void remove_others(struct json *entries, const bool *keep, size_t count)
{
    for (size_t i = count; i > 0; i--)
        if (!keep[i - 1])
            img__json_remove_at(entries, i - 1);
}

int img__select_index(const struct document *document, const img_platform *platforms, size_t count,
                      struct document *out, img_error *err)
{
    auto_(index) struct index index = INDEX_INIT;
    auto_free bool *chosen = NULL;
    int rc = img__index_parse(document, &index, err);
    if (rc == 0)
        rc = img__select_entries(&index, platforms, count, &chosen, err);
    if (rc)
        return rc;
    struct json *entries = img__json_open(index.json, "manifests", JSON_ARRAY);
    auto_free bool *keep = calloc(index.entry_count + 1, sizeof(*keep));
    if (!entries || !keep)
        return img__fail_memory(err);
    for (size_t i = 0; i < index.entry_count; i++)
        keep[i] = chosen[i] || is_attached(&index, chosen, img__json_at(entries, i));
    remove_others(entries, keep, index.entry_count);
    return img__document_from_json(document->descriptor.media_type, index.json, out, err);
}
