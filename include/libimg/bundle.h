/* SPDX-License-Identifier: Apache-2.0
 *
 * Bundles: an image as a directory that an OCI runtime starts, as "runc run" and "crun run" do. In
 * it are rootfs, the unpacked image, and config.json (runtime-spec 1.0), made from the image's
 * config.
 */
#ifndef LIBIMG_BUNDLE_H
#define LIBIMG_BUNDLE_H

#include <libimg/unpack.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IMG_BUNDLE_TERMINAL 1u /* the program gets a terminal, and TERM if the image sets none */

typedef struct img_bundle_options {
    size_t size;
    const img_unpack_options *unpack; /* of rootfs; NULL: the defaults. Not one layer alone. */
    const char *const *cmd; /* in the place of the image's cmd, behind its entrypoint; NULL: that */
    const char *hostname;   /* NULL: "container" */
    uint64_t flags;         /* IMG_BUNDLE_... or-ed */
} img_bundle_options;

#define IMG_BUNDLE_OPTIONS_INIT                                                                    \
    {                                                                                              \
        sizeof(img_bundle_options), NULL, NULL, NULL, 0                                            \
    }

/* Unpacks an image as img_unpack() does, with destination as the bundle, which only its owner may
 * enter: it is there whole, or not at all.
 *
 * From the image come program, environment, directory, user and annotations (image-spec,
 * conversion.md); all else is as "runc spec" has it, but that rootfs may be written to and that
 * there is no terminal. The user is looked up in the image's own /etc/passwd and /etc/group, by the
 * rules of docker and runc; HOME is set from there. Volumes are file systems in memory, empty, with
 * the owner and mode of the directory in their place.
 *
 * Where owners are not set, config.json is as of "runc spec --rootless": the image's root is the
 * caller. Where they are mapped, it has a user namespace with these maps, and the group that is 0
 * in there may enter the bundle, too.
 *
 * options and result may be NULL. IMG_EINVAL: there is nothing to run. IMG_ENOTFOUND: the user or
 * the group is not in the image. IMG_EUNSUPPORTED: the image is not for linux. */
IMG_API int img_unpack_bundle(img_store *store, const char *reference, const char *destination,
                              const img_bundle_options *options, img_unpack_result *result,
                              img_error *err);

#ifdef __cplusplus
}
#endif

#endif
