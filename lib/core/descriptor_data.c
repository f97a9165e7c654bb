/* SPDX-License-Identifier: Apache-2.0
 *
 * The "data" of a descriptor: base64 (RFC 4648, section 4, padded) of the content. libimg does not
 * use it, yet others do, so one that differs from digest or size is refused (layers.md M7).
 */
#include "core/descriptor_data.h"

#include <string.h>

#include "base/err.h"
#include "core/digest.h"

static int value_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Decodes the four digits at text; returns how many bytes, 0 if they are no base64. */
static size_t decode_group(const char *text, bool last, unsigned char out[3])
{
    size_t pad = !last || text[3] != '=' ? 0 : text[2] != '=' ? 1 : 2;
    unsigned bits = 0;
    for (size_t i = 0; i < 4; i++) {
        int value = i < 4 - pad ? value_of(text[i]) : 0;
        if (value < 0)
            return 0;
        bits = bits << 6 | (unsigned)value;
    }
    /* Bits behind the end are zero, or two texts would be the same content. */
    if (bits & ((1u << (8 * pad)) - 1))
        return 0;
    for (size_t i = 0; i < 3; i++)
        out[i] = (unsigned char)(bits >> (16 - 8 * i));
    return 3 - pad;
}

static int hash_data(struct hash *hash, const char *what, const char *text, size_t len,
                     uint64_t *size_bytes, img_error *err)
{
    unsigned char bytes[3 * 256];
    size_t used = 0;
    for (size_t at = 0; at < len; at += 4) {
        size_t got = decode_group(text + at, at + 4 == len, bytes + used);
        if (got == 0)
            return img__fail(err, IMG_EFORMAT, "%s: \"data\" is not base64", what);
        used += got;
        *size_bytes += got;
        if (used > sizeof(bytes) - 3 || at + 4 == len) {
            int rc = img__hash_update(hash, bytes, used, err);
            if (rc)
                return rc;
            used = 0;
        }
    }
    return 0;
}

int img__descriptor_check_data(const img_descriptor *descriptor, const char *what,
                               const char *base64, img_error *err)
{
    auto_(hash) struct hash *hash = NULL;
    img_digest digest = {""};
    uint64_t size_bytes = 0;
    size_t len = strlen(base64);
    char algorithm[16];
    int rc;

    if (len % 4 != 0)
        return img__fail(err, IMG_EFORMAT, "%s: \"data\" is not base64", what);
    img__digest_algorithm(&descriptor->digest, algorithm, sizeof(algorithm));
    rc = img__hash_new(algorithm, &hash, err);
    if (!rc)
        rc = hash_data(hash, what, base64, len, &size_bytes, err);
    if (!rc)
        rc = img__hash_final(hash, &digest, err);
    if (rc)
        return rc;
    if (size_bytes != descriptor->size_bytes)
        return img__fail(err, IMG_EDIGEST, "%s: \"data\" has %llu bytes, not %llu", what,
                         (unsigned long long)size_bytes,
                         (unsigned long long)descriptor->size_bytes);
    if (!img__digest_equal(&digest, &descriptor->digest))
        return img__fail(err, IMG_EDIGEST, "%s: \"data\" has the digest %s, not %s", what,
                         digest.text, descriptor->digest.text);
    return 0;
}
