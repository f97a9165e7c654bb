/* SPDX-License-Identifier: Apache-2.0
 *
 * What the store remembers of layers that differ in nothing but the data of their files: a few
 * lines of text for each, the newest first, and a digest of all at the end. Without that digest it
 * is nothing.
 */
#ifndef IMG_OPS_REUSE_RECORD_H
#define IMG_OPS_REUSE_RECORD_H

#include "ops/build_layer.h"

#define RECORDS_MAX 8u
#define RECORDS_BYTES_MAX ((size_t)64 * 1024)

/* What a layer was made of. */
struct record_key {
    unsigned char whole[IMG_SHA256_BYTES]; /* the input */
    unsigned char chain[IMG_SHA256_BYTES]; /* all layers below */
    unsigned char facts[IMG_SHA256_BYTES]; /* what matters of them */
};

struct record {
    struct record_key key;
    struct layer_made made;
    char *what; /* of made */
    struct strv annotations;
};

struct records {
    struct record items[RECORDS_MAX];
    size_t count;
};

/* IMG_EFORMAT for what is damaged. */
int img__records_parse(const char *text, size_t len, struct records *out, img_error *err);
void img__records_free(struct records *records);
/* NULL if it is not there. */
const struct record *img__records_find_chain(const struct records *records,
                                             const unsigned char whole[IMG_SHA256_BYTES],
                                             const unsigned char chain[IMG_SHA256_BYTES]);
const struct record *img__records_find_facts(const struct records *records,
                                             const unsigned char whole[IMG_SHA256_BYTES],
                                             const unsigned char facts[IMG_SHA256_BYTES]);
/* The new one, then those of the others that there is room for. IMG_EINVAL for what has a newline
 * in it. */
int img__records_format(const struct records *others, const struct record_key *key,
                        const struct layer_made *made, struct buf *out, img_error *err);

static inline void img__auto_records(struct records *records)
{
    img__records_free(records);
}

#endif
