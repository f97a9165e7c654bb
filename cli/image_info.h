/* SPDX-License-Identifier: Apache-2.0
 *
 * The few facts of an image that lists show.
 */
#ifndef CLI_IMAGE_INFO_H
#define CLI_IMAGE_INFO_H

#include <stdbool.h>
#include <stdint.h>

#include <libimg/libimg.h>

struct image_info {
    img_platform platform;
    char created[32];    /* RFC 3339, whole seconds; "" if not set */
    uint64_t size_bytes; /* of layers, config and manifest, as they are stored */
    bool of_index;       /* one of several platforms, or none of them fits this machine */
};

/* target is what a name of the store stands for. Of an index without this machine's platform only
 * of_index is set. */
int image_info_read(img_store *store, const img_descriptor *target, struct image_info *out,
                    img_error *err);

uint64_t image_size(const img_image *image);

#endif
