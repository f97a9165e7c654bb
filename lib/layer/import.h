/* SPDX-License-Identifier: Apache-2.0
 *
 * Archives as entries: tar, however it is compressed, through the strict reader; any other archive
 * (cpio, zip, 7z and the like) through libarchive. Entries come in the archive's order, normalised
 * (layers.md C27); hard links whose data a cpio archive has at the last name come behind that.
 */
#ifndef IMG_LAYER_IMPORT_H
#define IMG_LAYER_IMPORT_H

#include "layer/scan.h"

/* Calls fn for each entry but the root, with the options applied. path "-" is standard input.
 * Whiteouts come as the files that they are. IMG_EFORMAT for what is no archive, damaged or
 * ambiguous; IMG_EUNSUPPORTED for a zip stream whose sizes come behind the data. */
int img__import(const char *path, const struct scan_options *options, scan_fn fn, void *arg,
                img_error *err);

/* The same of a tar whose bytes are to stay as they are: they go to copy, decompressed, and entries
 * to fn only for it to know, without their data. Options that change anything are not for this. A
 * path that comes twice is IMG_EFORMAT, another archive than a tar IMG_EINVAL. */
int img__import_verbatim(const char *path, const struct scan_options *options, struct sink *copy,
                         scan_fn fn, void *arg, img_error *err);

/* The bytes of next, which it takes over, also on failure, without the compression that they show,
 * any that img__import() undoes. name is for messages and must live as long. */
int img__import_decompress(const char *name, struct source *next, struct source **out,
                           img_error *err);

/* "3.6.2" */
const char *img__import_libarchive_version(void);

#endif
