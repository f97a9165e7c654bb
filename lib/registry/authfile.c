/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the auth file (registry.md A13, A15, A16). Others write it: keys come in many spellings,
 * fields are unknown. The key that names most of a repository counts; a helper program keeps
 * credentials of whole hosts, so it comes behind keys with a namespace and before that of the host.
 * What is broken is an error that names file and key, but only if it is about this host.
 */
#include "registry/authfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/fs.h"
#include "base/text.h"
#include "core/json.h"
#include "core/reference.h"
#include "core/reference_host.h"
#include "registry/secret.h"

/* What is looked for, in normal form, and where, for messages. */
struct search_key {
    const char *path;
    struct buf text;
};

static void img__auto_search_key(struct search_key *key)
{
    img__buf_free(&key->text);
}

/* "/v1/" and "/v2/" are no namespace but a version of the API. */
static void append_namespace(struct buf *out, const char *path)
{
    size_t len = strlen(path);
    while (len && path[len - 1] == '/')
        len--;
    bool version = len == 3 && (memcmp(path, "/v1", 3) == 0 || memcmp(path, "/v2", 3) == 0);
    if (!version)
        img__buf_append(out, path, len);
}

bool img__authfile_key_normal(const char *key, struct buf *out)
{
    if (img__text_starts_nocase(key, "https://"))
        key += strlen("https://");
    else if (img__text_starts_nocase(key, "http://"))
        key += strlen("http://");
    char host[272], normal[272];
    size_t len = strcspn(key, "/");
    if (len == 0 || len >= sizeof(host))
        return false;
    memcpy(host, key, len);
    host[len] = '\0';
    img__reference_host_normal(host, normal, sizeof(normal));
    if (!*normal) /* it was a port alone */
        return false;
    img__buf_clear(out);
    img__buf_puts(out, img__reference_is_docker_hub(normal) ? "docker.io" : normal);
    append_namespace(out, key + len);
    return !out->failed;
}

int img__authfile_key_is(const char *key, const char *wanted, struct buf *normal, bool *is,
                         img_error *err)
{
    bool known = img__authfile_key_normal(key, normal);
    *is = known && strcmp(img__buf_text(normal), wanted) == 0;
    return !known && normal->failed == IMG_ENOMEM ? img__fail_memory(err) : 0;
}

static int read_text(const struct auth_place *place, struct buf *text, img_error *err)
{
    if (place->kind != AUTH_TEXT)
        return img__fs_read(AT_FDCWD, place->path, text, err);
    const char *value = getenv(AUTH_ENVIRONMENT);
    img__buf_puts(text, value ? value : "");
    return img__buf_check(text, place->path, err);
}

int img__authfile_load(const struct auth_place *place, struct json **out, img_error *err)
{
    *out = NULL;
    auto_(secret_buf) struct buf text = BUF_INIT(AUTHFILE_MAX);
    img_error local;
    if (place->kind != AUTH_TEXT && access(place->path, F_OK) < 0 &&
        (errno == ENOENT || errno == ENOTDIR))
        return 0;
    /* All at once: what is moved when it grows is not wiped. */
    if (!img__buf_reserve(&text, AUTHFILE_MAX))
        return img__fail_memory(err);
    int result = read_text(place, &text, &local);
    if (result == IMG_ENOTFOUND)
        return 0;
    if (result) {
        if (err)
            *err = local;
        return result;
    }
    if (text.len == 0)
        img__buf_puts(&text, "{}");
    result = img__json_parse_secret(place->path, text.data, text.len, out, err);
    if (result == 0 && img__json_kind(*out) != JSON_OBJECT) {
        img__json_free(steal(*out));
        return img__fail(err, IMG_EFORMAT, "%s: not a JSON object", place->path);
    }
    return result;
}

/* Only NULs from the first one on? Some writers end their base64 with them. */
static bool is_text(const char *bytes, size_t len)
{
    for (size_t i = strlen(bytes); i < len; i++) {
        if (bytes[i])
            return false;
    }
    return true;
}

static int read_auth(const char *auth, const char *where, struct account *out, img_error *err)
{
    auto_(secret) char *text = NULL;
    size_t len = 0;
    int result = img__base64_decode(auth, &text, &len);
    if (result == IMG_ENOMEM)
        return img__fail_memory(err);
    char *colon = result == 0 && is_text(text, len) ? strchr(text, ':') : NULL;
    if (!colon)
        return img__fail(err, IMG_EFORMAT, "%s: \"auth\" is not base64 of user:password", where);
    *colon = '\0';
    result = img__account_set(out, text, colon + 1, err);
    explicit_bzero(colon + 1, strlen(colon + 1));
    return result;
}

static int read_tokens(const struct json *entry, const char *where, struct account *out,
                       img_error *err)
{
    const char *identity = NULL, *bearer = NULL;
    int result = img__json_get_text(entry, where, "identitytoken", false, &identity, err);
    if (result == 0)
        result = img__json_get_text(entry, where, "registrytoken", false, &bearer, err);
    if (result)
        return result;
    if (identity && *identity) {
        img__secret_clear(&out->identity);
        out->identity = strdup(identity);
    }
    if (bearer && *bearer)
        out->bearer = strdup(bearer);
    bool failed = (identity && *identity && !out->identity) || (bearer && *bearer && !out->bearer);
    return failed ? img__fail_memory(err) : 0;
}

static int read_entry(const struct json *entry, const char *where, struct account *out,
                      img_error *err)
{
    const char *auth = NULL, *user = NULL, *password = NULL;
    int result = img__json_get_text(entry, where, "auth", false, &auth, err);
    if (result == 0)
        result = img__json_get_text(entry, where, "username", false, &user, err);
    if (result == 0)
        result = img__json_get_text(entry, where, "password", false, &password, err);
    if (result)
        return result;
    if (auth && *auth)
        result = read_auth(auth, where, out, err);
    else if (user && *user)
        result = img__account_set(out, user, password ? password : "", err);
    return result ? result : read_tokens(entry, where, out, err);
}

/* The entry for what wanted says; *there: there is one, perhaps with nothing in it, which is what
 * docker leaves behind for what a helper program keeps. */
static int find_entry(const struct json *auths, const struct search_key *wanted,
                      struct auth_found *out, bool *there, img_error *err)
{
    auto_(buf) struct buf normal = BUF_INIT(AUTHFILE_KEY_MAX);
    const char *key;
    const struct json *entry;
    *there = false;
    for (void *at = NULL; img__json_next(auths, &at, &key, &entry);) {
        bool is;
        int result = img__authfile_key_is(key, wanted->text.data, &normal, &is, err);
        if (result)
            return result;
        if (!is)
            continue;
        *there = true;
        free(steal(out->key));
        if (asprintf(&out->key, "auths[\"%.300s\"]", key) < 0) {
            out->key = NULL;
            return img__fail_memory(err);
        }
        auto_(buf) struct buf where = BUF_INIT((size_t)64 * 1024);
        img__buf_printf(&where, "%s: %s", wanted->path, out->key);
        if (img__json_kind(entry) != JSON_OBJECT)
            return img__fail(err, IMG_EFORMAT, "%s: not an object", img__buf_text(&where));
        result = read_entry(entry, img__buf_text(&where), &out->entry, err);
        if (result || !img__account_is_anonymous(&out->entry))
            return result;
    }
    return 0;
}

static int take_helper(const struct json *name, const char *key, const char *path,
                       struct auth_found *out, img_error *err)
{
    const char *text = img__json_text(name);
    if (!text)
        return img__fail(err, IMG_EFORMAT, "%s: %s is not the name of a helper", path, key);
    /* An empty name is docker's way to say that the file itself keeps it. */
    if (!*text)
        return 0;
    out->helper = strdup(text);
    out->helper_key = strdup(key);
    return out->helper && out->helper_key ? 0 : img__fail_memory(err);
}

/* credHelpers for the host, else credsStore. */
int img__authfile_find_helper(const struct json *root, const char *path, const char *host,
                              struct auth_found *out, img_error *err)
{
    auto_(buf) struct buf normal = BUF_INIT(AUTHFILE_KEY_MAX);
    const struct json *helpers = NULL, *store = img__json_get(root, "credsStore"), *name;
    const char *key;
    int result = img__json_get_kind(root, path, "credHelpers", JSON_OBJECT, false, &helpers, err);
    if (result)
        return result;
    for (void *at = NULL; helpers && img__json_next(helpers, &at, &key, &name);) {
        bool is;
        result = img__authfile_key_is(key, host, &normal, &is, err);
        if (result)
            return result;
        if (!is)
            continue;
        char where[400];
        snprintf(where, sizeof(where), "credHelpers[\"%.300s\"]", key);
        return take_helper(name, where, path, out, err);
    }
    return store && img__json_kind(store) != JSON_NULL
               ? take_helper(store, "credsStore", path, out, err)
               : 0;
}

/* From the repository up to the host. */
static int find_up(const struct json *auths, struct search_key *wanted, struct auth_found *out,
                   img_error *err)
{
    while (wanted->text.len) {
        bool there;
        int result = find_entry(auths, wanted, out, &there, err);
        if (result)
            return result;
        char *slash = strrchr(wanted->text.data, '/');
        if (!img__account_is_anonymous(&out->entry)) {
            out->specific = slash != NULL;
            return 0;
        }
        out->left_empty = there && !slash;
        wanted->text.len = slash ? (size_t)(slash - wanted->text.data) : 0;
        wanted->text.data[wanted->text.len] = '\0';
    }
    return 0;
}

int img__authfile_find(const struct auth_place *place, const char *host, const char *repository,
                       struct auth_found *out, img_error *err)
{
    auto_(json) struct json *root = NULL;
    const struct json *auths = NULL;
    *out = (struct auth_found){.there = false};
    int result = img__authfile_load(place, &root, err);
    if (result || !root)
        return result;
    out->there = true;
    if (place->kind == AUTH_LEGACY)
        auths = root;
    else
        result = img__json_get_kind(root, place->path, "auths", JSON_OBJECT, false, &auths, err);
    if (result)
        return result;
    auto_(search_key) struct search_key wanted = {place->path, BUF_INIT(AUTHFILE_KEY_MAX)};
    img__buf_printf(&wanted.text, "%s%s%s", host, *repository ? "/" : "", repository);
    result = img__buf_check(&wanted.text, "the name of a repository", err);
    if (result == 0 && auths)
        result = find_up(auths, &wanted, out, err);
    if (result == 0 && place->kind != AUTH_LEGACY)
        result = img__authfile_find_helper(root, place->path, host, out, err);
    return result;
}

void img__auth_found_free(struct auth_found *found)
{
    img__account_free(&found->entry);
    free(found->key);
    free(found->helper);
    free(found->helper_key);
    *found = (struct auth_found){.there = false};
}
