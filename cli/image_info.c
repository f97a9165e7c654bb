/* SPDX-License-Identifier: Apache-2.0
 *
 * The few facts of an image that lists show.
 */
#include "image_info.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"
#include "text.h"

static uint64_t add_saturated(uint64_t a, uint64_t b)
{
    uint64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

uint64_t image_size(const img_image *image)
{
    uint64_t size =
        add_saturated(img_image_manifest(image)->size_bytes, img_image_config(image)->size_bytes);

    for (size_t i = 0; i < img_image_layer_count(image); i++)
        size = add_saturated(size, img_image_layer(image, i)->size_bytes);
    return size;
}

/* "2024-05-01T10:20:30.123456789Z" without the fraction. */
static void copy_time(char out[32], const char *time)
{
    size_t whole = strcspn(time, ".");
    size_t fraction = time[whole] ? 1 + strspn(time + whole + 1, "0123456789") : 0;

    snprintf(out, 32, "%.*s%s", whole < 24 ? (int)whole : 24, time, time + whole + fraction);
}

static bool is_index(const img_descriptor *target)
{
    return text_is(target->media_type, "application/vnd.oci.image.index.v1+json") ||
           text_is(target->media_type, "application/vnd.docker.distribution.manifest.list.v2+json");
}

int image_info_read(img_store *store, const img_descriptor *target, struct image_info *out,
                    img_error *err)
{
    auto_(image) img_image *image = NULL;
    int rc = img_image_open_descriptor(store, target, NULL, &image, err);

    *out = (struct image_info){0};
    if (rc == IMG_ENOTFOUND && is_index(target)) {
        out->of_index = true;
        return 0;
    }
    if (rc < 0)
        return rc;
    out->platform = *img_image_platform(image);
    out->size_bytes = image_size(image);
    out->of_index =
        !text_is(img_image_target(image)->digest.text, img_image_manifest(image)->digest.text);
    copy_time(out->created, img_image_field(image, "created"));
    return 0;
}
