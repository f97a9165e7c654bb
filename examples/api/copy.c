/* SPDX-License-Identifier: Apache-2.0
 *
 * Copies from place to place.
 */
#include <inttypes.h>
#include <libimg/libimg.h>
#include <stdio.h>

/* Nothing is stored on the way, and within one registry nothing passes through this machine. */
int promote(img_client *client, img_error *err)
{
    return img_copy(client, "registry.example/test/app:1", "registry.example/live/app:1", NULL,
                    NULL, err);
}

/* How much would move? */
int show_plan(img_client *client, const char *source, const char *destination, img_error *err)
{
    img_copy_plan plan;
    int code = img_place_check(destination, err);

    if (code == 0)
        code = img_copy_preview(client, source, destination, NULL, &plan, err);
    if (code == 0)
        printf("%u of %u layers, %" PRIu64 " bytes\n", (unsigned)plan.missing_layers,
               (unsigned)plan.layers, plan.missing_bytes);
    return code;
}

static int show_tag(const char *tag, const img_descriptor *descriptor, void *arg)
{
    (void)arg;
    printf("%s %s\n", tag, descriptor->digest.text);
    return 0;
}

/* A repository with all of its tags, if that is less than 100 GB. */
int mirror(img_client *client, const char *source, const char *destination, img_error *err)
{
    img_copy_plan plan;
    int code = img_copy_tags_preview(client, source, destination, NULL, &plan, err);

    if (code == 0 && plan.missing_bytes < UINT64_C(100000000000))
        code = img_copy_tags(client, source, destination, NULL, show_tag, NULL, err);
    return code;
}
