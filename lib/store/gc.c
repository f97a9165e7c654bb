/* SPDX-License-Identifier: Apache-2.0
 *
 * The collector (layers.md L6): marks what index.json reaches, then removes the other blobs, the
 * temporary files that dead processes left, and parts of blobs that nobody went on with for a day
 * or whose blob has come since.
 *
 * It removes nothing while anyone holds a lease, nothing if a document that is reached can't be
 * read and parsed (what it refers to is not known then), and nothing whose name is not a digest.
 * What is reached and missing is no failure: of an index, one platform alone may have been pulled.
 * Content of an unknown type is opaque.
 */
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include <dirent.h>

#include "base/text.h"
#include "core/index.h"
#include "core/manifest.h"
#include "store/internal.h"
#include "store/names.h"

#define PART_SECONDS_MAX 86400

struct collector {
    img_store *store;
    void *reached; /* trees of digests, see tsearch() */
    void *walked;  /* those of documents that were read */
    img_gc_result result;
};

static void img__auto_collector(struct collector *gc)
{
    tdestroy(gc->reached, free);
    tdestroy(gc->walked, free);
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static int tree_add(void **tree, const char *text, img_error *err)
{
    if (tfind(text, tree, compare_text))
        return 0;
    auto_free char *copy = strdup(text);
    if (!copy || !tsearch(copy, tree, compare_text))
        return img__fail_memory(err);
    (void)steal(copy);
    return 0;
}

static int walk(struct collector *gc, const img_descriptor *descriptor, unsigned depth,
                img_error *err);

static int walk_subject(struct collector *gc, const struct json *json, unsigned depth,
                        img_error *err)
{
    img_descriptor subject;
    const struct json *member = img__json_get(json, "subject");

    if (!member)
        return 0;
    int r = img__descriptor_parse(member, "subject", &subject, err);
    return r ? r : walk(gc, &subject, depth + 1, err);
}

static int walk_index(struct collector *gc, const struct document *document, unsigned depth,
                      img_error *err)
{
    auto_(index) struct index index = INDEX_INIT;

    int r = img__index_parse(document, &index, err);
    for (size_t i = 0; !r && i < index.entry_count; i++)
        r = walk(gc, &index.entries[i], depth + 1, err);
    return r ? r : walk_subject(gc, index.json, depth, err);
}

static int walk_manifest(struct collector *gc, const struct document *document, unsigned depth,
                         img_error *err)
{
    auto_(manifest) struct manifest manifest = MANIFEST_INIT;

    int r = img__manifest_parse(document, &manifest, err);
    if (!r)
        r = tree_add(&gc->reached, manifest.config.digest.text, err);
    for (size_t i = 0; !r && i < manifest.layer_count; i++)
        r = tree_add(&gc->reached, manifest.layers[i].digest.text, err);
    return r ? r : walk_subject(gc, manifest.json, depth, err);
}

static int walk_document(struct collector *gc, const img_descriptor *descriptor,
                         enum media_kind kind, unsigned depth, img_error *err)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    img_error error;

    int r = img__store_get_document(gc->store, descriptor, STORE_DOCUMENT_MAX, &document, &error);
    if (r == IMG_ENOTFOUND)
        return 0;
    if (r) {
        if (err)
            *err = error;
        return r;
    }
    return kind == MEDIA_INDEX ? walk_index(gc, &document, depth, err)
                               : walk_manifest(gc, &document, depth, err);
}

static int walk(struct collector *gc, const img_descriptor *descriptor, unsigned depth,
                img_error *err)
{
    enum media_kind kind = img__media_kind(descriptor->media_type);

    int r = tree_add(&gc->reached, descriptor->digest.text, err);
    if (r || (kind != MEDIA_INDEX && kind != MEDIA_MANIFEST))
        return r;
    if (tfind(descriptor->digest.text, &gc->walked, compare_text))
        return 0;
    if (depth > INDEX_DEPTH_MAX)
        return img__fail(err, IMG_ELIMIT, "%s is nested deeper than %d documents",
                         descriptor->digest.text, INDEX_DEPTH_MAX);
    r = tree_add(&gc->walked, descriptor->digest.text, err);
    return r ? r : walk_document(gc, descriptor, kind, depth, err);
}

static int mark(struct collector *gc, img_error *err)
{
    auto_(names) struct names names = NAMES_INIT;
    auto_(name_entry) struct name_entry entry = NAME_ENTRY_INIT;
    img_descriptor descriptor;

    int r = img__names_read(gc->store, &names, err);
    if (r)
        return r;
    while (!(r = img__names_next(&names, &entry, err))) {
        r = img__names_descriptor(&names, &entry, &descriptor, err);
        if (!r)
            r = walk(gc, &descriptor, 0, err);
        if (r)
            return img__prefix(err, r, "no blob was removed: image %s", entry.label);
    }
    return r == IMG_ENOTFOUND ? 0 : r;
}

/* What is to be done with an entry of a folder. */
typedef int (*visit_fn)(struct collector *gc, int folder, const char *prefix, const char *name,
                        img_error *err);

static int visit_folder(struct collector *gc, int folder, const char *prefix, visit_fn visit,
                        img_error *err)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    int r = 0;

    if (!dir) {
        r = img__fail_errno(err, "cannot read a folder of the store %s", gc->store->path);
        if (fd >= 0)
            close(fd);
        return r;
    }
    while (!r) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry && errno)
            r = img__fail_errno(err, "cannot read a folder of the store %s", gc->store->path);
        if (!entry)
            break;
        r = visit(gc, folder, prefix, entry->d_name, err);
    }
    closedir(dir);
    return r;
}

static int remove_file(struct collector *gc, int folder, const char *name, uint64_t *size_bytes,
                       bool *removed, img_error *err)
{
    struct stat st;

    *removed = false;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
        return 0;
    if (unlinkat(folder, name, 0) != 0)
        return img__fail_errno(err, "cannot remove %s from the store %s", name, gc->store->path);
    *size_bytes = (uint64_t)st.st_size;
    *removed = true;
    return 0;
}

static int sweep_blob(struct collector *gc, int folder, const char *algorithm, const char *name,
                      img_error *err)
{
    char text[sizeof(((img_digest *)NULL)->text)];
    img_digest digest;
    uint64_t size_bytes = 0;
    bool removed;

    int len = snprintf(text, sizeof(text), "%s:%s", algorithm, name);
    if (len < 0 || (size_t)len >= sizeof(text) || img_digest_parse(text, &digest, NULL) ||
        tfind(digest.text, &gc->reached, compare_text))
        return 0;
    int r = remove_file(gc, folder, name, &size_bytes, &removed, err);
    if (!r && removed) {
        gc->result.blobs++;
        gc->result.freed_bytes += size_bytes;
    }
    return r;
}

static bool is_temporary(const char *name)
{
    const size_t prefix = strlen(IMG_FS_TEMPORARY);

    return img__text_starts(name, IMG_FS_TEMPORARY) && strlen(name + prefix) == 16 &&
           strspn(name + prefix, "0123456789abcdef") == 16;
}

/* A part that a pull may still go on with? There is no pull now: it would hold a lease. */
static bool is_spent_part(const struct collector *gc, const char *name)
{
    struct blob_path path;
    img_digest digest;
    struct stat st;

    if (!img__part_digest(name, &digest) ||
        fstatat(gc->store->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    /* Also of a clock that went backwards; a file server's may be ahead a little. */
    if (llabs((long long)time(NULL) - st.st_mtime) > PART_SECONDS_MAX)
        return true;
    return img__store_blob_path(&digest, &path, NULL) == 0 &&
           fstatat(gc->store->dir_fd, path.text, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int sweep_temporary(struct collector *gc, int folder, const char *prefix, const char *name,
                           img_error *err)
{
    uint64_t size_bytes;
    bool removed;
    (void)prefix;

    if (!is_temporary(name) && !is_spent_part(gc, name))
        return 0;
    return remove_file(gc, folder, name, &size_bytes, &removed, err);
}

static int sweep(struct collector *gc, img_error *err)
{
    static const char *const algorithms[] = {"sha256", "sha384", "sha512"};

    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        auto_fd int folder = -1;
        int r = img__store_folder(gc->store, algorithms[i], false, &folder, err);
        if (r == IMG_ENOTFOUND)
            continue;
        if (!r)
            r = visit_folder(gc, folder, algorithms[i], sweep_blob, err);
        if (r)
            return r;
    }
    return visit_folder(gc, gc->store->dir_fd, "", sweep_temporary, err);
}

/* What builds remember is none of the images: it stays, within its limits. */
static int sweep_cache(struct collector *gc, img_error *err)
{
    auto_fd int folder = img__store_cache_folder(gc->store, false);
    if (folder < 0)
        return 0;
    img__store_cache_trim(gc->store);
    return visit_folder(gc, folder, "", sweep_temporary, err);
}

int img_store_gc(img_store *store, img_gc_result *result, img_error *err)
{
    auto_(collector) struct collector gc = {.store = store};
    auto_fd int lease = -1;
    auto_fd int lock = -1;

    int r = img__store_lock(store, STORE_LEASE, LOCK_EX | LOCK_NB, &lease, err);
    if (r)
        return r;
    if (lease < 0) {
        gc.result.busy = 1;
    } else {
        r = img__store_lock(store, STORE_LOCK, LOCK_EX, &lock, err);
        if (!r)
            r = mark(&gc, err);
        if (!r)
            r = sweep(&gc, err);
        if (!r)
            r = sweep_cache(&gc, err);
        if (r)
            return r;
    }
    if (result)
        *result = gc.result;
    return 0;
}
