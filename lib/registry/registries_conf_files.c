/* SPDX-License-Identifier: Apache-2.0
 *
 * Which files of registries.conf are read. One that was named, by option or by
 * $CONTAINERS_REGISTRIES_CONF, stands alone, as with the newest of the family (older ones add the
 * drop-ins). Else the user's counts, else the system's; then come the drop-ins: those of the
 * system, unless the user's own file was taken, and those of the user, each folder by name.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "base/fs.h"
#include "base/text.h"
#include "registry/registries_conf.h"
#include "registry/user_dir.h"

#define SYSTEM_FILE "/etc/containers/registries.conf"
#define DROPINS_MAX 1000

struct loading {
    struct registries_conf *conf;
    const struct observer *log;
    img_error *err;
};

/* *found false: there is none. */
static int load_file(const struct loading *l, const char *path, bool *found)
{
    auto_(buf) struct buf text = BUF_INIT(TOML_BYTES_MAX);
    auto_(toml) struct toml *document = NULL;
    img_error local;
    int result = img__fs_read(AT_FDCWD, path, &text, &local);
    *found = result != IMG_ENOTFOUND;
    if (!*found)
        return 0;
    if (result) {
        if (l->err)
            *l->err = local;
        return result;
    }
    result = img__toml_parse(path, img__buf_text(&text), text.len, &document, l->err);
    if (result == 0)
        result = img__registries_conf_add(l->conf, path, document, l->log, l->err);
    return result ? result : img__strv_add(&l->conf->files, path, l->err);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_dropins(const struct loading *l, DIR *dir, struct strv *names)
{
    int result = 0;
    for (const struct dirent *entry; result == 0 && (entry = readdir(dir));) {
        if (!img__text_ends(entry->d_name, ".conf") || entry->d_type == DT_DIR)
            continue;
        if (names->count == DROPINS_MAX)
            return img__fail(l->err, IMG_ELIMIT, "there are more than %d drop-ins", DROPINS_MAX);
        result = img__strv_add(names, entry->d_name, l->err);
    }
    if (names->count)
        qsort(names->items, names->count, sizeof(*names->items), by_name);
    return result;
}

static int load_dropins(const struct loading *l, const char *folder)
{
    auto_(strv) struct strv names = STRV_INIT;
    DIR *dir = opendir(folder);
    if (!dir && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (!dir)
        return img__fail_errno(l->err, "can't read %s", folder);
    int result = list_dropins(l, dir, &names);
    closedir(dir);
    for (size_t i = 0; result == 0 && i < names.count; i++) {
        auto_(buf) struct buf path = BUF_INIT(USER_PATH_MAX);
        bool found;
        img__buf_printf(&path, "%s/%s", folder, names.items[i]);
        result = img__buf_check(&path, "a path", l->err);
        if (result == 0)
            result = load_file(l, img__buf_text(&path), &found);
    }
    return result;
}

static int load_named(const struct loading *l, const char *path)
{
    bool found;
    int result = load_file(l, path, &found);
    if (result == 0 && !found)
        return img__fail(l->err, IMG_ENOTFOUND, "there is no file %s with settings of registries",
                         path);
    return result;
}

/* *users: it was the user's. */
static int load_main(const struct loading *l, const char *user, bool *users)
{
    bool found = false;
    int result = user ? load_file(l, user, &found) : 0;
    *users = found;
    if (result || found)
        return result;
    return load_file(l, SYSTEM_FILE, &found);
}

static int load_usual(const struct loading *l)
{
    auto_free char *user = NULL, *user_dropins = NULL;
    bool users;
    int result = img__user_config("containers/registries.conf", &user, l->err);
    if (result == 0)
        result = img__user_config("containers/registries.conf.d", &user_dropins, l->err);
    if (result == 0)
        result = load_main(l, user, &users);
    if (result == 0 && !users)
        result = load_dropins(l, SYSTEM_FILE ".d");
    if (result == 0 && user_dropins)
        result = load_dropins(l, user_dropins);
    return result;
}

int img__registries_conf_load(const char *path, const struct observer *log,
                              struct registries_conf **out, img_error *err)
{
    auto_(registries_conf) struct registries_conf *conf = calloc(1, sizeof(*conf));
    if (!conf)
        return img__fail_memory(err);
    const struct loading l = {conf, log, err};
    if (!path)
        path = getenv("CONTAINERS_REGISTRIES_CONF");
    int result = path && *path ? load_named(&l, path) : load_usual(&l);
    if (result == 0)
        *out = steal(conf);
    return result;
}
