/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding the credential for a repository (registry.md A13-A16): the caller's callback, then the
 * places in their order. Within a place a key with a namespace goes before a helper, and that
 * before the key of the host. A helper that has none, or that is not there, is no reason to look no
 * further, unless the file says that the host was logged in to by it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "registry/authfile.h"
#include "registry/memory.h"
#include "registry/state.h"

#define LOOKED_MAX ((size_t)64 * 1024)

struct walk {
    const struct account_search *search;
    struct account *out;
    const struct auth_place *place;
    struct buf looked; /* the places that are there */
    bool found;
};

static void img__auto_walk(struct walk *walk)
{
    img__buf_free(&walk->looked);
}

static int skip(struct walk *walk, const char *place, const char *why, img_error *err)
{
    const struct account_search *search = walk->search;
    if (!search->skipped || search->skipped(place, why, search->arg) == 0)
        return 0;
    return img__fail(err, IMG_ECANCELED, "interrupted");
}

static int ask_callback(struct walk *walk, img_error *err)
{
    const struct registry *registry = walk->search->registry;
    const char *host = walk->search->host->name;
    if (!registry->on_credential)
        return 0;
    img_credential credential = {0};
    int result = registry->on_credential(host, &credential, registry->on_credential_arg);
    credential.username[sizeof(credential.username) - 1] = '\0';
    credential.password[sizeof(credential.password) - 1] = '\0';
    if (result == 0) {
        walk->found = true;
        result = img__account_set(walk->out, credential.username, credential.password, err);
        walk->out->origin = strdup("the credential callback");
        if (result == 0 && !walk->out->origin)
            result = img__fail_memory(err);
    } else if (result == IMG_ENOTFOUND) {
        result = skip(walk, "the credential callback", "it has none", err);
    } else {
        result = img__fail(err, IMG_EAUTH, "the credential callback failed for %s", host);
    }
    explicit_bzero(&credential, sizeof(credential));
    return result;
}

/* Where it was found. key and program are handed over, program may be NULL. */
static int set_origin(struct walk *walk, char *key, char *program, img_error *err)
{
    struct account *out = walk->out;
    int len;
    walk->found = true;
    out->key = key;
    out->program = program;
    out->place = strdup(walk->place->path);
    if (program)
        len = asprintf(&out->origin, "%s (%s in %s)", program, key ? key : "", walk->place->path);
    else
        len = asprintf(&out->origin, "%s in %s", key ? key : "", walk->place->path);
    if (len < 0)
        out->origin = NULL;
    return key && out->place && out->origin ? 0 : img__fail_memory(err);
}

static int take_entry(struct walk *walk, struct auth_found *found, img_error *err)
{
    struct account *out = walk->out;
    *out = found->entry;
    found->entry = (struct account){0};
    return set_origin(walk, steal(found->key), NULL, err);
}

static struct helper_memory *remembered(const struct host *host, const char *name)
{
    for (struct helper_memory *at = host->helpers; at; at = at->next) {
        if (strcmp(at->name, name) == 0)
            return at;
    }
    return NULL;
}

static int ask_and_remember(struct walk *walk, const struct auth_found *found,
                            struct helper_memory **out, img_error *err)
{
    struct host *host = walk->search->host;
    char origin[512];
    snprintf(origin, sizeof(origin), "%s in %s", found->helper_key, walk->place->path);
    const struct helper helper = {found->helper, origin, walk->search->registry->helper_timeout_ms};
    auto_free struct helper_memory *memory = calloc(1, sizeof(*memory));
    auto_free char *name = strdup(found->helper);
    if (!memory || !name)
        return img__fail_memory(err);
    int result = img__helper_get(&helper, host->name, &memory->account, &memory->answer, err);
    if (result) {
        img__account_free(&memory->account);
        return result;
    }
    memory->name = steal(name);
    memory->next = host->helpers;
    *out = host->helpers = steal(memory);
    return 0;
}

static int without_helper(struct walk *walk, const struct auth_found *found, img_error *err)
{
    struct host *host = walk->search->host;
    char why[256];
    if (found->left_empty && img__account_is_anonymous(&found->entry))
        return img__fail(
            err, IMG_EAUTH,
            "docker-credential-%s (%s in %s) keeps the credential for %s, but there is "
            "no such program in $PATH: install it, or log out of %s",
            found->helper, found->helper_key, walk->place->path, host->name, host->name);
    if (!host->warned_of_helper)
        img__log(&walk->search->registry->log, IMG_LOG_WARNING,
                 "docker-credential-%s (%s in %s) is not in $PATH: going on without what it may "
                 "have for %s",
                 found->helper, found->helper_key, walk->place->path, host->name);
    host->warned_of_helper = true;
    snprintf(why, sizeof(why), "docker-credential-%.100s is not in $PATH", found->helper);
    img__buf_printf(&walk->looked, " (%s)", why);
    return skip(walk, walk->place->path, why, err);
}

static int ask_helper(struct walk *walk, struct auth_found *found, img_error *err)
{
    struct helper_memory *memory = remembered(walk->search->host, found->helper);
    char *program = NULL, why[256];
    int result = memory ? 0 : ask_and_remember(walk, found, &memory, err);
    if (result)
        return result;
    if (memory->answer == HELPER_MISSING)
        return without_helper(walk, found, err);
    if (memory->answer == HELPER_HAS_NOT) {
        snprintf(why, sizeof(why), "docker-credential-%.100s has none for this host",
                 found->helper);
        return skip(walk, walk->place->path, why, err);
    }
    if (asprintf(&program, "docker-credential-%s", found->helper) < 0)
        return img__fail_memory(err);
    result = img__account_copy(&memory->account, walk->out, err);
    int origin = set_origin(walk, steal(found->helper_key), program, err);
    return result ? result : origin;
}

/* Not a place of the user's choice, and not for the user to read, as with a HOME of somebody else.
 */
static bool may_be_passed(const struct auth_place *place, int code, const img_error *err)
{
    return !place->named && code == IMG_EIO && err->sys_errno == EACCES;
}

static int pass_unreadable(struct walk *walk, img_error *reason, img_error *err)
{
    struct host *host = walk->search->host;
    if (!host->warned_of_file)
        img__log(&walk->search->registry->log, IMG_LOG_WARNING, "%s: going on without it",
                 reason->message);
    host->warned_of_file = true;
    return skip(walk, walk->place->path, "it may not be read", err);
}

static int look_into(struct walk *walk, struct auth_found *found, img_error *err)
{
    const char *path = walk->place->path;
    if (!found->there)
        return skip(walk, path, "it is not there", err);
    img__buf_printf(&walk->looked, "%s%s", walk->looked.len ? ", " : "", path);
    if (found->specific)
        return take_entry(walk, found, err);
    int result = found->helper ? ask_helper(walk, found, err) : 0;
    if (result || walk->found)
        return result;
    if (!img__account_is_anonymous(&found->entry))
        return take_entry(walk, found, err);
    return found->helper ? 0 : skip(walk, path, "it has no entry for this host", err);
}

static int look_at(struct walk *walk, const struct auth_place *place, img_error *err)
{
    const struct account_search *search = walk->search;
    auto_(auth_found) struct auth_found found = {.there = false};
    img_error local;
    walk->place = place;
    int result = img__authfile_find(place, search->host->name, search->repository, &found, &local);
    if (result && may_be_passed(place, result, &local))
        return pass_unreadable(walk, &local, err);
    if (result == 0)
        return look_into(walk, &found, err);
    if (err)
        *err = local;
    return result;
}

/* Nothing anywhere: where a login would help, if there is no file at all. */
static int set_looked(struct walk *walk, img_error *err)
{
    struct auth_place place;
    if (walk->looked.len == 0) {
        int result = img__auth_place_to_write(walk->search->registry->auth_file, &place, err);
        walk->out->origin = place.path;
        return result;
    }
    int result = img__buf_check(&walk->looked, "the names of the auth files", err);
    if (result == 0)
        walk->out->origin = img__buf_steal(&walk->looked);
    return result;
}

int img__account_search(const struct account_search *search, struct account *out, img_error *err)
{
    auto_(walk) struct walk walk = {.search = search, .out = out, .looked = BUF_INIT(LOOKED_MAX)};
    auto_(auth_places) struct auth_places places = {.count = 0};
    int result = ask_callback(&walk, err);
    if (result || walk.found)
        return result;
    result = img__auth_places_find(search->registry->auth_file, &places, err);
    for (size_t i = 0; result == 0 && !walk.found && i < places.count; i++)
        result = look_at(&walk, &places.list[i], err);
    if (result)
        return result;
    return walk.found ? img__account_use_rotated(search->host, out, err) : set_looked(&walk, err);
}
