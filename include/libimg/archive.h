/* SPDX-License-Identifier: Apache-2.0
 *
 * Images in archive files: what docker saves and loads, and tars of an OCI image layout.
 *
 * A docker archive is written as docker itself does since version 25: an image layout with a
 * manifest.json beside it. Whoever reads either finds the same images, layers compressed as they
 * are in the store; the digests of manifests are kept for those who read the layout.
 */
#ifndef LIBIMG_ARCHIVE_H
#define LIBIMG_ARCHIVE_H

#include <libimg/build.h>
#include <libimg/callbacks.h>
#include <libimg/store.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IMG_ARCHIVE_DOCKER 0 /* "docker load" takes it; each image for one platform */
#define IMG_ARCHIVE_OCI 1    /* a tar of an image layout, as podman's oci-archive */

/* A file at path that has these bytes already stays untouched, with its time, so that who watches
 * that sees no change. */
#define IMG_SAVE_IF_CHANGED 1u

typedef struct img_save_options {
    size_t size;
    int32_t format; /* IMG_ARCHIVE_... */
    int32_t fd;     /* where path is NULL: what to write to, borrowed; 0 is the standard output */
    /* Takes this platform of an index. NULL: this machine's for a docker archive, all for OCI. */
    const img_platform *platform;
    img_event_fn on_event; /* an event a blob and manifest */
    void *on_event_arg;
    img_log_fn on_log;
    void *on_log_arg;
    /* What the image is called in the archive, instead of what the reference says; ended by NULL,
     * and may be empty. There must be one reference alone. NULL: as the references say. */
    const char *const *names;
    uint32_t flags;    /* IMG_SAVE_... */
    uint32_t reserved; /* 0 */
} img_save_options;

#define IMG_SAVE_OPTIONS_INIT                                                                      \
    {                                                                                              \
        sizeof(img_save_options), IMG_ARCHIVE_DOCKER, 0, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0  \
    }

/* Writes images of a store into an archive. references ends with NULL; what several have in common
 * is written once. The same images give the same bytes. A file at path is there once it is whole,
 * and what was there before is kept until then; a pipe gets the bytes as they come, and they count
 * once the call has succeeded. saved, for as many descriptors as there are references, and options
 * may be NULL. IMG_EUNSUPPORTED for what docker could not load. */
IMG_API int img_save(img_store *store, const char *const *references, const char *path,
                     const img_save_options *options, img_descriptor *saved, img_error *err);

/* Called for each name of each image that was loaded, once all names are set; name is NULL for an
 * image without one. Non-zero ends the call with IMG_ECANCELED. */
typedef int (*img_loaded_fn)(const char *name, const img_descriptor *descriptor, void *arg);

typedef struct img_load_options {
    size_t size;
    /* The images to load, ended by NULL: names that they have in the archive, "@N" for the Nth from
     * 0, or digests. NULL: all. */
    const char *const *images;
    /* What the image is to be called, instead of what the archive says; there must be one alone. */
    const char *name;
    /* Takes this platform of an index, and the name stands for its manifest. NULL: all. */
    const img_platform *platform;
    uint64_t max_bytes; /* of a pipe, and of what is compressed as a whole; 0: 64 GiB */
    int32_t fd;         /* where path is NULL: what to read, borrowed; 0 is the standard input */
    /* Of layers that have no manifest in the archive and are not compressed, as
     * img_build_options has them. */
    int32_t compression;
    int32_t level;
    uint32_t threads;
    img_loaded_fn on_image;
    void *on_image_arg;
    img_event_fn on_event; /* an event a blob and manifest */
    void *on_event_arg;
    img_log_fn on_log;
    void *on_log_arg;
} img_load_options;

#define IMG_LOAD_OPTIONS_INIT                                                                      \
    {                                                                                              \
        sizeof(img_load_options), NULL, NULL, NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL,   \
            NULL                                                                                   \
    }

/* Brings images of an archive into a store: an image layout, or what any docker has saved, plain or
 * compressed as a whole, also as podman, buildah, buildx, crane, kaniko, bazel and nix write it.
 *
 * What has manifests is taken byte for byte, and the digests are those of the archive; an index of
 * which docker has saved some platforms alone stays as it is, and they are taken. Else a
 * manifest is made: configs stay as they are, layers are held against the diffIDs in them and get
 * compressed unless they are. Names are set last, when all images are there. A file is read where
 * it is; a pipe is copied to a nameless file beside the store. An image without a usable name gets
 * none, and only lives until img_store_gc().
 *
 * options may be NULL. IMG_EDIGEST: bytes that are not what the archive promises. IMG_EFORMAT: no
 * archive of images, or a hostile one. */
IMG_API int img_load(img_store *store, const char *path, const img_load_options *options,
                     img_error *err);

#ifdef __cplusplus
}
#endif

#endif
