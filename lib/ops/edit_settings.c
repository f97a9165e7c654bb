/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings, of each image that is edited. What is wrong is wrong for the first one already, so
 * nothing is changed by half.
 */
#include "ops/edit.h"

#include <string.h>

#include "core/platform.h"

int img__edit_annotate(img_edit *edit, struct edit_image *image, img_error *err)
{
    const char *type = image->document.descriptor.media_type;
    if (image->oci || strcmp(img__media_to_oci(type), type) == 0)
        return 0;
    img__log(&edit->observer, IMG_LOG_INFO,
             "%s becomes an OCI image: Docker's manifests have no annotations",
             image->document.descriptor.digest.text);
    image->oci = edit->index_oci = true;
    return img__manifest_to_oci(&image->manifest, err);
}

/* ---- setting ---- */

int img_edit_set(img_edit *edit, const char *field, const char *value, img_error *err)
{
    int rc = 0;
    edit->made = false;
    for (size_t i = 0; rc == 0 && i < edit->image_count; i++)
        rc = img__config_set(&edit->images[i].config, field, value, err);
    return rc;
}

/* Through the text, which brings the usual names. */
static int normal_platform(const img_platform *platform, img_platform *out, img_error *err)
{
    char text[IMG_PLATFORM_TEXT_MAX];
    if (!platform->os[0] || !platform->architecture[0] || strchr(platform->os, '/') ||
        strchr(platform->architecture, '/'))
        return img__fail(err, IMG_EINVAL, "a platform needs an os and an architecture");
    img__platform_format(platform, text);
    int rc = img_platform_parse(text, out, err);
    if (rc == 0)
        memcpy(out->os_version, platform->os_version, sizeof(out->os_version));
    return rc;
}

int img_edit_set_platform(img_edit *edit, const img_platform *platform, img_error *err)
{
    img_platform normal;
    if (edit->image_count != 1)
        return img__fail(err, IMG_EINVAL,
                         "the platform of %zu images at once can't be set: choose one of them",
                         edit->image_count);
    int rc = normal_platform(platform, &normal, err);
    edit->made = false;
    return rc ? rc : img__config_set_platform(&edit->images[0].config, &normal, err);
}

static int put_annotation(img_edit *edit, struct edit_image *image, const char *pair,
                          img_error *err)
{
    int rc = img__edit_annotate(edit, image, err);
    return rc ? rc : img__annotation_put(image->manifest.json, pair, err);
}

/* The index is about to have annotations. */
static int open_index(img_edit *edit, img_error *err)
{
    if (!edit->index.json)
        return img__fail(err, IMG_EINVAL, "the image has no index to annotate");
    edit->index_oci = true;
    return 0;
}

int img_edit_put(img_edit *edit, const char *set, const char *value, img_error *err)
{
    bool annotation = strcmp(set, "annotation") == 0;
    int rc = 0;
    edit->made = false;
    if (strcmp(set, "index-annotation") == 0) {
        rc = open_index(edit, err);
        return rc ? rc : img__annotation_put(edit->index.json, value, err);
    }
    for (size_t i = 0; rc == 0 && i < edit->image_count; i++)
        rc = annotation ? put_annotation(edit, &edit->images[i], value, err)
                        : img__config_put(&edit->images[i].config, set, value, err);
    return rc;
}

/* A cmd that is left where the entrypoint is another one now may be what nobody wants. */
static void tell_of_cmd(const img_edit *edit, const struct config *config, bool set)
{
    auto_(strv) struct strv cmd = STRV_INIT;
    if (set || img__config_list(config, "cmd", &cmd, NULL) != 0 || cmd.count == 0)
        return;
    img__log(&edit->observer, IMG_LOG_INFO,
             "cmd stays: '%.100s'%s goes to the new entrypoint, unless cmd is unset", cmd.items[0],
             cmd.count > 1 ? " ..." : "");
}

int img_edit_set_argv(img_edit *edit, const char *list, const char *const *argv, img_error *err)
{
    bool entrypoint = strcmp(list, "entrypoint") == 0;
    int rc = 0;
    edit->made = false;
    for (size_t i = 0; rc == 0 && i < edit->image_count; i++) {
        struct config *config = &edit->images[i].config;
        bool set = config->cmd_set;
        config->cmd_set = true; /* so that it stays */
        rc = img__config_set_argv(config, list, argv, err);
        if (rc == 0 && entrypoint && i == 0)
            tell_of_cmd(edit, config, set);
        config->cmd_set = set || !entrypoint;
    }
    return rc;
}

/* ---- taking away, adding to ---- */

static int unset(struct edit_image *image, const char *what, const char *key, bool *was,
                 img_error *err)
{
    if (strcmp(what, "annotation") != 0)
        return img__config_unset(&image->config, what, key, was, err);
    img__annotation_unset(image->manifest.json, key, was);
    return 0;
}

int img_edit_unset(img_edit *edit, const char *what, const char *key, img_error *err)
{
    bool any = false, was = false;
    int rc = 0;
    edit->made = false;
    if (strcmp(what, "index-annotation") == 0) {
        rc = open_index(edit, err);
        if (rc == 0)
            img__annotation_unset(edit->index.json, key, &any);
    } else {
        for (size_t i = 0; rc == 0 && i < edit->image_count; i++) {
            rc = unset(&edit->images[i], what, key, &was, err);
            any |= was;
        }
    }
    if (rc == 0 && !any)
        img__log(&edit->observer, IMG_LOG_WARNING, "%s%s%.200s is not set", what, key ? " " : "",
                 key ? key : "");
    return rc;
}

int img_edit_extend(img_edit *edit, const char *list, const char *text, uint32_t where,
                    img_error *err)
{
    int rc = 0;
    if (where > IMG_EDIT_BEFORE)
        return img__fail(err, IMG_EINVAL, "where to add is %u, neither behind nor before", where);
    edit->made = false;
    for (size_t i = 0; rc == 0 && i < edit->image_count; i++) {
        struct config *config = &edit->images[i].config;
        bool set = config->cmd_set;
        config->cmd_set = true;
        rc = img__config_extend(config, list, text, where == IMG_EDIT_BEFORE, err);
        config->cmd_set = set || strcmp(list, "cmd") == 0;
    }
    return rc;
}
