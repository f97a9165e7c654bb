/* SPDX-License-Identifier: Apache-2.0
 *
 * A list of what was seen in a tree: of each entry its path, what a stat says of it, and the digest
 * of what that does not tell (data, attributes, the target of a link). In the order of a layer, so
 * that it is read alongside a walk and never held as a whole.
 *
 * A list is believed only when it was read to its end, where its own digest is; until then what it
 * says is a guess. Whoever wrote it, nothing in it can do more harm than that.
 */
#ifndef IMG_LAYER_STAMPS_H
#define IMG_LAYER_STAMPS_H

#include <sys/stat.h>

#include "base/io.h"
#include "core/digest.h"
#include "layer/entry.h"

/* What changes when a file does. The device is that of the whole list. */
struct stamp {
    uint64_t ino;
    uint64_t size;
    int64_t mtime;
    int64_t ctime;
    uint32_t mtime_ns;
    uint32_t ctime_ns;
    uint32_t mode;
    uint32_t uid;
    uint32_t gid;
    uint32_t nlink;
    uint32_t rdev_major;
    uint32_t rdev_minor;
};

void img__stamp_of(const struct statx *st, struct stamp *out);
static inline bool img__stamp_equal(const struct stamp *a, const struct stamp *b)
{
    return __builtin_memcmp(a, b, sizeof(*a)) == 0;
}

struct stamped {
    const char *path; /* borrowed; beneath the top of the tree, which is "" */
    struct stamp stamp;
    enum entry_type type;
    unsigned char digest[IMG_SHA256_BYTES];
};

struct stamp_reader;

/* Takes over source, also on failure. device is that of the tree: of another one nothing is known,
 * which is IMG_EFORMAT as all that is wrong with a list. */
int img__stamp_reader_new(struct source *source, uint64_t device, struct stamp_reader **out,
                          img_error *err);
void img__stamp_reader_free(struct stamp_reader *reader);
/* 1 and the next one, valid until the next call; 0 at the end of a list that is whole. */
int img__stamp_reader_next(struct stamp_reader *reader, struct stamped *out, img_error *err);

struct stamp_writer;

/* sink is borrowed and not closed. */
int img__stamp_writer_new(struct sink *sink, uint64_t device, struct stamp_writer **out,
                          img_error *err);
void img__stamp_writer_free(struct stamp_writer *writer);
int img__stamp_writer_add(struct stamp_writer *writer, const struct stamped *entry, img_error *err);
int img__stamp_writer_end(struct stamp_writer *writer, img_error *err);

IMG_AUTO_POINTER(stamp_reader, struct stamp_reader, img__stamp_reader_free)
IMG_AUTO_POINTER(stamp_writer, struct stamp_writer, img__stamp_writer_free)

#endif
