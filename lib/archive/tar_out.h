/* SPDX-License-Identifier: Apache-2.0
 *
 * The outer tar on its way out: into a file that gets its name when it is whole, or down a pipe as
 * it comes. Each entry is a file whose size is known before.
 */
#ifndef IMG_ARCHIVE_TAR_OUT_H
#define IMG_ARCHIVE_TAR_OUT_H

#include "archive/archive.h"

struct tar_out;

int img__tar_out_open(const struct archive_file *file, struct tar_out **out, img_error *err);
/* Removes what was not committed; of what went down a pipe nothing can be. */
void img__tar_out_free(struct tar_out *out);

int img__tar_out_directory(struct tar_out *out, const char *path, img_error *err);
/* Begins a file. So many bytes follow by img__tar_out_data(), then img__tar_out_end(). */
int img__tar_out_begin(struct tar_out *out, const char *path, uint64_t size_bytes, img_error *err);
int img__tar_out_data(struct tar_out *out, const void *data, size_t len, img_error *err);
int img__tar_out_end(struct tar_out *out, img_error *err);
/* Takes back a file that was begun and can't be ended. Where its bytes are gone already, all that
 * follows fails. */
void img__tar_out_undo(struct tar_out *out);
/* A whole file. */
int img__tar_out_file(struct tar_out *out, const char *path, const void *data, size_t len,
                      img_error *err);

/* The end of the tar; the bytes on the disk, the name set. */
int img__tar_out_commit(struct tar_out *out, img_error *err);

IMG_AUTO_POINTER(tar_out, struct tar_out, img__tar_out_free)

#endif
