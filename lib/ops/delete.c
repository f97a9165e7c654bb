/* SPDX-License-Identifier: Apache-2.0
 *
 * Deleting in a registry. What is not written in the reference is not deleted: no tag by default,
 * no digest that a tag happens to stand for.
 */
#include <libimg/repository.h>

#include <string.h>

#include "ops/client.h"
#include "registry/delete.h"

enum subject {
    SUBJECT_TAG,
    SUBJECT_DIGEST,
};

static bool has_tag(const char *reference)
{
    const char *slash = strrchr(reference, '/');
    return strchr(slash ? slash : reference, ':') != NULL;
}

static int check(const char *reference, const img_reference *parsed, enum subject subject,
                 img_error *err)
{
    bool digest = *parsed->digest.text != '\0';
    if (subject == SUBJECT_DIGEST && !digest)
        return img__fail(err, IMG_EINVAL, "no digest is given: NAME@sha256:... is needed");
    if (subject == SUBJECT_TAG && digest)
        return img__fail(err, IMG_EINVAL, "a tag is deleted by NAME:TAG, without a digest");
    if (subject == SUBJECT_TAG && !has_tag(reference))
        return img__fail(err, IMG_EINVAL, "no tag is given, and none is assumed: name it");
    return 0;
}

static int perform_on(img_client *client, const char *reference, enum subject subject,
                      int (*perform)(struct repository *repository, img_error *err), img_error *err)
{
    auto_(endpoint) struct endpoint *endpoint = NULL;
    img_reference parsed;
    int rc = img_reference_parse(reference, &parsed, err);
    if (rc == 0)
        rc = check(reference, &parsed, subject, err);
    if (rc == 0)
        rc = img__registry_endpoint(client->registry, &parsed, REGISTRY_PULL, &endpoint, err);
    if (rc == 0)
        rc = perform((struct repository *)endpoint, err);
    return rc ? img__prefix(err, rc, "delete %s", reference) : 0;
}

int img_tag_delete(img_client *client, const char *reference, img_error *err)
{
    return perform_on(client, reference, SUBJECT_TAG, img__tag_delete, err);
}

int img_manifest_delete(img_client *client, const char *reference, img_error *err)
{
    return perform_on(client, reference, SUBJECT_DIGEST, img__manifest_delete, err);
}

int img_blob_delete(img_client *client, const char *reference, img_error *err)
{
    return perform_on(client, reference, SUBJECT_DIGEST, img__blob_delete, err);
}
