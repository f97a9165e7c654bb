/* SPDX-License-Identifier: Apache-2.0
 *
 * Credential helpers, as shell scripts: what they are told, how they answer, and what goes wrong.
 */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "registry/helper.h"

#define SIZE_OF(array) (sizeof(array) / sizeof((array)[0]))

struct folder {
    char path[64];
    char *old_path;
};

static int setup(void **state)
{
    static struct folder folder;
    const char *tmp = getenv("TMPDIR");
    char value[512];
    snprintf(folder.path, sizeof(folder.path), "%.40s/helperXXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(folder.path))
        return -1;
    folder.old_path = strdup(getenv("PATH"));
    snprintf(value, sizeof(value), "%s:/usr/bin:/bin", folder.path);
    setenv("PATH", value, 1);
    setenv("FOLDER", folder.path, 1);
    *state = &folder;
    return 0;
}

static int teardown(void **state)
{
    struct folder *folder = *state;
    char command[128];
    setenv("PATH", folder->old_path, 1);
    free(folder->old_path);
    snprintf(command, sizeof(command), "rm -rf '%s'", folder->path);
    return system(command);
}

/* Makes docker-credential-x, which notes its arguments and its stdin. */
static void make(const struct folder *folder, const char *script)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/docker-credential-x", folder->path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file,
            "#!/bin/sh\necho \"$@\" >>$FOLDER/argv\ninput=$(cat)\n"
            "echo \"$input\" >>$FOLDER/stdin\n%s\n",
            script);
    fclose(file);
    assert_int_equal(chmod(path, 0755), 0);
}

static void assert_noted(const struct folder *folder, const char *name, const char *expected)
{
    img_error err;
    char path[128];
    auto_(buf) struct buf text = BUF_INIT(65536);
    snprintf(path, sizeof(path), "%s/%s", folder->path, name);
    assert_ok(img__fs_read(AT_FDCWD, path, &text, &err));
    assert_string_equal(img__buf_text(&text), expected);
    unlink(path);
}

static const struct helper x = {"x", "credsStore in FILE", 500};

static void has(void **state)
{
    const struct folder *folder = *state;
    img_error err;
    enum helper_answer answer;
    auto_(account) struct account account = {0};
    auto_(account) struct account token = {0};
    make(folder, "echo '{\"ServerURL\":\"r:5000\",\"Username\":\"u\",\"Secret\":\"s\"}'");
    assert_ok(img__helper_get(&x, "r:5000", &account, &answer, &err));
    assert_int_equal(answer, HELPER_HAS);
    assert_string_equal(account.user, "u");
    assert_string_equal(account.password, "s");
    assert_noted(folder, "argv", "get\n");
    assert_noted(folder, "stdin", "r:5000\n");
    make(folder, "echo '{\"Username\":\"<token>\",\"Secret\":\"t\"}'");
    assert_ok(img__helper_get(&x, "docker.io", &token, &answer, &err));
    assert_int_equal(answer, HELPER_HAS);
    assert_string_equal(token.identity, "t");
    assert_null(token.user);
    assert_noted(folder, "stdin", "https://index.docker.io/v1/\n");
}

/* Who has kept Docker Hub under its plain name has it, too. */
static void has_hub(void **state)
{
    const struct folder *folder = *state;
    img_error err;
    enum helper_answer answer;
    auto_(account) struct account account = {0};
    make(folder, "[ \"$input\" = docker.io ] || { echo credentials not found; exit 1; }\n"
                 "echo '{\"Username\":\"u\",\"Secret\":\"s\"}'");
    assert_ok(img__helper_get(&x, "docker.io", &account, &answer, &err));
    assert_int_equal(answer, HELPER_HAS);
    assert_noted(folder, "stdin", "https://index.docker.io/v1/\ndocker.io\n");
}

static void has_none(void **state)
{
    const struct folder *folder = *state;
    static const char *const scripts[] = {
        "echo credentials not found in native keychain; exit 1",
        "echo 'Credentials not found in native store'; exit 1",
        "echo 'The specified item could not be found in the keychain.'; exit 1",
        "echo 'error: Element not found.'; exit 2",
        "echo 'no credentials found for r'; exit 255",
        "echo '{\"Username\":\"\",\"Secret\":\"\"}'",
        "echo '{}'",
    };
    img_error err;
    for (size_t i = 0; i < SIZE_OF(scripts); i++) {
        enum helper_answer answer = HELPER_HAS;
        auto_(account) struct account account = {0};
        make(folder, scripts[i]);
        int result = img__helper_get(&x, "r", &account, &answer, &err);
        if (result || answer != HELPER_HAS_NOT)
            fail_msg("%s: %d, %d, %s", scripts[i], result, (int)answer, err.message);
        assert_true(img__account_is_anonymous(&account));
    }
}

/* Every message names program and file, in one line; what a helper gives away is not quoted. */
static void fails(void **state)
{
    const struct folder *folder = *state;
    static const struct {
        const char *script, *text;
    } rows[] = {
        {"echo 'the keychain is locked'; echo more; exit 1", "it failed: the keychain is locked"},
        {"exit 7", "it exits with 7 and says nothing"},
        {"kill -9 $$", "137"},
        {"exec sleep 60", "within 1 s"},
        {"exec yes", "1048576 bytes"},
        {"echo 's3cret'", "not what a helper says"},
        {"echo '{\"Secret\":\"s3cret\"'", "not what a helper says"},
        {"echo '[\"s3cret\"]'", "not what a helper says"},
        {"echo '{\"Secret\":[\"s3cret\"],\"Username\":\"u\"}'", "not what a helper says"},
        {"echo '{\"Secret\":\"s3cret\"}'", "no Username"},
        {"printf 'bad\\033[31m\\n'; exit 1", "it failed: bad\\x1b[31m"},
    };
    img_error err;
    for (size_t i = 0; i < SIZE_OF(rows); i++) {
        enum helper_answer answer;
        auto_(account) struct account account = {0};
        make(folder, rows[i].script);
        int result = img__helper_get(&x, "r", &account, &answer, &err);
        if (result != IMG_EAUTH || !strstr(err.message, rows[i].text))
            fail_msg("%s: %d, %s", rows[i].script, result, err.message);
        assert_non_null(strstr(err.message, "docker-credential-x"));
        assert_non_null(strstr(err.message, "credsStore in FILE"));
        assert_null(strstr(err.message, "s3cret"));
        assert_null(strchr(err.message, '\n'));
    }
}

static void is_missing(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "../x", "a/b", "x y", "x;y", ".x", "x\n"};
    const struct helper missing = {"not-there", "credsStore in FILE", 500};
    const img_credential credential = {"u", "s3cret"};
    enum helper_answer answer;
    img_error err;
    auto_(account) struct account account = {0};
    assert_ok(img__helper_get(&missing, "r", &account, &answer, &err));
    assert_int_equal(answer, HELPER_MISSING);
    assert_fails(img__helper_store(&missing, "r", &credential, &err), IMG_EAUTH,
                 "docker-credential-not-there store (credsStore in FILE)");
    for (size_t i = 0; i < SIZE_OF(bad); i++) {
        const struct helper helper = {bad[i], "credsStore in FILE", 500};
        assert_fails(img__helper_get(&helper, "r", &account, &answer, &err), IMG_EFORMAT,
                     "credsStore in FILE");
    }
}

static void stores(void **state)
{
    const struct folder *folder = *state;
    const img_credential credential = {"u", "s3c\"ret"};
    img_error err;
    make(folder, "");
    assert_ok(img__helper_store(&x, "docker.io", &credential, &err));
    assert_noted(folder, "argv", "store\n");
    assert_noted(folder, "stdin",
                 "{\"ServerURL\":\"https://index.docker.io/v1/\",\"Username\":\"u\","
                 "\"Secret\":\"s3c\\\"ret\"}\n");
    assert_ok(img__helper_erase(&x, "r", &err));
    assert_noted(folder, "argv", "erase\n");
    assert_noted(folder, "stdin", "r\n");
    make(folder, "echo no; exit 1");
    assert_fails(img__helper_store(&x, "r", &credential, &err), IMG_EAUTH, "it failed: no");
    assert_fails(img__helper_erase(&x, "r", &err), IMG_EAUTH, "it failed: no");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(has, setup, teardown),
        cmocka_unit_test_setup_teardown(has_hub, setup, teardown),
        cmocka_unit_test_setup_teardown(has_none, setup, teardown),
        cmocka_unit_test_setup_teardown(fails, setup, teardown),
        cmocka_unit_test_setup_teardown(is_missing, setup, teardown),
        cmocka_unit_test_setup_teardown(stores, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
