/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials as values, and what a host remembers of them (registry.md A6, A16): what a helper
 * said, until a registry refuses it, and refresh tokens that took the place of others. An account
 * without a name and a token is anonymous, and that is no error: its origin says where nothing was
 * found, which is what a refusal has to tell.
 */
#include "registry/credentials.h"

#include <string.h>

#include "registry/memory.h"
#include "registry/secret.h"

void img__account_free(struct account *account)
{
    img__secret_free(account->user);
    img__secret_free(account->password);
    img__secret_free(account->identity);
    img__secret_free(account->bearer);
    free(account->origin);
    free(account->place);
    free(account->key);
    free(account->program);
    free(account->refusal);
    *account = (struct account){0};
}

int img__account_set(struct account *account, const char *user, const char *password,
                     img_error *err)
{
    bool token = strcmp(user, "<token>") == 0;
    if (token)
        account->identity = strdup(password);
    else if (*user)
        account->user = strdup(user);
    if (!token && *user)
        account->password = strdup(password);
    bool failed = token ? !account->identity : *user && (!account->user || !account->password);
    return failed ? img__fail_memory(err) : 0;
}

static bool copy_text(const char *from, char **to)
{
    *to = from ? strdup(from) : NULL;
    return !from || *to;
}

int img__account_copy(const struct account *from, struct account *to, img_error *err)
{
    bool copied = copy_text(from->user, &to->user) && copy_text(from->password, &to->password) &&
                  copy_text(from->identity, &to->identity) && copy_text(from->bearer, &to->bearer);
    return copied ? 0 : img__fail_memory(err);
}

void img__account_describe(const struct account *account, const char *host, struct buf *out)
{
    const char *origin = account->origin;
    if (account->refusal)
        img__buf_puts(out, account->refusal);
    else if (!account->known)
        img__buf_printf(out, "%s did not ask for a credential", host);
    else if (account->user)
        img__buf_printf(out, "user \"%s\" of %s", account->user, origin);
    else if (!img__account_is_anonymous(account))
        img__buf_printf(out, "the token of %s", origin);
    else if (origin)
        img__buf_printf(out, "no credential for %s in %s; log in first", host, origin);
    else
        img__buf_printf(out, "no credential for %s: HOME and REGISTRY_AUTH_FILE are not set", host);
}

int img__account_find(struct registry *registry, struct host *host, const char *repository,
                      struct account *out, img_error *err)
{
    if (out->known)
        return 0;
    const struct account_search search = {registry, host, repository, NULL, NULL};
    int result = img__account_search(&search, out, err);
    if (result)
        img__account_free(out);
    out->known = result == 0;
    return result;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

int img__account_renew(const struct account_search *search, struct account *account, bool *changed,
                       img_error *err)
{
    *changed = false;
    if (!account->program || account->renewed)
        return 0;
    account->renewed = true;
    img__helpers_forget(search->host);
    auto_(account) struct account fresh = {0};
    int result = img__account_search(search, &fresh, err);
    if (result)
        return result;
    *changed = !same_text(fresh.user, account->user) ||
               !same_text(fresh.password, account->password) ||
               !same_text(fresh.identity, account->identity);
    fresh.known = fresh.renewed = true;
    struct account old = *account;
    *account = fresh;
    fresh = old;
    return 0;
}

int img__account_refuse(struct account *account, const char *refusal, img_error *err)
{
    char *copy = strdup(refusal);
    if (!copy)
        return img__fail_memory(err);
    free(account->refusal);
    account->refusal = copy;
    img__secret_clear(&account->user);
    img__secret_clear(&account->password);
    img__secret_clear(&account->identity);
    img__secret_clear(&account->bearer);
    return 0;
}

/* The one that has replaced text; or by which text came. */
static struct rotation *find_rotation(const struct host *host, const char *text, bool replaced)
{
    for (struct rotation *at = host->rotations; at; at = at->next) {
        if (strcmp(replaced ? at->before : at->after, text) == 0)
            return at;
    }
    return NULL;
}

/* One per token that is kept somewhere, however often it has been replaced since. */
int img__account_rotate(struct host *host, struct account *account, const char *identity,
                        img_error *err)
{
    if (strcmp(account->identity, identity) == 0)
        return 0;
    struct rotation *known = find_rotation(host, account->identity, false);
    if (!known)
        known = find_rotation(host, account->identity, true);
    auto_free struct rotation *rotation = known ? NULL : calloc(1, sizeof(*rotation));
    auto_(secret) char *fresh = strdup(identity);
    auto_(secret) char *copy = strdup(identity);
    if ((!known && !rotation) || !fresh || !copy)
        return img__fail_memory(err);
    if (known) {
        img__secret_clear(&known->after);
        img__secret_clear(&account->identity);
        known->after = steal(copy);
    } else {
        rotation->before = account->identity;
        rotation->after = steal(copy);
        rotation->next = host->rotations;
        host->rotations = steal(rotation);
    }
    account->identity = steal(fresh);
    return 0;
}

int img__account_use_rotated(const struct host *host, struct account *account, img_error *err)
{
    const struct rotation *rotation =
        account->identity ? find_rotation(host, account->identity, true) : NULL;
    if (!rotation)
        return 0;
    char *copy = strdup(rotation->after);
    if (!copy)
        return img__fail_memory(err);
    img__secret_clear(&account->identity);
    account->identity = copy;
    return 0;
}

void img__helpers_forget(struct host *host)
{
    while (host->helpers) {
        struct helper_memory *memory = host->helpers;
        host->helpers = memory->next;
        img__account_free(&memory->account);
        free(memory->name);
        free(memory);
    }
}

void img__accounts_forget(struct host *host)
{
    img__helpers_forget(host);
    while (host->rotations) {
        struct rotation *rotation = host->rotations;
        host->rotations = rotation->next;
        img__secret_free(rotation->before);
        img__secret_free(rotation->after);
        free(rotation);
    }
}
