/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams: the simple ones, and moving bytes from one to the other.
 */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"

ssize_t img__source_read_full(struct source *source, void *data, size_t len, img_error *err)
{
    size_t done = 0;
    while (done < len) {
        ssize_t got = img__source_read(source, (char *)data + done, len - done, err);
        if (got < 0)
            return got;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

int img__source_rewind(struct source *source, img_error *err)
{
    if (!source->ops->rewind)
        return img__fail(err, IMG_EUNSUPPORTED, "this stream can be read only once");
    return source->ops->rewind(source, err);
}

/* Bytes that are passed over are read all the same: a source that verifies has to see them. */
static int skip(struct source *source, uint64_t count, img_error *err)
{
    auto_free char *chunk = malloc(IMG_IO_CHUNK);
    if (!chunk)
        return img__fail_memory(err);
    while (count > 0) {
        size_t len = count < IMG_IO_CHUNK ? (size_t)count : IMG_IO_CHUNK;
        ssize_t got = img__source_read(source, chunk, len, err);
        if (got < 0)
            return (int)got;
        if (got == 0)
            return img__fail(err, IMG_EFORMAT, "this stream ends before the place that is wanted");
        count -= (uint64_t)got;
    }
    return 0;
}

int img__source_seek(struct source *source, uint64_t offset, img_error *err)
{
    if (source->ops->seek)
        return source->ops->seek(source, offset, err);
    int rc = img__source_rewind(source, err);
    return rc ? rc : skip(source, offset, err);
}

void img__source_free(struct source *source)
{
    if (source)
        source->ops->free(source);
}

void img__sink_free(struct sink *sink)
{
    if (sink)
        sink->ops->free(sink);
}

int img__io_copy(struct source *source, struct sink *sink, img_error *err)
{
    auto_free char *chunk = malloc(IMG_IO_CHUNK);
    if (!chunk)
        return img__fail_memory(err);
    for (;;) {
        ssize_t got = img__source_read(source, chunk, IMG_IO_CHUNK, err);
        if (got <= 0)
            return (int)got;
        int rc = img__sink_write(sink, chunk, (size_t)got, err);
        if (rc)
            return rc;
    }
}

/* ---- memory ---- */

struct memory_source {
    struct source base;
    const char *data;
    size_t len;
    size_t at;
};

static ssize_t memory_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct memory_source *self = (struct memory_source *)source;
    (void)err;
    if (len > self->len - self->at)
        len = self->len - self->at;
    if (len)
        memcpy(data, self->data + self->at, len);
    self->at += len;
    return (ssize_t)len;
}

static int memory_rewind(struct source *source, img_error *err)
{
    (void)err;
    ((struct memory_source *)source)->at = 0;
    return 0;
}

static void memory_free(struct source *source)
{
    free(source);
}

static const struct source_ops memory_ops = {
    .read = memory_read, .rewind = memory_rewind, .free = memory_free};

int img__source_memory(const void *data, size_t len, struct source **out, img_error *err)
{
    struct memory_source *self = calloc(1, sizeof(*self));
    if (!self)
        return img__fail_memory(err);
    self->base.ops = &memory_ops;
    self->data = data;
    self->len = len;
    *out = &self->base;
    return 0;
}

/* ---- descriptors ---- */

struct fd_source {
    struct source base;
    int fd;
    char *name;
};

static ssize_t fd_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct fd_source *self = (struct fd_source *)source;
    ssize_t got;
    do {
        got = read(self->fd, data, len);
    } while (got < 0 && errno == EINTR);
    return got < 0 ? img__fail_errno(err, "cannot read %s", self->name) : got;
}

static int fd_rewind(struct source *source, img_error *err)
{
    struct fd_source *self = (struct fd_source *)source;
    if (lseek(self->fd, 0, SEEK_SET) < 0)
        return img__fail_errno(err, "cannot read %s a second time", self->name);
    return 0;
}

/* Behind the end nothing can be read, which whoever knows the size sees. */
static int fd_seek(struct source *source, uint64_t offset, img_error *err)
{
    struct fd_source *self = (struct fd_source *)source;
    if (offset > INT64_MAX || lseek(self->fd, (off_t)offset, SEEK_SET) < 0)
        return img__fail_errno(err, "cannot read %s a second time", self->name);
    return 0;
}

static void fd_free(struct source *source)
{
    struct fd_source *self = (struct fd_source *)source;
    close(self->fd);
    free(self->name);
    free(self);
}

static const struct source_ops fd_ops = {
    .read = fd_read, .rewind = fd_rewind, .free = fd_free, .seek = fd_seek};

int img__source_fd(int fd, const char *name, struct source **out, img_error *err)
{
    auto_fd int owned = fd;
    auto_free struct fd_source *self = calloc(1, sizeof(*self));
    if (!self || !(self->name = strdup(name)))
        return img__fail_memory(err);
    self->base.ops = &fd_ops;
    self->fd = steal_fd(owned);
    *out = &steal(self)->base;
    return 0;
}

int img__source_file(const char *path, struct source **out, img_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return img__fail_errno(err, "cannot open %s", path);
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        close(fd);
        return img__fail(err, IMG_EINVAL, "%s is a directory, not a file", path);
    }
    return img__source_fd(fd, path, out, err);
}

/* ---- buffers ---- */

struct buf_sink {
    struct sink base;
    struct buf *buf;
    char *what;
};

static int buf_sink_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    struct buf_sink *self = (struct buf_sink *)sink;
    img__buf_append(self->buf, data, len);
    return img__buf_check(self->buf, self->what, err);
}

static int buf_sink_close(struct sink *sink, img_error *err)
{
    struct buf_sink *self = (struct buf_sink *)sink;
    return img__buf_check(self->buf, self->what, err);
}

static void buf_sink_free(struct sink *sink)
{
    free(((struct buf_sink *)sink)->what);
    free(sink);
}

static const struct sink_ops buf_sink_ops = {buf_sink_write, buf_sink_close, buf_sink_free};

int img__sink_buf(struct buf *buf, const char *what, struct sink **out, img_error *err)
{
    auto_free struct buf_sink *self = calloc(1, sizeof(*self));
    if (!self || !(self->what = strdup(what)))
        return img__fail_memory(err);
    self->base.ops = &buf_sink_ops;
    self->buf = buf;
    *out = &steal(self)->base;
    return 0;
}
