/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths, limits and extended attributes of entries.
 */
#include "layer/entry.h"

#include "unit.h"

static char *repeat(const char *text, size_t count)
{
    size_t len = strlen(text);
    char *out = malloc(len * count + 1);
    assert_non_null(out);
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * len, text, len);
    out[len * count] = '\0';
    return out;
}

static void normal_path(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } rows[] = {
        {"", ""},
        {"/", ""},
        {".", ""},
        {"./", ""},
        {"//.//./", ""},
        {"a", "a"},
        {"/a", "a"},
        {"./a/", "a"},
        {"a//b/./c///", "a/b/c"},
        {"..a/b..", "..a/b.."},
        {"a/...", "a/..."},
        {" /\n", " /\n"},
        {"\xff\xfe/\xc3\xa9", "\xff\xfe/\xc3\xa9"},
        {"a\\b", "a\\b"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        auto_free char *out = NULL;
        assert_ok(img__entry_normal_path(rows[i].text, &out, &err));
        assert_string_equal(out, rows[i].expected);
    }
}

static void normal_path_refuses(void **state)
{
    static const char *const rows[] = {"..", "../a", "a/..", "/a/../b", "a//../"};
    img_error err;
    char *out = NULL;
    (void)state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_fails(img__entry_normal_path(rows[i], &out, &err), IMG_EINVAL, "'..'");
        assert_null(out);
    }
    auto_free char *name = repeat("n", 256);
    assert_fails(img__entry_normal_path(name, &out, &err), IMG_EINVAL, "256 bytes");
    auto_free char *deep = repeat("ab/", 1366);
    assert_fails(img__entry_normal_path(deep, &out, &err), IMG_EINVAL, "4097 bytes");
    assert_null(out);
}

static void normal_path_limits(void **state)
{
    img_error err;
    auto_free char *out = NULL;
    (void)state;

    auto_free char *name = repeat("n", 255);
    assert_ok(img__entry_normal_path(name, &out, &err));
    assert_string_equal(out, name);
    free(steal(out));
    /* The limit is that of the result. */
    auto_free char *slashes = repeat("/./", 3000);
    assert_ok(img__entry_normal_path(slashes, &out, &err));
    assert_string_equal(out, "");
}

static void check(void **state)
{
    static char at[] = "d/f", dot[] = "d/./f", up[] = "../f", slash[] = "d/", lead[] = "/d",
                none[] = "";
    struct entry good = {.type = ENTRY_FILE, .path = at, .mode = 0644};
    img_error err;
    (void)state;

    assert_ok(img__entry_check(&good, &err));

    char *const paths[] = {dot, up, slash, lead, none};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct entry entry = good;
        entry.path = paths[i];
        assert_int_equal(img__entry_check(&entry, &err), IMG_EINVAL);
    }

    struct entry entry = good;
    entry.uid = UINT32_MAX;
    assert_fails(img__entry_check(&entry, &err), IMG_EINVAL, "d/f: its owner");
    entry.uid = ENTRY_ID_MAX;
    assert_ok(img__entry_check(&entry, &err));
    entry.mode = 010644;
    assert_fails(img__entry_check(&entry, &err), IMG_EINVAL, "d/f: its mode of 10644");
    entry.mode = 07777;
    assert_ok(img__entry_check(&entry, &err));

    entry.link = at;
    assert_fails(img__entry_check(&entry, &err), IMG_EINVAL, "is none");
    entry.type = ENTRY_HARDLINK;
    assert_ok(img__entry_check(&entry, &err));
    entry.link = up;
    assert_fails(img__entry_check(&entry, &err), IMG_EINVAL, "'..'");
    entry.type = ENTRY_SYMLINK;
    assert_ok(img__entry_check(&entry, &err));
    entry.link = none;
    assert_fails(img__entry_check(&entry, &err), IMG_EINVAL, "without a target");

    auto_free char *target = repeat("t", 4096);
    entry.link = target;
    assert_fails(img__entry_check(&entry, &err), IMG_EINVAL, "4096 bytes");
    target[4095] = '\0';
    assert_ok(img__entry_check(&entry, &err));

    struct entry root = {.type = ENTRY_DIRECTORY, .path = none, .mode = 0755};
    assert_ok(img__entry_check(&root, &err));
}

static void xattrs(void **state)
{
    img_error err;
    auto_(entry) struct entry entry = {0};
    (void)state;

    assert_ok(img__entry_add_xattr(&entry, "user.b", "1\0002", 3, &err));
    assert_ok(img__entry_add_xattr(&entry, "user.a", "", 0, &err));
    assert_ok(img__entry_add_xattr(&entry, "user.B", "x", 1, &err));
    assert_ok(img__entry_add_xattr(&entry, "user.a", "new", 3, &err));
    img__entry_sort_xattrs(&entry);

    assert_int_equal(entry.xattr_count, 3);
    assert_string_equal(entry.xattrs[0].name, "user.B");
    assert_string_equal(entry.xattrs[1].name, "user.a");
    assert_string_equal(entry.xattrs[1].value, "new");
    assert_string_equal(entry.xattrs[2].name, "user.b");
    assert_int_equal(entry.xattrs[2].len, 3);
    assert_memory_equal(entry.xattrs[2].value, "1\0002", 4);

    img__entry_clear(&entry);
    assert_null(entry.xattrs);
    assert_int_equal(entry.xattr_count, 0);
}

static void xattr_limits(void **state)
{
    img_error err;
    auto_(entry) struct entry entry = {0};
    (void)state;

    auto_free char *big = calloc(1, ENTRY_XATTR_MAX + 1);
    assert_non_null(big);
    assert_fails(img__entry_add_xattr(&entry, "user.a", big, ENTRY_XATTR_MAX + 1, &err), IMG_ELIMIT,
                 "user.a");
    assert_ok(img__entry_add_xattr(&entry, "user.a", big, ENTRY_XATTR_MAX, &err));
    assert_fails(img__entry_add_xattr(&entry, "", "v", 1, &err), IMG_EFORMAT, "0 bytes");
    assert_fails(img__entry_add_xattr(&entry, "user.a=b", "v", 1, &err), IMG_EFORMAT, "user.a=b");
    auto_free char *name = repeat("n", 256);
    assert_fails(img__entry_add_xattr(&entry, name, "v", 1, &err), IMG_EFORMAT, "256 bytes");

    for (unsigned i = 1; i < ENTRY_XATTRS_MAX; i++) {
        char key[32];
        snprintf(key, sizeof(key), "user.%u", i);
        assert_ok(img__entry_add_xattr(&entry, key, "v", 1, &err));
    }
    assert_fails(img__entry_add_xattr(&entry, "user.more", "v", 1, &err), IMG_ELIMIT, "256");
    assert_ok(img__entry_add_xattr(&entry, "user.a", "w", 1, &err));
    assert_int_equal(entry.xattr_count, ENTRY_XATTRS_MAX);
}

static void xattr_allowed(void **state)
{
    static const struct {
        const char *name;
        bool allowed;
    } rows[] = {
        {"security.capability", true},
        {"user.x", true},
        {"user.overlays", true},
        {"system.posix_acl_access", true},
        {"system.posix_acl_default", true},
        {"security.capability2", false},
        {"security.selinux", false},
        {"security.ima", false},
        {"trusted.overlay.opaque", false},
        {"trusted.x", false},
        {"user.overlay.opaque", false},
        {"user.containers.override_stat", false},
        {"user.rootlesscontainers", false},
        {"system.nfs4_acl", false},
        {"com.apple.quarantine", false},
        {"user.a=b", false},
        {"user.", false},
        {"user", false},
        {"", false},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (img__entry_xattr_allowed(rows[i].name) != rows[i].allowed)
            fail_msg("%s", rows[i].name);
}

/* C14: what is kept on request. */
static void xattr_kept(void **state)
{
    static const struct {
        const char *name;
        bool ima, all;
    } rows[] = {
        {"security.capability", true, true},
        {"user.x", true, true},
        {"security.ima", true, true},
        {"security.ima2", false, true},
        {"security.evm", false, true},
        {"trusted.x", false, true},
        {"security.selinux", false, false},
        {"trusted.overlay.opaque", false, false},
        {"user.overlay.opaque", false, false},
        {"user.containers.override_stat", false, false},
        {"user.rootlesscontainers", false, false},
        {"system.nfs4_acl", false, false},
        {"com.apple.quarantine", false, false},
        {"trusted.a=b", false, false},
        {"trusted.", false, false},
        {"security.", false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (img__entry_xattr_kept(rows[i].name, ENTRY_KEEP_IMA) != rows[i].ima ||
            img__entry_xattr_kept(rows[i].name, ENTRY_KEEP_XATTRS) != rows[i].all)
            fail_msg("%s", rows[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_path),
        cmocka_unit_test(normal_path_refuses),
        cmocka_unit_test(normal_path_limits),
        cmocka_unit_test(check),
        cmocka_unit_test(xattrs),
        cmocka_unit_test(xattr_limits),
        cmocka_unit_test(xattr_allowed),
        cmocka_unit_test(xattr_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
