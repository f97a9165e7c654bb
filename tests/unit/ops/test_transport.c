/* SPDX-License-Identifier: Apache-2.0
 *
 * Places as they are written: what is taken apart how, and what is refused and why.
 */
#include "unit.h"

#include "base/auto.h"
#include "ops/transport.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void accepts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum transport_kind kind;
        const char *path, *name;
    } rows[] = {
        {"ubuntu", TRANSPORT_REGISTRY, NULL, "ubuntu"},
        {"localhost:5000/a:1", TRANSPORT_REGISTRY, NULL, "localhost:5000/a:1"},
        {"docker://localhost:5000/a:1", TRANSPORT_REGISTRY, NULL, "localhost:5000/a:1"},
        {"docker://oci:latest", TRANSPORT_REGISTRY, NULL, "oci:latest"},
        {"docker://a@" DIGEST, TRANSPORT_REGISTRY, NULL, "a@" DIGEST},
        {"store:app:1", TRANSPORT_STORE, NULL, "app:1"},
        {"store:1.0+git", TRANSPORT_STORE, NULL, "1.0+git"},
        {"store:" DIGEST, TRANSPORT_STORE, NULL, DIGEST},
        {"oci:dir", TRANSPORT_OCI, "dir", NULL},
        {"oci:/a/b c/d", TRANSPORT_OCI, "/a/b c/d", NULL},
        {"oci:dir:latest", TRANSPORT_OCI, "dir", "latest"},
        {"oci:dir:1.0+git", TRANSPORT_OCI, "dir", "1.0+git"},
        {"oci:dir:docker.io/library/a:1", TRANSPORT_OCI, "dir", "docker.io/library/a:1"},
        {"oci:a\\:b:latest", TRANSPORT_OCI, "a:b", "latest"},
        {"oci:a\\:b", TRANSPORT_OCI, "a:b", NULL},
        {"oci:a\\b:latest", TRANSPORT_OCI, "a\\b", "latest"},
        {"oci:c:latest", TRANSPORT_OCI, "c", "latest"},
        {"oci-archive:x.tar", TRANSPORT_OCI_ARCHIVE, "x.tar", NULL},
        {"oci-archive:-", TRANSPORT_OCI_ARCHIVE, "-", NULL},
        {"docker-archive:x.tar:app:1", TRANSPORT_DOCKER_ARCHIVE, "x.tar", "app:1"},
        {"-", TRANSPORT_PIPE, "-", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err = {0};
        auto_(transport) struct transport got = TRANSPORT_INIT;
        assert_ok(img__transport_parse(rows[i].text, &got, &err));
        assert_int_equal(got.kind, rows[i].kind);
        assert_int_equal(!got.path, !rows[i].path);
        assert_int_equal(!got.name, !rows[i].name);
        if (got.path)
            assert_string_equal(got.path, rows[i].path);
        if (got.name)
            assert_string_equal(got.name, rows[i].name);
    }
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "empty"},
        {"docker://", "empty"},
        {"docker://A", "lower"},
        {"containers-storage:a:1", "'containers-storage' is not known; there are docker://REF"},
        {"docker-daemon:a:1", "'docker-daemon' is not known"},
        {"dir:/tmp/x", "'dir' is not known"},
        {"https://localhost:5000/a", "'https' is not known"},
        {"ftp://x", "oci-archive:FILE[:REF], docker-archive:FILE[:REF] and -"},
        {"/tmp/x.tar", "a path without a transport"},
        {"./x", "a path without a transport"},
        {"oci:", "path is missing"},
        {"oci::latest", "path is missing"},
        {"oci:dir:", "name is missing"},
        {"store:", "name is missing"},
        {"oci:C:\\images:latest", "Windows"},
        {"oci:c:/images", "Windows"},
        {"C:\\images", "Windows"},
        {"oci:dir:a b", "no name of an image"},
        {"oci:dir:a\nb", "no name of an image"},
        {"oci:dir:-a", "begin and end"},
        {"oci:dir:/x", "begin and end"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err = {0};
        struct transport got = TRANSPORT_INIT;
        assert_fails(img__transport_parse(rows[i].text, &got, &err), IMG_EINVAL, rows[i].says);
        assert_null(got.path);
        assert_null(got.name);
    }
}

static void names_are_bounded(void **state)
{
    (void)state;
    img_error err = {0};
    struct transport got = TRANSPORT_INIT;
    char text[2000];
    memset(text, 'a', sizeof(text));
    memcpy(text, "oci:d:", 6);
    text[sizeof(text) - 1] = '\0';
    assert_fails(img__transport_parse(text, &got, &err), IMG_EINVAL, "longer than 1024");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),
        cmocka_unit_test(refuses),
        cmocka_unit_test(names_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
