/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking into an image.
 */
#include <libimg/libimg.h>
#include <stdio.h>

static int show_capabilities(const img_file *file, void *arg)
{
    size_t *count = arg;

    for (size_t i = 0; i < file->xattr_count; i++)
        printf("%s has %s\n", file->path, img_file_xattr(file, i, NULL, NULL));
    ++*count;
    return 0;
}

int list_attributes(img_store *store, const char *reference, img_error *err)
{
    img_image *image = NULL;
    size_t count = 0;
    int code = img_image_open(store, reference, NULL, &image, err);

    if (code == 0)
        code = img_image_files(store, image, NULL, show_capabilities, &count, err);
    if (code == 0)
        printf("of %zu files\n", count);
    img_image_free(image);
    return code;
}

static int write_data(const void *data, size_t len, void *arg)
{
    return fwrite(data, 1, len, arg) == len ? 0 : -1;
}

int print_os_release(img_store *store, img_image *image, img_error *err)
{
    return img_image_read_file(store, image, "/etc/os-release", NULL, write_data, stdout, err);
}

/* "program | tar -t" */
int write_tar(img_store *store, img_image *image, img_error *err)
{
    return img_image_tar(store, image, NULL, write_data, stdout, err);
}

/* What the manifest says that image is, and its document as it came. */
void show_manifest(const img_image *image)
{
    size_t len;
    const char *bytes = img_image_target_bytes(image, &len);

    printf("%s\n", img_image_target(image)->media_type);
    fwrite(bytes, 1, len, stdout);
}
