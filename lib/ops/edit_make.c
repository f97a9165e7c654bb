/* SPDX-License-Identifier: Apache-2.0
 *
 * The documents that an edit comes to. What is written anew is only taken for new if it says
 * something else than the old one, whose bytes stay otherwise, whatever spaces they have.
 */
#include "ops/edit.h"

#include <string.h>

#include "ops/select.h"

/* Does a document say the same as json? */
static int says(const struct document *document, const struct json *json, bool *same,
                img_error *err)
{
    auto_(json) struct json *old = NULL;
    int rc = img__json_parse("the document", document->bytes, document->len, &old, err);
    if (rc == 0)
        *same = img__json_equal(old, json);
    return rc;
}

/* The old document where nothing has changed. *out is replaced. */
static int remake(const struct document *old, const char *media_type, const struct json *json,
                  struct document *out, img_error *err)
{
    bool same;
    img__document_free(out);
    int rc = says(old, json, &same, err);
    if (rc)
        return rc;
    return same ? img__document_copy(old, out, err)
                : img__document_from_json(media_type, json, out, err);
}

static bool is_new(const struct document *old, const struct document *made)
{
    return strcmp(old->descriptor.digest.text, made->descriptor.digest.text) != 0;
}

static const char *type_of(const struct document *document, bool oci)
{
    const char *type = document->descriptor.media_type;
    return oci ? img__media_to_oci(type) : type;
}

static bool points_to(const struct json *manifest, const struct document *config)
{
    const struct json *descriptor = img__json_get(manifest, "config");
    const char *digest = img__json_text(img__json_get(descriptor, "digest"));
    return digest && strcmp(digest, config->descriptor.digest.text) == 0;
}

static int make_image(img_edit *edit, struct edit_image *image, img_error *err)
{
    int rc = remake(&image->config_document, type_of(&image->config_document, image->oci),
                    image->config.json, &image->new_config_document, err);
    if (rc == 0 && is_new(&image->config_document, &image->new_config_document))
        rc = img__held_put(edit->held, &image->new_config_document, err);
    if (rc == 0 && !points_to(image->manifest.json, &image->new_config_document))
        rc =
            img__manifest_set_config(&image->manifest, &image->new_config_document.descriptor, err);
    if (rc == 0)
        rc = remake(&image->document, type_of(&image->document, image->oci), image->manifest.json,
                    &image->new_document, err);
    if (rc)
        return rc;
    if (image->document.descriptor.platform.os[0])
        image->new_document.descriptor.platform = image->config.platform;
    return is_new(&image->document, &image->new_document)
               ? img__held_put(edit->held, &image->new_document, err)
               : 0;
}

/* ---- the index ---- */

static int set_entry(const struct edit_image *image, const img_descriptor *old, struct json *entry,
                     img_error *err)
{
    const img_platform *is = &image->config.platform;
    if (!is_new(&image->document, &image->new_document))
        return 0;
    int rc = img__descriptor_repoint(entry, &image->new_document.descriptor, err);
    bool moved = old->platform.os[0] && (strcmp(old->platform.os, is->os) != 0 ||
                                         strcmp(old->platform.architecture, is->architecture) != 0);
    if (rc == 0 && moved)
        rc = img__descriptor_set_platform(entry, is, err);
    return rc;
}

/* Is the entry attached to an image that has changed? */
static bool is_stale(const img_edit *edit, const struct json *entry)
{
    const char *to = img__index_attached_to(entry);
    for (size_t i = 0; to && i < edit->image_count; i++) {
        const struct edit_image *image = &edit->images[i];
        if (strcmp(to, image->document.descriptor.digest.text) == 0)
            return is_new(&image->document, &image->new_document);
    }
    return false;
}

static void drop_stale(const img_edit *edit, struct json *entries)
{
    for (size_t i = img__json_count(entries); i > 0; i--) {
        if (!is_stale(edit, img__json_at(entries, i - 1)))
            continue;
        img__json_remove_at(entries, i - 1);
        img__log(&edit->observer, IMG_LOG_WARNING,
                 "an attestation is left out: it is about an image that has changed");
    }
}

static int make_index(img_edit *edit, img_error *err)
{
    auto_(json) struct json *json = img__json_copy(edit->index.json);
    struct json *entries = img__json_open(json, "manifests", JSON_ARRAY);
    int rc = entries ? 0 : img__fail_memory(err);
    for (size_t i = 0; rc == 0 && i < edit->image_count; i++) {
        size_t number = edit->images[i].entry;
        rc = set_entry(&edit->images[i], &edit->index.entries[number],
                       img__json_open_at(entries, number, JSON_OBJECT), err);
    }
    if (rc)
        return rc;
    drop_stale(edit, entries);
    const char *type = type_of(&edit->top, edit->index_oci);
    if (edit->index_oci && img__json_get(json, "mediaType") &&
        !img__json_set(json, "mediaType", img__json_string(type)))
        return img__fail_memory(err);
    rc = remake(&edit->top, type, json, &edit->new_top, err);
    return rc ? rc : img__held_put(edit->held, &edit->new_top, err);
}

int img__edit_make(img_edit *edit, img_error *err)
{
    int rc = 0;
    if (edit->made)
        return 0;
    for (size_t i = 0; rc == 0 && i < edit->image_count; i++)
        rc = make_image(edit, &edit->images[i], err);
    if (rc == 0 && edit->index.json)
        rc = make_index(edit, err);
    else if (rc == 0) {
        img__document_free(&edit->new_top);
        rc = img__document_copy(&edit->images[0].new_document, &edit->new_top, err);
    }
    edit->made = rc == 0;
    return rc;
}

bool img__edit_is_changed(const img_edit *edit)
{
    return is_new(&edit->top, &edit->new_top);
}
