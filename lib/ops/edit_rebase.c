/* SPDX-License-Identifier: Apache-2.0
 *
 * Another base. Which one it was is known by its digest; where the new one has the same there is
 * nothing to do, and nothing more is read. That the image is based on it is told by the diffIDs:
 * compressed anew, a layer is still the same.
 *
 * The new layers stay where they are until the end, and are mounted or passed on from there.
 */
#include <stdio.h>
#include <string.h>

#include "core/digest.h"
#include "core/platform.h"
#include "core/reference.h"
#include "ops/edit_layers.h"
#include "ops/select.h"

#define SCRATCH "scratch"

struct base {
    struct copy_place *place; /* NULL: scratch. The edit's */
    img_digest top;           /* of the index, or of the manifest if there is none */
    struct edit_image image;
    char *name; /* as it was looked for */
};

static void img__auto_base(struct base *base)
{
    img__edit_image_free(&base->image);
    free(base->name);
}

static void img__auto_new_place(struct copy_place **place)
{
    if (*place)
        img__copy_place_free(*place);
    free(*place);
}

/* ---- finding a base ---- */

static int keep_place(img_edit *edit, struct copy_place **place, img_error *err)
{
    struct copy_place **grown =
        reallocarray(edit->bases, edit->base_count + 1, sizeof(struct copy_place *));
    if (!grown)
        return img__fail_memory(err);
    edit->bases = grown;
    grown[edit->base_count++] = steal(*place);
    return 0;
}

/* At one place. */
static int open_at(img_edit *edit, const char *text, const img_platform *platform, struct base *out,
                   img_error *err)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    auto_(new_place) struct copy_place *place = calloc(1, sizeof(*place));
    if (!place)
        return img__fail_memory(err);
    int rc = img__copy_place_from(text, edit->client, edit->options.store, place, err);
    if (rc == 0)
        rc = place->endpoint->ops->resolve(place->endpoint, &document, err);
    if (rc)
        return rc;
    out->top = document.descriptor.digest;
    rc = img__select_manifest(place->endpoint, NULL, platform, &document, err);
    if (rc == 0)
        rc = img__edit_read_image(edit, place->endpoint, &document, &out->image, err);
    out->place = place;
    return rc ? rc : keep_place(edit, &place, err);
}

/* PREFIX NAME; a place where it is not leaves the next one to be tried. */
static int try_at(img_edit *edit, const char *prefix, const char *name,
                  const img_platform *platform, struct base *out, img_error *err)
{
    auto_free char *text = NULL;
    if (asprintf(&text, "%s%s", prefix, name) < 0) {
        text = NULL;
        return img__fail_memory(err);
    }
    return open_at(edit, text, platform, out, err);
}

static int is_reference_alone(const char *text, bool *alone, img_error *err)
{
    auto_(transport) struct transport where = TRANSPORT_INIT;
    int rc = img__transport_parse(text, &where, err);
    *alone = rc == 0 && where.kind == TRANSPORT_REGISTRY && strcmp(where.name, text) == 0;
    return rc;
}

/* What a bare reference means depends on where the image is. */
static int open_base(img_edit *edit, const char *text, const img_platform *platform,
                     struct base *out, img_error *err)
{
    img_error missing;
    bool alone;
    out->name = strdup(text);
    if (!out->name)
        return img__fail_memory(err);
    if (strcmp(text, SCRATCH) == 0)
        return 0;
    int rc = is_reference_alone(text, &alone, err);
    if (rc)
        return rc;
    if (!alone)
        return open_at(edit, text, platform, out, err);
    if (edit->from.where.kind == TRANSPORT_REGISTRY)
        return try_at(edit, "docker://", text, platform, out, err);
    rc = try_at(edit, "store:", text, platform, out, &missing);
    if (rc != IMG_ENOTFOUND || !edit->client) {
        if (rc && err)
            *err = missing;
        return rc;
    }
    return try_at(edit, "docker://", text, platform, out, err);
}

/* ---- what the annotations say ---- */

/* The name, with the digest instead of a tag. */
static int pin(const char *name, const char *digest, char *out, img_error *err)
{
    img_reference reference;
    int rc = img_reference_parse(name, &reference, err);
    if (rc == 0)
        rc = img_digest_parse(digest, &reference.digest, err);
    if (rc)
        return img__prefix(err, rc, "the annotations about the base");
    reference.tag[0] = '\0';
    img_reference_format(&reference, out);
    return 0;
}

static bool is_this(const struct base *base, const char *digest)
{
    return strcmp(base->top.text, digest) == 0 ||
           strcmp(base->image.document.descriptor.digest.text, digest) == 0;
}

/* The store may have it under no name at all. */
static int open_pinned(img_edit *edit, const char *name, const char *digest,
                       const img_platform *platform, struct base *out, img_error *err)
{
    char pinned[IMG_REFERENCE_TEXT_MAX];
    int rc = pin(name, digest, pinned, err);
    if (rc)
        return rc;
    if (edit->from.where.kind != TRANSPORT_REGISTRY &&
        try_at(edit, "store:", digest, platform, out, NULL) == 0) {
        out->name = strdup(pinned);
        return out->name ? 0 : img__fail_memory(err);
    }
    return open_base(edit, pinned, platform, out, err);
}

static int find_old(img_edit *edit, const struct edit_image *image, const char *text,
                    const struct base *new, struct base *out, bool *same, img_error *err)
{
    const char *digest = img__annotation_get(image->manifest.json, ANNOTATION_BASE_DIGEST);
    const char *name = img__annotation_get(image->manifest.json, ANNOTATION_BASE_NAME);
    const img_platform *platform = &image->config.platform;
    *same = !text && digest && is_this(new, digest);
    if (*same)
        return 0;
    if (text)
        return open_base(edit, text, platform, out, err);
    if (!digest)
        return img__fail(err, IMG_EINVAL,
                         "the image has no annotation " ANNOTATION_BASE_DIGEST
                         ": say what its old base is");
    return open_pinned(edit, name ? name : new->name, digest, platform, out, err);
}

/* Whoever made the image has no say in which files of this machine are opened. */
static int check_said(const char *name, img_error *err)
{
    bool alone = false;
    int rc = is_reference_alone(name, &alone, err);
    if (alone || rc == IMG_ENOMEM)
        return rc;
    return img__fail(err, IMG_EINVAL,
                     "the annotation " ANNOTATION_BASE_NAME
                     " is '%.200s', not the name of an image: say what its new base is",
                     name);
}

static int find_new(img_edit *edit, const struct edit_image *image, const char *text,
                    struct base *out, img_error *err)
{
    const char *said = img__annotation_get(image->manifest.json, ANNOTATION_BASE_NAME);
    const char *name = text ? text : said;
    if (!name)
        return img__fail(err, IMG_EINVAL,
                         "the image has no annotation " ANNOTATION_BASE_NAME
                         ": say what its new base is");
    int rc = text ? 0 : check_said(name, err);
    if (rc)
        return rc;
    if (strcmp(name, SCRATCH) == 0)
        return img__fail(err, IMG_EINVAL, "the new base can't be scratch");
    return open_base(edit, name, &image->config.platform, out, err);
}

/* ---- do they fit ---- */

static int check_platform(const struct edit_image *image, const struct base *new, img_error *err)
{
    const img_platform *is = &image->config.platform, *base = &new->image.config.platform;
    char is_text[IMG_PLATFORM_TEXT_MAX], base_text[IMG_PLATFORM_TEXT_MAX];
    if (strcmp(is->os, base->os) == 0 && strcmp(is->architecture, base->architecture) == 0)
        return 0;
    img__platform_format(is, is_text);
    img__platform_format(base, base_text);
    return img__fail(err, IMG_EINVAL, "the new base %s is for %s, the image for %s", new->name,
                     base_text, is_text);
}

static int check_based_on(const struct edit_image *image, const struct base *old, img_error *err)
{
    const struct config *is = &image->config, *base = &old->image.config;
    if (base->diff_id_count > is->diff_id_count)
        return img__fail(err, IMG_EINVAL,
                         "the image is not based on %s: that has %zu layers, the image %zu",
                         old->name, base->diff_id_count, is->diff_id_count);
    for (size_t i = 0; i < base->diff_id_count; i++)
        if (!img__digest_equal(&base->diff_ids[i], &is->diff_ids[i]))
            return img__fail(err, IMG_EINVAL,
                             "the image is not based on %s: layer %zu is another one", old->name,
                             i + 1);
    return 0;
}

/* ---- the change ---- */

static bool has_layer(const struct manifest *manifest, const img_digest *digest)
{
    for (size_t i = 0; i < manifest->layer_count; i++)
        if (img__digest_equal(&manifest->layers[i].digest, digest))
            return true;
    return false;
}

static int take_layers(img_edit *edit, struct edit_image *image, const struct base *old,
                       const struct base *new, img_error *err)
{
    const struct manifest *base = &new->image.manifest;
    int rc =
        img__manifest_replace_layers(&image->manifest, old->image.config.diff_id_count, base, err);
    for (size_t i = 0; rc == 0 && i < base->layer_count; i++)
        if (!has_layer(&image->manifest, &base->layers[i].digest))
            rc = img__edit_add_blob(edit, &base->layers[i].digest, new->place, err);
    return rc ? rc : img__manifest_to_oci(&image->manifest, err);
}

static int merge_config(img_edit *edit, struct edit_image *image, const struct base *old,
                        const struct base *new, img_error *err)
{
    auto_(strv) struct strv kept = STRV_INIT;
    int rc = img__config_rebase(&image->config, &old->image.config, &new->image.config, &kept, err);
    for (size_t i = 0; rc == 0 && i < kept.count; i++)
        img__log(&edit->observer, IMG_LOG_INFO,
                 "rebase: %s stays as the image has it, though the "
                 "base has changed it",
                 kept.items[i]);
    return rc;
}

/* What the base is called in a layout or an archive, or by its digest alone, means nothing
 * elsewhere, or something else: as in a build, it goes without a name then. */
static int annotate_name(struct json *manifest, const struct copy_place *place, img_error *err)
{
    char full[IMG_REFERENCE_TEXT_MAX];
    bool was;
    const char *name = place->name;
    if (place->where.kind != TRANSPORT_REGISTRY && place->where.kind != TRANSPORT_STORE)
        name = NULL;
    if (name && place->reference.path[0]) {
        img_reference_format(&place->reference, full);
        name = full;
    } else if (name && img_digest_parse(name, &(img_digest){""}, NULL) == 0) {
        name = NULL;
    }
    if (name)
        return img__annotation_set(manifest, ANNOTATION_BASE_NAME, name, err);
    img__annotation_unset(manifest, ANNOTATION_BASE_NAME, &was);
    return 0;
}

/* The annotation names an index, if it did so before. */
static int annotate(img_edit *edit, struct edit_image *image, const struct base *new,
                    bool old_was_index, img_error *err)
{
    const char *digest = old_was_index ? new->top.text : new->image.document.descriptor.digest.text;
    int rc = img__edit_annotate(edit, image, err);
    if (rc == 0)
        rc = annotate_name(image->manifest.json, new->place, err);
    return rc ? rc : img__annotation_set(image->manifest.json, ANNOTATION_BASE_DIGEST, digest, err);
}

static int change(img_edit *edit, struct edit_image *image, const struct base *old,
                  const struct base *new, img_error *err)
{
    const char *digest = img__annotation_get(image->manifest.json, ANNOTATION_BASE_DIGEST);
    bool index = digest && strcmp(digest, old->top.text) == 0 &&
                 strcmp(digest, old->image.document.descriptor.digest.text) != 0;
    int rc = check_based_on(image, old, err);
    if (rc == 0)
        rc = annotate(edit, image, new, index, err);
    if (rc || img__digest_equal(&old->image.document.descriptor.digest,
                                &new->image.document.descriptor.digest))
        return rc;
    rc = take_layers(edit, image, old, new, err);
    return rc ? rc : merge_config(edit, image, old, new, err);
}

static int rebase(img_edit *edit, struct edit_image *image, const char *old_base,
                  const char *new_base, img_error *err)
{
    auto_(base) struct base old = {0};
    auto_(base) struct base new = {0};
    bool same = false;
    int rc = find_new(edit, image, new_base, &new, err);
    if (rc == 0)
        rc = check_platform(image, &new, err);
    if (rc == 0)
        rc = find_old(edit, image, old_base, &new, &old, &same, err);
    if (rc == 0 && same)
        img__log(&edit->observer, IMG_LOG_INFO, "rebase: up to date with %s, %s", new.name,
                 new.image.document.descriptor.digest.text);
    return rc || same ? rc : change(edit, image, &old, &new, err);
}

int img_edit_rebase(img_edit *edit, const char *old_base, const char *new_base, img_error *err)
{
    int rc = 0;
    edit->made = false;
    for (size_t i = 0; rc == 0 && i < edit->image_count; i++)
        rc = rebase(edit, &edit->images[i], old_base, new_base, err);
    return rc ? img__prefix(err, rc, "rebase %s", edit->source) : 0;
}
