/* SPDX-License-Identifier: Apache-2.0
 *
 * A regular file that is not compressed is read where it is. A pipe can't be read twice, and what
 * is compressed not at any place: these are written to a file that has no name, so that nothing
 * stays whatever happens. One compression is undone, by libarchive.
 */
#include "archive/spool.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"

#define SPOOL_BYTES_MAX ((uint64_t)64 << 30)

struct feed {
    int fd;
    const char *name;
    img_error error;
    char *chunk; /* IMG_IO_CHUNK */
    bool begun;  /* there are bytes */
};

/* ---- a file without a name ---- */

static int open_nameless(const char *directory, int *out, img_error *err)
{
    *out = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (*out >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return *out >= 0 ? 0 : img__fail_errno(err, "cannot create a file in %s", directory);
    auto_free char *path = NULL;
    if (asprintf(&path, "%s/" IMG_FS_TEMPORARY "XXXXXX", directory) < 0) {
        path = NULL;
        return img__fail_memory(err);
    }
    *out = mkostemp(path, O_CLOEXEC);
    if (*out < 0)
        return img__fail_errno(err, "cannot create a file in %s", directory);
    unlink(path);
    return 0;
}

static const char *spool_directory(const struct archive_file *file)
{
    const char *directory = file->spool ? file->spool : getenv("TMPDIR");
    return directory && *directory ? directory : "/var/tmp";
}

/* ---- from where it comes ---- */

static la_ssize_t feed_read(struct archive *archive, void *arg, const void **data)
{
    struct feed *feed = arg;
    ssize_t got;
    *data = feed->chunk;
    do {
        got = read(feed->fd, feed->chunk, IMG_IO_CHUNK);
    } while (got < 0 && errno == EINTR);
    feed->begun |= got > 0;
    if (got >= 0)
        return got;
    img__fail_errno(&feed->error, "cannot read %s", feed->name);
    archive_set_error(archive, EIO, "cannot read");
    return -1;
}

static void img__auto_reading(struct archive **archive)
{
    if (*archive)
        archive_read_free(*archive);
}

static int fail_read(struct archive *archive, const struct feed *feed, img_error *err)
{
    const char *text = archive_error_string(archive);
    if (archive_errno(archive) == ENOMEM)
        return img__fail_memory(err);
    if (!feed->error.code)
        return img__fail(err, IMG_EFORMAT, "%s: %s", feed->name, text ? text : "is damaged");
    if (err)
        *err = feed->error;
    return feed->error.code;
}

/* Filters that are built in: another one would run a program. */
static bool support(struct archive *archive)
{
    return archive_read_support_filter_gzip(archive) == ARCHIVE_OK &&
           archive_read_support_filter_bzip2(archive) == ARCHIVE_OK &&
           archive_read_support_filter_xz(archive) == ARCHIVE_OK &&
           archive_read_support_filter_zstd(archive) == ARCHIVE_OK &&
           archive_read_support_format_raw(archive) == ARCHIVE_OK;
}

static int open_feed(struct archive *archive, struct feed *feed, img_error *err)
{
    struct archive_entry *entry;
    if (!support(archive))
        return img__fail(err, IMG_EUNSUPPORTED,
                         "%s: this libarchive was not built for gzip, bzip2, xz and zstd",
                         feed->name);
    int status = archive_read_open(archive, feed, NULL, feed_read, NULL);
    if (status == ARCHIVE_OK)
        status = archive_read_next_header(archive, &entry);
    if (status == ARCHIVE_EOF || (status != ARCHIVE_OK && !feed->begun && !feed->error.code))
        return img__fail(err, IMG_EFORMAT, "%s: is empty, not an archive", feed->name);
    if (status != ARCHIVE_OK)
        return fail_read(archive, feed, err);
    if (archive_filter_count(archive) > 2) /* the filter, and what is read */
        return img__fail(err, IMG_EFORMAT, "%s: is compressed more than once", feed->name);
    return 0;
}

static int copy_bytes(struct archive *archive, const struct feed *feed, uint64_t max, int fd,
                      uint64_t *size, img_error *err)
{
    auto_free char *chunk = malloc(IMG_IO_CHUNK);
    if (!chunk)
        return img__fail_memory(err);
    for (;;) {
        la_ssize_t got = archive_read_data(archive, chunk, IMG_IO_CHUNK);
        if (got <= 0)
            return got ? fail_read(archive, feed, err) : 0;
        if ((uint64_t)got > max - *size)
            return img__fail(err, IMG_ELIMIT, "%s: is larger than %" PRIu64 " bytes", feed->name,
                             max);
        int rc = img__fs_write_all(fd, chunk, (size_t)got, "the copy of an archive", err);
        if (rc)
            return rc;
        *size += (uint64_t)got;
    }
}

/* *spool's descriptor becomes that of a copy. */
static int copy_aside(const struct archive_file *file, struct spool *spool, img_error *err)
{
    auto_free char *input = malloc(IMG_IO_CHUNK);
    auto_fd int fd = -1;
    struct feed feed = {.fd = spool->fd, .name = spool->name, .chunk = input};
    auto_(reading) struct archive *archive = archive_read_new();
    if (!archive || !input)
        return img__fail_memory(err);
    spool->size_bytes = 0;
    int rc = open_feed(archive, &feed, err);
    if (rc == 0)
        rc = open_nameless(spool_directory(file), &fd, err);
    if (rc == 0)
        rc = copy_bytes(archive, &feed, file->max_bytes ? file->max_bytes : SPOOL_BYTES_MAX, fd,
                        &spool->size_bytes, err);
    if (rc)
        return rc;
    close(spool->fd);
    spool->fd = steal_fd(fd);
    return 0;
}

/* ---- a file that can be read where it is ---- */

static bool is_compressed(int fd)
{
    static const struct {
        const char *bytes;
        size_t len;
    } magics[] = {{"\x1f\x8b", 2},
                  {"BZh", 3},
                  {"\xfd"
                   "7zXZ",
                   6},
                  {"\x28\xb5\x2f\xfd", 4}};
    char start[6];
    ssize_t got = pread(fd, start, sizeof(start), 0);
    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
        if (got >= (ssize_t)magics[i].len && memcmp(start, magics[i].bytes, magics[i].len) == 0)
            return true;
    return false;
}

static bool is_plain(int fd, const struct stat *st)
{
    return S_ISREG(st->st_mode) && lseek(fd, 0, SEEK_CUR) == 0 && !is_compressed(fd);
}

static int open_input(const struct archive_file *file, struct spool *out, img_error *err)
{
    out->name = strdup(file->path ? file->path : file->fd ? "the archive" : "the standard input");
    if (!out->name)
        return img__fail_memory(err);
    out->fd = file->path ? open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
                         : fcntl(file->fd, F_DUPFD_CLOEXEC, 3);
    return out->fd < 0 ? img__fail_errno(err, "cannot open %s", out->name) : 0;
}

static int open_spool(const struct archive_file *file, struct spool *out, img_error *err)
{
    struct stat st;
    int rc = open_input(file, out, err);
    if (rc)
        return rc;
    if (fstat(out->fd, &st) != 0)
        return img__fail_errno(err, "cannot read %s", out->name);
    if (S_ISDIR(st.st_mode))
        return img__fail(err, IMG_EINVAL, "%s is a directory, not an archive", out->name);
    out->size_bytes = (uint64_t)st.st_size;
    return is_plain(out->fd, &st) ? 0 : copy_aside(file, out, err);
}

int img__spool_open(const struct archive_file *file, struct spool *out, img_error *err)
{
    struct spool spool = SPOOL_INIT;
    int rc = open_spool(file, &spool, err);
    if (rc) {
        img__spool_close(&spool);
        return rc;
    }
    *out = spool;
    return 0;
}

void img__spool_close(struct spool *spool)
{
    if (spool->fd >= 0)
        close(spool->fd);
    free(spool->name);
    *spool = (struct spool)SPOOL_INIT;
}
