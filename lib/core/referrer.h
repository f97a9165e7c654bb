/* SPDX-License-Identifier: Apache-2.0
 *
 * Referrers: manifests that have a subject, and the lists in which one finds them by it
 * (distribution-spec, "Listing Referrers"; image-spec, image-index.md).
 */
#ifndef IMG_CORE_REFERRER_H
#define IMG_CORE_REFERRER_H

#include "core/document.h"

struct referrer {
    img_descriptor descriptor;
    char artifact_type[MEDIA_TYPE_MAX]; /* "": not told */
    struct strv annotations;            /* "K=V", sorted */
};

#define REFERRER_INIT                                                                              \
    {                                                                                              \
        {"", {""}, 0, {"", "", "", ""}}, "", STRV_INIT                                             \
    }

void img__referrer_free(struct referrer *referrer); /* leaves it empty */

/* An entry of a list. */
int img__referrer_parse(const struct json *entry, const char *what, struct referrer *out,
                        img_error *err);

/* A list as a registry sent it: an index. take is given each entry, and ends the list with what it
 * returns if that is not 0. */
int img__referrers_read(const char *what, const char *body, size_t len,
                        int (*take)(const struct json *entry, void *arg, img_error *err), void *arg,
                        img_error *err);

/* The entry of a manifest or an index in the list of its subject: artifactType, or the type of the
 * config, and all annotations. *entry is NULL if it has no subject, or is neither. */
int img__referrer_entry(const struct document *document, img_descriptor *subject,
                        struct json **entry, img_error *err);

/* A list with an entry more, or fewer: list is one as above, or NULL; digest is that of the entry,
 * which is taken out if entry, borrowed, is NULL. *out is NULL if the list is so already. */
int img__referrers_change(const struct json *list, const char *digest, const struct json *entry,
                          struct json **out, img_error *err);

#define REFERRERS_TAG_MAX 128u
/* The tag of the list where a registry has no other: "sha256-0123...". */
void img__referrers_tag(const img_digest *subject, char out[REFERRERS_TAG_MAX]);

static inline void img__auto_referrer(struct referrer *referrer)
{
    img__referrer_free(referrer);
}

#endif
