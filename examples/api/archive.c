/* SPDX-License-Identifier: Apache-2.0
 *
 * Archives as of "docker save" and "docker load".
 */
#include <libimg/libimg.h>
#include <stdio.h>

/* app.tar is what "docker load -i app.tar" takes. */
int save_for_docker(img_store *store, img_error *err)
{
    const char *names[] = {"app:1", "app:latest", NULL};

    return img_save(store, names, "app.tar", NULL, NULL, err);
}

static int show_image(const char *name, const img_descriptor *descriptor, void *arg)
{
    (void)arg;
    printf("%s %s\n", name ? name : "(without a name)", descriptor->digest.text);
    return 0;
}

/* "docker save app:1 | program" */
int load_from_stdin(img_store *store, img_error *err)
{
    img_load_options options = IMG_LOAD_OPTIONS_INIT;

    options.fd = 0;
    options.on_image = show_image;
    return img_load(store, NULL, &options, err);
}
