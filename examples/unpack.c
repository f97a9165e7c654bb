/* SPDX-License-Identifier: Apache-2.0
 *
 * Unpacks an image of the store into a directory, and prints what it says of its system.
 *
 *     unpack NAME DIRECTORY
 */
#include <inttypes.h>
#include <libimg/libimg.h>
#include <stdio.h>

/* Warnings, as of attributes that this file system can't hold. */
static void show_log(int level, const char *line, void *arg)
{
    (void)arg;
    if (level == IMG_LOG_WARNING)
        fprintf(stderr, "unpack: warning: %s\n", line);
}

static int show(const void *data, size_t len, void *arg)
{
    return fwrite(data, 1, len, arg) == len ? 0 : 1;
}

/* Files are read out of the image itself; there need be no directory. */
static int print_release(img_store *store, const char *name, img_error *err)
{
    img_image *image = NULL;
    int code = img_image_open(store, name, NULL, &image, err);
    if (code == 0)
        code = img_image_read_file(store, image, "/etc/os-release", NULL, show, stdout, err);
    img_image_free(image);
    return code == IMG_ENOTFOUND ? 0 : code;
}

int main(int argc, char **argv)
{
    img_store_options where = IMG_STORE_OPTIONS_INIT;
    img_unpack_options options = IMG_UNPACK_OPTIONS_INIT;
    img_unpack_result result;
    img_store *store = NULL;
    img_error err;
    int code;

    if (argc != 3) {
        fprintf(stderr, "usage: unpack NAME DIRECTORY\n");
        return 2;
    }
    where.must_exist = 1;
    options.on_log = show_log;
    code = img_store_open(&where, &store, &err);
    if (code == 0)
        code = img_unpack(store, argv[1], argv[2], &options, &result, &err);
    if (code == 0) {
        printf("%s: %" PRIu64 " entries of %" PRIu64 " layers\n", argv[2], result.entries,
               result.layers);
        code = print_release(store, argv[1], &err);
    }
    if (code != 0)
        fprintf(stderr, "unpack: %s\n", err.message);
    img_store_free(store);
    return img_code_exit_status(code);
}
