/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading, and changing, the auth file (registry.md A13, A15, A17). Others write it too: keys come
 * in many spellings, unknown fields are kept, and it may be a symbolic link, which stays one. It is
 * changed under a lock on its directory, by rename, and has mode 0600 from then on.
 */
#include "registry/authfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "base/base64.h"
#include "base/fs.h"
#include "base/strv.h"
#include "base/text.h"
#include "core/json.h"
#include "core/reference.h"
#include "core/reference_host.h"
#include "registry/secret.h"

#define FILE_MAX ((size_t)1024 * 1024)
#define KEY_MAX ((size_t)1024)
#define LINKS_MAX 40
#define HUB_KEY "https://index.docker.io/v1/"

int img__authfile_path(const char *option, char **out, img_error *err)
{
    const char *file = option ? option : getenv("REGISTRY_AUTH_FILE");
    const char *docker = getenv("DOCKER_CONFIG");
    const char *home = getenv("HOME");
    auto_(buf) struct buf path = BUF_INIT(64 * 1024);
    *out = NULL;
    if (file && *file)
        img__buf_puts(&path, file);
    else if (docker && *docker)
        img__buf_printf(&path, "%s/config.json", docker);
    else if (home && *home)
        img__buf_printf(&path, "%s/.docker/config.json", home);
    else
        return 0;
    int result = img__buf_check(&path, "the path of the auth file", err);
    if (result == 0)
        *out = img__buf_steal(&path);
    return result;
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
    img__buf_clear(out);
    img__buf_puts(out, img__reference_is_docker_hub(normal) ? "docker.io" : normal);
    append_namespace(out, key + len);
    return !out->failed;
}

/* Does key stand for what wanted says in its normal form? normal is for the work. */
static int key_is(const char *key, const char *wanted, struct buf *normal, bool *is, img_error *err)
{
    bool known = img__authfile_key_normal(key, normal);
    *is = known && strcmp(img__buf_text(normal), wanted) == 0;
    return !known && normal->failed == IMG_ENOMEM ? img__fail_memory(err) : 0;
}

/* *out NULL: there is no file. An empty one is as good as {}. */
static int load(const char *path, struct json **out, img_error *err)
{
    *out = NULL;
    auto_(secret_buf) struct buf text = BUF_INIT(FILE_MAX);
    img_error local;
    int result = img__fs_read(AT_FDCWD, path, &text, &local);
    if (result == IMG_ENOTFOUND)
        return 0;
    if (result) {
        if (err)
            *err = local;
        return result;
    }
    if (text.len == 0)
        img__buf_puts(&text, "{}");
    result = img__json_parse(path, text.data, text.len, out, err);
    if (result == 0 && img__json_kind(*out) != JSON_OBJECT) {
        img__json_free(steal(*out));
        return img__fail(err, IMG_EFORMAT, "%s: not a JSON object", path);
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

/* Docker leaves {} behind for what a helper program keeps. */
static int find_entry(const struct json *auths, const char *path, const char *wanted,
                      struct account *out, img_error *err)
{
    auto_(buf) struct buf normal = BUF_INIT(KEY_MAX);
    const char *key;
    const struct json *entry;
    for (void *at = NULL; img__json_next(auths, &at, &key, &entry);) {
        bool is;
        int result = key_is(key, wanted, &normal, &is, err);
        if (result)
            return result;
        if (!is)
            continue;
        auto_(buf) struct buf where = BUF_INIT(64 * 1024);
        img__buf_printf(&where, "%s: auths[\"%s\"]", path, key);
        if (img__json_kind(entry) != JSON_OBJECT)
            return img__fail(err, IMG_EFORMAT, "%s: not an object", img__buf_text(&where));
        result = read_entry(entry, img__buf_text(&where), out, err);
        if (result || !img__account_is_anonymous(out))
            return result;
    }
    return 0;
}

static bool has_helper(const struct json *root, const char *host)
{
    const char *store = img__json_text(img__json_get(root, "credsStore"));
    if (store && *store)
        return true;
    auto_(buf) struct buf normal = BUF_INIT(KEY_MAX);
    const struct json *helpers = img__json_get(root, "credHelpers");
    const char *key;
    const struct json *value;
    for (void *at = NULL; img__json_next(helpers, &at, &key, &value);) {
        if (img__authfile_key_normal(key, &normal) && strcmp(img__buf_text(&normal), host) == 0)
            return true;
    }
    return false;
}

int img__authfile_find(const char *path, const char *host, const char *repository,
                       struct account *out, bool *helper, img_error *err)
{
    auto_(json) struct json *root = NULL;
    *helper = false;
    int result = load(path, &root, err);
    if (result || !root)
        return result;
    const struct json *auths = NULL;
    result = img__json_get_kind(root, path, "auths", JSON_OBJECT, false, &auths, err);
    if (result)
        return result;
    auto_(buf) struct buf wanted = BUF_INIT(KEY_MAX);
    img__buf_printf(&wanted, "%s%s%s", host, *repository ? "/" : "", repository);
    result = img__buf_check(&wanted, "the name of a repository", err);
    while (result == 0 && auths && wanted.len) {
        result = find_entry(auths, path, wanted.data, out, err);
        if (result || !img__account_is_anonymous(out))
            return result;
        char *slash = strrchr(wanted.data, '/');
        wanted.len = slash ? (size_t)(slash - wanted.data) : 0;
        wanted.data[wanted.len] = '\0';
    }
    *helper = has_helper(root, host);
    return result;
}

/* Where the file really is, if path is a symbolic link, be it to nothing yet. */
static int follow_links(const char *path, char **out, img_error *err)
{
    auto_free char *at = strdup(path);
    for (int i = 0; at && i < LINKS_MAX; i++) {
        auto_free char *target = malloc(FILE_MAX / 16);
        if (!target)
            return img__fail_memory(err);
        ssize_t len = readlink(at, target, FILE_MAX / 16 - 1);
        if (len < 0) {
            *out = steal(at);
            return 0;
        }
        target[len] = '\0';
        const char *slash = strrchr(at, '/');
        char *next = NULL;
        int dir_len = *target == '/' || !slash ? 0 : (int)(slash + 1 - at);
        if (asprintf(&next, "%.*s%s", dir_len, at, target) < 0)
            return img__fail_memory(err);
        free(at);
        at = next;
    }
    return at ? img__fail(err, IMG_EIO, "%s: too many symbolic links", path)
              : img__fail_memory(err);
}

/* Locks the directory that the file is in, made if need be. The lock goes with *fd. */
static int lock_directory(const char *path, int *fd, img_error *err)
{
    const char *slash = strrchr(path, '/');
    auto_free char *dir =
        slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    if (!dir)
        return img__fail_memory(err);
    int result = img__fs_mkdirs(dir, 0700, err);
    if (result)
        return result;
    *fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0)
        return img__fail_errno(err, "cannot open directory %s", dir);
    while (flock(*fd, LOCK_EX) != 0) {
        if (errno != EINTR)
            return img__fail_errno(err, "cannot lock directory %s", dir);
    }
    return 0;
}

/* Takes away all that stands for the host; *removed tells how many. */
static int remove_spellings(struct json *auths, const char *host, size_t *removed, img_error *err)
{
    auto_(strv) struct strv keys = STRV_INIT;
    auto_(buf) struct buf normal = BUF_INIT(KEY_MAX);
    const char *key;
    const struct json *entry;
    for (void *at = NULL; img__json_next(auths, &at, &key, &entry);) {
        bool is;
        int result = key_is(key, host, &normal, &is, err);
        if (result == 0 && is)
            result = img__strv_add(&keys, key, err);
        if (result)
            return result;
    }
    for (size_t i = 0; i < keys.count; i++)
        img__json_unset(auths, keys.items[i]);
    *removed = keys.count;
    return 0;
}

static int add_entry(struct json *auths, const char *host, const img_credential *credential,
                     img_error *err)
{
    auto_(secret) char *plain = NULL;
    if (asprintf(&plain, "%s:%s", credential->username, credential->password) < 0) {
        plain = NULL;
        return img__fail_memory(err);
    }
    auto_(secret) char *auth = img__base64_encode(plain, strlen(plain));
    struct json *entry = img__json_object();
    bool made = auth && img__json_set(entry, "auth", img__json_string(auth));
    if (!made) {
        img__json_free(entry);
        return img__fail_memory(err);
    }
    const char *key = strcmp(host, "docker.io") == 0 ? HUB_KEY : host;
    return img__json_set(auths, key, entry) ? 0 : img__fail_memory(err);
}

static int write_back(const char *path, const struct json *root, img_error *err)
{
    auto_(secret_buf) struct buf text = BUF_INIT(FILE_MAX);
    img__buf_reserve(&text, FILE_MAX / 2);
    img__json_write(root, &text);
    img__buf_putc(&text, '\n');
    int result = img__buf_check(&text, path, err);
    return result ? result : img__fs_replace(AT_FDCWD, path, text.data, text.len, 0600, err);
}

/* credential NULL: erase. */
static int change(const char *path, const char *host, const img_credential *credential,
                  img_error *err)
{
    auto_free char *file = NULL;
    auto_fd int lock = -1;
    auto_(json) struct json *root = NULL;
    int result = follow_links(path, &file, err);
    if (result == 0 && (credential || access(file, F_OK) == 0))
        result = lock_directory(file, &lock, err);
    if (result == 0)
        result = load(file, &root, err);
    if (result)
        return result;
    if (!root && credential)
        root = img__json_object();
    struct json *auths = root ? img__json_open(root, "auths", JSON_OBJECT) : NULL;
    if (!auths && root)
        return img__fail(err, IMG_EFORMAT, "%s: \"auths\" is not an object", path);
    size_t removed = 0;
    result = auths ? remove_spellings(auths, host, &removed, err) : 0;
    if (result)
        return result;
    if (!credential && removed == 0)
        return img__fail(err, IMG_ENOTFOUND, "%s has no credential for %s", path, host);
    result = credential ? add_entry(auths, host, credential, err) : 0;
    return result ? result : write_back(file, root, err);
}

int img__authfile_store(const char *path, const char *host, const img_credential *credential,
                        img_error *err)
{
    if (strchr(credential->username, ':'))
        return img__fail(err, IMG_EINVAL, "a user name with a colon can't be kept in %s", path);
    return change(path, host, credential, err);
}

int img__authfile_erase(const char *path, const char *host, img_error *err)
{
    return change(path, host, NULL, err);
}
