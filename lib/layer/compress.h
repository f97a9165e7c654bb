/* SPDX-License-Identifier: Apache-2.0
 *
 * Compression of layers in independent pieces: gzip members by libdeflate, zstd frames by libzstd.
 * The bytes depend on the data, the level and the library's version, and on nothing else.
 */
#ifndef IMG_LAYER_COMPRESS_H
#define IMG_LAYER_COMPRESS_H

enum compression {
    COMPRESSION_GZIP,
    COMPRESSION_ZSTD,
    COMPRESSION_NONE,
};

/* "1.14" */
const char *img__compress_libdeflate_version(void);
const char *img__compress_zstd_version(void);

#endif
