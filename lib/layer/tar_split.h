/* SPDX-License-Identifier: Apache-2.0
 *
 * Tar-split: all bytes of a tar that are not the data of a file, with which and the files the tar
 * can be put together again (the format of github.com/vbatts/tar-split: JSON, a line for each
 * part).
 */
#ifndef IMG_LAYER_TAR_SPLIT_H
#define IMG_LAYER_TAR_SPLIT_H

#include "base/io.h"

struct tar_split;

/* sink takes the lines; it is borrowed. */
int img__tar_split_new(struct sink *sink, struct tar_split **out, img_error *err);
void img__tar_split_free(struct tar_split *split);

/* Bytes that are no data of a file: headers, padding, the end. */
int img__tar_split_raw(struct tar_split *split, const void *data, size_t len, img_error *err);
/* All headers of an entry were given; name is as in the tar. Its size bytes of data follow. */
int img__tar_split_entry(struct tar_split *split, const char *name, uint64_t size, img_error *err);
int img__tar_split_data(struct tar_split *split, const void *data, size_t len, img_error *err);
/* bytes: of all lines. */
int img__tar_split_end(struct tar_split *split, uint64_t *bytes, img_error *err);

IMG_AUTO_POINTER(tar_split, struct tar_split, img__tar_split_free)

#endif
