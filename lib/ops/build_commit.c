/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of a build: config and manifest are written, then all names are set at once. The image's
 * time is the epoch if there is one, else the newest time of what was added: a function of the
 * input, where the clock would give each build another digest.
 */
#include "core/manifest.h"
#include "ops/build.h"
#include "ops/new_names.h"

/* containerd mounts no more on overlayfs (layers.md M12). */
#define LAYERS_COMFORTABLE 127u

static int write_documents(img_build *build, struct document *config, struct document *manifest,
                           img_error *err)
{
    int rc = img__document_from_json(MEDIA_OCI_CONFIG, build->config.json, config, err);
    if (rc == 0)
        rc = img__store_put_document(build->store, config, err);
    if (rc == 0)
        rc = img__manifest_make(&config->descriptor, build->layers, build->layer_annotations,
                                build->layer_count, img__strv_list(&build->annotations), manifest,
                                err);
    return rc ? rc : img__store_put_document(build->store, manifest, err);
}

static int commit(img_build *build, const char *const *names, struct document *config,
                  struct document *manifest, img_error *err)
{
    auto_(strv) struct strv full = STRV_INIT;
    char text[BUILD_TIME_SIZE];
    int rc = img__new_names(names, &full, err);
    if (rc == 0)
        rc = img__config_set(&build->config, "created",
                             img__build_time(build, BUILD_TIME_NONE, text), err);
    if (rc == 0)
        rc = write_documents(build, config, manifest, err);
    if (rc)
        return rc;
    if (build->layer_count > LAYERS_COMFORTABLE)
        img__log(&build->observer, IMG_LOG_WARNING,
                 "the image has %zu layers: some runtimes can't start more than %u",
                 build->layer_count, LAYERS_COMFORTABLE);
    img_descriptor named = manifest->descriptor;
    named.platform = build->config.platform;
    return full.count ? img__store_set_names(build->store, img__strv_list(&full), &named, err) : 0;
}

int img_build_commit(img_build *build, const char *const *names, img_descriptor *manifest,
                     img_descriptor *config, img_error *err)
{
    auto_(document) struct document config_document = DOCUMENT_INIT;
    auto_(document) struct document manifest_document = DOCUMENT_INIT;
    int rc = commit(build, names, &config_document, &manifest_document, err);
    if (rc)
        return img__prefix(err, rc, "commit");
    if (manifest)
        *manifest = manifest_document.descriptor;
    if (config)
        *config = config_document.descriptor;
    return 0;
}
