/* SPDX-License-Identifier: Apache-2.0
 *
 * Written by libarchive, without a buffer of its own: so the bytes of an entry are where they
 * should be as soon as they were given, and one that fails can be cut off again. Nothing of the
 * machine goes in: mode 0644, owner 0, time 0. Headers are ustar's, with a PAX record only for
 * sizes from 8 GiB on.
 */
#include "archive/tar_out.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "archive/target.h"
#include "base/sigpipe.h"

struct tar_out {
    struct target target;
    struct archive *archive;
    struct archive_entry *entry;
    img_error error; /* of the last write that failed */
    off_t begun_at;  /* where the open file's header begins */
    uint64_t left;   /* of its data */
    bool stopping;
    int failed;
};

/* ---- libarchive ---- */

/* libarchive 3.6 forgets memory of its own if it hears of a failure, or is told to stop, anywhere
 * but at its end. So it does not hear: what cannot be written is told by check(). */
static la_ssize_t on_write(struct archive *archive, void *arg, const void *data, size_t len)
{
    struct tar_out *self = arg;
    struct sigpipe hold;
    (void)archive;
    if (self->stopping)
        return -1;
    if (self->error.code)
        return (la_ssize_t)len;
    img__sigpipe_hold(&hold);
    img__fs_write_all(self->target.fd, data, len, self->target.name, &self->error);
    img__sigpipe_release(&hold);
    return (la_ssize_t)len;
}

static int start(struct tar_out *self, img_error *err)
{
    self->archive = archive_write_new();
    if (!self->archive)
        return img__fail_memory(err);
    if (archive_write_set_format_pax_restricted(self->archive) != ARCHIVE_OK ||
        archive_write_add_filter_none(self->archive) != ARCHIVE_OK ||
        archive_write_set_bytes_per_block(self->archive, 0) != ARCHIVE_OK ||
        archive_write_open(self->archive, self, NULL, on_write, NULL) != ARCHIVE_OK)
        return img__fail_memory(err);
    return 0;
}

/* Without the end of an archive, nor the rest of the open file. */
static void stop(struct tar_out *self)
{
    if (!self->archive)
        return;
    self->stopping = true;
    archive_write_free(steal(self->archive));
    self->stopping = false;
}

/* How a call of libarchive ended. */
static int check(struct tar_out *self, int status, img_error *err)
{
    if (self->error.code) {
        if (err)
            *err = self->error;
        self->failed = self->error.code;
    } else if (status < ARCHIVE_OK) {
        const char *text = archive_error_string(self->archive);
        self->failed = archive_errno(self->archive) == ENOMEM
                           ? img__fail_memory(err)
                           : img__fail(err, IMG_EIO, "cannot write %s: %s", self->target.name,
                                       text ? text : "no reason given");
    }
    return self->failed;
}

/* ---- the file ---- */

int img__tar_out_open(const struct archive_file *file, struct tar_out **out, img_error *err)
{
    auto_(tar_out) struct tar_out *self = calloc(1, sizeof(*self));
    if (!self)
        return img__fail_memory(err);
    self->target = (struct target)TARGET_INIT;
    self->entry = archive_entry_new();
    if (!self->entry)
        return img__fail_memory(err);
    int rc = start(self, err);
    if (rc == 0)
        rc = img__target_open(file, &self->target, err);
    if (rc == 0)
        *out = steal(self);
    return rc;
}

void img__tar_out_free(struct tar_out *self)
{
    if (!self)
        return;
    stop(self);
    if (self->entry)
        archive_entry_free(self->entry);
    img__target_drop(&self->target);
    free(self);
}

int img__tar_out_commit(struct tar_out *self, img_error *err)
{
    if (self->failed)
        return img__fail(err, self->failed, "%s: an earlier write failed", self->target.name);
    int rc = check(self, archive_write_close(self->archive), err);
    if (rc == 0)
        rc = img__target_commit(&self->target, err);
    self->failed = rc;
    return rc;
}

/* ---- entries ---- */

static int put_header(struct tar_out *self, const char *path, unsigned type, unsigned mode,
                      uint64_t size, img_error *err)
{
    if (self->failed)
        return img__fail(err, self->failed, "%s: an earlier write failed", self->target.name);
    if (size > INT64_MAX)
        return img__fail(err, IMG_ELIMIT, "%s: %s has %" PRIu64 " bytes, more than a tar can hold",
                         self->target.name, path, size);
    archive_entry_clear(self->entry);
    archive_entry_set_pathname(self->entry, path);
    archive_entry_set_filetype(self->entry, type);
    archive_entry_set_perm(self->entry, (__LA_MODE_T)mode);
    archive_entry_set_size(self->entry, (la_int64_t)size);
    archive_entry_set_mtime(self->entry, 0, 0);
    self->begun_at = self->target.seeks ? lseek(self->target.fd, 0, SEEK_CUR) : -1;
    self->left = size;
    return check(self, archive_write_header(self->archive, self->entry), err);
}

int img__tar_out_directory(struct tar_out *self, const char *path, img_error *err)
{
    return put_header(self, path, AE_IFDIR, 0755, 0, err);
}

int img__tar_out_begin(struct tar_out *self, const char *path, uint64_t size_bytes, img_error *err)
{
    return put_header(self, path, AE_IFREG, 0644, size_bytes, err);
}

int img__tar_out_data(struct tar_out *self, const void *data, size_t len, img_error *err)
{
    if (self->failed)
        return img__fail(err, self->failed, "%s: an earlier write failed", self->target.name);
    if (len > self->left)
        return img__fail(err, IMG_EDIGEST, "%s: more bytes came than were promised",
                         self->target.name);
    la_ssize_t done = archive_write_data(self->archive, data, len);
    self->left -= len;
    return check(self, done == (la_ssize_t)len ? ARCHIVE_OK : ARCHIVE_FATAL, err);
}

int img__tar_out_end(struct tar_out *self, img_error *err)
{
    if (self->failed)
        return img__fail(err, self->failed, "%s: an earlier write failed", self->target.name);
    /* libarchive would fill up with zeros what is missing. */
    if (self->left > 0)
        return img__fail(err, IMG_EDIGEST, "%s: fewer bytes came than were promised",
                         self->target.name);
    return check(self, archive_write_finish_entry(self->archive), err);
}

void img__tar_out_undo(struct tar_out *self)
{
    stop(self);
    bool back = self->begun_at >= 0 && ftruncate(self->target.fd, self->begun_at) == 0 &&
                lseek(self->target.fd, self->begun_at, SEEK_SET) == self->begun_at;
    self->failed = self->failed ? self->failed : IMG_EIO;
    if (!back || start(self, NULL) != 0)
        return;
    memset(&self->error, 0, sizeof(self->error));
    self->left = 0;
    self->failed = 0;
}

int img__tar_out_file(struct tar_out *self, const char *path, const void *data, size_t len,
                      img_error *err)
{
    int rc = img__tar_out_begin(self, path, len, err);
    if (rc == 0)
        rc = img__tar_out_data(self, data, len, err);
    return rc ? rc : img__tar_out_end(self, err);
}
