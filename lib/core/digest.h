/* SPDX-License-Identifier: Apache-2.0
 *
 * Digests: computing them (the only place that knows OpenSSL's) and taking their text apart.
 */
#ifndef IMG_CORE_DIGEST_H
#define IMG_CORE_DIGEST_H

#include <stdbool.h>

#include <libimg/values.h>

#include "base/auto.h"

#define IMG_DIGEST_CANONICAL "sha256"

struct hash;

/* algorithm is sha256, sha384 or sha512. */
int img__hash_new(const char *algorithm, struct hash **out, img_error *err);
void img__hash_free(struct hash *hash);
int img__hash_update(struct hash *hash, const void *data, size_t len, img_error *err);
/* Ends the computation: afterwards the hash can only be begun anew or freed. */
int img__hash_final(struct hash *hash, img_digest *out, img_error *err);
/* The same of a sha256, as bytes: where there are too many digests to keep their text. */
#define IMG_SHA256_BYTES 32u
int img__hash_final_raw(struct hash *hash, unsigned char out[IMG_SHA256_BYTES], img_error *err);
int img__hash_restart(struct hash *hash, img_error *err);
/* A hash that goes on from where this one is. */
int img__hash_copy(const struct hash *hash, struct hash **out, img_error *err);

/* The sha256 digest of some bytes. */
int img__digest_of(const void *data, size_t len, img_digest *out, img_error *err);

static inline bool img__digest_equal(const img_digest *a, const img_digest *b)
{
    return __builtin_strcmp(a->text, b->text) == 0;
}
/* The part after the colon: safe as a file name, since a digest was parsed. */
const char *img__digest_hex(const img_digest *digest);
/* Writes the part before the colon; size >= 8 suffices for all that parse. */
void img__digest_algorithm(const img_digest *digest, char *out, size_t size);

/* "OpenSSL 3.0.2 ...", of the library that is linked. */
const char *img__digest_library_version(void);

IMG_AUTO_POINTER(hash, struct hash, img__hash_free)

#endif
