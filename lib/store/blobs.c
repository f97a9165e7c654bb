/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs (layers.md L3, L5, H5, H7). One gets its name only when it is complete, verified and on the
 * disk: temporary file in the same file system, hashed while it is written, fsync, rename, fsync of
 * the folder. It is read only as a regular file of the promised size, never through a symbolic
 * link, and verified again on the way.
 *
 * A blob that is there with the right size is kept, and what came is dropped: that saves the fsync
 * of what is most often a layer built once more.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <libimg/blob.h>

#include "core/verify.h"
#include "store/internal.h"

/* Takes the bytes of a blob; whoever stands before it has filled in digest and size by the time it
 * is closed. */
struct blob_sink {
    struct sink base;
    const img_store *store;
    struct fs_temporary temporary;
    const img_digest *digest;
    const uint64_t *size_bytes;
    img_descriptor promised; /* what these point to, for a blob that is known */
};

int img__store_blob_path(const img_digest *digest, struct blob_path *out, img_error *err)
{
    img_digest parsed;
    char algorithm[16];

    /* A descriptor may come from outside, and its digest becomes a path. */
    int r = img_digest_parse(digest->text, &parsed, err);
    if (r)
        return r;
    img__digest_algorithm(&parsed, algorithm, sizeof(algorithm));
    snprintf(out->text, sizeof(out->text), STORE_BLOBS "/%s/%s", algorithm,
             img__digest_hex(&parsed));
    return 0;
}

static int open_folder(const img_store *store, int dirfd, const char *name, int *fd, img_error *err)
{
    *fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*fd >= 0)
        return 0;
    struct stat st;
    int number = errno;
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode))
        return img__fail(err, IMG_EFORMAT, "%s is not a valid image layout: %s is not a directory",
                         store->path, name);
    errno = number;
    return img__fail_errno(err, "cannot open the folder %s of %s", name, store->path);
}

static int make_folder(const img_store *store, int dirfd, const char *name, img_error *err)
{
    if (mkdirat(dirfd, name, STORE_FOLDER_MODE) == 0)
        return img__fs_sync_dir(dirfd, store->path, err);
    if (errno != EEXIST)
        return img__fail_errno(err, "cannot create the folder %s of %s", name, store->path);
    return 0;
}

int img__store_folder(const img_store *store, const char *algorithm, bool create, int *fd,
                      img_error *err)
{
    auto_fd int blobs = -1;
    int r = create ? make_folder(store, store->dir_fd, STORE_BLOBS, err) : 0;
    if (!r)
        r = open_folder(store, store->dir_fd, STORE_BLOBS, &blobs, err);
    if (!r && create)
        r = make_folder(store, blobs, algorithm, err);
    return r ? r : open_folder(store, blobs, algorithm, fd, err);
}

int img__store_folder_of(const img_store *store, const img_digest *digest, bool create, int *fd,
                         img_error *err)
{
    char algorithm[16];

    img__digest_algorithm(digest, algorithm, sizeof(algorithm));
    return img__store_folder(store, algorithm, create, fd, err);
}

bool img__store_holds(int folder, const char *name, uint64_t size_bytes)
{
    struct stat st;

    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           (uint64_t)st.st_size == size_bytes;
}

bool img__store_has(img_store *store, const img_descriptor *descriptor)
{
    struct blob_path path;
    auto_fd int folder = -1;

    return img__store_blob_path(&descriptor->digest, &path, NULL) == 0 &&
           img__store_folder_of(store, &descriptor->digest, false, &folder, NULL) == 0 &&
           img__store_holds(folder, img__digest_hex(&descriptor->digest), descriptor->size_bytes);
}

static int blob_sink_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    struct blob_sink *self = (struct blob_sink *)sink;

    return img__fs_write_all(self->temporary.fd, data, len, self->store->path, err);
}

static int blob_sink_close(struct sink *sink, img_error *err)
{
    struct blob_sink *self = (struct blob_sink *)sink;
    struct blob_path path;
    auto_fd int folder = -1;

    int r = img__store_blob_path(self->digest, &path, err);
    if (!r)
        r = img__store_folder_of(self->store, self->digest, true, &folder, err);
    if (r)
        return r;
    if (img__store_holds(folder, img__digest_hex(self->digest), *self->size_bytes))
        img__fs_temporary_drop(&self->temporary);
    else
        r = img__fs_temporary_commit(&self->temporary, path.text, STORE_FILE_MODE, err);
    /* Also for a blob that was there: who renamed it may not have got so far. */
    if (!r)
        r = img__fs_sync_dir(folder, path.text, err);
    return r ? img__prefix(err, r, "store %s", self->store->path) : 0;
}

static void blob_sink_free(struct sink *sink)
{
    struct blob_sink *self = (struct blob_sink *)sink;

    img__fs_temporary_drop(&self->temporary);
    free(self);
}

static const struct sink_ops blob_sink_ops = {
    .write = blob_sink_write,
    .close = blob_sink_close,
    .free = blob_sink_free,
};

static int blob_sink_new(const img_store *store, struct blob_sink **out, img_error *err)
{
    auto_free struct blob_sink *self = calloc(1, sizeof(*self));
    if (!self)
        return img__fail_memory(err);
    self->base.ops = &blob_sink_ops;
    self->store = store;
    self->temporary = (struct fs_temporary)FS_TEMPORARY_INIT;
    int r = img__fs_temporary_open(store->dir_fd, &self->temporary, err);
    if (r)
        return img__prefix(err, r, "store %s", store->path);
    *out = steal(self);
    return 0;
}

int img__store_ingest(img_store *store, img_digest *digest, uint64_t *size_bytes, struct sink **out,
                      img_error *err)
{
    struct blob_sink *blob = NULL;

    int r = blob_sink_new(store, &blob, err);
    if (r)
        return r;
    blob->digest = digest;
    blob->size_bytes = size_bytes;
    return img__sink_digest(digest, size_bytes, &blob->base, out, err);
}

int img__store_accept(img_store *store, const img_descriptor *descriptor, struct sink **out,
                      img_error *err)
{
    struct blob_sink *blob = NULL;
    struct blob_path path;

    int r = img__store_blob_path(&descriptor->digest, &path, err);
    if (r)
        return r;
    if (img__store_has(store, descriptor)) {
        *out = NULL;
        return 0;
    }
    r = blob_sink_new(store, &blob, err);
    if (r)
        return r;
    blob->promised = *descriptor;
    blob->digest = &blob->promised.digest;
    blob->size_bytes = &blob->promised.size_bytes;

    char name[80];
    img__descriptor_name(descriptor, name, sizeof(name));
    return img__sink_verify(&descriptor->digest, descriptor->size_bytes, name, &blob->base, out,
                            err);
}

static int check_blob(const img_store *store, const char *path, int fd,
                      const img_descriptor *descriptor, img_error *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return img__fail_errno(err, "cannot read %s/%s", store->path, path);
    if (!S_ISREG(st.st_mode))
        return img__fail(err, IMG_EFORMAT, "%s/%s is not a regular file", store->path, path);
    if ((uint64_t)st.st_size != descriptor->size_bytes)
        return img__fail(err, IMG_EDIGEST,
                         "%s/%s has %" PRIu64 " bytes instead of %" PRIu64
                         ": pull or build the image again",
                         store->path, path, (uint64_t)st.st_size, descriptor->size_bytes);
    return 0;
}

static int blob_missing(const img_store *store, const img_descriptor *descriptor, img_error *err)
{
    return img__fail(err, IMG_ENOTFOUND,
                     "the store %s does not have the blob %s: pull or build the image again",
                     store->path, descriptor->digest.text);
}

int img_store_open_blob(img_store *store, const img_descriptor *descriptor, int *fd, img_error *err)
{
    struct blob_path path;
    auto_fd int folder = -1;

    int r = img__store_blob_path(&descriptor->digest, &path, err);
    if (!r)
        r = img__store_folder_of(store, &descriptor->digest, false, &folder, err);
    if (r == IMG_ENOTFOUND)
        return blob_missing(store, descriptor, err);
    if (r)
        return r;

    /* O_NONBLOCK: a FIFO in place of a blob must not hold us up. */
    auto_fd int blob = openat(folder, img__digest_hex(&descriptor->digest),
                              O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (blob < 0 && errno == ENOENT)
        return blob_missing(store, descriptor, err);
    if (blob < 0 && errno == ELOOP)
        return img__fail(err, IMG_EFORMAT, "%s/%s is not a regular file", store->path, path.text);
    if (blob < 0)
        return img__fail_errno(err, "cannot open %s/%s", store->path, path.text);
    r = check_blob(store, path.text, blob, descriptor, err);
    if (r)
        return r;
    *fd = steal_fd(blob);
    return 0;
}

int img_store_find_blob(img_store *store, const char *digest, img_descriptor *out, img_error *err)
{
    img_descriptor found = {.media_type = ""};
    auto_fd int folder = -1;
    struct stat st;

    int r = img_digest_parse(digest, &found.digest, err);
    if (!r)
        r = img__store_folder_of(store, &found.digest, false, &folder, err);
    if (r && r != IMG_ENOTFOUND)
        return r;
    if (r || fstatat(folder, img__digest_hex(&found.digest), &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode))
        return img__fail(err, IMG_ENOTFOUND, "the store %s does not have the blob %s", store->path,
                         found.digest.text);
    found.size_bytes = (uint64_t)st.st_size;
    *out = found;
    return 0;
}

int img__store_source(img_store *store, const img_descriptor *descriptor, struct source **out,
                      img_error *err)
{
    struct blob_path path;
    struct source *file = NULL;
    int fd = -1;

    int r = img__store_blob_path(&descriptor->digest, &path, err);
    if (r)
        return r;
    auto_free char *name = img__store_join(store->path, path.text);
    if (!name)
        return img__fail_memory(err);
    r = img_store_open_blob(store, descriptor, &fd, err);
    if (!r)
        r = img__source_fd(fd, name, &file, err);
    if (r)
        return r;
    return img__source_verify(&descriptor->digest, descriptor->size_bytes, name, file, out, err);
}
