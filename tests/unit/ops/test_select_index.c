/* SPDX-License-Identifier: Apache-2.0
 *
 * An index with fewer platforms: which entries stay, and that all else does.
 */
#include "places.h"

#include "ops/select.h"

#define ENTRY(type, digit, rest)                                                                   \
    "{\"mediaType\":\"" type                                                                       \
    "\",\"digest\":\"sha256:" digit digit digit digit digit digit digit digit "\",\"size\":7" rest \
    "}"
#define A8 "aaaaaaaa"
#define B8 "bbbbbbbb"
#define C8 "cccccccc"
#define D8 "dddddddd"
#define DIGEST_A "sha256:" A8 A8 A8 A8 A8 A8 A8 A8
#define AMD                                                                                        \
    ENTRY(MEDIA_OCI_MANIFEST, A8, ",\"platform\":{\"architecture\":\"amd64\",\"os\":\"linux\"}")
#define ARM                                                                                        \
    ENTRY(MEDIA_OCI_MANIFEST, B8,                                                                  \
          ",\"platform\":{\"architecture\":\"arm64\",\"os\":\"linux\"},\"annotations\":{\"k\":"    \
          "\"v\"},\"new\":[1]")
#define S390                                                                                       \
    ENTRY(MEDIA_OCI_MANIFEST, C8, ",\"platform\":{\"architecture\":\"s390x\",\"os\":\"linux\"}")
#define ATTESTATION                                                                                \
    ENTRY(MEDIA_OCI_MANIFEST, D8,                                                                  \
          ",\"annotations\":{\"vnd.docker.reference.digest\":\"" DIGEST_A                          \
          "\"},\"platform\":{\"architecture\":\"unknown\",\"os\":\"unknown\"}")
#define INDEX(entries)                                                                             \
    "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":[" entries           \
    "],\"annotations\":{\"a\":\"b\"},\"unknown\":{\"x\":null}}"

static int choose(const char *text, const char *const *names, struct document *out, img_error *err)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    img_platform platforms[4];
    size_t count = 0;
    for (; names[count]; count++)
        assert_int_equal(img_platform_parse(names[count], &platforms[count], err), 0);
    assert_int_equal(
        img__document_make(MEDIA_OCI_INDEX, strdup(text), strlen(text), &document, err), 0);
    return img__select_index(&document, platforms, count, out, err);
}

static void chosen(void **state)
{
    (void)state;
    static const struct {
        const char *names[4];
        const char *expected;
    } rows[] = {
        {{"linux/arm64", "linux/s390x"}, INDEX(ARM "," S390)},
        {{"s390x", "arm64", "arm64"}, INDEX(ARM "," S390)},
        {{"amd64", "s390x"}, INDEX(AMD "," S390 "," ATTESTATION)},
        {{"amd64", "arm64", "s390x"}, INDEX(AMD "," ARM "," S390 "," ATTESTATION)},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err = {0};
        img_digest digest;
        auto_(document) struct document made = DOCUMENT_INIT;
        assert_ok(choose(INDEX(AMD "," ARM "," S390 "," ATTESTATION), rows[i].names, &made, &err));
        assert_string_equal(made.bytes, rows[i].expected);
        assert_string_equal(made.descriptor.media_type, MEDIA_OCI_INDEX);
        assert_int_equal(made.descriptor.size_bytes, strlen(rows[i].expected));
        assert_ok(img__digest_of(made.bytes, made.len, &digest, &err));
        assert_string_equal(made.descriptor.digest.text, digest.text);
    }
}

static void missing(void **state)
{
    (void)state;
    img_error err = {0};
    struct document made = DOCUMENT_INIT;
    const char *const names[] = {"amd64", "386", NULL};
    assert_fails(choose(INDEX(AMD "," ARM), names, &made, &err), IMG_ENOTFOUND,
                 "not there for linux/386, only for: linux/amd64, linux/arm64");
    assert_null(made.bytes);
    assert_fails(choose("{\"schemaVersion\":2}", names, &made, &err), IMG_EFORMAT, "manifests");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chosen),
        cmocka_unit_test(missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
