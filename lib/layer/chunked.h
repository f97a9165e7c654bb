/* SPDX-License-Identifier: Apache-2.0
 *
 * What is agreed on about zstd:chunked, in the dialect of containers/storage (pkg/chunked).
 */
#ifndef IMG_LAYER_CHUNKED_H
#define IMG_LAYER_CHUNKED_H

#define CHUNKED_PREFIX "io.github.containers.zstd-chunked."
#define CHUNKED_ANNOTATION_CHECKSUM CHUNKED_PREFIX "manifest-checksum"
#define CHUNKED_ANNOTATION_POSITION CHUNKED_PREFIX "manifest-position"
#define CHUNKED_ANNOTATION_SPLIT_CHECKSUM CHUNKED_PREFIX "tarsplit-checksum"
#define CHUNKED_ANNOTATION_SPLIT_POSITION CHUNKED_PREFIX "tarsplit-position"

#define CHUNKED_FOOTER_BYTES 64u
#define CHUNKED_MAGIC "GNUlInUx"

#endif
