/* SPDX-License-Identifier: Apache-2.0
 *
 * Copies of images from place to place: registries, stores, image layouts in directories, archives
 * and pipes. Manifests and indexes keep their bytes, and so their digests.
 *
 * A place is written as
 *
 *   docker://REF               a registry; REF alone too
 *   store:REF                  the store
 *   oci:DIR[:REF]              an OCI image layout; made if it is not there
 *   oci-archive:FILE[:REF]     a tar of one
 *   docker-archive:FILE[:REF]  what docker save writes and docker load reads
 *   -                          a standard stream: either archive when it is read, an oci-archive
 *                              when it is written
 *
 * FILE may be "-" too. A colon that belongs to DIR or FILE is written "\:". In the four last, REF
 * is the name as it stands there, and need not be a reference ("latest", "1.0+git"). Where it is
 * left out, what is read has to be the only image there, and what is written is called like the
 * tag of what was read, or else "latest". A docker-archive holds manifests alone: of an index it
 * gets the one for the platform that is chosen, or for this machine's.
 */
#ifndef LIBIMG_COPY_H
#define LIBIMG_COPY_H

#include <libimg/client.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Is text written as a place? Nothing is looked up. IMG_EINVAL says what is wrong with it, and
 * which transports there are. */
IMG_API int img_place_check(const char *text, img_error *err);

/* With platforms: the index is copied as it is, though it names more than what is copied. Not every
 * registry takes such a one. */
#define IMG_COPY_SPARSE 1u
/* From registry to registry: what refers to what is copied goes along, such as signatures, and what
 * refers to that. Looking at a copy leaves it out. */
#define IMG_COPY_REFERRERS 2u

typedef struct img_copy_options {
    size_t size;
    img_store *store; /* what "store:" stands for; NULL: the default store */
    /* Those of an index that are copied; one that has no index is copied whatever it is for. With
     * one platform its manifest gets the name, with several an index that is made of them: a new
     * document, in which all else stays. NULL: all, and the index as it is. */
    const img_platform *platforms;
    uint32_t platform_count;
    uint32_t flags; /* IMG_COPY_... */
    img_event_fn on_event;
    void *on_event_arg;
} img_copy_options;

#define IMG_COPY_OPTIONS_INIT                                                                      \
    {                                                                                              \
        sizeof(img_copy_options), NULL, NULL, 0, 0, NULL, NULL                                     \
    }

/* Copies what source names, with all that it reaches, and gives it the name that destination says:
 * the name comes last. What is there already does not move. Within a registry nothing passes
 * through this machine as long as the registry takes blobs from one repository into the other;
 * between registries bytes are passed on as they come, through memory of fixed size, and checked
 * against their digests. client may be NULL if neither place is a registry. options may be NULL;
 * out, which gets what was named, too. */
IMG_API int img_copy(img_client *client, const char *source, const char *destination,
                     const img_copy_options *options, img_descriptor *out, img_error *err);

/* A tag that was copied; non-zero ends the call with IMG_ECANCELED. */
typedef int (*img_copied_fn)(const char *tag, const img_descriptor *descriptor, void *arg);

/* Copies all tags of a repository of a registry to another one, to the store or to a layout. Tags
 * in source and destination do not count. The first failure ends it; what was copied stays. fn,
 * which may be NULL, is called for each tag once it is set. */
IMG_API int img_copy_tags(img_client *client, const char *source, const char *destination,
                          const img_copy_options *options, img_copied_fn fn, void *arg,
                          img_error *err);

/* What a copy would do. Layers that several manifests share count once. */
typedef struct img_copy_plan {
    img_descriptor target;  /* what would be named */
    uint64_t missing_bytes; /* of layers and configs */
    uint32_t layers;
    uint32_t missing_layers;    /* of them, where they would go to */
    uint32_t manifests;         /* and indexes */
    uint32_t missing_manifests; /* of them */
    uint32_t mounts;   /* 1: the registry is asked to take blobs from a repository of its own */
    uint32_t reserved; /* 0 */
} img_copy_plan;

/* Asks both places what img_copy() would move, and changes nothing. */
IMG_API int img_copy_preview(img_client *client, const char *source, const char *destination,
                             const img_copy_options *options, img_copy_plan *out, img_error *err);

/* The same of img_copy_tags(): the numbers are those of all tags, target is that of the last one.
 */
IMG_API int img_copy_tags_preview(img_client *client, const char *source, const char *destination,
                                  const img_copy_options *options, img_copy_plan *out,
                                  img_error *err);

#ifdef __cplusplus
}
#endif

#endif
