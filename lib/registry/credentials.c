/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding the credential for a repository: the caller's callback, then the auth file (registry.md
 * A13-A15). An account without a name and a token is anonymous, and that is no error: its origin
 * says where nothing was found, which is what a refusal has to tell.
 */
#include "registry/credentials.h"

#include <string.h>

#include "registry/authfile.h"
#include "registry/secret.h"
#include "registry/state.h"

void img__account_free(struct account *account)
{
    img__secret_free(account->user);
    img__secret_free(account->password);
    img__secret_free(account->identity);
    img__secret_free(account->bearer);
    free(account->origin);
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

void img__account_describe(const struct account *account, const char *host, struct buf *out)
{
    const char *origin = account->origin;
    if (!account->known)
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

static int take_origin(struct account *account, const char *origin, img_error *err)
{
    account->origin = strdup(origin);
    return account->origin ? 0 : img__fail_memory(err);
}

/* *found false: look elsewhere. */
static int ask_callback(const struct registry *registry, const struct host *host,
                        struct account *out, bool *found, img_error *err)
{
    *found = false;
    if (!registry->on_credential)
        return 0;
    img_credential credential = {0};
    int result = registry->on_credential(host->name, &credential, registry->on_credential_arg);
    credential.username[sizeof(credential.username) - 1] = '\0';
    credential.password[sizeof(credential.password) - 1] = '\0';
    if (result == 0) {
        *found = true;
        result = img__account_set(out, credential.username, credential.password, err);
        if (result == 0)
            result = take_origin(out, "the credential callback", err);
    } else if (result == IMG_ENOTFOUND) {
        result = 0;
    } else {
        result = img__fail(err, IMG_EAUTH, "the credential callback failed for %s", host->name);
    }
    explicit_bzero(&credential, sizeof(credential));
    return result;
}

static void warn_of_helper(const struct registry *registry, struct host *host, const char *path)
{
    if (!host->warned_of_helper)
        img__log(&registry->log, IMG_LOG_WARNING,
                 "%s leaves the credential for %s to a helper program; these are not supported "
                 "yet, going on without",
                 path, host->name);
    host->warned_of_helper = true;
}

int img__account_find(struct registry *registry, struct host *host, const char *repository,
                      struct account *out, img_error *err)
{
    bool found;
    if (out->known)
        return 0;
    out->known = true;
    int result = ask_callback(registry, host, out, &found, err);
    if (result || found)
        return result;
    auto_free char *path = NULL;
    result = img__authfile_path(registry->auth_file, &path, err);
    if (result || !path)
        return result;
    bool helper;
    result = img__authfile_find(path, host->name, repository, out, &helper, err);
    if (result == 0)
        result = take_origin(out, path, err);
    if (result == 0 && helper)
        warn_of_helper(registry, host, path);
    return result;
}
