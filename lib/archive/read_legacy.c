/* SPDX-License-Identifier: Apache-2.0
 *
 * What docker before 1.10 saved: "repositories", and a directory a layer with "json" and
 * "layer.tar". It is told apart, and refused for now.
 */
#include "archive/reader_internal.h"

static int refuse(const struct archive_reader *reader, img_error *err)
{
    return img__fail(err, IMG_EUNSUPPORTED,
                     "%s: is an archive of docker before 1.10, which libimg does not read",
                     reader->spool.name);
}

int img__archive_read_legacy(struct archive_reader *reader, img_error *err)
{
    return refuse(reader, err);
}

int img__archive_legacy_image(const struct archive_reader *reader, const struct archived *image,
                              struct docker_image *out, img_error *err)
{
    (void)image;
    (void)out;
    return refuse(reader, err);
}
