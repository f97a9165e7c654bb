/* SPDX-License-Identifier: Apache-2.0
 *
 * Making an index: images for several platforms, built here or elsewhere, under one name.
 *
 * Sources are added, which reads their manifests and what they are for: configs come into the store
 * for that, and stay until img_store_gc(). img_index_commit() brings all that is missing into the
 * store and names the index there, img_index_push() does the same in a registry, past the store.
 * The same sources in the same order, with the same annotations, give the same bytes.
 */
#ifndef LIBIMG_INDEX_H
#define LIBIMG_INDEX_H

#include <libimg/client.h>
#include <libimg/store.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct img_index img_index;

typedef struct img_index_options {
    size_t size;
    img_client *client; /* for what is in registries; must outlive the index. NULL: nothing is */
    img_event_fn on_event;
    void *on_event_arg;
    img_log_fn on_log;
    void *on_log_arg;
} img_index_options;

#define IMG_INDEX_OPTIONS_INIT                                                                     \
    {                                                                                              \
        sizeof(img_index_options), NULL, NULL, NULL, NULL, NULL                                    \
    }

/* Begins an empty index. The store must outlive it, and as long as it is there img_store_gc()
 * removes nothing. options may be NULL. */
IMG_API int img_index_new(img_store *store, const img_index_options *options, img_index **out,
                          img_error *err);
/* Also drops what was not committed. */
IMG_API void img_index_free(img_index *index);

/* Adds the image that source names: a place as libimg/copy.h writes them, but a reference alone, or
 * a digest, is first looked for in the store. Of an index all images are added, as it describes
 * them, with what is attached to them; it is not itself in the new one.
 *
 * platform NULL: a manifest is for what its config says. Else it is for that, whatever its config
 * says, and of an index the image for that platform is taken alone. What was added already is not
 * added twice; IMG_EINVAL if there is another image for one of the platforms. */
IMG_API int img_index_add(img_index *index, const char *source, const img_platform *platform,
                          img_error *err);

/* Sets an annotation, "K=V", of the index. */
IMG_API int img_index_annotate(img_index *index, const char *annotation, img_error *err);
/* Sets an annotation of the entries for a platform, or, if that is NULL, of all that were added.
 * IMG_ENOTFOUND if there is none. */
IMG_API int img_index_annotate_entry(img_index *index, const img_platform *platform,
                                     const char *annotation, img_error *err);

/* Brings what is missing into the store, writes the index and gives it its names, all at once.
 * names ends with NULL and may be empty, as for img_build_commit(). The index is Docker's manifest
 * list if all images are Docker's and nothing is annotated, else OCI's. out may be NULL. */
IMG_API int img_index_commit(img_index *index, const char *const *names, img_descriptor *out,
                             img_error *err);

/* Puts the index under a name into a registry, and before it the images that are missing there.
 * Layers come from where they are, through no store; within a registry it is asked to take them
 * from one repository into the other. out may be NULL. */
IMG_API int img_index_push(img_index *index, const char *reference, img_descriptor *out,
                           img_error *err);

#ifdef __cplusplus
}
#endif

#endif
