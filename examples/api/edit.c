/* SPDX-License-Identifier: Apache-2.0
 *
 * Changing an image that is there.
 */
#include <inttypes.h>
#include <libimg/libimg.h>
#include <stdio.h>

/* An image in a registry gets a variable and a longer PATH. No layer moves for that. */
int set_stage(img_client *client, img_error *err)
{
    img_edit *edit = NULL;
    uint32_t changed = 0;
    int code = img_edit_open(client, "registry.example/app:1", NULL, &edit, err);

    if (code == 0)
        code = img_edit_put(edit, "env", "STAGE=prod", err);
    if (code == 0)
        code = img_edit_extend(edit, "env", "PATH=:/opt/app/bin", IMG_EDIT_BEHIND, err);
    if (code == 0)
        code = img_edit_unset(edit, "label", "debug", err);
    if (code == 0)
        code = img_edit_changed(edit, &changed, err);
    if (code == 0 && changed)
        code = img_edit_commit(edit, NULL, NULL, err);
    img_edit_free(edit);
    return code;
}

/* What would come of it under another name? */
int show_edit(img_edit *edit, img_error *err)
{
    img_copy_plan plan;
    int code = img_edit_set(edit, "user", "33:33", err);

    for (size_t i = 0; i < img_edit_count(edit); i++)
        printf("for %s\n", img_edit_platform(edit, i)->architecture);
    if (code == 0)
        code = img_edit_preview(edit, "registry.example/app:2", &plan, err);
    if (code == 0)
        printf("%s, %" PRIu64 " bytes to move\n", plan.target.digest.text, plan.missing_bytes);
    return code;
}
