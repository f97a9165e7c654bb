/* SPDX-License-Identifier: Apache-2.0
 *
 * A file system on which "A" and "a" are one name (layers.md A21, X17). Few machines have one, so
 * here it is made of one that is not: each name goes by the spelling that is there already. Two
 * entries of a layer that meet so are an error, whichever way they meet.
 */
#include "applied.h"

#include <dirent.h>
#include <strings.h>

#define LINES 6

static bool caseless;

/* How the name is spelled in the directory. */
static const char *spelling(int dirfd, const char *name, char *out)
{
    if (!caseless || dirfd == AT_FDCWD || strchr(name, '/') || strlen(name) > 255)
        return name;
    int __real_openat64(int at, const char *path, int flags, ...);
    int fd = __real_openat64(dirfd, ".", O_RDONLY | O_DIRECTORY);
    DIR *listing = fd < 0 ? NULL : fdopendir(fd);
    const char *found = name;
    if (!listing)
        return name;
    for (const struct dirent *entry; (entry = readdir(listing));)
        if (strcasecmp(entry->d_name, name) == 0)
            found = strcpy(out, entry->d_name);
    closedir(listing);
    return found;
}

int __real_openat64(int at, const char *path, int flags, ...);
int __real_fstatat64(int at, const char *path, struct stat *stat, int flags);
int __real_mkdirat(int at, const char *path, mode_t mode);
int __real_unlinkat(int at, const char *path, int flags);
int __real_symlinkat(const char *target, int at, const char *path);
ssize_t __real_readlinkat(int at, const char *path, char *out, size_t size);
int __wrap_openat64(int at, const char *path, int flags, mode_t mode);
int __wrap_fstatat64(int at, const char *path, struct stat *stat, int flags);
int __wrap_mkdirat(int at, const char *path, mode_t mode);
int __wrap_unlinkat(int at, const char *path, int flags);
int __wrap_symlinkat(const char *target, int at, const char *path);
ssize_t __wrap_readlinkat(int at, const char *path, char *out, size_t size);

int __wrap_openat64(int at, const char *path, int flags, mode_t mode)
{
    char text[256];
    return __real_openat64(at, spelling(at, path, text), flags, mode);
}

int __wrap_fstatat64(int at, const char *path, struct stat *stat, int flags)
{
    char text[256];
    return __real_fstatat64(at, spelling(at, path, text), stat, flags);
}

int __wrap_mkdirat(int at, const char *path, mode_t mode)
{
    char text[256];
    return __real_mkdirat(at, spelling(at, path, text), mode);
}

int __wrap_unlinkat(int at, const char *path, int flags)
{
    char text[256];
    return __real_unlinkat(at, spelling(at, path, text), flags);
}

int __wrap_symlinkat(const char *target, int at, const char *path)
{
    char text[256];
    return __real_symlinkat(target, at, spelling(at, path, text));
}

ssize_t __wrap_readlinkat(int at, const char *path, char *out, size_t size)
{
    char text[256];
    return __real_readlinkat(at, spelling(at, path, text), out, size);
}

static int apply_lines(struct apply *apply, const char *const *lines, img_error *err)
{
    auto_buf tar = TARBALL_INIT;
    for (size_t i = 0; i < LINES && lines[i]; i++)
        add_line(&tar, lines[i], "x");
    tarball_end(&tar);
    return apply_tar(apply, &tar, err);
}

static void spellings(void **state)
{
    static const struct {
        const char *lower[LINES];
        const char *upper[LINES];
        const char *message; /* NULL: fine */
    } rows[] = {
        {{NULL}, {"f Foo", "f foo"}, "two spellings"},
        {{NULL}, {"l Foo -> x", "f foo"}, "two spellings"},
        {{NULL}, {"f Foo", "d foo"}, "two spellings"},
        {{NULL}, {"d Foo", "d foo"}, "two spellings"},
        {{NULL}, {"d Foo", "f foo"}, "directory"},
        {{NULL}, {"d Foo", "f foo/x"}, "two spellings"},
        {{NULL}, {"d Foo", "f Foo/a/x", "f foo/a/y"}, "two spellings"},
        {{NULL}, {"d Foo", "f foo/n/x"}, "two spellings"},
        /* node-tar's: a link under the other spelling of a directory */
        {{NULL}, {"d Foo", "l foo -> ../victims", "f Foo/f"}, "directory"},
        {{NULL}, {"l Foo -> ../victims", "d foo", "f foo/f"}, "two spellings"},
        {{"f a"}, {"f Foo", "f foo"}, "also has 'Foo'"},
        {{"f a"}, {"l Foo -> x", "l foo -> y"}, "also has 'Foo'"},
        {{"f a"}, {"d Foo", "f foo"}, "also has 'Foo'"},
        {{"f a"}, {"d Foo", "d foo"}, "also has 'Foo'"},
        {{"f a"}, {"f Foo", "f .wh.foo"}, "also has 'Foo'"},
        {{"d a"}, {"f a/Foo", "d a/foo"}, "also has 'Foo'"},
        {{"f Foo"}, {"f foo"}, NULL},
        {{"f foo"}, {"f foo"}, NULL},
        {{"f Foo", "d d"}, {"f .wh.foo", "f .wh.D"}, NULL},
        {{"d Foo"}, {"d foo"}, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        auto_(world) struct world world;
        world_open(&world);
        struct apply_options options = OPTIONS_INIT(&world);
        options.owners = false;
        struct apply *apply = apply_new(&world, &options, true);
        caseless = true;
        int rc = rows[i].lower[0] ? apply_lines(apply, rows[i].lower, &err) : 0;
        if (!rc)
            rc = apply_lines(apply, rows[i].upper, &err);
        caseless = false;
        if (rc != (rows[i].message ? IMG_EFORMAT : 0) ||
            (rc && !strstr(err.message, rows[i].message)))
            fail_msg("row %zu: %s", i, rc ? err.message : "no error");
        img__apply_free(apply);
    }
}

/* Where names are what they are, two spellings are two names. */
static void names(void **state)
{
    static const char *const lines[LINES] = {"f Foo", "f foo", "d D", "d d", "f FOO"};
    (void)state;
    for (int way = 0; way < 2; way++) {
        img_error err;
        auto_(world) struct world world;
        world_open(&world);
        if (way)
            put_file(world.root, "foo", "x", 0600);
        struct apply_options options = OPTIONS_INIT(&world);
        options.owners = false;
        auto_(apply) struct apply *apply = apply_new(&world, &options, false);
        assert_ok(apply_lines(apply, lines, &err));
        for (int i = 0; i < 5; i++)
            assert_int_equal(faccessat(world.root, lines[i] + 2, F_OK, 0), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
