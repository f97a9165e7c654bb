/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes into an index. Indexes are flattened, as docker buildx imagetools does it: what one
 * says of its entries is kept. Two images for one platform are refused, since nobody could tell
 * which one a runtime would take, unless one index had them both already.
 */
#include <stdio.h>
#include <string.h>

#include "core/config.h"
#include "core/digest.h"
#include "core/index.h"
#include "core/manifest.h"
#include "core/platform.h"
#include "ops/client.h"
#include "ops/index.h"
#include "ops/select.h"

/* ---- members ---- */

/* Of attestations and artifacts there may be any number. */
static bool is_for(const img_descriptor *descriptor, const img_platform *platform)
{
    const img_platform *own = &descriptor->platform;
    return own->os[0] && strcmp(own->os, "unknown") != 0 &&
           img__platform_match(platform, own) > 0 && img__platform_match(own, platform) > 0 &&
           strcmp(own->os_version, platform->os_version) == 0;
}

static int check_twins(const img_index *index, const img_descriptor *descriptor,
                       const struct index_source *source, bool *known, img_error *err)
{
    char text[IMG_PLATFORM_TEXT_MAX];
    *known = false;
    for (size_t i = 0; i < index->member_count; i++) {
        const struct index_member *member = &index->members[i];
        bool same = img__digest_equal(&member->descriptor.digest, &descriptor->digest);
        bool twin = is_for(&member->descriptor, &descriptor->platform);
        *known |= same && (twin || !descriptor->platform.os[0] ||
                           strcmp(descriptor->platform.os, "unknown") == 0);
        if (same || !twin || member->source == source)
            continue;
        img__platform_format(&descriptor->platform, text);
        return img__fail(err, IMG_EINVAL, "there is an image for %s already, from %s", text,
                         member->source->text);
    }
    return 0;
}

static int add_member(img_index *index, const img_descriptor *descriptor, const struct json *json,
                      const struct index_source *source, img_error *err)
{
    bool known;
    auto_(buf) struct buf text = BUF_INIT(SIZE_MAX / 2);
    struct index_member member = {.descriptor = *descriptor, .source = source};
    int rc = check_twins(index, descriptor, source, &known, err);
    if (rc || known)
        return rc;
    if (index->member_count >= INDEX_ENTRIES_MAX)
        return img__fail(err, IMG_ELIMIT, "more than %u images", INDEX_ENTRIES_MAX);
    struct index_member *grown =
        reallocarray(index->members, index->member_count + 1, sizeof(*grown));
    if (!grown)
        return img__fail_memory(err);
    index->members = grown;
    if (json) {
        img__json_write(json, &text);
        rc = img__buf_check(&text, "an entry", err);
        if (rc == 0)
            rc = img__json_parse("an entry", text.data, text.len, &member.json, err);
    }
    if (rc == 0)
        index->members[index->member_count++] = member;
    return rc;
}

/* ---- manifests ---- */

static int read_platform(img_index *index, const struct index_source *source,
                         const img_descriptor *blob, img_platform *out, img_error *err)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    auto_(config) struct config config = CONFIG_INIT;
    char name[64];
    int rc = img__index_bring_config(index, source, blob, err);
    if (rc == 0)
        rc = img__store_get_document(index->store, blob, CONFIG_READ_MAX, &document, err);
    if (rc)
        return rc;
    img__descriptor_name(blob, name, sizeof(name));
    rc = img__config_parse(name, document.bytes, document.len, &config, err);
    if (rc == 0)
        *out = config.platform;
    return rc;
}

static int add_manifest(img_index *index, const struct index_source *source,
                        const struct document *document, const img_platform *platform,
                        img_error *err)
{
    auto_(manifest) struct manifest manifest = MANIFEST_INIT;
    img_descriptor descriptor = document->descriptor;
    bool image;
    int rc = img__manifest_parse(document, &manifest, err);
    if (rc)
        return rc;
    memset(&descriptor.platform, 0, sizeof(descriptor.platform));
    image = img__media_kind(manifest.config.media_type) == MEDIA_CONFIG;
    if (platform)
        descriptor.platform = *platform;
    else if (image)
        rc = read_platform(index, source, &manifest.config, &descriptor.platform, err);
    return rc ? rc : add_member(index, &descriptor, NULL, source, err);
}

/* ---- indexes ---- */

static int add_index(img_index *index, const struct index_source *source,
                     const struct document *document, unsigned depth, img_error *err);

static int add_entry(img_index *index, const struct index_source *source,
                     const img_descriptor *entry, const struct json *json, unsigned depth,
                     img_error *err)
{
    struct endpoint *from = source->place.endpoint;
    auto_(document) struct document document = DOCUMENT_INIT;
    switch (img__media_kind(entry->media_type)) {
    case MEDIA_MANIFEST:
        return add_member(index, entry, json, source, err);
    case MEDIA_INDEX:
        break;
    default:
        img__log(&index->observer, IMG_LOG_WARNING,
                 "%s in the index is a %s, which libimg does not know: it is left out",
                 entry->digest.text, entry->media_type);
        return 0;
    }
    int rc = from->ops->get_document(from, entry, &document, err);
    return rc ? rc : add_index(index, source, &document, depth + 1, err);
}

static int add_index(img_index *index, const struct index_source *source,
                     const struct document *document, unsigned depth, img_error *err)
{
    auto_(index) struct index parsed = INDEX_INIT;
    if (depth > INDEX_DEPTH_MAX)
        return img__fail(err, IMG_ELIMIT, "indexes are nested more than %u deep", INDEX_DEPTH_MAX);
    int rc = img__index_parse(document, &parsed, err);
    const struct json *entries = img__json_get(parsed.json, "manifests");
    for (size_t i = 0; rc == 0 && i < parsed.entry_count; i++)
        rc = add_entry(index, source, &parsed.entries[i], img__json_at(entries, i), depth, err);
    return rc;
}

/* ---- sources ---- */

static bool is_bare(const char *text, const struct transport *where)
{
    return where->kind == TRANSPORT_REGISTRY && strcmp(text, where->name) == 0;
}

/* A reference alone is the store's, if that has it; the registry's only if there is a client. */
static int place_text(const img_index *index, const char *text, char **out, img_error *err)
{
    auto_(transport) struct transport where = TRANSPORT_INIT;
    img_descriptor found;
    img_error missing;
    const char *prefix = "";
    int rc = img__transport_parse(text, &where, err);
    if (rc)
        return rc;
    if (is_bare(text, &where)) {
        rc = img_store_resolve(index->store, text, &found, &missing);
        if (rc && (rc != IMG_ENOTFOUND || !index->options.client)) {
            if (err)
                *err = missing;
            return rc;
        }
        prefix = rc ? "docker://" : "store:";
    }
    if (asprintf(out, "%s%s", prefix, text) >= 0)
        return 0;
    *out = NULL;
    return img__fail_memory(err);
}

static int new_source(img_index *index, const char *text, struct index_source **out, img_error *err)
{
    struct index_source **grown =
        reallocarray(index->sources, index->source_count + 1, sizeof(struct index_source *));
    if (!grown)
        return img__fail_memory(err);
    index->sources = grown;
    struct index_source *source = calloc(1, sizeof(*source));
    if (!source)
        return img__fail_memory(err);
    index->sources[index->source_count++] = *out = source;
    source->text = strdup(text);
    auto_free char *place = NULL;
    int rc = source->text ? place_text(index, text, &place, err) : img__fail_memory(err);
    return rc ? rc
              : img__copy_place_from(place, index->options.client, index->store, &source->place,
                                     err);
}

static int add(img_index *index, const char *text, const img_platform *platform, img_error *err)
{
    struct index_source *source = NULL;
    auto_(document) struct document document = DOCUMENT_INIT;
    auto_(document) struct document chosen = DOCUMENT_INIT;
    int rc = new_source(index, text, &source, err);
    if (rc == 0)
        rc = source->place.endpoint->ops->resolve(source->place.endpoint, &document, err);
    if (rc)
        return rc;
    if (img__media_kind(document.descriptor.media_type) != MEDIA_INDEX)
        return add_manifest(index, source, &document, platform, err);
    if (!platform)
        return add_index(index, source, &document, 0, err);
    rc = img__select_index(&document, platform, 1, &chosen, err);
    return rc ? rc : add_index(index, source, &chosen, 0, err);
}

/* What a source that failed has added is taken back. */
int img_index_add(img_index *index, const char *source, const img_platform *platform,
                  img_error *err)
{
    size_t before = index->member_count;
    int rc = add(index, source, platform, err);
    while (rc && index->member_count > before)
        img__json_free(index->members[--index->member_count].json);
    return rc ? img__prefix(err, rc, "add %s", source) : 0;
}
