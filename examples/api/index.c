/* SPDX-License-Identifier: Apache-2.0
 *
 * Images for several platforms under one name.
 */
#include <libimg/libimg.h>

static int add_images(img_index *index, img_error *err)
{
    img_platform arm;
    int code = img_platform_parse("linux/arm64", &arm, err);

    if (code == 0)
        code = img_index_add(index, "app:1-amd64", NULL, err);
    if (code == 0)
        code = img_index_add(index, "registry.example/builds/app:1-arm64", &arm, err);
    if (code == 0)
        code = img_index_annotate(index, "org.opencontainers.image.version=1", err);
    return code;
}

/* Under a name in the store, and under one in a registry. */
int make_index(img_store *store, img_client *client, img_error *err)
{
    const char *names[] = {"app:1", NULL};
    img_index_options options = IMG_INDEX_OPTIONS_INIT;
    img_index *index = NULL;
    int code;

    options.client = client;
    code = img_index_new(store, &options, &index, err);
    if (code == 0)
        code = add_images(index, err);
    if (code == 0)
        code = img_index_commit(index, names, NULL, err);
    if (code == 0)
        code = img_index_push(index, "registry.example/app:1", NULL, err);
    img_index_free(index);
    return code;
}
