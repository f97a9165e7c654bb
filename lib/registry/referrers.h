/* SPDX-License-Identifier: Apache-2.0
 *
 * What refers to a manifest (distribution-spec, "Listing Referrers", "Referrers Tag Schema";
 * registry.md R1-R6).
 */
#ifndef IMG_REGISTRY_REFERRERS_H
#define IMG_REGISTRY_REFERRERS_H

#include "core/referrer.h"
#include "registry/repository.h"

struct referrers_query {
    const img_digest *subject;
    const char *artifact_type; /* of those that are wanted; NULL: all */
    /* Each once; what it returns ends the list with it. tag is where it was found, NULL: by the API
     * for referrers. */
    int (*take)(const struct referrer *referrer, const char *tag, void *arg, img_error *err);
    void *arg;
};

/* By the API, or where the registry has none, under the tag. None is no error. */
int img__referrers_list(struct repository *repository, const struct referrers_query *query,
                        img_error *err);

/* What cosign keeps beside an image, under tags of its own (".sig", ".att", ".sbom"); its artifact
 * type is that of its config. */
int img__referrers_list_cosign(struct repository *repository, const struct referrers_query *query,
                               img_error *err);

/* A manifest was put. oci_subject is the header of the answer, "" if there was none: then, if it
 * has a subject, it is put in the list of that. */
int img__referrers_after_put(struct repository *repository, const struct document *document,
                             const char *oci_subject, img_error *err);

/* A manifest was deleted: it is taken out of the list of its subject, if the registry does not do
 * that. */
int img__referrers_after_delete(struct repository *repository, const struct document *document,
                                img_error *err);

#define REFERRERS_WINDOW_MS 300u /* after which what was written is looked at again, at least */

/* fallback.c: puts an entry in the list under the tag of subject, or takes it out if entry is NULL,
 * so that it is there (or not) afterwards, whoever else writes. */
int img__referrers_tag_change(struct repository *repository, const img_digest *subject,
                              const char *digest, const struct json *entry, img_error *err);

#endif
