/* SPDX-License-Identifier: Apache-2.0
 *
 * Parts of blobs (registry.md L10, K2). What comes of a blob that is promised is kept in a file
 * whose name says which one, so that a pull that was cut off, or killed, is gone on with by the
 * next one, whatever it pulls. Its owner holds a lock on it; who finds it locked waits for a blob
 * that is on its way already.
 *
 * A part is not trusted: it is hashed again when it is opened, and dropped if the whole turns out
 * to be another one. The bytes get the blob's name as all others do, once they are complete,
 * verified and on the disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/text.h"
#include "core/verify.h"
#include "store/internal.h"

#define OPEN_TRIES 16

struct part {
    struct sink base;
    const img_store *store;
    int fd; /* locked */
    char name[160];
    img_descriptor promised;
    uint64_t have_bytes;  /* in the file */
    uint64_t again_bytes; /* of these, how many come once more, to be hashed */
    bool useless;         /* it is not to be kept */
};

static void part_name(const img_digest *digest, char *out, size_t size)
{
    char algorithm[16];
    img__digest_algorithm(digest, algorithm, sizeof(algorithm));
    snprintf(out, size, STORE_PART "%s-%s", algorithm, img__digest_hex(digest));
}

bool img__part_digest(const char *name, img_digest *out)
{
    char text[sizeof(out->text)];
    if (!img__text_starts(name, STORE_PART))
        return false;
    int len = snprintf(text, sizeof(text), "%s", name + strlen(STORE_PART));
    char *dash = strchr(text, '-');
    if (!dash || (size_t)len >= sizeof(text))
        return false;
    *dash = ':';
    return img_digest_parse(text, out, NULL) == 0;
}

static int fail(const struct part *part, const char *what, img_error *err)
{
    return img__fail_errno(err, "%s %s/%s", what, part->store->path, part->name);
}

static int part_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    struct part *part = (struct part *)sink;

    if (part->again_bytes) { /* our own reading: it ends where the file does */
        part->again_bytes -= len;
        return 0;
    }
    int r = img__fs_write_all(part->fd, data, len, part->store->path, err);
    if (r)
        part->useless = true; /* the disk is full, or broken */
    else
        part->have_bytes += len;
    return r;
}

static int give_name(struct part *part, int folder, img_error *err)
{
    struct blob_path path;

    int r = img__store_blob_path(&part->promised.digest, &path, err);
    if (r)
        return r;
    if (img__store_holds(folder, img__digest_hex(&part->promised.digest),
                         part->promised.size_bytes)) {
        part->useless = true;
        return 0;
    }
    /* The lock is held until the name is gone: nobody takes the file for a part any more. */
    if (fchmod(part->fd, STORE_FILE_MODE) != 0 || fsync(part->fd) != 0 ||
        renameat(part->store->dir_fd, part->name, part->store->dir_fd, path.text) != 0) {
        part->useless = true;
        return img__fail_errno(err, "cannot write %s", path.text);
    }
    part->name[0] = '\0';
    return 0;
}

static int part_close(struct sink *sink, img_error *err)
{
    struct part *part = (struct part *)sink;
    auto_fd int folder = -1;

    int r = img__store_folder_of(part->store, &part->promised.digest, true, &folder, err);
    if (!r)
        r = give_name(part, folder, err);
    if (!r)
        r = img__fs_sync_dir(folder, part->store->path, err);
    return r ? img__prefix(err, r, "store %s", part->store->path) : 0;
}

/* All bytes and yet no blob: they are the wrong ones. */
static bool is_to_keep(const struct part *part)
{
    return !part->useless && part->have_bytes > 0 && part->have_bytes < part->promised.size_bytes;
}

static void part_free(struct sink *sink)
{
    struct part *part = (struct part *)sink;

    if (part->fd >= 0 && part->name[0] && !is_to_keep(part))
        unlinkat(part->store->dir_fd, part->name, 0);
    if (part->fd >= 0)
        close(part->fd);
    free(part);
}

static const struct sink_ops part_ops = {
    .write = part_write,
    .close = part_close,
    .free = part_free,
};

/* Who held the lock before may have given the file its name, or removed it. */
static bool is_named(const struct part *part, const struct stat *st)
{
    struct stat named;
    return fstatat(part->store->dir_fd, part->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           named.st_dev == st->st_dev && named.st_ino == st->st_ino;
}

/* *locked: it is ours, and what its name stands for. */
static int try_open(struct part *part, bool *locked, img_error *err)
{
    struct stat st;
    auto_fd int fd =
        openat(part->store->dir_fd, part->name,
               O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
    *locked = false;
    if (fd < 0)
        return fail(part, "cannot open", err);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? IMG__EAGAIN : fail(part, "cannot lock", err);
    if (fstat(fd, &st) != 0)
        return fail(part, "cannot read", err);
    if (!S_ISREG(st.st_mode))
        return img__fail(err, IMG_EFORMAT, "%s/%s is not a regular file", part->store->path,
                         part->name);
    if (!is_named(part, &st))
        return 0;
    part->have_bytes = (uint64_t)st.st_size;
    part->fd = steal_fd(fd);
    *locked = true;
    return 0;
}

static int open_locked(struct part *part, img_error *err)
{
    bool locked = false;
    for (int tries = 0; !locked; tries++) {
        int r = tries < OPEN_TRIES ? try_open(part, &locked, err) : IMG__EAGAIN;
        if (r)
            return r;
    }
    if (part->have_bytes <= part->promised.size_bytes)
        return 0;
    part->have_bytes = 0;
    return ftruncate(part->fd, 0) == 0 ? 0 : fail(part, "cannot write", err);
}

/* What is in the file goes through sink, which has part behind it. */
static int hash_again(struct part *part, struct sink *sink, img_error *err)
{
    auto_free char *chunk = malloc(IMG_IO_CHUNK);
    if (!chunk)
        return img__fail_memory(err);
    part->again_bytes = part->have_bytes;
    while (part->again_bytes) {
        size_t want = part->again_bytes < IMG_IO_CHUNK ? (size_t)part->again_bytes : IMG_IO_CHUNK;
        ssize_t got = read(part->fd, chunk, want);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return fail(part, "cannot read", err);
        int r = img__sink_write(sink, chunk, (size_t)got, err);
        if (r)
            return r;
    }
    return 0;
}

static int part_new(img_store *store, const img_descriptor *descriptor, struct part **out,
                    img_error *err)
{
    struct part *part = calloc(1, sizeof(*part));
    if (!part)
        return img__fail_memory(err);
    auto_(sink) struct sink *sink = &part->base;
    *part = (struct part){.base = {&part_ops}, .store = store, .fd = -1, .promised = *descriptor};
    part_name(&descriptor->digest, part->name, sizeof(part->name));
    int r = open_locked(part, err);
    if (r)
        return r;
    (void)steal(sink);
    *out = part;
    return 0;
}

void img__store_drop_part(img_store *store, const img_descriptor *descriptor)
{
    img_digest checked;
    struct part *part = NULL;

    if (img_digest_parse(descriptor->digest.text, &checked, NULL) ||
        part_new(store, descriptor, &part, NULL))
        return;
    part->useless = true;
    part_free(&part->base);
}

int img__store_accept_part(img_store *store, const img_descriptor *descriptor, struct sink **out,
                           uint64_t *have_bytes, img_error *err)
{
    img_digest checked;
    struct part *part = NULL;
    char name[80];

    *have_bytes = 0;
    *out = NULL;
    int r = img_digest_parse(descriptor->digest.text, &checked, err);
    if (r || img__store_has(store, descriptor))
        return r;
    r = part_new(store, descriptor, &part, err);
    if (r)
        return r;
    auto_(sink) struct sink *sink = NULL;
    img__descriptor_name(descriptor, name, sizeof(name));
    r = img__sink_verify(&descriptor->digest, descriptor->size_bytes, name, &part->base, &sink,
                         err);
    if (r)
        return r;
    /* Who had the lock until now may have brought it. */
    part->useless = img__store_has(store, descriptor);
    if (part->useless)
        return 0;
    r = hash_again(part, sink, err);
    if (r)
        return r;
    *have_bytes = part->have_bytes;
    *out = steal(sink);
    return 0;
}
