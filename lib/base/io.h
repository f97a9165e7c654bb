/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams: a source gives bytes, a sink takes them. What a sink was given counts only after
 * img__sink_close(); to free it without that undoes it.
 */
#ifndef IMG_BASE_IO_H
#define IMG_BASE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/auto.h"
#include "base/err.h"

#define IMG_IO_CHUNK ((size_t)256 * 1024)

struct source;
struct source_ops {
    /* At most len bytes: how many, 0 at the end, or a negative code. */
    ssize_t (*read)(struct source *source, void *data, size_t len, img_error *err);
    /* Back to the first byte; NULL where that can't be. */
    int (*rewind)(struct source *source, img_error *err);
    void (*free)(struct source *source);
    /* So that the byte at offset, which is not behind the end, is read next; may be NULL. */
    int (*seek)(struct source *source, uint64_t offset, img_error *err);
};
struct source {
    const struct source_ops *ops;
};

struct sink;
struct sink_ops {
    int (*write)(struct sink *sink, const void *data, size_t len, img_error *err);
    int (*close)(struct sink *sink, img_error *err);
    void (*free)(struct sink *sink);
};
struct sink {
    const struct sink_ops *ops;
};

static inline ssize_t img__source_read(struct source *source, void *data, size_t len,
                                       img_error *err)
{
    return source->ops->read(source, data, len, err);
}

/* Reads until len bytes are there or the source ends. */
ssize_t img__source_read_full(struct source *source, void *data, size_t len, img_error *err);
int img__source_rewind(struct source *source, img_error *err);
/* As seek above; by reading from the first byte where the source has none of its own. */
int img__source_seek(struct source *source, uint64_t offset, img_error *err);
void img__source_free(struct source *source); /* NULL is fine */

static inline int img__sink_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    return sink->ops->write(sink, data, len, err);
}
static inline int img__sink_close(struct sink *sink, img_error *err)
{
    return sink->ops->close(sink, err);
}
void img__sink_free(struct sink *sink); /* NULL is fine */

/* Everything that source has into sink, which is not closed. */
int img__io_copy(struct source *source, struct sink *sink, img_error *err);

/* A source of the bytes in memory, borrowed; it can be rewound. */
int img__source_memory(const void *data, size_t len, struct source **out, img_error *err);
/* A source of a descriptor, which it takes over (also on failure). name is for messages. It can be
 * rewound if the descriptor can seek. */
int img__source_fd(int fd, const char *name, struct source **out, img_error *err);
/* Opens a file for reading: regular files and pipes. */
int img__source_file(const char *path, struct source **out, img_error *err);
/* A sink that appends to a buffer, borrowed; its maximum is the limit. what is for messages. */
struct buf;
int img__sink_buf(struct buf *buf, const char *what, struct sink **out, img_error *err);

IMG_AUTO_POINTER(source, struct source, img__source_free)
IMG_AUTO_POINTER(sink, struct sink, img__sink_free)

#endif
