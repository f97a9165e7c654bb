/* SPDX-License-Identifier: Apache-2.0
 *
 * What is beside an image in a registry.
 */
#include <libimg/libimg.h>
#include <stdio.h>

static int show_referrer(const img_referrer *referrer, void *arg)
{
    (void)arg;
    printf("%s %s\n", referrer->descriptor->digest.text, referrer->artifact_type);
    return 0;
}

/* The SBOMs of an image. */
int list_sboms(img_client *client, const char *reference, img_error *err)
{
    img_referrers_options options = IMG_REFERRERS_OPTIONS_INIT;

    options.artifact_type = "application/spdx+json";
    return img_referrers(client, reference, &options, show_referrer, NULL, err);
}

int attach_sbom(img_client *client, const char *reference, img_error *err)
{
    img_attachment sbom = {"sbom.json", "application/spdx+json"};
    img_attach_options options = IMG_ATTACH_OPTIONS_INIT;

    options.files = &sbom;
    options.file_count = 1;
    return img_attach(client, reference, "application/spdx+json", &options, NULL, err);
}
