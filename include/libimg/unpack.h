/* SPDX-License-Identifier: Apache-2.0
 *
 * Unpacking: the layers of an image of a store, one on the other, into a directory.
 *
 * As root, or with CAP_CHOWN in a user namespace, everything is as the image says: owners, modes,
 * times, links, devices, extended attributes. Without, or with IMG_UNPACK_ROOTLESS, everything
 * belongs to the caller, and devices and attributes that only root may make are left out; what
 * could not be set is counted, and written to a record if one is asked for.
 */
#ifndef LIBIMG_UNPACK_H
#define LIBIMG_UNPACK_H

#include <libimg/callbacks.h>
#include <libimg/client.h>
#include <libimg/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* img_unpack_options.flags, or-ed. */
#define IMG_UNPACK_ROOTLESS 1u     /* as without privileges, whoever the caller is */
#define IMG_UNPACK_KEEP_PARTIAL 2u /* a failure leaves what there is; the message says where */
#define IMG_UNPACK_NO_SYNC 4u      /* returns before all is on the disk */
#define IMG_UNPACK_ONTO 8u         /* with layer: onto what is in destination already */

typedef struct img_unpack_options {
    size_t size;
    /* What the image is to be for; NULL is this machine's platform where there is a choice. */
    const img_platform *platform;
    img_client *client;   /* pulls the image if the store does not have it; NULL: nobody does */
    uint32_t layer;       /* this one alone; 1 is the lowest. 0: all */
    uint32_t threads;     /* 0: as many as there are processors; 1: no other than the caller's */
    uint32_t compat;      /* IMG_COMPAT_... or-ed: what the layers may be */
    uint32_t flags;       /* IMG_UNPACK_... */
    uint64_t max_entries; /* of all layers; 0 is 10,000,000 */
    uint64_t max_bytes;   /* of all files, and of all tar streams; 0 is 1 TiB */
    /* Owners of the image and of the tree, if they are not to be the same: "IMAGE:HOST:COUNT", as
     * "0:100000:65536", ended by NULL; an owner that no range has is IMG_EINVAL. Without gid_map
     * groups are mapped as users are. They need the right to set owners. */
    const char *const *uid_map;
    const char *const *gid_map;
    /* Instead of these: the ranges that /etc/subuid and /etc/subgid give this user, who stands for
     * 0 with the first of them (as with dockerd's userns-remap). */
    const char *subid_user;
    /* A file that gets a line of JSON for each thing that could not be set, once all is done. */
    const char *record;
    img_event_fn on_event; /* an event a layer */
    void *on_event_arg;
    img_log_fn on_log;
    void *on_log_arg;
} img_unpack_options;

#define IMG_UNPACK_OPTIONS_INIT                                                                    \
    {                                                                                              \
        sizeof(img_unpack_options), NULL, NULL, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL,    \
            NULL, NULL, NULL                                                                       \
    }

typedef struct img_unpack_result {
    img_descriptor target; /* what the reference named: an index or a manifest */
    uint64_t layers;       /* that were unpacked */
    uint64_t entries;      /* of these */
    uint64_t bytes;        /* of their files */
    uint64_t unset;        /* things that could not be set */
    uint64_t reserved[4];  /* 0 */
} img_unpack_result;

/* Unpacks an image into destination, which must not exist, or be an empty directory. It gets its
 * name once everything is there and agrees with the digests: the work is done beside it, in
 * ".NAME.tmp-XXXXXXXX" with mode 0700, and a failure removes that. An empty mount point is filled
 * in place. destination becomes the root directory of the image, with its owner and mode.
 *
 * A layer alone comes without what its whiteouts remove; with IMG_UNPACK_ONTO destination must be a
 * directory, its whiteouts remove what is there, and a failure leaves it half-done.
 *
 * options and result may be NULL. IMG_EDIGEST: a blob or a layer is not the promised one. */
IMG_API int img_unpack(img_store *store, const char *reference, const char *destination,
                       const img_unpack_options *options, img_unpack_result *result,
                       img_error *err);

#ifdef __cplusplus
}
#endif

#endif
