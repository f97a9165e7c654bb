/* SPDX-License-Identifier: Apache-2.0
 *
 * Trying, keeping and forgetting credentials (registry.md A16, A17). They are kept where docker
 * keeps them, in one place, or with the helper that this place names; they are found in several, so
 * it is told if another one goes first, or is left.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "registry/authfile.h"
#include "registry/call.h"
#include "registry/memory.h"
#include "registry/registry.h"
#include "registry/token.h"

/* What is logged in to. */
struct target {
    struct registry *registry;
    struct host *host;
    const char *ns; /* behind the host; "": all of it */
    char key[600];
};

static int target_init(struct target *target, struct registry *registry, const char *key,
                       img_error *err)
{
    char name[272];
    size_t len = strcspn(key, "/");
    *target = (struct target){.registry = registry, .ns = key + len + (key[len] == '/')};
    snprintf(name, sizeof(name), "%.*s", (int)len, key);
    int result = img__registry_host(registry, name, &target->host, err);
    if (result == 0)
        snprintf(target->key, sizeof(target->key), "%s%s%s", target->host->name,
                 *target->ns ? "/" : "", target->ns);
    return result;
}

static int take_welcome(const struct call *call, const struct http_response *response, void *arg,
                        img_error *err)
{
    (void)arg;
    return response->status / 100 == 2 ? 0 : img__call_refused(call, response, err);
}

static int ask_welcome(struct access *access, img_error *err)
{
    const struct call_request request = {.access = access, .method = "GET", .path = "/v2/"};
    access->scope = strdup("");
    if (!access->scope)
        return img__fail_memory(err);
    /* Tokens that another password of the same user got prove nothing about this one, and the other
     * way round. */
    img__tokens_drop(access->host);
    int result = img__call_perform(&request, take_welcome, NULL, err);
    img__tokens_drop(access->host);
    free(access->scope);
    return result;
}

int img__registry_try_credential(struct registry *registry, const char *key,
                                 const img_credential *credential, img_error *err)
{
    struct target target;
    auto_(account) struct account account = {.known = true};
    int result = target_init(&target, registry, key, err);
    if (result == 0)
        result = img__account_set(&account, credential->username, credential->password, err);
    if (result)
        return result;
    account.origin = strdup("this login");
    if (!account.origin)
        return img__fail_memory(err);
    struct access access = {
        .registry = registry, .host = target.host, .repository = "", .account = &account};
    result = ask_welcome(&access, err);
    if (result == 0 && !target.host->challenged)
        img__log(&registry->log, IMG_LOG_WARNING,
                 "%s asks for no credential: this one is kept, but nobody has checked it",
                 target.key);
    return result;
}

static int find_place(const struct registry *registry, struct auth_place *place, img_error *err)
{
    int result = img__auth_place_to_write(registry->auth_file, place, err);
    if (result == 0 && !place->path)
        return img__fail(err, IMG_EINVAL,
                         "there is no place for credentials: set HOME or REGISTRY_AUTH_FILE");
    return result;
}

/* The helper that a place names for the host. Helpers know nothing of namespaces. */
static int find_helper(const struct target *target, const struct auth_place *place,
                       struct auth_found *found, img_error *err)
{
    auto_(json) struct json *root = NULL;
    int result = *target->ns ? 0 : img__authfile_load(place, &root, err);
    return result || !root
               ? result
               : img__authfile_find_helper(root, place->path, target->host->name, found, err);
}

static struct helper helper_of(const struct target *target, const struct auth_place *place,
                               const struct auth_found *found, char origin[512])
{
    snprintf(origin, 512, "%s in %s", found->helper_key, place->path);
    return (struct helper){found->helper, origin, target->registry->helper_timeout_ms};
}

static int store_in_helper(const struct target *target, const struct auth_place *place,
                           const struct auth_found *found, const img_credential *credential,
                           img_error *err)
{
    char origin[512];
    const struct helper helper = helper_of(target, place, found, origin);
    int result = img__helper_store(&helper, target->host->name, credential, err);
    if (result == 0)
        result = img__authfile_leave(place, target->key, err);
    if (result == 0)
        img__log(&target->registry->log, IMG_LOG_INFO,
                 "the credential for %s is kept by docker-credential-%s (%s)", target->key,
                 found->helper, origin);
    return result;
}

static int store_in_file(const struct target *target, const struct auth_place *place,
                         const img_credential *credential, img_error *err)
{
    int result = img__authfile_store(place, target->key, credential, err);
    if (result == 0)
        img__log(&target->registry->log, IMG_LOG_INFO, "the credential for %s is kept in %s",
                 target->key, place->path);
    return result;
}

/* What was kept is of no use if another place goes first. */
static void warn_of_others(const struct target *target, const char *written)
{
    auto_(auth_places) struct auth_places places = {.count = 0};
    if (img__auth_places_find(target->registry->auth_file, &places, NULL) != 0)
        return;
    for (size_t i = 0; i < places.count && strcmp(places.list[i].path, written) != 0; i++) {
        auto_(auth_found) struct auth_found found = {.there = false};
        int result =
            img__authfile_find(&places.list[i], target->host->name, target->ns, &found, NULL);
        if (result == 0 && !img__account_is_anonymous(&found.entry))
            img__log(&target->registry->log, IMG_LOG_WARNING,
                     "%s in %s goes before the credential that was kept now", found.key,
                     places.list[i].path);
    }
}

static void forget(const struct target *target)
{
    img__tokens_drop(target->host);
    img__accounts_forget(target->host);
}

int img__registry_store_credential(struct registry *registry, const char *key,
                                   const img_credential *credential, img_error *err)
{
    struct target target;
    struct auth_place place = {.path = NULL};
    auto_(auth_found) struct auth_found found = {.there = false};
    int result = target_init(&target, registry, key, err);
    if (result == 0)
        result = find_place(registry, &place, err);
    if (result)
        return result;
    auto_free char *path = place.path;
    forget(&target);
    result = find_helper(&target, &place, &found, err);
    if (result)
        return result;
    result = found.helper ? store_in_helper(&target, &place, &found, credential, err)
                          : store_in_file(&target, &place, credential, err);
    if (result == 0)
        warn_of_others(&target, path);
    return result;
}

/* *erased: it had it, and has no more. */
static int erase_from_helper(const struct target *target, const struct auth_place *place,
                             const struct auth_found *found, bool *erased, img_error *err)
{
    auto_(account) struct account account = {0};
    enum helper_answer answer;
    char origin[512];
    const struct helper helper = helper_of(target, place, found, origin);
    int result = img__helper_get(&helper, target->host->name, &account, &answer, err);
    if (result || answer != HELPER_HAS)
        return result;
    result = img__helper_erase(&helper, target->host->name, err);
    *erased = result == 0;
    if (*erased)
        img__log(&target->registry->log, IMG_LOG_INFO,
                 "the credential for %s was taken out of docker-credential-%s (%s)", target->key,
                 found->helper, origin);
    return result;
}

static int erase_from(const struct target *target, const struct auth_place *place, bool *erased,
                      img_error *err)
{
    auto_(auth_found) struct auth_found found = {.there = false};
    img_error local;
    *erased = false;
    if (place->kind == AUTH_TEXT)
        return 0;
    int result = place->kind == AUTH_FILE ? find_helper(target, place, &found, &local) : 0;
    if (result == 0 && found.helper)
        result = erase_from_helper(target, place, &found, erased, &local);
    bool by_helper = *erased;
    if (result == 0) {
        result = img__authfile_erase(place, target->key, &local);
        *erased = by_helper || result == 0;
    }
    if (result == 0 && !by_helper)
        img__log(&target->registry->log, IMG_LOG_INFO, "the credential for %s was taken out of %s",
                 target->key, place->path);
    bool passed = result == IMG_ENOTFOUND ||
                  (result == IMG_EIO && !place->named && local.sys_errno == EACCES);
    if (result && !passed && err)
        *err = local;
    return passed ? 0 : result;
}

static void warn_of_rest(const struct target *target)
{
    const struct account_search search = {target->registry, target->host, target->ns, NULL, NULL};
    auto_(account) struct account account = {0};
    if (img__account_search(&search, &account, NULL) == 0 && !img__account_is_anonymous(&account))
        img__log(&target->registry->log, IMG_LOG_WARNING, "there is still %s for %s",
                 account.origin, target->key);
}

static int fail_nowhere(const struct target *target, img_error *err)
{
    auto_(account) struct account account = {0};
    const struct account_search search = {target->registry, target->host, target->ns, NULL, NULL};
    int result = img__account_search(&search, &account, err);
    if (result)
        return result;
    if (!account.origin)
        return img__fail(err, IMG_ENOTFOUND, "there is no place where credentials are kept");
    if (!img__account_is_anonymous(&account))
        return img__fail(err, IMG_ENOTFOUND, "it has no credential of its own; there is %s",
                         account.origin);
    return img__fail(err, IMG_ENOTFOUND, "%s has no credential for %s", account.origin,
                     target->key);
}

int img__registry_erase_credential(struct registry *registry, const char *key, img_error *err)
{
    struct target target;
    auto_(auth_places) struct auth_places places = {.count = 0};
    bool erased = false;
    int result = target_init(&target, registry, key, err);
    if (result == 0)
        result = img__auth_places_find(registry->auth_file, &places, err);
    if (result)
        return result;
    forget(&target);
    for (size_t i = 0; result == 0 && !erased && i < places.count; i++)
        result = erase_from(&target, &places.list[i], &erased, err);
    if (result)
        return result;
    if (!erased)
        return fail_nowhere(&target, err);
    warn_of_rest(&target);
    return 0;
}
