/* SPDX-License-Identifier: Apache-2.0
 *
 * Where outputs are to go, looked at before the build: who finds out after an hour that a directory
 * is missing has lost an hour.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "memory.h"
#include "outputs.h"
#include "text.h"

static bool is_pipe(const struct output *output)
{
    return text_is(output->path, "-") &&
           (output->kind == OUTPUT_OCI_ARCHIVE || output->kind == OUTPUT_DOCKER_ARCHIVE ||
            output->kind == OUTPUT_TAR);
}

static bool is_directory(const struct output *output)
{
    return output->kind == OUTPUT_OCI || output->kind == OUTPUT_ROOTFS;
}

/* The directory that path is in, to be freed. */
static char *parent_of(const char *path)
{
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/')
        len--;
    while (len > 0 && path[len - 1] != '/')
        len--;
    while (len > 1 && path[len - 1] == '/')
        len--;
    return len ? xasprintf("%.*s", (int)len, path) : xstrdup(".");
}

int output_check_parent(const char *option, const char *text, const char *path, img_error *err)
{
    auto_free char *parent = parent_of(path);
    struct stat st;

    if (stat(parent, &st) < 0)
        return cli_fail_errno(err, "%s %s: there is no directory %s", option, text, parent);
    if (!S_ISDIR(st.st_mode))
        return cli_fail(err, IMG_EIO, "%s %s: %s is not a directory", option, text, parent);
    if (access(parent, W_OK | X_OK) < 0)
        return cli_fail_errno(err, "%s %s: cannot write into %s", option, text, parent);
    return 0;
}

static int check_parent(const struct output *output, img_error *err)
{
    return output_check_parent("-o", output->text, output->path, err);
}

/* *found: another name than wanted, if that is given. */
static int look_into(const struct output *output, const char *wanted, bool *empty, bool *has,
                     img_error *err)
{
    DIR *dir = opendir(output->path);

    *empty = true;
    *has = false;
    if (!dir)
        return cli_fail_errno(err, "-o %s: cannot read %s", output->text, output->path);
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (text_is(entry->d_name, ".") || text_is(entry->d_name, "..") ||
            text_is(entry->d_name, "lost+found"))
            continue;
        *empty = false;
        *has |= text_is(entry->d_name, wanted);
    }
    closedir(dir);
    return 0;
}

static int check_directory(const struct output *output, img_error *err)
{
    struct stat st;
    bool empty, layout;

    if (stat(output->path, &st) < 0) {
        if (errno != ENOENT)
            return cli_fail_errno(err, "-o %s", output->text);
        /* A layout is made with its parents, as skopeo does it. */
        return output->kind == OUTPUT_OCI ? 0 : check_parent(output, err);
    }
    if (!S_ISDIR(st.st_mode))
        return cli_fail(err, IMG_EIO, "-o %s: %s is not a directory", output->text, output->path);
    if (look_into(output, "oci-layout", &empty, &layout, err) < 0)
        return err->code;
    if (output->kind == OUTPUT_OCI && !empty && !layout)
        return cli_fail(err, IMG_EIO, "-o %s: %s is neither empty nor an image layout",
                        output->text, output->path);
    if (output->kind == OUTPUT_ROOTFS && !empty)
        return cli_fail(err, IMG_EIO,
                        "-o %s: %s is not empty; name a directory that is empty or does not exist",
                        output->text, output->path);
    return 0;
}

static int check_file(const struct output *output, img_error *err)
{
    struct stat st;

    if (stat(output->path, &st) == 0 && S_ISDIR(st.st_mode))
        return cli_fail(err, IMG_EIO, "-o %s: %s is a directory", output->text, output->path);
    return check_parent(output, err);
}

char *output_true_path(const char *path)
{
    char *real = realpath(path, NULL);

    if (!real) {
        auto_free char *parent = parent_of(path), *above = realpath(parent, NULL);
        size_t len = strlen(path), begin;

        while (len > 1 && path[len - 1] == '/')
            len--;
        for (begin = len; begin > 0 && path[begin - 1] != '/';)
            begin--;
        real = xasprintf("%s/%.*s", above ? above : parent, (int)(len - begin), path + begin);
    }
    return real;
}

static bool same_places(char *const *a, char *const *b)
{
    for (; *a; a++)
        for (char *const *other = b; *other; other++)
            if (text_is(strrchr(*a, ':'), strrchr(*other, ':')))
                return true;
    return false;
}

/* Layouts may be one, under different names. */
static bool collide(const struct output *a, const struct output *b)
{
    auto_free char *path = NULL, *other = NULL;

    if (is_pipe(a) || is_pipe(b))
        return is_pipe(a) && is_pipe(b);
    path = output_true_path(a->path);
    other = output_true_path(b->path);
    if (!text_is(path, other))
        return false;
    return a->kind != OUTPUT_OCI || b->kind != OUTPUT_OCI || same_places(a->places, b->places);
}

int output_check_place(const struct outputs *outputs, size_t index, img_error *err)
{
    const struct output *output = &outputs->items[index];
    int rc = is_pipe(output)        ? 0
             : is_directory(output) ? check_directory(output, err)
                                    : check_file(output, err);

    for (size_t i = 0; rc == 0 && i < index; i++)
        if (collide(&outputs->items[i], output))
            return cli_fail(err, IMG_EINVAL, "-o %s and -o %s go to the same place",
                            outputs->items[i].text, output->text);
    return rc;
}
