/* SPDX-License-Identifier: Apache-2.0
 *
 * Changing the auth file (registry.md A17). Unknown fields are kept, and it may be a symbolic link,
 * which stays one. It is changed under a lock on its directory, by rename, and has mode 0600 from
 * then on.
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
#include "core/json.h"
#include "core/reference_host.h"
#include "registry/secret.h"

#define LINKS_MAX 40
#define HUB_KEY "https://index.docker.io/v1/"

enum edit_what {
    EDIT_ERASE,
    EDIT_STORE, /* a credential */
    EDIT_LEAVE, /* {}, which says that a helper has it */
};

struct edit {
    enum edit_what what;
    const char *key; /* in normal form: a host, perhaps with a namespace */
    const img_credential *credential;
};

/* Where the file really is, if path is a symbolic link, be it to nothing yet. */
static int follow_links(const char *path, char **out, img_error *err)
{
    auto_free char *at = strdup(path);
    for (int i = 0; at && i < LINKS_MAX; i++) {
        auto_free char *target = malloc(AUTHFILE_MAX / 16);
        if (!target)
            return img__fail_memory(err);
        ssize_t len = readlink(at, target, AUTHFILE_MAX / 16 - 1);
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
    auto_(buf) struct buf normal = BUF_INIT(AUTHFILE_KEY_MAX);
    const char *key;
    const struct json *entry;
    for (void *at = NULL; img__json_next(auths, &at, &key, &entry);) {
        bool is;
        int result = img__authfile_key_is(key, host, &normal, &is, err);
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

static struct json *make_entry(const img_credential *credential)
{
    auto_(secret) char *plain = NULL;
    if (!credential)
        return img__json_object();
    if (asprintf(&plain, "%s:%s", credential->username, credential->password) < 0) {
        plain = NULL;
        return NULL;
    }
    auto_(secret) char *auth = img__base64_encode(plain, strlen(plain));
    struct json *entry = img__json_object();
    if (auth && img__json_set(entry, "auth", img__json_string(auth)))
        return entry;
    img__json_free(entry);
    return NULL;
}

static int add_entry(struct json *auths, const struct edit *edit, img_error *err)
{
    struct json *entry = make_entry(edit->what == EDIT_STORE ? edit->credential : NULL);
    const char *key = strcmp(edit->key, IMG_DOCKER_HUB) == 0 ? HUB_KEY : edit->key;
    return entry && img__json_set(auths, key, entry) ? 0 : img__fail_memory(err);
}

static int write_back(const char *path, const struct json *root, img_error *err)
{
    auto_(secret_buf) struct buf text = BUF_INIT(AUTHFILE_MAX);
    img__buf_reserve(&text, AUTHFILE_MAX / 2);
    img__json_write(root, &text);
    img__buf_putc(&text, '\n');
    int result = img__buf_check(&text, path, err);
    return result ? result : img__fs_replace(AT_FDCWD, path, text.data, text.len, 0600, err);
}

/* Where the entries are. NULL: it is no object. */
static struct json *open_auths(struct json *root, const struct auth_place *place)
{
    return place->kind == AUTH_LEGACY ? root : img__json_open(root, "auths", JSON_OBJECT);
}

static int edit_json(struct json *root, const struct auth_place *place, const struct edit *edit,
                     img_error *err)
{
    struct json *auths = open_auths(root, place);
    size_t removed;
    if (!auths)
        return img__fail(err, IMG_EFORMAT, "%s: \"auths\" is not an object", place->path);
    int result = remove_spellings(auths, edit->key, &removed, err);
    if (result)
        return result;
    if (edit->what != EDIT_ERASE)
        return add_entry(auths, edit, err);
    return removed ? 0
                   : img__fail(err, IMG_ENOTFOUND, "%s has no credential for %s", place->path,
                               edit->key);
}

static int change(const struct auth_place *place, const struct edit *edit, img_error *err)
{
    auto_free char *file = NULL;
    auto_fd int lock = -1;
    auto_(json) struct json *root = NULL;
    int result = follow_links(place->path, &file, err);
    if (result == 0 && (edit->what != EDIT_ERASE || access(file, F_OK) == 0))
        result = lock_directory(file, &lock, err);
    const struct auth_place real = {.kind = place->kind, .path = file};
    if (result == 0)
        result = img__authfile_load(&real, &root, err);
    if (result == 0 && !root && !(root = img__json_object()))
        result = img__fail_memory(err);
    if (result == 0)
        result = edit_json(root, place, edit, err);
    return result ? result : write_back(file, root, err);
}

int img__authfile_store(const struct auth_place *place, const char *key,
                        const img_credential *credential, img_error *err)
{
    const struct edit edit = {EDIT_STORE, key, credential};
    if (strchr(credential->username, ':'))
        return img__fail(err, IMG_EINVAL, "a user name with a colon can't be kept in %s",
                         place->path);
    return change(place, &edit, err);
}

int img__authfile_leave(const struct auth_place *place, const char *key, img_error *err)
{
    const struct edit edit = {EDIT_LEAVE, key, NULL};
    return change(place, &edit, err);
}

int img__authfile_erase(const struct auth_place *place, const char *key, img_error *err)
{
    const struct edit edit = {EDIT_ERASE, key, NULL};
    return change(place, &edit, err);
}
