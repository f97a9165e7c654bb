/* SPDX-License-Identifier: Apache-2.0
 *
 * Files with results, looked at before the build as its outputs are: they are written last, when
 * all else is done and may have been pushed. Two in one place would leave the one that was written
 * last.
 */
#include "result_check.h"

#include <stdbool.h>
#include <sys/stat.h>

#include "fail.h"
#include "memory.h"
#include "text.h"

static const char *const names[] = {"iidfile", "digestfile", "metadata-file", "depfile"};

#define NAMES (sizeof(names) / sizeof(names[0]))

/* What is there already may have the content that it is to have, and is written only if not. */
static int check_place(const char *name, const char *path, img_error *err)
{
    auto_free char *option = xasprintf("--%s", name);
    struct stat st;

    if (stat(path, &st) < 0)
        return output_check_parent(option, path, path, err);
    if (S_ISDIR(st.st_mode))
        return cli_fail(err, IMG_EIO, "%s %s: is a directory", option, path);
    return 0;
}

/* Pipes and devices take what comes. */
static bool is_same_file(const char *a, const char *b)
{
    auto_free char *path = output_true_path(a), *other = output_true_path(b);
    struct stat st;

    return text_is(path, other) && (stat(a, &st) < 0 || S_ISREG(st.st_mode));
}

static int check_outputs(const char *name, const char *path, const struct outputs *outputs,
                         img_error *err)
{
    for (size_t i = 0; i < outputs->count; i++) {
        const struct output *output = &outputs->items[i];

        if (!text_is(output->path, "-") && is_same_file(path, output->path))
            return cli_fail(err, IMG_EINVAL, "--%s %s and -o %s go to the same place", name, path,
                            output->text);
    }
    return 0;
}

int result_check_places(const struct arguments *args, const struct outputs *outputs, img_error *err)
{
    for (size_t i = 0; i < NAMES; i++) {
        const char *path = option_value(args, names[i]);

        if (!path)
            continue;
        if (check_place(names[i], path, err) < 0 || check_outputs(names[i], path, outputs, err) < 0)
            return err->code;
        for (size_t k = 0; k < i; k++) {
            const char *other = option_value(args, names[k]);

            if (other && is_same_file(path, other))
                return cli_fail(err, IMG_EINVAL, "--%s and --%s go to the same place, %s", names[k],
                                names[i], path);
        }
    }
    return 0;
}
