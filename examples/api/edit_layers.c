/* SPDX-License-Identifier: Apache-2.0
 *
 * Other layers for an image that is there.
 */
#include <libimg/libimg.h>

/* A layer more for each image of an index, or for the one that there is. */
int add_config(img_edit *edit, img_error *err)
{
    int code = 0;

    for (size_t i = 0; code == 0 && i < img_edit_count(edit); i++) {
        img_build *build = NULL;

        code = img_edit_layers_begin(edit, i, 0, NULL, &build, err);
        if (code == 0)
            code = img_build_add_path(build, "app.conf", "/etc/", NULL, err);
        if (code == 0)
            code = img_edit_layers_end(edit, i, build, err);
        img_build_free(build);
    }
    return code;
}

/* Upon the base of today, in one layer; what the base was is in the annotations. */
int renew(img_client *client, img_error *err)
{
    img_edit *edit = NULL;
    int code = img_edit_open(client, "store:app:1", NULL, &edit, err);

    if (code == 0)
        code = img_edit_rebase(edit, NULL, "debian:12", err);
    if (code == 0)
        code = img_edit_flatten(edit, NULL, err);
    if (code == 0)
        code = img_edit_commit(edit, "store:app:2", NULL, err);
    img_edit_free(edit);
    return code;
}
