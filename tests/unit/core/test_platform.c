/* SPDX-License-Identifier: Apache-2.0
 *
 * Platforms: names, which serves which, choosing from an index.
 */
#include "unit.h"

#include "core/media.h"
#include "core/platform.h"

static void test_parses(void **state)
{
    static const char *const rows[][2] = {
        {"linux/amd64", "linux/amd64"},
        {"amd64", "linux/amd64"},
        {"Linux/X86_64", "linux/amd64"},
        {"linux/aarch64", "linux/arm64"},
        {"aarch64", "linux/arm64"},
        {"linux/arm64/v8", "linux/arm64/v8"},
        {"linux/arm64/8", "linux/arm64/v8"},
        {"linux/arm", "linux/arm/v7"},
        {"arm/v6", "arm/v6"}, /* an os and an architecture */
        {"linux/arm/6", "linux/arm/v6"},
        {"linux/armhf", "linux/arm/v7"},
        {"linux/armel", "linux/arm/v6"},
        {"i386", "linux/386"},
        {"386", "linux/386"},
        {"linux/amd64/v3", "linux/amd64/v3"},
        {"windows/amd64", "windows/amd64"},
        {"macos/arm64", "darwin/arm64"},
        {"linux/ppc64le", "linux/ppc64le"},
        {"s390x", "linux/s390x"},
        {"linux/foo", "linux/foo"},
    };
    static const char *const wrong[][2] = {
        {"", "'' is not a platform like linux/arm64/v8: each of its parts"},
        {"linux", "it names no architecture: write linux/amd64"},
        {"foo", "no such architecture is known; write linux/foo if it is one"},
        {"linux/", "each of its parts"},
        {"/amd64", "each of its parts"},
        {"linux//v8", "each of its parts"},
        {"linux/arm64/", "each of its parts"},
        {"linux/arm64/v8/x", "more than three parts"},
        {"linux/am d", "must not contain ' '"},
        {"linux/\xc3\xa4", "must not contain"},
        {"linux/0123456789abcdef0123456789abcdef", "from 1 to 31 characters"},
    };
    img_platform p;
    img_error err;
    char text[IMG_PLATFORM_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_ok(img_platform_parse(rows[i][0], &p, &err));
        img__platform_format(&p, text);
        assert_string_equal(text, rows[i][1]);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_fails(img_platform_parse(wrong[i][0], &p, &err), IMG_EINVAL, wrong[i][1]);
}

static img_platform must_parse(const char *text)
{
    img_platform p;
    img_error err;
    assert_ok(img_platform_parse(text, &p, &err));
    return p;
}

static void test_match(void **state)
{
    static const struct {
        const char *want, *have;
        int fits;
    } rows[] = {
        {"linux/amd64", "linux/amd64", 1},           {"linux/amd64", "linux/arm64", 0},
        {"linux/amd64", "windows/amd64", 0},         {"linux/amd64", "linux/386", 0},
        {"linux/amd64", "unknown/unknown", 0},       {"unknown/unknown", "unknown/unknown", 0},
        {"linux/amd64/v3", "linux/amd64/v2", 1},     {"linux/amd64/v3", "linux/amd64", 1},
        {"linux/amd64", "linux/amd64/v1", 1},        {"linux/amd64", "linux/amd64/v2", 0},
        {"linux/arm/v8", "linux/arm/v7", 1},         {"linux/arm", "linux/arm/v6", 1},
        {"linux/arm/v6", "linux/arm/v7", 0},         {"linux/arm64", "linux/arm64/v8", 1},
        {"linux/arm64/v8", "linux/arm64", 1},        {"linux/arm64", "linux/arm/v7", 0},
        {"linux/arm64", "linux/arm64/v9", 0},        {"linux/arm64/v9", "linux/arm64", 1},
        {"linux/arm64/v9", "linux/arm64/v8.5", 1},   {"linux/arm64/v9", "linux/arm64/v8.6", 0},
        {"linux/arm64/v8.2", "linux/arm64/v8.1", 1}, {"linux/arm64/v8.1", "linux/arm64/v8.2", 0},
        {"linux/s390x", "linux/s390x", 1},           {"linux/s390x/z", "linux/s390x", 0},
        {"linux/amd64/odd", "linux/amd64/odd", 1},   {"linux/amd64/odd", "linux/amd64", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_platform want = must_parse(rows[i].want), have = must_parse(rows[i].have);
        if ((img__platform_match(&want, &have) > 0) != rows[i].fits)
            fail_msg("%s on %s: expected %d", rows[i].have, rows[i].want, rows[i].fits);
    }
    img_platform raw = {"linux", "x86_64", "", ""}, want = must_parse("amd64");
    assert_true(img__platform_match(&want, &raw) > 0);
}

static void test_version(void **state)
{
    static const struct {
        const char *want, *have;
        int fits;
    } rows[] = {
        {"", "10.0.17763.1", 1},
        {"10.0.17763.9", "", 1},
        {"10.0.17763.9", "10.0.17763.1", 1},
        {"10.0.17763", "10.0.17763.1", 1},
        {"10.0.17763.9", "10.0.17764.9", 0},
        {"10.0.17763.9", "10.0.177639.9", 0},
        {"10.0", "10.1", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_platform want = {"windows", "amd64", "", ""}, have = want;
        strcpy(want.os_version, rows[i].want);
        strcpy(have.os_version, rows[i].have);
        if ((img__platform_match(&want, &have) > 0) != rows[i].fits)
            fail_msg("%s on %s: expected %d", rows[i].have, rows[i].want, rows[i].fits);
    }
}

/* Entries of an index as "type:platform", where type is a letter and platform may be "". */
static size_t choose(const char *want, const char *const *entries)
{
    img_descriptor list[8];
    size_t count = 0;
    memset(list, 0, sizeof(list));
    for (; entries[count]; count++) {
        const char *type = entries[count][0] == 'm'   ? MEDIA_DOCKER_MANIFEST
                           : entries[count][0] == 'i' ? MEDIA_OCI_INDEX
                                                      : "application/unknown";
        strcpy(list[count].media_type, type);
        if (entries[count][2])
            list[count].platform = must_parse(entries[count] + 2);
    }
    img_platform p = must_parse(want);
    return img__platform_select(&p, list, count);
}

static void test_select(void **state)
{
    static const char *const arm[] = {"m:linux/arm/v5", "m:linux/arm/v7", "m:linux/arm/v6",
                                      "m:linux/arm/v7", NULL};
    static const char *const mixed[] = {"m:unknown/unknown", "x:linux/amd64", "m:", "m:linux/arm64",
                                        "i:linux/amd64",     "m:linux/amd64", NULL};
    static const char *const none[] = {"m:unknown/unknown", "x:", NULL};
    static const char *const empty[] = {NULL};
    (void)state;
    assert_int_equal(choose("linux/arm/v8", arm), 1);
    assert_int_equal(choose("linux/arm/v6", arm), 2);
    assert_int_equal(choose("linux/arm/v5", arm), 0);
    assert_int_equal(choose("linux/arm64", arm), 4);
    assert_int_equal(choose("linux/amd64", mixed), 4);
    assert_int_equal(choose("linux/arm64", mixed), 3);
    assert_int_equal(choose("linux/s390x", mixed), 2);
    assert_int_equal(choose("linux/amd64", none), 2);
    assert_int_equal(choose("linux/amd64", empty), 0);
}

static void test_host(void **state)
{
    img_platform host, again;
    img_error err;
    char text[IMG_PLATFORM_TEXT_MAX];
    (void)state;
    img_platform_host(&host);
    assert_string_equal(host.os, "linux");
#if defined(__x86_64__)
    assert_string_equal(host.architecture, "amd64");
    assert_string_equal(host.variant, "");
#elif defined(__aarch64__)
    assert_string_equal(host.architecture, "arm64");
#endif
    img__platform_format(&host, text);
    assert_ok(img_platform_parse(text, &again, &err));
    assert_true(img__platform_match(&host, &again) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parses), cmocka_unit_test(test_match), cmocka_unit_test(test_version),
        cmocka_unit_test(test_select), cmocka_unit_test(test_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
