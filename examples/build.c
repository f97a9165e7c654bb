/* SPDX-License-Identifier: Apache-2.0
 *
 * Builds an image of a directory and keeps it in the store:
 *
 *     build DIRECTORY NAME COMMAND [ARGUMENT...]
 *     build ./site localhost:5000/site:1 /bin/httpd -f
 *
 * The same directory gives the same digest, whoever builds it, where and when.
 */
#include <libimg/libimg.h>
#include <stdio.h>

/* One layer of the directory, the settings, the name. The image comes into being with the commit;
 * whatever fails before leaves nothing behind. */
static int fill(img_build *build, char **argv, img_descriptor *image, img_error *err)
{
    const char *names[] = {argv[2], NULL};
    img_add_options add = IMG_ADD_OPTIONS_INIT;
    int code;

    /* The files belong to root in the image, whoever owns them here. */
    add.set = IMG_ADD_UID | IMG_ADD_GID;
    if ((code = img_build_add_path(build, argv[1], "/", &add, err)) != 0 ||
        (code = img_build_set_argv(build, "entrypoint", (const char *const *)(argv + 3), err)) !=
            0 ||
        (code = img_build_set(build, "workdir", "/", err)) != 0 ||
        (code = img_build_put(build, "label", "org.opencontainers.image.title=example", err)) != 0)
        return code;
    return img_build_commit(build, names, image, NULL, err);
}

int main(int argc, char **argv)
{
    img_build_options options = IMG_BUILD_OPTIONS_INIT;
    img_store *store = NULL;
    img_build *build = NULL;
    img_descriptor image;
    img_error err;
    int code;

    if (argc < 4) {
        fprintf(stderr, "usage: build DIRECTORY NAME COMMAND [ARGUMENT...]\n");
        return 2;
    }
    options.compression = IMG_COMPRESSION_ZSTD;
    code = img_store_open(NULL, &store, &err);
    if (code == 0)
        code = img_build_new(store, &options, &build, &err);
    if (code == 0)
        code = fill(build, argv, &image, &err);
    if (code == 0)
        printf("%s@%s\n", argv[2], image.digest.text);
    else
        fprintf(stderr, "build: %s\n", err.message);
    img_build_free(build);
    img_store_free(store);
    return img_code_exit_status(code);
}
