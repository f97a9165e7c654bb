/* SPDX-License-Identifier: Apache-2.0
 *
 * docker's manifest.json: an array of {"Config", "RepoTags", "Layers"}. Keys are compared as
 * docker's JSON library does not, by their exact spelling; a null for a list is an empty one.
 */
#include <string.h>

#include "archive/reader_internal.h"
#include "core/manifest.h"

static const char *const item_keys[] = {"Config", "RepoTags", "Layers", NULL};

static int take_list(const struct json *item, const char *what, const char *key, size_t max,
                     struct strv *out, img_error *err)
{
    const struct json *list = NULL;
    int rc = img__json_get_kind(item, what, key, JSON_ARRAY, false, &list, err);
    if (rc == 0)
        rc = img__json_check_values(item, what, key, JSON_STRING, err);
    if (rc == 0 && img__json_count(list) > max)
        rc = img__fail(err, IMG_ELIMIT, "%s: \"%s\" has more than %zu entries", what, key, max);
    for (size_t i = 0; rc == 0 && i < img__json_count(list); i++)
        rc = img__strv_add(out, img__json_text(img__json_at(list, i)), err);
    return rc;
}

static int take_item(struct archive_reader *reader, const char *what, const struct json *item,
                     img_error *err)
{
    struct archived *image;
    const char *config = NULL;
    if (img__json_kind(item) != JSON_OBJECT)
        return img__fail(err, IMG_EFORMAT, "%s: an image in it is not an object", what);
    int rc = img__json_check_case(item, what, item_keys, err);
    if (rc == 0)
        rc = img__json_get_text(item, what, "Config", true, &config, err);
    if (rc == 0)
        rc = img__archive_add(reader, &image, err);
    if (rc == 0 && !(image->config = strdup(config)))
        rc = img__fail_memory(err);
    if (rc == 0)
        rc = take_list(item, what, "RepoTags", IMAGES_MAX, &image->names, err);
    return rc ? rc : take_list(item, what, "Layers", MANIFEST_LAYERS_MAX, &image->layers, err);
}

int img__archive_read_docker(struct archive_reader *reader, img_error *err)
{
    auto_free char *what = NULL;
    auto_(json) struct json *json = NULL;
    int rc = img__archive_load_json(reader, DOCKER_MANIFEST, &what, &json, err);
    if (rc)
        return rc;
    if (img__json_kind(json) != JSON_ARRAY)
        return img__fail(err, IMG_EFORMAT, "%s: is not an array of images", what);
    for (size_t i = 0; rc == 0 && i < img__json_count(json); i++)
        rc = take_item(reader, what, img__json_at(json, i), err);
    return rc;
}
