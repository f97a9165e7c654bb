/* SPDX-License-Identifier: Apache-2.0
 *
 * certs.d. The first folder that is there counts, alone: an administrator's is hidden by the
 * user's own. The names of the files decide what they are, in the order of these names; there is
 * one client certificate, the first.
 */
#include "registry/certs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/text.h"
#include "registry/user_dir.h"

#define FILES_MAX 1000

void img__certs_free(struct certs *certs)
{
    img__buf_free(&certs->ca);
    img__strv_free(&certs->files);
    free(steal(certs->cert_file));
    free(steal(certs->key_file));
}

int img__certs_add_ca(struct certs *certs, const char *path, img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT(CERTS_CA_MAX);
    int result = img__fs_read(AT_FDCWD, path, &text, err);
    if (result)
        return result;
    if (!strstr(img__buf_text(&text), "-----BEGIN "))
        return img__fail(err, IMG_EFORMAT, "%s holds no certificate in PEM", path);
    img__buf_append(&certs->ca, text.data, text.len);
    img__buf_putc(&certs->ca, '\n');
    result = img__buf_check(&certs->ca, path, err);
    return result ? result : img__strv_add(&certs->files, path, err);
}

static int must_exist(const char *path, const char *other, img_error *err)
{
    if (access(path, F_OK) == 0)
        return 0;
    return img__fail(err, IMG_ENOTFOUND,
                     "the client certificate is incomplete: there is %s but no %s", other, path);
}

int img__certs_set_client(struct certs *certs, const char *cert, const char *key, img_error *err)
{
    int result = must_exist(cert, key, err);
    if (result == 0)
        result = must_exist(key, cert, err);
    if (result == 0)
        result = img__strv_add(&certs->files, cert, err);
    if (result == 0 && strcmp(cert, key) != 0)
        result = img__strv_add(&certs->files, key, err);
    if (result)
        return result;
    certs->cert_file = strdup(cert);
    certs->key_file = strdup(key);
    return certs->cert_file && certs->key_file ? 0 : img__fail_memory(err);
}

/* "FOLDER/a.cert" and ".key": "FOLDER/a.key". */
static int sibling(const char *path, const char *ending, char **out, img_error *err)
{
    const char *dot = strrchr(path, '.');
    if (asprintf(out, "%.*s%s", (int)(dot - path), path, ending) >= 0)
        return 0;
    *out = NULL;
    return img__fail_memory(err);
}

static int take_half(struct certs *certs, const char *path, const char *ending,
                     const struct observer *log, img_error *err)
{
    auto_free char *other = NULL;
    bool is_key = strcmp(ending, ".cert") == 0;
    int result = sibling(path, ending, &other, err);
    if (result || is_key)
        return result ? result : must_exist(other, path, err);
    if (certs->cert_file) {
        img__log(log, IMG_LOG_WARNING, "%s is ignored: %s is the client certificate already", path,
                 certs->cert_file);
        return must_exist(other, path, err);
    }
    return img__certs_set_client(certs, path, other, err);
}

static int take_file(struct certs *certs, const char *path, const struct observer *log,
                     img_error *err)
{
    if (img__text_ends(path, ".crt"))
        return img__certs_add_ca(certs, path, err);
    if (img__text_ends(path, ".cert"))
        return take_half(certs, path, ".key", log, err);
    if (img__text_ends(path, ".key"))
        return take_half(certs, path, ".cert", log, err);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_files(const char *folder, DIR *dir, struct strv *out, img_error *err)
{
    int result = 0;
    for (const struct dirent *entry; result == 0 && (entry = readdir(dir));) {
        auto_(buf) struct buf path = BUF_INIT(USER_PATH_MAX);
        if (*entry->d_name == '.')
            continue;
        if (out->count == FILES_MAX)
            return img__fail(err, IMG_ELIMIT, "%s has more than %d files", folder, FILES_MAX);
        img__buf_printf(&path, "%s/%s", folder, entry->d_name);
        result = img__buf_check(&path, "a path", err);
        if (result == 0)
            result = img__strv_add(out, img__buf_text(&path), err);
    }
    if (out->count)
        qsort(out->items, out->count, sizeof(*out->items), by_name);
    return result;
}

/* *found: the folder is there, and it was not skipped. */
static int read_folder(const char *folder, const struct observer *log, struct certs *out,
                       bool *found, img_error *err)
{
    auto_(strv) struct strv files = STRV_INIT;
    DIR *dir = opendir(folder);
    *found = dir != NULL;
    if (!dir) {
        img_error why;
        if (img__fail_errno(&why, "%s is skipped: it can't be read", folder) != IMG_ENOTFOUND)
            img__log(log, IMG_LOG_WARNING, "%s", why.message);
        return 0;
    }
    int result = list_files(folder, dir, &files, err);
    closedir(dir);
    for (size_t i = 0; result == 0 && i < files.count; i++)
        result = take_file(out, files.items[i], log, err);
    return result;
}

/* A name without a port may be spelled with the one of HTTPS. */
static int try_place(const char *place, const char *host, const struct observer *log,
                     struct certs *out, bool *found, img_error *err)
{
    static const char *const endings[] = {"", ":443", NULL};
    const char *port = strrchr(host, ':');
    bool has_port = port && !strchr(port, ']');
    *found = false;
    for (size_t i = 0; !*found && endings[i] && !(i && has_port); i++) {
        auto_(buf) struct buf path = BUF_INIT(USER_PATH_MAX);
        img__buf_printf(&path, "%s/%s%s", place, host, endings[i]);
        int result = img__buf_check(&path, "a path", err);
        if (result == 0)
            result = read_folder(img__buf_text(&path), log, out, found, err);
        if (result)
            return result;
    }
    return 0;
}

/* Elsewhere such a folder is given for one registry. Here it can't be told which that is. */
static int check_flat(const char *folder, const char *host, img_error *err)
{
    DIR *dir = opendir(folder);
    int result = 0;
    if (!dir)
        return img__fail_errno(err, "can't read %s", folder);
    for (const struct dirent *entry; result == 0 && (entry = readdir(dir));) {
        const char *name = entry->d_name;
        if (img__text_ends(name, ".crt") || img__text_ends(name, ".cert"))
            result = img__fail(err, IMG_EINVAL,
                               "%s/%s belongs to no registry: put it into %s/%s, if it is for that",
                               folder, name, folder, host);
    }
    closedir(dir);
    return result;
}

int img__certs_find(const char *folder, const char *host, const struct observer *log,
                    struct certs *out, img_error *err)
{
    auto_free char *user = NULL;
    bool found;
    if (folder) {
        int result = try_place(folder, host, log, out, &found, err);
        return result || found ? result : check_flat(folder, host, err);
    }
    int result = img__user_config("containers/certs.d", &user, err);
    const char *const places[] = {user ? user : "", "/etc/containers/certs.d",
                                  "/etc/docker/certs.d"};
    found = false;
    for (size_t i = 0; result == 0 && !found && i < sizeof(places) / sizeof(places[0]); i++)
        if (*places[i])
            result = try_place(places[i], host, log, out, &found, err);
    return result;
}
