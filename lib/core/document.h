/* SPDX-License-Identifier: Apache-2.0
 *
 * A document: bytes that are never changed, with the descriptor that promises them. Manifests,
 * indexes and configs are parsed into views that say what libimg needs to know; what is unknown
 * stays in the bytes.
 */
#ifndef IMG_CORE_DOCUMENT_H
#define IMG_CORE_DOCUMENT_H

#include "base/strv.h"
#include "core/descriptor.h"
#include "core/media.h"

struct document {
    img_descriptor descriptor;
    char *bytes; /* owned, NUL-terminated */
    size_t len;
};

#define DOCUMENT_INIT                                                                              \
    {                                                                                              \
        {"", {""}, 0, {"", "", "", ""}}, NULL, 0                                                   \
    }

void img__document_free(struct document *document); /* leaves it empty */

/* Takes bytes over (also on failure) and computes the digest. */
int img__document_make(const char *media_type, char *bytes, size_t len, struct document *out,
                       img_error *err);

/* Serialises json, which is borrowed, canonically. */
int img__document_from_json(const char *media_type, const struct json *json, struct document *out,
                            img_error *err);

/* What kind of document a server sent: content_type decides if it is one of the known ones and
 * agrees with the body's mediaType; if it is generic (absent, text/plain, application/json,
 * octet-stream) the body decides, by its mediaType or else its structure (registry.md L4). Schema 1
 * is refused with a line that says what to do. media_type has room for 256 bytes. */
int img__document_sniff(const char *what, const char *content_type, const void *data, size_t len,
                        char *media_type, img_error *err);

/* Parses a manifest or an index and checks what both have: kind is the one that is wanted,
 * schemaVersion is 2, mediaType agrees with the descriptor, no key differs from a known one in its
 * case alone, and none is the other kind's. Writes its name for messages, as
 * img__descriptor_name(). */
int img__document_parse(const struct document *document, enum media_kind kind, char *name,
                        size_t name_size, struct json **out, img_error *err);

static inline void img__auto_document(struct document *document)
{
    img__document_free(document);
}

#endif
