/* SPDX-License-Identifier: Apache-2.0
 *
 * Says what an image of the store is: its platform, its settings, its layers.
 *
 *     inspect NAME
 */
#include <inttypes.h>
#include <libimg/libimg.h>
#include <stdio.h>

static void print_list(const img_image *image, const char *list)
{
    const char *const *item = img_image_list(image, list);

    for (; item && *item; item++)
        printf("%-11s %s\n", list, *item);
}

static void print(const img_image *image)
{
    static const char *const fields[] = {"created", "user", "workdir", "stop-signal"};
    static const char *const lists[] = {"entrypoint", "cmd", "env", "label", "expose", "volume"};
    const img_platform *platform = img_image_platform(image);

    printf("%-11s %s\n", "manifest", img_image_manifest(image)->digest.text);
    printf("%-11s %s/%s\n", "platform", platform->os, platform->architecture);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (*img_image_field(image, fields[i]))
            printf("%-11s %s\n", fields[i], img_image_field(image, fields[i]));
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        print_list(image, lists[i]);
    for (size_t i = 0; i < img_image_layer_count(image); i++) {
        const img_descriptor *layer = img_image_layer(image, i);
        printf("%-11s %s %" PRIu64 " bytes\n", "layer", layer->digest.text, layer->size_bytes);
    }
}

int main(int argc, char **argv)
{
    img_store_options options = IMG_STORE_OPTIONS_INIT;
    img_store *store = NULL;
    img_image *image = NULL;
    img_error err;
    int code;

    if (argc != 2) {
        fprintf(stderr, "usage: inspect NAME\n");
        return 2;
    }
    options.must_exist = 1;
    code = img_store_open(&options, &store, &err);
    if (code == 0)
        code = img_image_open(store, argv[1], NULL, &image, &err);
    if (code == 0)
        print(image);
    else
        fprintf(stderr, "inspect: %s\n", err.message);
    img_image_free(image);
    img_store_free(store);
    return img_code_exit_status(code);
}
