/* SPDX-License-Identifier: Apache-2.0
 *
 * What refers to an image in a registry.
 */
#include <libimg/repository.h>

#include "base/options.h"
#include "ops/client.h"
#include "registry/referrers.h"

_Static_assert(sizeof(img_referrers_options) ==
                   sizeof(size_t) + 2 * sizeof(void *) + 2 * sizeof(uint32_t),
               "no padding");

struct caller {
    img_referrer_fn fn;
    void *arg;
};

static int pass_on(const struct referrer *referrer, const char *tag, void *arg, img_error *err)
{
    const struct caller *caller = arg;
    const img_referrer shown = {&referrer->descriptor, referrer->artifact_type,
                                img__strv_list(&referrer->annotations), tag};
    return caller->fn(&shown, caller->arg) ? img__fail(err, IMG_ECANCELED, "interrupted") : 0;
}

/* A digest needs no request, unless it is that of an index to look into. */
static int find_subject(img_client *client, const char *reference, const img_reference *parsed,
                        const img_platform *platform, img_digest *out, img_error *err)
{
    img_descriptor found;
    if (*parsed->digest.text && !platform) {
        *out = parsed->digest;
        return 0;
    }
    int rc = img_manifest_resolve(client, reference, platform, &found, err);
    if (rc == 0)
        *out = found.digest;
    return rc;
}

static int list(img_client *client, const img_reference *parsed,
                const struct referrers_query *query, bool cosign, img_error *err)
{
    auto_(endpoint) struct endpoint *endpoint = NULL;
    int rc = img__registry_endpoint(client->registry, parsed, REGISTRY_PULL, &endpoint, err);
    if (rc == 0)
        rc = img__referrers_list((struct repository *)endpoint, query, err);
    if (rc == 0 && cosign)
        rc = img__referrers_list_cosign((struct repository *)endpoint, query, err);
    return rc;
}

int img_referrers(img_client *client, const char *reference, const img_referrers_options *options,
                  img_referrer_fn fn, void *arg, img_error *err)
{
    img_referrers_options own = IMG_REFERRERS_OPTIONS_INIT;
    struct caller caller = {fn, arg};
    img_reference parsed;
    img_digest subject;
    int rc = img__options_copy(&own, sizeof(own), options, "img_referrers_options", err);
    if (rc)
        return rc;
    const struct referrers_query query = {&subject, own.artifact_type, pass_on, &caller};
    rc = img_reference_parse(reference, &parsed, err);
    if (rc == 0) {
        rc = find_subject(client, reference, &parsed, own.platform, &subject, err);
        if (rc)
            return rc; /* "digest of REF: ..." */
        rc = list(client, &parsed, &query, own.cosign, err);
    }
    return rc ? img__prefix(err, rc, "referrers of %s", reference) : 0;
}
