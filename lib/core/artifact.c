/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing the manifest of an artifact, canonically, with the keys in the order of the
 * specification.
 */
#include "core/artifact.h"

#include <stdio.h>
#include <string.h>

#include "core/manifest.h"
#include "core/setting.h"

void img__artifact_empty(img_descriptor *out)
{
    *out = (img_descriptor){
        MEDIA_OCI_EMPTY,
        {"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},
        strlen(ARTIFACT_EMPTY_BYTES),
        {"", "", "", ""}};
}

static int check(const struct artifact *artifact, img_error *err)
{
    if (!img__media_valid(artifact->type) || !strchr(artifact->type, '/'))
        return img__fail(err, IMG_EINVAL,
                         "artifact type '%s': a media type is needed, as in application/spdx+json",
                         artifact->type);
    if (artifact->layer_count > MANIFEST_LAYERS_MAX)
        return img__fail(err, IMG_ELIMIT,
                         "an artifact of %zu files: more than %u are not read again",
                         artifact->layer_count, MANIFEST_LAYERS_MAX);
    for (const char *const *pair = artifact->annotations; pair && *pair; pair++) {
        int rc = img__setting_check_pair("annotation", *pair, err);
        if (rc)
            return rc;
    }
    return 0;
}

static struct json *layers_json(const struct artifact *artifact)
{
    auto_(json) struct json *list = img__json_array();
    for (size_t i = 0; list && i < artifact->layer_count; i++) {
        const char *const *annotations = img__strv_list(&artifact->layer_annotations[i]);
        if (!img__json_append(list, img__descriptor_json(&artifact->layers[i], annotations)))
            return NULL;
    }
    return steal(list);
}

static struct json *annotations_json(const char *const *annotations)
{
    auto_(json) struct json *map = img__descriptor_annotations_json(annotations);
    return map && img__json_sort(map) ? steal(map) : NULL;
}

int img__artifact_make(const struct artifact *artifact, struct document *out, img_error *err)
{
    auto_(json) struct json *json = img__json_object();
    img_descriptor empty;
    int rc = check(artifact, err);
    if (rc)
        return rc;
    img__artifact_empty(&empty);
    bool ok = json && img__json_set(json, "schemaVersion", img__json_size(2)) &&
              img__json_set(json, "mediaType", img__json_string(MEDIA_OCI_MANIFEST)) &&
              img__json_set(json, "artifactType", img__json_string(artifact->type)) &&
              img__json_set(json, "config", img__descriptor_json(&empty, NULL)) &&
              img__json_set(json, "layers", layers_json(artifact));
    if (ok && artifact->subject)
        ok = img__json_set(json, "subject", img__descriptor_json(artifact->subject, NULL));
    if (ok && artifact->annotations && *artifact->annotations)
        ok = img__json_set(json, "annotations", annotations_json(artifact->annotations));
    if (!ok)
        return img__fail_memory(err);
    return img__document_from_json(MEDIA_OCI_MANIFEST, json, out, err);
}
