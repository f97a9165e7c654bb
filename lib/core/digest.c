/* SPDX-License-Identifier: Apache-2.0
 *
 * Digests: their grammar, and the computation with OpenSSL, of which nothing is known elsewhere.
 *
 * A digest that was parsed is safe as a path component: it is of a known algorithm, of the exact
 * length, and lower-case hexadecimal (image-spec, descriptor.md, "Digests"). What is of another
 * algorithm is told apart from what is no digest at all, since it may be valid and can't be
 * verified here.
 */
#include "core/digest.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/err.h"

struct algorithm {
    const char *name;
    const char *openssl_name;
    size_t hex_len;
};

static const struct algorithm algorithms[] = {
    {"sha256", "SHA2-256", 64},
    {"sha384", "SHA2-384", 96},
    {"sha512", "SHA2-512", 128},
};

struct hash {
    const struct algorithm *algorithm;
    EVP_MD *md;
    EVP_MD_CTX *ctx;
};

static const struct algorithm *find_algorithm(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
        if (strlen(algorithms[i].name) == len && memcmp(algorithms[i].name, name, len) == 0)
            return &algorithms[i];
    return NULL;
}

/* component (separator component)*, where a component is [a-z0-9]+ and a separator one of +._- */
static bool is_algorithm(const char *text, size_t len)
{
    static const char alphanumeric[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    size_t run = 0;

    for (size_t i = 0; i < len; i++) {
        if (strchr(alphanumeric, text[i]))
            run++;
        else if (run > 0 && strchr("+._-", text[i]))
            run = 0;
        else
            return false;
    }
    return run > 0;
}

static bool is_encoded(const char *text)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789=_-";

    return text[0] && text[strspn(text, allowed)] == '\0';
}

int img_digest_parse(const char *text, img_digest *out, img_error *err)
{
    const char *colon = strchr(text, ':');
    if (!colon || !is_algorithm(text, (size_t)(colon - text)) || !is_encoded(colon + 1))
        return img__fail(err, IMG_EINVAL,
                         "'%s' is not a digest: it must be like sha256: and 64 hexadecimal digits",
                         text);

    const struct algorithm *algorithm = find_algorithm(text, (size_t)(colon - text));
    if (!algorithm)
        return img__fail(err, IMG_EUNSUPPORTED,
                         "%s: unsupported digest algorithm: use sha256, sha384 or sha512", text);

    if (strlen(colon + 1) != algorithm->hex_len ||
        strspn(colon + 1, "0123456789abcdef") != algorithm->hex_len)
        return img__fail(err, IMG_EINVAL,
                         "'%s' is not a digest: %s has %zu lower-case hexadecimal digits", text,
                         algorithm->name, algorithm->hex_len);

    img_digest digest = {""};
    memcpy(digest.text, text, strlen(text));
    *out = digest;
    return 0;
}

int img__hash_new(const char *algorithm, struct hash **out, img_error *err)
{
    const struct algorithm *found = find_algorithm(algorithm, strlen(algorithm));
    if (!found)
        return img__fail(err, IMG_EUNSUPPORTED, "%s: unsupported digest algorithm", algorithm);

    auto_(hash) struct hash *hash = calloc(1, sizeof(*hash));
    if (!hash)
        return img__fail_memory(err);
    hash->algorithm = found;
    hash->ctx = EVP_MD_CTX_new();
    if (!hash->ctx)
        return img__fail_memory(err);
    hash->md = EVP_MD_fetch(NULL, found->openssl_name, NULL);
    if (!hash->md || EVP_DigestInit_ex2(hash->ctx, hash->md, NULL) != 1)
        return img__fail(err, IMG_EFAIL, "%s: this OpenSSL does not offer it", found->name);

    *out = steal(hash);
    return 0;
}

void img__hash_free(struct hash *hash)
{
    if (!hash)
        return;
    EVP_MD_CTX_free(hash->ctx);
    EVP_MD_free(hash->md);
    free(hash);
}

int img__hash_update(struct hash *hash, const void *data, size_t len, img_error *err)
{
    if (len > 0 && EVP_DigestUpdate(hash->ctx, data, len) != 1)
        return img__fail(err, IMG_EFAIL, "%s: OpenSSL failed", hash->algorithm->name);
    return 0;
}

int img__hash_final(struct hash *hash, img_digest *out, img_error *err)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned int len = 0;

    if (EVP_DigestFinal_ex(hash->ctx, raw, &len) != 1)
        return img__fail(err, IMG_EFAIL, "%s: OpenSSL failed", hash->algorithm->name);
    assert((size_t)len * 2 == hash->algorithm->hex_len);

    img_digest digest = {""};
    int at = snprintf(digest.text, sizeof(digest.text), "%s:", hash->algorithm->name);
    for (unsigned int i = 0; i < len; i++) {
        digest.text[at++] = hex[raw[i] >> 4];
        digest.text[at++] = hex[raw[i] & 15];
    }
    *out = digest;
    return 0;
}

int img__hash_final_raw(struct hash *hash, unsigned char out[IMG_SHA256_BYTES], img_error *err)
{
    assert(hash->algorithm->hex_len == (size_t)2 * IMG_SHA256_BYTES);
    if (EVP_DigestFinal_ex(hash->ctx, out, NULL) != 1)
        return img__fail(err, IMG_EFAIL, "%s: OpenSSL failed", hash->algorithm->name);
    return 0;
}

int img__hash_restart(struct hash *hash, img_error *err)
{
    if (EVP_DigestInit_ex2(hash->ctx, hash->md, NULL) != 1)
        return img__fail(err, IMG_EFAIL, "%s: OpenSSL failed", hash->algorithm->name);
    return 0;
}

int img__hash_copy(const struct hash *hash, struct hash **out, img_error *err)
{
    auto_(hash) struct hash *copy = NULL;
    int r = img__hash_new(hash->algorithm->name, &copy, err);
    if (r)
        return r;
    if (EVP_MD_CTX_copy_ex(copy->ctx, hash->ctx) != 1)
        return img__fail(err, IMG_EFAIL, "%s: OpenSSL failed", hash->algorithm->name);
    *out = steal(copy);
    return 0;
}

int img__digest_of(const void *data, size_t len, img_digest *out, img_error *err)
{
    auto_(hash) struct hash *hash = NULL;
    int r = img__hash_new(IMG_DIGEST_CANONICAL, &hash, err);
    if (r)
        return r;
    r = img__hash_update(hash, data, len, err);
    return r ? r : img__hash_final(hash, out, err);
}

const char *img__digest_hex(const img_digest *digest)
{
    const char *colon = strchr(digest->text, ':');
    return colon ? colon + 1 : "";
}

void img__digest_algorithm(const img_digest *digest, char *out, size_t size)
{
    snprintf(out, size, "%.*s", (int)strcspn(digest->text, ":"), digest->text);
}

const char *img__digest_library_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}
