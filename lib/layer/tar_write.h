/* SPDX-License-Identifier: Apache-2.0
 *
 * The canonical tar writer: ustar where it suffices, one PAX header with only what does not fit
 * where it does not, byte for byte what Go's archive/tar writes (layers.md C6-C9, C13, C14, C23,
 * C26).
 */
#ifndef IMG_LAYER_TAR_WRITE_H
#define IMG_LAYER_TAR_WRITE_H

#include "base/io.h"
#include "layer/entry.h"

struct tar_writer;

/* sink is borrowed. */
int img__tar_writer_new(struct sink *sink, struct tar_writer **out, img_error *err);
void img__tar_writer_free(struct tar_writer *writer);

/* Says, before the first entry, that entries will come in the order of a layer (C1). One that does
 * not is IMG_EFORMAT then, and no memory goes into remembering paths. */
void img__tar_writer_sorted(struct tar_writer *writer);
/* Says that sub-second times are written too, which they are not else (C10). */
void img__tar_writer_nanoseconds(struct tar_writer *writer);
/* That order: below, at or above 0 as strcmp(). A directory before what is in it; in a directory
 * the opaque marker, whiteouts, then all others, bytewise. */
int img__tar_order(const char *a, const char *b);

/* Writes the header. The data of a FILE follows by img__tar_writer_data(), exactly entry->size
 * bytes of it, before the next entry: an assert. Extended attributes without a value are dropped. A
 * path that was written before is IMG_EFORMAT (C4). */
int img__tar_writer_entry(struct tar_writer *writer, const struct entry *entry, img_error *err);
int img__tar_writer_data(struct tar_writer *writer, const void *data, size_t len, img_error *err);
/* The same, for data that went past the writer to where its sink leads. */
int img__tar_writer_passed(struct tar_writer *writer, size_t len, img_error *err);
/* The two blocks at the end. The sink is not closed. */
int img__tar_writer_end(struct tar_writer *writer, img_error *err);

IMG_AUTO_POINTER(tar_writer, struct tar_writer, img__tar_writer_free)

#endif
