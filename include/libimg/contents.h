/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking into an image of a store without unpacking it: which files there are, what is in one, and
 * all of it as one tar stream.
 *
 * An image is what its layers amount to, put one on the other with their whiteouts; or one layer
 * alone is looked at, as it stands. Layers are checked while they are read, the blob against its
 * digest and the tar against the config, and each is read to its end for that. Where data is passed
 * on as it comes, a broken layer is only known at the end: so what a callback was given counts once
 * the call has succeeded. IMG_EDIGEST says that it must be thrown away.
 */
#ifndef LIBIMG_CONTENTS_H
#define LIBIMG_CONTENTS_H

#include <libimg/image.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct img_contents_options {
    size_t size;
    uint64_t max_memory_bytes; /* of the names in the image; 0: 1 GiB. More is IMG_ELIMIT */
    uint64_t max_bytes;    /* of each tar that is read, and of the data that comes out; 0: 1 TiB.
                              More is IMG_ELIMIT */
    uint32_t layer;        /* 0: the image; N: its layer N alone, 1 being the lowest.
                              IMG_ENOTFOUND if there is none */
    uint32_t threads;      /* most to use; 0: as many as there are processors, 1: none more */
    uint32_t compat;       /* IMG_COMPAT_... or-ed */
    uint32_t reserved;     /* 0 */
    img_event_fn on_event; /* an item for each time that a layer is read */
    void *on_event_arg;
} img_contents_options;

#define IMG_CONTENTS_OPTIONS_INIT                                                                  \
    {                                                                                              \
        sizeof(img_contents_options), 0, 0, 0, 0, 0, 0, NULL, NULL                                 \
    }

/* img_file.type. The last two are only in a layer that is looked at alone. */
#define IMG_FILE_REGULAR 1
#define IMG_FILE_DIRECTORY 2
#define IMG_FILE_SYMLINK 3
#define IMG_FILE_HARDLINK 4 /* only in a layer, too: in the image each name is what it leads to */
#define IMG_FILE_CHARACTER 5
#define IMG_FILE_BLOCK 6
#define IMG_FILE_FIFO 7
#define IMG_FILE_WHITEOUT 8 /* "/a/.wh.b": removes /a/b of the layers below */
#define IMG_FILE_OPAQUE 9   /* "/a/.wh..wh..opq": removes what the layers below have in /a */

/* Something with a path. Valid during the callback only. */
typedef struct img_file {
    int32_t type;  /* IMG_FILE_... */
    uint32_t mode; /* permissions, 0..07777 */
    uint32_t uid;
    uint32_t gid;
    uint32_t device_major; /* of a CHARACTER or BLOCK, else 0 */
    uint32_t device_minor;
    uint32_t layer;    /* the one that it is from, from 1; 0: none has it, only what is beneath */
    uint32_t mtime_ns; /* 0..999,999,999 */
    int64_t mtime;     /* seconds since 1970; with mtime_ns it is the floor */
    uint64_t size_bytes;
    uint64_t inode;   /* in the image: the names of one file have it in common; in a layer: 0 */
    const char *path; /* "/usr/bin/x", bytes; "/" is the root */
    const char *link; /* SYMLINK: the target as it is; HARDLINK: a path with '/' in front; else
                         NULL */
    size_t xattr_count;
    const void *internal; /* the library's */
} img_file;

/* The name of an extended attribute of a file, and its value of *len bytes; NULL unless index is
 * less than xattr_count. value and len may be NULL. */
IMG_API const char *img_file_xattr(const img_file *file, size_t index, const void **value,
                                   size_t *len);

/* Returns 0 to go on; anything else ends the call with IMG_ECANCELED. */
typedef int (*img_file_fn)(const img_file *file, void *arg);

/* Calls fn for everything in the image but its root, a directory before what is in it and names in
 * the order of their bytes; all layers are checked before the first call. Or for each entry of a
 * layer in its order, while that is read. options may be NULL. What was read of an image is kept in
 * its handle for the next call. */
IMG_API int img_image_files(img_store *store, img_image *image, const img_contents_options *options,
                            img_file_fn fn, void *arg, img_error *err);

/* Gives fn the data of a regular file, piece by piece. In the image symbolic links are followed,
 * with the image as root; in a layer alone only hard links to other files of it. IMG_ENOTFOUND if
 * nothing is at the path, IMG_EINVAL if it is no regular file. options may be NULL. */
IMG_API int img_image_read_file(img_store *store, img_image *image, const char *path,
                                const img_contents_options *options, img_data_fn fn, void *arg,
                                img_error *err);

/* Gives fn a tar of everything in the image, piece by piece: what img_unpack() would make, its root
 * apart. The same image gives the same bytes. Whiteouts and duplicates are gone, and paths lead
 * over no links; directories come before what is in them, and hard links after what they lead to.
 * Entries come as the layers have the data, the lowest layer first; so a directory may be left and
 * come into again, for which GNU tar has --delay-directory-restore. All layers are checked before
 * the first byte, and once more while they are read for it.
 *
 * A layer alone is its tar, byte for byte. options may be NULL. */
IMG_API int img_image_tar(img_store *store, img_image *image, const img_contents_options *options,
                          img_data_fn fn, void *arg, img_error *err);

#ifdef __cplusplus
}
#endif

#endif
