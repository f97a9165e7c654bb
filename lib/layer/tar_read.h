/* SPDX-License-Identifier: Apache-2.0
 *
 * The strict tar reader: what two mainstream parsers read differently is an error (layers.md
 * R1-R20).
 */
#ifndef IMG_LAYER_TAR_READ_H
#define IMG_LAYER_TAR_READ_H

#include "base/io.h"
#include "layer/entry.h"

struct tar_reader;

/* source is borrowed; name is for messages, copied. */
int img__tar_reader_new(struct source *source, const char *name, struct tar_reader **out,
                        img_error *err);
void img__tar_reader_free(struct tar_reader *reader);

/* IMG_COMPAT_TRAILING and IMG_COMPAT_SINGLE_ZERO count here. Before the first entry. */
void img__tar_reader_compat(struct tar_reader *reader, uint32_t compat);

/* 1: the next entry is in *entry, borrowed until the next call; 0: the end, and the source was read
 * to its own; negative: a code. What is left of the data of the entry before is skipped. Whiteouts
 * come as the files that they are. */
int img__tar_reader_next(struct tar_reader *reader, const struct entry **entry, img_error *err);

/* Data of the current FILE: how many bytes, 0 at the end, or a negative code. */
ssize_t img__tar_reader_data(struct tar_reader *reader, void *data, size_t len, img_error *err);

/* Where the header of the current entry begins, for messages. */
uint64_t img__tar_reader_offset(const struct tar_reader *reader);

IMG_AUTO_POINTER(tar_reader, struct tar_reader, img__tar_reader_free)

#endif
