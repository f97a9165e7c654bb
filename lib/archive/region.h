/* SPDX-License-Identifier: Apache-2.0
 *
 * A part of a file as a source, at any place and any number of them at once.
 */
#ifndef IMG_ARCHIVE_REGION_H
#define IMG_ARCHIVE_REGION_H

#include "base/io.h"

/* fd is borrowed, and its position left alone; name is for messages, borrowed too. A file that is
 * shorter than it was is IMG_EIO. It can be rewound and put at any byte. */
int img__source_region(int fd, const char *name, uint64_t offset, uint64_t size_bytes,
                       struct source **out, img_error *err);

#endif
