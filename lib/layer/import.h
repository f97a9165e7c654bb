/* SPDX-License-Identifier: Apache-2.0
 *
 * Archives as entries: tar, plain or compressed by gzip or zstd, through the strict reader; any
 * other archive (xz or bzip2 tar, cpio, zip, 7z) through libarchive. Entries come in the archive's
 * order, normalised (layers.md C27).
 */
#ifndef IMG_LAYER_IMPORT_H
#define IMG_LAYER_IMPORT_H

#include "layer/scan.h"

/* Calls fn for each entry but the root, with prefix "" and times as the options say; set_* and
 * prefix of the options are honoured too. path "-" is standard input. */
int img__import(const char *path, const struct scan_options *options, scan_fn fn, void *arg,
                img_error *err);

/* "3.6.2" */
const char *img__import_libarchive_version(void);

#endif
