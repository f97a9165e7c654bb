/* SPDX-License-Identifier: Apache-2.0
 *
 * What is in a registry: the tags of a repository and the repositories of a registry.
 */
#ifndef LIBIMG_REPOSITORY_H
#define LIBIMG_REPOSITORY_H

#include <libimg/client.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Called for each name as it comes; non-zero ends the list with IMG_ECANCELED. */
typedef int (*img_name_fn)(const char *name, void *arg);

typedef struct img_list_options {
    size_t size;
    uint64_t limit;     /* names; 0: all. More than 1,000,000 are IMG_ELIMIT */
    uint32_t page_size; /* names to ask for at once; 0: the registry decides, and need not obey */
    /* 1: where the registry names no next page, ask for what comes after the last name, until
     * nothing does: for registries that forget to. */
    uint32_t probe_last;
} img_list_options;

#define IMG_LIST_OPTIONS_INIT                                                                      \
    {                                                                                              \
        sizeof(img_list_options), 0, 0, 0                                                          \
    }

/* Lists the tags of a repository, in the order of the registry, each once. repository is a
 * reference, of which tag and digest do not count. What a registry lists that is no tag is left
 * out. IMG_EFORMAT is also a list that leads in a circle, IMG_EREFUSED one that goes on at another
 * server: neither is followed. options may be NULL. */
IMG_API int img_repository_tags(img_client *client, const char *repository,
                                const img_list_options *options, img_name_fn fn, void *arg,
                                img_error *err);

/* Lists the repositories of a registry ("localhost:5000"), without its name. Many registries do not
 * offer this, or not to everyone: IMG_EUNSUPPORTED, IMG_EAUTH. The rest as above. */
IMG_API int img_registry_catalog(img_client *client, const char *registry,
                                 const img_list_options *options, img_name_fn fn, void *arg,
                                 img_error *err);

#ifdef __cplusplus
}
#endif

#endif
