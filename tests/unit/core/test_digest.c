/* SPDX-License-Identifier: Apache-2.0
 *
 * Digests: the grammar, and the computation against the examples of FIPS 180 ("abc") and the digest
 * of nothing.
 */
#include "unit.h"

#include "core/digest.h"

#define ABC256 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABC384                                                                                     \
    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"                                             \
    "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
#define ABC512                                                                                     \
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"                             \
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
#define NOTHING256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void accepts(void **state)
{
    static const char *const good[] = {
        "sha256:" ABC256,
        "sha384:" ABC384,
        "sha512:" ABC512,
    };
    (void)state;

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        img_error err = {0};
        img_digest digest;
        assert_ok(img_digest_parse(good[i], &digest, &err));
        assert_string_equal(digest.text, good[i]);
    }
}

static void refuses(void **state)
{
    static const struct {
        const char *text;
        int code;
        const char *message;
    } bad[] = {
        {"", IMG_EINVAL, "is not a digest"},
        {"sha256", IMG_EINVAL, "is not a digest"},
        {"sha256:", IMG_EINVAL, "is not a digest"},
        {":" ABC256, IMG_EINVAL, "is not a digest"},
        {ABC256, IMG_EINVAL, "is not a digest"},
        {" sha256:" ABC256, IMG_EINVAL, "is not a digest"},
        {"sha256:" ABC256 " ", IMG_EINVAL, "is not a digest"},
        {"sha256:" ABC256 "\n", IMG_EINVAL, "is not a digest"},
        {"sha256:../../../../../../../../etc/passwd", IMG_EINVAL, "is not a digest"},
        {"sha256:sha256:" ABC256, IMG_EINVAL, "is not a digest"},
        {"../x:" ABC256, IMG_EINVAL, "is not a digest"},
        {"SHA256:" ABC256, IMG_EINVAL, "is not a digest"},
        {"+sha256:" ABC256, IMG_EINVAL, "is not a digest"},
        {"sha256+:" ABC256, IMG_EINVAL, "is not a digest"},
        {"sha256+.b64:" ABC256, IMG_EINVAL, "is not a digest"},
        {"sha256:" ABC256 "0", IMG_EINVAL, "64 lower-case hexadecimal digits"},
        {"sha256:ba78", IMG_EINVAL, "64 lower-case hexadecimal digits"},
        {"sha512:" ABC256, IMG_EINVAL, "128 lower-case hexadecimal digits"},
        {"sha384:" ABC512, IMG_EINVAL, "96 lower-case hexadecimal digits"},
        {"sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", IMG_EINVAL,
         "64 lower-case hexadecimal digits"},
        {"sha256:ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", IMG_EINVAL,
         "64 lower-case hexadecimal digits"},
        {"md5:900150983cd24fb0d6963f7d28e17f72", IMG_EUNSUPPORTED, "unsupported digest algorithm"},
        {"blake3:" ABC256, IMG_EUNSUPPORTED, "unsupported digest algorithm"},
        {"sha256+b64u:ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0", IMG_EUNSUPPORTED,
         "unsupported digest algorithm"},
        {"sha25:" ABC256, IMG_EUNSUPPORTED, "unsupported digest algorithm"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        img_error err = {0};
        img_digest digest = {"untouched"};
        assert_fails(img_digest_parse(bad[i].text, &digest, &err), bad[i].code, bad[i].message);
        assert_string_equal(digest.text, "untouched");
        assert_int_equal(img_digest_parse(bad[i].text, &digest, NULL), bad[i].code);
    }
}

static void computes(void **state)
{
    static const struct {
        const char *algorithm;
        const char *digest;
    } rows[] = {
        {"sha256", "sha256:" ABC256},
        {"sha384", "sha384:" ABC384},
        {"sha512", "sha512:" ABC512},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err = {0};
        img_digest digest;
        auto_(hash) struct hash *hash = NULL;
        assert_ok(img__hash_new(rows[i].algorithm, &hash, &err));
        assert_ok(img__hash_update(hash, "a", 1, &err));
        assert_ok(img__hash_update(hash, NULL, 0, &err));
        assert_ok(img__hash_update(hash, "bc", 2, &err));
        assert_ok(img__hash_final(hash, &digest, &err));
        assert_string_equal(digest.text, rows[i].digest);
        assert_ok(img_digest_parse(digest.text, &digest, &err));
    }
}

static void computes_at_once(void **state)
{
    img_error err = {0};
    img_digest digest;
    (void)state;

    assert_ok(img__digest_of("", 0, &digest, &err));
    assert_string_equal(digest.text, "sha256:" NOTHING256);
    assert_ok(img__digest_of("abc", 3, &digest, &err));
    assert_string_equal(digest.text, "sha256:" ABC256);
}

static void refuses_algorithm(void **state)
{
    static const char *const bad[] = {"", "sha", "sha2567", "SHA256", "md5"};
    (void)state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        img_error err = {0};
        struct hash *hash = NULL;
        assert_fails(img__hash_new(bad[i], &hash, &err), IMG_EUNSUPPORTED,
                     "unsupported digest algorithm");
        assert_null(hash);
    }
}

static void takes_apart(void **state)
{
    img_error err = {0};
    img_digest digest;
    char algorithm[8];
    (void)state;

    assert_ok(img_digest_parse("sha512:" ABC512, &digest, &err));
    assert_string_equal(img__digest_hex(&digest), ABC512);
    img__digest_algorithm(&digest, algorithm, sizeof(algorithm));
    assert_string_equal(algorithm, "sha512");

    img_digest other = digest;
    assert_true(img__digest_equal(&digest, &other));
    assert_ok(img__digest_of("", 0, &other, &err));
    assert_false(img__digest_equal(&digest, &other));

    const img_digest none = {""};
    assert_string_equal(img__digest_hex(&none), "");
    img__digest_algorithm(&none, algorithm, sizeof(algorithm));
    assert_string_equal(algorithm, "");
    assert_non_null(strstr(img__digest_library_version(), "OpenSSL"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),           cmocka_unit_test(refuses),
        cmocka_unit_test(computes),          cmocka_unit_test(computes_at_once),
        cmocka_unit_test(refuses_algorithm), cmocka_unit_test(takes_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
