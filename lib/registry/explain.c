/* SPDX-License-Identifier: Apache-2.0
 *
 * Telling which credential would be used, and why none of an earlier place; of places and
 * connections explain_places.c tells (img_client_explain()).
 * Nothing secret is told, but helpers are asked, since only they know the user.
 */
#include <stdio.h>

#include "registry/credentials.h"
#include "registry/explain.h"
#include "registry/registry.h"
#include "registry/state.h"

static int on_skipped(const char *place, const char *why, void *arg)
{
    const struct telling *telling = arg;
    char text[1024];
    snprintf(text, sizeof(text), "%s: %s", place, why);
    return telling->fn("credential.skipped", text, telling->arg);
}

static const char *kind_of(const struct account *account)
{
    if (account->bearer)
        return "registry token";
    return account->identity ? "identity token" : "password";
}

static int tell_account(const struct telling *telling, const struct account *account,
                        img_error *err)
{
    if (img__account_is_anonymous(account))
        return img__tell(telling, "credential.none", "there is none: access is anonymous", err);
    int result = account->place ? img__tell(telling, "credential.file", account->place, err)
                                : img__tell(telling, "credential.callback", account->origin, err);
    if (result == 0)
        result = img__tell(telling, "credential.key", account->key, err);
    if (result == 0)
        result = img__tell(telling, "credential.helper", account->program, err);
    if (result == 0)
        result = img__tell(telling, "credential.kind", kind_of(account), err);
    return result ? result : img__tell(telling, "credential.user", account->user, err);
}

int img__registry_explain(struct registry *registry, const img_reference *reference,
                          img_explain_fn fn, void *arg, img_error *err)
{
    struct telling telling = {fn, arg};
    auto_(account) struct account account = {0};
    struct account_search search = {
        .registry = registry,
        .repository = reference->path,
        .skipped = on_skipped,
        .arg = &telling,
    };
    int result = img__explain_places(&telling, registry, reference, err);
    if (result == 0)
        result = img__registry_host(registry, reference->domain, &search.host, err);
    if (result == 0)
        result = img__tell(&telling, "credential.host", search.host->name, err);
    if (result == 0)
        result = img__account_search(&search, &account, err);
    return result ? result : tell_account(&telling, &account, err);
}
