/* SPDX-License-Identifier: Apache-2.0
 *
 * An image of a store, opened for reading: its manifest, its config and what they say.
 */
#ifndef LIBIMG_IMAGE_H
#define LIBIMG_IMAGE_H

#include <libimg/store.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct img_image img_image;

/* Opens what a reference names. Where that is an index, platform picks a manifest of it; NULL is
 * this machine's. IMG_ENOTFOUND lists the platforms that there are. */
IMG_API int img_image_open(img_store *store, const char *reference, const img_platform *platform,
                           img_image **out, img_error *err);
/* The same of an image that a list named, without looking the name up. */
IMG_API int img_image_open_descriptor(img_store *store, const img_descriptor *target,
                                      const img_platform *platform, img_image **out,
                                      img_error *err);
IMG_API void img_image_free(img_image *image);

/* What the reference named: an index or a manifest. */
IMG_API const img_descriptor *img_image_target(const img_image *image);
/* The bytes of that document, as they came. */
IMG_API const char *img_image_target_bytes(const img_image *image, size_t *len);

/* The manifest, after an index was resolved to one. */
IMG_API const img_descriptor *img_image_manifest(const img_image *image);
/* Its bytes, as they came. */
IMG_API const char *img_image_manifest_bytes(const img_image *image, size_t *len);
/* The config's descriptor and bytes. */
IMG_API const img_descriptor *img_image_config(const img_image *image);
IMG_API const char *img_image_config_bytes(const img_image *image, size_t *len);

/* The layers, the lowest first. */
IMG_API size_t img_image_layer_count(const img_image *image);
/* index < img_image_layer_count(), else NULL. */
IMG_API const img_descriptor *img_image_layer(const img_image *image, size_t index);
/* The digest of the uncompressed layer. */
IMG_API const img_digest *img_image_diff_id(const img_image *image, size_t index);
IMG_API const img_platform *img_image_platform(const img_image *image);

/* Single fields of the config, "" if not set: created (RFC 3339), author, user, workdir,
 * stop-signal. NULL for any other field. */
IMG_API const char *img_image_field(const img_image *image, const char *field);

/* Lists of the config, ended by NULL, empty if not set: entrypoint, cmd, env ("K=V"), label
 * ("K=V"), expose ("80/tcp"), volume; and annotation ("K=V"), of the manifest. NULL for any other
 * list. */
IMG_API const char *const *img_image_list(const img_image *image, const char *list);

#ifdef __cplusplus
}
#endif

#endif
