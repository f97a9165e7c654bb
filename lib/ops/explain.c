/* SPDX-License-Identifier: Apache-2.0
 *
 * What would be done for a reference, and why.
 */
#include "ops/client.h"

int img_client_explain(img_client *client, const char *reference, img_explain_fn fn, void *arg,
                       img_error *err)
{
    img_reference parsed;
    int rc = img_reference_parse(reference, &parsed, err);
    return rc ? rc : img__registry_explain(client->registry, &parsed, fn, arg, err);
}

int img_client_check(img_client *client, const char *reference, img_explain_fn fn, void *arg,
                     img_error *err)
{
    img_reference parsed;
    int rc = img_reference_parse(reference, &parsed, err);
    return rc ? rc : img__registry_check(client->registry, &parsed, fn, arg, err);
}
