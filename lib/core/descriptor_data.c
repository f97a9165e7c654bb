/* SPDX-License-Identifier: Apache-2.0
 *
 * The "data" of a descriptor: base64 (RFC 4648, section 4, padded) of the content. One that
 * differs from digest or size is refused (layers.md M7), so a pull need not ask for it any more
 * (registry.md L6).
 */
#include "core/descriptor_data.h"

#include <string.h>

#include "base/base64.h"
#include "base/err.h"
#include "core/digest.h"

#define URLS_MAX 8u

static int fail_text(const char *what, img_error *err)
{
    return img__fail(err, IMG_EFORMAT, "%s: \"data\" is not base64", what);
}

static int hash_of(const char *algorithm, const char *bytes, size_t len, img_digest *out,
                   img_error *err)
{
    auto_(hash) struct hash *hash = NULL;
    int rc = img__hash_new(algorithm, &hash, err);
    if (!rc)
        rc = img__hash_update(hash, bytes, len, err);
    return rc ? rc : img__hash_final(hash, out, err);
}

int img__descriptor_check_data(const img_descriptor *descriptor, const char *what,
                               const char *base64, img_error *err)
{
    auto_free char *bytes = NULL;
    img_digest digest = {""};
    size_t len = 0;
    char algorithm[16];

    if (strlen(base64) % 4 != 0)
        return fail_text(what, err);
    int rc = img__base64_decode(base64, &bytes, &len);
    if (rc)
        return rc == IMG_ENOMEM ? img__fail_memory(err) : fail_text(what, err);
    img__digest_algorithm(&descriptor->digest, algorithm, sizeof(algorithm));
    rc = hash_of(algorithm, bytes, len, &digest, err);
    if (rc)
        return rc;
    if (len != descriptor->size_bytes)
        return img__fail(err, IMG_EDIGEST, "%s: \"data\" has %zu bytes, not %llu", what, len,
                         (unsigned long long)descriptor->size_bytes);
    if (!img__digest_equal(&digest, &descriptor->digest))
        return img__fail(err, IMG_EDIGEST, "%s: \"data\" has the digest %s, not %s", what,
                         digest.text, descriptor->digest.text);
    return 0;
}

int img__descriptor_data(const struct json *json, char **out, img_error *err)
{
    const char *base64 = img__json_text(img__json_get(json, "data"));
    size_t len = 0;
    *out = NULL;
    if (!base64)
        return 0;
    return img__base64_decode(base64, out, &len) == IMG_ENOMEM ? img__fail_memory(err) : 0;
}

int img__descriptor_urls(const struct json *json, struct strv *out, img_error *err)
{
    const struct json *urls = img__json_get(json, "urls");
    size_t count = img__json_kind(urls) == JSON_ARRAY ? img__json_count(urls) : 0;
    for (size_t i = 0; i < count && out->count < URLS_MAX; i++) {
        const char *url = img__json_text(img__json_at(urls, i));
        int rc = url ? img__strv_add(out, url, err) : 0;
        if (rc)
            return rc;
    }
    return 0;
}
