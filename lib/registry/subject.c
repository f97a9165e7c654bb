/* SPDX-License-Identifier: Apache-2.0
 *
 * Manifests with a subject that come and go (registry.md R3, R5). A registry that answers a PUT
 * with OCI-Subject keeps the list of the subject's referrers itself; for others there is an index
 * under a tag, which is ours to keep.
 */
#include <string.h>

#include "registry/facts.h"
#include "registry/referrers.h"

static int describe(int code, const struct document *document, const char *state, img_error *err)
{
    return code ? img__prefix(err, code, "%s is %s, but not the list of what refers to its subject",
                              document->descriptor.digest.text, state)
                : 0;
}

int img__referrers_after_put(struct repository *repository, const struct document *document,
                             const char *oci_subject, img_error *err)
{
    auto_(json) struct json *entry = NULL;
    img_descriptor subject;
    int result = img__referrer_entry(document, &subject, &entry, err);
    if (result || !entry)
        return result;
    struct facts *facts = img__facts_of(repository->access.host, repository->reference.path);
    if (!facts)
        return img__fail_memory(err);
    if (strcmp(oci_subject, subject.digest.text) == 0)
        facts->referrers = REFERRERS_THERE;
    if (facts->referrers == REFERRERS_THERE)
        return 0;
    result = img__referrers_tag_change(repository, &subject.digest,
                                       document->descriptor.digest.text, entry, err);
    return describe(result, document, "there", err);
}

static int ignore(const struct referrer *referrer, const char *tag, void *arg, img_error *err)
{
    (void)referrer;
    (void)tag;
    (void)arg;
    (void)err;
    return 0;
}

int img__referrers_after_delete(struct repository *repository, const struct document *document,
                                img_error *err)
{
    auto_(json) struct json *entry = NULL;
    img_descriptor subject;
    int result = img__referrer_entry(document, &subject, &entry, err);
    if (result || !entry)
        return result;
    struct facts *facts = img__facts_of(repository->access.host, repository->reference.path);
    const struct referrers_query query = {.subject = &subject.digest, .take = ignore};
    if (!facts)
        return img__fail_memory(err);
    if (facts->referrers == REFERRERS_UNKNOWN)
        result = img__referrers_list(repository, &query, err);
    if (result == 0 && facts->referrers == REFERRERS_MISSING)
        result = img__referrers_tag_change(repository, &subject.digest,
                                           document->descriptor.digest.text, NULL, err);
    return describe(result, document, "deleted", err);
}
