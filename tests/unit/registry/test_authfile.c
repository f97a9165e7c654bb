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
        {":443//", NULL},
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
    const char *helper;
} lookups[] = {
    {"{\"auths\":{\"r\":{\"auth\":\"dTpw\"}}}", "r", "a/b", "u", "p", NULL},
    {"{\"auths\":{\"r\":{\"auth\":\"dTpw\"}}}", "s", "a/b", "", NULL, NULL},
    {"{\"auths\":{\"r/a/b\":{\"auth\":\"dTpw\"},\"r\":{\"auth\":\"djpw\"}}}", "r", "a/b", "u", "p",
     NULL},
    {"{\"auths\":{\"r/a/b\":{\"auth\":\"dTpw\"},\"r\":{\"auth\":\"djpw\"}}}", "r", "a/bc", "v", "p",
     NULL},
    {"{\"auths\":{\"r/a\":{\"auth\":\"dTpw\"},\"r\":{\"auth\":\"djpw\"}}}", "r", "a/b/c", "u", "p",
     NULL},
    {"{\"auths\":{\"r/a\":{\"auth\":\"dTpw\"},\"r\":{\"auth\":\"djpw\"}}}", "r", "", "v", "p",
     NULL},
    {"{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"dTpw\"}}}", "docker.io", "library/x",
     "u", "p", NULL},
    {"{\"auths\":{\"r\":{\"auth\":\"dTpwOnE=\"}}}", "r", "", "u", "p:q", NULL},
    {"{\"auths\":{\"r\":{\"auth\":\"dTpwAAA=\"}}}", "r", "", "u", "p", NULL},
    {"{\"auths\":{\"r\":{\"auth\":\"dTpw\",\"x\":1,\"email\":\"e\"}}}", "r", "", "u", "p", NULL},
    {"{\"auths\":{\"r\":{\"username\":\"u\",\"password\":\"p\"}}}", "r", "", "u", "p", NULL},
    {"{\"auths\":{\"r\":{}},\"credsStore\":\"desktop\"}", "r", "", "", NULL, "desktop"},
    {"{\"auths\":{},\"credHelpers\":{\"r\":\"x\"}}", "r", "", "", NULL, "x"},
    {"{\"credHelpers\":{\"s\":\"x\"}}", "r", "", "", NULL, NULL},
    {"{\"auths\":{\"r\":{\"auth\":\"dTpw\"}},\"credsStore\":\"x\"}", "r", "", "u", "p", "x"},
    {"{\"credHelpers\":{\"https://r/v1/\":\"a\"},\"credsStore\":\"b\"}", "r", "x", "", NULL, "a"},
    {"{\"credHelpers\":{\"r\":\"\"},\"credsStore\":\"b\"}", "r", "x", "", NULL, NULL},
    {"{\"credHelpers\":{\"r\":7}}", "r", "", NULL, "credHelpers[\"r\"]", NULL},
    {"{\"credHelpers\":7}", "r", "", NULL, "credHelpers", NULL},
    {"{\"credsStore\":{}}", "r", "", NULL, "credsStore", NULL},
    {"{}", "r", "", "", NULL, NULL},
    {"", "r", "", "", NULL, NULL},
    {"{\"auths\":null}", "r", "", "", NULL, NULL},
    {"{\"auths\":{\"r\":{\"auth\":\"dTpw\"", "r", "", NULL, "auth.json", NULL},
    {"[]", "r", "", NULL, "auth.json", NULL},
    {"{\"auths\":[]}", "r", "", NULL, "auths", NULL},
    {"{\"auths\":{\"r\":\"x\"}}", "r", "", NULL, "auths[\"r\"]", NULL},
    {"{\"auths\":{\"r\":{\"auth\":7}}}", "r", "", NULL, "auths[\"r\"]", NULL},
    {"{\"auths\":{\"r\":{\"auth\":\"!!\"}}}", "r", "", NULL, "auths[\"r\"]", NULL},
    {"{\"auths\":{\"r\":{\"auth\":\"bm9jb2xvbg==\"}}}", "r", "", NULL, "user:password", NULL},
    {"{\"auths\":{\"r\":{\"auth\":\"dTpwAHE=\"}}}", "r", "", NULL, "user:password", NULL},
    {"{\"auths\":{\"s\":{\"auth\":\"!!\"},\"r\":{\"auth\":\"dTpw\"}}}", "r", "", "u", "p", NULL},
};

static struct auth_place at(char *path)
{
    return (struct auth_place){.kind = AUTH_FILE, .path = path};
}

static void finds(void **state)
{
    struct place *place = *state;
    const struct auth_place file = at(place->file);
    img_error err;
    for (size_t i = 0; i < SIZE_OF(lookups); i++) {
        auto_(auth_found) struct auth_found found = {.there = false};
        put(place->file, lookups[i].text);
        int result =
            img__authfile_find(&file, lookups[i].host, lookups[i].repository, &found, &err);
        const struct account *account = &found.entry;
        if (!lookups[i].user) {
            if (result != IMG_EFORMAT || !strstr(err.message, lookups[i].secret))
                fail_msg("%s: %d, %s", lookups[i].text, result, err.message);
            continue;
        }
        if (result)
            fail_msg("%s: %s", lookups[i].text, err.message);
        if (strcmp(account->user ? account->user : "", lookups[i].user) != 0)
            fail_msg("%s: %s", lookups[i].text, account->user ? account->user : "nobody");
        if (account->user)
            assert_string_equal(account->password, lookups[i].secret);
        if (strcmp(found.helper ? found.helper : "", lookups[i].helper ? lookups[i].helper : "") !=
            0)
            fail_msg("%s: helper %s", lookups[i].text, found.helper);
        assert_true(found.there);
    }
}

static void finds_tokens(void **state)
{
    struct place *place = *state;
    const struct auth_place file = at(place->file);
    img_error err;
    auto_(auth_found) struct auth_found identity = {.there = false};
    auto_(auth_found) struct auth_found bearer = {.there = false};
    auto_(auth_found) struct auth_found named = {.there = false};
    put(place->file, "{\"auths\":{\"a\":{\"auth\":\"dTpw\",\"identitytoken\":\"i\"},"
                     "\"b\":{\"registrytoken\":\"t\"},"
                     "\"c\":{\"username\":\"<token>\",\"password\":\"n\"}}}");
    assert_ok(img__authfile_find(&file, "a", "", &identity, &err));
    assert_string_equal(identity.entry.identity, "i");
    assert_string_equal(identity.entry.user, "u");
    assert_ok(img__authfile_find(&file, "b", "", &bearer, &err));
    assert_string_equal(bearer.entry.bearer, "t");
    assert_ok(img__authfile_find(&file, "c", "", &named, &err));
    assert_string_equal(named.entry.identity, "n");
    assert_null(named.entry.user);
}

/* What a search has to know besides: which key it was, how far up, and what was left behind. */
static void finds_keys(void **state)
{
    struct place *place = *state;
    static const struct {
        const char *text, *repository, *key;
        bool specific, left_empty;
    } rows[] = {
        {"{\"auths\":{\"https://r/v2/\":{\"auth\":\"dTpw\"}}}", "a/b", "auths[\"https://r/v2/\"]",
         false, false},
        {"{\"auths\":{\"r\":{\"auth\":\"dTpw\"},\"r/a\":{\"auth\":\"dTpw\"}}}", "a/b",
         "auths[\"r/a\"]", true, false},
        {"{\"auths\":{\"r\":{}}}", "a/b", NULL, false, true},
        {"{\"auths\":{\"r/a\":{}}}", "a/b", NULL, false, false},
        {"{\"auths\":{\"r/a\":{},\"r\":{\"auth\":\"dTpw\"}}}", "a/b", "auths[\"r\"]", false, false},
    };
    const struct auth_place file = at(place->file);
    img_error err;
    for (size_t i = 0; i < SIZE_OF(rows); i++) {
        auto_(auth_found) struct auth_found found = {.there = false};
        put(place->file, rows[i].text);
        assert_ok(img__authfile_find(&file, "r", rows[i].repository, &found, &err));
        if (rows[i].key)
            assert_string_equal(found.key, rows[i].key);
        assert_int_equal(img__account_is_anonymous(&found.entry), rows[i].key == NULL);
        assert_int_equal(found.specific, rows[i].specific);
        assert_int_equal(found.left_empty, rows[i].left_empty);
    }
}

/* ~/.dockercfg has no "auths" around its entries; a variable has the content itself. */
static void other_forms(void **state)
{
    struct place *place = *state;
    struct auth_place legacy = {.kind = AUTH_LEGACY, .path = place->file};
    char name[] = "$DOCKER_AUTH_CONFIG";
    struct auth_place text = {.kind = AUTH_TEXT, .path = name};
    img_error err;
    auto_(auth_found) struct auth_found found = {.there = false};
    put(place->file, "{\"r\":{\"auth\":\"dTpw\",\"email\":\"e\"},\"credsStore\":{\"auth\":\"!\"}}");
    assert_ok(img__authfile_find(&legacy, "r", "a", &found, &err));
    assert_string_equal(found.entry.user, "u");
    assert_null(found.helper);
    assert_ok(img__authfile_erase(&legacy, "r", &err));
    assert_holds(place->file, "{\"credsStore\":{\"auth\":\"!\"}}\n");
    img__auth_found_free(&found);
    setenv("DOCKER_AUTH_CONFIG", "{\"auths\":{\"r\":{\"auth\":\"djpw\"}}}", 1);
    assert_ok(img__authfile_find(&text, "r", "a", &found, &err));
    assert_string_equal(found.entry.user, "v");
    img__auth_found_free(&found);
    setenv("DOCKER_AUTH_CONFIG", "{\"auths\":{\"r\":{\"auth\":\"s3cret", 1);
    assert_fails(img__authfile_find(&text, "r", "a", &found, &err), IMG_EFORMAT,
                 "$DOCKER_AUTH_CONFIG");
    assert_null(strstr(err.message, "s3cret"));
    unsetenv("DOCKER_AUTH_CONFIG");
}

/* Nothing of a broken file is quoted. */
static void quotes_no_secrets(void **state)
{
    struct place *place = *state;
    static const char *const texts[] = {
        "{\"auths\":{\"r\":{\"auth\":\"s3cret",
        "{\"auths\":{\"r\":{\"auth\":\"u\" s3cret}}}",
        "{\"auths\":{\"r\":{\"auth\":s3cret}}}",
        "{\"auths\":{\"r\":{\"auth\":\"s3cret!\"}}}",
        "{\"auths\":{\"r\":{\"password\":[\"s3cret\"],\"username\":1}}}",
    };
    const struct auth_place file = at(place->file);
    img_error err;
    for (size_t i = 0; i < SIZE_OF(texts); i++) {
        auto_(auth_found) struct auth_found found = {.there = false};
        put(place->file, texts[i]);
        assert_fails(img__authfile_find(&file, "r", "", &found, &err), IMG_EFORMAT, place->file);
        assert_null(strstr(err.message, "s3cret"));
    }
}

static void no_file(void **state)
{
    struct place *place = *state;
    const struct auth_place file = at(place->file);
    img_error err;
    auto_(auth_found) struct auth_found found = {.there = true};
    assert_ok(img__authfile_find(&file, "r", "a", &found, &err));
    assert_false(found.there);
    assert_fails(img__authfile_erase(&file, "r", &err), IMG_ENOTFOUND, "no credential for r");
    assert_int_not_equal(access(place->file, F_OK), 0);
    /* A directory in its place is no reason to go on without. */
    assert_int_equal(mkdir(place->file, 0700), 0);
    assert_int_equal(img__authfile_find(&file, "r", "a", &found, &err), IMG_EIO);
}

static void stores(void **state)
{
    struct place *place = *state;
    const struct auth_place file = at(place->file);
    img_error err;
    struct stat st;
    img_credential credential = {"u", "p"};
    put(place->file, "{\"keep\":{\"x\":[1,2]},\"auths\":{\"s\":{\"auth\":\"YTpi\",\"more\":true},"
                     "\"https://r/v1/\":{\"auth\":\"b2xkOm9sZA==\"}},\"credsStore\":\"k\"}");
    assert_int_equal(chmod(place->file, 0644), 0);
    assert_ok(img__authfile_store(&file, "r", &credential, &err));
    assert_holds(place->file,
                 "{\"keep\":{\"x\":[1,2]},\"auths\":{\"s\":{\"auth\":\"YTpi\",\"more\":true},"
                 "\"r\":{\"auth\":\"dTpw\"}},\"credsStore\":\"k\"}\n");
    assert_int_equal(stat(place->file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_ok(img__authfile_erase(&file, "r", &err));
    assert_fails(img__authfile_erase(&file, "r", &err), IMG_ENOTFOUND, place->file);
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
    const struct auth_place file = at(path);
    assert_ok(img__authfile_store(&file, "docker.io", &credential, &err));
    assert_holds(path, "{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"dTpw\"}}}\n");
    assert_int_equal(img__authfile_store(&file, "r", &colon, &err), IMG_EINVAL);
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
    const struct auth_place link_place = at(link), loop_place = at(loop);
    /* To a file that is not there yet, by a relative link. */
    assert_int_equal(symlink("auth.json", link), 0);
    assert_ok(img__authfile_store(&link_place, "r", &credential, &err));
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(access(place->file, F_OK), 0);
    assert_int_equal(symlink("loop", loop), 0);
    assert_fails(img__authfile_store(&loop_place, "r", &credential, &err), IMG_EIO,
                 "symbolic links");
}

/* A key with a namespace does nothing to that of the host, and {} says that a helper has it. */
static void stores_more(void **state)
{
    struct place *place = *state;
    const struct auth_place file = at(place->file);
    img_error err;
    img_credential credential = {"u", "p"};
    put(place->file, "{\"auths\":{\"r\":{\"auth\":\"YTpi\"}}}");
    assert_ok(img__authfile_store(&file, "r/team", &credential, &err));
    assert_holds(place->file,
                 "{\"auths\":{\"r\":{\"auth\":\"YTpi\"},\"r/team\":{\"auth\":\"dTpw\"}}}\n");
    assert_ok(img__authfile_leave(&file, "r", &err));
    assert_ok(img__authfile_erase(&file, "r/team", &err));
    assert_fails(img__authfile_erase(&file, "r/team", &err), IMG_ENOTFOUND, "r/team");
    assert_holds(place->file, "{\"auths\":{\"r\":{}}}\n");
}

static void broken_is_kept(void **state)
{
    struct place *place = *state;
    const struct auth_place file = at(place->file);
    img_error err;
    img_credential credential = {"u", "p"};
    static const char *const broken[] = {"{\"auths\":", "[]", "{\"auths\":[]}", "junk"};
    for (size_t i = 0; i < SIZE_OF(broken); i++) {
        put(place->file, broken[i]);
        assert_int_equal(img__authfile_store(&file, "r", &credential, &err), IMG_EFORMAT);
        assert_holds(place->file, broken[i]);
    }
}

static const char *const variables[] = {"DOCKER_AUTH_CONFIG", "REGISTRY_AUTH_FILE",
                                        "XDG_RUNTIME_DIR",    "XDG_CONFIG_HOME",
                                        "DOCKER_CONFIG",      "HOME"};

static void set_variables(const char *const *values)
{
    for (size_t i = 0; i < SIZE_OF(variables); i++) {
        if (values[i])
            setenv(variables[i], values[i], 1);
        else
            unsetenv(variables[i]);
    }
}

/* All places, in their order, and where login writes; RUN stands for what depends on the user. */
static void paths(void **state)
{
    (void)state;
    static const struct {
        const char *option, *values[6], *expected[8], *written;
    } rows[] = {
        {"/o", {"{}", "/f", "/r", "/x", "/d", "/h"}, {"/o"}, "/o"},
        {NULL,
         {"{}", "/f", "/r", "/x", "/d", "/h"},
         {"$DOCKER_AUTH_CONFIG", "/f", "/r/containers/auth.json", "/x/containers/auth.json",
          "/d/config.json", "/h/.docker/config.json", "/h/.dockercfg"},
         "/f"},
        {NULL,
         {"", "", "", "", "", "/h"},
         {"RUN", "/h/.config/containers/auth.json", "/h/.docker/config.json", "/h/.dockercfg"},
         "/h/.docker/config.json"},
        {NULL,
         {NULL, NULL, "/r", NULL, "/h/.docker", "/h"},
         {"/r/containers/auth.json", "/h/.config/containers/auth.json", "/h/.docker/config.json",
          "/h/.dockercfg"},
         "/h/.docker/config.json"},
        {NULL, {NULL, NULL, NULL, NULL, NULL, NULL}, {"RUN"}, NULL},
    };
    char run[64];
    snprintf(run, sizeof(run), "/run/containers/%lu/auth.json", (unsigned long)getuid());
    img_error err;
    for (size_t i = 0; i < SIZE_OF(rows); i++) {
        auto_(auth_places) struct auth_places places = {.count = 0};
        struct auth_place written;
        set_variables(rows[i].values);
        assert_ok(img__auth_places_find(rows[i].option, &places, &err));
        size_t count = 0;
        for (; rows[i].expected[count]; count++) {
            const char *path = rows[i].expected[count];
            assert_true(count < places.count);
            assert_string_equal(places.list[count].path, strcmp(path, "RUN") == 0 ? run : path);
        }
        assert_int_equal(places.count, count);
        assert_ok(img__auth_place_to_write(rows[i].option, &written, &err));
        assert_int_equal(written.path == NULL, rows[i].written == NULL);
        if (written.path)
            assert_string_equal(written.path, rows[i].written);
        free(written.path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),
        cmocka_unit_test_setup_teardown(finds, setup, teardown),
        cmocka_unit_test_setup_teardown(finds_tokens, setup, teardown),
        cmocka_unit_test_setup_teardown(finds_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(other_forms, setup, teardown),
        cmocka_unit_test_setup_teardown(quotes_no_secrets, setup, teardown),
        cmocka_unit_test_setup_teardown(no_file, setup, teardown),
        cmocka_unit_test_setup_teardown(stores, setup, teardown),
        cmocka_unit_test_setup_teardown(stores_hub, setup, teardown),
        cmocka_unit_test_setup_teardown(follows_links, setup, teardown),
        cmocka_unit_test_setup_teardown(stores_more, setup, teardown),
        cmocka_unit_test_setup_teardown(broken_is_kept, setup, teardown),
        cmocka_unit_test(paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
