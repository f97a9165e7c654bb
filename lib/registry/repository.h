/* SPDX-License-Identifier: Apache-2.0
 *
 * A repository: the endpoint that this room offers.
 */
#ifndef IMG_REGISTRY_REPOSITORY_H
#define IMG_REGISTRY_REPOSITORY_H

#include "core/endpoint.h"
#include "registry/call.h"

struct relay;

/* Access with the right to pull from a second repository of the host as well. */
struct mount {
    struct mount *next;
    char *source;
    struct access access;
    bool refused; /* once is enough */
};

struct repository {
    struct endpoint base;
    struct registry *registry;
    img_reference reference;
    struct account account;
    struct access access;
    struct mount *mounts;
    struct elsewhere *elsewhere;
    struct place *places; /* to read from; see places.h */
    size_t place_count;
    struct relay *relays; /* see blob_reader.c */
    int source_code;      /* why blobs of it could not be read any more; 0: nothing is known */
    img_error source_err;
};

/* The access to mount from source, made at first use. */
int img__repository_mount(struct repository *repository, const char *source, struct mount **out,
                          img_error *err);

/* manifests.c */
/* "/v2/a/b/manifests/NAME". */
int img__manifest_path(const struct repository *repository, const char *name, struct buf *out,
                       img_error *err);
/* wanted NULL: what the reference names. */
int img__manifest_get(struct repository *repository, const img_descriptor *wanted,
                      struct document *out, img_error *err);
int img__manifest_has(struct repository *repository, const img_descriptor *descriptor, bool *has,
                      img_error *err);
/* As is_still of struct endpoint_ops. */
int img__manifest_is_still(struct repository *repository, const img_descriptor *known, bool *same,
                           img_error *err);
/* Does the tag stand for what has this digest? */
int img__manifest_is_tagged(struct repository *repository, const img_digest *digest,
                            const char *tag, bool *is, img_error *err);

/* peek.c */
/* What the reference names, by HEAD, which no registry counts as a pull; by GET where the answer
 * does not tell type and digest. The size is 0 if it was not told. */
int img__manifest_peek(struct repository *repository, img_descriptor *out, img_error *err);

/* manifests_put.c */
/* Under its digest, or by_name: under the tag of the reference if there is one. */
int img__manifest_put(struct repository *repository, const struct document *document, bool by_name,
                      img_error *err);
/* Under several tags, in as few requests as the registry allows. */
int img__manifest_put_tags(struct repository *repository, const struct document *document,
                           const char *const *tags, size_t count, img_error *err);

/* blob_head.c */
int img__blob_has(struct repository *repository, const img_descriptor *descriptor, bool *has,
                  img_error *err);

/* blobs_fetch.c, blobs_send.c */
int img__blobs_fetch(struct repository *repository, const struct blob_job *jobs, size_t count,
                     struct observer *observer, img_error *err);
int img__blobs_send(struct repository *repository, const struct blob_job *jobs, size_t count,
                    struct observer *observer, img_error *err);

/* Fails if an answer's Docker-Content-Digest, where it is of the same algorithm, is another than
 * expected. */
int img__repository_check_digest(const struct call *call, const struct http_response *response,
                                 const img_digest *expected, img_error *err);

#endif
