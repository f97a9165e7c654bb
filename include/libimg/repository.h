/* SPDX-License-Identifier: Apache-2.0
 *
 * What is in a registry, without a store: the tags of a repository and the repositories of a
 * registry, manifests, what refers to them; deleting there, and attaching files to an image.
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

/* The bytes of a manifest or an index, as they are. */
typedef struct img_document img_document;

/* Fetches what a reference names. platform takes its manifest out of an index, with which it is
 * IMG_ENOTFOUND if there is none; NULL: what is there. */
IMG_API int img_manifest_get(img_client *client, const char *reference,
                             const img_platform *platform, img_document **out, img_error *err);
/* Not ended by a NUL that counts; *len may not be NULL. */
IMG_API const char *img_document_bytes(const img_document *document, size_t *len);
IMG_API const img_descriptor *img_document_descriptor(const img_document *document);
IMG_API void img_document_free(img_document *document);

/* Type, digest and size of what a reference names, by HEAD where the registry lets that do, which
 * does not count as a pull. The size is 0 if it was not told. platform as above. */
IMG_API int img_manifest_resolve(img_client *client, const char *reference,
                                 const img_platform *platform, img_descriptor *out, img_error *err);

/* Deletes the tag that reference has, which must be written there, and nothing else: neither what
 * it stood for nor other tags of that. IMG_EUNSUPPORTED: the registry deletes no tags. */
IMG_API int img_tag_delete(img_client *client, const char *reference, img_error *err);

/* Deletes the manifest or index with the digest that reference has, and so all of its tags. What it
 * reaches stays: the manifests of an index, and blobs, which the registry collects when it likes.
 * If it refers to another one, it is taken out of that one's list. */
IMG_API int img_manifest_delete(img_client *client, const char *reference, img_error *err);

/* Deletes the blob with the digest that reference has, from that repository. */
IMG_API int img_blob_delete(img_client *client, const char *reference, img_error *err);

/* A manifest that refers to another one, such as a signature or a list of what is in an image. */
typedef struct img_referrer {
    const img_descriptor *descriptor;
    const char *artifact_type;      /* "" if it is not told */
    const char *const *annotations; /* "K=V", sorted, ended by NULL */
    const char *tag; /* where it was found; NULL: by the registry's API for referrers */
} img_referrer;

/* referrer is valid during the call; non-zero ends the list with IMG_ECANCELED. */
typedef int (*img_referrer_fn)(const img_referrer *referrer, void *arg);

typedef struct img_referrers_options {
    size_t size;
    const char *artifact_type;    /* of those that are wanted; NULL: all */
    const img_platform *platform; /* what refers to this manifest of an index; NULL: to the index */
    uint32_t
        cosign; /* 1: also what cosign keeps under tags such as sha256-....sig; they come last */
    uint32_t reserved; /* 0 */
} img_referrers_options;

#define IMG_REFERRERS_OPTIONS_INIT                                                                 \
    {                                                                                              \
        sizeof(img_referrers_options), NULL, NULL, 0, 0                                            \
    }

/* Lists what refers to what reference names, each once. A registry without an API for that is asked
 * for the tag that stands for it; none at all is no error. options may be NULL. */
IMG_API int img_referrers(img_client *client, const char *reference,
                          const img_referrers_options *options, img_referrer_fn fn, void *arg,
                          img_error *err);

/* A file of an artifact. */
typedef struct img_attachment {
    const char *path;
    const char *media_type; /* NULL: application/octet-stream */
} img_attachment;

typedef struct img_attach_options {
    size_t size;
    const img_attachment *files; /* NULL: none */
    size_t file_count;
    const char *const *annotations; /* "KEY=VALUE" of the manifest, ended by NULL; NULL: none */
    const img_platform *platform;   /* to this manifest of an index; NULL: to the index */
    img_event_fn on_event;
    void *on_event_arg;
} img_attach_options;

#define IMG_ATTACH_OPTIONS_INIT                                                                    \
    {                                                                                              \
        sizeof(img_attach_options), NULL, 0, NULL, NULL, NULL, NULL                                \
    }

/* Makes an artifact of files, of which each keeps its name without directories, and pushes it as a
 * referrer of what reference names, beside it. artifact_type is a media type that says what it is.
 * Where the registry has no API for referrers, the list under the tag that stands for it is
 * changed, so that no entry is lost if others do so at the same time. options and out, the
 * artifact's manifest, may be NULL. */
IMG_API int img_attach(img_client *client, const char *reference, const char *artifact_type,
                       const img_attach_options *options, img_descriptor *out, img_error *err);

#ifdef __cplusplus
}
#endif

#endif
