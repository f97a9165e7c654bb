/* SPDX-License-Identifier: Apache-2.0
 *
 * The store: images on this machine, in a directory that is an OCI image layout (image-spec,
 * image-layout.md), so that other tools read it. An image is named by its full reference, which is
 * the "org.opencontainers.image.ref.name" of its descriptor in index.json.
 *
 * Any number of processes may use one directory at once. A process that dies at any moment leaves
 * it consistent: at worst with a temporary file that the next img_store_gc() removes. What a pull
 * that broke off had of a blob is kept, and the next one that wants the blob goes on with it.
 */
#ifndef LIBIMG_STORE_H
#define LIBIMG_STORE_H

#include <libimg/callbacks.h>
#include <libimg/reference.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct img_store img_store;

typedef struct img_store_options {
    size_t size;
    /* The directory. NULL: $IMGTOOL_STORE, else $XDG_DATA_HOME/libimg/store, else
     * $HOME/.local/share/libimg/store. */
    const char *path;
    /* 1: the directory must be there already, and nothing is created in it until it is written to.
     * 0: it is created, with its parents. */
    uint32_t must_exist;
    uint32_t reserved; /* 0 */
} img_store_options;

#define IMG_STORE_OPTIONS_INIT                                                                     \
    {                                                                                              \
        sizeof(img_store_options), NULL, 0, 0                                                      \
    }

/* Opens a store. options may be NULL. IMG_EFORMAT if the directory is something else than an image
 * layout. */
IMG_API int img_store_open(const img_store_options *options, img_store **out, img_error *err);
IMG_API void img_store_free(img_store *store);

/* The directory, absolute. */
IMG_API const char *img_store_path(const img_store *store);

/* Finds what a reference names, by tag or, where the reference has a digest, by that: what has the
 * name "repository@digest", else any image of that repository with that digest. Where there is
 * none, the text as it is counts, for names that are no full references: other tools write such
 * ones ("latest"). A digest alone is also the manifest or index that has it, with or without a
 * name. */
IMG_API int img_store_resolve(img_store *store, const char *reference, img_descriptor *out,
                              img_error *err);

/* Gives the image that source names further names, all or none; a name that is taken moves. names
 * ends with NULL. */
IMG_API int img_store_tag(img_store *store, const char *source, const char *const *names,
                          img_error *err);

/* Takes names away, all or none; IMG_ENOTFOUND names one that is not there. names ends with NULL;
 * each is a reference, or the text as img_store_list() gave it. The blobs stay until
 * img_store_gc(). */
IMG_API int img_store_untag(img_store *store, const char *const *names, img_error *err);

/* Called for each image, in the order of the names. An image that another tool left without a name
 * has its digest for one. Non-zero ends the list with IMG_ECANCELED. */
typedef int (*img_store_list_fn)(const char *reference, const img_descriptor *descriptor,
                                 void *arg);
/* Lists the images of a store, by their names. */
IMG_API int img_store_list(img_store *store, img_store_list_fn fn, void *arg, img_error *err);

typedef struct img_gc_result {
    uint64_t blobs;       /* removed */
    uint64_t freed_bytes; /* by them */
    uint32_t busy;        /* 1: another process is writing to the store, nothing was removed */
    uint32_t reserved;    /* 0 */
} img_gc_result;

/* Removes the blobs that no image reaches and what dead processes left, but parts of blobs from
 * pulls that broke off within the last 24 hours. result may be NULL. */
IMG_API int img_store_gc(img_store *store, img_gc_result *result, img_error *err);

/* Opens a blob for reading; the descriptor is the caller's to close. Its size is checked, its
 * digest was checked when it came in. */
IMG_API int img_store_open_blob(img_store *store, const img_descriptor *descriptor, int *fd,
                                img_error *err);

#ifdef __cplusplus
}
#endif

#endif
