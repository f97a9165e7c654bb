/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents: their making, and telling what kind of one a server sent.
 *
 * Two programs that take the same bytes for different kinds of document are an attack
 * (CVE-2021-41190), so a header, a body's mediaType and its structure must agree here; only where a
 * header says nothing does the body decide alone (registry.md L4).
 */
#include "core/document.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "core/digest.h"

/* As large as a document that libimg writes may become: what it would read back. */
#define WRITTEN_BYTES_MAX ((size_t)8 << 20)

static const char *const generic_types[] = {"text/plain", "application/json",
                                            "application/octet-stream", "binary/octet-stream"};

static const char *const document_keys[] = {"schemaVersion", "mediaType",   "artifactType",
                                            "config",        "layers",      "manifests",
                                            "subject",       "annotations", NULL};

void img__document_free(struct document *document)
{
    free(document->bytes);
    *document = (struct document)DOCUMENT_INIT;
}

int img__document_make(const char *media_type, char *bytes, size_t len, struct document *out,
                       img_error *err)
{
    struct document made = DOCUMENT_INIT;
    int rc = img__digest_of(bytes, len, &made.descriptor.digest, err);
    if (rc) {
        free(bytes);
        return rc;
    }
    snprintf(made.descriptor.media_type, sizeof(made.descriptor.media_type), "%s", media_type);
    made.descriptor.size_bytes = len;
    made.bytes = bytes;
    made.len = len;
    *out = made;
    return 0;
}

int img__document_from_json(const char *media_type, const struct json *json, struct document *out,
                            img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT(WRITTEN_BYTES_MAX);
    img__json_write(json, &text);
    int rc = img__buf_check(&text, "the document", err);
    if (rc)
        return rc;
    size_t len = text.len;
    char *bytes = img__buf_steal(&text);
    if (!bytes)
        return img__fail_memory(err);
    return img__document_make(media_type, bytes, len, out, err);
}

static int fail_schema1(const char *what, img_error *err)
{
    return img__fail(err, IMG_EUNSUPPORTED,
                     "%s is an image of the old schema 1, which libimg does not read: push it "
                     "again with a current docker or `skopeo copy --format oci`",
                     what);
}

static bool is_generic(const char *content_type)
{
    size_t len = content_type ? strcspn(content_type, "; \t") : 0;
    if (len == 0)
        return true;
    for (size_t i = 0; i < sizeof(generic_types) / sizeof(generic_types[0]); i++)
        if (strlen(generic_types[i]) == len &&
            img__text_starts_nocase(content_type, generic_types[i]))
            return true;
    return false;
}

static bool is_schema1(const struct json *json, const char *body_type)
{
    int64_t version = 0;
    bool old = img__json_integer(img__json_get(json, "schemaVersion"), &version) && version == 1;
    return (body_type && img__media_kind(body_type) == MEDIA_SCHEMA1) ||
           (old && !img__json_get(json, "layers") && !img__json_get(json, "manifests"));
}

/* The type of a body that does not tell it. */
static int sniff_structure(const char *what, const struct json *json, const char **type,
                           img_error *err)
{
    bool index = img__json_get(json, "manifests");
    bool layers = img__json_get(json, "layers"), config = img__json_get(json, "config");
    if (index && (layers || config))
        return img__fail(err, IMG_EFORMAT,
                         "%s is ambiguous: it has \"manifests\" as an index and \"layers\" or "
                         "\"config\" as a manifest",
                         what);
    /* A config has "config" too. */
    if (!index && !(layers && config))
        return img__fail(err, IMG_EFORMAT,
                         "%s is neither a manifest nor an index: it has no \"mediaType\", "
                         "\"layers\" with \"config\", or \"manifests\"",
                         what);
    *type = index ? MEDIA_OCI_INDEX : MEDIA_OCI_MANIFEST;
    return 0;
}

/* Agrees a body's type with a header's; either may be NULL, not both. */
static int agree(const char *what, const char *header, const char *body, const char **type,
                 img_error *err)
{
    const char *said = header ? header : body;
    enum media_kind kind = img__media_kind(said);
    if (kind == MEDIA_SCHEMA1)
        return fail_schema1(what, err);
    if (kind != MEDIA_MANIFEST && kind != MEDIA_INDEX)
        return img__fail(err, IMG_EUNSUPPORTED,
                         "%s has the type '%.100s', which is neither a manifest nor an index", what,
                         said);
    *type = img__media_canonical(said);
    if (body && strcmp(img__media_canonical(body), *type) != 0)
        return img__fail(err, IMG_EFORMAT,
                         "%s was sent as '%.100s', but its \"mediaType\" is '%.100s'", what, said,
                         body);
    return 0;
}

static int check_kind(const struct document *document, enum media_kind kind, const char *name,
                      img_error *err)
{
    const char *type = document->descriptor.media_type;
    enum media_kind is = img__media_kind(type);
    if (is == MEDIA_SCHEMA1)
        return fail_schema1(name, err);
    if (is != kind)
        return img__fail(err, IMG_EUNSUPPORTED, "%s has the type '%.100s', which is not that of %s",
                         name, type, kind == MEDIA_INDEX ? "an index" : "a manifest");
    return 0;
}

static int check_version(const char *what, const struct json *json, img_error *err)
{
    uint64_t version = 0;
    int rc = img__json_get_size(json, what, "schemaVersion", true, &version, err);
    if (!rc && version != 2)
        return img__fail(err, IMG_EFORMAT, "%s: \"schemaVersion\" is %llu, not 2", what,
                         (unsigned long long)version);
    return rc;
}

static int check_foreign(const char *what, const struct json *json, enum media_kind kind,
                         img_error *err)
{
    static const char *const of_index[] = {"manifests", "fsLayers", NULL};
    static const char *const of_manifest[] = {"layers", "config", "fsLayers", NULL};
    const char *const *key = kind == MEDIA_INDEX ? of_manifest : of_index;
    for (; *key; key++)
        if (img__json_get(json, *key))
            return img__fail(err, IMG_EFORMAT, "%s is ambiguous: %s has no \"%s\"", what,
                             kind == MEDIA_INDEX ? "an index" : "a manifest", *key);
    return 0;
}

static int check_common(const char *what, const struct json *json, const char *said,
                        enum media_kind kind, img_error *err)
{
    const char *type = NULL, *body = NULL;
    int rc;
    if (img__json_kind(json) != JSON_OBJECT)
        return img__fail(err, IMG_EFORMAT, "%s is not a JSON object", what);
    rc = img__json_check_case(json, what, document_keys, err);
    if (!rc)
        rc = img__json_get_text(json, what, "mediaType", false, &body, err);
    if (!rc && is_schema1(json, body))
        return fail_schema1(what, err);
    if (!rc)
        rc = agree(what, said, body, &type, err);
    if (!rc)
        rc = check_version(what, json, err);
    return rc ? rc : check_foreign(what, json, kind, err);
}

int img__document_parse(const struct document *document, enum media_kind kind, char *name,
                        size_t name_size, struct json **out, img_error *err)
{
    auto_(json) struct json *json = NULL;
    img__descriptor_name(&document->descriptor, name, name_size);
    int rc = check_kind(document, kind, name, err);
    if (!rc)
        rc = img__json_parse(name, document->bytes, document->len, &json, err);
    if (!rc)
        rc = check_common(name, json, document->descriptor.media_type, kind, err);
    if (!rc)
        *out = steal(json);
    return rc;
}

int img__document_sniff(const char *what, const char *content_type, const void *data, size_t len,
                        char *media_type, img_error *err)
{
    auto_(json) struct json *json = NULL;
    const char *body = NULL, *type = NULL;
    int rc = img__json_parse(what, data, len, &json, err);
    if (!rc)
        rc = img__json_get_text(json, what, "mediaType", false, &body, err);
    if (rc)
        return rc;
    if (img__json_kind(json) != JSON_OBJECT)
        return img__fail(err, IMG_EFORMAT, "%s is not a JSON object", what);
    if (is_schema1(json, body))
        return fail_schema1(what, err);

    const char *header = is_generic(content_type) ? NULL : content_type;
    rc = header || body ? agree(what, header, body, &type, err)
                        : sniff_structure(what, json, &type, err);
    if (!rc)
        snprintf(media_type, MEDIA_TYPE_MAX, "%s", type);
    return rc;
}
