/* SPDX-License-Identifier: Apache-2.0
 *
 * The directory: finding, checking and creating it (image-spec, image-layout.md; layers.md L1).
 *
 * Creation begins with the lock file and ends with oci-layout, so of several processes one creates
 * and the others wait, and a creation that died is completed by the next. Nothing is put into a
 * directory that holds anything else.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>

#include "base/options.h"
#include "base/text.h"
#include "core/json.h"
#include "core/media.h"
#include "store/internal.h"

#define LAYOUT_BYTES_MAX 65536
#define LAYOUT_VERSION_KEY "imageLayoutVersion"

static const char layout_text[] = "{\"" LAYOUT_VERSION_KEY "\":\"1.0.0\"}";
static const char index_text[] =
    "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":[\n]}\n";

static const char *environment(const char *name)
{
    const char *value = secure_getenv(name);
    return value && value[0] ? value : NULL;
}

char *img__store_join(const char *a, const char *b)
{
    auto_(buf) struct buf path = BUF_INIT(SIZE_MAX / 2);

    img__buf_printf(&path, "%s/%s", a, b);
    return img__buf_steal(&path);
}

/* *out NULL: no memory. */
static int default_path(char **out, img_error *err)
{
    const char *own = environment("IMGTOOL_STORE");
    const char *data = environment("XDG_DATA_HOME");
    const char *home = environment("HOME");

    if (own)
        *out = strdup(own);
    else if (data && data[0] == '/') /* the XDG specification has relative paths ignored */
        *out = img__store_join(data, "libimg/store");
    else if (home && home[0] == '/')
        *out = img__store_join(home, ".local/share/libimg/store");
    else
        return img__fail(err, IMG_EINVAL,
                         "no directory for the store: set IMGTOOL_STORE, XDG_DATA_HOME or HOME");
    return 0;
}

static int absolute_path(const char *path, char **out, img_error *err)
{
    auto_free char *chosen = NULL;
    int r = 0;

    if (path)
        chosen = strdup(path);
    else
        r = default_path(&chosen, err);
    if (r)
        return r;
    if (!chosen)
        return img__fail_memory(err);
    if (chosen[0] == '\0')
        return img__fail(err, IMG_EINVAL, "the path of the store is empty");
    if (chosen[0] == '/') {
        *out = steal(chosen);
        return 0;
    }
    auto_free char *here = get_current_dir_name();
    if (!here)
        return img__fail_errno(err, "cannot tell the current directory");
    *out = img__store_join(here, chosen);
    return *out ? 0 : img__fail_memory(err);
}

static int check_version(const img_store *store, img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT(LAYOUT_BYTES_MAX);
    auto_(json) struct json *json = NULL;
    auto_free char *what = img__store_join(store->path, STORE_LAYOUT);
    const char *version = NULL;

    if (!what)
        return img__fail_memory(err);
    int r = img__fs_read(store->dir_fd, STORE_LAYOUT, &text, err);
    if (r)
        return img__prefix(err, r, "%s", store->path);
    r = img__json_parse(what, img__buf_text(&text), text.len, &json, err);
    if (!r)
        r = img__json_get_text(json, what, LAYOUT_VERSION_KEY, true, &version, err);
    if (r)
        return r;
    if (!img__text_starts(version, "1."))
        return img__fail(err, IMG_EUNSUPPORTED,
                         "%s: version %s of the image layout is not known here, only 1.x", what,
                         version);
    return 0;
}

static int check_part(const img_store *store, const char *name, mode_t type, img_error *err)
{
    struct stat st;

    if (fstatat(store->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT)
            return img__fail(err, IMG_EFORMAT, "%s is not a valid image layout: it has no %s",
                             store->path, name);
        return img__fail_errno(err, "cannot look at %s/%s", store->path, name);
    }
    if ((st.st_mode & S_IFMT) != type)
        return img__fail(err, IMG_EFORMAT, "%s is not a valid image layout: %s is not a %s",
                         store->path, name, type == S_IFDIR ? "directory" : "regular file");
    return 0;
}

static int check_layout(const img_store *store, img_error *err)
{
    int r = check_part(store, STORE_LAYOUT, S_IFREG, err);
    if (!r)
        r = check_version(store, err);
    if (!r)
        r = check_part(store, STORE_INDEX, S_IFREG, err);
    return r ? r : check_part(store, STORE_BLOBS, S_IFDIR, err);
}

static bool exists(const img_store *store, const char *name)
{
    struct stat st;

    return fstatat(store->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool is_own(const char *name)
{
    static const char *const own[] = {".", "..", STORE_LAYOUT, STORE_INDEX, STORE_BLOBS};

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (strcmp(name, own[i]) == 0)
            return true;
    return img__text_starts(name, STORE_OWN_PREFIX) || img__text_starts(name, IMG_FS_TEMPORARY);
}

/* Is there anything that a creation of ours, complete or not, would not have put there? */
static int scan_foreign(const img_store *store, bool *foreign, img_error *err)
{
    bool empty = true;
    int fd = openat(store->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        int r = img__fail_errno(err, "cannot read directory %s", store->path);
        if (fd >= 0)
            close(fd);
        return r;
    }

    *foreign = false;
    errno = 0;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (!is_own(entry->d_name))
            *foreign = true;
        if (entry->d_name[0] != '.' || strlen(entry->d_name) > 2)
            empty = false;
    }
    int r = errno ? img__fail_errno(err, "cannot read directory %s", store->path) : 0;
    closedir(dir);
    /* The lock file comes first, so it is there whenever something else of ours is. */
    if (!empty && !exists(store, STORE_LOCK))
        *foreign = true;
    return r;
}

static int create_locked(const img_store *store, img_error *err)
{
    auto_fd int folder = -1;
    int r = 0;

    if (exists(store, STORE_LAYOUT))
        return 0;
    r = img__store_folder(store, IMG_DIGEST_CANONICAL, true, &folder, err);
    if (!r && !exists(store, STORE_INDEX))
        r = img__fs_replace(store->dir_fd, STORE_INDEX, index_text, strlen(index_text),
                            STORE_FILE_MODE, err);
    if (!r)
        r = img__fs_replace(store->dir_fd, STORE_LAYOUT, layout_text, strlen(layout_text),
                            STORE_FILE_MODE, err);
    return r ? img__prefix(err, r, "cannot create the store %s", store->path) : 0;
}

static int create_layout(const img_store *store, img_error *err)
{
    auto_fd int lock = -1;
    bool foreign = false;

    int r = scan_foreign(store, &foreign, err);
    if (r)
        return r;
    if (foreign && !exists(store, STORE_LAYOUT))
        return img__fail(err, IMG_EFORMAT,
                         "%s is not an image layout and not empty: name another directory for the "
                         "store",
                         store->path);
    r = img__store_lock(store, STORE_LOCK, LOCK_EX, &lock, err);
    return r ? r : create_locked(store, err);
}

static int open_directory(img_store *store, bool create, img_error *err)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

    store->dir_fd = open(store->path, flags);
    if (store->dir_fd < 0 && errno == ENOENT && create) {
        int r = img__fs_mkdirs(store->path, STORE_FOLDER_MODE, err);
        if (r)
            return r;
        store->dir_fd = open(store->path, flags);
    }
    return store->dir_fd < 0 ? img__fail_errno(err, "cannot open the store %s", store->path) : 0;
}

int img_store_open(const img_store_options *options, img_store **out, img_error *err)
{
    img_store_options given = IMG_STORE_OPTIONS_INIT;
    int r = img__options_copy(&given, sizeof(given), options, "img_store_options", err);
    if (r)
        return r;

    auto_(store) img_store *store = calloc(1, sizeof(*store));
    if (!store)
        return img__fail_memory(err);
    store->dir_fd = -1;
    r = absolute_path(given.path, &store->path, err);
    if (!r)
        r = open_directory(store, !given.must_exist, err);
    if (!r && !given.must_exist && !exists(store, STORE_LAYOUT))
        r = create_layout(store, err);
    if (!r)
        r = check_layout(store, err);
    if (r)
        return r;
    *out = steal(store);
    return 0;
}

void img_store_free(img_store *store)
{
    if (!store)
        return;
    if (store->dir_fd >= 0)
        close(store->dir_fd);
    free(store->path);
    free(store);
}

const char *img_store_path(const img_store *store)
{
    return store->path;
}
