/* SPDX-License-Identifier: Apache-2.0
 *
 * Media types: every row of the table, parameters and case, types that are unknown.
 */
#include "unit.h"

#include "core/media.h"

static void test_types(void **state)
{
    static const struct {
        const char *type;
        enum media_kind kind;
        enum media_compression compression;
        const char *oci;
    } rows[] = {
        {"application/vnd.oci.image.index.v1+json", MEDIA_INDEX, MEDIA_OTHER,
         "application/vnd.oci.image.index.v1+json"},
        {"application/vnd.oci.image.manifest.v1+json", MEDIA_MANIFEST, MEDIA_OTHER,
         "application/vnd.oci.image.manifest.v1+json"},
        {"application/vnd.oci.image.config.v1+json", MEDIA_CONFIG, MEDIA_OTHER,
         "application/vnd.oci.image.config.v1+json"},
        {"application/vnd.oci.image.layer.v1.tar", MEDIA_LAYER, MEDIA_NONE,
         "application/vnd.oci.image.layer.v1.tar"},
        {"application/vnd.oci.image.layer.v1.tar+gzip", MEDIA_LAYER, MEDIA_GZIP,
         "application/vnd.oci.image.layer.v1.tar+gzip"},
        {"application/vnd.oci.image.layer.v1.tar+zstd", MEDIA_LAYER, MEDIA_ZSTD,
         "application/vnd.oci.image.layer.v1.tar+zstd"},
        {"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", MEDIA_LAYER, MEDIA_GZIP,
         "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"},
        {"application/vnd.docker.distribution.manifest.list.v2+json", MEDIA_INDEX, MEDIA_OTHER,
         "application/vnd.oci.image.index.v1+json"},
        {"application/vnd.docker.distribution.manifest.v2+json", MEDIA_MANIFEST, MEDIA_OTHER,
         "application/vnd.oci.image.manifest.v1+json"},
        {"application/vnd.docker.container.image.v1+json", MEDIA_CONFIG, MEDIA_OTHER,
         "application/vnd.oci.image.config.v1+json"},
        {"application/vnd.docker.image.rootfs.diff.tar", MEDIA_LAYER, MEDIA_NONE,
         "application/vnd.oci.image.layer.v1.tar"},
        {"application/vnd.docker.image.rootfs.diff.tar.gzip", MEDIA_LAYER, MEDIA_GZIP,
         "application/vnd.oci.image.layer.v1.tar+gzip"},
        {"application/vnd.docker.image.rootfs.diff.tar.zstd", MEDIA_LAYER, MEDIA_ZSTD,
         "application/vnd.oci.image.layer.v1.tar+zstd"},
        {"application/vnd.docker.image.rootfs.foreign.diff.tar", MEDIA_LAYER, MEDIA_NONE,
         "application/vnd.oci.image.layer.nondistributable.v1.tar"},
        {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", MEDIA_LAYER, MEDIA_GZIP,
         "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"},
        {"application/vnd.docker.distribution.manifest.v1+json", MEDIA_SCHEMA1, MEDIA_OTHER,
         "application/vnd.docker.distribution.manifest.v1+json"},
        {"application/vnd.docker.distribution.manifest.v1+prettyjws", MEDIA_SCHEMA1, MEDIA_OTHER,
         "application/vnd.docker.distribution.manifest.v1+prettyjws"},
        {"Application/VND.OCI.Image.Index.v1+JSON ; charset=utf-8", MEDIA_INDEX, MEDIA_OTHER,
         "application/vnd.oci.image.index.v1+json"},
        {" application/vnd.docker.distribution.manifest.v2+json;q=1", MEDIA_MANIFEST, MEDIA_OTHER,
         "application/vnd.oci.image.manifest.v1+json"},
        {"application/vnd.oci.image.layer.v1.tar+gzip+encrypted", MEDIA_LAYER, MEDIA_OTHER,
         "application/vnd.oci.image.layer.v1.tar+gzip+encrypted"},
        {"application/vnd.oci.image.layer.v1.tarball", MEDIA_UNKNOWN, MEDIA_OTHER,
         "application/vnd.oci.image.layer.v1.tarball"},
        {"application/vnd.oci.image.index.v1+jso", MEDIA_UNKNOWN, MEDIA_OTHER,
         "application/vnd.oci.image.index.v1+jso"},
        {"text/html", MEDIA_UNKNOWN, MEDIA_OTHER, "text/html"},
        {"", MEDIA_UNKNOWN, MEDIA_OTHER, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (img__media_kind(rows[i].type) != rows[i].kind)
            fail_msg("%s has kind %d", rows[i].type, (int)img__media_kind(rows[i].type));
        assert_int_equal(img__media_compression(rows[i].type), rows[i].compression);
        assert_string_equal(img__media_to_oci(rows[i].type), rows[i].oci);
    }
}

static void test_canonical(void **state)
{
    (void)state;
    assert_string_equal(img__media_canonical("APPLICATION/vnd.docker.container.image.v1+json; a=b"),
                        MEDIA_DOCKER_CONFIG);
    assert_string_equal(img__media_canonical("Text/HTML"), "Text/HTML");
}

static void test_valid(void **state)
{
    char longest[300];
    (void)state;
    memset(longest, 'a', sizeof(longest));
    longest[1] = '/';

    assert_true(img__media_valid("application/vnd.cncf.helm.chart.content.v1.tar+gzip"));
    assert_true(img__media_valid("a/b; version=1"));
    static const char *const wrong[] = {"",     "a",      "/b",      "a/",      "a/\r\nX: y",
                                        "a/ b", " a/b",   "a/b ",    "a/b\x7f", "a/\xc3\xa4",
                                        "a/\n", "a/b\tc", "a/b\x01c"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (img__media_valid(wrong[i]))
            fail_msg("'%s' is valid", wrong[i]);
    longest[256] = '\0';
    assert_false(img__media_valid(longest));
    longest[255] = '\0';
    assert_true(img__media_valid(longest));
}

static void test_foreign(void **state)
{
    (void)state;
    assert_true(img__media_is_foreign("application/vnd.oci.image.layer.nondistributable.v1.tar"));
    assert_true(img__media_is_foreign("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"));
    assert_false(img__media_is_foreign(MEDIA_OCI_LAYER_GZIP));
    assert_false(img__media_is_foreign("application/vnd.docker.image.rootfs.diff.tar.gzip"));
    assert_false(img__media_is_foreign(""));
}

static void test_accept(void **state)
{
    (void)state;
    assert_string_equal(img__media_accept(),
                        "application/vnd.oci.image.index.v1+json, "
                        "application/vnd.oci.image.manifest.v1+json, "
                        "application/vnd.docker.distribution.manifest.list.v2+json, "
                        "application/vnd.docker.distribution.manifest.v2+json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),   cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_valid),   cmocka_unit_test(test_accept),
        cmocka_unit_test(test_foreign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
