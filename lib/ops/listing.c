/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of names from a registry: tags and repositories.
 */
#include <libimg/repository.h>

#include "base/options.h"
#include "core/reference.h"
#include "ops/client.h"
#include "registry/tags.h"

_Static_assert(sizeof(img_list_options) == sizeof(size_t) + sizeof(uint64_t) + 2 * sizeof(uint32_t),
               "no padding");

struct caller {
    img_name_fn fn;
    void *arg;
};

static int pass_on(const char *name, void *arg, img_error *err)
{
    const struct caller *caller = arg;
    return caller->fn(name, caller->arg) ? img__fail(err, IMG_ECANCELED, "interrupted") : 0;
}

static int copy_options(const img_list_options *options, struct caller *caller,
                        struct listing *listing, img_error *err)
{
    img_list_options own = IMG_LIST_OPTIONS_INIT;
    int rc = img__options_copy(&own, sizeof(own), options, "img_list_options", err);
    if (rc == 0)
        *listing = (struct listing){own.limit, own.page_size, own.probe_last, pass_on, caller};
    return rc;
}

int img_repository_tags(img_client *client, const char *repository, const img_list_options *options,
                        img_name_fn fn, void *arg, img_error *err)
{
    struct caller caller = {fn, arg};
    struct listing listing;
    img_reference reference;
    int rc = copy_options(options, &caller, &listing, err);
    if (rc)
        return rc;
    rc = img_reference_parse(repository, &reference, err);
    if (rc == 0)
        rc = img__registry_tags(client->registry, &reference, &listing, err);
    return rc ? img__prefix(err, rc, "tags of %s", repository) : 0;
}

int img_registry_catalog(img_client *client, const char *registry, const img_list_options *options,
                         img_name_fn fn, void *arg, img_error *err)
{
    struct caller caller = {fn, arg};
    struct listing listing;
    char host[272];
    int rc = copy_options(options, &caller, &listing, err);
    if (rc)
        return rc;
    rc = img__reference_parse_registry(registry, host, err);
    if (rc == 0)
        rc = img__registry_catalog(client->registry, host, &listing, err);
    return rc ? img__prefix(err, rc, "catalog of %s", registry) : 0;
}
