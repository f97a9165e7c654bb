/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of referrers are other people's too: entries that libimg does not understand stay as they
 * are when one is added or taken out.
 */
#include "core/referrer.h"

#include <stdio.h>
#include <string.h>

#include "core/manifest.h"

#define LIST_BYTES_MAX ((size_t)16 << 20)

void img__referrer_free(struct referrer *referrer)
{
    img__strv_free(&referrer->annotations);
    *referrer = (struct referrer)REFERRER_INIT;
}

static int parse_artifact_type(const struct json *json, const char *what, char out[MEDIA_TYPE_MAX],
                               img_error *err)
{
    const char *type = NULL;
    int rc = img__json_get_text(json, what, "artifactType", false, &type, err);
    if (rc)
        return rc;
    if (type && strlen(type) >= MEDIA_TYPE_MAX)
        return img__fail(err, IMG_EFORMAT, "%s: \"artifactType\" is too long", what);
    snprintf(out, MEDIA_TYPE_MAX, "%s", type ? type : "");
    return 0;
}

int img__referrer_parse(const struct json *entry, const char *what, struct referrer *out,
                        img_error *err)
{
    auto_(referrer) struct referrer parsed = REFERRER_INIT;
    int rc = img__descriptor_parse(entry, what, &parsed.descriptor, err);
    if (rc == 0)
        rc = parse_artifact_type(entry, what, parsed.artifact_type, err);
    if (rc == 0)
        rc = img__annotations_parse(entry, what, &parsed.annotations, err);
    if (rc)
        return rc;
    *out = parsed;
    parsed = (struct referrer)REFERRER_INIT;
    return 0;
}

int img__referrers_read(const char *what, const char *body, size_t len,
                        int (*take)(const struct json *entry, void *arg, img_error *err), void *arg,
                        img_error *err)
{
    auto_(json) struct json *json = NULL;
    const struct json *list = NULL;
    const char *type = NULL;
    int rc = img__json_parse(what, body, len, &json, err);
    if (rc == 0)
        rc = img__json_get_text(json, what, "mediaType", false, &type, err);
    if (rc == 0 && type && img__media_kind(type) != MEDIA_INDEX)
        return img__fail(err, IMG_EFORMAT, "%s is a %s, not an index of referrers", what, type);
    if (rc == 0)
        rc = img__json_get_kind(json, what, "manifests", JSON_ARRAY, true, &list, err);
    for (size_t i = 0; rc == 0 && i < img__json_count(list); i++)
        rc = take(img__json_at(list, i), arg, err);
    return rc;
}

/* What of a manifest goes into its entry: all of its annotations, as they are. */
static int make_entry(const struct document *document, const char *type, const struct json *from,
                      struct json **out, img_error *err)
{
    const struct json *annotations = img__json_get(from, "annotations");
    auto_(json) struct json *entry = img__descriptor_json(&document->descriptor, NULL);
    auto_(json) struct json *copy = NULL;
    bool ok = entry && (!*type || img__json_set(entry, "artifactType", img__json_string(type)));
    if (ok && img__json_count(annotations)) {
        auto_(buf) struct buf text = BUF_INIT(LIST_BYTES_MAX);
        img__json_write(annotations, &text);
        int rc = img__buf_check(&text, "the annotations", err);
        if (rc == 0)
            rc = img__json_parse("the annotations", text.data, text.len, &copy, err);
        if (rc)
            return rc;
        ok = img__json_set(entry, "annotations", steal(copy));
    }
    if (!ok)
        return img__fail_memory(err);
    *out = steal(entry);
    return 0;
}

static int parse_subject(const struct json *json, const char *what, img_descriptor *out,
                         img_error *err)
{
    char place[256];
    snprintf(place, sizeof(place), "%s: subject", what);
    return img__descriptor_parse(json, place, out, err);
}

int img__referrer_entry(const struct document *document, img_descriptor *subject,
                        struct json **entry, img_error *err)
{
    enum media_kind kind = img__media_kind(document->descriptor.media_type);
    auto_(json) struct json *json = NULL;
    auto_(strv) struct strv annotations = STRV_INIT;
    char what[64], type[MEDIA_TYPE_MAX] = "";
    *entry = NULL;
    if (kind != MEDIA_MANIFEST && kind != MEDIA_INDEX)
        return 0;
    int rc = img__document_parse(document, kind, what, sizeof(what), &json, err);
    if (rc || !img__json_get(json, "subject"))
        return rc;
    rc = parse_subject(img__json_get(json, "subject"), what, subject, err);
    if (rc == 0)
        rc = parse_artifact_type(json, what, type, err);
    if (rc == 0) /* whoever reads the list would stumble over what is none */
        rc = img__annotations_parse(json, what, &annotations, err);
    if (rc)
        return rc;
    const char *config = img__json_text(img__json_get(img__json_get(json, "config"), "mediaType"));
    if (!*type && config && strlen(config) < sizeof(type))
        snprintf(type, sizeof(type), "%s", config);
    return make_entry(document, type, json, entry, err);
}

static bool is_entry(const struct json *entry, const char *digest)
{
    const char *own = img__json_text(img__json_get(entry, "digest"));
    return own && strcmp(own, digest) == 0;
}

/* "[...]" with entry, if there is one, behind the others. */
static bool write_entries(const struct json *list, const char *digest, const struct json *entry,
                          struct buf *out)
{
    const struct json *entries = img__json_get(list, "manifests");
    bool there = false;
    const char *comma = "";
    img__buf_putc(out, '[');
    for (size_t i = 0; i < img__json_count(entries); i++) {
        const struct json *other = img__json_at(entries, i);
        bool same = is_entry(other, digest);
        there = there || same;
        if (same && !entry)
            continue;
        img__buf_puts(out, comma);
        img__json_write(other, out);
        comma = ",";
    }
    if (entry && !there) {
        img__buf_puts(out, comma);
        img__json_write(entry, out);
    }
    img__buf_putc(out, ']');
    return entry ? !there : there;
}

static bool set_list(struct json *json, struct json *entries)
{
    return img__json_set(json, "schemaVersion", img__json_size(2)) &&
           img__json_set(json, "mediaType", img__json_string(MEDIA_OCI_INDEX)) &&
           img__json_set(json, "manifests", entries);
}

int img__referrers_change(const struct json *list, const char *digest, const struct json *entry,
                          struct json **out, img_error *err)
{
    auto_(buf) struct buf entries = BUF_INIT(LIST_BYTES_MAX);
    auto_(buf) struct buf whole = BUF_INIT(LIST_BYTES_MAX);
    auto_(json) struct json *json = NULL;
    auto_(json) struct json *parsed = NULL;
    const char *what = "the list of referrers";
    *out = NULL;
    if (!write_entries(list, digest, entry, &entries))
        return 0;
    if (list)
        img__json_write(list, &whole);
    else
        img__buf_puts(&whole, "{}");
    int rc = img__buf_check(&entries, what, err);
    if (rc == 0)
        rc = img__buf_check(&whole, what, err);
    if (rc == 0)
        rc = img__json_parse(what, whole.data, whole.len, &json, err);
    if (rc == 0)
        rc = img__json_parse(what, entries.data, entries.len, &parsed, err);
    if (rc == 0 && !set_list(json, steal(parsed)))
        rc = img__fail_memory(err);
    if (rc == 0)
        *out = steal(json);
    return rc;
}

void img__referrers_tag(const img_digest *subject, char out[REFERRERS_TAG_MAX])
{
    const char *colon = strchr(subject->text, ':');
    int algorithm = colon ? (int)(colon - subject->text) : 0;
    snprintf(out, REFERRERS_TAG_MAX, "%.*s-%.64s", algorithm < 32 ? algorithm : 32, subject->text,
             colon ? colon + 1 : "");
}
