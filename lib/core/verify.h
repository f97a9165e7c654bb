/* SPDX-License-Identifier: Apache-2.0
 *
 * Verification as structure: the two sinks through which all bytes reach a store, one that checks
 * what was promised and one that finds out, and the source through which they leave it. Each passes
 * the bytes on and owns the stream behind it.
 */
#ifndef IMG_CORE_VERIFY_H
#define IMG_CORE_VERIFY_H

#include "base/io.h"
#include "core/digest.h"

/* Fails the write that exceeds the size, and the close on too few bytes or another digest
 * (IMG_EDIGEST); next is closed only after both agreed. name is for messages ("layer
 * sha256:12ab..."), copied. Takes next over, also on failure. */
int img__sink_verify(const img_digest *digest, uint64_t size_bytes, const char *name,
                     struct sink *next, struct sink **out, img_error *err);

/* Computes the sha256 digest and the size of what passes through; they are written to *digest and
 * *size_bytes when it is closed, before next is. next may be NULL: the bytes end here. Takes next
 * over, also on failure. */
int img__sink_digest(img_digest *digest, uint64_t *size_bytes, struct sink *next, struct sink **out,
                     img_error *err);

/* A source of a file of the store that passes on what next gives and fails at its end (IMG_EDIGEST)
 * unless size and digest are as promised. It can be rewound, and put at a byte, if next can; after
 * IMG__EAGAIN of next it goes on. Takes next over, also on failure. */
int img__source_verify(const img_digest *digest, uint64_t size_bytes, const char *name,
                       struct source *next, struct source **out, img_error *err);
/* The same of another file. remedy, static, ends the messages: ": the archive is damaged". */
int img__source_verify_else(const char *remedy, const img_digest *digest, uint64_t size_bytes,
                            const char *name, struct source *next, struct source **out,
                            img_error *err);

#endif
