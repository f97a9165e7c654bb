/* SPDX-License-Identifier: Apache-2.0
 *
 * The auth file: keys in all spellings, lookups from the repository up, entries of all kinds, and
 * changes that leave everything else alone.
 */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "registry/authfile.h"

#define SIZE_OF(array) (sizeof(array) / sizeof((array)[0]))

struct place {
    char dir[64];
    char file[80];
};

static int setup(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    const char *tmp = getenv("TMPDIR");
    if (!place)
        return -1;
    snprintf(place->dir, sizeof(place->dir), "%.40s/authfileXXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(place->dir))
        return -1;
    snprintf(place->file, sizeof(place->file), "%s/auth.json", place->dir);
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", place->dir);
    int result = system(command);
    free(place);
    return result;
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void assert_holds(const char *path, const char *expected)
{
    img_error err;
    auto_(buf) struct buf text = BUF_INIT(65536);
    assert_ok(img__fs_read(AT_FDCWD, path, &text, &err));
    assert_string_equal(img__buf_text(&text), expected);
}

static void keys(void **state)
{
    (void)state;
    static const struct {
        const char *key, *normal;
    } rows[] = {
        {"https://index.docker.io/v1/", "docker.io"},
        {"index.docker.io", "docker.io"},
        {"docker.io", "docker.io"},
        {"https://registry-1.docker.io/v2/", "docker.io"},
        {"docker.io/library/x", "docker.io/library/x"},
        {"index.docker.io/library", "docker.io/library"},
        {"https://index.docker.io/v1/access-token", "docker.io/v1/access-token"},
        {"ghcr.io", "ghcr.io"},
        {"GHCR.io", "ghcr.io"},
        {"HTTPS://ghcr.io:443/", "ghcr.io"},
        {"http://localhost:5000", "localhost:5000"},
        {"localhost:5000/ns/repo/", "localhost:5000/ns/repo"},
        {"https://quay.io/v2", "quay.io"},
        {"[::1]:5000/a", "[::1]:5000/a"},
        {"", NULL},
        {"https://", NULL},
        {"/a", NULL},
    };
    for (size_t i = 0; i < SIZE_OF(rows); i++) {
        auto_(buf) struct buf out = BUF_INIT(1024);
        bool is_key = img__authfile_key_normal(rows[i].key, &out);
        if (is_key != (rows[i].normal != NULL))
            fail_msg("'%s': %d", rows[i].key, is_key);
        if (rows[i].normal)
            assert_string_equal(img__buf_text(&out), rows[i].normal);
    }
}

/* user "": nobody; NULL: an error with secret in its message. */
static const struct {
    const char *text, *host, *repository, *user, *secret;
    bool helper;
} lookups[] = {
    {"{\"auths\":{\"r\":{\"auth\":\"dTpw\"}}}", "r", "a/b", "u", "p", false},
    {"{\"auths\":{\"r\":{\"auth\":\"dTpw\"}}}", "s", "a/b", "", NULL, false},
    {"{\"auths\":{\"r/a/b\":{\"auth\":\"dTpw\"},\"r\":{\"auth\":\"djpw\"}}}", "r", "a/b", "u", "p",
     false},
    {"{\"auths\":{\"r/a/b\":{\"auth\":\"dTpw\"},\"r\":{\"auth\":\"djpw\"}}}", "r", "a/bc", "v", "p",
     false},
    {"{\"auths\":{\"r/a\":{\"auth\":\"dTpw\"},\"r\":{\"auth\":\"djpw\"}}}", "r", "a/b/c", "u", "p",
     false},
    {"{\"auths\":{\"r/a\":{\"auth\":\"dTpw\"},\"r\":{\"auth\":\"djpw\"}}}", "r", "", "v", "p",
     false},
    {"{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"dTpw\"}}}", "docker.io", "library/x",
     "u", "p", false},
    {"{\"auths\":{\"r\":{\"auth\":\"dTpwOnE=\"}}}", "r", "", "u", "p:q", false},
    {"{\"auths\":{\"r\":{\"auth\":\"dTpwAAA=\"}}}", "r", "", "u", "p", false},
    {"{\"auths\":{\"r\":{\"auth\":\"dTpw\",\"x\":1,\"email\":\"e\"}}}", "r", "", "u", "p", false},
    {"{\"auths\":{\"r\":{\"username\":\"u\",\"password\":\"p\"}}}", "r", "", "u", "p", false},
    {"{\"auths\":{\"r\":{}},\"credsStore\":\"desktop\"}", "r", "", "", NULL, true},
    {"{\"auths\":{},\"credHelpers\":{\"r\":\"x\"}}", "r", "", "", NULL, true},
    {"{\"credHelpers\":{\"s\":\"x\"}}", "r", "", "", NULL, false},
    {"{\"auths\":{\"r\":{\"auth\":\"dTpw\"}},\"credsStore\":\"x\"}", "r", "", "u", "p", false},
    {"{}", "r", "", "", NULL, false},
    {"", "r", "", "", NULL, false},
    {"{\"auths\":null}", "r", "", "", NULL, false},
    {"{\"auths\":{\"r\":{\"auth\":\"dTpw\"", "r", "", NULL, "auth.json", false},
    {"[]", "r", "", NULL, "auth.json", false},
    {"{\"auths\":[]}", "r", "", NULL, "auths", false},
    {"{\"auths\":{\"r\":\"x\"}}", "r", "", NULL, "auths[\"r\"]", false},
    {"{\"auths\":{\"r\":{\"auth\":7}}}", "r", "", NULL, "auths[\"r\"]", false},
    {"{\"auths\":{\"r\":{\"auth\":\"!!\"}}}", "r", "", NULL, "auths[\"r\"]", false},
    {"{\"auths\":{\"r\":{\"auth\":\"bm9jb2xvbg==\"}}}", "r", "", NULL, "user:password", false},
    {"{\"auths\":{\"r\":{\"auth\":\"dTpwAHE=\"}}}", "r", "", NULL, "user:password", false},
    {"{\"auths\":{\"s\":{\"auth\":\"!!\"},\"r\":{\"auth\":\"dTpw\"}}}", "r", "", "u", "p", false},
};

static void finds(void **state)
{
    const struct place *place = *state;
    img_error err;
    for (size_t i = 0; i < SIZE_OF(lookups); i++) {
        auto_(account) struct account account = {0};
        bool helper;
        put(place->file, lookups[i].text);
        int result = img__authfile_find(place->file, lookups[i].host, lookups[i].repository,
                                        &account, &helper, &err);
        if (!lookups[i].user) {
            if (result != IMG_EFORMAT || !strstr(err.message, lookups[i].secret))
                fail_msg("%s: %d, %s", lookups[i].text, result, err.message);
            continue;
        }
        if (result)
            fail_msg("%s: %s", lookups[i].text, err.message);
        if (strcmp(account.user ? account.user : "", lookups[i].user) != 0)
            fail_msg("%s: %s", lookups[i].text, account.user ? account.user : "nobody");
        if (account.user)
            assert_string_equal(account.password, lookups[i].secret);
        assert_int_equal(helper, lookups[i].helper);
    }
}

static void finds_tokens(void **state)
{
    const struct place *place = *state;
    img_error err;
    bool helper;
    auto_(account) struct account identity = {0};
    auto_(account) struct account bearer = {0};
    auto_(account) struct account named = {0};
    put(place->file, "{\"auths\":{\"a\":{\"auth\":\"dTpw\",\"identitytoken\":\"i\"},"
                     "\"b\":{\"registrytoken\":\"t\"},"
                     "\"c\":{\"username\":\"<token>\",\"password\":\"n\"}}}");
    assert_ok(img__authfile_find(place->file, "a", "", &identity, &helper, &err));
    assert_string_equal(identity.identity, "i");
    assert_string_equal(identity.user, "u");
    assert_ok(img__authfile_find(place->file, "b", "", &bearer, &helper, &err));
    assert_string_equal(bearer.bearer, "t");
    assert_ok(img__authfile_find(place->file, "c", "", &named, &helper, &err));
    assert_string_equal(named.identity, "n");
    assert_null(named.user);
}

static void no_file(void **state)
{
    const struct place *place = *state;
    img_error err;
    bool helper;
    auto_(account) struct account account = {0};
    assert_ok(img__authfile_find(place->file, "r", "a", &account, &helper, &err));
    assert_true(img__account_is_anonymous(&account));
    assert_fails(img__authfile_erase(place->file, "r", &err), IMG_ENOTFOUND, "no credential for r");
    assert_int_not_equal(access(place->file, F_OK), 0);
    /* A directory in its place is no reason to go on without. */
    assert_int_equal(mkdir(place->file, 0700), 0);
    assert_int_equal(img__authfile_find(place->file, "r", "a", &account, &helper, &err), IMG_EIO);
}

static void stores(void **state)
{
    const struct place *place = *state;
    img_error err;
    struct stat st;
    img_credential credential = {"u", "p"};
    put(place->file, "{\"keep\":{\"x\":[1,2]},\"auths\":{\"s\":{\"auth\":\"YTpi\",\"more\":true},"
                     "\"https://r/v1/\":{\"auth\":\"b2xkOm9sZA==\"}},\"credsStore\":\"k\"}");
    assert_int_equal(chmod(place->file, 0644), 0);
    assert_ok(img__authfile_store(place->file, "r", &credential, &err));
    assert_holds(place->file,
                 "{\"keep\":{\"x\":[1,2]},\"auths\":{\"s\":{\"auth\":\"YTpi\",\"more\":true},"
                 "\"r\":{\"auth\":\"dTpw\"}},\"credsStore\":\"k\"}\n");
    assert_int_equal(stat(place->file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_ok(img__authfile_erase(place->file, "r", &err));
    assert_fails(img__authfile_erase(place->file, "r", &err), IMG_ENOTFOUND, place->file);
    assert_holds(place->file, "{\"keep\":{\"x\":[1,2]},\"auths\":{\"s\":{\"auth\":\"YTpi\","
                              "\"more\":true}},\"credsStore\":\"k\"}\n");
}

static void stores_hub(void **state)
{
    const struct place *place = *state;
    img_error err;
    img_credential credential = {"u", "p"};
    img_credential colon = {"a:b", "p"};
    char path[128];
    snprintf(path, sizeof(path), "%s/new/dir/config.json", place->dir);
    assert_ok(img__authfile_store(path, "docker.io", &credential, &err));
    assert_holds(path, "{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"dTpw\"}}}\n");
    assert_int_equal(img__authfile_store(path, "r", &colon, &err), IMG_EINVAL);
}

static void follows_links(void **state)
{
    const struct place *place = *state;
    img_error err;
    struct stat st;
    img_credential credential = {"u", "p"};
    char link[128], loop[128];
    snprintf(link, sizeof(link), "%s/link", place->dir);
    snprintf(loop, sizeof(loop), "%s/loop", place->dir);
    /* To a file that is not there yet, by a relative link. */
    assert_int_equal(symlink("auth.json", link), 0);
    assert_ok(img__authfile_store(link, "r", &credential, &err));
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(access(place->file, F_OK), 0);
    assert_int_equal(symlink("loop", loop), 0);
    assert_fails(img__authfile_store(loop, "r", &credential, &err), IMG_EIO, "symbolic links");
}

static void broken_is_kept(void **state)
{
    const struct place *place = *state;
    img_error err;
    img_credential credential = {"u", "p"};
    static const char *const broken[] = {"{\"auths\":", "[]", "{\"auths\":[]}", "junk"};
    for (size_t i = 0; i < SIZE_OF(broken); i++) {
        put(place->file, broken[i]);
        assert_int_equal(img__authfile_store(place->file, "r", &credential, &err), IMG_EFORMAT);
        assert_holds(place->file, broken[i]);
    }
}

static void paths(void **state)
{
    (void)state;
    static const struct {
        const char *option, *values[3], *expected;
    } rows[] = {
        {"/o", {"/f", "/d", "/h"}, "/o"},
        {NULL, {"/f", "/d", "/h"}, "/f"},
        {NULL, {"", "/d", "/h"}, "/d/config.json"},
        {NULL, {NULL, NULL, "/h"}, "/h/.docker/config.json"},
        {NULL, {NULL, NULL, NULL}, NULL},
    };
    static const char *const names[] = {"REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "HOME"};
    img_error err;
    for (size_t i = 0; i < SIZE_OF(rows); i++) {
        for (size_t j = 0; j < 3; j++) {
            if (rows[i].values[j])
                setenv(names[j], rows[i].values[j], 1);
            else
                unsetenv(names[j]);
        }
        char *path;
        assert_ok(img__authfile_path(rows[i].option, &path, &err));
        assert_int_equal(path == NULL, rows[i].expected == NULL);
        if (path)
            assert_string_equal(path, rows[i].expected);
        free(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),
        cmocka_unit_test_setup_teardown(finds, setup, teardown),
        cmocka_unit_test_setup_teardown(finds_tokens, setup, teardown),
        cmocka_unit_test_setup_teardown(no_file, setup, teardown),
        cmocka_unit_test_setup_teardown(stores, setup, teardown),
        cmocka_unit_test_setup_teardown(stores_hub, setup, teardown),
        cmocka_unit_test_setup_teardown(follows_links, setup, teardown),
        cmocka_unit_test_setup_teardown(broken_is_kept, setup, teardown),
        cmocka_unit_test(paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
